"""Reading whole products from the shop: every scope, stored prices, stock by source.

A page of products costs one call per view that any of them is seen in, two for prices, one
for units; and one per product for its stock settings, which the shop tells only one by one:
these are kept (`Kept`) and asked for again when the product itself was changed.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from producers.catalog import entity, layout
from producers.catalog.dialect import Dialect, dialect
from producers.catalog.entity import Item, Units
from producers.catalog.layout import Layout
from producers.catalog.refusal import Refusal, Unfit
from producers.catalog.rest import GLOBAL, Document, Rest
from producers.catalog.shop import Whole
from schemas.catalog import Stock
from schemas.errors import Refused
from schemas.reasons import Reason
from schemas.settings import Settings

AT_ONCE = 100
"""Products that one call names; the shop's own limit of ids in a query is far above."""

T = TypeVar("T")


class Kept(Protocol):
    """The stock settings of products that were read before."""

    def of(self, skus: Sequence[str]) -> Mapping[str, Document]:
        """Give what is kept of *skus*."""

    def keep(self, stated: Mapping[str, Document]) -> None:
        """Keep these; they replace older ones."""


class Reader:
    """Reads whole products. *parent* gives the SKU of a product's configurable by its id."""

    def __init__(
        self,
        rest: Rest,
        settings: Callable[[], Settings],
        kept: Kept,
        parent: Callable[[str], str | None],
    ) -> None:
        self._rest, self._settings, self._kept, self._parent = rest, settings, kept, parent
        self._layout: Layout | None = None

    def refresh(self) -> Layout:
        """Ask the shop again how it is laid out."""
        self._layout = layout.read(self._rest)
        return self._layout

    @property
    def layout(self) -> Layout:
        """How the shop is laid out, as it was when it was last asked."""
        return self._layout or self.refresh()

    def whole(self, *, shop_id: str | None = None, sku: str | None = None) -> Whole | None:
        """Give one product, None where the shop says that it has none.

        Raises `TryAgain` where it does not answer, `Refused` where what it tells does not fit.
        """
        found = self._one(shop_id, sku)
        for told in self.wholes([found] if found else []):
            if isinstance(told, Refusal):
                why = f"{told.field}: {told.rule}" if told.field else told.rule
                raise Refused(Reason("MALFORMED", {"event": "Product", "why": why}))
            return told
        return None

    def _one(self, shop_id: str | None, sku: str | None) -> Document | None:
        if shop_id is None:
            return self._rest.product(sku or "")
        found, _ = self._rest.search("products", where=[("entity_id", "eq", shop_id)], size=2)
        return found[0] if found else None

    def by_ids(self, ids: Sequence[str]) -> Iterator[Document]:
        """Give the products of *ids* that the shop has, as it shows them globally."""
        for some in chunks(ids):
            yield from self._of(some, GLOBAL).values()

    def wholes(
        self, documents: Sequence[Document], *, fresh: bool = True
    ) -> Iterator[Whole | Refusal]:
        """Give the events of each of *documents*, or why it has none.

        *fresh*: ask for their stock settings again.
        """
        spoken = self._dialect()
        for some in chunks(documents):
            for item in self._items(some, fresh=fresh):
                try:
                    yield entity.whole(item, self.layout, spoken)
                except Unfit as unfit:
                    yield _refusal(item.document, unfit.field, unfit.rule)
                except ValueError as error:
                    yield _refusal(item.document, None, str(error))

    def _items(self, documents: Sequence[Document], *, fresh: bool) -> Iterator[Item]:
        skus = [str(d["sku"]) for d in documents]
        shown = self._shown(documents)
        base = self._stored("base prices", documents)
        special = self._stored("special prices", documents)
        stock = self._stock(documents, fresh=fresh)
        units = self.units(skus)
        for document, sku in zip(documents, skus, strict=True):
            yield Item(
                document=document,
                views={
                    view: d[sku_id] for view, d in shown.items() if (sku_id := _id(document)) in d
                },
                base=base.get(sku, ()),
                special=special.get(sku, ()),
                stock=stock.get(sku),
                units=units.get(sku, ()),
                parent=self._parent(_id(document)),
            )

    def _shown(self, documents: Sequence[Document]) -> dict[str, dict[str, Document]]:
        """Give the products as each view shows them, by view and id."""
        shown: dict[str, dict[str, Document]] = {}
        for view in self.layout.views.values():
            here = [_id(d) for d in documents if view.website in entity.websites(d, self.layout)]
            if here:
                shown[view.code] = self._of(here, view.code)
        return shown

    def _of(self, ids: Sequence[str], view: str) -> dict[str, Document]:
        # by id: a comma inside a SKU would part it in two
        where = [("entity_id", "in", ",".join(ids))]
        found, _ = self._rest.search("products", view, where=where, size=len(ids))
        return {_id(d): d for d in found}

    def _stored(self, what: str, documents: Sequence[Document]) -> dict[str, list[Document]]:
        skus = [str(d["sku"]) for d in documents if d.get("type_id") in entity.PRICED]
        found: dict[str, list[Document]] = {}
        for row in _without_poison(skus, lambda some: self._rest.stored_prices(what, some)):
            found.setdefault(str(row["sku"]), []).append(row)
        return found

    def _stock(self, documents: Sequence[Document], *, fresh: bool) -> dict[str, Document]:
        skus = [str(d["sku"]) for d in documents]
        known = {} if fresh else dict(self._kept.of(skus))
        told = {str(d["sku"]): s for d in documents if (s := _stock_of(d))}
        for sku in skus:
            unknown = sku not in known and sku not in told
            if unknown and (stated := self._rest.stock_item(sku)) is not None:
                told[sku] = stated
        self._kept.keep(told)
        return known | told

    def stocks(self, units: Mapping[str, Sequence[Units]]) -> Iterator[Stock | Refusal]:
        """Give the stock of each SKU from its *units*, with the settings that are kept of it."""
        spoken = self._dialect()
        skus = list(units)
        stated = self._stock([{"sku": sku} for sku in skus], fresh=False)
        for sku in skus:
            item = Item(document={}, stock=stated.get(sku), units=units[sku])
            try:
                if (told := entity.stock(sku, item, self.layout, spoken)) is not None:
                    yield told
            except ValueError as error:
                yield Refusal(line=0, rule=str(error), sku=sku)

    def _dialect(self) -> Dialect:
        known = self._settings()
        return entity.dialect_of(self.layout, dialect(known), known)

    def units(self, skus: Sequence[str]) -> dict[str, list[Units]]:
        """Give what each source holds of *skus*."""
        found: dict[str, list[Units]] = {}
        plain = [sku for sku in skus if "," not in sku]
        asked = [("in", ",".join(some)) for some in chunks(plain)] if plain else []
        asked += [("eq", sku) for sku in skus if "," in sku]
        for condition, value in asked:
            for row in self._every("source items", ("sku", condition, value)):
                found.setdefault(str(row["sku"]), []).append(units_of(row))
        return {sku: sorted(rows) for sku, rows in found.items()}

    def _every(self, what: str, where: tuple[str, str, str]) -> Iterator[Document]:
        page, size = 1, 500
        while True:
            found, total = self._rest.search(what, where=[where], sort="sku", page=page, size=size)
            yield from found
            if not found or page * size >= total:
                return
            page += 1


def _id(document: Document) -> str:
    return str(document["id"])


def _refusal(document: Document, field: str | None, rule: str) -> Refusal:
    return Refusal(line=0, field=field, rule=rule, sku=str(document.get("sku", ""))[:64] or None)


def _stock_of(document: Document) -> Document | None:
    """Give the stock settings that come with a product which was asked for alone."""
    found: Document | None = (document.get("extension_attributes") or {}).get("stock_item")
    return found


def units_of(row: Document) -> Units:
    """Give what one row tells of a source's units."""
    quantity = entity.exact(row.get("quantity"))
    return Units(str(row["source_code"]), quantity, int(row.get("status") or 0))


def chunks(things: Sequence[T], size: int = AT_ONCE) -> Iterator[Sequence[T]]:
    """Give *things* in pieces of *size*."""
    for start in range(0, len(things), size):
        yield things[start : start + size]


def _without_poison(
    skus: Sequence[str], ask: Callable[[Sequence[str]], Iterable[Document]]
) -> Iterator[Document]:
    """Give what the shop tells of *skus*; those it refuses are found by halving and left out.

    It refuses the whole question where one of them was deleted meanwhile.
    """
    if not skus:
        return
    try:
        yield from ask(skus)
    except Refused:
        if len(skus) > 1:
            half = len(skus) // 2
            yield from _without_poison(skus[:half], ask)
            yield from _without_poison(skus[half:], ask)
