"""What each type of notification says, and what has to be asked because of it.

A notification is a hint (`listings.md` 5.2): it updates what it states, and a read decides.
What would end a listing, or show it at zero, it does not state at all: anybody may write into
a queue whose policy is open, and the listings agent asks for a read in any case. So the
observation of a `DELETED` names the store and states nothing about it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, TypeVar
from uuid import NAMESPACE_URL, uuid5

import msgspec
from msgspec import UNSET

from producers.amazon.notice import Notice, malformed, moment, text
from schemas import codec, keys
from schemas.amazon import Observation, ObservedStore
from schemas.errors import Refused
from schemas.event import SellerSku
from schemas.marketplaces import marketplace
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import Settings

SOURCE = "/listwire/producers/amazon"
LISTING = "amazon.listing.v1"

SKEW = timedelta(seconds=60)
"""How far an event time may lie ahead of our clock and still be told from a wrong one."""

Outcome = Literal["observed", "report", "secret", "aside"]

T = TypeVar("T")


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A report that Amazon has done with: fetching it need not wait for the next poll."""

    report: str
    type: str
    status: str


class Expiry(msgspec.Struct, frozen=True, kw_only=True):
    """When the secret of an application (its client id) ends."""

    client: str | None
    at: datetime


class Meaning(msgspec.Struct, frozen=True, kw_only=True):
    """What one notification comes to; *account* is empty where it names none.

    *aside* says why nothing follows from it.
    """

    account: str
    outcome: Outcome
    observations: tuple[Observation, ...] = ()
    report: Finished | None = None
    expiry: Expiry | None = None
    why: str = ""


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """Whose notifications are ours: the accounts of *settings*, and these *applications*.

    No application named = any of them.
    """

    settings: Settings
    applications: frozenset[str] = frozenset()


class _Told(msgspec.Struct, frozen=True, kw_only=True):
    """A notification with whose it is; *sure* = its time may be believed."""

    notice: Notice
    known: Known
    accounts: tuple[str, ...]
    as_of: datetime
    sure: bool

    @property
    def account(self) -> str:
        return self.accounts[0] if self.accounts else ""


Read = Callable[[_Told], Meaning]


class _Kind(msgspec.Struct, frozen=True):
    """How one type is read, and in which versions of its payload; none named = any."""

    read: Read
    versions: frozenset[str] = frozenset()


def meaning(notice: Notice, known: Known, now: datetime) -> Meaning:
    """Say what follows from *notice*, which arrived at *now*.

    Raises `Refused`: MALFORMED, UNKNOWN_NOTIFICATION, FOREIGN_APPLICATION, FOREIGN_SELLER.
    """
    kind = KINDS.get(notice.type)
    if kind is None or (kind.versions and notice.version not in kind.versions):
        facts = {"type": notice.type, "version": notice.version[:40] or "–"}
        raise Refused(Reason("UNKNOWN_NOTIFICATION", facts))
    if known.applications and notice.application not in known.applications:
        facts = {"application": notice.application or "none"}
        raise Refused(Reason("FOREIGN_APPLICATION", facts))
    told = notice.at or notice.published
    return kind.read(
        _Told(
            notice=notice,
            known=known,
            accounts=_accounts(notice.payload, known.settings),
            as_of=now if told is None else min(told, now),
            sure=told is not None and told <= now + SKEW,
        )
    )


def records(found: Meaning, notice: Notice) -> list[Record]:
    """Give what is published; ids are the notification's, so that a repeat is the same record."""
    return [_record(event, notice.id) for event in found.observations]


def _record(event: Observation, id_: str) -> Record:
    key = keys.shared(event.account, event.seller_sku)
    return codec.encode(
        event,
        topic=LISTING,
        key=key,
        id=str(uuid5(NAMESPACE_URL, f"{LISTING}\n{id_}\n{key.decode()}")),
        source=SOURCE,
        subject=event.seller_sku,
        time=event.as_of,
    )


# --- whose it is --------------------------------------------------------------------------


def _accounts(payload: Mapping[str, Any], settings: Settings) -> tuple[str, ...]:
    """Give the accounts of the seller that is named, none where nobody is.

    A merchant token may stand for an account in each region; the marketplace tells which.
    Raises `Refused` (FOREIGN_SELLER) for a seller who is not ours.
    """
    seller = _seller(payload)
    if seller is None:
        return ()
    mine = {n: a for n, a in settings.of("account").items() if a.merchant_token == seller}
    if not mine:
        raise Refused(Reason("FOREIGN_SELLER", {"seller": seller}))
    region = _region(text(payload.get("marketplaceid")))
    return tuple(sorted(n for n, a in mine.items() if region in (None, a.region)))


def _seller(payload: Mapping[str, Any]) -> str | None:
    """Give the seller's id: a member, or one of the member that wraps the payload."""
    wrapped = [one for one in payload.values() if isinstance(one, dict)]
    return next(filter(None, (text(p.get("sellerid")) for p in (payload, *wrapped))), None)


def _region(marketplace_id: str | None) -> str | None:
    try:
        return None if marketplace_id is None else marketplace(marketplace_id).region
    except ValueError:
        return None


def _stores(told: _Told, marketplace_id: str) -> list[str]:
    mine = told.known.settings.stores_of(told.account)
    return [name for name, store in mine.items() if store.place.id == marketplace_id]


# --- listings -----------------------------------------------------------------------------


def _status(told: _Told) -> Meaning:
    """The whole set of a listing's states, on becoming buyable or not, created or deleted."""
    stated = told.notice.payload.get("status")
    plain = isinstance(stated, list) and all(isinstance(s, str) for s in stated)
    if not plain or "DELETED" in (stated or ()):
        return _about_store(told, ObservedStore())
    return _about_store(told, ObservedStore(exists=True, status=stated or [], asin=_asin(told)))


def _issues(told: _Told) -> Meaning:
    """That issues changed, not which: they are read."""
    return _about_store(told, ObservedStore(asin=_asin(told)))


def _about_store(told: _Told, says: ObservedStore) -> Meaning:
    _require_seller(told)
    place = text(told.notice.payload.get("marketplaceid"))
    if place is None:
        return _observed(told, [_observation(told)])
    stores = _stores(told, place) if told.accounts else []
    if not stores:
        return _aside(told, f"no store of ours in {place}")
    says = says if told.sure else ObservedStore()
    return _observed(told, [_observation(told, stores=dict.fromkeys(stores, says))])


def _quantity(told: _Told) -> Meaning:
    """The stock of a seller SKU in all marketplaces; a zero is left to the read."""
    _require_seller(told)
    count, channel = (told.notice.payload.get(n) for n in ("quantity", "fulfillmentchannelcode"))
    stated: dict[str, Any] = {}
    if told.sure and len(told.accounts) == 1:
        stated = {"channel": text(channel) or UNSET}
        if type(count) is int and count > 0:
            stated["quantity"] = count
    return _observed(told, [_observation(told, account=a, **stated) for a in told.accounts])


def _observation(told: _Told, *, account: str | None = None, **stated: Any) -> Observation:
    return Observation(
        account=account or told.account,
        seller_sku=_sku(told.notice.payload),
        source="notification",
        as_of=told.as_of,
        **stated,
    )


def _observed(told: _Told, observations: list[Observation]) -> Meaning:
    return Meaning(account=told.account, outcome="observed", observations=tuple(observations))


def _require_seller(told: _Told) -> None:
    if _seller(told.notice.payload) is None:
        raise malformed("no SellerId")


def _sku(payload: Mapping[str, Any]) -> str:
    try:
        return str(msgspec.convert(payload.get("sku"), SellerSku))
    except ValueError as error:
        raise malformed(f"{error} - at `$.payload.sku`") from error


def _asin(told: _Told) -> Any:
    return text(told.notice.payload.get("asin")) or UNSET


# --- all others ---------------------------------------------------------------------------


def _report(told: _Told) -> Meaning:
    said = _wrapped(told, "reportprocessingfinishednotification")
    report, status = text(said.get("reportid")), text(said.get("processingstatus"))
    if report is None or status is None:
        raise malformed("no reportId with a processingStatus")
    done = Finished(report=report, type=text(said.get("reporttype")) or "", status=status)
    return Meaning(account=told.account, outcome="report", report=done)


def _expiry(told: _Told) -> Meaning:
    said = _wrapped(told, "applicationoauthclientsecretexpiry")
    ends = moment(said.get("clientsecretexpirytime"))
    if ends is None:
        raise malformed("no clientSecretExpiryTime that can be read")
    expiry = Expiry(client=text(said.get("clientid")), at=ends)
    return Meaning(account=told.account, outcome="secret", expiry=expiry)


def _wrapped(told: _Told, name: str) -> Mapping[str, Any]:
    inner = told.notice.payload.get(name)
    return inner if isinstance(inner, dict) else told.notice.payload


def _aside(told: _Told, why: str) -> Meaning:
    return Meaning(account=told.account, outcome="aside", why=why)


def _not_for_us(why: str) -> _Kind:
    return _Kind(lambda told: _aside(told, why))


SECRET = "APPLICATION_OAUTH_CLIENT_NEW_SECRET"  # noqa: S105 - a type's name
"""The one type whose body holds a secret: it is neither kept nor taken off the queue."""

LATER = "nothing of ours follows from it yet"
KINDS: dict[str, _Kind] = {
    "LISTINGS_ITEM_STATUS_CHANGE": _Kind(_status, frozenset(["1.0"])),
    "LISTINGS_ITEM_ISSUES_CHANGE": _Kind(_issues, frozenset(["2023-12-13"])),
    "LISTINGS_ITEM_MFN_QUANTITY_CHANGE": _Kind(_quantity, frozenset(["1.0"])),
    "REPORT_PROCESSING_FINISHED": _Kind(_report, frozenset(["2020-09-04"])),
    "APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY": _Kind(_expiry),
    SECRET: _not_for_us("a new client secret: a person takes it from the queue"),
    "ITEM_PRODUCT_TYPE_CHANGE": _not_for_us("it names a catalogue item, and no listing"),
    "PRODUCT_TYPE_DEFINITIONS_CHANGE": _not_for_us(LATER),
    "BRANDED_ITEM_CONTENT_CHANGE": _not_for_us(LATER),
    "FEED_PROCESSING_FINISHED": _not_for_us(LATER),
    "ANY_OFFER_CHANGED": _not_for_us(LATER),
    "B2B_ANY_OFFER_CHANGED": _not_for_us(LATER),
    "ORDER_CHANGE": _not_for_us(LATER),
    "PRICING_HEALTH": _not_for_us(LATER),
}
"""Every type we know; another one, or another version, is a dead letter."""
