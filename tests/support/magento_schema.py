"""Which members the shop's documents have, and their types, as far as we read or write them.

From Adobe's published REST schema for Commerce on premises (`admin-schema.json`, definitions
`catalog-data-product-interface`, `catalog-data-product-attribute-interface` and
`eav-data-attribute-option-interface`): every member of ours is there with this type, and what
is required there is required here.
"""

from typing import Any

TEXT, WHOLE, NUMBER, YES_NO = (
    {"type": kind} for kind in ("string", "integer", "number", "boolean")
)


def closed(required: list[str], **members: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": members,
        "required": required,
        "additionalProperties": False,
    }


def several(one: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": one}


PRODUCT = closed(
    ["sku"],
    id=WHOLE,
    sku=TEXT,
    name=TEXT,
    attribute_set_id=WHOLE,
    price=NUMBER,
    status=WHOLE,
    visibility=WHOLE,
    type_id=TEXT,
    created_at=TEXT,
    updated_at=TEXT,
    weight=NUMBER,
    extension_attributes={"type": "object"},
    custom_attributes=several(closed(["attribute_code", "value"], attribute_code=TEXT, value=TEXT)),
)

SAVE = closed(["product"], product=PRODUCT, saveOptions=YES_NO)
"""The body of `PutV1ProductsSku`."""

ATTRIBUTE = closed(
    ["attribute_code", "frontend_input", "entity_type_id", "is_required", "frontend_labels"],
    attribute_id=WHOLE,
    attribute_code=TEXT,
    frontend_input=TEXT,
    scope=TEXT,
    entity_type_id=TEXT,
    is_required=YES_NO,
    frontend_labels=several({"type": "object"}),
    options=several(closed(["label", "value"], label=TEXT, value=TEXT)),
)

ATTRIBUTES = closed(
    ["items", "search_criteria", "total_count"],
    items=several(ATTRIBUTE),
    search_criteria={"type": "object"},
    total_count=WHOLE,
)
