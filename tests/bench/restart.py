"""Everybody killed at once: how soon is all of it handled again, and what does memory hold?

100,000 listings in state, one store; the three processors die by `kill -9` and are started
at once. The clock runs from the kill until every partition of every input has a new record
committed. The baseline is a bare Faust table of 100,000 rows of 700 bytes, treated alike.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import psutil
from kafka import TopicPartition

from deploy.running import Pipeline
from processors.deliver import partition_of
from schemas import keys
from schemas.events import (
    Candidate,
    IdentifierClaimed,
    Intent,
    Link,
    Lookup,
    Match,
    MatchRequested,
    Submission,
)
from schemas.record import Record
from schemas.topics import PARTITIONS, inputs
from tests.bench import baselines, setting_up
from tests.bench.setting_up import Busy, Figures, Log, Say, groups, log
from tests.bench.shop import Shop, ean, observation, price, record, sku, stock, store
from tests.support.topics import create_topics

ROLES = ("products", "matching", "listings")
SHOP = Shop(accounts=1, products=100_000)
SELLER = SHOP.sellers[0]
ROW_BYTES = 700
Ends = Mapping[str, Mapping[TopicPartition, int]]
"""Per group, the offset that it must have handled of each partition."""


def measure(say: Say) -> Figures:
    """Load, kill, start; then the same with a bare table on the same broker."""
    with setting_up.pipeline(SHOP, ROLES, say) as (running, _):
        setting_up.send(running.bootstrap, _probes())  # so that everybody is at work
        setting_up.catch_up(running, ROLES)
        empty = _resident(running)
        _load(running, say)
        held = _resident(running) - empty
        say(f"  {SHOP.products} listings hold {held / 1e6:.0f} MB beside {empty / 1e6:.0f} MB")
        seconds = _restart(running)
        spent = Busy(setting_up.pids(running), since_start=True).told()
        say(f"  killed, started, every partition handled within {seconds:.1f} s; {spent}")
        if running.crew:
            running.crew.stop()
        baseline = _bare(running, say)
    return {
        "listings": SHOP.products,
        "seconds": round(seconds, 1),
        "bytes_per_listing": round(held / SHOP.products),
        "n": len(_probes()),
        "unit": "s",
        "baseline": f"a bare Faust table of {SHOP.products} rows of {ROW_BYTES} bytes",
        "baseline_seconds": round(baseline, 1),
        "ratio": round(seconds / baseline, 1),
    }


def _resident(running: Pipeline) -> int:
    pids = [place.pid for place in running.crew.places] if running.crew else []
    return sum(int(psutil.Process(pid).memory_info().rss) for pid in pids)


def _load(running: Pipeline, say: Say) -> None:
    began = time.monotonic()
    setting_up.load(running, SHOP, ROLES)
    setting_up.send(running.bootstrap, SHOP.observations())
    setting_up.catch_up(running, ROLES)
    say(f"  loaded within {time.monotonic() - began:.0f} s")


# --- killed and started ---------------------------------------------------------------------


def _restart(running: Pipeline) -> float:
    """Kill all workers, send one record to every partition, start them; give the seconds."""
    places = running.crew.places if running.crew else []
    probes = _probes()
    with log(running.bootstrap) as seen:
        began = time.monotonic()
        for place in places:
            psutil.Process(place.pid).kill()
        for place in places:
            setting_up.wait(f"the end of {place.post}", place.tend, every=0.01)
        running.tend()
        setting_up.send(running.bootstrap, probes)
        ends = {group: seen.ends(inputs(group)) for group in groups(ROLES)}
        setting_up.wait("every partition", lambda: _reached(seen, ends), running.tend)
        return time.monotonic() - began


def _reached(seen: Log, ends: Ends) -> bool:
    return all(
        seen.handled(group).get(place, 0) >= end
        for group, its in ends.items()
        for place, end in its.items()
    )


# --- a new record for every partition -------------------------------------------------------


def _probes() -> list[Record]:
    """Give one record for each partition of everything that the processors read."""
    topics = [topic for group in groups(ROLES) for topic in inputs(group)]
    return [probe for topic in topics for probe in _one_each(topic)]


def _one_each(topic: str) -> Iterator[Record]:
    open_ = set(range(PARTITIONS))
    for n in range(SHOP.products):
        probe = PROBES[topic](n)
        partition = partition_of(probe.key or b"", PARTITIONS)
        if partition in open_:
            open_.discard(partition)
            yield probe
        if not open_:
            return


def _of_identifier(event: IdentifierClaimed | MatchRequested, topic: str) -> Record:
    return record(event, topic, keys.join(event.identifier), event.identifier)


def _of_sku(event: Any, topic: str) -> Record:
    return record(event, topic, keys.shared(SELLER, event.seller_sku), event.seller_sku)


def _named(n: int) -> dict[str, Any]:
    return {"account": SELLER, "seller_sku": sku(n)}


def _asked(n: int) -> dict[str, Any]:
    return _named(n) | {"identifier": f"sku:{sku(n)}", "store": store(SELLER), "sequence": 1}


def _link(n: int) -> Record:
    link = Link(product=sku(n), linked=True, by="sku", sequence=1, **_named(n))
    return record(link, "catalog.link.v1", keys.join(sku(n)), sku(n))


def _claim(n: int) -> Record:
    claim = IdentifierClaimed(identifier=f"sku:{sku(n)}", product=sku(n), sequence=1)
    return _of_identifier(claim, "catalog.identifier.v1")


def _request(n: int) -> Record:
    return _of_identifier(MatchRequested(asking=True, **_asked(n)), "listing.match-request.v1")


def _match(n: int) -> Record:
    return _of_sku(Match(products=[sku(n)], **_asked(n)), "listing.match.v1")


def _candidate(n: int) -> Record:
    late = Candidate(product=sku(n), sequence=1, origin="default", **_named(n))
    return _of_sku(late, "listing.candidate.v1")


def _lookup(n: int) -> Record:
    nothing = Lookup(store=store(SELLER), kind="ean", value=ean(n), state="failed", **_named(n))
    return _of_sku(nothing, "amazon.lookup.v1")


def _submission(n: int) -> Record:
    done = Submission(
        aspect="price", state="confirmed", at=datetime.now(UTC), store=store(SELLER), **_named(n)
    )
    return _of_sku(done, "amazon.submission.v1")


def _intent(n: int) -> Record:
    again = Intent(
        kind="retry_match", by="bench", at=datetime.now(UTC), store=store(SELLER), **_named(n)
    )
    return _of_sku(again, "listing.intent.v1")


PROBES: dict[str, Callable[[int], Record]] = {
    "catalog.product.v1": SHOP.product,
    "catalog.stock.v1": stock,
    "catalog.price.v1": lambda n: price(n, "11.00"),
    "catalog.link.v1": _link,
    "catalog.identifier.v1": _claim,
    "listing.match-request.v1": _request,
    "listing.match.v1": _match,
    "listing.candidate.v1": _candidate,
    "amazon.listing.v1": lambda n: observation(SELLER, n),
    "amazon.lookup.v1": _lookup,
    "amazon.submission.v1": _submission,
    "listing.intent.v1": _intent,
}
"""Topic → a record of it about product n; a repeat or a late one is handled as well."""


# --- the baseline ---------------------------------------------------------------------------


def _bare(running: Pipeline, say: Say) -> float:
    """Do the same to one bare Faust agent with a table; give the seconds."""
    at, folder = running.bootstrap, running.folder / "table"
    source, target = topics = "bench.table.v1", "bench.table-out.v1"
    create_topics(at, *topics, partitions=PARTITIONS)
    words = ("relay", at, "bench-table", source, target, str(folder))
    with log(at) as seen, ExitStack() as stack:
        first = baselines.start(folder, *words)
        stack.callback(first.stop)
        setting_up.send(at, (_row(source, n, 1) for n in range(SHOP.products)))
        setting_up.wait("the table", lambda: _count(seen, target) == SHOP.products, every=0.5)
        settled = {"bench-table": seen.ends([source])}
        setting_up.wait("its commit", lambda: _reached(seen, settled), every=0.5)
        began = time.monotonic()
        first.kill()
        stack.callback(baselines.start(folder, *words).stop)
        setting_up.send(at, _rows_of_every_partition(source))
        ends = {"bench-table": seen.ends([source])}
        setting_up.wait("every partition", lambda: _reached(seen, ends))
        seconds = time.monotonic() - began
    say(f"  a bare Faust table of as many rows: {seconds:.1f} s")
    return seconds


def _count(seen: Log, topic: str) -> int:
    return sum(seen.ends([topic]).values())


def _row(topic: str, n: int, sequence: int) -> Record:
    return baselines.fact(sku(n), sequence, topic=topic, size=ROW_BYTES)


def _rows_of_every_partition(topic: str) -> list[Record]:
    newest = {partition_of(sku(n).encode(), PARTITIONS): n for n in range(1_000)}
    return [_row(topic, n, 2) for n in newest.values()]
