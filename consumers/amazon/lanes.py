"""Which row of a shared SKU may go out now, and how urgent it is (`amazon.md` 12).

What waiting costs decides: a zero first, then what protects money and stock, creations
last; within a lane the oldest. One effect in flight per SKU, so that Amazon cannot reorder
ours; a fall to 0 never waits. Restocking: the price first, confirmed. Ending: quantity 0
first, confirmed.
"""

from decimal import Decimal

from consumers.amazon.row import Row, Rows, changed

ZERO, PRICE_UP, QUANTITY_DOWN, PRICE_DOWN, QUANTITY_UP, CONTENT = range(6)

PATCH, PUT, DELETE = "patchListingsItem", "putListingsItem", "deleteListingsItem"


def scheduled(rows: Rows) -> Rows:
    """Give *rows* with the lane and operation of each that may go out, none for the others."""
    return {key: _placed(row, rows) for key, row in rows.items()}


def _placed(row: Row, rows: Rows) -> Row:
    lane = _lane(row) if _may_go(row, rows) else None
    operation = None if lane is None else _operation(row)
    if (lane, operation) == (row.lane, row.operation):
        return row
    return changed(row, lane=lane, operation=operation)


def _may_go(row: Row, rows: Rows) -> bool:
    if row.state not in ("idle", "confirmed") or row.satisfied:
        return False
    if not is_zero(row) and any(r.in_flight for r in rows.values()):
        return False
    return _GATES[row.aspect](row, rows)


def is_zero(row: Row) -> bool:
    """Tell whether *row* takes a quantity off the shelf."""
    return row.aspect == "quantity" and row.wanted == "0"


def _existence(row: Row, rows: Rows) -> bool:
    quantity = rows.get(("quantity", ""))
    if row.wanted == "absent":
        zeroed = quantity is None or quantity.wanted != "0" or quantity.satisfied
        return zeroed or row.confirmed is None  # perhaps not there: nothing to zero
    price = rows.get(("price", row.store))
    priced = price is not None and price.wanted is not None and price.state != "held"
    stocked = by_amazon(row) or (quantity is not None and quantity.wanted is not None)
    return priced and stocked


def by_amazon(row: Row) -> bool:
    """Tell whether Amazon holds the stock of an offer."""
    return str(row.details.get("channel", "")).startswith("AMAZON")


def _price(row: Row, rows: Rows) -> bool:
    existence = rows.get(("existence", row.store))
    return existence is None or existence.confirmed == "present"


def _quantity(row: Row, rows: Rows) -> bool:
    existences = [r for r in rows.values() if r.aspect == "existence"]
    if existences and all(r.confirmed != "present" for r in existences):
        return False  # Amazon does not know the SKU: a quantity would make a stub of it
    return not (_restocks(row) and _price_open(rows))


def _restocks(row: Row) -> bool:
    return row.wanted != "0" and row.confirmed in (None, "0")


def _price_open(rows: Rows) -> bool:
    return any(r.aspect == "price" and not r.satisfied and _price(r, rows) for r in rows.values())


def _content(row: Row, rows: Rows) -> bool:
    return _price(row, rows)


_GATES = {
    "existence": _existence,
    "price": _price,
    "quantity": _quantity,
    "content": _content,
}


def _lane(row: Row) -> int:
    if row.aspect == "price":
        return PRICE_UP if _rises(row) else PRICE_DOWN
    if row.aspect == "quantity":
        return ZERO if is_zero(row) else QUANTITY_UP if _rises(row) else QUANTITY_DOWN
    return CONTENT


def _rises(row: Row) -> bool:
    """Tell whether more is wanted than Amazon shows; what it shows unknown counts as less."""
    if not row.confirmed or row.wanted is None:
        return True
    return _amount(row.wanted) > _amount(row.confirmed)


def _amount(value: str) -> Decimal:
    return Decimal(value.split(" ", maxsplit=1)[0])


def _operation(row: Row) -> str:
    if row.aspect != "existence":
        return PATCH
    return DELETE if row.wanted == "absent" else PUT


def ready(rows: Rows) -> list[Row]:
    """Give the rows that may go out, the most urgent first."""
    due = [r for r in rows.values() if r.lane is not None]
    return sorted(due, key=lambda r: (r.lane or 0, r.since))
