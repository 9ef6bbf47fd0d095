"""A value as the shop holds it: by kind of attribute, in both directions."""

from decimal import Decimal
from typing import Any

import pytest

from consumers.commerce.api import Target
from consumers.commerce.value import empty, same, scope_of, spelled, view_of
from schemas.errors import Refused

COLOURS = {"Black": ["49"], "Blue": ["50"], "Grey": ["51", "52"]}


def target(kind: str = "text", **more: Any) -> Target:
    return Target(code="colour", kind=kind, **more)


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        pytest.param("text", "Acme", "Acme", id="text"),
        pytest.param("text", ["A", "B"], "A, B", id="several on one line"),
        pytest.param("textarea", ["A", "B"], "A\nB", id="several on lines of their own"),
        pytest.param("select", "Black", "49", id="an option by its label"),
        pytest.param("select", " Black ", "49", id="outer blanks"),
        pytest.param("multiselect", ["Blue", "Black"], "49,50", id="several options"),
        pytest.param("boolean", "true", "1", id="yes"),
        pytest.param("boolean", "No", "0", id="no"),
        pytest.param("price", "12.90", "12.90", id="a price"),
        pytest.param("weight", "2", "2", id="a weight"),
        pytest.param("date", "2026-11-25T10:00:00Z", "2026-11-25", id="a date"),
    ],
)
def test_a_value_is_spelled_as_its_attribute_takes_it(kind: str, value: Any, text: str) -> None:
    assert spelled(target(kind, options=COLOURS), value, "all") == text


@pytest.mark.parametrize(
    ("found", "value", "view", "code"),
    [
        pytest.param(target("select"), "Pink", "all", "OPTION_UNKNOWN", id="no such label"),
        pytest.param(target("select"), "black", "all", "OPTION_UNKNOWN", id="another case"),
        pytest.param(target("select"), "Grey", "all", "OPTION_UNKNOWN", id="the label twice"),
        pytest.param(target("select"), ["Black", "Blue"], "all", "OPTION_UNKNOWN", id="two values"),
        pytest.param(target("multiselect"), ["Blue", "Pink"], "all", "OPTION_UNKNOWN", id="one of"),
        pytest.param(target("boolean"), "perhaps", "all", "IMPORT_UNFIT", id="neither yes nor no"),
        pytest.param(target("price"), "12,90", "all", "IMPORT_UNFIT", id="no exact number"),
        pytest.param(target("weight"), "2 kg", "all", "IMPORT_UNFIT", id="a number with a unit"),
        pytest.param(target("date"), "25.11.2026", "all", "IMPORT_UNFIT", id="no ISO date"),
        pytest.param(target("media_image"), "x.jpg", "all", "ATTRIBUTE_KIND", id="a file"),
        pytest.param(target(scope="global"), "A", "fr", "ATTRIBUTE_GLOBAL", id="no own view"),
        pytest.param(target(), "Caf\u00c3\u00a9", "all", "IMPORT_DAMAGED", id="damaged"),
    ],
)
def test_what_does_not_fit_is_refused(found: Target, value: Any, view: str, code: str) -> None:
    found = Target(code=found.code, kind=found.kind, scope=found.scope, options=COLOURS)

    with pytest.raises(Refused) as refused:
        spelled(found, value, view)

    assert refused.value.reason.code == code


@pytest.mark.parametrize(
    ("actual", "nothing"),
    [
        pytest.param(None, True, id="none"),
        pytest.param("", True, id="empty text"),
        pytest.param("  ", True, id="blanks"),
        pytest.param([], True, id="no option"),
        pytest.param("0", False, id="the text 0"),
        pytest.param(0, False, id="the number 0"),
        pytest.param(False, False, id="no"),
        pytest.param("x", False, id="text"),
    ],
)
def test_empty_text_counts_as_empty_and_0_does_not(actual: Any, nothing: bool) -> None:
    assert empty(actual) is nothing


@pytest.mark.parametrize(
    ("kind", "wanted", "actual", "equal"),
    [
        pytest.param("text", "Acme", "Acme", True, id="the same text"),
        pytest.param("text", "Acme", "ACME", False, id="another case"),
        pytest.param("text", "0", None, False, id="nothing is not 0"),
        pytest.param("price", "12.90", "12.900000", True, id="zeros more"),
        pytest.param("price", "12.90", Decimal("12.9"), True, id="a number"),
        pytest.param("price", "12.90", "12.91", False, id="another amount"),
        pytest.param("multiselect", "49,50", "50,49", True, id="options in another order"),
        pytest.param("multiselect", "49,50", ["50", "49"], True, id="options as a list"),
        pytest.param("multiselect", "49", "49,50", False, id="one option more"),
        pytest.param("boolean", "1", True, True, id="yes"),
        pytest.param("boolean", "1", "0", False, id="no"),
        pytest.param("date", "2026-11-25", "2026-11-25 00:00:00", True, id="a time of day"),
    ],
)
def test_what_the_shop_holds_is_compared_as_its_kind_is(
    kind: str, wanted: str, actual: Any, equal: bool
) -> None:
    assert same(target(kind), wanted, actual) is equal


@pytest.mark.parametrize(("scope", "view"), [("global", "all"), ("view:fr", "fr")])
def test_a_scope_is_a_view_of_the_shop(scope: str, view: str) -> None:
    assert (view_of(scope), scope_of(view)) == (view, scope)
