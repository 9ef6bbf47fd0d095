"""`listwire up` as a person runs it: commands find it, it outlives -9, it ends with Ctrl-C."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from consumers.postgres import read
from deploy.commands.start import running_file
from deploy.connect.postgres import open_engine
from deploy.running import ROLES, Sandbox
from deploy.settings import load
from deploy.supervisor import listwire
from tests.support.eventually import eventually
from tests.support.folders import reachable
from tests.support.processes import descendants, kill, left, running

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

PLACE = "A1PA6795UKMFR9"
SETTINGS = """
account:
  mine: {region: EU, merchant_token: A1MINE, credentials: env:MINE}
website:
  base: {id: 1, zone: Europe/Berlin, currency: EUR, default_view: default, views: {default: 1}}
store:
  mine-de: {account: mine, marketplace: DE, website: base, created: 2024-03-01}
attribute:
  ean: {type: text}
search:
  mine-de: {ean: ean}
third_party:
  mine-de: {import: true, seller_sku: sku}
"""
CATALOGUE = """\
sku,store_view_code,attribute_set_code,product_type,product_websites,name,product_online,price,additional_attributes,qty,is_in_stock
CUP-1,,Home,simple,base,Cup,1,9.90,ean=4006381333931,7,1
CUP-2,,Home,simple,base,Saucer,1,4.90,ean=4006381333948,3,1
"""
WORLD = {
    "seed": 5,
    "clock": "real",
    "profile": "quiet",
    "apply_seconds": 0.2,
    "settings": {"report_queue_seconds": 0.0, "report_seconds": 0.0},
    "accounts": {
        "mine": {
            "region": "EU",
            "merchant_token": "A1MINE",
            "refresh_token": "Atzr|mine",
            "marketplaces": [PLACE],
        }
    },
    "catalogue": [{"asin": "B000000001", "gtins": ["04006381333931"], "title": "Cup"}],
    "listings": [
        {
            "account": "mine",
            "marketplace": PLACE,
            "sku": "CUP-1",
            "asin": "B000000001",
            "price": "9.90",
            "quantity": 7,
            "channel": "DEFAULT",
        }
    ],
}


class Here:
    """One folder of data, the stand-in, and the commands that a person gives."""

    def __init__(self, folder: Path, sandbox: Sandbox) -> None:
        self.folder = folder
        self.control = httpx2.Client(base_url=sandbox.control, timeout=30)
        told = {"LISTWIRE_DATA": str(folder / "here"), "MINE_REFRESH_TOKEN": "Atzr|mine"}
        self.environ = dict(os.environ) | sandbox.environ() | told

    @contextmanager
    def up(self) -> Iterator[subprocess.Popen[str]]:
        """Run `listwire up` and wait until it says where it is."""
        words = ("up", "--data", str(self.folder / "data"))
        with running(*listwire(), *words, env=self.environ) as process:
            _ready(process)
            yield process

    def listwire(self, *words: str) -> str:
        """Run another command to its end and give what it printed."""
        done = subprocess.run(
            [*listwire(), *words],
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode:
            raise AssertionError(f"{words} ended with {done.returncode}: {done.stderr}")
        return done.stdout

    def bring(self, name: str, text: str) -> str:
        """Write a file and give its path."""
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def listings(self) -> dict[str, read.Listing]:
        """Give what Postgres has, by seller SKU."""
        engine = open_engine(load(self.environ)[0].postgres.url.get_secret_value(), name="tests")
        with engine.connect() as connection:
            found = read.listings(connection, read.Filter())
        engine.dispose()
        return {one.seller_sku: one for one in found}

    def report(self) -> dict[str, Any]:
        """Give the first report of the store, which nobody has to ask for."""
        return dict(json.loads(self.listwire("report", "show", "mine-de", "--json"))["reports"][-1])

    def tabs(self) -> dict[str, str]:
        """Give the tab of every listing."""
        return {sku: one.tab for sku, one in self.listings().items()}

    def shown(self) -> dict[str, Any]:
        """Give what Amazon holds of the cup."""
        wanted = {"account": "mine", "marketplace": PLACE, "sku": "CUP-1"}
        (found,) = self.control.get("/truth/listings", params=wanted).json()["listings"]
        return dict(found)


def _ready(process: subprocess.Popen[str]) -> None:
    said = []
    for line in process.stderr or ():
        said.append(line)
        if "Ctrl-C stops it" in line:
            return
    raise AssertionError("".join(said))


@pytest.fixture(scope="module")
def here() -> Iterator[Here]:
    with reachable() as folder:
        (folder / "here").mkdir()
        seed = folder / "seed.json"
        seed.write_text(json.dumps(WORLD))
        sandbox = Sandbox(folder / "sandbox", seed=seed)
        try:
            yield Here(folder, sandbox)
        finally:
            sandbox.stop()


EXPECTED = {"CUP-1": "active", "CUP-2": "incomplete"}


def test_it_is_found_survives_a_kill_and_goes_on(here: Here) -> None:
    with here.up() as process:
        here.listwire("settings", "apply", here.bring("settings.yaml", SETTINGS))
        here.listwire("catalog", "import", here.bring("catalogue.csv", CATALOGUE))
        eventually(lambda: here.tabs() == EXPECTED, within=120)
        eventually(lambda: here.report()["state"] == "complete", within=60)
        again = json.loads(here.listwire("report", "fetch", "mine-de", "--wait", "--json"))
        told = json.loads(here.listwire("listings", "--json"))["stores"]["mine-de"]
        children = descendants(process.pid)
        kill(process)
    eventually(lambda: not left(children), within=30)

    assert (told["Active"], told["Incomplete"]) == (1, 1)
    assert again["report"]["state"] == "dropped"  # the same document as the one of the start
    assert len(children) > 2 * len(ROLES)

    with here.up() as again:
        assert here.tabs() == EXPECTED
        here.listwire("catalog", "import", here.bring("price.jsonl", _cheaper("8.50")))
        eventually(lambda: str(here.listings()["CUP-1"].desired_price) == "8.50", within=120)
        eventually(lambda: here.shown()["price"]["amount"] == "8.50", within=120)
        code, remaining = _interrupted(again)

    assert not running_file(here.folder / "here").exists()
    assert (code, remaining) == (0, [])


def _cheaper(amount: str) -> str:
    event = {
        "type": "catalog.price.v1",
        "time": "2026-11-25T10:00:00Z",
        "subject": "CUP-1",
        "data": {"sku": "CUP-1", "prices": {"price": {"global": amount}}},
    }
    return json.dumps(event) + "\n"


def _interrupted(process: subprocess.Popen[str]) -> tuple[int, list[int]]:
    children = descendants(process.pid)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    return process.returncode, left(children)
