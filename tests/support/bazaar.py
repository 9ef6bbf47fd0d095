"""The three roles beside a small catalogue of Amazon's that answers whatever they ask.

One product, one catalogue, one listing at most: what becomes of it is read off in one word.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from schemas import keys
from schemas.amazon import FoundCandidate
from schemas.identifiers import claim
from schemas.record import Record
from tests.support import shop
from tests.support.town import Town

KINDS = {kind: kind for kind in ("asin", "upc", "isbn", "gcid", "ean", "jan", "gtin")}
SEARCH = {**KINDS, "general": "title", "brand": "brand", "mpn": "mpn", "pack": "pack"}


def item(asin: str, *numbers: str, **more: Any) -> FoundCandidate:
    """Give an item of Amazon's catalogue with its trade item numbers."""
    gtins = [number.zfill(14) for number in numbers]
    return FoundCandidate(asin=asin, gtins=gtins, **more)


class Bazaar(Town):
    """A shop with one store, and Amazon: its *catalogue*, what it *restricts*, what is *live*."""

    def __init__(
        self,
        *catalogue: FoundCandidate,
        restricts: dict[str, str] | None = None,
        live: dict[str, dict[str, Any]] | None = None,
        seed: int = 0,
        **settings: Any,
    ) -> None:
        one = {"acme-de": shop.SETTINGS["store"]["acme-de"]}
        usual: dict[str, Any] = {
            "store": one,
            "search": {"acme-de": SEARCH},
            "third_party": {"acme-de": {"asin": "asin"}},
            "listing": {"acme-de": {"first_report": "none", "auto_list": False}},
        }
        super().__init__(shop.settings(**usual | settings), seed=seed)
        self.catalogue = catalogue
        self.restricts = restricts or {}
        self.live = live or {}
        self.asked: list[tuple[str, str]] = []

    def _answer(self, record: Record) -> Record | None:
        if record.topic == "listing.read-requested.v1":
            return self.seen(shop.body(record)["seller_sku"])
        if record.topic == "listing.lookup-requested.v1":
            return self._looked_up(shop.body(record))
        return None

    def seen(self, seller_sku: str) -> Record:
        """Give a read of one SKU as it stands at Amazon."""
        here = self.live.get(seller_sku)
        usual = {"exists": True, "status": ["BUYABLE", "DISCOVERABLE"]}
        body: dict[str, Any] = {
            "account": "acme-eu",
            "seller_sku": seller_sku,
            "source": "read",
            "as_of": self.now.isoformat(),
            "stores": {"acme-de": {"exists": False} if here is None else usual | here},
        } | ({} if here is None else {"channel": "DEFAULT", "quantity": 5})
        key = keys.shared("acme-eu", seller_sku)
        name = f"read-{seller_sku}-{len(self.said)}"
        return shop.record("amazon.listing.v1", body, key=key, ce_id=name)

    def _looked_up(self, asked: dict[str, Any]) -> Record:
        self.asked.append((asked["kind"], asked["value"]))
        members = ("account", "seller_sku", "store", "kind", "value", "nonce", "condition")
        body = {k: asked[k] for k in members if k in asked} | {"state": "answered"}
        if asked["kind"] == "restriction":
            code = self.restricts.get(asked["value"])
            body["restriction"] = {"code": code, "message": "no"} if code else None
        else:
            body["candidates"] = self.found(asked["kind"], asked["value"])
        key = keys.shared("acme-eu", asked["seller_sku"])
        return shop.record("amazon.lookup.v1", body, key=key, ce_id=f"l-{len(self.said)}")

    def found(self, kind: str, value: str) -> list[dict[str, Any]]:
        """Give what the catalogue has for one question."""
        return [msgspec.to_builtins(i) for i in self.catalogue if self._is(i, kind, value)]

    def _is(self, one: FoundCandidate, kind: str, value: str) -> bool:
        if kind == "asin":
            return one.asin == value
        if kind == "children":
            return one.parent == value
        if kind == "keywords":
            words = value.casefold().split()
            return all(word in (one.title or "").casefold() for word in words)
        return claim(kind, value).gtin14 in one.gtins

    def product(self, sku: str = "LAMP-12", **attributes: Any) -> "Bazaar":
        """Let the shop say that it has a product with these attributes, in stock."""
        stated = {code: {"global": value} for code, value in attributes.items()}
        about = {"sku": sku, "shop_id": None, "attributes": stated}
        self.tell(shop.product(**about), shop.stock(sku=sku), shop.price(sku=sku))
        return self

    def product_again(self, sku: str) -> "Bazaar":
        """Let the shop speak of a product again that it had deleted."""
        self.tell(shop.product(9, sku=sku, shop_id=None, attributes={}))
        return self

    @staticmethod
    def search(**more: Any) -> dict[str, Any]:
        """Give the search mapping with *more*."""
        return SEARCH | more

    def listed(self) -> "Bazaar":
        """Let Amazon show everything that is live."""
        self.tell(*(self.seen(sku) for sku in self.live))
        return self

    def command(self, kind: str, seller_sku: str = "LAMP-12", **arguments: Any) -> "Bazaar":
        """Let a person decide something."""
        body = {
            "kind": kind,
            "account": "acme-eu",
            "seller_sku": seller_sku,
            "store": "acme-de",
            "by": "eva",
            "at": self.now.isoformat(),
            "arguments": arguments,
        }
        key = keys.shared("acme-eu", seller_sku)
        name = f"i-{len(self.said)}"
        self.tell(shop.record("listing.intent.v1", body, key=key, ce_id=name))
        return self

    def row(self, seller_sku: str = "LAMP-12") -> dict[str, Any]:
        """Give the last status of one listing."""
        found = self.last("listing.status.v1")
        rows = [r for r in found.values() if r and r["seller_sku"] == seller_sku]
        return dict(rows[-1])

    def outcome(self, seller_sku: str = "LAMP-12") -> tuple[str, str | None, str | None]:
        """Give status, the ASIN or product that was decided on, and the first reason's code."""
        row = self.row(seller_sku)
        decided = row.get("product") if seller_sku in self.live else row.get("asin")
        reasons: Sequence[dict[str, Any]] = row.get("reasons", [])
        return row["status"], decided, reasons[0]["code"] if reasons else None
