"""Report files at any quality: numbers 57-80 of the corpus, where a file can carry them."""

import gzip
import io
from datetime import UTC, datetime

import pytest
from msgspec import UNSET

from producers.amazon.collect import collect
from producers.amazon.document import document
from producers.amazon.lines import RefusedRow
from producers.amazon.reading import here
from producers.amazon.report import Origin, observations
from producers.amazon.survey import survey
from schemas.amazon import Observation, ObservedStore, ProductId
from schemas.codec import decode
from schemas.errors import Refused
from schemas.events import Report
from schemas.money import Money, number
from schemas.record import Record

AS_OF = datetime(2026, 11, 25, 9, 50, tzinfo=UTC)
ORIGIN = Origin(report="R1", account="acme-eu", store="acme-de", currency="EUR", as_of=AS_OF)
HEADER = (
    "item-name\tseller-sku\tprice\tquantity\tproduct-id-type\titem-condition\tasin1\tproduct-id"
    "\tfulfillment-channel\tstatus"
)
ROW = "Desk lamp\tLAMP-12\t49.90\t5\t3\t11\tB000000001\t036000291452\tDEFAULT\tActive"
FBA = "Schale\tBOWL\t12.00\t\t1\t11\tB000000002\tB000000002\tAMAZON_EU\tInactive"


def text(*rows: str, header: str = HEADER) -> bytes:
    return "\n".join([header, *rows, ""]).encode()


def many(count: int, *more: str) -> bytes:
    rows = [ROW.replace("LAMP-12", f"L-{i}") for i in range(count)]
    return text(*rows[: count // 2], *more, *rows[count // 2 :])


def read(data: bytes, **kwargs: object) -> list[Observation | RefusedRow]:
    doc = document(lambda: io.BytesIO(data), **kwargs)  # type: ignore[arg-type]
    return list(observations(doc, survey(doc), ORIGIN))


LAMP = Observation(
    account="acme-eu",
    seller_sku="LAMP-12",
    source="report",
    as_of=AS_OF,
    report="R1",
    channel="DEFAULT",
    quantity=5,
    stores={
        "acme-de": ObservedStore(
            exists=True,
            asin="B000000001",
            report_status="Active",
            price=Money(number("49.90"), "EUR"),
            condition="new_new",
            product_id=ProductId(type="upc", value="036000291452"),
            title="Desk lamp",
        )
    },
)


def test_a_row_states_what_its_cells_hold() -> None:
    assert read(text(ROW)) == [LAMP]


def test_an_empty_quantity_is_not_stated_and_never_zero() -> None:
    [bowl] = read(text(FBA))

    assert isinstance(bowl, Observation)
    assert (bowl.quantity, bowl.channel) == (UNSET, "AMAZON_EU")


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(text(ROW), id="62 plain though flagged gzip"),
        pytest.param(gzip.compress(text(ROW)), id="61 gzip though flagged plain"),
        pytest.param(
            gzip.compress(text(ROW)[:50]) + gzip.compress(text(ROW)[50:]), id="64 members"
        ),
        pytest.param(b"\xef\xbb\xbf" + text(ROW), id="68 byte order mark"),
        pytest.param(text(ROW).replace(b"\n", b"\r\n"), id="CR LF"),
        pytest.param("\n".join([HEADER, ROW]).encode("utf-16"), id="68 UTF-16"),
        pytest.param(
            text(
                ROW + "\tx\ty",
                header=HEADER.replace("fulfillment", "fulfilment") + "\tDeprecated column" * 2,
            ),
            id="69 fulfilment with one l, deprecated columns",
        ),
        pytest.param(
            text(
                "\t".join(reversed(ROW.split("\t"))), header="\t".join(reversed(HEADER.split("\t")))
            ),
            id="69 columns reordered",
        ),
    ],
)
def test_another_form_of_the_same_report_gives_the_same_observation(data: bytes) -> None:
    assert read(data) == [LAMP]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        pytest.param(b"", "0 bytes", id="57"),
        pytest.param(text(), "a header and no row", id="58"),
        pytest.param(b"<!DOCTYPE html><p>Sorry", "a page or an error", id="60 page"),
        pytest.param(b'<?xml version="1.0"?><Error/>', "a page or an error", id="60 error"),
        pytest.param(gzip.compress(text(ROW))[:-9], "damaged gzip", id="63 truncated"),
        pytest.param(gzip.compress(text(ROW)) + b"tail", "damaged gzip", id="65 trailing bytes"),
        pytest.param(gzip.compress(bytes(50_000_000)), "unpacks to more", id="66 bomb"),
        pytest.param(gzip.compress(gzip.compress(text(ROW))), "gzip inside gzip", id="67"),
        pytest.param(text(ROW, header=HEADER.replace("status", "state")), "column status", id="69"),
        pytest.param(
            text(ROW, header=HEADER.replace("seller-sku", "x")), "seller-sku", id="69 SKU"
        ),
        pytest.param(b'<!DOCTYPE a [<!ENTITY x "y">]>', "a page or an error", id="78"),
        pytest.param(b"PK\x03\x04" + bytes(90), "a ZIP archive", id="79"),
    ],
)
def test_a_report_that_is_not_whole_is_refused_whole(data: bytes, why: str) -> None:
    with pytest.raises(Refused, match=why):
        read(data)


def test_a_report_that_shrank_is_refused() -> None:
    doc = document(lambda: io.BytesIO(many(3)))

    with pytest.raises(Refused, match="3 rows, the last accepted report had 100"):
        survey(doc, last_rows=100)


@pytest.mark.parametrize(
    ("row", "why"),
    [
        pytest.param(ROW + "\textra", "11 fields, the header has 10", id="70 ragged"),
        pytest.param(ROW.replace("Desk", "De\tsk"), "11 fields", id="72 tab in a field"),
        pytest.param(ROW.replace("Desk lamp", "x" * 140_000), "a field without end", id="73"),
        pytest.param(ROW.replace("Desk", "De\0sk"), "a control character", id="74"),
        pytest.param(ROW.replace("LAMP-12", " "), "no seller SKU", id="no SKU"),
        pytest.param(ROW.replace("LAMP-12", "TEE-M\ufffdL"), "a damaged seller SKU", id="REP1"),
    ],
)
def test_a_damaged_row_is_set_aside_and_the_others_come_out_right(row: str, why: str) -> None:
    given = read(many(200, row))
    refused = [g for g in given if isinstance(g, RefusedRow)]

    assert (len(given) - len(refused), len(refused)) == (200, 1)
    assert why in refused[0].why


def test_a_row_of_another_charset_is_set_aside() -> None:
    given = read(many(200).replace(b"Desk lamp\tL-7\t", b"L\x81mp\xe9\tL-7\t"))

    assert [g.why for g in given if isinstance(g, RefusedRow)] == ["cannot be decoded"]


@pytest.mark.parametrize(
    ("charset", "name"),
    [
        pytest.param("cp1252", "Caf\u00e9 \u201eTasse\u201c", id="cp1252 undeclared"),
        pytest.param("cp932", "\u9774 26.5", id="cp932 declared"),
    ],
)
def test_text_is_read_in_its_own_charset(charset: str, name: str) -> None:
    declared = charset if charset == "cp932" else None
    data = text(ROW).decode().replace("Desk lamp", name).encode(charset)

    [lamp] = read(data, declared=declared)

    assert isinstance(lamp, Observation)
    assert lamp.stores["acme-de"].title == name


def test_an_open_quote_swallows_nothing() -> None:
    given = read(text(ROW.replace("Desk", '"Desk'), FBA))

    assert [getattr(g, "seller_sku", None) for g in given] == ["LAMP-12", "BOWL"]


def test_a_seller_sku_that_stands_twice_is_set_aside_both_times() -> None:
    given = read(text(ROW, ROW.replace("49.90", "1.00"), FBA))

    assert [type(g).__name__ for g in given] == ["Observation", "RefusedRow", "RefusedRow"]


def test_a_cell_that_looks_like_a_formula_stays_text() -> None:
    [lamp] = read(text(ROW.replace("Desk lamp", "=HYPERLINK(1)")))

    assert isinstance(lamp, Observation)
    assert lamp.stores["acme-de"].title == "=HYPERLINK(1)"


@pytest.mark.parametrize("price", ["12,90", "1.299,00", "", "0", "free", "NaN"])
def test_a_price_that_cannot_be_read_is_left_out(price: str) -> None:
    [lamp] = read(text(ROW.replace("49.90", price)))

    assert isinstance(lamp, Observation)
    assert lamp.stores["acme-de"].price is UNSET


class Listed:
    """A publisher that keeps what it was given."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def send(self, record: Record) -> None:
        self.records.append(record)

    def flush(self) -> None:
        pass


def run(data: bytes, last_rows: int | None = None) -> list[Record]:
    listed = Listed()
    with here(lambda: io.BytesIO(data), None) as reading:
        collect(
            reading,
            ORIGIN,
            type="GET_MERCHANT_LISTINGS_ALL_DATA",
            requested_at=AS_OF,
            last_rows=last_rows,
            publisher=listed,
            ends=lambda: {0: 7, 1: len(listed.records)},
        )
    return listed.records


def test_the_marker_comes_last_and_names_where_its_rows_end() -> None:
    *rows, marker = run(text(ROW, FBA))
    report = decode(marker, Report)

    assert [r.topic for r in rows] == ["amazon.listing.v1"] * 2
    assert report is not None
    assert (report.state, report.rows, report.ends) == ("complete", 2, {"0": 7, "1": 2})


def test_a_refused_report_publishes_its_reason_and_no_row() -> None:
    [marker] = run(text(ROW), last_rows=100)
    report = decode(marker, Report)

    assert report is not None
    assert (report.state, "guard G7" in (report.why or "")) == ("refused", True)


def test_the_same_report_twice_gives_the_same_ids() -> None:
    assert [r.headers[2] for r in run(text(ROW))] == [r.headers[2] for r in run(text(ROW))]
