"""How one leaf of a listing rule compares a value that is there (`listings.md` 7.2).

Each builder takes the leaf's operand once and gives a test of a value; a value that is
missing never gets here. Everything is linear in the value: no pattern comes from a user.
"""

import re
from collections.abc import Callable, Mapping
from datetime import tzinfo
from decimal import Decimal

from processors.rules import days
from processors.rules.scopes import texts
from schemas.catalog import Value
from schemas.settings import Attribute, Operand

Test = Callable[[Value], bool]
Same = Callable[[str], bool]

_NUMBER = re.compile(r"[ \t]*([+-]?[0-9]+(?:\.[0-9]+)?)[ \t]*")
_TYPED = re.compile("[,;]")
_YES_NO = {"yes": "1", "true": "1", "1": "1", "no": "0", "false": "0", "0": "0"}

OPTIONS = frozenset(["dropdown", "multiselect", "attribute_set", "category"])
"""Types that compare by id."""


def number(text: str) -> Decimal | None:
    """Read a numeric-looking text exactly; None for any other."""
    found = _NUMBER.fullmatch(text)
    return Decimal(found[1]) if found else None


def operands(typed: Operand) -> list[str]:
    """Give an operand as texts: a typed list is split on comma or semicolon, and trimmed."""
    if isinstance(typed, list):
        return list(typed)
    if isinstance(typed, bool):
        return ["1" if typed else "0"]
    return [part for part in (p.strip() for p in _TYPED.split(typed or "")) if part]


def single(typed: Operand) -> str:
    """Give an operand as one text."""
    if isinstance(typed, str):
        return typed
    return next(iter(operands(typed)), "")


# --- equality -----------------------------------------------------------------------------


def same(kind: str, operand: str, attribute: Attribute | None) -> Same:
    """Give the test for *is* of one text, for an attribute of type *kind*."""
    if kind in OPTIONS:
        return _same_option(operand, {} if attribute is None else attribute.options)
    if kind == "yes_no":
        wanted = _yes_no(operand)
        return lambda text: _yes_no(text) == wanted
    return _same_text(operand, None if kind == "sku" else number(operand))


def _same_option(operand: str, options: Mapping[str, str]) -> Same:
    wanted = option(operand, options)
    if not options:
        return wanted.__eq__
    return lambda text: option(text, options) == wanted


def option(text: str, options: Mapping[str, str]) -> str:
    """Give the option id that *text* is, or is the only label of; else *text* itself."""
    if text in options:
        return text
    ids = [id_ for id_, label in options.items() if label == text]
    return ids[0] if len(ids) == 1 else text


def _yes_no(text: str) -> str:
    folded = text.strip().casefold()
    return _YES_NO.get(folded, folded)


def _same_text(operand: str, wanted: Decimal | None) -> Same:
    folded = operand.casefold()
    if wanted is None:
        return lambda text: text.casefold() == folded

    def equal(text: str) -> bool:
        seen = number(text)
        return text.casefold() == folded if seen is None else seen == wanted

    return equal


# --- operators ----------------------------------------------------------------------------


def is_(kind: str, operand: Operand, attribute: Attribute | None) -> Test:
    """*is*: equal; of a list: one of its values is equal."""
    return _any([same(kind, single(operand), attribute)])


def one_of(kind: str, operand: Operand, attribute: Attribute | None) -> Test:
    """*is one of*: equal to one of those typed; of a list: any of its values is."""
    return _any([same(kind, each, attribute) for each in operands(operand)])


def _any(tests: list[Same]) -> Test:
    def holds(found: Value) -> bool:
        if isinstance(found, str):
            return any(test(found) for test in tests)
        return any(test(text) for text in texts(found) for test in tests)

    return holds


def contains(kind: str, operand: Operand, attribute: Attribute | None) -> Test:
    """*contains*: a substring of a text in any case; a member of a list."""
    wanted = (
        operands(operand) if isinstance(operand, list) or kind in OPTIONS else [single(operand)]
    )
    member = _any([same(kind, each, attribute) for each in wanted])
    if kind in OPTIONS:
        return member
    folded = [each.casefold() for each in wanted]

    def holds(found: Value) -> bool:
        if isinstance(found, str):
            text = found.casefold()
            return any(part in text for part in folded)
        return member(found)

    return holds


def less(operand: Operand, *, or_equal: bool, numbers: bool = True) -> Test:
    """*less* and *less or equal*: as numbers if both look like one, else as folded text."""
    typed = single(operand)
    limit, folded = (number(typed) if numbers else None), typed.casefold()

    def holds(found: Value) -> bool:
        text = next(iter(texts(found)), "")
        seen = None if limit is None else number(text)
        if limit is None or seen is None:
            return text.casefold() <= folded if or_equal else text.casefold() < folded
        return seen <= limit if or_equal else seen < limit

    return holds


def on_days(operator: str, operand: Operand, zone: tzinfo) -> Test:
    """Compare calendar days in *zone*; what is no date compares as false."""
    compare = _ON_DAYS.get(operator)
    try:
        wanted = days.in_zone(single(operand), zone)
    except ValueError:
        return lambda found: False  # noqa: ARG005

    def holds(found: Value) -> bool:
        try:
            seen = days.in_zone(next(iter(texts(found)), ""), zone)
        except ValueError:
            return False
        return compare is not None and compare(seen, wanted)

    return holds


_ON_DAYS: dict[str, Callable[[days.Day, days.Day], bool]] = {
    "is": lambda seen, wanted: seen == wanted,
    "is_not": lambda seen, wanted: seen != wanted,
    "greater": lambda seen, wanted: seen > wanted,
    "greater_or_equal": lambda seen, wanted: seen >= wanted,
    "less": lambda seen, wanted: seen < wanted,
    "less_or_equal": lambda seen, wanted: seen <= wanted,
}


def negated(test: Test) -> Test:
    """Give the exact negation, for a value that is there."""
    return lambda found: not test(found)


def test_of(
    kind: str, operator: str, operand: Operand, *, attribute: Attribute | None, zone: tzinfo
) -> Test:
    """Give the test of a present value that *operator* with *operand* means for type *kind*."""
    if kind == "date":
        return on_days(operator, operand, zone)
    if operator in _ORDER:
        positive, or_equal = _ORDER[operator]
        test = less(operand, or_equal=or_equal, numbers=kind != "sku")
        return test if positive else negated(test)
    positive, build = _SETS[operator]
    test = build(kind, operand, attribute)
    return test if positive else negated(test)


_ORDER = {
    "less": (True, False),
    "less_or_equal": (True, True),
    "greater": (False, True),
    "greater_or_equal": (False, False),
}
_SETS: dict[str, tuple[bool, Callable[[str, Operand, Attribute | None], Test]]] = {
    "is": (True, is_),
    "is_not": (False, is_),
    "contains": (True, contains),
    "does_not_contain": (False, contains),
    "is_one_of": (True, one_of),
    "is_not_one_of": (False, one_of),
}
