"""Report files of any quality: each of 57-80 comes to its verdict, alone and among good rows.

The third place, the last before a kill, is where a report's life is killed at each step
(`make faults`): reading is pure, and reads again what it had read.
"""

import io
import json
from typing import Any

import pytest

from producers.amazon import document as documents
from producers.amazon.band import Band, band
from producers.amazon.collect import collect
from producers.amazon.document import document
from producers.amazon.lines import RefusedRow
from producers.amazon.reading import here
from producers.amazon.survey import survey
from schemas import reports
from schemas.amazon import Report
from schemas.codec import decode
from schemas.errors import Refused
from schemas.money import Number
from schemas.record import Record
from schemas.settings import Guards, Settings
from tests.support.report_files import AS_OF, ORIGIN, Bad, Parsed, cases, file, goods, parse

ALONE, AMONG = 0, 999


def parameters(verdict: str) -> list[Any]:
    return [pytest.param(bad, id=f"{bad.number:03d} {bad.name}") for bad in cases(verdict)]


def parsed(bad: Bad, good: int) -> Parsed:
    data = bad.document(good)
    return parse(data, declared=bad.stated.get("declared"), last_rows=bad.stated.get("last_rows"))


def skus(given: Parsed) -> list[str]:
    return [json.loads(value)["seller_sku"] for value in given.values]


EXPECTED = [f"GOOD-{n}" for n in range(AMONG)]
GOOD = parse(file(*goods(AMONG)).encode()).values


def test_the_corpus_has_a_case_of_every_number() -> None:
    numbers = {bad.number for verdict in "SNQD" for bad in cases(verdict)}

    assert numbers == set(range(57, 81))


class Listed:
    """A publisher that keeps what it was given."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def send(self, record: Record) -> None:
        self.records.append(record)

    def flush(self) -> None:
        pass


def published(data: bytes, **more: Any) -> list[Record]:
    listed = Listed()
    with here(lambda: io.BytesIO(data), more.get("declared")) as reading:
        collect(
            reading,
            ORIGIN,
            type=reports.ALL,
            requested_at=AS_OF,
            last_rows=more.get("last_rows"),
            publisher=listed,
            ends=dict,
        )
    return listed.records


@pytest.mark.parametrize("bad", parameters("S"))
@pytest.mark.parametrize("good", [pytest.param(2, id="alone"), pytest.param(AMONG, id="among")])
def test_a_report_that_is_not_whole_is_stopped(
    bad: Bad, good: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "quota" in bad.stated:
        monkeypatch.setattr(documents, "MAX_UNPACKED", bad.stated["quota"])
        good = 2_000
    rows = bad.stated.get("good", 2 if bad.stated.get("alone") else good)

    with pytest.raises(Refused, match=bad.why):
        parsed(bad, rows)


def test_a_report_that_is_stopped_tells_why_and_sends_no_row() -> None:
    (marker,) = published(file(*goods(3)).encode(), last_rows=100)
    report = decode(marker, Report)

    assert report is not None
    assert (report.state, report.rows, report.ends) == ("refused", 0, {})
    assert "3 rows, the last accepted report had 100 (guard G7)" in (report.why or "")


@pytest.mark.parametrize("bad", parameters("Q"))
def test_a_bad_row_is_set_aside_and_all_others_come_out_right(bad: Bad) -> None:
    given = parsed(bad, AMONG)
    sound = bad.stated.get("sound", [])

    assert [v for v, sku in zip(given.values, skus(given), strict=True) if sku not in sound] == GOOD
    assert [sku for sku in skus(given) if sku in sound] == sound
    assert given.aside
    assert {row.foreign for row in given.aside} == {bad.stated.get("foreign", False)}
    for row in given.aside:
        assert bad.why.partition(" stands")[0].replace("B.D", "B?D") in row.why


@pytest.mark.parametrize("bad", parameters("Q"))
def test_a_bad_row_alone_states_nothing(bad: Bad) -> None:
    try:
        given = parsed(bad, ALONE)
    except Refused:
        return  # no row of it can be read, so there is no report either

    assert skus(given) == bad.stated.get("sound", [])


@pytest.mark.parametrize("bad", parameters("N"))
@pytest.mark.parametrize("good", [pytest.param(1, id="alone"), pytest.param(AMONG, id="among")])
def test_what_only_looks_bad_is_taken(bad: Bad, good: int) -> None:
    given = parsed(bad, good)
    odd = [json.loads(v) for v in given.values if b'"seller_sku":"GOOD-' not in v]

    assert given.aside == []
    assert [value for value in given.values if b'"seller_sku":"GOOD-' in value] == GOOD[:good]
    assert bad.stated.get("notes", "") in "; ".join(given.notes)
    for title in bad.stated.get("gives", {}).values():
        assert [o["stores"]["acme-de"].get("title", False) for o in odd] == [title]


def test_the_same_document_twice_gives_the_same_records() -> None:
    data = file(*goods(3)).encode()

    assert published(data) == published(data)


def test_many_rows_of_another_charset_are_no_report() -> None:
    rows = [*goods(98), *({"seller-sku": f"X-{n}", "item-name": "\u8aac\u660e"} for n in range(2))]
    data = file(*rows).encode("cp932")

    with pytest.raises(Refused, match=r"2 of 100 rows cannot be decoded \(guard G7\)"):
        parse(data)


def test_the_order_of_refused_rows_is_that_of_their_lines() -> None:
    given = parse((file(*goods(3)) + "x\r\ny\r\n").encode())

    assert given.aside == [
        RefusedRow(5, "1 fields, the header has 29"),
        RefusedRow(6, "1 fields, the header has 29"),
    ]


def test_the_limits_of_the_guard_are_those_of_the_nearest_settings() -> None:
    guards = {
        "deployment": {"report": {"min_rows": Number("0.5"), "max_undecodable": Number("0.1")}},
        "acme-de": {"report": {"min_rows": Number("0.02")}, "ending": {"count": Number("1")}},
    }
    known = Settings(records={"guards": {k: Guards(limits=v) for k, v in guards.items()}})

    assert band(Settings(), "acme-eu", "acme-de") == Band(0.80, 0.01)
    assert band(known, "acme-eu", "acme-de") == Band(0.02, 0.1)
    assert band(known, "acme-eu", "acme-fr") == Band(0.5, 0.1)


def test_a_report_within_other_limits_is_taken() -> None:
    data = file(*goods(3)).encode() + b"\x81\r\n"
    doc = document(lambda: io.BytesIO(data), declared="cp1252")

    assert survey(doc, last_rows=100, within=Band(0.02, 0.3)).rows == 4
    for tight in (Band(0.5, 0.3), Band(0.02, 0.2)):
        with pytest.raises(Refused, match="guard G7"):
            survey(doc, last_rows=100, within=tight)
