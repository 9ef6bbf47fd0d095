"""One run of the whole pipeline under load, with one role's processes killed at random.

Starts the real parts, brings the load in, kills, waits until nothing is left to do, and
gives what Postgres and Amazon hold, so that it can be compared with an undisturbed run.
"""

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import msgspec
from sqlalchemy import Engine, select

from consumers.postgres import read
from consumers.postgres.tables import offer
from deploy.commands import intake, steer
from deploy.commands.session import Session
from deploy.connect.postgres import open_engine
from deploy.running import BY_FILE, Pipeline, Sandbox
from deploy.supervisor import Place, Post, listwire
from deploy.watch.audit import Hole
from deploy.watch.audited import unaccounted
from tests.support.load import PLACES, Expected, Files, Size, seller_of
from tests.support.resting import rest


class Outcome(msgspec.Struct, kw_only=True):
    """What is left when a run is over."""

    rows: list[list[str]]
    wrong_at_amazon: list[str]
    lost: list[str]
    holes: list[Hole]
    kills: int
    sent_twice: int
    writes: int
    seconds: float


class Killer:
    """Kills one process of *role* at random moments, one at a time, *wanted* times."""

    def __init__(self, role: str | None, wanted: int, chance: random.Random) -> None:
        self.role = role
        self.kills = 0
        self._wanted = wanted if role else 0
        self._chance = chance
        self._next = 0.0

    @property
    def done(self) -> bool:
        """Whether it has killed as often as wanted."""
        return self.kills >= self._wanted

    def strike(self, places: list[Place]) -> None:
        """Kill one of *places*, if its moment has come."""
        now = time.monotonic()
        if self.done or now < self._next:
            return
        living = [p for p in places if p.post.role == self.role and p.pid]
        if living:
            with suppress(ProcessLookupError):
                os.kill(self._chance.choice(living).pid, signal.SIGKILL)
                self.kills += 1
        self._next = now + self._chance.uniform(2.0, 6.0)


def run(
    folder: Path,
    files: Files,
    expected: Mapping[str, Expected],
    size: Size,
    killer: Killer,
    *,
    workers: int = 2,
    say: Callable[[str], None] = print,
) -> Outcome:
    """Run the load once. Raises AssertionError where it does not come to rest."""
    began = time.monotonic()
    sandbox = Sandbox(folder / "sandbox", seed=files.seed)
    environ = dict(os.environ) | files.environ | sandbox.environ()
    environ["LISTWIRE_DATA"] = str(folder / "state")
    pipeline = Pipeline(
        folder / "stack", environ=environ, roles=dict.fromkeys(BY_FILE, workers), say=say
    )
    try:
        with pipeline:
            return _Run(pipeline, sandbox, files, expected, size, killer, began, say).carry_out()
    finally:
        sandbox.stop()


class _Run:
    def __init__(
        self,
        pipeline: Pipeline,
        sandbox: Sandbox,
        files: Files,
        expected: Mapping[str, Expected],
        size: Size,
        killer: Killer,
        began: float,
        say: Callable[[str], None],
    ) -> None:
        self.pipeline, self.files, self.expected, self.size = pipeline, files, expected, size
        self.killer, self.began, self.say = killer, began, say
        self.control = httpx2.Client(base_url=sandbox.control, timeout=120)
        self.inside = Session(pipeline.environ, {}, None)
        self.engine: Engine = open_engine(pipeline.url, name="faults")

    def carry_out(self) -> Outcome:
        steer.apply_settings(self.inside, self.files.settings, by="faults")
        self._reports()
        for path in (self.files.catalogue, self.files.changes):
            self._import(path)
        self._until_killed()
        self.say("waiting until nothing is left to do")
        rest(self.pipeline, self.engine)
        return self._outcome()

    # --- bringing in ---

    def _reports(self) -> None:
        asked = self.inside.now() - timedelta(seconds=1)
        for number, (account, (_, place)) in enumerate(PLACES.items(), 1):
            wanted = {"account": account, "marketplace": place}
            path = self.pipeline.folder / f"s{number}.txt"
            path.write_bytes(self.control.get("/truth/report", params=wanted).content)
            intake.import_report(
                self.inside,
                path,
                f"s{number}",
                type_="GET_MERCHANT_LISTINGS_ALL_DATA",
                as_of=asked,
                encoding=None,
            )

    def _import(self, path: Path) -> None:
        words = [*listwire(), "catalog", "import", str(path), "--rate", str(self.size.rate)]
        place = Place(Post("import", 1), words, self.pipeline.folder, self.pipeline.environ)
        self.say(f"importing {path.name}")
        while True:
            place.log.unlink(missing_ok=True)
            place.start()
            while place.pid:
                self._tend([place])
            told = place.log.read_text()
            if "refused; run" in told:
                place.ask_to_stop()
                return
            if "error LW" in told or "Traceback" in told:
                raise AssertionError(f"the import failed: {told[-2000:]}")
            place.ask_to_stop()

    def _tend(self, more: list[Place]) -> None:
        self.pipeline.tend()
        crew = self.pipeline.crew
        self.killer.strike([*(crew.places if crew else ()), *more])
        time.sleep(0.1)

    def _until_killed(self) -> None:
        while not self.killer.done and self.killer.role != "import":
            self._tend([])

    # --- judging ---

    def _outcome(self) -> Outcome:
        with self.engine.connect() as connection:
            rows = read.comparable(connection)
            offers = {
                (r.account, r.seller_sku): r._mapping for r in connection.execute(select(offer))
            }
        truth = {
            (row["account"], row["sku"]): row
            for account in PLACES
            for row in self.control.get("/truth/listings", params={"account": account}).json()[
                "listings"
            ]
        }
        writes, again = self._writes()
        return Outcome(
            rows=[[str(cell) for cell in row] for row in rows],
            wrong_at_amazon=_wrong(offers, truth),
            lost=_lost(rows, self.expected),
            holes=unaccounted(self.pipeline.bootstrap, self.engine),
            kills=self.killer.kills,
            sent_twice=again,
            writes=writes,
            seconds=round(time.monotonic() - self.began, 1),
        )

    def _writes(self) -> tuple[int, int]:
        """Give how many writes Amazon took, and how many said what was said just before."""
        found = self.control.get("/requests").json()["requests"]
        kinds = ("patchListingsItem", "putListingsItem", "deleteListingsItem")
        wrote = [r for r in found if r["operation"] in kinds and r["status"] == 200]
        last: dict[tuple[str, str], bytes] = {}
        again = 0
        for one in wrote:
            key, body = (one["account"], one["sku"]), msgspec.json.encode(one["body"])
            again += last.get(key) == body
            last[key] = body
        return len(wrote), again


def _wrong(offers: Mapping[Any, Any], truth: Mapping[Any, Any]) -> list[str]:
    wrong = []
    for key, row in offers.items():
        for store in row["stores"].values():
            if not store.get("manage"):
                continue
            shown = truth.get(key, {})
            if not _same(shown, store, row["quantity"]):
                wrong.append(f"{key}: wants {row['quantity']} x {store.get('price')}, is {shown}")
    return wrong


def _same(shown: Mapping[str, Any], store: Mapping[str, Any], quantity: int | None) -> bool:
    amount = (shown.get("price") or {}).get("amount", "0")
    wanted = (store.get("price") or {}).get("amount", "0")
    return (
        bool(shown.get("exists"))
        and Decimal(str(amount)) == Decimal(str(wanted))
        and shown.get("quantity") == quantity
    )


def _lost(rows: list[tuple[Any, ...]], expected: Mapping[str, Expected]) -> list[str]:
    at = {
        n: read.COMPARED.index(n) for n in ("account", "sku", "desired_price", "desired_quantity")
    }
    stored = {
        row[at["sku"]]: (Decimal(row[at["desired_price"]] or 0), row[at["desired_quantity"]])
        for row in rows
        if row[at["sku"]] and row[at["account"]] == seller_of(row[at["sku"]])
    }
    wanted = {name: (Decimal(e.price), e.quantity) for name, e in expected.items()}
    return [f"{n}: wants {w}, is {stored.get(n)}" for n, w in wanted.items() if stored.get(n) != w]


def differences(one: Outcome, other: Outcome) -> list[str]:
    """Give the rows in which two runs differ."""
    return [f"{a} / {b}" for a, b in zip(one.rows, other.rows, strict=False) if a != b] + [
        f"{len(one.rows)} / {len(other.rows)} rows"
    ] * (len(one.rows) != len(other.rows))


if __name__ == "__main__":
    sys.exit("run by tests/pipeline/faults.py")
