"""How a shop is laid out: websites, views, attributes, categories, sources. Pure but `read`.

The shop itself is asked, so that settings and shop cannot disagree about it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from producers.catalog.rest import Document, Rest, everything
from schemas.settings import Attribute

Kind = Literal["text", "number", "price", "date", "dropdown", "multiselect", "yes_no"]

KINDS: dict[str, Kind] = {
    "price": "price",
    "date": "date",
    "datetime": "date",
    "select": "dropdown",
    "swatch_visual": "dropdown",
    "swatch_text": "dropdown",
    "multiselect": "multiselect",
    "boolean": "yes_no",
    "weight": "number",
}
"""The shop's input of an attribute → our type; any other is text."""


class View(msgspec.Struct, frozen=True):
    """One store view: its code, and its website's."""

    code: str
    website: str


class Layout(msgspec.Struct, frozen=True, kw_only=True):
    """How one shop is laid out.

    *sources*: per website the sources that are enabled and linked to its stock. A website
    that belongs to no stock has none: there is nothing to sell there.
    """

    websites: dict[int, str] = {}
    default_views: dict[str, str] = {}
    views: dict[int, View] = {}
    attributes: dict[str, Attribute] = {}
    own_scope: frozenset[str] = frozenset()
    sets: dict[int, str] = {}
    categories: dict[str, str] = {}
    sources: dict[str, frozenset[str]] = {}


def read(rest: Rest) -> Layout:
    """Ask the shop how it is laid out."""
    websites = {w["id"]: w["code"] for w in rest.listed("websites") if w["id"]}
    attributes = everything(rest, "attributes", sort="attribute_id")
    views = {
        v["id"]: View(v["code"], websites[v["website_id"]])
        for v in rest.listed("store views")
        if v["website_id"] in websites
    }
    return Layout(
        websites=websites,
        views=views,
        default_views=default_views(websites, views, rest.listed("store groups")),
        attributes={a["attribute_code"]: attribute(a) for a in attributes},
        own_scope=frozenset(a["attribute_code"] for a in attributes if a["scope"] != "global"),
        sets={
            s["attribute_set_id"]: s["attribute_set_name"]
            for s in everything(rest, "attribute sets", sort="attribute_set_id")
        },
        categories=paths(everything(rest, "categories", sort="entity_id")),
        sources=sources(
            everything(rest, "sources"),
            everything(rest, "stocks"),
            everything(rest, "stock source links"),
        ),
    )


def default_views(
    websites: Mapping[int, str], views: Mapping[int, View], groups: Iterable[Document]
) -> dict[str, str]:
    """Give each website's view of its first group that has a default one."""
    found: dict[str, str] = {}
    for group in sorted(groups, key=lambda g: int(g["id"])):
        website, view = websites.get(group["website_id"]), views.get(group["default_store_id"])
        if website and view:
            found.setdefault(website, view.code)
    return found


def attribute(stated: Mapping[str, Any]) -> Attribute:
    """Give what the shop says of an attribute; options stay ids, as REST tells ids."""
    scope = {"website": "website", "store": "store_view"}.get(stated["scope"], "global")
    kind = KINDS.get(stated.get("frontend_input") or "", "text")
    return Attribute(type=kind, scope=scope)  # type: ignore[arg-type]  # of the table above


def paths(categories: Iterable[Document]) -> dict[str, str]:
    """Give the path of each category by its id, without the root of all roots."""
    known = {str(c["id"]): c for c in categories}
    names = {id_: str(c.get("name") or id_).replace("/", "\\/") for id_, c in known.items()}
    told = {}
    for id_, category in known.items():
        ids = str(category.get("path") or id_).split("/")
        steps = [i for i in ids if i in known and known[i].get("level", 1) >= 1]
        told[id_] = "/".join(names[i] for i in steps)
    return told


def sources(
    all_sources: Iterable[Document], stocks: Iterable[Document], links: Iterable[Document]
) -> dict[str, frozenset[str]]:
    """Give the sources that count for each website."""
    enabled = {s["source_code"] for s in all_sources if s.get("enabled")}
    of_stock: dict[int, set[str]] = {}
    for link in links:
        of_stock.setdefault(link["stock_id"], set()).add(link["source_code"])
    return {
        channel["code"]: frozenset(of_stock.get(stock["stock_id"], set()) & enabled)
        for stock in stocks
        for channel in (stock.get("extension_attributes") or {}).get("sales_channels") or ()
        if channel["type"] == "website"
    }
