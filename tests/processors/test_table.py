"""The table: rows of owned partitions only, the highest version of a key, by nobody's hand."""

from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from processors.rows import HEAD
from processors.table import FactsTable, NotThroughOutbox
from processors.transport import App


def row(version: int) -> bytes:
    return HEAD.pack(version, 0) + b"\x80"


def event(partition: int, key: bytes | None, value: bytes | None) -> Any:
    return SimpleNamespace(message=SimpleNamespace(partition=partition, key=key, value=value))


class Desk:
    def __init__(self) -> None:
        self.restored: list[frozenset[int]] = []
        app = App("listwire-t", broker="kafka://nowhere:1", store="memory://")
        self.table = FactsTable(app, name="facts", partitions=12, restored=self._restored)

    async def _restored(self, owned: frozenset[int]) -> None:
        self.restored.append(owned)

    async def own(self, *partitions: int) -> None:
        name = self.table.changelog_topic_name
        assigned = {TP(name, p) for p in partitions} | {TP("in.v1", p) for p in partitions}
        await self.table.on_rebalance(assigned, set(), assigned)


@pytest.fixture
async def desk() -> Desk:
    made = Desk()
    await made.own(1, 2)
    return made


@pytest.mark.parametrize(
    ("events", "version"),
    [
        pytest.param([event(1, b"a", row(1)), event(1, b"a", row(2))], 2, id="newer later"),
        pytest.param([event(1, b"a", row(2)), event(1, b"a", row(1))], 2, id="a late zombie's"),
        pytest.param([event(1, b"a", row(2)), event(1, b"a", None)], 2, id="a null"),
    ],
)
async def test_the_highest_version_of_a_key_wins(
    desk: Desk, events: list[Any], version: int
) -> None:
    desk.table.apply_changelog_batch(events)

    assert desk.table.row(1, b"a") == row(version)


async def test_rows_of_partitions_that_are_not_ours_are_not_kept(desk: Desk) -> None:
    desk.table.apply_changelog_batch([event(7, b"a", row(1))])
    desk.table.store(7, b"a", row(1))

    assert (desk.table.row(7, b"a"), desk.table.owned) == (None, {1, 2})


async def test_a_lost_partition_loses_its_rows_and_a_kept_one_keeps_them(desk: Desk) -> None:
    desk.table.store(1, b"a", row(1))
    desk.table.store(2, b"b", row(1))
    await desk.own(2, 3)

    assert dict(desk.table.sizes()) == {2: 1, 3: 0}


async def test_a_regained_partition_begins_empty(desk: Desk) -> None:
    desk.table.store(1, b"a", row(9))
    await desk.own(2)
    await desk.own(1, 2)

    assert desk.table.row(1, b"a") is None


async def test_recovery_hands_over_what_is_owned(desk: Desk) -> None:
    await desk.table.on_recovery_completed(set(), set())

    assert desk.restored == [frozenset({1, 2})]


async def test_nobody_writes_past_the_outbox(desk: Desk) -> None:
    with pytest.raises(NotThroughOutbox):
        desk.table[b"a"] = b"row"


async def test_the_table_is_named_and_sized_like_its_inputs(desk: Desk) -> None:
    table = desk.table

    assert table.changelog_topic_name == "listwire-t-facts-changelog"
    assert (table.partitions, table.use_partitioner, table.key_serializer) == (12, True, "raw")
