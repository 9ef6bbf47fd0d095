"""The three roles together, in memory: what one says the others hear, until nobody speaks."""

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from processors.listings import Listings
from processors.matching import Matching
from processors.products import Products
from processors.settle import Occasion, settle
from schemas import codec, keys, topics
from schemas.amazon import FoundCandidate, Lookup, Observation, ObservedStore, ProductId
from schemas.event import ENCODER, Event, as_number
from schemas.listings import ListingStatus
from schemas.record import Record
from schemas.requests import LookupRequested, ReadRequested
from schemas.settings import Listing, Settings
from tests.support import shop
from tests.support.history import ASIN, DE, FR, NOON, observation

OTHER = "B00000000B"
PUBLIC = ("listing.", "catalog.identifier", "catalog.link")


class Round:
    """Routes records between the roles; *amazon* answers searches, reads find nothing."""

    def __init__(self, *asins: str, given: Settings | None = None) -> None:
        self.settings = given or _settings()
        self.asins = asins
        self.facts: dict[tuple[str, bytes], Any] = {}
        self.log: list[Record] = []
        self._roles: list[Any] = [Products(), Matching(), Listings()]
        self._queue: deque[Record] = deque()
        self._offset = 0
        self._amazon: dict[str, Callable[[Record], Event]] = {
            "listing.lookup-requested.v1": self._search,
            "listing.read-requested.v1": self._read,
        }

    def take(self, *records: Record) -> list[Record]:
        """Feed *records* and all that follows; give what followed."""
        start = len(self.log)
        self._queue.extend(records)
        for _ in range(500):
            if not self._queue:
                return self.log[start:]
            self._handle(self._queue.popleft())
        raise AssertionError("they do not stop talking")

    def event(self, event: Event, topic: str, id_: str) -> Record:
        """Give an event of one shared SKU as a record."""
        key = keys.shared(event.account, event.seller_sku)  # type: ignore[attr-defined]
        return codec.encode(
            event, topic=topic, key=key, id=id_, source="/t", subject="s", time=NOON
        )

    def statuses(self) -> dict[tuple[str, str], ListingStatus]:
        """Give the last status per seller SKU and store."""
        told = [r for r in self.log if r.topic == "listing.status.v1"]
        events = [codec.decode(r, ListingStatus) for r in told]
        return {(e.seller_sku, e.store): e for e in events if e is not None}

    def places(self, store: str = DE) -> dict[str, str]:
        """Give tab and status per seller SKU of one store."""
        found = self.statuses().items()
        return {s: f"{e.tab.value}/{e.status.value}" for (s, at), e in found if at == store}

    def _handle(self, record: Record) -> None:
        self._offset += 1
        record = msgspec.structs.replace(record, offset=self._offset)
        for role in self._roles:
            if record.topic in role.inputs:
                self._step(role, record)
        if record.topic in self._amazon:
            answer = self._amazon[record.topic](record)
            topic = "amazon.lookup.v1" if isinstance(answer, Lookup) else "amazon.listing.v1"
            self._queue.append(self.event(answer, topic, f"a{self._offset:05}"))

    def _step(self, role: Any, record: Record) -> None:
        place = (role.name, record.key or b"")
        facts = self.facts.get(place) or role.facts()
        change = role.step(record, facts, self.settings, NOON)
        occasion = Occasion(source="/t", time=NOON, now_us=self._offset)
        records, sent = settle(change.outputs, facts.sent, occasion)
        written = ENCODER.encode(msgspec.structs.replace(change.facts, sent=sent))
        self.facts[place] = msgspec.json.decode(written, type=role.facts, dec_hook=as_number)
        self.log += records
        self._queue.extend(records)

    def _search(self, record: Record) -> Event:
        asked = codec.decode(record, LookupRequested)
        if asked is None:
            raise AssertionError("a question is never deleted")
        told = {n: getattr(asked, n) for n in ("account", "seller_sku", "store", "kind", "value")}
        items = [FoundCandidate(asin=asin) for asin in self.asins]
        return Lookup(**told, nonce=asked.nonce, state="answered", candidates=items)

    def _read(self, record: Record) -> Event:
        asked = codec.decode(record, ReadRequested)
        if asked is None:
            raise AssertionError("a question is never deleted")
        nothing = {store: ObservedStore(exists=False) for store in asked.stores}
        return Observation(
            account=asked.account,
            seller_sku=asked.seller_sku,
            source="read",
            as_of=NOON,
            stores=nothing,
        )


def _settings() -> Settings:
    given = shop.settings()
    for store in (DE, FR):
        given = given.with_record("listing", store, Listing(first_report="none"))
    return given


def catalogue() -> tuple[Record, ...]:
    return shop.product(), shop.stock(), shop.price()


def foreign(seller_sku: str, asin: str = ASIN, **stated: Any) -> Record:
    shown = observation("read", NOON, asin=asin, **stated)
    seen = msgspec.structs.replace(shown, seller_sku=seller_sku)
    return Round().event(seen, "amazon.listing.v1", f"seen-{seller_sku}-{asin}")


def test_a_product_becomes_an_offer_in_both_stores() -> None:
    together = Round(ASIN)

    together.take(*catalogue())

    assert together.places(DE) == {"LAMP-12": "ready_to_list/list_in_progress"}
    assert together.places(FR) == {"LAMP-12": "ready_to_list/list_in_progress"}


@pytest.mark.parametrize("first", ["catalogue", "report"])
def test_a_listing_under_the_catalogues_sku_is_linked_whoever_comes_first(first: str) -> None:
    together = Round(ASIN)
    seen = foreign("LAMP-12")

    together.take(*((*catalogue(), seen) if first == "catalogue" else (seen, *catalogue())))

    assert together.places() == {"LAMP-12": "active/active"}
    assert together.statuses()["LAMP-12", DE].product == "LAMP-12"


def by_asin() -> Record:
    """The product's own ASIN attribute, by which a foreign seller SKU finds it."""
    attributes = shop.PRODUCT["attributes"] | {"asin": {"global": ASIN}}
    return shop.product(2, attributes=attributes)


@pytest.mark.parametrize("first", ["catalogue", "report"])
def test_an_unpublished_row_merges_into_amazons_seller_sku(first: str) -> None:
    together = Round(ASIN)
    ours, seen = (by_asin(), shop.stock(), shop.price()), foreign("OLD-LAMP")

    together.take(*((*ours, seen) if first == "catalogue" else (seen, *ours)))

    places = together.places()
    assert places["OLD-LAMP"] == "active/active"
    assert places.get("LAMP-12", "not_listed/not_listed") == "not_listed/not_listed"
    assert together.places(FR)["LAMP-12"] == "ready_to_list/list_in_progress"


@pytest.mark.parametrize("first", ["catalogue", "report"])
def test_a_product_on_another_asin_is_withheld_for_good(first: str) -> None:
    together = Round(ASIN)
    number = ProductId(type="upc", value="036000291452")
    ours, seen = catalogue(), foreign("OLD-LAMP", OTHER, product_id=number)

    together.take(*((*ours, seen) if first == "catalogue" else (seen, *ours)))
    together.take(shop.stock(3, websites={"*": {"managed": True, "quantity": "4"}}))

    status = together.statuses()["OLD-LAMP", DE]
    assert status.tab.value == "new_third_party"
    assert [r.code for r in status.reasons] == ["ASIN_CONFLICT"]


def test_a_deleted_product_leaves_its_listing_and_comes_back() -> None:
    together = Round(ASIN)
    together.take(*catalogue(), foreign("LAMP-12"))

    together.take(shop.record("catalog.product.v1", None, sequence=5))
    assert together.places() == {"LAMP-12": "new_third_party/awaiting_assignment"}

    together.take(shop.product(6))
    assert together.places() == {"LAMP-12": "active/active"}


def test_every_input_again_says_nothing_new() -> None:
    together = Round(ASIN)
    given = (by_asin(), shop.stock(), shop.price(), foreign("OLD-LAMP"), foreign("LAMP-9", OTHER))
    together.take(*given)

    again = together.take(*given)

    assert [r.topic for r in again if r.topic.startswith(PUBLIC)] == []


def test_every_topic_that_is_written_is_in_the_table() -> None:
    together = Round(ASIN)

    for record in together.take(*catalogue(), foreign("OLD-LAMP")):
        assert topics.topic(record.topic).writer.startswith("processors/")
