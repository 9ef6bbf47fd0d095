"""What a report of each type is about: its columns, and what one of its rows states.

`amazon.md` 8. Orders' reports are no listings and are not read here.
"""

import msgspec

from schemas import reports


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One type of report.

    *needed*: columns without which it is not complete; of those in one group any will do.
    *status*: what standing in it says of a listing's status, where no column does.
    *gone*: its rows are listings that are no more. *issues*: its rows are issues, several of
    one listing. *whole*: how many rows it has is watched (guard G7); in the others listings
    come and go, nothing is concluded from absence, and an empty one is an answer.
    """

    type: str
    needed: tuple[tuple[str, ...], ...]
    status: str | None = None
    gone: bool = False
    issues: bool = False
    whole: bool = True


SKU = ("seller-sku",)
ASIN = ("asin1", "product-id")
_OFFER = (SKU, ("price",), ("quantity",), ASIN)

KINDS = {
    kind.type: kind
    for kind in (
        Kind(type=reports.ALL, needed=(*_OFFER, ("fulfillment-channel",), ("status",))),
        Kind(
            type=reports.ACTIVE,
            needed=(*_OFFER, ("fulfillment-channel",)),
            status="Active",
        ),
        Kind(
            type=reports.INACTIVE,
            needed=(*_OFFER, ("fulfillment-channel",)),
            status="Inactive",
            whole=False,
        ),
        Kind(type=reports.CANCELLED, needed=(SKU,), gone=True, whole=False),
        Kind(type=reports.OPEN, needed=_OFFER),
        Kind(type=reports.LITE, needed=_OFFER, whole=False),
        Kind(type=reports.LITER, needed=(SKU, ("quantity",)), whole=False),
        Kind(
            type=reports.SUPPRESSED,
            needed=(SKU, ("status",), ("reason", "issue description")),
            issues=True,
            whole=False,
        ),
    )
}
