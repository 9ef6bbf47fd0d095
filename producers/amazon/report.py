"""Listing report rows → observations (`listings.md` 15.3, `amazon.md` 8, `records.md` 4).

Pure. What a row states depends on the type of its report (`kinds`); what it does not state
is left out, and so is a cell that cannot be read. An observation is written straight as it
travels, column by column: a million rows are no million of objects.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

import msgspec
from msgspec import UNSET

from producers.amazon.document import Document, opened
from producers.amazon.kinds import KINDS, Kind
from producers.amazon.lines import RefusedRow, sift
from producers.amazon.survey import Survey
from producers.amazon.writing import Writer, frame, gone, offered, suppressed
from schemas import codec
from schemas.amazon import Observation
from schemas.event import ENCODER
from schemas.text import damaged_sku

REPORT_TYPES = tuple(KINDS)
"""Report types whose rows are read here."""

Stated = tuple[bytes, bytes]
"""A seller SKU, and the observation of it as it travels."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Whose report it is, and as of when; *seller* is the account's merchant token."""

    report: str
    account: str
    store: str
    currency: str
    as_of: datetime
    seller: str | None = None


class Rows:
    """What the rows of a surveyed document state, and each row that is set aside.

    In order, but rows of a SKU that stands more than once come last: as one observation if
    they state the same. *left_out* counts, by column, cells that could not be read.
    """

    def __init__(self, document: Document, found: Survey, origin: Origin) -> None:
        self._document = document
        self._found = found
        self._origin = origin
        self.left_out: Counter[str] = Counter()

    @property
    def notes(self) -> tuple[str, ...]:
        """Which cells were left out so far, and how many."""
        counted = sorted((+self.left_out).items())
        return tuple(f"{times} cells of {name} cannot be read" for name, times in counted)

    def __iter__(self) -> Iterator[Stated | RefusedRow]:
        head = self._found.header
        write = _writer(self._found.kind, self._origin, self.left_out)
        held = _Held(self._found)
        for batch in opened(self._document)[1]:
            cells, aside = sift(batch, head, seller=self._origin.seller)
            yield from aside
            skus = cells.column(head.at["seller-sku"])
            stated = zip(skus, write(cells, head), strict=True)
            yield from held.without(cells.numbers, stated) if self._found.twice else stated
        yield from held.settled()


def observations(
    document: Document, found: Survey, origin: Origin
) -> Iterator[Observation | RefusedRow]:
    """Give what `Rows` gives, as values."""
    read = codec.decoder(Observation).decode
    for row in Rows(document, found, origin):
        yield row if isinstance(row, RefusedRow) else read(row[1])


def _writer(kind: Kind, origin: Origin, left_out: Counter[str]) -> Writer:
    around = frame(origin.account, origin.store, origin.report, origin.as_of)
    if kind.gone:
        return gone(around)
    if kind.issues:
        return suppressed(around)
    return offered(around, currency=origin.currency, status=kind.status, left_out=left_out)


# --- one SKU in several rows --------------------------------------------------------------


class _Held:
    """Rows of SKUs that may stand more than once, until the end tells."""

    def __init__(self, found: Survey) -> None:
        self._twice = found.twice
        self._issues = found.kind.issues
        self._rows: dict[bytes, list[tuple[int, bytes]]] = {}

    def without(self, numbers: Sequence[int], rows: Iterable[Stated]) -> Iterator[Stated]:
        """Hold back what may come again, and give the others."""
        for number, (sku, value) in zip(numbers, rows, strict=True):
            if hash(sku) in self._twice:
                self._rows.setdefault(sku, []).append((number, value))
            else:
                yield sku, value

    def settled(self) -> Iterator[Stated | RefusedRow]:
        """Make one of the rows of a SKU, or set all aside where they contradict."""
        for sku, same in self._rows.items():
            values = [value for _, value in same]
            if self._issues:
                yield sku, _together(values)
            elif len(same) == 1 or (len({*values}) == 1 and not damaged_sku(sku.decode())):
                yield sku, values[0]
            else:
                why = f"seller SKU {sku.decode()!r} stands {len(same)} times in this report"
                yield from (RefusedRow(number, why) for number, _ in same)


def _together(values: Sequence[bytes]) -> bytes:
    """Give one observation with the issues of all rows of one SKU."""
    rows = [codec.decoder(Observation).decode(value) for value in values]
    (store,) = rows[0].stores
    issues = [i for row in rows if (some := row.stores[store].issues) is not UNSET for i in some]
    said = msgspec.structs.replace(rows[0].stores[store], issues=issues)
    return ENCODER.encode(msgspec.structs.replace(rows[0], stores={store: said}))
