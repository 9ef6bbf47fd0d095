"""Bytes → rows: encodings, delimiters, multi-line cells, and rows that cannot be read."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.catalog.file import Row, Table, table
from producers.catalog.refusal import Refusal, UnknownFile


def read(data: str | bytes, encoding: str = "utf-8") -> Table:
    return table(io.BytesIO(data.encode() if isinstance(data, str) else data), encoding)


def rows(data: str | bytes, encoding: str = "utf-8") -> list[Row | Refusal]:
    return list(read(data, encoding).rows)


def cells(data: str | bytes, encoding: str = "utf-8") -> list[list[str]]:
    return [row.cells for row in rows(data, encoding) if isinstance(row, Row)]


def refused(data: str | bytes, encoding: str = "utf-8") -> list[tuple[int, int | None, str]]:
    return [(r.line, r.last_line, r.rule) for r in rows(data, encoding) if isinstance(r, Refusal)]


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        pytest.param("sku,name\nA,Größe\n".encode(), "utf-8", id="UTF-8"),
        pytest.param(b"\xef\xbb\xbf" + "sku,name\nA,Größe\n".encode(), "utf-8", id="with BOM"),
        pytest.param("sku,name\nA,Größe\n".encode("cp1252"), "cp1252", id="cp1252"),
        pytest.param("sku,name\nA,Größe\n".encode("utf-16"), "utf-16", id="UTF-16"),
        pytest.param("sku;name\nA;Größe\n".encode(), "utf-8", id="semicolon"),
        pytest.param("sku\tname\nA\tGröße\n".encode(), "utf-8", id="tab"),
        pytest.param("sku,name\r\nA,Größe\r\n".encode(), "utf-8", id="CR LF"),
        pytest.param("sku,name\nA,Größe".encode(), "utf-8", id="no line end at the end"),
        pytest.param('"sku","name"\n\n"A","Größe"\n\n'.encode(), "utf-8", id="blank lines"),
    ],
)
def test_a_file_is_read_however_it_was_saved(data: bytes, encoding: str) -> None:
    found = read(data, encoding)

    assert (found.header, [r.cells for r in found.rows if isinstance(r, Row)]) == (
        ("sku", "name"),
        [["A", "Größe"]],
    )


def test_a_cell_of_several_lines_is_whole_and_its_row_begins_where_it_begins() -> None:
    found = rows('sku,name\nA,"one\ntwo, ""three"""\nB,x\n')

    assert found == [Row(2, ["A", 'one\ntwo, "three"']), Row(4, ["B", "x"])]


@pytest.mark.parametrize(
    ("line", "name"),
    [
        pytest.param(r'A,"5\" screen"', '5" screen', id="the shop's spelling"),
        pytest.param(r'A,"\"quoted\""', '"quoted"', id="from end to end"),
        pytest.param(r'A,"C:\dir"', r"C:\dir", id="a backslash that spells nothing"),
        pytest.param(r'A,"ends with \\"', "ends with \\\\", id="a backslash at the end"),
    ],
)
def test_the_shops_spelling_of_a_quote_is_read(line: str, name: str) -> None:
    assert cells(f"sku,name\n{line}\nB,x\n") == [["A", name], ["B", "x"]]


def test_a_row_that_can_be_read_in_two_ways_is_refused() -> None:
    data = 'sku,name,more\nA,"x\\",",y"\nB,x,z\n'

    ((line, last, rule),) = refused(data)

    assert (line, last, cells(data)) == (2, None, [["B", "x", "z"]])
    assert "two ways" in rule


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        pytest.param('A,"open\n', "never closed", id="a quote never closed"),
        pytest.param('A,"a"b\n', "behind a closing quote", id="text behind a quote"),
        pytest.param("A\n", "1 cells where the header has 2", id="too short"),
        pytest.param("A,b,c\n", "3 cells where the header has 2", id="too long"),
        pytest.param("A,\0\n", "control character", id="NUL"),
        pytest.param("A,\x07\n", "control character", id="BEL"),
        pytest.param("A," + "x" * 140_000 + "\n", "more than 131,072", id="a cell too long"),
    ],
)
def test_a_bad_row_is_refused_by_line_and_takes_no_other_with_it(bad: str, says: str) -> None:
    data = "sku,name\nB,x\n" + bad + "C,y\n" + 'D,"z"\n'

    ((line, _, rule),) = refused(data)

    assert (line, cells(data)) == (3, [["B", "x"], ["C", "y"], ["D", "z"]])
    assert says in rule


def test_a_byte_that_cannot_be_decoded_refuses_its_row() -> None:
    data = b"sku,name\nA,x\nB,Gr\xf6\xdfe\nC,y\n"

    assert refused(data) == [(3, None, "byte 0xf6 cannot be decoded: say --encoding")]
    assert cells(data) == [["A", "x"], ["C", "y"]]


def test_a_byte_that_the_named_encoding_lacks_refuses_its_row() -> None:
    assert refused(b"sku,name\nA,\x81\nB,y\n", "cp1252")[0][:2] == (2, None)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        pytest.param(b"", "empty", id="0 bytes"),
        pytest.param(b"\n\n", "empty", id="a blank first line"),
        pytest.param("sku,name\n".encode("utf-16"), "UTF-16", id="UTF-16 unannounced"),
        pytest.param(b"sku,na\xffme\n", "not utf-8", id="an undecodable header"),
    ],
)
def test_a_file_without_a_header_is_refused_whole(data: bytes, says: str) -> None:
    with pytest.raises(UnknownFile, match=says):
        read(data)


@pytest.mark.parametrize("encoding", ["klingon", "hex"])
def test_an_encoding_that_is_none_is_refused(encoding: str) -> None:
    with pytest.raises(UnknownFile, match="no encoding"):
        read(b"sku\n", encoding)


@given(st.binary(max_size=400))
def test_nothing_makes_reading_fail(data: bytes) -> None:
    for row in rows(b"sku,name\n" + data):
        assert isinstance(row, Row | Refusal)
