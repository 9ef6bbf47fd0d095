"""A shop's REST interface in memory, as a transport: what we ask of it, with its manners.

Shapes are those of Adobe's published schema (`GetV1ProductsSku`, `PutV1ProductsSku`,
`GetV1ProductsAttributes`); the manners are the shop's own: a view inherits what it does not
have, a global attribute has one value, an unknown attribute is dropped without a word.
"""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx2
import jsonschema
import msgspec

from tests.support import magento_schema as published

Answer = Callable[[httpx2.Request], httpx2.Response | None]
ALL = "all"
OWN_MEMBERS = ("name", "price", "weight")
MISSING = "The product that was requested doesn't exist. Verify the product and try again."
NO_STORE = "The store that was requested wasn't found. Verify the store and try again."


class Shop:
    """Products, attributes and views. *refuse* may answer a request before the shop does."""

    def __init__(self, *views: str) -> None:
        self.views = {ALL, *views}
        self.attributes: dict[str, dict[str, Any]] = {}
        self.stored: dict[tuple[str, str], dict[str, Any]] = {}
        self.asked: list[httpx2.Request] = []
        self.refuse: Answer = lambda _: None
        self.lose: Answer = lambda _: None

    def attribute(self, code: str, kind: str = "text", scope: str = "store", **more: Any) -> None:
        """Create an attribute; *options* label → id, *labels* view → (label → id)."""
        self.attributes[code] = {"kind": kind, "scope": scope, "options": {}, "labels": {}} | more

    def product(self, sku: str, view: str = ALL, **values: Any) -> None:
        """Store values of a product in a view."""
        self.stored.setdefault((sku, ALL), {})
        self.stored.setdefault((sku, view), {}).update(values)

    def shows(self, sku: str, view: str = ALL) -> dict[str, Any]:
        """Give what a view shows of a product."""
        return self.stored[sku, ALL] | self.stored.get((sku, view), {})

    @property
    def writes(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Every write that was asked for: SKU, view, values."""
        return [_write(r) for r in self.asked if r.method == "PUT"]

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        refused = self.refuse(request)
        if refused is not None:
            return refused
        answer = self._answer(request)
        return self.lose(request) or answer

    def _answer(self, request: httpx2.Request) -> httpx2.Response:
        view, what, name = _place(request)
        if view not in self.views:
            return error(404, NO_STORE)
        if what == "attributes":
            return self._definitions(request, view)
        if (name, ALL) not in self.stored:
            return error(404, MISSING)
        if request.method == "PUT":
            jsonschema.validate(msgspec.json.decode(request.content), published.SAVE)
            self._save(name, view, _write(request)[2])
        return checked(self._document(name, view), published.PRODUCT)

    def _save(self, sku: str, view: str, values: dict[str, Any]) -> None:
        known = {code: v for code, v in values.items() if code in {*self.attributes, *OWN_MEMBERS}}
        for code, value in known.items():
            globally = self.attributes.get(code, {}).get("scope") == "global"
            self.product(sku, ALL if globally else view, **{code: value})

    def _document(self, sku: str, view: str) -> dict[str, Any]:
        shown = self.shows(sku, view)
        custom = [
            {"attribute_code": code, "value": value}
            for code, value in shown.items()
            if code not in OWN_MEMBERS and value != ""
        ]
        own = {"name": sku, "price": 49.9} | {n: v for n, v in shown.items() if n in OWN_MEMBERS}
        return own | {
            "id": 7,
            "sku": sku,
            "attribute_set_id": 4,
            "status": 1,
            "visibility": 4,
            "type_id": "simple",
            "extension_attributes": {},
            "custom_attributes": custom,
        }

    def _definitions(self, request: httpx2.Request, view: str) -> httpx2.Response:
        query = dict(parse_qsl(request.url.query.decode()))
        code = query.get("searchCriteria[filterGroups][0][filters][0][value]", "")
        found = [self._definition(code, view)] if code in self.attributes else []
        answer = {"items": found, "search_criteria": {}, "total_count": len(found)}
        return checked(answer, published.ATTRIBUTES)

    def _definition(self, code: str, view: str) -> dict[str, Any]:
        known = self.attributes[code]
        labels = known["options"] | {}
        named = known["labels"].get(view)
        options = [{"label": label, "value": value} for label, value in (named or labels).items()]
        return {
            "attribute_id": 93,
            "attribute_code": code,
            "frontend_input": known["kind"],
            "scope": known["scope"],
            "entity_type_id": "4",
            "is_required": False,
            "frontend_labels": [],
            "options": [{"label": " ", "value": ""}, *options] if options else [],
        }


def _place(request: httpx2.Request) -> tuple[str, str, str]:
    _, _, rest = request.url.raw_path.decode().split("?")[0].partition("/rest/")
    view, _, *path = rest.split("/")
    return unquote(view), path[1] if len(path) > 1 else "", unquote(path[-1])


def _write(request: httpx2.Request) -> tuple[str, str, dict[str, Any]]:
    view, _, sku = _place(request)
    product = msgspec.json.decode(request.content)["product"]
    custom = {c["attribute_code"]: c["value"] for c in product.get("custom_attributes", [])}
    own = {n: v for n, v in product.items() if n not in ("sku", "custom_attributes")}
    return sku, view, own | custom


def checked(document: Any, schema: dict[str, Any]) -> httpx2.Response:
    """Give an answer of the published shape."""
    jsonschema.validate(document, schema)
    return reply(document)


def reply(document: Any, status: int = 200) -> httpx2.Response:
    """Give an answer of JSON."""
    return httpx2.Response(status, content=msgspec.json.encode(document))


def error(status: int, message: str) -> httpx2.Response:
    """Give an error in the shop's shape."""
    return reply({"message": message}, status)
