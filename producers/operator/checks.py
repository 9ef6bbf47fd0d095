"""What settings must be true of each other: references, bounds, contradictions.

Each check looks at one record in the light of all the others as they would be after the
file is applied, and tells what is wrong with the place below the record.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from producers.amazon.report import REPORT_TYPES
from producers.amazon.schedule import WINDOW, seconds
from producers.operator import mappings
from producers.operator.leaves import IDENTIFIERS, WELL_KNOWN, option
from producers.operator.shape import LATER, near
from schemas import settings as s
from schemas.identifiers import KINDS
from schemas.marketplaces import marketplace
from schemas.money import CURRENCIES
from schemas.topics import TOPICS

Wrong = Iterator[tuple[str, str]]
"""Places below the record, and the rule broken there."""

CONDITIONS = (
    "new_new refurbished_refurbished used_like_new used_very_good used_good used_acceptable "
    "collectible_like_new collectible_very_good collectible_good collectible_acceptable "
    "new_open_box new_oem club_club"
).split()
"""Amazon's condition codes, first the one that is kept where two share an option."""

GUARDS = {
    "ending": "count share_1h share_24h",
    "price_sku": "max_fall max_rise max_fall_without_floor",
    "price_wide": "change count share_1h money",
    "runaway": "changes_1h reversals_1h drift_24h",
    "stock": "factor units rising_share_1h",
    "creation": "count share_1h",
    "report": "min_rows max_undecodable",
    "change": "minutes moved",
    "rejection": "share_5m min_pushes",
}
"""Guards and their limits (`reliability.md` 2.3)."""

NOTE = 1_000
"""Characters of a seller note (`listings.md` 6.7)."""

REFERENCES = ("env:", "file:", "vault:")
GROUPS = sorted({g.removeprefix("listwire-") for t in TOPICS for g in t.groups})


def wrong(kind: str, id_: str, value: Any, all_: s.Settings) -> Wrong:
    """Give what is wrong with one record, given *all_* records."""
    check: Callable[[str, Any, s.Settings], Wrong] | None = CHECKS.get(kind)
    if kind in PER_STORE and id_ not in all_.of("store"):
        yield "", f"no store {id_!r}{near(id_, all_.of('store'))}"
    if check is not None:
        yield from check(id_, value, all_)


def _account(id_: str, account: s.Account, all_: s.Settings) -> Wrong:
    if not account.credentials.startswith(REFERENCES) or account.credentials.endswith(":"):
        yield ".credentials", "a reference, never the secret itself: env:NAME, file:PATH, vault:ID"
    for other, found in all_.of("account").items():
        same = (found.merchant_token, found.region) == (account.merchant_token, account.region)
        if other != id_ and same:
            yield ".merchant_token", f"account {other!r} has it in this region already"


def _website(id_: str, site: s.Website, all_: s.Settings) -> Wrong:
    try:
        ZoneInfo(site.zone)
    except (ValueError, OSError, KeyError):
        yield ".zone", f"no time zone {site.zone[:60]!r}"
    if site.currency not in CURRENCIES:
        yield ".currency", f"no currency {site.currency[:8]!r}"
    if site.default_view is not None and site.default_view not in site.views:
        yield ".default_view", f"no view {site.default_view!r} of this website"
    for other, found in all_.of("website").items():
        if other == id_:
            continue
        if found.id == site.id:
            yield ".id", f"website {other!r} has this id"
        for view in site.views.keys() & found.views.keys():
            yield f".views.{view}", f"website {other!r} has a view of this name"


def _store(id_: str, store: s.Store, all_: s.Settings) -> Wrong:
    account = all_.of("account").get(store.account)
    if account is None:
        yield ".account", f"no account {store.account!r}{near(store.account, all_.of('account'))}"
    if store.website not in all_.of("website"):
        yield ".website", f"no website {store.website!r}{near(store.website, all_.of('website'))}"
    try:
        place = marketplace(store.marketplace)
    except ValueError as error:
        yield ".marketplace", str(error)
        return
    if account is not None and place.region != account.region:
        why = f"{place.country} is in region {place.region}, the account in {account.region}"
        yield ".marketplace", why
    for other, found in all_.of("store").items():
        if other != id_ and found.account == store.account and _place(found) == place.id:
            yield ".marketplace", f"store {other!r} is this account there already"


def _place(store: s.Store) -> str | None:
    try:
        return store.place.id
    except ValueError:
        return None


def _shop(id_: str, _: s.Shop, __: s.Settings) -> Wrong:
    if id_ != "default":
        yield "", "there is one shop: default"


def _rates(id_: str, rates: s.Rates, _: s.Settings) -> Wrong:
    for currency in (id_, *rates.to):
        if currency not in CURRENCIES:
            yield "", f"no currency {currency[:8]!r}"
    for currency, rate in rates.to.items():
        if rate <= 0:
            yield f".{currency}", "a rate is above 0"


def _listing(_: str, listing: s.Listing, all_: s.Settings) -> Wrong:
    for member in ("b2b", "tiers", "strike_through", "tax_code", "allocation"):
        if getattr(listing, member):
            yield f".{member}", f"not yet supported: {LATER[member]}"
    for member in ("handling_days", "threshold", "maximum", "unmanaged_quantity", "buffer"):
        if (getattr(listing, member) or 0) < 0:
            yield f".{member}", "0 or more"
    if listing.vat_percent is not None and not 0 <= listing.vat_percent < 100:
        yield ".vat_percent", "from 0 to below 100"
    for member in ("price_source", "map"):
        yield from _price(f".{member}", getattr(listing, member), all_)
    for name, attribute in (
        ("from", listing.sale_window.start),
        ("until", listing.sale_window.until),
    ):
        yield from _attribute(f".sale_window.{name}", attribute, all_)
    yield from _choice(listing.condition, all_)


def _choice(condition: s.ConditionChoice, all_: s.Settings) -> Wrong:
    if (condition.fixed is None) == (condition.attribute is None):
        yield ".condition", "either global or attribute"
    elif condition.fixed is not None and condition.fixed not in CONDITIONS:
        near_ = near(condition.fixed, CONDITIONS)
        yield ".condition.global", f"no condition {condition.fixed!r}{near_}"
    yield from _attribute(".condition.attribute", condition.attribute, all_)


def _price(at: str, name: str | None, all_: s.Settings) -> Wrong:
    yield from _attribute(at, name, all_)
    known = _known(name, all_)
    if known is not None and known.type != "price":
        yield at, f"attribute {name!r} is no price: its type is {known.type}"


def _known(name: str | None, all_: s.Settings) -> s.Attribute | None:
    if name is None:
        return None
    found: s.Attribute | None = all_.of("attribute").get(name)
    return found or WELL_KNOWN.get(name) or IDENTIFIERS.get(name)


def _attribute(at: str, name: str | None, all_: s.Settings) -> Wrong:
    if name is not None and _known(name, all_) is None:
        known = [*all_.of("attribute"), *WELL_KNOWN, *IDENTIFIERS]
        yield at, f"no attribute {name!r}{near(name, known)}"


def _search(_: str, search: s.Search, all_: s.Settings) -> Wrong:
    for kind in SEARCHED:
        yield from _attribute(f".{kind}", getattr(search, kind), all_)
    for name, attribute in search.varies.items():
        if name not in s.VARIES:
            near_ = near(name, s.VARIES)
            yield f".varies.{name}", f"Amazon's items do not vary in {name!r}{near_}"
        elif attribute != s.VARIES[name]:  # what nobody stated need not be there
            yield from _attribute(f".varies.{name}", attribute, all_)
    if search.gtin_exempt and search.brand is None:
        yield ".gtin_exempt", "brands are told by the attribute in `brand`, which is not set"


SEARCHED = (*KINDS, "general", "brand", "mpn", "pack")
"""What `search` maps to one attribute each."""


def _third_party(_: str, mapping: s.ThirdParty, all_: s.Settings) -> Wrong:
    yield from _attribute(".seller_sku", mapping.seller_sku, all_)
    yield from _attribute(".asin", mapping.asin, all_)


def _condition(id_: str, mapping: s.ItemConditions, all_: s.Settings) -> Wrong:
    chosen = all_.listing(id_).condition.attribute
    if chosen is not None:
        yield from _attribute(".attribute", mapping.attribute, all_)
        if chosen != mapping.attribute:
            yield ".attribute", f"listing.{id_}.condition.attribute is {chosen!r}"
    used: dict[str, str] = {}
    for code, id_of in mapping.options.items():
        if code not in CONDITIONS:
            yield f".options.{code}", f"no condition {code!r}{near(code, CONDITIONS)}"
        if (other := used.setdefault(id_of, code)) != code:
            yield f".options.{code}", f"option {id_of!r} already means {other}"
    known = _known(mapping.attribute, all_)
    if known is not None:
        for code, id_of in mapping.options.items():
            told: list[str] = []
            option(id_of, known, told.append)
            yield from ((f".options.{code}", rule) for rule in told)
    yield from _notes(mapping)


def _notes(mapping: s.ItemConditions) -> Wrong:
    for code, note in mapping.notes.items():
        if code not in CONDITIONS:
            yield f".notes.{code}", f"no condition {code!r}{near(code, CONDITIONS)}"
        if code == "new_new":
            yield f".notes.{code}", "no note on New: Amazon ignores it"
        if len(note) > NOTE:
            yield f".notes.{code}", f"{len(note)} characters, at most {NOTE}"


def _fulfilment(_: str, fulfilment: s.Fulfilment, all_: s.Settings) -> Wrong:
    stated = fulfilment.attribute is not None and fulfilment.value is not None
    if (fulfilment.by == "attribute") != stated:
        yield ".by", "merchant, amazon, or {attribute: …, value: …}"
    yield from _attribute(".attribute", fulfilment.attribute, all_)


def _pricing_rule(_: str, rule: s.PricingRule, all_: s.Settings) -> Wrong:
    if rule.store not in all_.of("store"):
        yield ".store", f"no store {rule.store!r}{near(rule.store, all_.of('store'))}"
    if rule.type == "intelligent":
        yield ".type", f"not yet supported: {LATER['intelligent']}"
    if rule.apply == "percent" and not -100 < rule.change <= 1_000:
        yield ".change", "a percentage above −100 and up to 1,000"
    if rule.apply == "fixed" and abs(rule.change) >= 10**9:
        yield ".change", "an amount below 10⁹"
    if rule.discard and rule.priority is None:
        yield ".discard", "needs a priority"
    if rule.priority is not None and rule.priority < 1:
        yield ".priority", "1 is the highest"
    if rule.start and rule.until and rule.start > rule.until:
        yield ".until", f"before {rule.start}, when it begins"


def _guards(id_: str, guards: s.Guards, all_: s.Settings) -> Wrong:
    places = [*all_.of("account"), *all_.of("store"), "deployment"]
    if id_ not in places:
        yield "", f"no store, account or `deployment` {id_!r}{near(id_, places)}"
    for guard, limits in guards.limits.items():
        if guard not in GUARDS:
            yield f".{guard}", f"no guard {guard!r}{near(guard, GUARDS)}"
            continue
        for name, limit in limits.items():
            if name not in GUARDS[guard].split():
                hint = near(name, GUARDS[guard].split())
                yield f".{guard}.{name}", f"no limit {name!r} of {guard}{hint}"
            elif limit < 0:
                yield f".{guard}.{name}", "0 or more"


def _reports(_: str, reports: s.Reports, __: s.Settings) -> Wrong:
    for type_, every in reports.every.items():
        if type_ not in REPORT_TYPES:
            yield f".every.{type_}", f"its rows are not read here{near(type_, REPORT_TYPES)}"
        if timedelta(seconds=seconds(every)) < WINDOW:
            yield f".every.{type_}", "1h or more: Amazon hands one document out for so long"


def _pause(id_: str, _: s.Pause, __: s.Settings) -> Wrong:
    if id_ not in GROUPS:
        yield "", f"no group {id_!r}: {', '.join(GROUPS)}"


def _attribute_record(id_: str, attribute: s.Attribute, _: s.Settings) -> Wrong:
    chosen = attribute.type in ("dropdown", "multiselect")
    if attribute.options and not chosen:
        yield ".options", f"a {attribute.type} attribute has no options"
    if any(c in id_ for c in " /|\t"):
        yield "", "a code holds no blank, no slash and no |"


CHECKS: dict[str, Callable[[str, Any, s.Settings], Wrong]] = {
    "account": _account,
    "website": _website,
    "store": _store,
    "shop": _shop,
    "attribute": _attribute_record,
    "rates": _rates,
    "listing": _listing,
    "search": _search,
    "third_party": _third_party,
    "import_mapping": mappings.wrong,
    "condition": _condition,
    "fulfilment": _fulfilment,
    "pricing_rule": _pricing_rule,
    "reports": _reports,
    "guards": _guards,
    "pause": _pause,
}
PER_STORE = frozenset(
    ["listing", "search", "third_party", "condition", "fulfilment", "rule", "reports"]
)
"""Kinds whose id is a store's."""
