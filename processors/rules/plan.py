"""All that the settings say about products, compiled once per version.

A plan holds one entry per account with its stores, oldest first. `Planner` keeps the newest
plan, and compiles a rule again only when its record, the attributes or the zone changed.
"""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from processors.rules import eligibility, item_condition, mapping, price_source, scopes
from processors.rules.scopes import Scopes, Values
from processors.rules.verdict import Terms
from schemas.settings import (
    Attribute,
    PricingRule,
    RuleNode,
    Search,
    Settings,
    Shop,
    Store,
    ThirdParty,
    Website,
)

_SEARCH = Search()
_THIRD_PARTY = ThirdParty()
_SHOP = Shop()

VERSIONED = ("listing", "search", "third_party", "condition", "fulfilment", "rule")
"""Kinds with one record per store whose versions a candidate names."""

Pricing = tuple[tuple[str, eligibility.Node | None], ...]


class StorePlan(msgspec.Struct, frozen=True, kw_only=True):
    """One store's settings, ready to be asked about a product."""

    id: str
    website: str
    scopes: Scopes
    terms: Terms
    sources: price_source.Sources
    kinds: tuple[tuple[str, str], ...]
    search: Search
    third_party: ThirdParty
    condition: Callable[[Values], Any]
    channel: Callable[[Values], mapping.Channel]
    pricing: Pricing

    @property
    def timed(self) -> bool:
        """Whether time alone may change an answer here."""
        window = self.terms.window
        return self.sources.special or window.start is not None or window.until is not None

    @property
    def zone(self) -> tzinfo:
        """The website's time zone."""
        return self.terms.zone


class AccountPlan(msgspec.Struct, frozen=True, kw_only=True):
    """One account's stores, oldest first, and the versions of their settings."""

    account: str
    stores: tuple[StorePlan, ...]
    versions: dict[str, int]


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about every account, with the attributes all of them share."""

    accounts: tuple[AccountPlan, ...]
    attributes: Mapping[str, Attribute]


Ask = tuple[RuleNode, Mapping[str, Attribute], str, eligibility.Node]


class Planner:
    """Gives the plan of the settings at hand; a memory of compiled trees, nothing else."""

    def __init__(self) -> None:
        self._settings: Settings | None = None
        self._plan = Plan(accounts=(), attributes={})
        self._trees: dict[str, Ask] = {}

    def plan(self, settings: Settings) -> Plan:
        """Give the plan of *settings*, the same object for the same settings."""
        if settings is not self._settings:
            self._plan, self._settings = self._made(settings), settings
        return self._plan

    def _made(self, settings: Settings) -> Plan:
        accounts: dict[str, list[str]] = {}
        for id_, store in settings.of("store").items():
            if store.website in settings.of("website"):
                accounts.setdefault(store.account, []).append(id_)
        plans = (self._account(name, settings) for name in sorted(accounts))
        return Plan(accounts=tuple(plans), attributes=settings.of("attribute"))

    def _account(self, account: str, settings: Settings) -> AccountPlan:
        websites = settings.of("website")
        stores = {
            id_: store
            for id_, store in settings.stores_of(account).items()
            if store.website in websites
        }
        return AccountPlan(
            account=account,
            stores=tuple(self._store(id_, store, settings) for id_, store in stores.items()),
            versions=_versions(stores, settings),
        )

    def _store(self, id_: str, store: Store, settings: Settings) -> StorePlan:
        website: Website = settings.of("website")[store.website]
        listing, search = settings.listing(id_), settings.of("search").get(id_, _SEARCH)
        attributes = settings.of("attribute")
        shop: Shop = settings.of("shop").get("default", _SHOP)
        return StorePlan(
            id=id_,
            website=store.website,
            scopes=scopes.of_website(store.website, website.default_view),
            terms=self._terms(id_, store.website, website, settings),
            sources=price_source.sources(
                listing,
                website=store.website,
                currency=website.currency,
                price_scope=shop.price_scope,
            ),
            kinds=mapping.mapped(search),
            search=search,
            third_party=settings.of("third_party").get(id_, _THIRD_PARTY),
            condition=_condition(id_, settings),
            channel=mapping.channel(settings.of("fulfilment").get(id_), attributes),
            pricing=self._pricing(id_, website, settings),
        )

    def _terms(self, id_: str, code: str, website: Website, settings: Settings) -> Terms:
        rule = settings.of("rule").get(id_)
        return Terms(
            website=code,
            zone=ZoneInfo(website.zone),
            window=settings.listing(id_).sale_window,
            rule=None if rule is None else self._tree(f"rule/{id_}", rule.tree, website, settings),
            version=settings.version("rule", id_),
        )

    def _pricing(self, store: str, website: Website, settings: Settings) -> Pricing:
        rules: dict[str, PricingRule] = settings.of("pricing_rule")
        return tuple(
            (id_, self._conditions(id_, rule, website, settings))
            for id_, rule in sorted(rules.items())
            if rule.store == store and rule.active
        )

    def _conditions(
        self, id_: str, rule: PricingRule, website: Website, settings: Settings
    ) -> eligibility.Node | None:
        if rule.conditions is None:
            return None
        return self._tree(f"pricing_rule/{id_}", rule.conditions, website, settings)

    def _tree(
        self, name: str, tree: RuleNode, website: Website, settings: Settings
    ) -> eligibility.Node:
        attributes = settings.of("attribute")
        known = self._trees.get(name)
        if known and known[0] is tree and known[1:3] == (attributes, website.zone):
            return known[3]
        node = eligibility.compiled(tree, attributes, ZoneInfo(website.zone))
        self._trees[name] = (tree, attributes, website.zone, node)
        return node


def _condition(id_: str, settings: Settings) -> item_condition.Resolve:
    choice = settings.listing(id_).condition
    stated = settings.of("condition").get(id_)
    code = choice.attribute or (stated.attribute if stated else "")
    attribute: Attribute | None = settings.of("attribute").get(code)
    return item_condition.resolver(choice, stated, attribute.options if attribute else {})


def _versions(stores: Mapping[str, Store], settings: Settings) -> dict[str, int]:
    named = {f"{kind}/{id_}": settings.version(kind, id_) for id_ in stores for kind in VERSIONED}
    return {name: version for name, version in named.items() if version}
