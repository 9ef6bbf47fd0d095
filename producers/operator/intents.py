"""People's commands → `listing.intent.v1`, checked before they are sent (`listings.md` 4.9).

What only the listing's facts can tell (is it Ready To List?) is judged by the listings
agent, which refuses with a code; what is wrong in itself never gets that far.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any
from uuid import UUID

from producers.operator.checks import CONDITIONS
from schemas import codec, keys
from schemas.catalog import price_of, sku_of
from schemas.events import Intent
from schemas.money import number
from schemas.record import Record
from schemas.settings import Settings

TOPIC = "listing.intent.v1"
SOURCE = "/listwire/producers/operator"
MAX_SELLER_SKU = 40
"""Amazon's own limit (`reliability.md` 4, number 29)."""

MAX_WHY = 1_000
"""Characters that a person may give as a reason."""

_ASIN = re.compile(r"[A-Z0-9]{10}")


def _asin(value: Any) -> str:
    if not isinstance(value, str) or not _ASIN.fullmatch(value):
        raise ValueError(f"{str(value)[:40]!r} is no ASIN: ten upper-case letters and digits")
    return value


def _condition(value: Any) -> str:
    if value not in CONDITIONS:
        raise ValueError(f"{str(value)[:40]!r} is no condition: {', '.join(CONDITIONS)}")
    return str(value)


def _note(value: Any) -> str:
    if not isinstance(value, str) or len(value) > 1_000:
        raise ValueError("a note is text of at most 1,000 characters")
    return value


def _price(value: Any) -> str:
    return format(price_of(number(value)), "f")


def _days(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 30:
        raise ValueError("handling takes 0 to 30 whole days")
    return value


def seller_sku_of(value: Any) -> str:
    """Give *value* back. Raises ValueError for what Amazon takes for no seller SKU."""
    if not isinstance(value, str):
        raise ValueError("a seller SKU is text")
    if len(value) > MAX_SELLER_SKU:
        raise ValueError(f"a seller SKU has at most {MAX_SELLER_SKU} characters, not {len(value)}")
    return sku_of(value)


def _product(value: Any) -> str:
    return sku_of(str(value))


Check = Callable[[Any], Any]

ARGUMENTS: dict[str, tuple[dict[str, Check], frozenset[str]]] = {
    "publish": ({}, frozenset()),
    "end": ({}, frozenset()),
    "retry_match": ({}, frozenset()),
    "import": ({}, frozenset()),
    "assign": ({"product": _product}, frozenset(["product"])),
    "asin": ({"asin": _asin}, frozenset(["asin"])),
    "condition": ({"condition": _condition, "note": _note}, frozenset(["condition"])),
    "alias": ({"seller_sku": seller_sku_of, "asin": _asin}, frozenset(["seller_sku"])),
    "override": (
        {"price": _price, "handling_days": _days, "condition": _condition, "note": _note},
        frozenset(),
    ),
}
"""Per kind: its arguments with their checks, and those that must be there."""

_REMOVABLE = frozenset(["override"])
"""Kinds in which null takes an argument's effect away."""


def intent(
    kind: str,
    seller_sku: str,
    *,
    account: str,
    by: str,
    at: datetime,
    store: str | None = None,
    why: str | None = None,
    arguments: Mapping[str, Any] | None = None,
) -> Intent:
    """Give a person's command. Raises ValueError, naming what is wrong with it."""
    if kind not in ARGUMENTS:
        near = get_close_matches(kind[:40], ARGUMENTS, n=1)
        hint = f"; do you mean {near[0]!r}?" if near else ""
        raise ValueError(f"no intent {kind[:40]!r}{hint}")
    if not by.strip():
        raise ValueError("an intent is somebody's: say by whom")
    if why is not None and len(why) > MAX_WHY:
        raise ValueError(f"a reason has at most {MAX_WHY:,} characters")
    return Intent(
        kind=kind,
        account=account,
        seller_sku=seller_sku_of(seller_sku),
        by=by,
        at=at,
        store=store,
        why=why,
        arguments=_arguments(kind, arguments or {}),
    )


def _arguments(kind: str, stated: Mapping[str, Any]) -> dict[str, Any]:
    checks, needed = ARGUMENTS[kind]
    if unknown := sorted(stated.keys() - checks.keys()):
        raise ValueError(f"{kind} has no argument {unknown[0][:40]!r}")
    if missing := sorted(needed - stated.keys()):
        raise ValueError(f"{kind} needs {missing[0]!r}")
    if kind == "override" and not stated:
        raise ValueError(f"override needs one of {', '.join(checks)}")
    removable = kind in _REMOVABLE
    return {
        name: None if value is None and removable else checks[name](value)
        for name, value in stated.items()
    }


def in_store(kind: str, store: str, seller_sku: str, settings: Settings, **more: Any) -> Intent:
    """Give a command for one *store* of *settings*; *more* as for `intent`.

    Raises ValueError for a store that is not there.
    """
    found = settings.store(store)
    if found is None:
        near = get_close_matches(store[:40], settings.of("store"), n=1)
        hint = f"; do you mean {near[0]!r}?" if near else ""
        raise ValueError(f"no store {store[:40]!r}{hint}")
    return intent(kind, seller_sku, account=found.account, store=store, **more)


def publish(store: str, seller_sku: str, settings: Settings, **more: Any) -> Intent:
    """Give the command to publish a listing. Raises ValueError."""
    return in_store("publish", store, seller_sku, settings, **more)


def end(store: str, seller_sku: str, settings: Settings, **more: Any) -> Intent:
    """Give the command to end a listing. Raises ValueError."""
    return in_store("end", store, seller_sku, settings, **more)


def record(command: Intent, id: UUID) -> Record:  # noqa: A002 - CloudEvents' word
    """Give the record of *command*; the same *id* again is the same command."""
    return codec.encode(
        command,
        topic=TOPIC,
        key=keys.shared(command.account, command.seller_sku),
        id=str(id),
        source=SOURCE,
        subject=command.seller_sku,
        time=command.at,
        sequence=int(command.at.timestamp() * 1_000_000),
    )
