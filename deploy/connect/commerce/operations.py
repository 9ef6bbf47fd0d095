"""The operations of the shop that we call: our word for each, and what is published of it.

Ids and paths are those of the REST schema that Adobe publishes for Commerce on premises
(`admin-schema.json`, in the repository of its web API documentation).
"""

from typing import Literal

import msgspec


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation. *write*: it changes the shop, so a lost answer means *unknown*.

    *absent*: a 404 of the shop's own is a fact.
    """

    id: str
    path: str
    method: Literal["GET", "PUT", "POST"] = "GET"
    write: bool = False
    absent: bool = False


OPERATIONS: dict[str, Operation] = {
    "products": Operation(id="GetV1Products", path="products"),
    "product": Operation(id="GetV1ProductsSku", path="products/{sku}", absent=True),
    "save product": Operation(
        id="PutV1ProductsSku", path="products/{sku}", method="PUT", write=True
    ),
    "stock item": Operation(id="GetV1StockItemsProductSku", path="stockItems/{sku}", absent=True),
    "source items": Operation(id="GetV1InventorySourceitems", path="inventory/source-items"),
    "sources": Operation(id="GetV1InventorySources", path="inventory/sources"),
    "stocks": Operation(id="GetV1InventoryStocks", path="inventory/stocks"),
    "stock source links": Operation(
        id="GetV1InventoryStocksourcelinks", path="inventory/stock-source-links"
    ),
    "base prices": Operation(
        id="PostV1ProductsBasepricesinformation",
        path="products/base-prices-information",
        method="POST",
    ),
    "special prices": Operation(
        id="PostV1ProductsSpecialpriceinformation",
        path="products/special-price-information",
        method="POST",
    ),
    "attributes": Operation(id="GetV1ProductsAttributes", path="products/attributes"),
    "create attribute": Operation(
        id="PostV1ProductsAttributes", path="products/attributes", method="POST", write=True
    ),
    "attribute groups": Operation(
        id="GetV1ProductsAttributesetsGroupsList", path="products/attribute-sets/groups/list"
    ),
    "assign attribute": Operation(
        id="PostV1ProductsAttributesetsAttributes",
        path="products/attribute-sets/attributes",
        method="POST",
        write=True,
    ),
    "attribute sets": Operation(
        id="GetV1ProductsAttributesetsSetsList", path="products/attribute-sets/sets/list"
    ),
    "categories": Operation(id="GetV1CategoriesList", path="categories/list"),
    "websites": Operation(id="GetV1StoreWebsites", path="store/websites"),
    "store groups": Operation(id="GetV1StoreStoreGroups", path="store/storeGroups"),
    "store views": Operation(id="GetV1StoreStoreViews", path="store/storeViews"),
}
"""By our word."""
