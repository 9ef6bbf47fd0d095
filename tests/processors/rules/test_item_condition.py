"""The condition of a product: for the whole store, or by attribute (`listings.md` 6.7)."""

from typing import Any

import msgspec
import pytest

from processors.rules import item_condition, scopes
from processors.rules.scopes import Values
from schemas.candidates import ConditionAnswer
from schemas.catalog import Product
from schemas.settings import ConditionChoice, ItemConditions

OPTIONS = {"11": "As new", "14": "Worn", "15": "Broken"}
MAPPING = ItemConditions(
    attribute="state",
    options={"new_new": "11", "used_good": "14"},
    notes={"new_new": "Sealed.", "used_good": "Light wear."},
)
BY_STATE = ConditionChoice(attribute="state")


def answer(
    state: Any, choice: ConditionChoice = BY_STATE, mapping: ItemConditions | None = MAPPING
) -> ConditionAnswer:
    stated = {"sku": "A", "attributes": {"state": {"global": state}}}
    values = Values(msgspec.convert(stated, Product), None, scopes.of_website("base", None))
    return item_condition.resolver(choice, mapping, OPTIONS)(values)


CASES = [
    pytest.param("14", "used_good", "Light wear.", "CONDITION_OPTION", id="option by id"),
    pytest.param("Worn", "used_good", "Light wear.", "CONDITION_OPTION", id="option by label"),
    pytest.param("11", "new_new", None, "CONDITION_OPTION", id="no note on New"),
    pytest.param(None, None, None, "CONDITION_EMPTY", id="empty"),
    pytest.param(" ", None, None, "CONDITION_EMPTY", id="blank"),
    pytest.param("15", None, None, "CONDITION_UNMAPPED", id="not mapped"),
]


@pytest.mark.parametrize(("state", "code", "note", "reason"), CASES)
def test_the_condition_by_attribute(
    state: str | None, code: str | None, note: str | None, reason: str
) -> None:
    found = answer(state)

    assert (found.code, found.note, found.reasons[0].code) == (code, note, reason)


def test_what_is_not_mapped_names_attribute_value_and_option() -> None:
    assert answer("15").reasons[0].facts == {
        "attribute": "state",
        "value": "Broken",
        "option": "15",
    }


def test_one_condition_for_the_whole_store() -> None:
    found = answer("14", ConditionChoice(fixed="used_very_good"), None)

    assert (found.code, found.reasons[0].code) == ("used_very_good", "CONDITION_GLOBAL")


def test_an_option_mapped_twice_means_the_first_in_the_order_of_grades() -> None:
    twice = ItemConditions(
        attribute="state", options={"used_acceptable": "14", "refurbished_refurbished": "14"}
    )

    assert answer("14", mapping=twice).code == "refurbished_refurbished"


def test_without_a_mapping_nothing_is_known() -> None:
    assert answer("14", mapping=None).reasons[0].code == "CONDITION_UNMAPPED"


def test_no_choice_at_all_is_no_condition() -> None:
    assert answer("14", ConditionChoice(), None).reasons[0].code == "CONDITION_EMPTY"
