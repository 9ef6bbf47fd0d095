"""The forms of one report: header, charset, compression, dates, and what is cut off."""

import gzip
from typing import Any

import pytest

from deploy.sandbox.report import COLUMNS, Place
from deploy.sandbox.variants import Variant, Variants, Written, write
from tests.support.amazon import DE, Desk, lamp, seed

ALL = "GET_MERCHANT_LISTINGS_ALL_DATA"
ROWS = [lamp(title="Łampe für €5"), lamp(sku="FBA", channel="FBA"), lamp(sku="3", price="9.99")]
JAPAN = {"region": "FE", "merchant_token": "A3", "refresh_token": "x", "marketplaces": ["JP"]}


def written(kind: str = ALL, *, gzipped: bool = False, **form: Any) -> Written:
    here = Desk(seed(*ROWS))
    place = Place(here.amazon.world, here.amazon.world.accounts["acme-eu"], DE, here.now)
    return write(place, kind, Variant(**form), gzipped=gzipped)


def header(made: Written, charset: str = "utf-8") -> list[str]:
    return made.body.decode(charset).split("\r\n")[0].split("\t")


@pytest.mark.parametrize(
    ("kind", "words", "columns"),
    [
        pytest.param(ALL, [], 29, id="all listings"),
        pytest.param("GET_MERCHANT_LISTINGS_DATA", [], 28, id="active, no business prices"),
        pytest.param("GET_MERCHANT_LISTINGS_DATA", ["b2b"], 47, id="active, business prices"),
        pytest.param("GET_MERCHANT_LISTINGS_INACTIVE_DATA", [], 28, id="inactive"),
        pytest.param("GET_FLAT_FILE_OPEN_LISTINGS_DATA", [], 23, id="open listings"),
        pytest.param(ALL, ["no_status"], 28, id="without status"),
        pytest.param(ALL, ["half"], 14, id="half the columns"),
        pytest.param(ALL, ["extra"], 33, id="added columns"),
        pytest.param(ALL, ["doubled"], 31, id="doubled columns"),
    ],
)
def test_a_header_has_the_columns_of_its_form(kind: str, words: list[str], columns: int) -> None:
    rows = written(kind, header=words).body.decode().split("\r\n")[:-1]

    assert {len(row.split("\t")) for row in rows} == {columns}


def test_columns_are_named_as_the_form_says() -> None:
    deprecated = header(written(header=["deprecated"]))
    japanese = header(written(header=["japanese"]))

    assert deprecated.count("Deprecated column") == 10
    assert "fulfilment-channel" in header(written(header=["fulfilment"]))
    assert {"出品者SKU", "価格", "数量", "フルフィルメント・チャンネル"} <= set(japanese)
    assert not set(header(written(header=["unknown"]))) & set(COLUMNS[ALL])


@pytest.mark.parametrize(
    ("form", "starts", "kind"),
    [
        pytest.param({"charset": "utf-8"}, "Łampe für €5", "UTF-8", id="UTF-8"),
        pytest.param({"charset": "utf-8-sig"}, "\ufeffitem-name", "UTF-8", id="with a BOM"),
        pytest.param({"charset": "cp1252"}, "?ampe für €5", "Cp1252", id="letters lost"),
        pytest.param({"charset": "cp932"}, "?ampe f?r ?5", "Shift_JIS", id="Japanese"),
        pytest.param(
            {"charset": "cp932", "label": "Windows-31J"},
            "?ampe",
            "Windows-31J",
            id="its other name",
        ),
    ],
)
def test_text_is_damaged_where_the_charset_lacks_it(
    form: dict[str, Any], starts: str, kind: str
) -> None:
    made = written(**form)

    assert starts in made.body.decode((form["charset"]).removesuffix("-sig"))
    assert made.content_type == f"text/plain; charset={kind}"


@pytest.mark.parametrize(
    ("cut", "rows"),
    [pytest.param("header", 0, id="header alone"), pytest.param("half", 1, id="half the rows")],
)
def test_rows_are_cut_off(cut: str, rows: int) -> None:
    made = written(cut=cut)

    assert (made.rows, made.body.count(b"\r\n")) == (rows, rows + 1)


def test_bytes_are_cut_off() -> None:
    whole, cut = written(), written(cut="truncated")

    assert (whole.body.startswith(cut.body), len(cut.body)) == (True, len(whole.body) * 3 // 5)
    assert written(cut="nothing").body == b""
    with pytest.raises(EOFError):
        gzip.decompress(written(cut="truncated", gzip=True).body)


def test_a_choice_of_compression_beats_chance() -> None:
    assert gzip.decompress(written(gzip=True).body) == written(gzip=False, gzipped=True).body


@pytest.mark.parametrize(
    ("dates", "spelled"),
    [
        pytest.param("NA", "2026-01-05 09:00:00 CET", id="American"),
        pytest.param("EU", "05/01/2026 09:00:00 CET", id="European"),
    ],
)
def test_dates_are_spelled_in_both_styles(dates: str, spelled: str) -> None:
    here = Desk(seed(lamp(created="2026-01-05T08:00:00Z")))
    place = Place(here.amazon.world, here.amazon.world.accounts["acme-eu"], DE, here.now)

    assert spelled in write(place, ALL, Variant(dates=dates), gzipped=False).body.decode()


@pytest.mark.parametrize(
    ("rule", "asked", "held"),
    [
        pytest.param({}, ("acme-eu", ALL, DE), True, id="for all"),
        pytest.param({"account": "other"}, ("acme-eu", ALL, DE), False, id="another account"),
        pytest.param({"type": ALL}, ("acme-eu", ALL, DE), True, id="the type"),
        pytest.param({"marketplace": "x"}, ("acme-eu", ALL, DE), False, id="another store"),
        pytest.param({"times": 0}, ("acme-eu", ALL, DE), False, id="used up"),
    ],
)
def test_a_choice_holds_for_the_requests_it_names(
    rule: dict[str, Any], asked: tuple[str, str, str], held: bool
) -> None:
    variants = Variants()
    made = variants.add(Variant(**rule))

    assert (variants.pick(*asked) is made) == held


def test_the_newest_choice_holds_as_often_as_it_says() -> None:
    variants = Variants()
    old, new = variants.add(Variant()), variants.add(Variant(times=1))

    assert [variants.pick("a", ALL, DE) for _ in range(2)] == [new, old]
    assert (variants.remove(old.id), variants.remove(None), variants.rules) == (1, 1, [])


@pytest.mark.parametrize(
    "form",
    [
        pytest.param({"header": ["german"]}, id="header"),
        pytest.param({"cut": "a bit"}, id="cut"),
        pytest.param({"state": "LOST"}, id="state"),
        pytest.param({"dates": "ISO"}, id="dates"),
        pytest.param({"charset": "klingon"}, id="charset"),
    ],
)
def test_a_form_that_does_not_exist_is_refused(form: dict[str, Any]) -> None:
    with pytest.raises((ValueError, LookupError)):
        Variant(**form)


def test_japan_has_its_own_charset_unless_all_is_utf_8() -> None:
    document = {"accounts": {"jp": JAPAN}, "listings": [], "clock": "stepped"}
    found = []
    for profile in ("real", "quiet"):
        here = Desk({**document, "profile": profile}, "jp")
        place = Place(
            here.amazon.world, here.amazon.world.accounts["jp"], "A1VC38T7YXB528", here.now
        )
        found.append(write(place, ALL, Variant(), gzipped=False).content_type)

    assert found == ["text/plain; charset=Shift_JIS", "text/plain; charset=UTF-8"]
