"""The stand-in of a shop whose attributes a test makes up, and whose answers it may lose.

Held to the published schema as `CommerceShop` is: what does not fit either way is an error.
"""

import re
from collections.abc import Callable
from typing import Any

import httpx2
import msgspec

from tests.support.commerce import PLAIN, VIEWS, CommerceShop, _found

Answer = Callable[[httpx2.Request], httpx2.Response | None]
ALL = "all"
NO_STORE = "The store that was requested wasn't found. Verify the store and try again."


class AttributeShop(CommerceShop):
    """One shop. *refuse* may answer a request before the shop does, *lose* after it has acted.

    An unknown attribute is dropped without a word, and a global one has one value: the shop's
    own manners.
    """

    def __init__(self) -> None:
        super().__init__()
        self.attributes: dict[str, dict[str, Any]] = {}
        self.requests: list[httpx2.Request] = []
        self.refuse: Answer = lambda _: None
        self.lose: Answer = lambda _: None
        self.keeps = True
        self.assigned: set[tuple[int, str]] = set()

    def attribute(self, code: str, kind: str = "text", scope: str = "store", **more: Any) -> None:
        """Create an attribute; *options* label → id, *labels* view → (label → id)."""
        self.attributes[code] = {"kind": kind, "scope": scope, "options": {}, "labels": {}} | more

    def product(self, sku: str, view: str = ALL, **values: Any) -> None:
        """Store values of a product in a view."""
        if all(p["sku"] != sku for p in self.products.values()):
            self.add(sku, units=None)
        self.sql(sku, self._view(view), **values)

    def shows(self, sku: str, view: str = ALL) -> dict[str, Any]:
        """Give what a view shows of the attributes that the test made up, and the name."""
        found = self._in_force(self._of(sku), self._view(view))
        return {c: v for c, v in found.items() if c in self.attributes}

    @property
    def writes(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Every write that was asked for: SKU, view, values."""
        return [_write(r) for r in self.requests if r.method == "PUT"]

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        answer = self.refuse(request)
        if answer is None and _place(request)[0] not in {ALL, *(str(v["code"]) for v in VIEWS)}:
            answer = error(404, NO_STORE)
        if answer is None:
            answer = super().__call__(request)
            answer = self.lose(request) or answer
        if self.breaches:
            raise AssertionError(self.breaches)
        return answer

    def _act(
        self, id_: str, view: int, asked: dict[str, str], body: Any, sku: str = ""
    ) -> tuple[int, Any]:
        if id_ == "GetV1ProductsAttributes":
            code = next(str(v["code"]) for v in VIEWS if v["id"] == view)
            return 200, _found([self._defined(c, code) for c in self.attributes], asked)
        if id_ == "GetV1ProductsAttributesetsGroupsList":
            group = {"attribute_group_id": "7", "attribute_group_name": "Product Details"}
            return 200, _found([group | {"attribute_set_id": 4}], asked)
        if id_ == "PostV1ProductsAttributes":
            told = body["attribute"]
            self.attribute(told["attribute_code"], told["frontend_input"], told["scope"])
            return 200, self._defined(told["attribute_code"], "admin")
        if id_ == "PostV1ProductsAttributesetsAttributes":
            self.assigned.add((body["attributeSetId"], body["attributeCode"]))
            return 200, 77
        return super()._act(id_, view, asked, body, sku)

    def _defined(self, code: str, view: str) -> dict[str, Any]:
        known = self.attributes[code]
        named = known["labels"].get(view) or known["options"]
        options = [{"label": label, "value": value} for label, value in named.items()]
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

    def _in_force(self, product: dict[str, Any], view: int) -> dict[str, Any]:
        return {**product["values"][0], **product["values"].get(view, {})}

    def _put(self, product: dict[str, Any], view: int, stated: dict[str, Any]) -> None:
        custom = {p["attribute_code"]: p["value"] for p in stated.get("custom_attributes", ())}
        plain = {name: stated[name] for name in PLAIN if name in stated}
        for code, value in (plain | custom).items() if self.keeps else ():
            if code in PLAIN or code in self.attributes:
                wide = self.attributes.get(code, {}).get("scope") == "global"
                self.save(product["sku"], 0 if wide else view, **{code: value})


def _place(request: httpx2.Request) -> tuple[str, str]:
    found = re.search(r"/rest/([^/]+)/V1/(.+)", request.url.path)
    return (found[1], found[2].rpartition("/")[2]) if found else ("", "")


def _write(request: httpx2.Request) -> tuple[str, str, dict[str, Any]]:
    view, sku = _place(request)
    product = msgspec.json.decode(request.content)["product"]
    custom = {c["attribute_code"]: c["value"] for c in product.get("custom_attributes", [])}
    own = {n: v for n, v in product.items() if n not in ("sku", "custom_attributes")}
    return sku, view, own | custom


def error(status: int, message: str) -> httpx2.Response:
    """Give an error in the shop's shape."""
    return httpx2.Response(status, json={"message": message})
