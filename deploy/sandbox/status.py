"""Whether a listing can be bought, can be found, and what a report calls it (S15).

Never stored: computed from the facts each time, so an exemption expires by itself.
"""

from deploy.sandbox.when import instant
from deploy.sandbox.world import Account, Issue, Listing, Sku

NOT_BUYABLE = {"LISTING_SUPPRESSED", "CATALOG_ITEM_REMOVED"}
NOT_DISCOVERABLE = {"SEARCH_SUPPRESSED", "CATALOG_ITEM_REMOVED"}


def in_force(issue: Issue, now: int) -> set[str]:
    """Give the actions of *issue* that are in force: not exempt, or no longer."""
    enforcements = issue.get("enforcements")
    if not enforcements:
        return set()
    exemption = enforcements["exemption"]
    if exemption["status"] == "EXEMPT":
        return set()
    expiry = exemption.get("expiryDate")
    if exemption["status"] == "EXEMPT_UNTIL_EXPIRY_DATE" and expiry and now < instant(expiry):
        return set()
    return {action["action"] for action in enforcements["actions"]}


def actions(listing: Listing, now: int) -> set[str]:
    """Give all actions in force on a listing."""
    if not listing.issues:
        return set()
    return set().union(*(in_force(issue, now) for issue in listing.issues))


def complete(listing: Listing) -> bool:
    """Say whether nothing is missing: an ASIN, a price, and what the seed says is."""
    return listing.asin is not None and listing.price is not None and not listing.missing


def in_dates(listing: Listing, now: int) -> bool:
    """Say whether *now* lies within the offer's dates."""
    started = listing.start is None or listing.start <= now
    return started and (listing.end is None or now < listing.end)


def buyable(account: Account, sku: Sku, listing: Listing, now: int) -> bool:
    """Say whether a buyer could buy it now."""
    return (
        complete(listing)
        and not listing.held
        and sku.stock > 0
        and in_dates(listing, now)
        and account.open_in(listing.marketplace)
        and not actions(listing, now) & NOT_BUYABLE
    )


def discoverable(listing: Listing, now: int) -> bool:
    """Say whether a buyer could find it now; what has no ASIN has no page."""
    return listing.asin is not None and not actions(listing, now) & NOT_DISCOVERABLE


def statuses(account: Account, sku: Sku, listing: Listing, now: int) -> list[str]:
    """Give the status set of a summary."""
    found = [("BUYABLE", buyable(account, sku, listing, now))]
    found.append(("DISCOVERABLE", discoverable(listing, now)))
    return [name for name, true in found if true]


def report_status(account: Account, sku: Sku, listing: Listing, now: int) -> str:
    """Give the word of the report's status column."""
    if not complete(listing):
        return "Incomplete"
    return "Active" if buyable(account, sku, listing, now) else "Inactive"
