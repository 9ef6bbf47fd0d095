"""Product events a second through products, listings and the sink, all on one broker.

20,000 price events over 5,000 products, each changing its listing; the clock runs from the
first send until Postgres holds the last price of every one. The baselines take as many
records, as large as those that our processors pass on: two bare Faust relays in a row, and a
bare kafka-python loop into Postgres.
"""

import time
from collections.abc import Callable, Iterator

import psycopg
from kafka import TopicPartition

from deploy.connect.kafka import open_consumer
from deploy.running import Pipeline
from schemas.record import Record
from tests.bench import baselines, setting_up, shop
from tests.bench.setting_up import Busy, Figures, Log, Say, broker, pids
from tests.bench.shop import Shop, price, sku
from tests.support.topics import create_topics

ROLES = ("products", "matching", "listings", "postgres")
SHOP = Shop(accounts=1, products=5_000)
ROUNDS = 4
EVENTS = SHOP.products * ROUNDS
BETWEEN = "listing.candidate.v1"
"""Its records are what the baselines' are as large as."""


def measure(say: Say) -> Figures:
    """Run ours, then the baselines while ours rests."""
    with setting_up.pipeline(SHOP, ROLES, say) as (running, _):
        _prepare(running, say)
        ours = _ours(running, say)
        if running.crew:
            running.crew.stop()
        size = _mean_size(running.bootstrap)
        say(f"  baselines with records of {size} bytes")
        relayed = _relayed(running, size, say)
        stored = _stored(running, size, say)
    return _figures(ours, relayed, stored, size)


def _figures(ours: float, relayed: float, stored: float, size: int) -> Figures:
    return {
        "ours": round(ours),
        "faust_relay": round(relayed),
        "kafka_to_postgres": round(stored),
        "ratio": round(ours / min(relayed, stored), 2),
        "n": EVENTS,
        "unit": "events/s",
        "baseline": "the slower of faust_relay and kafka_to_postgres",
        "bytes": size,
    }


# --- ours -----------------------------------------------------------------------------------


def _prepare(running: Pipeline, say: Say) -> None:
    setting_up.send(running.bootstrap, SHOP.observations())
    setting_up.load(running, SHOP, ROLES)
    say(f"{SHOP.products} products are listed")


def _ours(running: Pipeline, say: Say) -> float:
    changes = [price(n, f"{11 + r}.00") for r in range(ROUNDS) for n in range(SHOP.products)]
    busy = Busy(pids(running))
    with psycopg.connect(_plain(running.url), autocommit=True) as connection:
        rate = _timed(running.bootstrap, changes, lambda: _all_at(connection, 10 + ROUNDS))
    say(f"  ours: {rate:.0f} events/s; {busy.told()}")
    return rate


LISTINGS = "SELECT count(*) FROM listing WHERE desired_price = %s"
OFFERS = "SELECT count(*) FROM offer WHERE (stores #>> %s)::numeric = %s"


def _all_at(connection: psycopg.Connection, last: int) -> bool:
    """Tell whether every listing and every offer is at the *last* price."""
    place = [shop.store(SHOP.sellers[0]), "price", "amount"]
    counts = ((LISTINGS, [last]), (OFFERS, [place, last]))
    return all(connection.execute(q, v).fetchone() == (SHOP.products,) for q, v in counts)


def _mean_size(bootstrap: str) -> int:
    """Give the mean bytes of key, value and headers of the newest of `BETWEEN`."""
    place = TopicPartition(BETWEEN, 0)
    with open_consumer(bootstrap, consumer_timeout_ms=2_000) as consumer:
        consumer.assign([place])
        consumer.seek(place, max(0, consumer.end_offsets([place])[place] - 200))
        sizes = [_size(told) for told in consumer]
    return round(sum(sizes) / len(sizes))


def _size(told: object) -> int:
    sizes = ("serialized_key_size", "serialized_value_size", "serialized_header_size")
    return sum(int(getattr(told, name)) for name in sizes)


# --- the baselines --------------------------------------------------------------------------


def _relayed(running: Pipeline, size: int, say: Say) -> float:
    first, second, third = topics = ("bench.bare-1.v1", "bench.bare-2.v1", "bench.bare-3.v1")
    create_topics(running.bootstrap, *topics, partitions=12)
    folder, at = running.folder / "relays", running.bootstrap
    hops = (("first", first, second), ("second", second, third))
    runs = [("relay", at, f"bench-{n}", a, b, str(folder / n)) for n, a, b in hops]
    with baselines.running(folder, *runs) as relays, setting_up.log(at) as seen:
        count = _counting(seen, third)
        _warm(at, first, size, lambda: count() >= SHOP.products)
        busy = Busy({f"relay-{n + 1}": r.pid for n, r in enumerate(relays)} | broker(running))
        rate = _timed(at, _facts(first, size), lambda: count() >= SHOP.products + EVENTS)
        say(f"  two bare Faust relays: {rate:.0f} events/s; {busy.told()}")
    return rate


def _counting(seen: Log, topic: str) -> Callable[[], int]:
    return lambda: sum(seen.ends([topic]).values())


def _stored(running: Pipeline, size: int, say: Say) -> float:
    at, topic = running.bootstrap, "bench.bare-4.v1"
    create_topics(at, topic, partitions=12)
    url = _plain(running.url)
    folder = running.folder / "sink"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(baselines.MAKE)
        with baselines.running(folder, ("sink", at, topic, url)) as sinks:
            _warm(at, topic, size, lambda: _all_stored(connection, 0))
            busy = Busy({"sink": sinks[0].pid} | broker(running))
            rate = _timed(at, _facts(topic, size), lambda: _all_stored(connection, ROUNDS))
            say(f"  bare kafka-python to Postgres: {rate:.0f} events/s; {busy.told()}")
    return rate


def _all_stored(connection: psycopg.Connection, last: int) -> bool:
    found = connection.execute("SELECT count(*) FROM bare WHERE sequence = %s", [last]).fetchone()
    return found == (SHOP.products,)


def _warm(bootstrap: str, topic: str, size: int, fact: Callable[[], bool]) -> None:
    """Let one round pass before the clock starts: everything is joined, assigned, loaded."""
    setting_up.send(bootstrap, _round(0, topic, size))
    setting_up.wait(f"the first round on {topic}", fact)


def _facts(topic: str, size: int) -> list[Record]:
    return [told for r in range(ROUNDS) for told in _round(r + 1, topic, size)]


def _round(sequence: int, topic: str, size: int) -> Iterator[Record]:
    numbers = range(SHOP.products)
    return (baselines.fact(sku(n), sequence, topic=topic, size=size) for n in numbers)


# --- both -----------------------------------------------------------------------------------


def _timed(bootstrap: str, records: list[Record], arrived: Callable[[], bool]) -> float:
    """Send *records* and give how many a second had *arrived* at the other end."""
    began = time.monotonic()
    setting_up.send(bootstrap, records)
    setting_up.wait("everything at the other end", arrived, every=0.1)
    return len(records) / (time.monotonic() - began)


def _plain(url: str) -> str:
    """Give *url* as psycopg spells it."""
    return url.replace("postgresql+psycopg://", "postgresql://")
