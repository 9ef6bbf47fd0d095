"""Settings as data: accounts, stores, mappings, rules, with versions (`records.md` 1).

`settings.v1` carries one record per kind and id. `Settings` is the snapshot of everything
that every worker reads whole: those records, the reports' completions, the accounts' states.

Long because each kind is a few lines, and all of them are read side by side.
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import msgspec

from schemas.amazon import AccountState, Report
from schemas.event import Event, Part
from schemas.marketplaces import Marketplace, marketplace
from schemas.money import Number, zero
from schemas.reports import EVERY_LISTING

Duration = Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,6}(s|m|h|d)$")]
"""`15m`, `6h`, `1d`."""


class Setting(Event, frozen=True, kw_only=True):
    """One settings record: its version counts up per key, *by* is who applied it."""

    version: int = 0
    by: str = ""


class Account(Setting, frozen=True, kw_only=True):
    """One seller account in one API region; *credentials* is a reference, never a secret."""

    region: Literal["NA", "EU", "FE"]
    merchant_token: str
    credentials: str


class Website(Setting, frozen=True, kw_only=True):
    """One website of the shop, with its zone, currency and store views (code → id)."""

    id: int
    zone: str
    currency: str
    sort_order: int = 1
    default_view: str | None = None
    views: dict[str, int] = {}


class Store(Setting, frozen=True, kw_only=True):
    """One account in one marketplace, tied to one website."""

    account: str
    marketplace: str
    website: str
    created: date
    active: bool = True

    @property
    def place(self) -> Marketplace:
        """The marketplace's record. Raises ValueError for an unknown one."""
        return marketplace(self.marketplace)


class Shop(Setting, frozen=True, kw_only=True):
    """What a product's stock setting means when it says *as the shop*."""

    manage_stock: bool = True
    out_of_stock_threshold: Number = msgspec.field(default_factory=zero)
    backorders: bool = False
    dates: Literal["month-first", "day-first"] = "month-first"
    price_scope: Literal["website", "global"] = "website"


class Attribute(Setting, frozen=True, kw_only=True):
    """One catalogue attribute: how its values compare, its options (id → label)."""

    type: Literal["text", "number", "price", "date", "dropdown", "multiselect", "yes_no"] = "text"
    label: str | None = None
    options: dict[str, str] = {}
    scope: Literal["global", "website", "store_view"] = "global"
    promo_rules: bool = True


class Rates(Setting, frozen=True, kw_only=True):
    """Exchange rates from one currency (the id) to others."""

    to: dict[str, Number] = {}


class ConditionChoice(Part, frozen=True, kw_only=True):
    """One condition for the whole store, or the attribute whose options tell it."""

    fixed: str | None = msgspec.field(name="global", default=None)
    attribute: str | None = None


class SaleWindow(Part, frozen=True, kw_only=True):
    """Attributes that hold the first and last day of sale."""

    start: str | None = msgspec.field(name="from", default=None)
    until: str | None = None


class Graces(Part, frozen=True, kw_only=True):
    """How long we wait before silence means something."""

    quantity: Duration = "15m"
    report: Duration = "6h"
    restriction: Duration = "24h"


class TierSetting(Part, frozen=True, kw_only=True):
    """From this quantity on, this percentage off."""

    quantity: int
    percent: Number


class Listing(Setting, frozen=True, kw_only=True):
    """Listing settings of one store (`listings.md` 11.1)."""

    auto_list: bool = True
    first_report: Literal["required", "none"] = "required"
    handling_days: int = 2
    price_source: str = "price"
    map: str | None = None
    map_mode: Literal["clamp", "send"] = "clamp"
    strike_through: str | None = None
    vat_percent: Number | None = None
    tax_code: str | None = None
    convert_currency: bool = False
    b2b: bool = False
    tiers: list[TierSetting] = []
    threshold: int = 0
    below_threshold: Literal["ineligible", "stay_active"] = "ineligible"
    maximum: int | None = None
    unmanaged_quantity: int = 100
    buffer: int = 0
    allocation: Number | None = None
    condition: ConditionChoice = ConditionChoice(fixed="new_new")
    sale_window: SaleWindow = SaleWindow()
    ending: Literal["delete", "close"] = "delete"
    graces: Graces = Graces()


VARIES = {"color": "color", "size": "size", "style": "style"}
"""What usually tells variations apart, and in which attributes a shop usually has it."""


class Search(Setting, frozen=True, kw_only=True):
    """Product → ASIN: Amazon's kind of identifier → catalogue attribute, one store.

    *varies*: what tells a variation from its siblings at Amazon (color, size, style) → the
    attribute that tells it in the catalogue. *gtin_exempt*: brands whose products have no
    trade item number at Amazon, so that one in the catalogue finds somebody else's.
    """

    asin: str | None = None
    upc: str | None = None
    isbn: str | None = None
    gcid: str | None = None
    ean: str | None = None
    jan: str | None = None
    gtin: str | None = None
    general: str | None = None
    brand: str | None = None
    mpn: str | None = None
    pack: str | None = None
    varies: dict[str, str] = msgspec.field(default_factory=lambda: dict(VARIES))
    gtin_exempt: list[str] = []


class ThirdParty(Setting, frozen=True, kw_only=True):
    """Listing → product: import on or off, attributes that hold seller SKU and ASIN."""

    import_: bool = msgspec.field(name="import", default=True)
    seller_sku: str | None = "sku"
    asin: str | None = None


class ImportMapping(Setting, frozen=True, kw_only=True):
    """Amazon's attribute (in the id) → catalogue attribute.

    *scope*: `global`, `all` for every store view, or the store views: `view:fr`.
    """

    target: str
    active: bool = True
    overwrite: bool = False
    scope: str | list[str] = "global"


class ItemConditions(Setting, frozen=True, kw_only=True):
    """Amazon condition → option id of the attribute, with a seller note per condition."""

    attribute: str
    options: dict[str, str] = {}
    notes: dict[str, str] = {}


class Fulfilment(Setting, frozen=True, kw_only=True):
    """Who ships new listings: everyone the same, or one attribute value means Amazon."""

    by: Literal["merchant", "amazon", "attribute"] = "merchant"
    attribute: str | None = None
    value: str | None = None


Operand = str | list[str] | bool | None


class RuleNode(Part, frozen=True, kw_only=True):
    """A combination (*all* or *any* with its polarity, *of*) or a leaf (*attribute*, operator).

    Raises ValueError unless it is exactly one of the two, with exactly one operator.
    """

    all: bool | None = None
    any: bool | None = None
    of: "list[RuleNode] | None" = None
    attribute: str | None = None
    is_: Operand = msgspec.field(name="is", default=None)
    is_not: Operand = None
    greater: Operand = None
    greater_or_equal: Operand = None
    less: Operand = None
    less_or_equal: Operand = None
    contains: Operand = None
    does_not_contain: Operand = None
    is_one_of: Operand = None
    is_not_one_of: Operand = None
    is_undefined: Operand = None

    def __post_init__(self) -> None:
        used = self.operators()
        if self.attribute is None:
            if (self.all is None) == (self.any is None) or used or self.of is None:
                raise ValueError("a combination has `all` or `any`, true or false, and `of`")
        elif self.all is not None or self.any is not None or self.of is not None:
            raise ValueError("a leaf has an attribute and an operator, no `all`, `any`, `of`")
        elif len(used) != 1:
            raise ValueError(f"a leaf has exactly one operator, not {sorted(used) or 'none'}")

    def operators(self) -> dict[str, Operand]:
        """Give the operators that are stated, by name, with their operands."""
        named = {"is": self.is_} | {name: getattr(self, name) for name in _OPERATORS}
        return {name: value for name, value in named.items() if value is not None}


_OPERATORS = [
    "is_not",
    "greater",
    "greater_or_equal",
    "less",
    "less_or_equal",
    "contains",
    "does_not_contain",
    "is_one_of",
    "is_not_one_of",
    "is_undefined",
]


class Rule(Setting, frozen=True, kw_only=True):
    """The listing rule of one store: one combination."""

    tree: RuleNode


class PricingRule(Setting, frozen=True, kw_only=True):
    """A pricing rule of one store, ordered by priority, then id (`listings.md` 10)."""

    store: str
    type: Literal["standard", "intelligent"] = "standard"
    name: str | None = None
    active: bool = True
    priority: int | None = None
    discard: bool = False
    start: date | None = msgspec.field(name="from", default=None)
    until: date | None = None
    conditions: RuleNode | None = None
    apply: Literal["percent", "fixed"] = "percent"
    change: Number = msgspec.field(default_factory=zero)


def _all_listings_hourly() -> dict[str, str]:
    return {"GET_MERCHANT_LISTINGS_ALL_DATA": "1h"}


class Reports(Setting, frozen=True, kw_only=True):
    """Which reports of one store are asked for, and how often: Amazon's type → a duration.

    Unless stated: all its listings, hourly.
    """

    every: dict[str, Duration] = msgspec.field(default_factory=_all_listings_hourly)


class Guards(Setting, frozen=True, kw_only=True):
    """Looser or tighter blast-radius limits of a deployment, account or store."""

    limits: dict[str, dict[str, Number]] = {}


class Pause(Setting, frozen=True, kw_only=True):
    """A group that shall stand still until then, and why."""

    until: datetime | None = None
    reason: str = ""
    mode: Literal["pause", "stand-down"] = "pause"
    since: datetime | None = None


KINDS: dict[str, type[Setting]] = {
    "account": Account,
    "website": Website,
    "store": Store,
    "shop": Shop,
    "attribute": Attribute,
    "rates": Rates,
    "listing": Listing,
    "search": Search,
    "third_party": ThirdParty,
    "import_mapping": ImportMapping,
    "condition": ItemConditions,
    "fulfilment": Fulfilment,
    "rule": Rule,
    "pricing_rule": PricingRule,
    "reports": Reports,
    "guards": Guards,
    "pause": Pause,
}
"""Kinds of settings records, in the order in which a file is read."""

Bare = {"rates": "to", "rule": "tree", "guards": "limits"}
"""Kinds whose record is written bare in YAML: the whole record is this one member."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that every worker reads whole, as of one moment.

    *records* holds settings by kind and id; *reports* the last two completions per store of
    a report about every listing, newest first; *accepted* the last one per store and type;
    *states* what is known of each account.
    """

    records: dict[str, dict[str, Any]] = {}
    reports: dict[str, tuple[Report, ...]] = {}
    accepted: dict[str, Report] = {}
    states: dict[str, AccountState] = {}

    def of(self, kind: str) -> dict[str, Any]:
        """Give the records of one kind by id."""
        return self.records.get(kind, {})

    def store(self, id: str) -> Store | None:  # noqa: A002
        """Give the store *id*, if there is one."""
        found: Store | None = self.of("store").get(id)
        return found

    def stores_of(self, account: str) -> dict[str, Store]:
        """Give the stores of *account* by id, oldest first (ties: id)."""
        mine = {k: s for k, s in self.of("store").items() if s.account == account}
        return dict(sorted(mine.items(), key=lambda pair: (pair[1].created, pair[0])))

    def listing(self, store: str) -> Listing:
        """Give the listing settings of *store*, defaults where none were applied."""
        found: Listing = self.of("listing").get(store, _LISTING)
        return found

    def imports(self, place: Marketplace) -> dict[str, ImportMapping]:
        """Give the active import mappings of *place* by Amazon's attribute, in order."""
        found: dict[str, ImportMapping] = {}
        for id_, mapping in sorted(self.of("import_mapping").items()):
            country, _, attribute = id_.partition("/")
            if mapping.active and _is(country, place):
                found[attribute] = mapping
        return found

    def reports_of(self, store: str) -> Reports:
        """Give which reports of *store* are asked for, defaults where nothing was applied."""
        found: Reports = self.of("reports").get(store, _REPORTS)
        return found

    def version(self, kind: str, id: str) -> int:  # noqa: A002
        """Give the version of one record, 0 where there is none."""
        found = self.of(kind).get(id)
        return found.version if found else 0

    def with_record(self, kind: str, id: str, value: Setting | None) -> "Settings":  # noqa: A002
        """Give the snapshot in which one record is replaced, or taken out by None."""
        kept = {k: v for k, v in self.of(kind).items() if k != id}
        changed = kept if value is None else kept | {id: value}
        return msgspec.structs.replace(self, records=self.records | {kind: changed})

    def with_report(self, report: Report) -> "Settings":
        """Give the snapshot that knows one more complete report (other states: unchanged)."""
        if report.state != "complete":
            return self
        taken = self._accepting(report)
        if report.type not in EVERY_LISTING:
            return taken
        known = [r for r in self.reports.get(report.store, ()) if r.report != report.report]
        newest = sorted([report, *known], key=_as_of, reverse=True)
        return msgspec.structs.replace(
            taken, reports=self.reports | {report.store: tuple(newest[:2])}
        )

    def _accepting(self, report: Report) -> "Settings":
        place = f"{report.store} {report.type}"
        before = self.accepted.get(place)
        if before is not None and _as_of(before) > _as_of(report):
            return self
        return msgspec.structs.replace(self, accepted=self.accepted | {place: report})

    def rows_before(self, store: str, type_: str) -> int | None:
        """Give the rows of the last complete report of *type_* for *store*, None without one."""
        before = self.accepted.get(f"{store} {type_}")
        return None if before is None else before.rows

    def reported_until(self, partition: int, position: int) -> "Settings":
        """Give the snapshot without the reports whose rows *partition* has not handled yet.

        A report may be spoken of only behind its last row; *position* is the next offset of
        `amazon.listing.v1` that will be handled there.
        """
        known = {
            store: tuple(r for r in reports if r.ends.get(str(partition), 0) <= position)
            for store, reports in self.reports.items()
        }
        return self if known == self.reports else msgspec.structs.replace(self, reports=known)

    def with_state(self, state: AccountState) -> "Settings":
        """Give the snapshot with what is now known of one account."""
        return msgspec.structs.replace(self, states=self.states | {state.account: state})

    def without_state(self, account: str) -> "Settings":
        """Give the snapshot that knows nothing of one account."""
        kept = {k: v for k, v in self.states.items() if k != account}
        return msgspec.structs.replace(self, states=kept)


_LISTING = Listing()
_REPORTS = Reports()


def _is(name: str, place: Marketplace) -> bool:
    try:
        return marketplace(name).id == place.id
    except ValueError:
        return False


def _as_of(report: Report) -> datetime:
    return report.as_of or report.requested_at
