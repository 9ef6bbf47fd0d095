"""The SKUs that the official example pairs use (R3); no seed may hold them.

`BadSKU` is a 400 for every operation; the other two answer a preview whatever its body.
"""

from typing import Any

from deploy.sandbox.validation import issue, missing
from deploy.sandbox.world import Issue

RESERVED = ("VALIDATION_VALID", "VALIDATION_INVALID")
NEVER_SEEDED = {"BadSKU", "BAD_ASIN", *RESERVED}
_ASIN = "B07N4M94X4"


def reserved(sku: str, marketplace: str) -> tuple[str, list[Issue], list[dict[str, Any]]]:
    """Give status, issues and identifiers of a preview of a reserved SKU."""
    if sku == "VALIDATION_VALID":
        return "VALID", [], [{"marketplaceId": marketplace, "asin": _ASIN}]
    unknown = issue("INVALID_ATTRIBUTE", "The attributes are invalid.", "fake_attribute")
    return "INVALID", [missing("condition_type"), unknown], []
