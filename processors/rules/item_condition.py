"""Which condition a product is in: one for the whole store, or by attribute (6.7).

Options are matched by id. One option meaning two conditions is refused on save; where old
settings have it, the first in `GRADES` is kept.
"""

from collections.abc import Callable, Mapping

from processors.rules.comparison import option
from processors.rules.scopes import Values, text
from schemas.candidates import ConditionAnswer
from schemas.reasons import Reason
from schemas.settings import ConditionChoice, ItemConditions

GRADES = (
    "new_new",
    "refurbished_refurbished",
    "used_like_new",
    "used_very_good",
    "used_good",
    "used_acceptable",
    "collectible_like_new",
    "collectible_very_good",
    "collectible_good",
    "collectible_acceptable",
    "new_open_box",
    "new_oem",
    "club_club",
)
"""Amazon's conditions, in the order in which one option is given to the first that claims it."""

NOTELESS = "new_new"
"""Amazon ignores seller notes on New."""

Resolve = Callable[[Values], ConditionAnswer]


def resolver(
    choice: ConditionChoice, mapping: ItemConditions | None, options: Mapping[str, str]
) -> Resolve:
    """Give what tells a product's condition in one store; *options* are the attribute's."""
    attribute = choice.attribute or (mapping.attribute if mapping and not choice.fixed else None)
    if attribute is None:
        answer = _fixed(choice.fixed)
        return lambda values: answer  # noqa: ARG005
    notes = {} if mapping is None else mapping.notes
    answers = {
        id_: _mapped(attribute, options.get(id_, id_), code, notes)
        for id_, code in _by_option(mapping, options).items()
    }
    return _by_attribute(attribute, answers, options)


def _fixed(code: str | None) -> ConditionAnswer:
    if code is None:
        return ConditionAnswer(reasons=[Reason("CONDITION_EMPTY", {"attribute": "–"})])
    return ConditionAnswer(code=code, reasons=[Reason("CONDITION_GLOBAL", {"condition": code})])


def _by_option(mapping: ItemConditions | None, options: Mapping[str, str]) -> dict[str, str]:
    if mapping is None:
        return {}
    graded = sorted(mapping.options, key=lambda c: GRADES.index(c) if c in GRADES else len(GRADES))
    return {option(mapping.options[code], options): code for code in reversed(graded)}


def _mapped(attribute: str, label: str, code: str, notes: Mapping[str, str]) -> ConditionAnswer:
    facts = {"attribute": attribute, "option": label, "condition": code}
    note = None if code == NOTELESS else notes.get(code)
    return ConditionAnswer(code=code, note=note, reasons=[Reason("CONDITION_OPTION", facts)])


def _by_attribute(
    attribute: str, answers: Mapping[str, ConditionAnswer], options: Mapping[str, str]
) -> Resolve:
    empty = ConditionAnswer(reasons=[Reason("CONDITION_EMPTY", {"attribute": attribute})])

    def resolve(values: Values) -> ConditionAnswer:
        found = text(values.get(attribute))
        if found is None:
            return empty
        id_ = option(found, options)
        if (answer := answers.get(id_)) is not None:
            return answer
        facts = {"attribute": attribute, "value": options.get(id_, found), "option": id_}
        return ConditionAnswer(reasons=[Reason("CONDITION_UNMAPPED", facts)])

    return resolve
