"""Leaves of rules: the attribute exists, the operator suits it, labels become option ids."""

import re
from collections.abc import Callable, Mapping
from datetime import date

import msgspec

from producers.operator.shape import near
from schemas.money import number
from schemas.settings import Attribute, Operand, RuleNode

Say = Callable[[str, str], None]
"""Tells a problem: the place below the record (`.of[0].is`), the rule."""

_TEXTS = "sku name description type attribute_set parent category"
_PRICES = "price special_price msrp cost map_price"
WELL_KNOWN: dict[str, Attribute] = dict.fromkeys(_TEXTS.split(), Attribute()) | dict.fromkeys(
    _PRICES.split(), Attribute(type="price")
)
"""What every product has, without an `attribute` record."""

IDENTIFIERS = {
    name: Attribute()
    for name in "asin upc ean isbn jan gtin gcid brand manufacturer mpn pack".split()
}
"""Attributes that mappings may name without an `attribute` record."""

_ORDER = frozenset(["greater", "greater_or_equal", "less", "less_or_equal"])
_WITHIN = frozenset(["contains", "does_not_contain"])
_LISTS = frozenset(["is_one_of", "is_not_one_of"])
_SAME = frozenset(["is", "is_not"])

UNSUITED: Mapping[str, frozenset[str]] = {
    "number": _WITHIN,
    "price": _WITHIN,
    "date": _WITHIN,
    "dropdown": _ORDER | _WITHIN,
    "yes_no": _ORDER | _WITHIN,
    "multiselect": _ORDER | _SAME,
}
"""Operators that make no sense for a type (`listings.md` 7.1)."""


def resolved(node: RuleNode, attributes: Mapping[str, Attribute], say: Say) -> RuleNode:
    """Give *node* with labels turned into ids; what is wrong in it is told to *say*."""
    return _node(node, "", attributes, say)


def _node(node: RuleNode, at: str, attributes: Mapping[str, Attribute], say: Say) -> RuleNode:
    if node.attribute is None:
        below = [_node(n, f"{at}.of[{i}]", attributes, say) for i, n in enumerate(node.of or [])]
        return msgspec.structs.replace(node, of=below)
    ((operator, operand),) = node.operators().items()
    known = attributes.get(node.attribute) or WELL_KNOWN.get(node.attribute)
    if known is None:
        hint = near(node.attribute, [*attributes, *WELL_KNOWN])
        say(f"{at}.attribute", f"no attribute {node.attribute!r}{hint}")
        return node
    if not known.promo_rules:
        say(f"{at}.attribute", f"attribute {node.attribute!r} is not for rules: promo_rules")
    if operator in UNSUITED.get(known.type, ()):
        say(f"{at}.{operator}", f"{operator} does not suit a {known.type} attribute")
    value = _operand(operator, operand, known, lambda rule: say(f"{at}.{operator}", rule))
    member = "is_" if operator == "is" else operator
    return msgspec.structs.replace(node, **{member: value})


def _operand(
    operator: str, operand: Operand, known: Attribute, say: Callable[[str], None]
) -> Operand:
    if operator == "is_undefined":
        if operand is not True:
            say("is_undefined is true or left out; for its opposite use a combination")
        return operand
    if operator in _LISTS:
        if isinstance(operand, bool):
            say(f"{operator} takes a list")
            return operand
        words = operand if isinstance(operand, list) else re.split("[,;]", operand or "")
        return [_value(word.strip(), known, say) for word in words]
    if isinstance(operand, list):
        say(f"{operator} takes one value; for several there is is_one_of")
        return operand
    return _value(operand, known, say)


def _value(operand: str | bool | None, known: Attribute, say: Callable[[str], None]) -> str:
    text = {True: "Yes", False: "No"}[operand] if isinstance(operand, bool) else operand or ""
    if known.type == "yes_no":
        return _yes_no(text, say)
    if known.type in ("number", "price"):
        _read(number, text, "a number", say)
    if known.type == "date":
        _read(date.fromisoformat, text, "a day: 2026-11-20", say)
    return option(text, known, say)


def _yes_no(text: str, say: Callable[[str], None]) -> str:
    found = {"Yes": "1", "No": "0", "1": "1", "0": "0"}.get(text)
    if found is None:
        say(f"{text[:40]!r} is neither Yes nor No")
    return found or text


def _read(parse: Callable[[str], object], text: str, what: str, say: Callable[[str], None]) -> None:
    try:
        parse(text)
    except ValueError:
        say(f"{text[:40]!r} is not {what}")


def option(text: str, known: Attribute, say: Callable[[str], None]) -> str:
    """Give the option's id for a label that is exact and unique; an id stays."""
    if not known.options or text in known.options:
        return text
    ids = [id_ for id_, label in known.options.items() if label == text]
    if len(ids) != 1:
        several = f"stands for several options: {', '.join(ids)}"
        hint = near(text, known.options.values())
        say(f"{text[:60]!r} {several if ids else f'is no option{hint}'}")
        return text
    return ids[0]
