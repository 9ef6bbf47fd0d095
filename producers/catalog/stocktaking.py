"""Reading what all sources hold, because stock has no time of change; telling what differs."""

from collections.abc import Mapping, Sequence

import structlog

from producers.catalog.entity import Units
from producers.catalog.reader import Reader, chunks, units_of
from producers.catalog.rest import Rest
from producers.catalog.sweep import sweep
from producers.catalog.telling import Manners, Telling
from producers.catalog.told import PRODUCT, STOCK, Topics

_log = structlog.get_logger(__name__)


class Stocktaking:
    """Takes stock again and again; remembers what each source held, to compute little."""

    def __init__(self, rest: Rest, topics: Topics, manners: Manners) -> None:
        self._rest, self._topics, self._manners = rest, topics, manners
        self._seen: dict[str, str] = {}

    def take(self, telling: Telling, reader: Reader) -> None:
        """Tell the stock of products of which any source holds another number."""
        moment = telling.moment()
        found = {
            sku: sorted(units_of(row) for row in rows)
            for sku, rows in sweep(self._rest)
            if self._lives(sku)
        }
        emptied = self._emptied(found)
        if not found and emptied:
            _log.warning("the shop tells no units of any product: nothing is concluded from it")
            return
        laid = repr(sorted((w, sorted(s)) for w, s in reader.layout.sources.items()))
        seen = {sku: f"{laid} {units!r}" for sku, units in found.items()}
        changed = [sku for sku, now in seen.items() if self._seen.get(sku) != now]
        for skus in chunks([*changed, *emptied], self._manners.size):
            units: dict[str, Sequence[Units]] = {sku: found.get(sku, []) for sku in skus}
            telling.stocks(reader.stocks(units), moment)
        self._seen = seen

    def _lives(self, sku: str) -> bool:
        known = self._topics.told.of(PRODUCT, sku)
        return known is not None and known.content is not None

    def _emptied(self, found: Mapping[str, object]) -> list[str]:
        """Give the products that had units and have none in any source now."""
        return [
            sku
            for sku in self._topics.told.live(self._manners.shop)
            if sku not in found
            and self._topics.told.of(STOCK, sku)
            and (sku in self._seen or not self._seen)
        ]
