"""A shop that speaks Adobe Commerce's REST interface, within the test: no socket, own clock.

It keeps values per store view as the shop's database does (0 = global), shows what is in
force, and has the shop's manners: a page beyond the last is the last again, SKUs compare
without case, prices are refused whole where one SKU is unknown.
"""

import json
import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx2

from tests.support.commerce_schema import OPERATIONS, QUERY, problems

BEGAN = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
WEBSITES = [
    {"id": 0, "code": "admin", "name": "Admin", "default_group_id": 0},
    {"id": 1, "code": "base", "name": "Main", "default_group_id": 1},
    {"id": 2, "code": "fr", "name": "France", "default_group_id": 2},
]
GROUPS = [
    {"id": 0, "website_id": 0, "root_category_id": 0, "default_store_id": 0, "name": "Default"},
    {"id": 1, "website_id": 1, "root_category_id": 2, "default_store_id": 1, "name": "Main"},
    {"id": 2, "website_id": 2, "root_category_id": 2, "default_store_id": 3, "name": "France"},
]
VIEWS = [
    {"id": 0, "code": "admin", "name": "Admin", "website_id": 0, "store_group_id": 0},
    {"id": 1, "code": "default", "name": "Default", "website_id": 1, "store_group_id": 1},
    {"id": 2, "code": "de", "name": "German", "website_id": 1, "store_group_id": 1},
    {"id": 3, "code": "fr_fr", "name": "French", "website_id": 2, "store_group_id": 2},
]
ATTRIBUTES = {
    "name": ("text", "store"),
    "status": ("select", "website"),
    "visibility": ("select", "store"),
    "weight": ("weight", "global"),
    "price": ("price", "website"),
    "special_price": ("price", "website"),
    "special_from_date": ("date", "website"),
    "special_to_date": ("date", "website"),
    "msrp": ("price", "website"),
    "color": ("select", "global"),
    "material": ("multiselect", "store"),
    "description": ("textarea", "store"),
    "on_sale": ("boolean", "website"),
    "upc": ("text", "global"),
}
PLAIN = ("name", "price", "status", "visibility", "weight")
STOCK_ITEM: dict[str, Any] = {
    "item_id": 1,
    "product_id": 1,
    "stock_id": 1,
    "qty": 0,
    "is_in_stock": True,
    "is_qty_decimal": False,
    "show_default_notification_message": False,
    "use_config_min_qty": True,
    "min_qty": 0,
    "use_config_min_sale_qty": 1,
    "min_sale_qty": 1,
    "use_config_max_sale_qty": True,
    "max_sale_qty": 10000,
    "use_config_backorders": True,
    "backorders": 0,
    "use_config_notify_stock_qty": True,
    "notify_stock_qty": 1,
    "use_config_qty_increments": True,
    "qty_increments": 0,
    "use_config_enable_qty_inc": True,
    "enable_qty_increments": False,
    "use_config_manage_stock": True,
    "manage_stock": True,
    "low_stock_date": None,
    "is_decimal_divided": False,
    "stock_status_changed_auto": 0,
}


class CommerceShop:
    """One shop. `breaches` are what did not fit the published schema, either way."""

    def __init__(self) -> None:
        self.now = BEGAN
        self.products: dict[int, dict[str, Any]] = {}
        self.sources = {"main": True, "outlet": True, "closed": False}
        self.links = [(1, "main"), (1, "closed"), (2, "outlet")]
        self.channels = {1: ["base"], 2: ["fr"]}
        self.units: list[dict[str, Any]] = []
        self.asked: list[str] = []
        self.breaches: list[str] = []
        self.before: Callable[[str], None] = lambda _: None
        self.fails: list[httpx2.Response | Exception] = []
        self._next = 1

    # --- what the shop's people and scripts do ---

    def add(self, sku: str, units: int | None = 5, **values: Any) -> int:
        """Save a new product; *values* are global ones."""
        id_ = self._next
        self._next += 1
        stated = {"name": sku, "price": 10, "status": 1, "visibility": 4}
        self.products[id_] = {
            "id": id_,
            "sku": sku,
            "type": values.pop("type", "simple"),
            "websites": values.pop("websites", [1, 2]),
            "categories": values.pop("categories", []),
            "children": values.pop("children", []),
            "required": values.pop("required", False),
            "stock": dict(STOCK_ITEM) | values.pop("stock", {}),
            "updated_at": self.now,
            "values": {0: stated | values},
        }
        if units is not None:
            self.units.append(_units(sku, "main", units))
        return id_

    def save(self, sku: str, view: int = 0, **values: Any) -> None:
        """Save values as the admin panel does."""
        self.sql(sku, view, **values)
        self._of(sku)["updated_at"] = self.now

    def sql(self, sku: str, view: int = 0, **values: Any) -> None:
        """Write values below the application: the time of change stays."""
        self._of(sku)["values"].setdefault(view, {}).update(values)

    def take(self, sku: str) -> None:
        """Delete a product, below the application or not: nothing tells."""
        del self.products[self._of(sku)["id"]]
        self.units = [u for u in self.units if u["sku"] != sku]

    def hold(self, sku: str, source: str, quantity: int, status: int = 1) -> None:
        """Set what a source holds."""
        self.units = [u for u in self.units if (u["sku"], u["source_code"]) != (sku, source)]
        self.units.append(_units(sku, source, quantity, status))

    def later(self, seconds: float) -> None:
        """Let time pass."""
        self.now += timedelta(seconds=seconds)

    def _of(self, sku: str) -> dict[str, Any]:
        return next(p for p in self.products.values() if p["sku"].lower() == sku.lower())

    # --- REST ---

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        """Answer one request."""
        path, _, query = request.url.raw_path.decode().partition("?")
        found = re.fullmatch(r"(?:/base)?/rest/([a-z_]+)(/V1/.+)", path)
        self.before(f"{request.method} {path}")
        self.asked.append(f"{request.method} {path}")
        if self.fails:
            failure = self.fails.pop(0)
            if isinstance(failure, Exception):
                raise failure
            return failure
        if not found:
            return self._reply(404, {"message": "Request does not match any route."})
        asked = dict(parse_qsl(query, keep_blank_values=True))
        body = json.loads(request.content) if request.content else None
        return self._route(request.method, found[2], self._view(found[1]), asked, body)

    def _view(self, code: str) -> int:
        return 0 if code == "all" else next(int(str(v["id"])) for v in VIEWS if v["code"] == code)

    def _route(
        self, method: str, path: str, view: int, asked: dict[str, str], body: Any
    ) -> httpx2.Response:
        for id_, (verb, pattern, content, answer) in BY_PATH:
            found = re.fullmatch(re.sub(r"\{\w+\}", "([^/]+)", pattern), path)
            if found and verb == method:
                self.breaches += [f"{id_} {n}: unknown" for n in asked if not QUERY.fullmatch(n)]
                self.breaches += problems(body, f"@{content}", id_) if content else []
                status, document = self._act(id_, view, asked, body, *map(unquote, found.groups()))
                kind = answer if status == 200 and "fields" not in asked else "any"
                self.breaches += problems(document, kind if status == 200 else "@error", id_)
                return self._reply(status, document)
        return self._reply(404, {"message": "Request does not match any route."})

    def _reply(self, status: int, document: Any) -> httpx2.Response:
        date = self.now.strftime("%a, %d %b %Y %H:%M:%S GMT")
        content = json.dumps(document, default=float).encode()
        return httpx2.Response(status, content=content, headers={"date": date})

    def _act(
        self, id_: str, view: int, asked: dict[str, str], body: Any, sku: str = ""
    ) -> tuple[int, Any]:
        if id_ == "GetV1Products":
            return 200, _found(self._rows(), asked, lambda row: self._shown(row, view))
        if id_ in LISTS:
            return 200, _found(LISTS[id_](self), asked)
        if id_ in PLACES:
            return 200, PLACES[id_]
        if id_.startswith("PostV1Products"):
            return self._prices(id_, body["skus"])
        mine = [p for p in self.products.values() if p["sku"].lower() == sku.lower()]
        if not mine:
            return 404, {"message": "The product that was requested doesn't exist."}
        return 200, self._one(id_, mine[0], view, body)

    def _rows(self) -> Iterable[dict[str, Any]]:
        for p in self.products.values():
            yield {"id": p["id"], "sku": p["sku"], "type_id": p["type"]} | {
                "updated_at": p["updated_at"].strftime("%Y-%m-%d %H:%M:%S")
            }

    def _shown(self, row: dict[str, Any], view: int) -> dict[str, Any]:
        return self._document(self.products[row["id"]], view)

    def _one(self, id_: str, product: dict[str, Any], view: int, body: Any) -> Any:
        if id_ == "GetV1StockItemsProductSku":
            return product["stock"]
        if id_ == "PutV1ProductsSku":
            self._put(product, view, body["product"])
        document = self._document(product, view)
        document["extension_attributes"]["stock_item"] = product["stock"]
        return document

    def _put(self, product: dict[str, Any], view: int, stated: dict[str, Any]) -> None:
        custom = {p["attribute_code"]: p["value"] for p in stated.get("custom_attributes", ())}
        plain = {name: stated[name] for name in PLAIN if name in stated}
        self.save(product["sku"], view, **plain, **custom)

    def _prices(self, id_: str, skus: list[str]) -> tuple[int, Any]:
        known = {p["sku"]: p for p in self.products.values()}
        if unknown := [sku for sku in skus if sku not in known]:
            return 400, {"message": "Requested product doesn't exist: %1", "parameters": unknown}
        rows = []
        for sku in skus:
            for view, values in known[sku]["values"].items():
                row = {"store_id": view, "sku": sku, "extension_attributes": {}}
                if "Base" in id_ and values.get("price") is not None:
                    rows.append(row | {"price": values["price"]})
                if "Special" in id_ and values.get("special_price") is not None:
                    ends = {
                        "price_from": values.get("special_from_date"),
                        "price_to": values.get("special_to_date"),
                    }
                    rows.append(row | {"price": values["special_price"]} | ends)
        return 200, rows

    def _document(self, product: dict[str, Any], view: int) -> dict[str, Any]:
        shown = self._in_force(product, view)
        custom = {c: v for c, v in shown.items() if c not in PLAIN and v is not None}
        extension: dict[str, Any] = {
            "website_ids": product["websites"],
            "category_links": [
                {"position": 0, "category_id": str(c)} for c in product["categories"]
            ],
        }
        if product["children"]:
            extension["configurable_product_links"] = product["children"]
        option = {"product_sku": product["sku"], "title": "Engraving", "type": "field"}
        return {
            "id": product["id"],
            "sku": product["sku"],
            "attribute_set_id": 4,
            "type_id": product["type"],
            "created_at": "2026-01-01 00:00:00",
            "updated_at": product["updated_at"].strftime("%Y-%m-%d %H:%M:%S"),
            "extension_attributes": extension,
            "product_links": [],
            "options": [option | {"sort_order": 1, "is_require": True}]
            if product["required"]
            else [],
            "media_gallery_entries": [],
            "tier_prices": [],
            "custom_attributes": [
                {"attribute_code": "category_ids", "value": [str(c) for c in product["categories"]]}
            ]
            + [{"attribute_code": c, "value": _text(v)} for c, v in custom.items()],
        } | {name: shown[name] for name in PLAIN if shown.get(name) is not None}

    def _in_force(self, product: dict[str, Any], view: int) -> dict[str, Any]:
        shown = dict(product["values"][0])
        website = next((v["website_id"] for v in VIEWS if v["id"] == view), 0)
        for other in VIEWS:
            same = other["id"] == view
            if view and (same or other["website_id"] == website):
                own = product["values"].get(other["id"], {})
                scopes = ("store", "website") if same else ("website",)
                shown |= {c: v for c, v in own.items() if ATTRIBUTES[c][1] in scopes}
        return shown


def _text(value: Any) -> str:
    return str(value)


def _units(sku: str, source: str, quantity: int, status: int = 1) -> dict[str, Any]:
    return {"sku": sku, "source_code": source, "quantity": quantity, "status": status}


def _attribute(code: str, id_: int) -> dict[str, Any]:
    kind, scope = ATTRIBUTES[code]
    return {
        "attribute_id": id_,
        "attribute_code": code,
        "frontend_input": kind,
        "entity_type_id": "4",
        "is_required": False,
        "scope": scope,
        "options": [],
        "frontend_labels": [],
    }


LISTS: dict[str, Callable[[CommerceShop], Iterable[dict[str, Any]]]] = {
    "GetV1InventorySourceitems": lambda shop: shop.units,
    "GetV1InventorySources": lambda shop: [
        {"source_code": code, "name": code, "enabled": on} for code, on in shop.sources.items()
    ],
    "GetV1InventoryStocks": lambda shop: [
        {
            "stock_id": id_,
            "name": f"Stock {id_}",
            "extension_attributes": {
                "sales_channels": [{"type": "website", "code": code} for code in codes]
            },
        }
        for id_, codes in shop.channels.items()
    ],
    "GetV1InventoryStocksourcelinks": lambda shop: [
        {"stock_id": stock, "source_code": source, "priority": 1} for stock, source in shop.links
    ],
    "GetV1ProductsAttributes": lambda _: [
        _attribute(code, id_) for id_, code in enumerate(ATTRIBUTES, 70)
    ],
    "GetV1ProductsAttributesetsSetsList": lambda _: [
        {"attribute_set_id": 4, "attribute_set_name": "Top", "sort_order": 1, "entity_type_id": 4}
    ],
    "GetV1CategoriesList": lambda _: [
        {"id": 1, "parent_id": 0, "name": "Root Catalog", "level": 0, "path": "1"},
        {"id": 2, "parent_id": 1, "name": "Default Category", "level": 1, "path": "1/2"},
        {"id": 12, "parent_id": 2, "name": "Home/Garden", "level": 2, "path": "1/2/12"},
    ],
}
"""What can be searched, by published id."""

PLACES: dict[str, list[dict[str, Any]]] = {
    "GetV1StoreWebsites": WEBSITES,
    "GetV1StoreStoreGroups": [g | {"code": str(g["name"]).lower()} for g in GROUPS],
    "GetV1StoreStoreViews": [v | {"is_active": 1} for v in VIEWS],
}

BY_PATH = sorted(OPERATIONS.items(), key=lambda pair: "{" in pair[1][1])
"""Plain paths before those with a place for a SKU."""

COLUMNS = {"entity_id": "id"}
"""Columns that are told under another name."""


def _found(
    rows: Iterable[dict[str, Any]],
    asked: dict[str, str],
    shape: Callable[[dict[str, Any]], dict[str, Any]] = dict,
) -> dict[str, Any]:
    kept = [row for row in rows if all(_fits(row, *f) for f in _filters(asked))]
    if sort := asked.get("searchCriteria[sortOrders][0][field]"):
        kept.sort(key=lambda row: _comparable(row[COLUMNS.get(sort, sort)]))
    size = int(asked.get("searchCriteria[pageSize]", 20))
    last = max(1, -(-len(kept) // size))
    page = min(int(asked.get("searchCriteria[currentPage]", 1)), last)
    items = [shape(row) for row in kept[(page - 1) * size : page * size]]
    if "fields" in asked:
        named = set(re.findall(r"\w+", asked["fields"].replace("items", "")))
        items = [{name: v for name, v in row.items() if name in named} for row in items]
        return {"items": items, "total_count": len(kept)}
    criteria = {"filter_groups": [], "page_size": size, "current_page": page}
    return {"items": items, "search_criteria": criteria, "total_count": len(kept)}


def _filters(asked: dict[str, str]) -> list[tuple[str, str, str]]:
    found = []
    for n in range(len(asked)):
        group = f"searchCriteria[filterGroups][{n}][filters][0]"
        if f"{group}[field]" in asked:
            found.append(
                (
                    asked[f"{group}[field]"],
                    asked.get(f"{group}[conditionType]", "eq"),
                    asked[f"{group}[value]"],
                )
            )
    return found


def _comparable(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _fits(row: dict[str, Any], field: str, condition: str, value: str) -> bool:
    mine = row[COLUMNS.get(field, field)]
    as_mine: Callable[[str], Any] = Decimal if isinstance(mine, int) else str.lower
    mine = _comparable(mine)
    if condition == "in":
        return mine in [as_mine(v) for v in value.split(",")]
    wanted = as_mine(value)
    return bool(
        {
            "eq": mine == wanted,
            "gteq": mine >= wanted,
            "gt": mine > wanted,
            "lteq": mine <= wanted,
        }[condition]
    )
