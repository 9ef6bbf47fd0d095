"""One report in any form is one report: the observations are equal to the byte."""

import gzip
import io
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from producers.amazon import cells as reading
from producers.amazon.columns import ALL_DATA, BUSINESS, SPELLINGS, header
from producers.amazon.document import document
from producers.amazon.report import Rows
from producers.amazon.survey import survey
from schemas import reports
from schemas.amazon import Enforcement, Issue, Observation, ObservedStore, ProductId
from schemas.codec import decoder
from schemas.errors import Refused
from schemas.event import ENCODER
from schemas.money import Money, number
from schemas.text import damaged
from tests.support.report_files import AS_OF, BOWL, COLUMNS, LAMP, ORIGIN, file, parse

CUP = LAMP | {"item-name": "Café „Tasse“ für 2", "seller-sku": "CUP Ü/1", "price": "7.5"}
SHOE = LAMP | {"item-name": "靴 26.5", "seller-sku": "靴-1"}
PLAIN = file(LAMP, BOWL, CUP)
TWIN = parse(PLAIN.encode()).values


def column(wanted: Mapping[str, str]) -> list[str]:
    return [wanted.get(name, name) for name in COLUMNS]


GERMAN = column(
    {
        "item-name": "Artikelbezeichnung",
        "listing-id": "Angebotsnummer",
        "seller-sku": "Händler-SKU",
        "price": "Preis",
        "quantity": "Menge",
        "open-date": "Erstellungsdatum",
        "product-id-type": "Produkt-ID-Typ",
        "item-condition": "Artikelzustand",
        "asin1": "ASIN 1",
        "product-id": "Produkt-ID",
        "fulfillment-channel": "Versender",
        "status": "Status",
    }
)
FRENCH = column(
    {
        "item-name": "nom-produit",
        "seller-sku": "sku-vendeur",
        "price": "prix",
        "quantity": "quantité",
        "product-id-type": "type-id-produit",
        "item-condition": "état-produit",
        "product-id": "id-produit",
        "fulfillment-channel": "canal-traitement",
        "status": "état",
    }
)
ITALIAN = column(
    {
        "item-name": "Nome dell'articolo",
        "seller-sku": "SKU venditore",
        "price": "Prezzo",
        "quantity": "Quantità",
        "product-id-type": "Tipo di identificativo del prodotto",
        "item-condition": "Condizione dell'articolo",
        "asin1": "ASIN 1",
        "product-id": "Identificativo del prodotto",
        "fulfillment-channel": "Canale di gestione",
        "status": "stato",
    }
)
SPANISH = column(
    {
        "item-name": "Título del producto",
        "seller-sku": "SKU del vendedor",
        "price": "Precio",
        "quantity": "Cantidad",
        "product-id-type": "Tipo de identificador de producto",
        "item-condition": "Estado del producto",
        "asin1": "ASIN 1",
        "product-id": "Identificador del producto",
        "fulfillment-channel": "Canal de gestión logística",
        "status": "estado",
    }
)
POLISH = column(
    {
        "item-name": "nazwa-produktu",
        "seller-sku": "sku-sprzedawcy",
        "price": "cena",
        "quantity": "ilość",
        "product-id-type": "typ-identyfikatora-produktu",
        "item-condition": "stan-produktu",
        "product-id": "identyfikator-produktu",
        "fulfillment-channel": "kanał-realizacji",
        "status": "status",
    }
)
JAPANESE = column(
    {
        "item-name": "商品名",
        "listing-id": "出品ID",
        "seller-sku": "出品者SKU",
        "price": "価格",
        "quantity": "数量",
        "open-date": "出品日",
        "product-id-type": "商品IDタイプ",
        "item-condition": "コンディション",
        "item-note": "コンディション説明",
        "product-id": "商品ID",
        "pending-quantity": "在庫数",
        "fulfillment-channel": "フルフィルメント・チャンネル",
        "status": "ステータス",
    }
)
CHINESE = (
    "商品名称|商品描述|商品编码|卖家 SKU|价格|数量|开售日期|不适用项目|是否为商城中的商品|"
    "商品编码类型|不适用项目|商品备注|商品状况|不适用项目|不适用项目|不适用项目|ASIN1|"
    "不适用项目|不适用项目|国际配送|加急配送|不适用项目|商品编码|不适用项目|添加-删除|"
    "等待购买数量|配送渠道|卖家配送组|状态"
).split("|")
DEPRECATED = [
    "Deprecated column" if c.startswith(("zshop", "image", "bid", "asin2", "asin3")) else c
    for c in COLUMNS
]
ADDED = [*COLUMNS, *BUSINESS, "Minimum order quantity", "Sell remainder", "something-new"]


def rows(columns: list[str] = COLUMNS, **more: Any) -> str:
    return file(LAMP, BOWL, CUP, columns=columns, **more)


FORMS = [
    pytest.param(rows(end="\n").encode(), None, id="lines that end in LF"),
    pytest.param(rows().removesuffix("\r\n").encode(), None, id="no end behind the last line"),
    pytest.param(b"\xef\xbb\xbf" + PLAIN.encode(), None, id="a byte order mark"),
    pytest.param(b"\xef\xbb\xbf" + PLAIN.encode(), "cp1252", id="a mark, declared otherwise"),
    pytest.param(PLAIN.encode("cp1252"), None, id="cp1252, undeclared"),
    pytest.param(PLAIN.encode("cp1252"), "text/plain; charset=Cp1252", id="cp1252, declared"),
    pytest.param(PLAIN.encode("cp1252"), "text/plain;charset=ISO-8859-1", id="as Latin-1"),
    pytest.param(PLAIN.encode("utf-16"), None, id="UTF-16"),
    pytest.param(PLAIN.encode("utf-16-le"), "text/plain; charset=utf-16le", id="UTF-16LE"),
    pytest.param(gzip.compress(PLAIN.encode()), None, id="packed"),
    pytest.param(gzip.compress(PLAIN.encode("cp1252")), "Cp1252", id="packed, in cp1252"),
    pytest.param(gzip.compress(PLAIN[:99].encode()) + gzip.compress(PLAIN[99:].encode()), None,
                 id="packed in two members"),
    pytest.param(rows([*reversed(COLUMNS)]).encode(), None, id="columns in another order"),
    pytest.param(rows(ADDED).encode(), None, id="columns added, business prices among them"),
    pytest.param(rows(header=DEPRECATED).encode(), None, id="deprecated columns, ten alike"),
    pytest.param(rows(header=[c.replace("fulfillment", "fulfilment") for c in COLUMNS]).encode(),
                 None, id="fulfilment with one l"),
    pytest.param(rows(header=[c.upper() + " " for c in COLUMNS]).encode(), None, id="capitals"),
    pytest.param(rows(header=GERMAN).encode("cp1252"), None, id="German in cp1252"),
    pytest.param(rows(header=GERMAN).replace("Händler", "H?ndler").encode(), None,
                 id="German with a lost letter"),
    pytest.param(rows(header=FRENCH).encode("cp1252"), "Cp1252", id="French in cp1252"),
    pytest.param(rows(header=ITALIAN).encode(), None, id="Italian"),
    pytest.param(rows(header=SPANISH).encode(), None, id="Spanish"),
    pytest.param(rows(header=POLISH).encode(), None, id="Polish"),
    pytest.param(rows(header=JAPANESE).encode(), None, id="Japanese"),
    pytest.param(gzip.compress(rows(header=CHINESE).encode()), None, id="Chinese, packed"),
    pytest.param(rows(header=["?"] * 29).encode(), None, id="a language of question marks"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "declared"), FORMS)
def test_the_same_report_in_another_form_gives_the_same_bytes(
    data: bytes, declared: str | None
) -> None:
    assert parse(data, declared=declared).values == TWIN


def test_a_report_in_a_foreign_language_and_charset_is_its_english_twin() -> None:
    twin = parse(file(LAMP, SHOE).encode()).values
    foreign = file(LAMP, SHOE, header=JAPANESE)

    given = [
        parse(foreign.encode("cp932"), declared="text/plain; charset=Windows-31J").values,
        parse(foreign.encode("cp932")).values,  # its header alone proves it
        parse(foreign.encode()).values,
    ]

    assert given == [twin] * 3


def test_a_report_without_asin_columns_names_it_as_product_id() -> None:
    kept = [c for c in COLUMNS if not c.startswith("asin")]
    lamp, bowl = (decoder(Observation).decode(v) for v in parse(rows(kept).encode()).values[:2])

    assert (lamp.stores["acme-de"].asin, bowl.stores["acme-de"].asin) == (UNSET, "B000000002")


def test_columns_known_by_place_alone_must_hold_what_they_should() -> None:
    good, strange = rows(header=["?"] * 29), file(LAMP | {"asin1": "?"}, header=["?"] * 29)

    assert "its columns are known by place" in parse(good.encode()).notes[-1]
    with pytest.raises(Refused, match="column seller-sku"):
        parse(strange.encode())


def test_columns_are_not_known_by_place_where_a_named_one_stands_elsewhere() -> None:
    names = ["?"] * 28 + ["item-name"]

    with pytest.raises(Refused, match="column seller-sku"):
        parse(rows(header=names).encode())


@pytest.mark.parametrize("name", sorted({n for names in SPELLINGS.values() for n in names}))
def test_every_spelling_means_a_column(name: str) -> None:
    assert not header(name).unknown


def test_the_english_names_mean_themselves() -> None:
    assert header("\t".join(ALL_DATA)).at == {name: n for n, name in enumerate(ALL_DATA)}


# --- what a row states --------------------------------------------------------------------

BAD_TEXTS = ["", " ", "x", "12,90", "-1", "0", "1.5", "NaN", "１２", "1e3", "007"]
cells = st.fixed_dictionaries(
    {
        "item-name": st.text(st.characters(exclude_categories=["C"]), max_size=20)
        | st.sampled_from(['a "b" \\ c', "=1", "Caf\u00e9", "Who is it?", "M?ller"]),
        "seller-sku": st.from_regex(r"[!-~äß靴]{1,40}", fullmatch=True),
        "price": st.decimals(0, 10**6, places=2).map(str) | st.sampled_from(BAD_TEXTS),
        "quantity": st.integers(0, 10**6).map(str) | st.sampled_from(BAD_TEXTS),
        "product-id-type": st.sampled_from(["1", "2", "3", "4", "5", ""]),
        "item-condition": st.sampled_from(["11", "1", "9", "", " 10 "]),
        "asin1": st.sampled_from(["B000000001", "", " B000000002", '"\\']),
        "product-id": st.sampled_from(["036000291452", "", '1"']),
        "fulfillment-channel": st.sampled_from(["DEFAULT", "AMAZON_EU", "", 'A"']),
        "status": st.sampled_from(["Active", "Inactive", "Incomplete", "", "Åctive"]),
    }
)


def plain(row: Mapping[str, str]) -> Observation:
    """Give what a row states, said once more and slowly."""
    cell = {name: text.strip(" ") for name, text in row.items()}
    kind = {"1": "asin", "2": "isbn", "3": "upc", "4": "ean"}.get(cell["product-id-type"])
    named = kind is not None and cell["product-id"]
    title = cell["item-name"]
    return Observation(
        account="acme-eu",
        seller_sku=row["seller-sku"],
        source="report",
        as_of=AS_OF,
        report="R1",
        stores={
            "acme-de": ObservedStore(
                exists=True,
                asin=cell["asin1"] or UNSET,
                report_status=cell["status"] or UNSET,
                price=reading.price_in("EUR")(cell["price"]),
                condition=reading.condition(cell["item-condition"]),
                product_id=ProductId(type=kind or "", value=cell["product-id"]) if named else UNSET,
                title=UNSET if damaged(title) else title or UNSET,
            )
        },
        channel=cell["fulfillment-channel"] or UNSET,
        quantity=reading.quantity(cell["quantity"]),
    )


@given(st.lists(cells, min_size=1, max_size=5, unique_by=lambda row: row["seller-sku"]))
def test_an_observation_is_written_as_our_encoder_writes_it(given: list[dict[str, str]]) -> None:
    assert parse(file(*given).encode()).values == [ENCODER.encode(plain(row)) for row in given]


def offered(type_: str, columns: str, *lines: str) -> list[Observation]:
    data = "".join(line + "\n" for line in (columns, *lines)).encode()
    return [decoder(Observation).decode(value) for value in parse(data, type_=type_).values]


def seen(event: Observation) -> ObservedStore:
    return event.stores["acme-de"]


def test_a_row_of_active_or_inactive_listings_states_that() -> None:
    columns = [c for c in COLUMNS if c != "status"]
    data = file(LAMP, columns=columns).encode()
    given = {
        type_: seen(decoder(Observation).decode(parse(data, type_=type_).values[0])).report_status
        for type_ in (reports.ACTIVE, reports.INACTIVE)
    }

    assert given == {reports.ACTIVE: "Active", reports.INACTIVE: "Inactive"}


def test_a_row_of_cancelled_listings_states_that_it_is_gone_and_nothing_else() -> None:
    (gone,) = offered(
        reports.CANCELLED,
        "item-name\titem-description\tseller-sku\tprice\tquantity\timage-url\tproduct-id",
        "Desk lamp\t\tLAMP-12\t49.90\t5\t\tB000000001",
    )

    assert (seen(gone), gone.quantity, gone.channel) == (ObservedStore(exists=False), UNSET, UNSET)


@pytest.mark.parametrize(
    ("type_", "columns", "line", "said", "quantity"),
    [
        pytest.param(
            reports.OPEN,
            "\t".join(["sku", "asin", "price", "quantity", *BUSINESS]),
            "LAMP-12\tB000000001\t49.90\t0" + "\t" * len(BUSINESS),
            ObservedStore(exists=True, asin="B000000001", price=Money(number("49.90"), "EUR")),
            0,
            id="open",
        ),
        pytest.param(
            reports.LITE,
            "seller-sku\tquantity\tprice\tproduct-ID",
            "LAMP-12\t5\t49.90\tB000000001",
            ObservedStore(exists=True, asin="B000000001", price=Money(number("49.90"), "EUR")),
            5,
            id="lite",
        ),
        pytest.param(
            reports.LITER,
            "seller-sku\tquantity",
            "LAMP-12\t5",
            ObservedStore(exists=True),
            5,
            id="liter",
        ),
    ],
)
def test_a_shorter_report_states_what_it_has(
    type_: str, columns: str, line: str, said: ObservedStore, quantity: int
) -> None:
    (lamp,) = offered(type_, columns, line)

    assert (seen(lamp), lamp.quantity) == (said, quantity)


FYP = "Status\tReason\tSKU\tASIN\tProduct name\tCondition\tStatus Change Date\tIssue Description"


def test_rows_of_suppressed_listings_become_the_issues_of_one_observation() -> None:
    lamp, bowl = offered(
        reports.SUPPRESSED,
        FYP,
        "Search suppressed\tMissing\tLAMP-12\tB000000001\tLamp\tNew\tJan 5, 2026\tNo main image",
        "Inactive\tPolicy\tBOWL\tB000000002\tBowl\tNew\tJan 5, 2026\t",
        "Search suppressed\tMissing\tLAMP-12\tB000000001\tLamp\tNew\tJan 5, 2026\tNo \"colour\"",
    )[::-1]  # fmt: skip
    hidden = Enforcement(actions=["SEARCH_SUPPRESSED"])
    told = [
        Issue(code="SUPPRESSED", message=f"Search suppressed: Missing: {why}", severity="WARNING",
              enforcements=hidden)
        for why in ("No main image", 'No "colour"')
    ]  # fmt: skip

    assert seen(lamp) == ObservedStore(exists=True, asin="B000000001", issues=told)
    assert [(i.message, i.enforcements) for i in seen(bowl).issues or []] == [
        ("Inactive: Policy", None)
    ]


@pytest.mark.parametrize("type_", [reports.CANCELLED, reports.INACTIVE, reports.SUPPRESSED])
def test_a_report_of_what_comes_and_goes_may_be_empty_or_shrink(type_: str) -> None:
    header = FYP if type_ == reports.SUPPRESSED else "\t".join(COLUMNS)

    assert parse(header.encode() + b"\n", type_=type_, last_rows=1_000).values == []


def test_an_empty_quantity_cell_is_unknown_and_not_zero() -> None:
    bowl, empty = (decoder(Observation).decode(v) for v in parse(
        file(BOWL, LAMP | {"quantity": "0"}).encode()).values)  # fmt: skip

    assert (bowl.quantity, empty.quantity) == (UNSET, 0)


def test_a_report_with_reordered_rows_states_the_same() -> None:
    forth, back = parse(file(LAMP, BOWL, CUP).encode()), parse(file(CUP, BOWL, LAMP).encode())

    assert sorted(forth.values) == sorted(back.values)


def test_a_report_is_one_observation_a_row_all_as_of_one_time() -> None:
    given = [decoder(Observation).decode(value) for value in TWIN]

    assert [(o.seller_sku, list(o.stores), o.as_of, o.report) for o in given] == [
        (row["seller-sku"], ["acme-de"], ORIGIN.as_of, "R1") for row in (LAMP, BOWL, CUP)
    ]


def test_cells_that_cannot_be_read_are_counted_by_column() -> None:
    given = parse(file(LAMP | {"price": "12,90", "item-name": "M?ller"}, BOWL).encode())

    assert given.notes == (
        "1 cells of item-name cannot be read",
        "1 cells of price cannot be read",
    )


def test_a_document_of_many_batches_is_read_whole() -> None:
    many = [LAMP | {"seller-sku": f"L-{n}", "item-description": "x" * 500} for n in range(2_000)]
    data = file(*many).encode()

    assert len(data) > 4 * 256 * 1024
    assert [decoder(Observation).decode(v).seller_sku for v in parse(data).values] == [
        row["seller-sku"] for row in many
    ]


class Slow(io.BytesIO):
    """A stream that gives a few bytes at a time, as pipes do."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(7 if size is None or size < 0 else min(size, 7))


def test_lines_and_letters_may_be_cut_anywhere() -> None:
    doc = document(lambda: Slow(rows(header=JAPANESE).encode()))

    assert [row[1] for row in Rows(doc, survey(doc), ORIGIN) if isinstance(row, tuple)] == TWIN
