"""A shop that renames a product while Amazon answers what is asked, in a process that crashes.

The town of `town.py`, with Amazon in it: reads and searches are answered after a while. A
step may be cut off between its records and its facts, as a crash would do it; then its input
is read again on the older facts.
"""

from datetime import datetime, timedelta
from typing import Any

from processors.step import Change
from schemas import keys
from schemas.record import Record
from tests.support import shop
from tests.support.shop import NOON
from tests.support.town import Town

ASIN = "B07XJ8C8F5"
LIVE = {"exists": True, "asin": ASIN, "status": ["BUYABLE", "DISCOVERABLE"]}


class Amazon(Town):
    """The three roles with Amazon beside them; *live* is what stands there already."""

    def __init__(self, *, seed: int = 0, crashes: float = 0.0, live: tuple[str, ...] = ()) -> None:
        one = {"acme-de": shop.SETTINGS["store"]["acme-de"]}
        super().__init__(
            shop.settings(
                store=one,
                search={"acme-de": {"asin": "asin", "upc": "upc", "general": "name"}},
                third_party={"acme-de": {"asin": "asin"}},
                listing={"acme-de": {"first_report": "none"}},
            ),
            seed=seed,
        )
        self.live = set(live)
        self.crashes = crashes
        self._at_hand: Record | None = None

    def _handle(self, record: Record) -> None:
        self._at_hand = record
        super()._handle(record)

    def _keep(self, role: Any, key: bytes, change: Change[Any]) -> None:
        if self._at_hand is None or self.random.random() >= self.crashes:
            super()._keep(role, key, change)
            return
        before = self.facts.get((role.name, key), role.facts())
        super()._keep(role, key, change)
        self.facts[role.name, key] = before  # the records went out, the facts did not
        self.queues[self._at_hand.topic, key].appendleft(self._at_hand)

    def _answer(self, record: Record) -> Record | None:
        asked = shop.body(record) if record.topic in ANSWERS else {}
        if record.topic == "listing.read-requested.v1":
            return self.seen(asked["seller_sku"])
        if record.topic == "listing.lookup-requested.v1":
            return _found(asked)
        return None

    def seen(self, seller_sku: str) -> Record:
        """Give a read of one SKU as it stands now."""
        here = LIVE if seller_sku in self.live else {"exists": False}
        body: dict[str, Any] = {
            "account": "acme-eu",
            "seller_sku": seller_sku,
            "source": "read",
            "as_of": self.now.isoformat(),
            "stores": {"acme-de": here},
        } | ({"channel": "DEFAULT", "quantity": 5} if seller_sku in self.live else {})
        key = keys.shared("acme-eu", seller_sku)
        number = f"read-{seller_sku}-{len(self.said)}"
        return shop.record("amazon.listing.v1", body, key=key, ce_id=number)

    def created(self) -> set[str]:
        """Give the seller SKUs that were ever wanted at Amazon without being there already."""
        offers = [shop.body(r) for r in self.said if r.topic == "listing.offer.v1" and r.value]
        return {
            offer["seller_sku"]
            for offer in offers
            for here in offer["stores"].values()
            if here.get("existence") == "present" and offer["seller_sku"] not in self.live
        }

    def rows(self) -> dict[str, tuple[str, str | None]]:
        """Give tab/status and product of every listing."""
        rows = self.last("listing.status.v1").values()
        return {r["seller_sku"]: (f"{r['tab']}/{r['status']}", r.get("product")) for r in rows if r}


ANSWERS = frozenset(["listing.read-requested.v1", "listing.lookup-requested.v1"])


def _found(asked: dict[str, Any]) -> Record:
    body = {k: asked[k] for k in ("account", "seller_sku", "store", "kind", "value", "nonce")}
    body |= {"state": "answered", "candidates": [{"asin": ASIN}]}
    body |= {"condition": asked.get("condition")}
    if asked["kind"] == "restriction":
        body["candidates"] = []
    key = keys.shared("acme-eu", asked["seller_sku"])
    return shop.record("amazon.lookup.v1", body, key=key, ce_id=f"l-{asked['nonce']}")


def called(sku: str, at: datetime = NOON, *, sequence: int = 1, **changed: Any) -> list[Record]:
    """Give product, stock and price of the one product while it is called *sku*."""
    about = {"sku": sku, "attributes": {"asin": {"global": ASIN}}} | changed
    time = {"ce_time": at.isoformat()}
    return [
        shop.record("catalog.product.v1", shop.PRODUCT | about, sequence=sequence, **time),
        shop.record("catalog.stock.v1", shop.STOCK | {"sku": sku}, sequence=sequence, **time),
        shop.record("catalog.price.v1", shop.PRICE | {"sku": sku}, sequence=sequence, **time),
    ]


LATER = NOON + timedelta(hours=1)
EVENING = NOON + timedelta(hours=6)
