"""From Amazon's documents to our observations: only the live parts of a read prove anything."""

from collections.abc import Collection, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from deploy.connect.amazon import attributes
from deploy.connect.amazon.documents import (
    KEPT_ISSUES,
    AmazonIssue,
    AmazonMoney,
    Availability,
    Item,
    Summary,
)
from schemas.amazon import Enforcement, Issue, Observation, ObservedStore
from schemas.money import Money, number

Names = Mapping[str, Collection[str]]
"""Store → Amazon's names of the attributes that its import mappings name."""


def observation(
    item: Item,
    account: str,
    stores: Mapping[str, str],
    as_of: datetime,
    *,
    mapped: Names = MappingProxyType({}),
) -> Observation:
    """Give what *item* says about *stores* (store → marketplace id), and of what is *mapped*.

    A marketplace that the answer leaves out is not stated: unknown, not gone (models#3008).
    """
    channel, quantity = _stock(item.fulfillment_availability)
    summaries = {s.marketplace_id: s for s in item.summaries or ()}
    return Observation(
        account=account,
        seller_sku=item.sku,
        source="read",
        as_of=as_of,
        stores={
            store: _store(item, summaries[place], place, mapped.get(store, ()))
            for store, place in stores.items()
            if place in summaries
        },
        channel=channel,
        quantity=quantity,
    )


def absence(account: str, seller_sku: str, stores: Mapping[str, str], at: datetime) -> Observation:
    """Give the observation of a 404: the SKU is in none of *stores*."""
    gone = {store: ObservedStore(exists=False) for store in stores}
    return Observation(account=account, seller_sku=seller_sku, source="read", as_of=at, stores=gone)


def _store(item: Item, summary: Summary, place: str, names: Collection[str]) -> ObservedStore:
    return ObservedStore(
        exists=True,
        asin=_stated(summary.asin),
        status=summary.status,
        price=_price(item, place),
        condition=_stated(summary.condition_type),
        title=_stated(summary.item_name),
        image=_stated(summary.main_image.link if summary.main_image else None),
        issues=_issues(item, place),
        attributes=attributes.stated(item, summary, names) if names else UNSET,
    )


def _stated(value: str | None) -> str | UnsetType:
    return UNSET if value is None else value


def _price(item: Item, place: str) -> Money | UnsetType | None:
    if item.offers is None:
        return UNSET
    mine = [o for o in item.offers if o.marketplace_id == place and o.offer_type == "B2C"]
    if not mine:
        return None
    return UNSET if mine[0].price is None else money(mine[0].price)


def money(stated: AmazonMoney) -> Money | UnsetType:
    """Give the exact money of either of Amazon's forms; one that is neither is not stated."""
    amount, currency = stated.amount, stated.currency_code or stated.currency
    if amount is None or currency is None:
        return UNSET
    try:
        return Money(number(amount), currency)
    except ValueError:
        return UNSET


def _issues(item: Item, place: str) -> list[Issue] | UnsetType:
    if item.issues is None:
        return UNSET
    here = [i for i in item.issues if not i.marketplace_ids or place in i.marketplace_ids]
    return [issue(i) for i in here[:KEPT_ISSUES]]


def issue(stated: AmazonIssue) -> Issue:
    """Give one issue in our words."""
    return Issue(
        code=stated.code,
        message=stated.message[:2000],
        severity=stated.severity,
        categories=stated.categories,
        attributes=stated.attribute_names,
        enforcements=_enforcement(stated.enforcements),
    )


def _enforcement(stated: dict[str, Any] | None) -> Enforcement | None:
    if stated is None:
        return None
    actions = [str(a.get("action")) for a in stated.get("actions") or () if isinstance(a, dict)]
    exemption = stated.get("exemption")
    exempt = exemption if isinstance(exemption, dict) else {}
    return Enforcement(
        actions=actions, exemption=exempt.get("status"), expires=_moment(exempt.get("expiryDate"))
    )


def _moment(value: object) -> datetime | None:
    try:
        return msgspec.convert(value, datetime)
    except (ValueError, RecursionError):
        return None


def _stock(
    channels: list[Availability] | None,
) -> tuple[str | UnsetType, int | UnsetType]:
    if channels is None:
        return UNSET, UNSET
    by_amazon = [c for c in channels if c.fulfillment_channel_code.startswith("AMAZON")]
    ours = [c for c in channels if c.fulfillment_channel_code == "DEFAULT"]
    if by_amazon:
        return by_amazon[0].fulfillment_channel_code, UNSET
    if not ours:
        return UNSET, UNSET
    quantity = ours[0].quantity
    return "DEFAULT", UNSET if quantity is None or quantity < 0 else quantity
