"""Noticing what changed on a listing: facts before and after, and what Amazon says of it.

A change is told where it happens. What only time changes is told for the offer's dates;
an exemption that ends is told by nobody (S15).
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from deploy.sandbox.agenda import Agenda
from deploy.sandbox.notices import ISSUES, PRODUCT_TYPE, QUANTITY, REPORT, STATUS
from deploy.sandbox.reports import Report
from deploy.sandbox.status import actions, statuses
from deploy.sandbox.when import text
from deploy.sandbox.world import Account, Issue, Listing, Sku, World


class Row(NamedTuple):
    """What is told of one listing at one time."""

    asin: str | None
    created: int
    status: list[str]
    issues: tuple[Issue, ...]
    actions: set[str]
    product_type: str


class Seen(NamedTuple):
    """What is told of one SKU at one time."""

    quantity: int | None
    rows: dict[str, Row]


class Notice(NamedTuple):
    """One thing to tell: its type, its payload, and the marketplace it is about, if one."""

    kind: str
    payload: dict[str, Any]
    marketplace: str | None = None


Tell = Callable[[Account, str, Notice, int], None]
NOTHING = Seen(None, {})


class Watch:
    """Looks at SKUs before and after whatever happens to them, for accounts that care."""

    def __init__(
        self, world: World, agenda: Agenda, *, cares: Callable[[str], bool], tell: Tell
    ) -> None:
        self._world = world
        self._agenda = agenda
        self._cares = cares
        self._tell = tell
        self._dated: set[tuple[str, str, int]] = set()

    @contextmanager
    def on(self, account: str, *skus: str, now: int) -> Iterator[None]:
        """Tell what the block changes on *skus*, at *now*."""
        if not self._cares(account):
            yield
            for sku in skus:
                self._remember(account, sku, now)
            return
        before = {sku: self._seen(account, sku, now) for sku in skus}
        yield
        for sku, seen in before.items():
            self._compare(account, sku, seen, self._seen(account, sku, now), now)
            self._remember(account, sku, now)

    def calendar(self, now: int) -> None:
        """Have the dates of all offers ahead remembered: a world has just been seeded."""
        for account, shelf in self._world.shelves.items():
            for sku in shelf:
                self._remember(account, sku, now)

    def _remember(self, account: str, name: str, now: int) -> None:
        sku = self._world.sku(account, name)
        for listing in sku.listings if sku else ():
            for date in (listing.start, listing.end):
                if date is not None and date > now:
                    self._date(account, name, date)

    def _date(self, account: str, name: str, date: int) -> None:
        if (account, name, date) not in self._dated:
            self._dated.add((account, name, date))
            self._agenda.at(date, lambda due: self._arrived(account, name, due))

    def _arrived(self, account: str, name: str, due: int) -> None:
        self._dated.discard((account, name, due))
        if self._cares(account):
            before = self._seen(account, name, due - 1)
            self._compare(account, name, before, self._seen(account, name, due), due)

    def _seen(self, account: str, name: str, now: int) -> Seen:
        sku = self._world.sku(account, name)
        if sku is None:
            return NOTHING
        seller = self._world.accounts[account]
        rows = {listing.marketplace: _row(seller, sku, listing, now) for listing in sku.listings}
        return Seen(sku.quantity, rows)

    def _compare(self, account: str, name: str, before: Seen, after: Seen, now: int) -> None:
        seller = self._world.accounts[account]
        for notice in changes(seller.merchant_token, name, before, after):
            self._tell(seller, name, notice, now)


def _row(account: Account, sku: Sku, listing: Listing, now: int) -> Row:
    return Row(
        listing.asin,
        listing.created,
        statuses(account, sku, listing, now),
        listing.issues,
        actions(listing, now),
        listing.product_type,
    )


def changes(seller: str, sku: str, before: Seen, after: Seen) -> Iterator[Notice]:
    """Give what Amazon tells of a SKU that was as *before* and is as *after*."""
    for store in dict.fromkeys([*before.rows, *after.rows]):
        yield from _listing(seller, sku, store, before.rows.get(store), after.rows.get(store))
    if after.quantity is not None and after.quantity != before.quantity:
        told = {"SellerId": seller, "FulfillmentChannelCode": "DEFAULT", "Sku": sku}
        yield Notice(QUANTITY, told | {"Quantity": after.quantity})


def _listing(
    seller: str, sku: str, store: str, before: Row | None, after: Row | None
) -> Iterator[Notice]:
    shown = after or before
    if shown is None:
        return
    about = {"SellerId": seller, "MarketplaceId": store, "Sku": sku}
    about |= {"Asin": shown.asin} if shown.asin else {}
    if _buyable(before) != _buyable(after):
        status = after.status if after else ["DELETED"]
        told = about | {"CreatedDate": text(shown.created), "Status": status}
        yield Notice(STATUS, told, store)
    if after is None:
        return
    if after.issues != (before.issues if before else ()):
        yield Notice(ISSUES, about | _severities(after), store)
    if before and after.asin and before.product_type != after.product_type:
        told = {"MarketplaceId": store, "Asin": after.asin}
        types = (before.product_type, after.product_type)
        told |= dict(zip(("PreviousProductType", "CurrentProductType"), types, strict=True))
        yield Notice(PRODUCT_TYPE, told, store)


def _buyable(row: Row | None) -> bool | None:
    return None if row is None else "BUYABLE" in row.status


def _severities(row: Row) -> dict[str, Any]:
    found = [issue["severity"] for issue in row.issues if issue["severity"] in ("ERROR", "WARNING")]
    told: dict[str, Any] = {"Severities": sorted(set(found)) or ["NONE"]}
    return told | ({"EnforcementActions": sorted(row.actions)} if row.actions else {})


def report_ended(seller: str, report: Report) -> Notice:
    """Give what Amazon tells of a report that has ended."""
    told = {
        "sellerId": seller,
        "accountId": f"amzn1.merchant.o.{seller}",
        "reportId": report.id,
        "reportType": report.order.kind,
        "processingStatus": report.state,
    }
    told |= {"reportDocumentId": report.document} if report.document else {}
    return Notice(REPORT, {"reportProcessingFinishedNotification": told})
