"""The control port: seed, clock, faults, unasked acts, truth, journal, buckets."""

import gc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec

from deploy.sandbox import events, generate, report, truth, variants
from deploy.sandbox.api import Amazon, health
from deploy.sandbox.clock import Clock
from deploy.sandbox.exchange import Reply, Request, answer, decoder
from deploy.sandbox.faults import Fault
from deploy.sandbox.journal import Journal
from deploy.sandbox.mailbox import PATH, mailbox
from deploy.sandbox.marketplaces import marketplace
from deploy.sandbox.seed import Seed, add_listings, add_products, begin, decode, populate
from deploy.sandbox.sqs import Outlet
from deploy.sandbox.when import instant, text


class Plane:
    """One running stand-in: its Amazon, its clock, its journal, and what seeded it."""

    def __init__(self, *, wall: int, journal: Journal) -> None:
        self.journal = journal
        self._documents: list[bytes] = []
        self._clock(Seed(), wall)
        self.amazon = begin(Seed())

    def ask(self, request: Request, wall: float) -> Reply:
        """Answer a request to the API port."""
        reply, asked = self.amazon.answer(request, self.clock.now(int(wall)), wall)
        self.journal.add(asked)
        return reply

    def control(self, request: Request, wall: float) -> Reply:
        """Answer a request to the control port; what it cannot do is a 400 that says why."""
        methods = ROUTES.get(PATH if _mail(request) else request.path)
        if methods is None:
            return answer({"error": f"no path {request.path}"}, 404)
        if request.method not in methods:
            return answer({"error": f"{request.path} knows {', '.join(methods)}"}, 405)
        self.amazon.scheduler.advance(self.clock.now(int(wall)))
        try:
            return methods[request.method](Asking(self, request, int(wall)))
        except (ValueError, LookupError, OSError, TypeError) as error:
            return answer({"error": f"{type(error).__name__}: {error}"}, 400)

    def seed(self, body: bytes, wall: int) -> dict[str, Any]:
        """Make the world of a seed document, or add to the present one."""
        seed = decode(body)
        amazon = self.amazon if seed.add else begin(seed)
        gc.unfreeze()
        gc.disable()  # a million new objects would be walked again and again
        try:
            if not seed.add:
                self._clock(seed, wall)
            count = self._populate(amazon, seed, self.clock.now(wall))
        finally:
            gc.enable()
        amazon.watch.calendar(self.clock.now(wall))
        self._replace(amazon, seed)
        kept = self._documents if seed.add else []
        self._documents = [*kept, zlib.compress(body, 1)]
        gc.collect()
        gc.freeze()
        return {"listings": count, "asins": len(amazon.world.products)}

    def reset(self, wall: int) -> dict[str, Any]:
        """Go back to what was seeded: journal, faults, clock and all changes are gone."""
        documents = self._documents
        self.journal.clear()
        self._documents = []
        self._replace(begin(Seed()), Seed())
        self._clock(Seed(), wall)
        told: dict[str, Any] = {"listings": 0}
        for document in documents:
            told = self.seed(zlib.decompress(document), wall)
        return told

    def _replace(self, amazon: Amazon, seed: Seed) -> None:
        if amazon is self.amazon:
            return
        if self.amazon.outlet is not None:
            self.amazon.outlet.close()
        if seed.aws.endpoint is not None:
            amazon.outlet = Outlet(seed.aws.endpoint, seed.aws.region)
        self.amazon = amazon

    def _clock(self, seed: Seed, wall: int) -> None:
        start = None if seed.start is None else instant(seed.start)
        self.clock = Clock(seed.clock, wall=wall, start=start)

    def _populate(self, amazon: Amazon, seed: Seed, now: int) -> int:
        count = populate(amazon.world, seed, now)
        plan = seed.generate
        if plan is None:
            return count
        if plan.source is None:
            rows = list(generate.numbered(plan.prefix, plan.count))
        else:
            with Path(plan.source).open(encoding="utf-8-sig", newline="") as lines:
                rows = list(generate.rows(lines))
        add_products(amazon.world, generate.products(seed.seed, rows))
        made = generate.listings(seed.seed, rows, plan, seed.accounts)
        return count + add_listings(amazon.world, made, now)


class Asking(NamedTuple):
    """One request to the control port."""

    plane: Plane
    request: Request
    wall: int

    @property
    def now(self) -> int:
        """Amazon's time."""
        return self.plane.clock.now(self.wall)

    @property
    def wanted(self) -> dict[str, str]:
        """What the query asks for."""
        return dict(parse_qsl(self.request.query, keep_blank_values=True))


Handler = Callable[[Asking], Reply]


def _seed(asked: Asking) -> Reply:
    return answer(asked.plane.seed(asked.request.body, asked.wall))


def _reset(asked: Asking) -> Reply:
    return answer(asked.plane.reset(asked.wall))


def _health(asked: Asking) -> Reply:
    return health(asked.plane.amazon)


def _show_clock(asked: Asking) -> Reply:
    now, due = asked.now, asked.plane.amazon.scheduler.next()
    told = {"mode": asked.plane.clock.mode, "now": text(now), "now_ms": now}
    return answer(told | {"next": None if due is None else text(due)})


def _set_clock(asked: Asking) -> Reply:
    body = decoder.decode(asked.request.body)
    if "mode" in body:
        asked.plane.clock.switch(body["mode"], wall=asked.wall)
    moves = [name for name in ("advance", "to") if name in body]
    if moves and asked.plane.clock.mode != "stepped":
        raise ValueError("only a stepped clock is moved by hand")
    for _ in moves:
        asked.plane.amazon.scheduler.advance(
            asked.plane.clock.advance(_distance(asked, body), wall=asked.wall)
        )
    return _show_clock(asked)


def _distance(asked: Asking, body: dict[str, Any]) -> int:
    now = asked.now
    if "advance" in body:
        return round(float(body["advance"]) * 1000)
    if body["to"] == "next":
        return max(0, (asked.plane.amazon.scheduler.next() or now) - now)
    return instant(str(body["to"])) - now


def _show_faults(asked: Asking) -> Reply:
    return answer({"faults": asked.plane.amazon.faults.rules})


def _add_faults(asked: Asking) -> Reply:
    kind = Fault | list[Fault]
    stated = msgspec.json.decode(asked.request.body, type=kind)
    faults = stated if isinstance(stated, list) else [stated]
    return answer({"faults": [asked.plane.amazon.faults.add(fault) for fault in faults]})


def _lift_faults(asked: Asking) -> Reply:
    return answer({"lifted": asked.plane.amazon.faults.remove(asked.wanted.get("id"))})


def _events(asked: Asking) -> Reply:
    stated = msgspec.json.decode(asked.request.body, type=events.Act | list[events.Act])
    acts = stated if isinstance(stated, list) else [stated]
    now = asked.now
    return answer({"happened": [events.happen(asked.plane.amazon, act, now) for act in acts]})


def _truth_listings(asked: Asking) -> Reply:
    return answer(truth.listings(asked.plane.amazon, asked.wanted, asked.now))


def _truth_submissions(asked: Asking) -> Reply:
    return answer(truth.submissions(asked.plane.amazon, asked.wanted))


def _truth_report(asked: Asking) -> Reply:
    wanted = {"type": "GET_MERCHANT_LISTINGS_ALL_DATA"} | asked.wanted
    now, world = asked.now, asked.plane.amazon.world
    account = world.accounts[wanted["account"]]
    place = report.Place(world, account, marketplace(wanted["marketplace"]).id, now)
    form = variants.Variant(charset=wanted.get("encoding", world.profile.report_encoding))
    written = variants.write(place, wanted["type"], form, gzipped=False)
    told = {"content-type": written.content_type, "x-data-end-time": text(now)}
    return Reply(200, written.body, told)


def _truth_reports(asked: Asking) -> Reply:
    wanted, amazon = asked.wanted, asked.plane.amazon
    names = [wanted["account"]] if "account" in wanted else list(amazon.world.accounts)
    return answer({"reports": [row for name in names for row in amazon.reports.of(name)]})


def _show_variants(asked: Asking) -> Reply:
    return answer({"variants": asked.plane.amazon.reports.variants.rules})


def _add_variants(asked: Asking) -> Reply:
    kind = variants.Variant | list[variants.Variant]
    stated = msgspec.json.decode(asked.request.body, type=kind)
    rules = stated if isinstance(stated, list) else [stated]
    return answer({"variants": [asked.plane.amazon.reports.variants.add(rule) for rule in rules]})


def _lift_variants(asked: Asking) -> Reply:
    return answer({"lifted": asked.plane.amazon.reports.variants.remove(asked.wanted.get("id"))})


def _truth_notifications(asked: Asking) -> Reply:
    named = {"account": "account", "type": "kind"}
    wanted = [(named[name], value) for name, value in asked.wanted.items() if name in named]
    fates = asked.plane.amazon.notices.fates
    found = [row for row in fates if all(getattr(row, name) == value for name, value in wanted)]
    return answer({"notifications": found})


def _mailbox(asked: Asking) -> Reply:
    return mailbox(asked.plane.amazon, asked.request, asked.now)


def _mail(request: Request) -> bool:
    return request.path.startswith(f"{PATH}/")


def _requests(asked: Asking) -> Reply:
    return answer(asked.plane.journal.find(asked.wanted))


def _forget_requests(asked: Asking) -> Reply:
    asked.plane.journal.clear()
    return answer({"last": asked.plane.journal.count})


def _buckets(asked: Asking) -> Reply:
    buckets = asked.plane.amazon.buckets
    told = {"quota_factor": buckets.factor, "buckets": buckets.snapshot(asked.now)}
    return answer(told)


def _change_buckets(asked: Asking) -> Reply:
    body = msgspec.json.decode(asked.request.body, type=Limits)
    factor = asked.plane.amazon.buckets.factor
    if body.quota_factor is not msgspec.UNSET:
        factor = body.quota_factor
    asked.plane.amazon.buckets.change(factor, body.rates)
    return _buckets(asked)


class Limits(msgspec.Struct, forbid_unknown_fields=True):
    """New limits for a running world."""

    quota_factor: float | msgspec.UnsetType | None = msgspec.UNSET
    rates: dict[str, tuple[float, float]] = {}


ROUTES: dict[str, dict[str, Handler]] = {
    "/seed": {"POST": _seed},
    "/reset": {"POST": _reset},
    "/health": {"GET": _health},
    "/clock": {"GET": _show_clock, "POST": _set_clock},
    "/faults": {"GET": _show_faults, "POST": _add_faults, "DELETE": _lift_faults},
    "/events": {"POST": _events},
    "/truth/listings": {"GET": _truth_listings},
    "/truth/submissions": {"GET": _truth_submissions},
    "/truth/report": {"GET": _truth_report},
    "/truth/reports": {"GET": _truth_reports},
    "/variants": {"GET": _show_variants, "POST": _add_variants, "DELETE": _lift_variants},
    "/truth/notifications": {"GET": _truth_notifications},
    "/queues": {"GET": _mailbox, "POST": _mailbox, "DELETE": _mailbox},
    "/requests": {"GET": _requests, "DELETE": _forget_requests},
    "/buckets": {"GET": _buckets, "POST": _change_buckets},
}
