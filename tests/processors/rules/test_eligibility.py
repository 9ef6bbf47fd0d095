"""The listing rule: R1-R11, operators and types of `listings.md` 7.1 and 7.2."""

from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.rules import eligibility, scopes
from processors.rules.scopes import Values
from schemas.catalog import Price, Product
from schemas.event import as_number
from schemas.settings import Attribute, RuleNode

BERLIN = ZoneInfo("Europe/Berlin")
ATTRIBUTES = {
    "weight": Attribute(type="number"),
    "color": Attribute(type="dropdown", options={"49": "Black", "50": "Blue", "51": "Blue"}),
    "material": Attribute(type="multiselect", options={"1": "Wool", "2": "Silk", "3": "Lead"}),
    "on_sale": Attribute(type="yes_no"),
    "since": Attribute(type="date"),
}
NODE = {
    "sku": "007",
    "attribute_set": "Top",
    "categories": [{"id": "12", "path": "Default Category/Home"}, {"path": "Sale"}],
    "attributes": {
        "size": {"global": "M"},
        "number": {"global": "007"},
        "long": {"global": "12345678901234567"},
        "zero": {"global": "0"},
        "empty": {"global": ""},
        "none": {"global": []},
        "weight": {"global": "1.50"},
        "color": {"global": "49"},
        "label": {"global": "Black"},
        "material": {"global": ["1", "2"]},
        "on_sale": {"global": "0"},
        "since": {"global": "2026-11-20"},
        "evening": {"global": "2026-11-20T23:30:00Z"},
        "street": {"global": "Straße"},
    },
}
PRICES = {"sku": "007", "prices": {"price": {"global": "9.90"}}}


def values(product: dict[str, Any] = NODE) -> Values:
    return Values(
        msgspec.convert(product, Product, dec_hook=as_number),
        msgspec.convert(PRICES, Price, dec_hook=as_number),
        scopes.of_website("base", None),
    )


def tree(node: dict[str, Any]) -> RuleNode:
    return msgspec.convert(node, RuleNode)


def compiled(node: dict[str, Any]) -> eligibility.Node:
    return eligibility.compiled(tree(node), ATTRIBUTES, BERLIN)


def leaf(attribute: str, **operator: Any) -> dict[str, Any]:
    return {"attribute": attribute} | {name.rstrip("_"): v for name, v in operator.items()}


NOT_ACME = leaf("brand", is_not="Acme")
ACME = leaf("brand", is_="Acme")
SIZE_M = leaf("size", is_="M")

TREES = [
    pytest.param({"all": True, "of": [NOT_ACME]}, False, id="R1"),
    pytest.param({"any": True, "of": [NOT_ACME]}, False, id="R2"),
    pytest.param({"all": False, "of": [NOT_ACME]}, True, id="R3"),
    pytest.param({"any": False, "of": [NOT_ACME]}, True, id="R4"),
    pytest.param({"all": False, "of": [ACME, SIZE_M]}, False, id="R5"),
    pytest.param({"any": False, "of": [ACME, SIZE_M]}, True, id="R6"),
    pytest.param(
        {"all": True, "of": [leaf("brand", is_undefined=True), leaf("size", is_="m")]},
        True,
        id="R7",
    ),
    pytest.param({"all": True, "of": []}, True, id="R8 ALL TRUE"),
    pytest.param({"any": True, "of": []}, True, id="R8 ANY TRUE"),
    pytest.param({"all": False, "of": []}, True, id="R8 ALL FALSE"),
    pytest.param({"any": False, "of": []}, True, id="R8 ANY FALSE"),
    pytest.param({"any": False, "of": [SIZE_M, {"all": True, "of": []}]}, False, id="R9"),
    pytest.param({"all": True, "of": [leaf("size", is_one_of="s; M ,L")]}, True, id="R10"),
    pytest.param({"all": True, "of": [leaf("brand", greater="A")]}, False, id="R11 greater"),
    pytest.param({"all": True, "of": [leaf("brand", less_or_equal="A")]}, False, id="R11 less"),
]


@pytest.mark.parametrize(("node", "expected"), TREES)
def test_a_tree_of_the_table(node: dict[str, Any], expected: bool) -> None:
    assert compiled(node).holds(values()) is expected


LEAVES = [
    pytest.param(leaf("number", is_="7"), True, id="007 is 7"),
    pytest.param(leaf("number", is_="7.0"), True, id="7.0 is 7"),
    pytest.param(leaf("number", is_=" +7 "), True, id="sign and outer blanks"),
    pytest.param(leaf("number", is_="7e0"), False, id="no exponent"),
    pytest.param(leaf("number", is_="0x7"), False, id="no hexadecimal"),
    pytest.param(leaf("number", is_="0_7"), False, id="no underscore"),
    pytest.param(leaf("sku", is_="7"), False, id="a SKU is no number"),
    pytest.param(leaf("sku", is_="007"), True, id="a SKU is its text"),
    pytest.param(leaf("sku", less="01"), True, id="a SKU is ordered as text"),
    pytest.param(leaf("long", is_="12345678901234568"), False, id="17 digits compare exactly"),
    pytest.param(leaf("long", greater="12345678901234566"), True, id="17 digits are ordered"),
    pytest.param(leaf("size", is_="m"), True, id="any case"),
    pytest.param(leaf("street", is_="STRASSE"), True, id="any case, folded"),
    pytest.param(leaf("size", is_not="L"), True, id="is not"),
    pytest.param(leaf("size", greater="L"), True, id="text is ordered"),
    pytest.param(leaf("weight", greater="1.5"), False, id="greater"),
    pytest.param(leaf("weight", greater_or_equal="1.5"), True, id="greater or equal"),
    pytest.param(leaf("weight", less="1.51"), True, id="less"),
    pytest.param(leaf("weight", less_or_equal="1.49"), False, id="less or equal"),
    pytest.param(leaf("price", less="10"), True, id="a price as a number, not as text"),
    pytest.param(leaf("price", is_one_of=["9.9", "12"]), True, id="one of several prices"),
    pytest.param(leaf("size", contains=""), True, id="contains nothing"),
    pytest.param(leaf("street", contains="TRASS"), True, id="a substring in any case"),
    pytest.param(leaf("street", does_not_contain="weg"), True, id="no such substring"),
    pytest.param(leaf("size", is_not_one_of="S,L"), True, id="is not one of"),
    pytest.param(leaf("color", is_="49"), True, id="option by id"),
    pytest.param(leaf("color", is_="Black"), True, id="option by its label"),
    pytest.param(leaf("color", is_="Blue"), False, id="a label that two options have"),
    pytest.param(leaf("color", is_not="50"), True, id="another option"),
    pytest.param(leaf("material", contains="Silk"), True, id="one of those selected"),
    pytest.param(leaf("material", does_not_contain="3"), True, id="none of those selected"),
    pytest.param(leaf("material", is_one_of=["3", "2"]), True, id="any selected is in the list"),
    pytest.param(leaf("material", is_not_one_of="3"), True, id="no selected is in the list"),
    pytest.param(leaf("on_sale", is_="No"), True, id="0 is no"),
    pytest.param(leaf("on_sale", is_=False), True, id="false is no"),
    pytest.param(leaf("on_sale", is_="Yes"), False, id="0 is not yes"),
    pytest.param(leaf("since", is_="2026-11-20"), True, id="a day"),
    pytest.param(leaf("since", greater_or_equal="2026-11-20"), True, id="from that day"),
    pytest.param(leaf("since", less_or_equal="2026-11-19"), False, id="until the day before"),
    pytest.param(leaf("since", less_or_equal="soon"), False, id="no day at all"),
    pytest.param(leaf("category", is_="12"), True, id="a category by id"),
    pytest.param(leaf("category", is_="Default Category/Home"), True, id="a category by path"),
    pytest.param(leaf("category", is_="Default Category"), False, id="not its parent"),
    pytest.param(leaf("category", is_="1"), False, id="an id is no substring"),
    pytest.param(leaf("category", is_one_of=["7", "Sale"]), True, id="one of several categories"),
    pytest.param(leaf("category", does_not_contain="7"), True, id="not in that category"),
    pytest.param(leaf("category_ids", is_not="12"), False, id="the shop's own name for it"),
    pytest.param(leaf("attribute_set", is_="Top"), True, id="attribute set"),
    pytest.param(leaf("zero", is_undefined=True), False, id="0 is not missing"),
    pytest.param(leaf("on_sale", is_undefined=True), False, id="no is not missing"),
    pytest.param(leaf("empty", is_undefined=True), True, id="empty text is missing"),
    pytest.param(leaf("none", is_undefined=True), True, id="an empty list is missing"),
    pytest.param(leaf("brand", is_undefined=False), False, id="defined"),
]


@pytest.mark.parametrize(("node", "expected"), LEAVES)
def test_a_leaf(node: dict[str, Any], expected: bool) -> None:
    assert compiled({"all": True, "of": [node]}).holds(values()) is expected


def test_a_day_is_one_of_the_websites_zone() -> None:
    dated = {"evening": Attribute(type="date")}
    node = eligibility.compiled(tree(leaf("evening", is_="2026-11-21")), dated, BERLIN)

    assert node.holds(values())


OPERATORS = [
    *[("is_", "x"), ("is_not", "x"), ("greater", "x"), ("greater_or_equal", "x")],
    *[("less", "x"), ("less_or_equal", "x"), ("contains", "x"), ("does_not_contain", "x")],
    *[("is_one_of", "x"), ("is_not_one_of", "x")],
]
MISSING = ["brand", "empty", "none"]


@pytest.mark.parametrize(("operator", "operand"), OPERATORS)
@pytest.mark.parametrize("attribute", MISSING)
def test_a_missing_value_is_false_for_every_operator(
    attribute: str, operator: str, operand: str
) -> None:
    assert not compiled(leaf(attribute, **{operator: operand})).holds(values())


def test_a_product_in_no_category_is_not_outside_one() -> None:
    bare = values({"sku": "A"})

    assert not compiled(leaf("category", is_not="Sale")).holds(bare)


# --- why ----------------------------------------------------------------------------------

WHY = [
    pytest.param(
        {"all": True, "of": [SIZE_M, leaf("color", is_="50")]},
        {"path": "of[1]", "attribute": "color", "seen": "Black", "wanted": "Blue"},
        id="the first child that is false, by label",
    ),
    pytest.param(
        {"all": True, "of": [SIZE_M, {"any": False, "of": [SIZE_M, leaf("price", less="10")]}]},
        {"path": "of[1].of[0]", "attribute": "size", "seen": "M", "wanted": "not M"},
        id="where false was wanted, the opposite",
    ),
    pytest.param(
        {"all": True, "of": [NOT_ACME]},
        {"path": "of[0]", "attribute": "brand", "seen": "missing", "wanted": "not Acme"},
        id="missing, not false",
    ),
    pytest.param(
        {"all": True, "of": [leaf("category", is_one_of="7; 8")]},
        {
            "attribute": "category",
            "seen": "12, Default Category/Home, Sale",
            "wanted": "one of 7, 8",
        },
        id="categories by all their names",
    ),
    pytest.param(
        {"all": False, "of": [leaf("weight", greater="1")]},
        {"attribute": "weight", "seen": "1.50", "wanted": "at most 1"},
        id="the opposite of greater",
    ),
    pytest.param(
        {"any": False, "of": [SIZE_M, {"all": True, "of": []}]},
        {"path": "of[0]", "attribute": "size"},
        id="the first of two that are both true",
    ),
    pytest.param(
        {"all": False, "of": [{"all": True, "of": []}]},
        {"path": "of[0]", "attribute": "–", "seen": "no conditions"},
        id="an empty combination decided",
    ),
    pytest.param(
        leaf("brand", is_undefined=False),
        {"path": "", "attribute": "brand", "seen": "missing", "wanted": "any value"},
        id="a leaf alone",
    ),
]


@pytest.mark.parametrize(("node", "expected"), WHY)
def test_the_leaf_that_said_no_is_named(node: dict[str, Any], expected: dict[str, str]) -> None:
    at = compiled(node)

    assert not at.holds(values())
    facts = eligibility.facts(at, values())
    assert {name: facts[name] for name in expected} == expected


# --- properties ---------------------------------------------------------------------------

leaves = st.builds(
    lambda attribute, operator, operand: leaf(attribute, **{operator: operand}),
    st.sampled_from(["size", "number", "brand", "price", "color", "category", "sku", "on_sale"]),
    st.sampled_from([name for name, _ in OPERATORS]),
    st.sampled_from(["M", "7", "Black", "", "1;2", "Acme"]),
)
nodes = st.recursive(
    leaves,
    lambda inner: st.builds(
        lambda kind, polarity, of: {kind: polarity, "of": of},
        st.sampled_from(["all", "any"]),
        st.booleans(),
        st.lists(inner, max_size=3),
    ),
    max_leaves=12,
)


def truth(node: eligibility.Node) -> bool:
    """Answer a tree by the definition of `listings.md` 7.1, from its leaves' answers."""
    if isinstance(node, eligibility.Leaf):
        return node.holds(values())
    if not node.children:
        return True
    fitting = [truth(child) is node.polarity for child in node.children]
    return all(fitting) if node.every else any(fitting)


@given(nodes)
def test_every_tree_is_answered_as_defined(node: dict[str, Any]) -> None:
    at = compiled(node)

    assert at.holds(values()) is truth(at)


@given(nodes)
def test_a_no_is_always_explained(node: dict[str, Any]) -> None:
    at = compiled(node)

    if not at.holds(values()):
        assert {"path", "attribute", "seen", "wanted"} <= eligibility.facts(at, values()).keys()


@given(nodes, st.randoms(use_true_random=False))
def test_the_order_of_children_changes_no_answer(node: dict[str, Any], random: Any) -> None:
    shuffled = dict(node)
    if "of" in node:
        shuffled["of"] = random.sample(node["of"], len(node["of"]))

    assert compiled(shuffled).holds(values()) is compiled(node).holds(values())
