"""An import that is killed, stopped or repeated: ids, sequences, and where it goes on."""

import contextlib
import csv
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from producers.catalog.load import Options, Progress, load
from producers.catalog.runs import Run, Runs
from producers.publish import Publisher, Unpublished
from schemas import codec
from schemas.record import Record
from schemas.settings import Attribute, Settings
from tests.support.bad_input import line
from tests.support.loading import NOW, edge, loaded, written
from tests.support.producer import Died, ListProducer

ROWS = 30


def csv_file(folder: Path, rows: int = ROWS) -> Path:
    head = "sku,product_type,product_websites,name,price,qty\n"
    body = "".join(f"SKU-{n},simple,base,Lamp {n},{n}.90,{n}\n" for n in range(rows))
    return written(folder, head + body)


def jsonl_file(folder: Path, rows: int = ROWS, sequence: bool = True) -> Path:
    told = []
    for n in range(rows):
        sku = f"SKU-{n % 7}"
        data = b'{"sku": "%s", "prices": {"price": {"global": "%d"}}}' % (sku.encode(), n)
        one = json.loads(line("catalog.price.v1", sku, data, n + 1))
        told.append({k: v for k, v in one.items() if sequence or k != "sequence"})
    return written(folder, "\n".join(map(json.dumps, told)) + "\n", "prices.jsonl")


def identity(record: Record) -> tuple[str | None, bytes | None, str | None, bytes | None]:
    named = (codec.header(record, "ce_id"), codec.header(record, "ce_sequence"))
    return named[0], record.key, named[1], record.value


class Mortal(Runs):
    """Runs of a process that writes nothing any more once it is dead."""

    dead = False

    def note(self, run: Run, done: int) -> Run:
        return run if self.dead else super().note(run, done)


def killed(path: Path, folder: Path, at: int) -> list[Record]:
    """Load *path* in a process that dies at its record number *at*; give what it sent."""
    producer, runs = ListProducer(dies_at=at), Mortal(folder)
    ticks = iter(range(10**6))

    class Dying(ListProducer):
        def send(self, *args: Any, **named: Any) -> Any:
            try:
                return producer.send(*args, **named)
            except Died:
                runs.dead = True
                raise

    with contextlib.suppress(Died):
        load(
            path,
            Publisher(Dying(), records=4),
            runs,
            edge(monotonic=lambda: next(ticks) / 5),
            settings=Settings(),
            options=Options(),
        )
    return producer.taken


@pytest.mark.parametrize("make", [csv_file, jsonl_file])
@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(deaths=st.lists(st.integers(0, 89), max_size=8))
def test_a_killed_import_goes_on_with_the_same_ids_and_loses_nothing(
    make: Callable[[Path], Path], tmp_path: Path, deaths: list[int]
) -> None:
    path, folder = make(tmp_path), Path(tempfile.mkdtemp(dir=tmp_path))
    _, undisturbed = loaded(path, runs=Path(tempfile.mkdtemp(dir=tmp_path)))

    sent: list[Record] = []
    for at in [*deaths, 10**6]:
        sent += killed(path, folder, at)
        if not list(folder.glob("*.json")):
            break

    assert {identity(r) for r in sent} == {identity(r) for r in undisturbed.settled}


@pytest.mark.parametrize("at", [0, 1, 2, 3, 31, 88, 89])
def test_the_state_after_a_kill_is_where_it_goes_on(at: int, tmp_path: Path) -> None:
    path, folder = csv_file(tmp_path), tmp_path / "runs"

    first = killed(path, folder, at)
    tally, rest = loaded(path, runs=folder)

    assert tally.run.resumed
    assert tally.first <= 2 + at // 3
    assert {identity(r) for r in [*first, *rest.settled]} == {
        identity(r) for r in loaded(path, runs=tmp_path / "other")[1].settled
    }


def test_a_finished_file_again_is_a_new_run_with_newer_sequences(tmp_path: Path) -> None:
    path, at = csv_file(tmp_path), edge()

    _, first = loaded(path, at=at)
    _, second = loaded(path, at=at)

    values = [[(r.key, r.value) for r in taken.settled] for taken in (first, second)]
    ids = [{codec.header(r, "ce_id") for r in taken.settled} for taken in (first, second)]
    sequences = [[codec.version(r) for r in taken.settled] for taken in (first, second)]
    assert values[0] == values[1]
    assert ids[0] & ids[1] == set()
    assert max(sequences[0]) < min(sequences[1])


def test_ids_tell_the_events_of_a_row_apart_and_a_row_from_its_repeat(tmp_path: Path) -> None:
    _, taken = loaded(csv_file(tmp_path))

    ids = [codec.header(r, "ce_id") for r in taken.settled]
    assert len(set(ids)) == len(ids) == ROWS * 3


def test_lines_that_go_back_to_an_older_value_are_all_sent(tmp_path: Path) -> None:
    values = ["1", "2", "1"]
    lines = [
        line(
            "catalog.price.v1",
            "A",
            b'{"sku": "A", "prices": {"price": {"global": "%s"}}}' % v.encode(),
            n,
        )
        for n, v in enumerate(values)
    ]
    _, taken = loaded(written(tmp_path, b"\n".join(lines), "prices.jsonl"))

    assert len({codec.header(r, "ce_id") for r in taken.settled}) == 3


def test_a_line_without_a_sequence_is_given_the_runs(tmp_path: Path) -> None:
    _, taken = loaded(jsonl_file(tmp_path, 3, sequence=False))

    start = int(NOW.timestamp() * 1_000_000)
    assert [codec.version(r) for r in taken.settled] == [start + 1, start + 2, start + 3]


def test_a_sequence_stands_on_every_line_or_on_none(tmp_path: Path) -> None:
    one, two = (
        jsonl_file(tmp_path, 1).read_text(),
        jsonl_file(tmp_path, 1, sequence=False).read_text(),
    )
    tally, _ = loaded(written(tmp_path, one + two, "mixed.jsonl"), on_bad="skip")

    assert [(r.line, r.field) for r in tally.refusals] == [(2, "$.sequence")]


def test_an_import_stops_at_a_bad_row_and_goes_on_where_told(tmp_path: Path) -> None:
    good = csv_file(tmp_path, 5).read_text().splitlines()
    path = written(tmp_path, "\n".join([*good[:3], "BAD,simple,base,Lamp,12-,1", *good[3:]]))

    stopped, before = loaded(path)
    repaired, after = loaded(path, start=5)

    assert stopped.stopped is not None
    assert (stopped.stopped.where, stopped.last) == ("catalogue.csv:4  price  (key BAD)", 3)
    assert (len(before.settled), len(after.settled), repaired.complete) == (6, 9, True)


def test_a_stopped_import_goes_on_by_itself_when_bad_rows_may_be_skipped(tmp_path: Path) -> None:
    good = csv_file(tmp_path, 5).read_text().splitlines()
    path = written(tmp_path, "\n".join([*good[:3], "BAD,simple,base,Lamp,12-,1", *good[3:]]))

    loaded(path)
    tally, after = loaded(path, on_bad="skip")

    assert (tally.run.resumed, tally.first, tally.refused, len(after.settled)) == (True, 4, 1, 9)


def test_a_broker_that_fails_ends_the_import_and_the_next_goes_on(tmp_path: Path) -> None:
    path, folder = csv_file(tmp_path), tmp_path / "runs"
    failing = ListProducer(fails=frozenset([45]))

    with pytest.raises(Unpublished):
        loaded(path, runs=folder, producer=failing)
    tally, rest = loaded(path, runs=folder)

    assert (tally.run.resumed, tally.first) == (True, 17)
    wanted = loaded(path, runs=tmp_path / "other")[1].settled
    assert {identity(r) for r in [*failing.settled, *rest.settled]} == {identity(r) for r in wanted}


def test_a_file_read_in_another_way_is_another_run(tmp_path: Path) -> None:
    path, folder = csv_file(tmp_path), tmp_path / "runs"
    killed(path, folder, 40)

    other = Settings(records={"attribute": {"qty": Attribute(type="text")}})
    tally, _ = loaded(path, runs=folder, settings=other)

    assert (tally.run.resumed, tally.first) == (False, 1)


def test_a_changed_file_is_another_run(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    killed(csv_file(tmp_path), folder, 40)

    tally, _ = loaded(csv_file(tmp_path, ROWS + 1), runs=folder)

    assert tally.run.resumed is False


def test_every_row_and_event_is_counted_and_shown(tmp_path: Path) -> None:
    seen: list[Progress] = []
    ticks = iter(range(10**6))
    at = edge(monotonic=lambda: next(ticks), progress=seen.append)

    tally, _ = loaded(csv_file(tmp_path), at=at)

    counts = {"catalog.product.v1": ROWS, "catalog.stock.v1": ROWS, "catalog.price.v1": ROWS}
    assert (tally.rows, tally.events, tally.by_topic) == (ROWS, ROWS * 3, counts)
    assert seen[-1].done == seen[-1].total == (tmp_path / "catalogue.csv").stat().st_size
    assert [p.rows for p in seen] == sorted(p.rows for p in seen)


def test_the_pace_is_asked_before_anything_is_sent(tmp_path: Path) -> None:
    asked: list[int] = []

    loaded(csv_file(tmp_path, 3), at=edge(pace=asked.append))

    assert asked == [3, 3, 3]


def test_a_null_deletes(tmp_path: Path) -> None:
    _, taken = loaded(written(tmp_path, line("catalog.product.v1", "A", b"null", 3), "x.jsonl"))

    assert [(r.topic, r.key, r.value) for r in taken.settled] == [
        ("catalog.product.v1", b"A", None)
    ]


def test_a_row_too_large_for_a_record_sends_none_of_its_events(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.csv"
    wide = {f"a{n}": "x" * 100_000 for n in range(12)}
    with path.open("w", newline="") as file:
        full = {"sku": "A", "product_type": "simple", "product_websites": "base", "name": "x"}
        writer = csv.DictWriter(file, [*full, "price", *wide])
        writer.writeheader()
        writer.writerow(full | {"price": "1"} | wide)

    tally, taken = loaded(path, on_bad="skip")

    assert taken.settled == []
    assert "at most 1048576" in tally.refusals[0].rule


def test_the_envelope_is_the_imports(tmp_path: Path) -> None:
    _, taken = loaded(csv_file(tmp_path, 1), shop="acme")

    named = ("ce_source", "ce_subject", "ce_type", "ce_time", "ce_op")
    assert [codec.header(taken.settled[0], n) for n in named] == [
        "//acme/catalog",
        "SKU-0",
        "catalog.product.v1",
        "2026-11-25T10:00:00.000000Z",
        "S",
    ]


def test_a_run_keeps_its_id_until_it_is_finished(tmp_path: Path) -> None:
    runs, ids = Runs(tmp_path), iter([UUID(int=1), UUID(int=2)])

    def begin() -> Run:
        return runs.begin("f", "hash", "how", lines=9, now=NOW, new_id=lambda: next(ids))

    first = begin()
    runs.note(first, 5)
    again = begin()
    runs.finish(again)

    assert (again.id, again.done, again.base) == (first.id, 5, first.base)
    assert begin().base > first.base + 9
