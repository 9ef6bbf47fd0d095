"""Catalog Items 2022-04-01: search by identifiers or keywords, and one ASIN.

Results of an identifier search come in no order that a client could rely on: shuffled by
the seed. One trade item number may belong to several ASINs; the kind that is named with it
hardly matters; a parent may come for its child; no result repeats the SKU it was asked by.
"""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from deploy.sandbox.call import Call
from deploy.sandbox.chance import fixed
from deploy.sandbox.checks import Query, stores
from deploy.sandbox.exchange import Problem, Reply, answer, bad_request
from deploy.sandbox.search import offset, pagination
from deploy.sandbox.world import Product, World

IDENTIFIERS = ("ASIN", "EAN", "GTIN", "ISBN", "JAN", "MINSAN", "SKU", "UPC")
LENGTHS = (8, 10, 12, 13, 14)
"""Digits of what can be made a GTIN; ten are those of an old book number."""


def one(call: Call) -> Reply:
    """Show one ASIN; 404 when none of the marketplaces has it."""
    query = Query(call.request)
    call.stores = stores(query, call.account)
    parts = query.array("includedData", choices=PARTS) or ["summaries"]
    product = call.world.products.get(call.asin)
    here = [name for name in call.stores if product is not None and product.sold_in(name)]
    if product is None or not here:
        raise Problem(404, "NOT_FOUND", f"Requested item '{call.asin}' not found.")
    return answer(_shown(product, here, parts))


def search(call: Call) -> Reply:
    """Give one page of the catalogue of one marketplace."""
    query = Query(call.request)
    call.stores = stores(query, call.account, most=1)
    identifiers = query.array("identifiers", most=20)
    kind = query.text("identifiersType", IDENTIFIERS)
    keywords = query.array("keywords", most=20)
    brands = query.array("brandNames")
    if bool(identifiers) == bool(keywords):
        raise bad_request("Exactly one of 'identifiers' and 'keywords' is needed.")
    if bool(identifiers) != bool(kind):
        raise bad_request("'identifiers' and 'identifiersType' need each other.")
    if (brands or query.array("classificationIds")) and not keywords:
        raise bad_request("'brandNames' and 'classificationIds' need 'keywords'.")
    size = query.number("pageSize", default=10, most=20)
    parts = query.array("includedData", choices=PARTS) or ["summaries"]
    start = offset(query.text("pageToken"))
    if kind is None:
        found = by_keywords(call.world, keywords, brands)
    else:
        found = _shuffled(call, _by_identifiers(call, query, kind, identifiers))
    here = [product for product in found if product.sold_in(call.stores[0])]
    return answer(_page(call, here, start=start, size=size, parts=parts))


def _page(
    call: Call, found: list[Product], *, start: int, size: int, parts: list[str]
) -> dict[str, Any]:
    page = [_found(call, product, parts) for product in found[start : start + size]]
    told: dict[str, Any] = {"numberOfResults": len(found), "items": page}
    if len(page) > 1 and call.world.chance.happens(
        call.world.profile.cut_pages, "cut", call.account.id
    ):
        return told | {"items": page[: len(page) // 2]}
    return told | pagination(start, size, len(found))


def _found(call: Call, product: Product, parts: list[str]) -> dict[str, Any]:
    """Show one result; at a set rate without the identifiers that it was asked by."""
    rate, entity = call.world.profile.hidden_identifiers, f"{call.account.id}|{product.asin}"
    if "identifiers" in parts and call.world.chance.happens(rate, "hidden", entity):
        product = msgspec.structs.replace(product, gtins=product.gtins[1:])
    return _shown(product, call.stores, parts)


def _family(call: Call, product: Product) -> Product:
    """Give a product, or at a set rate its parent in its place."""
    parent = call.world.products.get(product.parent or "")
    rate, entity = call.world.profile.parent_results, f"{call.account.id}|{product.asin}"
    if parent is None or not call.world.chance.happens(rate, "parent", entity):
        return product
    return parent


def _by_identifiers(
    call: Call, query: Query, kind: str, identifiers: list[str]
) -> Iterable[Product]:
    if kind == "SKU":
        asins = _of_skus(call, query, identifiers)
    elif kind == "ASIN":
        asins = identifiers
    else:
        asins = [asin for number in identifiers for asin in _of_number(call.world, kind, number)]
    products = call.world.products
    found = [products[asin] for asin in dict.fromkeys(asins) if asin in products]
    if kind == "ASIN":
        return found
    return {row.asin: row for row in (_family(call, product) for product in found)}.values()


def _of_number(world: World, kind: str, number: str) -> list[str]:
    """Find by number: each is made a GTIN first, so the kind that is named matters little."""
    if kind == "MINSAN" or len(number) not in LENGTHS:
        return []
    if len(number) == 10:
        number = isbn13(number)
    return world.gtins.get(number.zfill(14), [])


def isbn13(isbn10: str) -> str:
    """Spell an ISBN-10 as ISBN-13; nonsense stays nonsense."""
    digits = f"978{isbn10[:9]}"
    if not (digits.isascii() and digits.isdigit()):
        return isbn10
    total = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(digits))
    return f"{digits}{-total % 10}"


def _of_skus(call: Call, query: Query, names: list[str]) -> list[str]:
    seller = query.text("sellerId")
    if seller is None:
        raise bad_request("'sellerId' is needed to search by SKU.")
    if seller != call.account.merchant_token:
        return []
    skus = (call.world.sku(call.account.id, name) for name in names)
    rows = (sku.listing(call.stores[0]) for sku in skus if sku is not None)
    return [row.asin for row in rows if row is not None and row.asin is not None]


def _shuffled(call: Call, products: Iterable[Product]) -> list[Product]:
    seed, query = call.world.chance.seed, call.request.query.partition("&pageToken")[0]
    salt = "&".join(part for part in query.split("&") if not part.startswith("pageToken="))
    return sorted(products, key=lambda product: fixed(seed, "shuffle", f"{product.asin}|{salt}"))


def by_keywords(world: World, keywords: list[str], brands: list[str]) -> list[Product]:
    """Find the products whose title, brand or part number has every word, best first."""
    words = [word for keyword in keywords for word in keyword.lower().split()]
    index = world.words()
    if not words:
        return []
    asins = set.intersection(*(index.get(word, set()) for word in words))
    found = [world.products[asin] for asin in asins]
    if brands:
        found = [product for product in found if product.brand in brands]
    return sorted(found, key=lambda product: (len(product.title), product.asin))


Part = Callable[[Product], dict[str, Any] | None]


def _shown(product: Product, marketplaces: list[str], parts: list[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"asin": product.asin}
    for part in parts:
        if part == "attributes":
            told[part] = _attributes(product, marketplaces)
            continue
        rows = [(name, PARTS[part](product)) for name in marketplaces]
        told[part] = [{"marketplaceId": name} | row for name, row in rows if row is not None]
    return told


def _attributes(product: Product, marketplaces: list[str]) -> dict[str, Any]:
    values = {"item_name": product.title, "brand": product.brand, "part_number": product.mpn}
    return {
        name: [{"value": value, "marketplace_id": store} for store in marketplaces]
        for name, value in values.items()
        if value is not None
    }


def _summary(product: Product) -> dict[str, Any]:
    kind = "VARIATION_PARENT" if product.children else "BASE_PRODUCT"
    optional = {
        "brand": product.brand,
        "manufacturer": product.brand,
        "partNumber": product.mpn,
        "modelNumber": product.mpn,
        "packageQuantity": product.pack,
        "color": product.color,
        "size": product.size,
    }
    stated = {name: value for name, value in optional.items() if value is not None}
    return {"itemClassification": kind, "itemName": product.title} | stated


def _identifiers(product: Product) -> dict[str, Any]:
    rows = [row for number in product.gtins for row in spellings(number)]
    return {"identifiers": [{"identifierType": kind, "identifier": text} for kind, text in rows]}


def spellings(number: str) -> list[tuple[str, str]]:
    """Give the kinds and spellings that Amazon lists one trade item number under."""
    full = number.zfill(14)
    found = [("GTIN", full)]
    if full.startswith("0"):
        found.append(("EAN", full[1:]))
    if full.startswith("00"):
        found.append(("UPC", full[2:]))
    if full.startswith(("0978", "0979")):
        found.append(("ISBN", full[1:]))
    return found


def _relationships(product: Product) -> dict[str, Any]:
    rows: list[dict[str, Any]] = []
    if product.children:
        rows.append({"type": "VARIATION", "childAsins": list(product.children)})
    if product.parent:
        rows.append({"type": "VARIATION", "parentAsins": [product.parent]})
    return {"relationships": rows}


def _product_types(product: Product) -> dict[str, Any]:
    return {"productType": product.product_type}


def _images(_: Product) -> dict[str, Any]:
    return {"images": []}


def _none(_: Product) -> None:
    return None


PARTS: dict[str, Part] = {
    "attributes": _none,
    "classifications": _none,
    "dimensions": _none,
    "identifiers": _identifiers,
    "images": _images,
    "productTypes": _product_types,
    "relationships": _relationships,
    "salesRanks": _none,
    "summaries": _summary,
    "vendorDetails": _none,
}
