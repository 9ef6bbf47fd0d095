"""Any bytes at all: a report is read or refused, nothing else, and in bounded memory."""

import gzip
import tracemalloc
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import reports
from schemas.amazon import Observation
from schemas.codec import decoder
from schemas.errors import Refused
from tests.support.report_files import BOWL, COLUMNS, LAMP, file, goods, parse

REPORT = file(LAMP, BOWL, *goods(20)).encode()
PIECES = [b"\t", b"\r\n", b"\n", b"\0", b'"', b"\\", b"\xff", b"\xc3", b"\x81", b"\xef\xbb\xbf"]
CHARSETS = [None, "utf-8", "cp1252", "cp932", "utf-16", "utf-16le", "gb18030"]


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """Give a report with a few places cut out, doubled or written over."""
    data = bytearray(REPORT)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(data)))
        till = at + draw(st.integers(0, 40))
        data[at:till] = draw(st.sampled_from(PIECES) | st.binary(max_size=8)) * draw(
            st.integers(0, 3)
        )
    return bytes(data)


def read(data: bytes, declared: str | None, type_: str = reports.ALL) -> bool:
    """Tell whether *data* was read. Whatever it stated must be observations."""
    try:
        given = parse(data, declared=declared, type_=type_)
    except Refused:
        return False
    for value in given.values:
        decoder(Observation).decode(value)
    return True


@settings(max_examples=150, deadline=None)
@given(mutated(), st.sampled_from(CHARSETS), st.booleans())
def test_a_report_that_was_damaged_anywhere_is_read_or_refused(
    data: bytes, declared: str | None, packed: bool
) -> None:
    assert read(gzip.compress(data) if packed else data, declared) in (True, False)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(CHARSETS))
def test_no_bytes_are_more_than_refused(data: bytes, declared: str | None) -> None:
    header = "\t".join(COLUMNS).encode() + b"\n"

    assert read(data, declared) is False
    assert read(header + data, declared) in (True, False)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([reports.LITER, reports.SUPPRESSED]))
def test_rows_of_other_types_are_read_or_refused(data: bytes, type_: str) -> None:
    header = b"Status\tReason\tSKU\tIssue Description\tquantity\n"

    assert read(header + data, None, type_) in (True, False)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: gzip.compress(bytes(60_000_000)), id="a bomb"),
        pytest.param(lambda: gzip.compress(b"\n" * 12_000_000), id="line ends alone"),
        pytest.param(lambda: gzip.compress(b"\t" * 12_000_000), id="tabs alone"),
        pytest.param(lambda: b"x" * 5_000_000, id="a line without end"),
        pytest.param(lambda: file(*goods(1)).encode() + b"LAMP\n" * 20_000, id="ragged rows alone"),
        pytest.param(
            lambda: file(*goods(2_500)).encode() + file(*goods(2_500)).encode(), id="all twice"
        ),
    ],
)
def test_a_hostile_report_takes_little_memory(make: Callable[[], bytes]) -> None:
    data = make()
    tracemalloc.start()
    try:
        read(data, None)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 128 * 1024 * 1024
