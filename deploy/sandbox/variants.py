"""The forms that one and the same report comes in (S26, S27), by choice of the control plane.

A variant names the requests it is for and how their document differs: header, charset,
compression, dates, what is cut off, and how the request ends.
"""

import gzip
from collections.abc import Callable, Collection
from typing import NamedTuple

import msgspec

from deploy.sandbox.report import (
    ALL_DATA,
    BUSINESS,
    COLUMNS,
    DATES,
    PROGRESSIVE,
    Place,
    Table,
    table,
)
from deploy.sandbox.world import shop

CHARSETS = {"cp1252": "Cp1252", "cp932": "Shift_JIS", "utf-8": "UTF-8", "utf-8-sig": "UTF-8"}
"""How a document's Content-Type names each charset; another one is named as it is."""
STATES = ("DONE", "FATAL", "CANCELLED", "IN_QUEUE", "IN_PROGRESS")
CUTS = ("truncated", "header", "half", "nothing")
DEPRECATED = {
    "zshop-shipping-fee",
    "zshop-category1",
    "zshop-browse-path",
    "zshop-storefront-feature",
    "asin2",
    "asin3",
    "will-ship-internationally",
    "expedited-shipping",
    "zshop-boldface",
    "bid-for-featured-placement",
}
HALF = {
    "item-name",
    "listing-id",
    "seller-sku",
    "price",
    "quantity",
    "open-date",
    "product-id-type",
    "item-note",
    "item-condition",
    "asin1",
    "product-id",
    "pending-quantity",
    "fulfillment-channel",
    "merchant-shipping-group",
}
EXTRA = (
    "Minimum order quantity",
    "Sell remainder",
    "optional-payment-type-exclusion",
    "amazon_programs",
)
JAPANESE = {
    "item-name": "商品名",
    "item-description": "商品の説明",
    "listing-id": "出品ID",
    "seller-sku": "出品者SKU",
    "price": "価格",
    "quantity": "数量",
    "open-date": "出品日",
    "product-id-type": "商品IDタイプ",
    "item-note": "コンディション説明",
    "item-condition": "コンディション",
    "asin1": "ASIN 1",
    "asin2": "ASIN 2",
    "asin3": "ASIN 3",
    "will-ship-internationally": "国外へ配送可",
    "expedited-shipping": "迅速な配送",
    "product-id": "商品ID",
    "pending-quantity": "在庫数",
    "fulfillment-channel": "フルフィルメント・チャンネル",
    "status": "ステータス",
}


class Variant(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """One choice, for the requests of *account*, *type* and *marketplace*; *times*: so many.

    *header* holds words of `HEADERS`. *seconds* is how long the request takes, *label* what
    the Content-Type calls the charset. A chosen report never comes from the cache.
    """

    id: str = ""
    account: str | None = None
    type: str | None = None
    marketplace: str | None = None
    times: int | None = None
    header: list[str] = []
    charset: str | None = None
    label: str | None = None
    gzip: bool | None = None
    dates: str | None = None
    cut: str | None = None
    state: str | None = None
    seconds: float | None = None
    used: int = 0

    def __post_init__(self) -> None:
        for word in self.header:
            _known("header", word, HEADERS)
        for name, choices in (("cut", CUTS), ("state", STATES), ("dates", DATES)):
            if (value := getattr(self, name)) is not None:
                _known(name, value, choices)
        "".encode(self.charset or "utf-8")

    def covers(self, account: str, kind: str, marketplace: str) -> bool:
        """Say whether a request is one of those that this is for."""
        if self.times is not None and self.used >= self.times:
            return False
        named = ((self.account, account), (self.type, kind), (self.marketplace, marketplace))
        return all(wanted in (None, given) for wanted, given in named)


def _known(name: str, value: str, choices: Collection[str]) -> None:
    if value not in choices:
        raise ValueError(f"{name} is one of {', '.join(choices)}, not {value!r}")


class Variants:
    """The choices in force; the newest that covers a request holds."""

    def __init__(self) -> None:
        self.rules: list[Variant] = []
        self._given = 0

    def add(self, variant: Variant) -> Variant:
        """Put a choice in force."""
        if not variant.id:
            self._given += 1
            variant.id = f"variant-{self._given}"
        self.rules.append(variant)
        return variant

    def remove(self, id: str | None) -> int:  # noqa: A002 - the rule's own word
        """Lift one choice, or all of them; give how many were lifted."""
        kept = [rule for rule in self.rules if id is not None and rule.id != id]
        lifted = len(self.rules) - len(kept)
        self.rules = kept
        return lifted

    def pick(self, account: str, kind: str, marketplace: str) -> Variant | None:
        """Give the choice that holds for a request, and count it."""
        for rule in reversed(self.rules):
            if rule.covers(account, kind, marketplace):
                rule.used += 1
                return rule
        return None


class Written(NamedTuple):
    """A finished document as it lies in storage."""

    body: bytes
    content_type: str
    gzip: bool
    rows: int


def write(place: Place, kind: str, variant: Variant, *, gzipped: bool) -> Written:
    """Write the report of *kind* in the form of *variant*."""
    made = table(place._replace(dates=variant.dates), kind, _columns(kind, variant.header))
    made = _cut(made, variant.cut)
    shown = Table(_names(made.columns, variant.header), made.rows)
    charset = variant.charset or encoding(place)
    label = variant.label or CHARSETS.get(charset, charset)
    body = b"" if variant.cut == "nothing" else shown.text().encode(charset, "replace")
    packed = gzipped if variant.gzip is None else variant.gzip
    if packed:
        body = gzip.compress(body, 6, mtime=0)
    if variant.cut == "truncated":
        body = body[: len(body) * 3 // 5]
    return Written(body, f"text/plain; charset={label}", packed, len(made.rows))


def encoding(place: Place) -> str:
    """Give the charset that a store's reports have unless a choice says otherwise."""
    usual = place.world.profile.report_encoding
    japan = shop(place.marketplace).country == "JP"
    return "cp932" if japan and not usual.startswith("utf-8") else usual


def _cut(made: Table, cut: str | None) -> Table:
    most = {"header": 0, "half": len(made.rows) // 2}.get(cut or "", len(made.rows))
    return Table(made.columns, made.rows[:most])


def _columns(kind: str, words: list[str]) -> list[str]:
    shown = list(COLUMNS[kind])
    for word in words:
        shown = _SETS.get(word, list)(shown)
    return shown


def _business(shown: list[str]) -> list[str]:
    if shown[:27] != ALL_DATA[:27]:
        return shown
    return [*shown[:27], *BUSINESS, "merchant-shipping-group", *PROGRESSIVE, *shown[28:]]


def _half(shown: list[str]) -> list[str]:
    return [name for name in shown if name in HALF]


def _no_status(shown: list[str]) -> list[str]:
    return [name for name in shown if name != "status"]


def _extra(shown: list[str]) -> list[str]:
    return [*shown, *EXTRA]


def _doubled(shown: list[str]) -> list[str]:
    return [*shown, *(name for name in ("price", "quantity") if name in shown)]


def _names(shown: list[str], words: list[str]) -> list[str]:
    for word in words:
        shown = [_NAMES.get(word, str)(name) for name in shown]
    return shown


def _deprecated(name: str) -> str:
    return "Deprecated column" if name in DEPRECATED else name


def _fulfilment(name: str) -> str:
    return "fulfilment-channel" if name == "fulfillment-channel" else name


def _japanese(name: str) -> str:
    return JAPANESE.get(name, name)


def _unknown(name: str) -> str:
    return f"x-{len(name)}-{name[::-1]}"


_SETS: dict[str, Callable[[list[str]], list[str]]] = {
    "b2b": _business,
    "half": _half,
    "no_status": _no_status,
    "extra": _extra,
    "doubled": _doubled,
}
_NAMES: dict[str, Callable[[str], str]] = {
    "deprecated": _deprecated,
    "fulfilment": _fulfilment,
    "japanese": _japanese,
    "unknown": _unknown,
}
HEADERS = (*_SETS, *_NAMES)
