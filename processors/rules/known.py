"""What we know of one shared SKU, as values: the facts that deciding starts from.

Kept in a table whose changelog holds one row per shared SKU, so names on the wire are
short and marks are arrays. Instants are microseconds since 1970, UTC.

Long because it is one set of facts.
"""

from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from schemas.amazon import FoundCandidate, Issue, ObservedStore, Restriction
from schemas.candidates import Candidate
from schemas.links import Claimant

REPORT, NOTIFICATION, READ = 1, 2, 3
SOURCES = {REPORT: "report", NOTIFICATION: "notification", READ: "read"}
RANKS = {"report": REPORT, "notification": NOTIFICATION, "read": READ, "confirmation": READ}
"""On equal merge times a read wins, then a notification, then a report (`listings.md` 5.2)."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(moment: datetime) -> int:
    """Give the microseconds since 1970 of *moment*."""
    return (moment - _EPOCH) // _MICROSECOND


def instant(us: int) -> datetime:
    """Give the moment *us* microseconds after 1970."""
    return _EPOCH + timedelta(microseconds=us)


class Mark(msgspec.Struct, frozen=True, array_like=True, order=True):
    """When and by whom something was stated: merge time, source's rank, event id.

    *behind* is the allowance by which the merge time lies before the source's own as-of.
    """

    at: int
    rank: int
    event: str
    behind: int = 0

    @property
    def as_of(self) -> datetime:
        """The source's own time."""
        return instant(self.at + self.behind)


class Layer(msgspec.Struct, frozen=True, array_like=True):
    """What one observation states and no newer one states otherwise."""

    mark: Mark
    said: ObservedStore


class Row(msgspec.Struct, frozen=True, array_like=True):
    """What one report's row states of a listing, and of the stock that its stores share."""

    mark: Mark
    said: ObservedStore
    quantity: int | None = None


class Flight(msgspec.Struct, frozen=True, array_like=True):
    """One attempt to change something at Amazon: since when it was under way, and until when."""

    attempt: int
    since: int
    until: int | None = None


class Stated(msgspec.Struct, frozen=True, array_like=True):
    """One value of the shared SKU, or one raw value that we do not understand."""

    mark: Mark
    value: str


class Told(msgspec.Struct, frozen=True, array_like=True):
    """One attribute's value of the listing as Amazon told it; None = Amazon has none."""

    mark: Mark
    value: str | list[str] | None


class Counted(msgspec.Struct, frozen=True, array_like=True):
    """One quantity and when it was stated."""

    mark: Mark
    value: int


class Ask(msgspec.Struct, frozen=True, array_like=True):
    """The one open lookup of a listing; it is asked again at *again*."""

    kind: str
    value: str
    condition: str | None
    nonce: int
    at: int
    again: int
    tries: int = 0


class Reading(msgspec.Struct, frozen=True, array_like=True):
    """The one open request to read this SKU at Amazon."""

    stores: list[str]
    why: str
    nonce: int
    at: int
    again: int
    tries: int = 0


class Answered(msgspec.Struct, frozen=True, array_like=True):
    """The answer to one lookup, which was asked at *at*."""

    kind: str
    value: str
    condition: str | None = None
    candidates: list[FoundCandidate] = []
    restriction: Restriction | None = None
    at: int = 0


class Submitted(msgspec.Struct, frozen=True, array_like=True):
    """What became last of one aspect that we sent."""

    state: str
    at: int
    attempt: int
    value: str | None
    hash: str
    submission: str | None = None
    hold: str | None = None
    issues: list[Issue] = []


class Command(msgspec.Struct, frozen=True, array_like=True):
    """The newest of a person's publish and end."""

    kind: Literal["publish", "end"]
    at: int
    by: str
    id: str


class Linked(msgspec.Struct, frozen=True, array_like=True):
    """The product this listing is; *firm* once Amazon's ASIN was seen to agree, or we made it.

    *against* is the ASIN that the product was expected on while Amazon showed another: the
    link is withheld until a person assigns.
    """

    product: str
    by: str
    firm: bool = False
    against: str | None = None


class Matched(msgspec.Struct, frozen=True, array_like=True):
    """The products that claim one identifier, fenced by sequence.

    *claims*: what more is known of them; *many*: too many claim it to mean anything.
    """

    sequence: int
    products: list[str]
    claims: list[Claimant] = []
    many: bool = False


class Procedure(msgspec.Struct, frozen=True, array_like=True):
    """A relist or ASIN edit between its steps, with the reason's code and values."""

    step: Literal["removing", "relisting"]
    code: str
    old: str
    new: str


class Shown(msgspec.Struct, frozen=True, array_like=True):
    """The last decision about one listing: what it was and since when."""

    tab: str
    status: str
    since: int
    previous: str | None
    marketplace: str

    @property
    def place(self) -> str:
        """Tab and status as one text."""
        return f"{self.tab}/{self.status}"


class StoreFacts(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "layers": "l",
        "rows": "r",
        "flights": "fl",
        "alive": "al",
        "gone": "go",
        "denied": "de",
        "odd": "od",
        "asins": "fo",
        "read_at": "ra",
        "hinted": "hi",
        "known": "k",
        "linked": "li",
        "assigned": "as",
        "asin": "a",
        "condition": "c",
        "alias": "di",
        "command": "cm",
        "overrides": "ov",
        "sent": "su",
        "held": "he",
        "ask": "q",
        "nonce": "n",
        "answers": "an",
        "asked": "rq",
        "matches": "m",
        "procedure": "pr",
        "shown": "s",
        "attributes": "at",
        "import_at": "im",
    },
):
    """What we know of the listing of the shared SKU in one store.

    *rows*: of the newest reports, beside the *layers* of everything else. *alive*, *gone*:
    the newest evidence that it exists, that it does not. *asins*: all that it ever showed,
    with the newest time of each. *asin*, *condition*, *assigned*: a person's. *sent*,
    *held*, *flights*: per aspect. *denied*: a read that found nothing and is not believed;
    only while deciding, never kept. *asked*: identifiers for which the listing is registered
    with matching. *attributes*: those that an import mapping names, by Amazon's name;
    *import_at*: when a person last asked for them again.
    """

    layers: list[Layer] = []
    rows: list[Row] = []
    flights: dict[str, list[Flight]] = {}
    alive: Mark | None = None
    gone: Mark | None = None
    denied: Mark | None = None
    odd: dict[str, Stated] = {}
    asins: dict[str, int] = {}
    read_at: int = 0
    hinted: int = 0
    known: bool = False
    linked: Linked | None = None
    assigned: str | None = None
    asin: str | None = None
    condition: str | None = None
    alias: bool = False
    command: Command | None = None
    overrides: dict[str, Any] = {}
    sent: dict[str, Submitted] = {}
    held: dict[str, Submitted] = {}
    ask: Ask | None = None
    nonce: int = 0
    answers: list[Answered] = []
    asked: list[str] = []
    matches: dict[str, Matched] = {}
    procedure: Procedure | None = None
    shown: Shown | None = None
    attributes: dict[str, Told] = {}
    import_at: int = 0

    @property
    def exists(self) -> bool | None:
        """Whether Amazon has it, by the newest evidence; None without any."""
        if self.alive is None:
            return None if self.gone is None else False
        return self.gone is None or self.alive > self.gone

    @property
    def vanished(self) -> bool:
        """Whether it existed and is proven gone."""
        return self.alive is not None and self.exists is False


class SharedSku(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    rename={
        "account": "a",
        "seller_sku": "k",
        "candidates": "c",
        "stores": "s",
        "channel": "ch",
        "odd_channel": "oc",
        "quantity": "q",
        "zero_at": "z",
        "some_at": "p",
        "confirmed": "cf",
        "sent": "su",
        "held": "he",
        "flights": "fl",
        "hinted": "hi",
        "reading": "r",
        "read_nonce": "rn",
        "handled": "h",
        "due": "d",
    },
):
    """All stores of one seller SKU in one account.

    *zero_at*, *some_at*: when quantity 0, and when a positive one, was last observed;
    *confirmed*: the last quantity of ours that Amazon was seen to show; *flights*: of
    quantities; *hinted*: when it was last notified of without a store; *handled*: ids of
    intents; *due*: when time alone changes the decision.
    """

    account: str = ""
    seller_sku: str = ""
    candidates: dict[str, Candidate] = {}
    stores: dict[str, StoreFacts] = {}
    channel: Stated | None = None
    odd_channel: Stated | None = None
    quantity: Counted | None = None
    zero_at: int = 0
    some_at: int = 0
    confirmed: Counted | None = None
    sent: Submitted | None = None
    held: Submitted | None = None
    flights: list[Flight] = []
    hinted: int = 0
    reading: Reading | None = None
    read_nonce: int = 0
    handled: list[str] = []
    due: int | None = None


def fba(channel: str | None) -> bool:
    """Tell whether *channel* is one of Amazon's own."""
    return channel is not None and channel.startswith("AMAZON_")
