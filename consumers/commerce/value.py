"""One value as the shop holds it: options by id, numbers exact, what counts as empty or equal."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from consumers.commerce.api import ALL, Target
from schemas.errors import Refused
from schemas.money import number
from schemas.reasons import Reason
from schemas.text import damaged

Value = str | list[str]

YES, NO = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})


def scope_of(view: str) -> str:
    """Give our scope of the shop's *view*."""
    return "global" if view == ALL else f"view:{view}"


def view_of(scope: str) -> str:
    """Give the shop's view of our *scope*."""
    return ALL if scope == "global" else scope.removeprefix("view:")


def spelled(target: Target, value: Value, view: str) -> str:
    """Give *value* as the shop takes it. Raises `Refused` for what it cannot hold."""
    if any(damaged(text) for text in _all(value)):
        raise _refused("IMPORT_DAMAGED", target, value)
    if view != ALL and target.scope == "global":
        raise Refused(Reason("ATTRIBUTE_GLOBAL", {"attribute": target.code, "view": view}))
    spell = SPELLINGS.get(target.kind)
    if spell is None:
        raise Refused(Reason("ATTRIBUTE_KIND", {"attribute": target.code, "kind": target.kind}))
    return spell(target, value)


def _all(value: Value) -> list[str]:
    return [value] if isinstance(value, str) else value


def _refused(code: str, target: Target, value: Value) -> Refused:
    shown = ", ".join(_all(value))[:120]
    return Refused(Reason(code, {"attribute": target.code, "value": shown}))


def _text(_: Target, value: Value) -> str:
    return "\n".join(_all(value))


def _line(_: Target, value: Value) -> str:
    return ", ".join(_all(value))


def _option(target: Target, value: Value) -> str:
    if len(_all(value)) != 1:
        raise _refused("OPTION_UNKNOWN", target, value)
    return _id(target, _all(value)[0])


def _options(target: Target, value: Value) -> str:
    return ",".join(sorted({_id(target, label) for label in _all(value)}))


def _id(target: Target, label: str) -> str:
    """Give the one option of this label; the same label twice is nobody's."""
    found = target.options.get(label.strip(), [])
    if len(found) != 1:
        raise _refused("OPTION_UNKNOWN", target, label)
    return found[0]


def _yes_no(target: Target, value: Value) -> str:
    stated = _line(target, value).strip().lower()
    if stated not in YES | NO:
        raise _refused("IMPORT_UNFIT", target, value)
    return "1" if stated in YES else "0"


def _number(target: Target, value: Value) -> str:
    try:
        return format(number(_line(target, value).strip()), "f")
    except ValueError as error:
        raise _refused("IMPORT_UNFIT", target, value) from error


def _date(target: Target, value: Value) -> str:
    stated = _line(target, value).strip()
    if len(stated) < 10 or stated[4] != "-" or stated[7] != "-":
        raise _refused("IMPORT_UNFIT", target, value)
    return stated[:10]


SPELLINGS: dict[str, Callable[[Target, Value], str]] = {
    "text": _line,
    "textarea": _text,
    "texteditor": _text,
    "pagebuilder": _text,
    "select": _option,
    "multiselect": _options,
    "boolean": _yes_no,
    "price": _number,
    "weight": _number,
    "date": _date,
    "datetime": _date,
}
"""How each kind of attribute is filled in; others (files, galleries) hold no value of ours."""


def empty(actual: Any) -> bool:
    """Tell whether there is nothing yet: empty text counts, 0 does not."""
    return actual is None or (isinstance(actual, str) and not actual.strip()) or actual == []


def same(target: Target, wanted: str, actual: Any) -> bool:
    """Tell whether the shop holds *wanted* already, in whatever spelling."""
    if empty(actual):
        return False
    if target.kind == "multiselect":
        held = actual if isinstance(actual, list) else str(actual).split(",")
        return {str(each) for each in held} == set(wanted.split(","))
    if target.kind in ("price", "weight"):
        return _exact(actual) == _exact(wanted)
    if target.kind in ("date", "datetime"):
        return str(actual)[:10] == wanted
    return _plain(actual) == wanted


def _plain(actual: Any) -> str:
    if isinstance(actual, bool):
        return "1" if actual else "0"
    return format(actual, "f") if isinstance(actual, Decimal) else str(actual)


def _exact(stated: Any) -> Decimal | None:
    try:
        return Decimal(number(str(stated)))
    except ValueError:
        return None
