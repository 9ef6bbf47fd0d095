"""One look at a whole report before the first row counts: is it complete (guard G7)?

Pure. A report that lost a column, shrank or cannot be decoded is refused whole, with its
reason: nothing of it is published, so what was known of the store stays.
"""

import itertools
import re
from array import array
from collections import Counter

import msgspec

from producers.amazon.band import Band
from producers.amazon.columns import Header, by_place, header
from producers.amazon.document import Batch, Document, opened, refused
from producers.amazon.kinds import KINDS, Kind
from producers.amazon.lines import sift
from schemas import reports

USUAL = Band()
MAX_TWICE = 100_000
"""Rows whose seller SKU stands more than once: they are held back until the end."""
SAMPLE = 100
"""Rows whose shape must confirm columns that are known by their places alone."""
_SHARES = 64
"""Parts in which the SKUs' hashes are compared, so that no large set is made; a power of 2."""


class Survey(msgspec.Struct, frozen=True):
    """What one look at the whole document found.

    *twice*: hashes of seller SKUs that seem to stand more than once; only rows can prove it.
    """

    kind: Kind
    header: Header
    rows: int
    twice: frozenset[int]

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should hear of, though the report was taken."""
        found = []
        if self.header.unknown:
            found.append(f"unknown columns: {', '.join(self.header.unknown)[:200]}")
        if self.header.placed:
            found.append("a header in no language known here: its columns are known by place")
        return tuple(found)


def survey(
    document: Document,
    *,
    type_: str = reports.ALL,
    last_rows: int | None = None,
    within: Band = USUAL,
) -> Survey:
    """Look at the whole document. Raises `Refused` where it is not complete.

    *last_rows*: rows of the last report of this type that was accepted for the store;
    *within*: guard G7's limits.
    """
    kind = KINDS[type_]
    line, every = opened(document)
    first = next(every)
    look = _Look(kind, understood(line, kind, first))
    for batch in itertools.chain([first], every):
        look.at(batch)
    return look.found(last_rows, within)


class _Look:
    """What has been seen of a document so far; its SKUs as hashes, 8 bytes a row."""

    def __init__(self, kind: Kind, head: Header) -> None:
        self._kind, self._header = kind, head
        self._rows = self._lost = self._good = 0
        self._hashes = [array("q") for _ in range(_SHARES)]

    def at(self, batch: Batch) -> None:
        at = self._header.at["seller-sku"]
        if batch.fits(self._header.width) and at < self._header.width - 1:
            lines = batch.block[:-1].split(b"\n")
            self._remember([line.split(b"\t", at + 1)[at] for line in lines], 0)
        else:
            cells, aside = sift(batch, self._header)
            self._remember(cells.column(at), len(aside))
        self._lost += len(batch.broken)

    def _remember(self, skus: list[bytes], aside: int) -> None:
        add = [share.append for share in self._hashes]
        for hashed in map(hash, skus):
            add[hashed & _SHARES - 1](hashed)
        self._good += len(skus)
        self._rows += len(skus) + aside

    def found(self, last_rows: int | None, within: Band) -> Survey:
        self._complete(last_rows if self._kind.whole else None, within)
        return Survey(self._kind, self._header, self._rows, self._twice())

    def _complete(self, last_rows: int | None, within: Band) -> None:
        if self._rows == 0 and self._kind.whole:
            raise refused("a header and no row")
        if self._lost > within.max_undecodable * self._rows:
            raise refused(f"{self._lost} of {self._rows} rows cannot be decoded (guard G7)")
        if self._rows and not self._good:
            raise refused(f"none of its {self._rows} rows can be read")
        if last_rows is not None and self._rows < within.min_rows * last_rows:
            why = f"{self._rows} rows, the last accepted report had {last_rows} (guard G7)"
            raise refused(why)

    def _twice(self) -> frozenset[int]:
        twice: dict[int, int] = {}
        for share in self._hashes:
            if len(set(share)) != len(share):
                twice |= {hashed: times for hashed, times in Counter(share).items() if times > 1}
        if (held := sum(twice.values())) > MAX_TWICE:
            raise refused(f"{held} rows share their seller SKU with another row")
        return frozenset(twice)


# --- the header ---------------------------------------------------------------------------


def understood(line: str, kind: Kind, first: Batch) -> Header:
    """Read the header *line*; *first* are the rows below it.

    Raises `Refused` for a header that lacks a column, or says one twice.
    """
    named = header(line)
    for found in (named, by_place(named)):
        if found is not None and not _missing(found, kind) and _shaped(found, first):
            return _once(found, kind)
    lacking = ", ".join(" or ".join(names) for names in _missing(named, kind))
    raise refused(f"column {lacking} is missing; the header is {line[:120]!r}")


def _missing(found: Header, kind: Kind) -> list[tuple[str, ...]]:
    return [names for names in kind.needed if not any(name in found.at for name in names)]


def _once(found: Header, kind: Kind) -> Header:
    """Refuse a column that is read and stands twice: nobody can tell which one counts."""
    needed = {name for names in kind.needed for name in names}
    if twice := sorted(needed.intersection(found.doubled)):
        raise refused(f"column {', '.join(twice)} stands twice")
    return found


def _shaped(found: Header, first: Batch) -> bool:
    """Tell whether columns known by place hold what they should; named ones need no proof."""
    if not found.placed:
        return True
    cells, _ = sift(first, found)
    judged = (
        all(map(judge, cells.column(found.at[name])[:SAMPLE])) for name, judge in _SHAPES.items()
    )
    return bool(cells.numbers) and all(judged)


_SHAPES = {
    "asin1": re.compile(rb"[A-Z0-9]{10}").fullmatch,
    "fulfillment-channel": re.compile(rb"DEFAULT|AMAZON_[A-Z]{2}").fullmatch,
    "status": re.compile(rb"Active|Inactive|Incomplete").fullmatch,
    "price": re.compile(rb"[0-9]*\.?[0-9]*").fullmatch,
    "quantity": re.compile(rb"[0-9]*").fullmatch,
}
"""What cells of these columns look like, whatever language the header speaks."""
