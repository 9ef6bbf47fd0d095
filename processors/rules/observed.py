"""What Amazon shows of one listing, merged field by field (`listings.md` 5).

Observations are kept as layers: of each one, the fields that no newer one states. So the
order in which they arrive does not matter, and a field's age is its layer's. Rows of reports
stand beside them and count while nothing of ours was under way (`reported`).
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from processors.rules import reported
from processors.rules.known import (
    READ,
    REPORT,
    Counted,
    Flight,
    Layer,
    Mark,
    Row,
    SharedSku,
    Stated,
    StoreFacts,
)
from schemas.amazon import Issue, ObservedStore, ProductId
from schemas.money import Money
from schemas.text import damaged

BUYABLE, DISCOVERABLE = "BUYABLE", "DISCOVERABLE"
STATUSES = frozenset({BUYABLE, DISCOVERABLE})
REPORT_STATUSES = frozenset({"Active", "Inactive", "Incomplete"})
GRADES = ("like_new", "very_good", "good", "acceptable")
CONDITIONS = frozenset(
    ["new_new", "new_open_box", "new_oem", "refurbished_refurbished", "club_club"]
    + [f"{kind}_{grade}" for kind in ("used", "collectible") for grade in GRADES]
)
CHANNELS = ("DEFAULT", "AMAZON_NA", "AMAZON_EU", "AMAZON_JP", "AMAZON_IN", "AMAZON_CN")
"""Fulfilment channels that we know; another one changes no fact."""

FIELDS = (
    "asin",
    "status",
    "report_status",
    "price",
    "condition",
    "product_id",
    "title",
    "offer_from",
    "offer_to",
    "issues",
)
"""Fields that are merged one by one; the two statuses speak about one thing."""

RIVAL = {"status": "report_status", "report_status": "status"}
MESSAGE, RAW = 300, 100
"""Characters that are kept of an issue's message, and of a value that we do not know."""

ASINS = 6
"""ASINs that are remembered, the present one among them."""


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The newest statement of each field, None where nothing was ever stated.

    *status_mark* is when and by whom the status was stated, *newest* the newest mark of all;
    *former* are the ASINs that were shown before, *marks* where each field is from.
    """

    asin: str | None = None
    status: list[str] | None = None
    report_status: str | None = None
    price: Money | None = None
    condition: str | None = None
    product_id: ProductId | None = None
    title: str | None = None
    offer_from: datetime | None = None
    offer_to: datetime | None = None
    issues: list[Issue] = []
    status_mark: Mark | None = None
    newest: Mark | None = None
    former: dict[str, int] = {}
    marks: dict[str, Mark] = {}


NOTHING = Seen()


def seen(facts: StoreFacts, shared: Sequence[Flight] = ()) -> Seen:
    """Give what Amazon shows by everything we were told; *shared*: flights of quantities."""
    rows = reported.believed(facts.rows, facts, shared)
    told: list[Layer | Row] = [*facts.layers, *rows]
    if not told:
        return NOTHING
    fields: dict[str, Any] = {}
    marks: dict[str, Mark] = {}
    for one in sorted(told, key=_mark) if rows else told:
        _newer(fields, marks, one)
    status = marks.get("status", marks.get("report_status"))
    former = {a: at for a, at in facts.asins.items() if a != fields.get("asin")}
    newest = max(marks.values(), default=None)
    return Seen(**fields, status_mark=status, newest=newest, former=former, marks=marks)


def _newer(fields: dict[str, Any], marks: dict[str, Mark], one: Layer | Row) -> None:
    """Take over what *one* states, which is newer than all before it."""
    said, mark = one.said, one.mark
    mine = {f: v for f in FIELDS if (v := getattr(said, f)) is not UNSET}
    if "title" in mine and "title" in marks and not _better(mine["title"], mark, fields, marks):
        del mine["title"]
    for field, rival in RIVAL.items():
        if field in mine and rival not in mine and marks.pop(rival, None) is not None:
            del fields[rival]
    fields |= mine
    marks |= dict.fromkeys(mine, mark)


def _better(title: str, mark: Mark, fields: dict[str, Any], marks: dict[str, Mark]) -> bool:
    known = _title_key(fields["title"], marks["title"])
    return _title_key(title, mark) > known


def counted(sku: SharedSku) -> Counted | None:
    """Give the newest quantity that may be believed, of whatever store's report it is."""
    found = [sku.quantity] if sku.quantity is not None else []
    for facts in sku.stores.values():
        rows = reported.believed(facts.rows, facts, sku.flights)
        found += [Counted(row.mark, row.quantity) for row in rows if row.quantity is not None]
    return max(found, key=lambda c: c.mark, default=None)


def merge(facts: StoreFacts, mark: Mark, said: ObservedStore) -> StoreFacts:
    """Take in what one observation states of this listing; a report's row goes by `merge_row`."""
    facts, plain = _beside(facts, mark, said)
    return replace(facts, layers=layered(facts.layers, mark, plain))


def merge_row(
    facts: StoreFacts, row: Row, shared: Sequence[Flight]
) -> tuple[StoreFacts, list[Row]]:
    """Take in a report's row, and give those that are believed and no longer kept as rows."""
    facts, plain = _beside(facts, row.mark, row.said)
    said = ObservedStore(**_short({f: v for f in FIELDS if (v := getattr(plain, f)) is not UNSET}))
    rows, over = reported.noted(facts.rows, replace(row, said=said))
    settled = reported.believed(over, facts, shared)
    layers = facts.layers
    for old in settled:
        layers = layered(layers, old.mark, old.said)
    return replace(facts, rows=rows, layers=layers), settled


def _beside(facts: StoreFacts, mark: Mark, said: ObservedStore) -> tuple[StoreFacts, ObservedStore]:
    """Take in what is kept beside the fields, and give what we understand of the fields."""
    plain, odd = understood(said)
    facts = existence(facts, mark, said.exists)
    if odd:
        facts = replace(facts, odd=_odd(facts, mark, odd))
    if mark.rank == READ and mark.at > facts.read_at:
        facts = replace(facts, read_at=mark.at)
    if plain.asin is not UNSET:
        facts = replace(facts, asins=_asins(facts.asins, plain.asin, mark.at))
    return facts, plain


def _asins(known: dict[str, int], asin: str, at: int) -> dict[str, int]:
    """Give every ASIN that was stated, with the newest time: whatever came first."""
    known = {**known, asin: max(at, known.get(asin, at))}
    newest = sorted(known.items(), key=lambda pair: (pair[1], pair[0]))[-ASINS:]
    return dict(sorted(newest))


def existence(facts: StoreFacts, mark: Mark, exists: bool | UnsetType) -> StoreFacts:
    """Keep the newest evidence for, and the newest against, its being there."""
    if exists is True and (facts.alive is None or mark > facts.alive):
        return replace(facts, alive=mark)
    if exists is False and (facts.gone is None or mark > facts.gone):
        return replace(facts, gone=mark)
    return facts


def _odd(facts: StoreFacts, mark: Mark, odd: dict[str, str]) -> dict[str, Stated]:
    kept = dict(facts.odd)
    for field, value in odd.items():
        if field not in kept or mark > kept[field].mark:
            kept[field] = Stated(mark, value)
    return kept


def understood(said: ObservedStore) -> tuple[ObservedStore, dict[str, str]]:
    """Part what we understand from raw values of enums that we do not know."""
    odd: dict[str, str] = {}
    if said.status is not UNSET and not STATUSES.issuperset(said.status):
        odd["status"] = ", ".join(s for s in said.status if s not in STATUSES)[:RAW]
    if said.report_status is not UNSET and said.report_status not in REPORT_STATUSES:
        odd["report_status"] = said.report_status[:RAW]
    if said.condition is not UNSET and said.condition not in CONDITIONS:
        odd["condition"] = said.condition[:RAW]
    left_out = dict.fromkeys(odd, UNSET)
    return (replace(said, **left_out) if left_out else said), odd


def layered(layers: list[Layer], mark: Mark, said: ObservedStore) -> list[Layer]:
    """Give the layers after *said* was stated at *mark*: each field in the newest only."""
    mine = {f: v for f in FIELDS if (v := getattr(said, f)) is not UNSET}
    after: list[Layer] = []
    for layer in layers:
        beaten = [f for f in FIELDS if states(layer, f) and _rivals(mine, f)]
        lost = [f for f in beaten if _key(f, mark, said) > _key(f, layer.mark, layer.said)]
        for kept in set(beaten) - set(lost):
            mine.pop(kept, None)
            mine.pop(RIVAL.get(kept, ""), None)
        after += _without(layer, lost)
    if mine:
        after.append(Layer(mark, ObservedStore(**_short(mine))))
    return sorted(after, key=_mark)


def states(layer: Layer, field: str) -> bool:
    """Tell whether *layer* is what we know *field* from."""
    return getattr(layer.said, field) is not UNSET


def _rivals(mine: dict[str, Any], field: str) -> bool:
    return field in mine or RIVAL.get(field) in mine


def _key(field: str, mark: Mark, said: ObservedStore) -> tuple[bool, bool, Mark]:
    """Order by age, but for texts."""
    if field != "title" or said.title is UNSET:
        return (True, True, mark)
    return _title_key(said.title, mark)


def _title_key(title: str, mark: Mark) -> tuple[bool, bool, Mark]:
    """Order by age; but neither a damaged text nor a report's replaces a whole, or read, one."""
    return (not damaged(title), mark.rank > REPORT, mark)


def _without(layer: Layer, lost: list[str]) -> list[Layer]:
    if not lost:
        return [layer]
    rest = Layer(layer.mark, replace(layer.said, **dict.fromkeys(lost, UNSET)))
    return [rest] if any(states(rest, f) for f in FIELDS) else []


def _short(mine: dict[str, Any]) -> dict[str, Any]:
    if mine.get("issues"):
        mine["issues"] = [replace(i, message=i.message[:MESSAGE]) for i in mine["issues"]]
    return mine


def _mark(one: Layer | Row) -> Mark:
    return one.mark


# --- rows that are not believed -------------------------------------------------------------


def differs(row: Row, shows: Seen, quantity: int | None) -> bool:
    """Tell whether a report's row says something else than what we take Amazon to show."""
    said = row.said
    pairs = [
        (said.asin, shows.asin),
        (said.price, shows.price),
        (said.condition, shows.condition),
        (_sold(None, said.report_status), _sold(shows.status, shows.report_status)),
        (UNSET if row.quantity is None else row.quantity, quantity),
    ]
    return any(stated not in (UNSET, known) for stated, known in pairs)


def _sold(status: list[str] | None, reported_as: str | UnsetType | None) -> bool | UnsetType | None:
    """Tell whether it can be bought, by either kind of status."""
    if status is not None:
        return BUYABLE in status
    return reported_as == "Active" if isinstance(reported_as, str) else reported_as
