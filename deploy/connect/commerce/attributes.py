"""A new attribute in the shop, for an import mapping to write to (`listings.md` 6.1).

What is there already is left as it is, so doing it again does no harm.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import msgspec

from schemas.errors import Refused
from schemas.reasons import Reason

KINDS = {
    "text": "text",
    "textarea": "textarea",
    "number": "text",
    "price": "price",
    "date": "date",
    "dropdown": "select",
    "multiselect": "multiselect",
    "yes_no": "boolean",
}
"""Our types of attributes, and how the shop has them filled in."""

SCOPES = {"global": "global", "website": "website", "store_view": "store"}

PRODUCTS = "4"
"""The shop's id of products among the things that have attributes."""

LAST = 100
"""Place of a new attribute in its group: behind the shop's own."""


class NewAttribute(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute to be created; *sets* are names of attribute sets."""

    code: str
    label: str
    type: str = "text"
    scope: str = "store_view"
    sets: list[str] = []
    promo_rules: bool = False
    searchable: bool = False
    comparable: bool = False


class Client(Protocol):
    """The calls of the shop's client that are used here."""

    def search(
        self, what: str, view: str = "all", *, where: Sequence[tuple[str, str, str]] = ()
    ) -> tuple[list[dict[str, Any]], int]:
        """Give one page of what can be searched."""

    def create(self, what: str, document: Mapping[str, Any]) -> Any:
        """Create what *document* says."""


def create(client: Client, new: NewAttribute) -> bool:
    """Create *new* unless it is there, and put it into its sets; tell whether it was created.

    Raises `Refused` for a set that is not there, or an attribute of another kind under its
    code, before anything is changed; and what the client raises.
    """
    places = [_place(client, name) for name in new.sets]
    found = _first(client, "attributes", "attribute_code", new.code)
    if found is not None and found.get("frontend_input") != KINDS[new.type]:
        facts = {"attribute": new.code, "kind": str(found.get("frontend_input"))}
        raise Refused(Reason("ATTRIBUTE_TAKEN", facts))
    if found is None:
        client.create("create attribute", {"attribute": document(new)})
    for set_id, group_id in places:
        assigned = {"attributeSetId": set_id, "attributeGroupId": group_id, "sortOrder": LAST}
        client.create("assign attribute", assigned | {"attributeCode": new.code})
    return found is None


def _place(client: Client, name: str) -> tuple[int, int]:
    """Give the ids of a set and of its first group. Raises `Refused`."""
    set_ = _first(client, "attribute sets", "attribute_set_name", name)
    id_ = None if set_ is None else str(set_.get("attribute_set_id"))
    group = None if id_ is None else _first(client, "attribute groups", "attribute_set_id", id_)
    if id_ is None or group is None:
        raise Refused(Reason("ATTRIBUTE_SET_UNKNOWN", {"set": name}))
    return int(id_), int(group["attribute_group_id"])


def _first(client: Client, what: str, field: str, value: str) -> dict[str, Any] | None:
    found, _ = client.search(what, where=[(field, "eq", value)])
    return next((one for one in found if str(one.get(field)) == value), None)


def document(new: NewAttribute) -> dict[str, Any]:
    """Give the shop's document of *new* (`catalog-data-product-attribute-interface`)."""
    return {
        "attribute_code": new.code,
        "frontend_input": KINDS[new.type],
        "entity_type_id": PRODUCTS,
        "is_required": False,
        "default_frontend_label": new.label,
        "frontend_labels": [{"store_id": 0, "label": new.label}],
        "scope": SCOPES[new.scope],
        "is_used_for_promo_rules": _yes(new.promo_rules),
        "is_searchable": _yes(new.searchable),
        "is_comparable": _yes(new.comparable),
    }


def _yes(stated: bool) -> str:
    return "1" if stated else "0"
