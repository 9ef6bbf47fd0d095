"""How a product is completed: by asking the shop, or by what was last told of it.

`Rereading`: what the shop says now counts, and the event is only the reason to ask, so a late,
doubled or overtaken one does no harm. `Laying`: the shop cannot be asked, so what was saved is
laid over what was last told (`laying`).
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import msgspec
import structlog

from producers.catalog.laying import laid_over
from producers.catalog.shop import Shop, Whole
from schemas.catalog import Price, Product, Saved, Stock
from schemas.errors import NotAllowed, Refused, TryAgain
from schemas.reasons import Reason
from schemas.record import Record
from schemas.settings import Settings

LONGEST = 60.0
"""Seconds that a product is waited for at most before the shop is asked again."""

_log = structlog.get_logger()


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be told of one SKU: parts that changed, or that it is gone."""

    sku: str
    product: Product | None = None
    stock: Stock | None = None
    price: Price | None = None
    gone: bool = False


Bad = list[tuple[Record, Reason]]


class Way(Protocol):
    """How a product is completed."""

    def begin(self, saves: Sequence[Saved]) -> None:
        """Get ready for *saves*, all of one turn. Raises `TryAgain`."""

    def complete(self, saves: Sequence[tuple[Record, Saved]], bad: Bad) -> Told | None:
        """Give what is to be told after *saves* of one product, in their order.

        What does not fit goes to *bad*. Raises `TryAgain`.
        """


class Rereading:
    """By asking the shop, once for all saves that wait; *refresh* is called before."""

    def __init__(self, shop: Shop, refresh: Callable[[], object] = lambda: None) -> None:
        self._shop = shop
        self._refresh = refresh

    def begin(self, saves: Sequence[Saved]) -> None:  # noqa: ARG002 - all of them are asked for
        """Read what was told since, which tells children their parents."""
        self._refresh()

    def complete(self, saves: Sequence[tuple[Record, Saved]], bad: Bad) -> Told | None:
        """Give the product as the shop has it now; gone, if a save says so and it is."""
        record, last = saves[-1]
        try:
            whole = self._whole(last)
        except Refused as refused:
            bad.append((record, refused.reason))
            return None
        except NotAllowed as error:  # a person mends that; what was saved waits
            _log.exception("the shop shuts us out")
            raise TryAgain(str(error), after=LONGEST) from error
        if whole is not None:
            return _all_of(whole)
        gone = next((s for _, s in reversed(saves) if s.what == "deleted" and s.sku), None)
        return Told(sku=gone.sku or "", gone=True) if gone else None

    def _whole(self, saved: Saved) -> Whole | None:
        found = self._shop.whole(shop_id=saved.shop_id, sku=saved.sku)
        if found is None and saved.shop_id and saved.sku:
            return self._shop.whole(sku=saved.sku)  # deleted, and made again under its SKU
        return found


Look = Callable[[Sequence[Saved]], Shop]
"""Gives what was last told of the products that some saves speak of. Raises `TryAgain`."""


class Laying:
    """By laying it over what was last told."""

    def __init__(self, look: Look, settings: Callable[[], Settings]) -> None:
        self._look = look
        self._settings = settings
        self._known: Shop = look(())

    def begin(self, saves: Sequence[Saved]) -> None:
        """Look at what was last told of them."""
        self._known = self._look(saves)

    def complete(self, saves: Sequence[tuple[Record, Saved]], bad: Bad) -> Told | None:
        """Give what the saves change of what is known, one after the other."""
        before = now = self._whole(saves[0][1])
        for record, saved in saves:
            if saved.what == "deleted":
                now = None
                continue
            try:
                now = laid_over(now, saved, self._settings())
            except Refused as refused:
                bad.append((record, refused.reason))
        if now is not None:
            return _changed(before, now)
        gone = next((s.sku for _, s in saves if s.what == "deleted"), None)
        return Told(sku=gone, gone=True) if gone else None

    def _whole(self, saved: Saved) -> Whole | None:
        by_id = self._known.whole(shop_id=saved.shop_id) if saved.shop_id else None
        if by_id is None and saved.sku:
            return self._known.whole(sku=saved.sku)
        return by_id


def _all_of(whole: Whole) -> Told:
    sku = whole.product.sku
    return Told(sku=sku, product=whole.product, stock=whole.stock, price=whole.price)


def _changed(before: Whole | None, now: Whole) -> Told | None:
    if before is None:
        return _all_of(now)
    told = Told(
        sku=now.product.sku,
        product=now.product if now.product != before.product else None,
        stock=now.stock if now.stock != before.stock else None,
        price=now.price if now.price != before.price else None,
    )
    return told if told.product or told.stock or told.price else None
