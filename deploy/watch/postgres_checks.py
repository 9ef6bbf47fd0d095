"""What `doctor` asks Postgres: version, tables, rights, time; and Kafka's view of its offsets."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from kafka import TopicPartition
from sqlalchemy import Connection, Engine, select, text

from consumers.postgres.tables import sink_offset
from deploy.connect.kafka import open_admin
from deploy.connect.postgres import METADATA, configuration, open_engine, reach
from deploy.watch.broker_checks import told_apart
from deploy.watch.check import Check, examined, ok, skipped, warning, wrong
from deploy.watch.reading import patiently
from deploy.watch.report_checks import report_check
from producers.amazon.runs import Runs

NAMES = ("migrations", "rights", "database's clock", "offsets", "reports")
RIGHTS = ("SELECT", "INSERT", "UPDATE", "DELETE")
MIGRATE = "start `listwire up` or a sink once as the owner of the tables: it migrates them"


def postgres_checks(url: str, bootstrap: str, *, clock: Callable[[], datetime]) -> Iterator[Check]:
    """Give the checks of the database; all but the first are skipped where none is reached.

    *bootstrap* is empty where the broker was not reached.
    """
    if not url:
        yield skipped("database", "none is named", "set LISTWIRE_POSTGRES__URL")
        yield from (skipped(name, "no database is named") for name in NAMES)
        return
    found = list(examined("database", lambda: _reached(url)))
    yield from found
    if any(check.state == "failed" for check in found):
        yield from (skipped(name, "the database was not reached") for name in NAMES)
        return
    with _engine(url) as engine:
        yield from examined("migrations", lambda: _with(engine, _migrations))
        yield from examined("rights", lambda: _with(engine, _rights))
        yield from examined("database's clock", lambda: _with(engine, lambda c: _clock(c, clock)))
        yield from examined("offsets", lambda: _offsets(engine, bootstrap))
        yield from examined("reports", lambda: report_check(Runs(engine).newest(), clock()))


@contextmanager
def _engine(url: str) -> Iterator[Engine]:
    engine = open_engine(url, name="listwire-doctor", connections=1)
    try:
        yield engine
    finally:
        engine.dispose()


def _with(engine: Engine, look: Callable[[Connection], Check]) -> Check:
    with engine.connect() as connection:
        return look(connection)


def _reached(url: str) -> Check:
    with _engine(url) as engine:
        version = reach(engine)
        where = f"{engine.url.host}:{engine.url.port or 5432}/{engine.url.database}"
    return ok("database", f"{where} answers: Postgres {version}")


def _migrations(connection: Connection) -> Check:
    head = ScriptDirectory.from_config(configuration(connection)).get_current_head()
    current = MigrationContext.configure(connection).get_current_revision()
    if current == head:
        return ok("migrations", f"up to date ({head})")
    return wrong("migrations", f"at {current or 'none'}, wanted {head}", MIGRATE)


def _rights(connection: Connection) -> Check:
    names = [table.name for metadata in METADATA for table in metadata.sorted_tables]
    asked = text("SELECT to_regclass(:name) IS NULL OR has_table_privilege(:name, :right)")
    lacking = [
        f"{right} on {name}"
        for name in names
        for right in RIGHTS
        if not connection.execute(asked, {"name": name, "right": right}).scalar_one()
    ]
    if lacking:
        grant = f"GRANT {', '.join(RIGHTS)} ON ALL TABLES IN SCHEMA public TO the user of the URL"
        return wrong("rights", f"not allowed: {', '.join(lacking[:3])}", grant)
    return ok("rights", f"may read and write {len(names)} tables")


def _clock(connection: Connection, clock: Callable[[], datetime]) -> Check:
    before = clock()
    theirs = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
    return told_apart("database's clock", theirs, before, clock())


# --- the table's offset against the group's -----------------------------------------------

Offsets = Mapping[tuple[str, str, int], int]
"""By reader, topic and partition."""


def _offsets(engine: Engine, bootstrap: str) -> Check:
    if not bootstrap:
        return skipped("offsets", "the broker was not reached")
    columns = (sink_offset.c.reader, sink_offset.c.topic, sink_offset.c.partition)
    with engine.connect() as connection:
        rows = connection.execute(select(*columns, sink_offset.c.next)).all()
    stored = {(reader, topic, partition): after for reader, topic, partition, after in rows}
    return compared(stored, _shown(bootstrap, {reader for reader, _, _ in stored}))


def _shown(bootstrap: str, readers: set[str]) -> Offsets:
    if not readers:
        return {}
    with open_admin(bootstrap) as admin:
        told = patiently(lambda: admin.list_group_offsets(dict.fromkeys(sorted(readers))))
    return {
        (reader, *_parts(place)): found.offset
        for reader, places in told.items()
        for place, found in places.items()
    }


def _parts(place: TopicPartition) -> tuple[str, int]:
    return place.topic, place.partition


def compared(stored: Offsets, shown: Offsets) -> Check:
    """Hold what sinks have stored against what their groups have committed, which comes later."""
    if not stored:
        return skipped("offsets", "no sink has read anything yet")
    ahead = {place: n - stored[place] for place, n in shown.items() if n > stored.get(place, n)}
    if ahead:
        (reader, topic, partition), far = max(ahead.items(), key=lambda pair: pair[1])
        return warning(
            "offsets",
            f"{reader} has committed {far} more than it stored on {topic}-{partition}",
            "somebody moved the group: the table is right, and the sink goes on from there",
        )
    behind = sum(after - max(shown.get(place, 0), 0) for place, after in stored.items())
    return ok("offsets", f"{len(stored)} partitions; groups show {behind} less than is stored")
