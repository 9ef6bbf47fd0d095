"""The one client of the shop: words and values in, the shop's documents out.

It raises one of the four classes of `schemas.errors` and neither repeats nor sleeps. View
`all` is the shop's global scope; any other is a store view's code.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from deploy.connect.amazon.address import encoded_sku
from deploy.connect.commerce.exchange import Exchange
from deploy.connect.commerce.failures import Call, ShopLater
from deploy.connect.commerce.operations import OPERATIONS

Document = dict[str, Any]
"""A document of the shop's, numbers with a point as exact decimals."""

Filter = tuple[str, str, str]
"""Field, condition (`eq`, `gteq`, `in`, …), value; several must all hold."""

_encoder = msgspec.json.Encoder(decimal_format="number")


class CommerceClient:
    """Calls one shop, whose REST interface begins at *address*; safe for threads."""

    def __init__(self, exchange: Exchange, address: str) -> None:
        self._exchange = exchange
        self._address = address.rstrip("/")

    def search(
        self,
        what: str,
        view: str = "all",
        *,
        where: Sequence[Filter] = (),
        sort: str | None = None,
        page: int = 1,
        size: int = 100,
        members: str | None = None,
    ) -> tuple[list[Document], int]:
        """Give one page of what can be searched, and how many there are in all.

        *what*: products, source items, sources, stocks, stock source links, attributes,
        attribute sets, categories. *members* of each that shall be told: `id,sku`. A page
        beyond the last gives the last one again: it is the count that tells when to end.
        """
        query = _criteria(where, sort, page, size)
        if members:
            query.append(("fields", f"items[{members}],total_count"))
        answer = self._call(what, view, query=query)
        found, total = _member(answer, "items", list), _member(answer, "total_count", int)
        if found is None or total is None:
            raise self._strange(what, view)
        return found, total

    @property
    def date(self) -> datetime | None:
        """The shop's clock by its last answer, to the second; None if it tells none."""
        return self._exchange.date

    def listed(self, what: str) -> list[Document]:
        """Give all of: websites, store groups, store views."""
        answer = self._call(what, "all")
        if not isinstance(answer, list):
            raise self._strange(what, "all")
        return answer

    def product(self, sku: str, view: str = "all") -> Document | None:
        """Give one product as *view* shows it, None if the shop has none of this SKU."""
        answer: Document | None = self._call("product", view, sku=sku)
        return answer

    def save_product(self, sku: str, product: Mapping[str, Any], view: str = "all") -> Document:
        """Change what *product* names of it in *view*; give it as it is now.

        `{"custom_attributes": [{"attribute_code": "color", "value": "49"}]}`: the values
        that are not named stay as *view* shows them; older shops make them the view's own.
        """
        body = {"product": {"sku": sku, **product}}
        answer: Document = self._call("save product", view, sku=sku, body=body)
        return answer

    def create(self, what: str, document: Mapping[str, Any]) -> Any:
        """Make what *document* says and give the shop's answer.

        *what*: create attribute, assign attribute (to a group of a set).
        """
        return self._call(what, "all", body=document)

    def stock_item(self, sku: str) -> Document | None:
        """Give the product's own stock settings, None if the shop has no such product."""
        answer: Document | None = self._call("stock item", "all", sku=sku)
        return answer

    def stored_prices(self, what: str, skus: Sequence[str]) -> list[Document]:
        """Give the prices stored for *skus*, each with its `store_id` (0 = global).

        *what*: base prices, special prices.
        """
        answer = self._call(what, "all", body={"skus": list(skus)})
        if not isinstance(answer, list):
            raise self._strange(what, "all")
        return answer

    def _call(
        self,
        what: str,
        view: str,
        *,
        sku: str | None = None,
        query: Sequence[tuple[str, str]] = (),
        body: Mapping[str, Any] | None = None,
    ) -> Any:
        operation = OPERATIONS[what]
        path = operation.path.format(sku="" if sku is None else encoded_sku(sku))
        text = "&".join(f"{quote(n, safe='')}={quote(v, safe='')}" for n, v in query)
        url = f"{self._address}/rest/{quote(view, safe='')}/V1/{path}"
        content = None if body is None else _encoder.encode(body)
        return self._exchange.call(operation, view, f"{url}?{text}" if text else url, content)

    @staticmethod
    def _strange(what: str, view: str) -> ShopLater:
        call = Call(operation=OPERATIONS[what].id, view=view)
        return ShopLater(call, "an answer of another shape", after=1.0)


def _criteria(
    where: Sequence[Filter], sort: str | None, page: int, size: int
) -> list[tuple[str, str]]:
    stated = [("[pageSize]", str(size)), ("[currentPage]", str(page))]
    for n, (field, condition, value) in enumerate(where):
        group = f"[filterGroups][{n}][filters][0]"
        stated += [
            (f"{group}[field]", field),
            (f"{group}[conditionType]", condition),
            (f"{group}[value]", value),
        ]
    if sort:
        stated += [("[sortOrders][0][field]", sort), ("[sortOrders][0][direction]", "ASC")]
    return [(f"searchCriteria{name}", value) for name, value in stated]


def _member(answer: Any, name: str, kind: type) -> Any:
    found = answer.get(name) if isinstance(answer, dict) else None
    return found if isinstance(found, kind) else None
