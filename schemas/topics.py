"""The topic table: each topic's key, event, kind, retention, writer and readers.

`design.md` 3 and `operations.md` 1. Everything that must know a topic asks here; `topics
apply` creates them, with each group's dead letters and each role's changelog.

Long because it is one table.
"""

from typing import Literal

import msgspec

from schemas import events
from schemas.event import Event
from schemas.settings import Setting

DAY_MS = 86_400_000
PARTITIONS = 12
"""Of every keyed topic, its dead letters and changelogs: fixed for life."""

Order = Literal["latest", "any", "key"]


class Topic(msgspec.Struct, frozen=True, kw_only=True):
    """One topic. *days* None = compacted; *order* is the rule for failed records.

    *foreign*: others may write it, so its values are looked at more closely. *groups* read
    it and own its dead-letter family. *deletes*: null is part of its contract.
    """

    name: str
    key: str
    event: type[Event]
    days: float | None
    writer: str
    groups: tuple[str, ...] = ()
    whole: bool = False
    order: Order = "latest"
    partitions: int = PARTITIONS
    foreign: bool = False
    public: bool = False
    deletes: bool = False
    schema: str = "1.0.0"
    purpose: str = ""
    config: dict[str, str] = {}

    @property
    def compacted(self) -> bool:
        """Whether the newest value per key is kept for ever."""
        return self.days is None


TOPICS: tuple[Topic, ...] = (
    Topic(
        name="catalog.product.v1",
        key="SKU",
        event=events.Product,
        days=None,
        writer="producers/catalog",
        groups=("listwire-products",),
        foreign=True,
        deletes=True,
        purpose="the whole product: type, enabled, websites, categories, attributes per scope",
    ),
    Topic(
        name="catalog.stock.v1",
        key="SKU",
        event=events.Stock,
        days=None,
        writer="producers/catalog",
        groups=("listwire-products",),
        foreign=True,
        deletes=True,
        purpose="stock per website: managed, salable, quantity",
    ),
    Topic(
        name="catalog.price.v1",
        key="SKU",
        event=events.Price,
        days=None,
        writer="producers/catalog",
        groups=("listwire-products",),
        foreign=True,
        deletes=True,
        purpose="price attributes per website, special price with its dates",
    ),
    Topic(
        name="catalog.saved.v1",
        key="id:SHOP ID, or sku:SKU",
        event=events.Saved,
        days=30,
        writer="producers/catalog",
        groups=("listwire-webhook",),
        order="any",
        purpose="what was saved of one product in the shop; to be completed to the whole product",
    ),
    Topic(
        name="settings.v1",
        key="kind/id",
        event=Setting,
        days=None,
        writer="producers/operator",
        whole=True,
        partitions=1,
        foreign=True,
        deletes=True,
        purpose="accounts, stores, mappings, rules, listing settings, guards",
    ),
    Topic(
        name="amazon.listing.v1",
        key="account|seller SKU",
        event=events.Observation,
        days=30,
        writer="producers/amazon, consumers/amazon",
        groups=("listwire-listings",),
        order="any",
        purpose="observations of one listing: report row, notification, read-back",
    ),
    Topic(
        name="amazon.report.v1",
        key="store",
        event=events.Report,
        days=30,
        writer="producers/amazon",
        groups=("listwire-postgres",),
        whole=True,
        order="any",
        partitions=1,
        purpose="a report's life: requested, complete, refused and why",
    ),
    Topic(
        name="amazon.account.v1",
        key="account",
        event=events.AccountState,
        days=None,
        writer="producers/amazon",
        whole=True,
        partitions=1,
        deletes=True,
        purpose="per store: participates, suspended; the credentials' state",
    ),
    Topic(
        name="amazon.lookup.v1",
        key="account|seller SKU",
        event=events.Lookup,
        days=7,
        writer="producers/amazon",
        groups=("listwire-listings",),
        order="any",
        purpose="the answer to one lookup: a catalogue search, or a restriction check",
    ),
    Topic(
        name="amazon.submission.v1",
        key="account|seller SKU",
        event=events.Submission,
        days=30,
        writer="consumers/amazon",
        groups=("listwire-listings", "listwire-postgres"),
        order="key",
        purpose="accepted, invalid, failed, confirmed, overdue, superseded, held",
    ),
    Topic(
        name="listing.intent.v1",
        key="account|seller SKU",
        event=events.Intent,
        days=30,
        writer="producers/operator",
        groups=("listwire-listings",),
        order="key",
        foreign=True,
        purpose="a person's command",
    ),
    Topic(
        name="listing.status.v1",
        key="account|marketplace|seller SKU",
        event=events.ListingStatus,
        days=None,
        writer="processors/listings",
        groups=("listwire-postgres",),
        public=True,
        deletes=True,
        config={"min.compaction.lag.ms": "3600000"},
        purpose="tab, status, reasons, ASIN, link, desired and observed offer of one listing",
    ),
    Topic(
        name="listing.status-changed.v1",
        key="account|marketplace|seller SKU",
        event=events.ListingStatusChanged,
        days=90,
        writer="processors/listings",
        groups=("listwire-postgres",),
        order="key",
        public=True,
        purpose="each change of tab or status with its cause; each refused intent",
    ),
    Topic(
        name="listing.offer.v1",
        key="account|seller SKU",
        event=events.Offer,
        days=None,
        writer="processors/listings",
        groups=("listwire-amazon", "listwire-postgres"),
        deletes=True,
        purpose="the desired offer of every store of one shared SKU",
    ),
    Topic(
        name="catalog.attributes-imported.v1",
        key="SKU|account|seller SKU",
        event=events.AttributesImported,
        days=None,
        writer="processors/listings",
        groups=("listwire-commerce",),
        public=True,
        deletes=True,
        purpose="Amazon's attribute values mapped to the catalogue's, per store view",
    ),
    Topic(
        name="listing.lookup-requested.v1",
        key="account|seller SKU",
        event=events.LookupRequested,
        days=7,
        writer="processors/listings",
        groups=("listwire-lookups",),
        order="any",
        purpose="what to search for, or which restriction to check",
    ),
    Topic(
        name="listing.read-requested.v1",
        key="account|seller SKU",
        event=events.ReadRequested,
        days=7,
        writer="processors/listings",
        groups=("listwire-lookups",),
        order="any",
        purpose="read this SKU at Amazon: since when, why",
    ),
    Topic(
        name="listing.candidate.v1",
        key="account|seller SKU",
        event=events.Candidate,
        days=30,
        writer="processors/products",
        groups=("listwire-listings",),
        purpose="what one product says about this seller SKU, for all the account's stores",
    ),
    Topic(
        name="catalog.identifier.v1",
        key="identifier",
        event=events.IdentifierClaimed,
        days=30,
        writer="processors/products",
        groups=("listwire-matching",),
        purpose="this product claims it (or no longer does), in which stores",
    ),
    Topic(
        name="listing.match-request.v1",
        key="identifier",
        event=events.MatchRequested,
        days=30,
        writer="processors/listings",
        groups=("listwire-matching",),
        purpose="this listing asks for its product (or no longer does)",
    ),
    Topic(
        name="listing.match.v1",
        key="account|seller SKU",
        event=events.Match,
        days=30,
        writer="processors/matching",
        groups=("listwire-listings",),
        purpose="the products that claim the identifier asked for",
    ),
    Topic(
        name="catalog.link.v1",
        key="SKU",
        event=events.Link,
        days=30,
        writer="processors/listings",
        groups=("listwire-products",),
        purpose="this seller SKU is (or no longer is) that product",
    ),
    Topic(
        name="pipeline.coverage.v1",
        key="group|topic|partition",
        event=events.Coverage,
        days=None,
        writer="every stage",
        whole=True,
        order="any",
        purpose="which input offsets were emitted, unchanged, filtered, quarantined",
    ),
    Topic(
        name="pipeline.probe.v1",
        key="probe",
        event=events.Probe,
        days=1 / 24,
        writer="deploy/watch",
        order="any",
        partitions=3,
        config={"message.timestamp.type": "LogAppendTime"},
        purpose="end-to-end probe; the broker stamps it, so that clocks can be compared",
    ),
)
"""Every topic; dead letters and changelogs are derived from it."""

ROLES = ("products", "matching", "listings")
"""Roles with a table, so with a changelog."""

_BY_NAME = {t.name: t for t in TOPICS}


def topic(name: str) -> Topic:
    """Give the topic *name*. Raises ValueError for one that is not in the table."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise ValueError(f"no topic {name!r} in the table") from None


def inputs(group: str) -> tuple[str, ...]:
    """Give the topics that *group* reads."""
    return tuple(t.name for t in TOPICS if group in t.groups)


def urn(name: str) -> str:
    """Give the id of the schema of *name*; a topic of the dead-letter family has its source's."""
    found = _BY_NAME.get(name)
    return f"urn:listwire:schema:{name}:{found.schema if found else '1.0.0'}"


def dead_letters(name: str, group: str) -> str:
    """Give the dead-letter topic of *group* for the input *name*."""
    return f"{name}.{group}.dlq"


def changelog(role: str) -> str:
    """Give the changelog of *role*'s table of facts."""
    return f"listwire-{role}-facts-changelog"
