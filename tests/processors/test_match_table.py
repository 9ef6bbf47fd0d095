"""Matching as a table, both directions (`listings.md` 6.2 to 6.5, 15.1, 15.2).

Every case runs through products, matching and listings, beside a catalogue that answers.
"""

from typing import Any

import pytest

from schemas.record import Record
from tests.support.bazaar import Bazaar, item
from tests.support.shop import body, product, record

A, B, C, P = "B00000000A", "B00000000B", "B00000000C", "B0PARENT01"
UPC, EAN, JAN, ISBN10, ISBN13 = (
    "036000291452",
    "4006381333931",
    "4901234567894",
    "0131177052",
    "9780131177055",
)
LAMP = item(A, UPC, title="Lux desk lamp", brand="Lux", mpn="L-12")
READY, PICK, UNABLE = "ready", "multiple_matches", "unable_to_assign"
FOUND, NONE = (READY, A, "AWAITING_PUBLICATION"), "NOT_FOUND"

# --- a product's identifiers: what is asked, what is refused --------------------------------

IDENTIFIERS = [
    pytest.param({"upc": UPC}, FOUND, ["upc"], id="01 a UPC, its zero kept"),
    pytest.param({"ean": "0" + UPC}, FOUND, ["ean"], id="02 the same number as EAN"),
    pytest.param({"gtin": "00" + UPC}, FOUND, ["gtin"], id="03 the same number as GTIN-14"),
    pytest.param({"ean": UPC}, FOUND, ["upc"], id="04 twelve digits declared EAN are a UPC"),
    pytest.param({"upc": "０３６０００２９１４５２"}, FOUND, ["upc"], id="05 full-width digits"),
    pytest.param({"upc": " 036000-291452\t"}, FOUND, ["upc"], id="06 blanks, a hyphen, a tab"),
    pytest.param({"asin": A, "upc": EAN}, FOUND, ["asin"], id="07 the ASIN is asked first"),
    pytest.param(
        {"upc": "847999000143", "ean": "0" + UPC}, FOUND, ["upc", "ean"], id="08 UPC, then EAN"
    ),
    pytest.param({"isbn": ISBN13, "gtin": UPC}, FOUND, ["isbn", "gtin"], id="09 ISBN before GTIN"),
    pytest.param({"jan": JAN, "gtin": UPC}, FOUND, ["jan", "gtin"], id="10 JAN before GTIN"),
    pytest.param(
        {"upc": "36000291452"}, (UNABLE, None, "IDENTIFIER_INVALID"), [], id="11 eleven digits"
    ),
    pytest.param(
        {"upc": "045678912345"}, (UNABLE, None, "IDENTIFIER_INVALID"), [], id="12 check digit"
    ),
    pytest.param(
        {"upc": "000131177052"},
        (UNABLE, None, "IDENTIFIER_INVALID"),
        [],
        id="13 an ISBN-10 filled up with zeros is no UPC",
    ),
    pytest.param(
        {"upc": "036000291452.0"}, (UNABLE, None, "IDENTIFIER_INVALID"), [], id="14 a spreadsheet"
    ),
    pytest.param(
        {"ean": "4.00638E+12"}, (UNABLE, None, "IDENTIFIER_INVALID"), [], id="15 an exponent"
    ),
    pytest.param(
        {"upc": "212345678909"},
        (UNABLE, None, "IDENTIFIER_INVALID"),
        [],
        id="16 a UPC that begins with 2 is the shop's own",
    ),
    pytest.param(
        {"upc": "412345678903"}, (UNABLE, None, "IDENTIFIER_INVALID"), [], id="17 one with 4"
    ),
    pytest.param(
        {"ean": "2012345678903"}, (UNABLE, None, "IDENTIFIER_INVALID"), [], id="18 an EAN with 20"
    ),
    pytest.param(
        {"gtin": "04158387"},
        (UNABLE, None, "IDENTIFIER_INVALID"),
        [],
        id="19 UPC-E or EAN-8: ask a person",
    ),
    pytest.param(
        {"asin": "b00000000a"}, (UNABLE, None, "IDENTIFIER_INVALID"), [], id="20 a small letter"
    ),
    pytest.param(
        {"gcid": "ABCDEF0123456789"},
        (UNABLE, None, "NO_IDENTIFIER"),
        [],
        id="21 a GCID is a person's business",
    ),
    pytest.param({}, (UNABLE, None, NONE), [], id="22 nothing but its name"),
    pytest.param(
        {"upc": "045678912345", "ean": "0" + UPC}, FOUND, ["ean"], id="23 one invalid, one not"
    ),
    pytest.param({"upc": EAN[1:]}, (UNABLE, None, "IDENTIFIER_INVALID"), [], id="24 a digit lost"),
]


@pytest.mark.parametrize(("attributes", "expected", "asked"), IDENTIFIERS)
def test_identifiers(
    attributes: dict[str, Any], expected: tuple[Any, ...], asked: list[str]
) -> None:
    town = Bazaar(LAMP).product(**attributes, title="nothing like it")

    kinds = [kind for kind, _ in town.asked if kind not in ("keywords", "restriction")]
    status, asin, _ = town.outcome()
    codes = {reason["code"] for reason in town.row()["reasons"]}
    assert (kinds, (status, asin)) == (asked, expected[:2])
    assert expected[2] in codes


UPC_E = item(A, "042100005264")
PACK = item(B, UPC, pack=6, title="Lux desk lamp, pack of 6")
TWIN = item(B, UPC, EAN, title="Lux desk lamp, twin")
PARENT = item(P, UPC, title="Lux shirt", children=[A, B])
BLACK = item(A, parent=P, title="Lux shirt black M", varies={"color": "Black", "size": "M"})
BLUE = item(B, parent=P, title="Lux shirt blue M", varies={"color": "Blue", "size": "M"})
ONE = {"upc": UPC}
BOTH = {"upc": UPC, "ean": EAN}

OUTBOUND = [
    pytest.param([LAMP], ONE, FOUND, id="25 exactly one"),
    pytest.param([], ONE, (UNABLE, None, NONE), id="26 a number that Amazon does not know"),
    pytest.param([item(A, EAN)], BOTH, FOUND, id="27 none by the first, one by the second"),
    pytest.param([LAMP, TWIN], ONE, (PICK, None, "SEVERAL_ASINS"), id="28 one number, two items"),
    pytest.param(
        [LAMP, TWIN, item(C, EAN)],
        BOTH,
        (READY, B, "AWAITING_PUBLICATION"),
        id="29 two sets meet in one",
    ),
    pytest.param(
        [LAMP, PACK, item(C, EAN), item("B00000000D", EAN)],
        BOTH,
        (PICK, None, "CONFLICTING_IDENTIFIERS"),
        id="30 two sets that do not meet",
    ),
    pytest.param([PACK], ONE, (PICK, None, "PACK_SIZE_DIFFERS"), id="31 only a pack of six"),
    pytest.param([PACK], ONE | {"pack": "6"}, (READY, B, "AWAITING_PUBLICATION"), id="32 ours too"),
    pytest.param([LAMP], ONE | {"pack": "6"}, (PICK, None, "PACK_SIZE_DIFFERS"), id="33 ours is"),
    pytest.param([PACK, item(A, EAN)], BOTH, FOUND, id="34 a pack by the first, one by the second"),
    pytest.param(
        [LAMP, PACK], ONE, (PICK, None, "SEVERAL_ASINS"), id="35 one and its pack of six"
    ),
    pytest.param([PARENT, LAMP], ONE, FOUND, id="36 a parent beside its child is dropped"),
    pytest.param(
        [PARENT, BLACK, BLUE], ONE, ("has_variants", None, "VARIATION_PARENT"), id="37 a parent"
    ),
    pytest.param(
        [PARENT, BLACK, BLUE], BOTH, ("has_variants", None, "VARIATION_PARENT"), id="38 and no more"
    ),
    pytest.param([PARENT, item(A, EAN)], BOTH, FOUND, id="39 a parent, then one by the second"),
    pytest.param(
        [item(A, title="Lux desk lamp")],
        ONE | {"title": "desk lamp"},
        (PICK, None, "KEYWORD_ONLY"),
        id="40 one hit by keywords is never enough",
    ),
    pytest.param(
        [item(A, title="Lux desk lamp", mpn="l-12")],
        {"title": "desk lamp", "mpn": "L-12"},
        FOUND,
        id="41 keywords, and the part number agrees",
    ),
    pytest.param(
        [item(A, title="Lux desk lamp", brand="LUX", pack=1)],
        {"title": "desk lamp", "brand": "Lux", "pack": "1"},
        FOUND,
        id="42 keywords, brand and pack agree",
    ),
    pytest.param(
        [item(A, title="Lux desk lamp", brand="Lux")],
        {"title": "desk lamp", "brand": "Lux"},
        (PICK, None, "KEYWORD_ONLY"),
        id="43 keywords and the brand alone",
    ),
    pytest.param(
        [item(A, title="Lux desk lamp", brand="Dim", mpn="L-12")],
        {"title": "desk lamp", "brand": "Lux", "mpn": "L-12"},
        (PICK, None, "KEYWORD_ONLY"),
        id="44 the part number agrees, the brand does not",
    ),
    pytest.param(
        [PACK, item(A, title="desk lamp", mpn="L-12")],
        ONE | {"title": "desk lamp", "mpn": "L-12"},
        (PICK, None, "PACK_SIZE_DIFFERS"),
        id="45 no keywords once a number found anything",
    ),
    pytest.param([item(ISBN10, ISBN13)], {"isbn": ISBN10}, (READY, ISBN10, "AWAITING_PUBLICATION"),
                 id="46 an ISBN-10 finds its 978 number"),
    pytest.param([UPC_E], {"upc": "04252614"}, FOUND, id="47 a UPC-E is expanded"),
    pytest.param([item(A, JAN)], {"jan": JAN}, FOUND, id="48 a JAN is as good as any"),
    pytest.param([item(A, "40123455")], {"ean": "40123455"}, FOUND, id="49 an EAN-8"),
]  # fmt: skip


@pytest.mark.parametrize(("catalogue", "attributes", "expected"), OUTBOUND)
def test_outbound(
    catalogue: list[Any], attributes: dict[str, Any], expected: tuple[Any, ...]
) -> None:
    named = {"title": "nothing like it"} | attributes

    assert Bazaar(*catalogue).product(**named).outcome() == expected


# --- listings that are there: which product -------------------------------------------------

SHOWN = {"asin": A}
NUMBERED = {"asin": A, "product_id": {"type": "upc", "value": UPC}}
ACTIVE, AWAITING = "active", "awaiting_assignment"


def products(*attributes: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"sku": f"P{n}"} | stated for n, stated in enumerate(attributes, 1)]


INBOUND = [
    pytest.param(
        {"P1": SHOWN}, products({}), (ACTIVE, "P1", None), id="50 its SKU is the product's"
    ),
    pytest.param({"OLD": SHOWN}, products({"asin": A}), (ACTIVE, "P1", None), id="51 by ASIN"),
    pytest.param(
        {"OLD": SHOWN},
        products({"asin": B}),
        (AWAITING, None, "NO_PRODUCT_MATCH"),
        id="52 another ASIN",
    ),
    pytest.param(
        {"OLD": SHOWN},
        products({"asin": A}, {"asin": A}),
        (PICK, None, "SEVERAL_PRODUCTS"),
        id="53 two products with the ASIN",
    ),
    pytest.param(
        {"OLD": NUMBERED}, products({"upc": UPC}), (ACTIVE, "P1", None), id="54 by the report's UPC"
    ),
    pytest.param(
        {"OLD": NUMBERED},
        products({"ean": "0" + UPC}),
        (ACTIVE, "P1", None),
        id="55 its UPC is our EAN",
    ),
    pytest.param(
        {"OLD": {"asin": ISBN10, "product_id": {"type": "isbn", "value": ISBN10}}},
        products({"ean": ISBN13}),
        (ACTIVE, "P1", None),
        id="56 its ISBN-10 is our EAN",
    ),
    pytest.param(
        {"OLD": NUMBERED},
        products({"upc": UPC}, {"ean": "0" + UPC}),
        (PICK, None, "SEVERAL_PRODUCTS"),
        id="57 two products with the number",
    ),
    pytest.param(
        {"OLD": NUMBERED},
        products({"upc": UPC, "pack": "6"}),
        (AWAITING, None, "PACK_SIZE_DIFFERS"),
        id="58 the same number, ours is a pack of six",
    ),
    pytest.param(
        {"OLD": {"asin": B, "product_id": {"type": "upc", "value": UPC}}},
        products({"upc": UPC}),
        (AWAITING, None, "PACK_SIZE_DIFFERS"),
        id="59 the same number, theirs is a pack of six",
    ),
    pytest.param(
        {"OLD": {"asin": B, "product_id": {"type": "upc", "value": UPC}}},
        products({"upc": UPC, "pack": "6"}),
        (ACTIVE, "P1", None),
        id="60 both are packs of six",
    ),
    pytest.param(
        {"OLD": {"asin": A, "product_id": {"type": "upc", "value": "045678912345"}}},
        products({"upc": "045678912345"}),
        (AWAITING, None, "NO_PRODUCT_MATCH"),
        id="61 an invalid number finds nobody",
    ),
    pytest.param(
        {"OLD": {"asin": A, "product_id": {"type": "ean", "value": "2012345678903"}}},
        products({"ean": "2012345678903"}),
        (AWAITING, None, "NO_PRODUCT_MATCH"),
        id="62 an in-store number finds nobody",
    ),
    pytest.param(
        {"p1": SHOWN}, products({}), (AWAITING, None, "NO_PRODUCT_MATCH"), id="63 case matters"
    ),
    pytest.param(
        {"P1 ": SHOWN}, products({}), (AWAITING, None, "NO_PRODUCT_MATCH"), id="64 a blank matters"
    ),
    pytest.param(
        {"P1": SHOWN}, products({"asin": B}), (AWAITING, None, "ASIN_CONFLICT"), id="65 other ASIN"
    ),
    pytest.param(
        {"OLD": {"product_id": {"type": "asin", "value": A}}},
        products({"asin": A}),
        (ACTIVE, "P1", None),
        id="66 the ASIN as the report's product id",
    ),
]


@pytest.mark.parametrize(("live", "stated", "expected"), INBOUND)
@pytest.mark.parametrize("first", ["products", "listings"])
def test_inbound(
    live: dict[str, Any], stated: list[dict[str, Any]], expected: tuple[Any, ...], first: str
) -> None:
    town = Bazaar(LAMP, PACK, item(ISBN10, ISBN13), live=live)
    if first == "listings" and len(stated) == 1:  # of two, the first that comes would be it
        town.listed()
    for one in stated:
        town.product(**one)
    town.listed()

    (seller_sku,) = live
    status, product, code = town.outcome(seller_sku)
    assert (status, product, code if product is None else None) == expected


# --- people, restrictions, twins ------------------------------------------------------------


def test_67_the_child_that_varies_as_the_product_does_is_suggested_and_not_taken() -> None:
    town = Bazaar(PARENT, BLACK, BLUE).product(**ONE, color="Blue", size="m")

    reason = town.row()["reasons"][0]
    assert (reason["code"], reason["facts"]["suggested"]) == (
        "VARIATION_PARENT",
        f"{B} color Blue, size M",
    )
    assert [c["asin"] for c in town.row()["choices"]] == [B, A, P]


def test_68_a_person_picks_the_child_and_it_is_listed_on_it() -> None:
    town = Bazaar(PARENT, BLACK, BLUE).product(**ONE, color="Blue").command("asin", asin=B)

    assert town.outcome() == (READY, B, "AWAITING_PUBLICATION")


def test_69_a_parent_that_a_person_names_is_no_item_to_sell() -> None:
    town = Bazaar(PARENT, BLACK, BLUE).product(title="nothing").command("asin", asin=P)

    assert town.outcome() == ("has_variants", None, "VARIATION_PARENT")


def test_70_every_choice_says_why_it_is_offered() -> None:
    town = Bazaar(LAMP, TWIN).product(**ONE)

    assert [(c["asin"], c["title"], c["why"]) for c in town.row()["choices"]] == [
        (A, "Lux desk lamp", f"upc {UPC}"),
        (B, "Lux desk lamp, twin", f"upc {UPC}"),
    ]


RESTRICTED = [
    pytest.param("APPROVAL_REQUIRED", "ineligible", "RESTRICTED_APPROVAL_REQUIRED", id="71 gated"),
    pytest.param("NOT_ELIGIBLE", "ineligible", "RESTRICTED_NOT_ELIGIBLE", id="72 forbidden"),
    pytest.param("ASIN_NOT_FOUND", UNABLE, "ASIN_NOT_IN_MARKETPLACE", id="73 not here"),
    pytest.param("MOON_PHASE", READY, "AWAITING_PUBLICATION", id="74 an unknown code is no fact"),
]


@pytest.mark.parametrize(("code", "status", "reason"), RESTRICTED)
def test_restrictions_are_asked_as_soon_as_an_asin_is_accepted(
    code: str, status: str, reason: str
) -> None:
    town = Bazaar(LAMP, restricts={A: code}).product(**ONE)

    assert town.outcome() == (status, A, reason)
    assert town.asked == [("upc", UPC), ("restriction", A)]


def test_75_a_persons_product_stays_after_it_was_away() -> None:
    town = Bazaar(LAMP, live={"OLD": SHOWN}).product("P1", asin=A).product("P2").listed()
    town.command("assign", "OLD", product="P2")
    assigned = town.outcome("OLD")
    town.tell(gone("P2"))
    away = town.outcome("OLD")
    town.product_again("P2")

    assert (assigned[1], away[2], town.outcome("OLD")[1]) == ("P2", "PRODUCT_DELETED", "P2")


def gone(sku: str) -> Record:
    return record("catalog.product.v1", None, key=sku.encode(), sequence=5)


def test_76_a_product_that_nobody_knows_is_told() -> None:
    town = Bazaar(LAMP, live={"OLD": SHOWN}).listed().command("assign", "OLD", product="NOPE")

    assert town.outcome("OLD") == (AWAITING, None, "PRODUCT_UNKNOWN")


def test_77_a_manual_match_is_as_good_as_an_automatic_one() -> None:
    by_hand = Bazaar(LAMP, live={"OLD": SHOWN}).product("P1").listed()
    by_hand.command("assign", "OLD", product="P1")
    by_itself = Bazaar(LAMP, live={"OLD": SHOWN}).product("P1", asin=A).listed()

    rows = [town.row("OLD") for town in (by_hand, by_itself)]
    assert [(r["status"], r["product"], r["desired"]["quantity"]) for r in rows] == [
        (ACTIVE, "P1", 5)
    ] * 2
    said = [body(r) for t in (by_hand, by_itself) for r in t.said if r.topic == "catalog.link.v1"]
    links = [link for link in said if link["seller_sku"] == "OLD"]
    assert {link["by"]: link["linked"] for link in links} == {"person": True, "asin": True}


def test_78_a_third_party_listing_takes_the_place_of_the_unpublished_row() -> None:
    town = Bazaar(LAMP, live={"OLD": SHOWN}).product("P1", asin=A)
    before = town.outcome("P1")[0]
    town.listed()

    assert (before, town.row("P1")["status"], town.row("P1")["reasons"][0]["code"]) == (
        READY,
        "not_listed",
        "MERGED",
    )
    assert town.outcome("OLD")[:2] == (ACTIVE, "P1")


def test_79_two_skus_on_one_asin_are_both_linked() -> None:
    town = Bazaar(LAMP, live={"K": SHOWN, "K (US)": SHOWN}).product("P1", asin=A).listed()

    assert [town.outcome(sku)[:2] for sku in town.live] == [(ACTIVE, "P1")] * 2


def test_80_a_sku_that_exists_under_another_asin_is_not_written_over() -> None:
    town = Bazaar(LAMP, live={"LAMP-12": {"asin": B}}).product(asin=A)
    town.listed()

    assert town.outcome() == (AWAITING, None, "ASIN_CONFLICT")
    offer = town.last("listing.offer.v1")[b"acme-eu|LAMP-12"]
    assert offer["stores"]["acme-de"]["manage"] is False


def test_81_a_brand_without_numbers_is_searched_by_name_and_part_number() -> None:
    search = {"acme-de": Bazaar.search(gtin_exempt=["Lux"])}
    stranger, own = item(B, UPC, title="somebody's mug"), item(A, title="desk lamp", mpn="L-12")
    town = Bazaar(stranger, own, search=search)
    town.product(upc=UPC, brand="LUX", mpn="L-12", title="desk lamp")

    assert (town.outcome(), [k for k, _ in town.asked]) == (FOUND, ["keywords", "restriction"])


def test_82_a_new_attempt_asks_again_and_the_same_catalogue_answers_alike() -> None:
    town = Bazaar(LAMP, TWIN).product(**ONE)
    before = town.outcome()
    town.command("retry_match")

    assert (town.outcome(), [k for k, _ in town.asked]) == (before, ["upc", "upc"])


def test_83_a_new_attempt_sees_what_the_catalogue_has_now() -> None:
    town = Bazaar().product(**ONE, title="nothing like it")
    town.catalogue = (LAMP,)
    town.command("retry_match")

    assert town.outcome() == FOUND


LIKE = item(A, UPC, title="Lux Desk Lamp LED, black aluminium", brand="Lux", mpn="L-12")
SUGGESTED = [
    pytest.param(
        {"title": "Desk lamp", "brand": "Lux", "mpn": "l12"},
        [("P1", "1.00", "part number 100%, brand 100%, title 100%")],
        id="85 part number, brand and title",
    ),
    pytest.param(
        {"title": "Something else", "mpn": "L 12"},
        [("P1", "0.50", "part number 100%")],
        id="86 the part number alone",
    ),
    pytest.param(
        {"title": "aluminium black thing", "brand": "Dim"},
        [("P1", "0.20", "title 67%")],
        id="87 two long words of the title",
    ),
    pytest.param({"title": "Garden hose"}, [], id="88 nothing in common"),
]


@pytest.mark.parametrize(("attributes", "expected"), SUGGESTED)
@pytest.mark.parametrize("first", ["product", "listing"])
def test_what_is_alike_is_suggested_with_its_score_and_never_linked(
    attributes: dict[str, Any], expected: list[tuple[str, str, str]], first: str
) -> None:
    live = {"OLD": SHOWN | {"title": "Lux Desk Lamp LED, black aluminium"}}
    town = Bazaar(LIKE, live=live)
    town.listed() if first == "listing" else None
    name = attributes["title"]
    town.tell(*named("P1", name, attributes))
    town.listed()

    row = town.row("OLD")
    assert (row["status"], row.get("product")) == (AWAITING, None)
    told = [(c["product"], c["score"], c["why"]) for c in row.get("choices", [])]
    assert told == expected


def named(sku: str, name: str, attributes: dict[str, Any]) -> list[Record]:
    stated = {code: {"global": value} for code, value in attributes.items()}
    about = {"sku": sku, "shop_id": None, "name": name, "attributes": stated}
    return [product(**about)]


def test_89_the_likest_stands_first() -> None:
    town = Bazaar(LIKE, live={"OLD": SHOWN | {"title": "Lux Desk Lamp LED, black aluminium"}})
    town.tell(*named("P1", "Black aluminium lamp", {}))
    town.tell(*named("P2", "Black aluminium", {"brand": "Lux"}))
    town.listed()

    assert [(c["product"], c["score"]) for c in town.row("OLD")["choices"]] == [
        ("P2", "0.50"),
        ("P1", "0.30"),
    ]


def test_84_a_missing_condition_is_told_before_a_missing_match() -> None:
    listing = {"first_report": "none", "condition": {"attribute": "state"}}
    mapped = {"acme-de": {"attribute": "state", "options": {"new_new": "11"}}}
    town = Bazaar(LAMP, listing={"acme-de": listing}, condition=mapped).product(**ONE)

    assert (town.outcome()[0], town.asked) == ("missing_condition", [])
