"""Which listing's value a place of the catalogue receives, where several want it.

A place is one attribute of one product in one scope. The older store stands first, then the
listing that carries the product's own SKU, then account and seller SKU, then the order in
which the listing gives its values: the same rows give the same answer in whatever order.
"""

from collections.abc import Iterable
from datetime import date

import msgspec

from schemas.listings import AttributesImported, ImportedValue
from schemas.settings import Settings

Place = tuple[str, str]
"""Scope and attribute."""


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """One value of one listing for one place."""

    account: str
    seller_sku: str
    said: ImportedValue

    @property
    def place(self) -> Place:
        """Where it should go."""
        return self.said.scope, self.said.attribute

    @property
    def store(self) -> str:
        """The store whose listing shows it."""
        return self.said.source.get("store", "")

    @property
    def amazon_attribute(self) -> str:
        """What Amazon calls it."""
        return self.said.source.get("amazon_attribute", "")


def offered(events: Iterable[AttributesImported], settings: Settings) -> list[Offered]:
    """Give every value of one product, the one that stands first for its place first."""
    found = [
        (_order(event, said, nth, settings), event, said)
        for event in events
        for nth, said in enumerate(event.values)
    ]
    return [
        Offered(account=event.account, seller_sku=event.seller_sku, said=said)
        for _, event, said in sorted(found, key=lambda each: each[0])
    ]


def _order(
    event: AttributesImported, said: ImportedValue, nth: int, settings: Settings
) -> tuple[object, ...]:
    name = said.source.get("store", "")
    store = settings.store(name)
    created = store.created if store else date.max
    own = event.seller_sku != event.sku
    return created, name, own, event.account, event.seller_sku, nth


def chosen(values: Iterable[Offered]) -> dict[Place, Offered]:
    """Give the value that each place receives: the first for it that says something."""
    found: dict[Place, Offered] = {}
    for value in values:
        if value.said.value:
            found.setdefault(value.place, value)
    return found
