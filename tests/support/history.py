"""A history of one shared SKU: inputs in, the last word per topic and subject out.

It does what the runtime does around the listings role: facts go through their encoding
between two steps, and what is unchanged is not said again.
"""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import msgspec

from processors.listing_facts import SharedSkuFacts
from processors.listings import Listings
from processors.rules.known import Procedure
from processors.settle import Occasion, settle
from processors.step import Cause, Change, Output
from schemas import candidates, codec, keys, links, listings, offers, requests, topics
from schemas.amazon import (
    AccountState,
    FoundCandidate,
    Lookup,
    Observation,
    ObservedStore,
    Report,
    StoreParticipation,
    Submission,
)
from schemas.event import ENCODER, Event, as_number
from schemas.money import Money, Number
from schemas.reasons import Reason
from schemas.record import Record
from schemas.reports import ALL
from schemas.settings import Account, Listing, Setting, Settings, Store, ThirdParty, Website

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
SKU, DE, FR = "LAMP-12", "acme-de", "acme-fr"
ASIN = "B00000000A"
UPC = "036000291452"
_ROWS = msgspec.json.Decoder(SharedSkuFacts, dec_hook=as_number)


def settings(*more: tuple[str, str, Setting], **listing: Any) -> Settings:
    """Give two stores of one account, France the younger; *listing* changes both."""
    found = Settings()
    terms = Listing(**{"first_report": "none", **listing})
    records: list[tuple[str, str, Setting]] = [
        ("account", "acme-eu", Account(region="EU", merchant_token="A1", credentials="env:X")),
        ("website", "base", Website(id=1, zone="Europe/Berlin", currency="EUR")),
        ("store", DE, _store("DE", date(2024, 3, 1))),
        ("store", FR, _store("FR", date(2025, 3, 1))),
        ("listing", DE, terms),
        ("listing", FR, terms),
    ]
    for kind, id_, record in (*records, *more):
        found = found.with_record(kind, id_, record)
    return found


def _store(marketplace: str, created: date, **more: Any) -> Store:
    return Store(
        account="acme-eu", marketplace=marketplace, website="base", created=created, **more
    )


def inactive(store: str = DE) -> tuple[str, str, Setting]:
    """Give a store's record, deactivated."""
    return "store", store, _store("DE", date(2024, 3, 1), active=False)


def import_off(store: str = DE) -> tuple[str, str, Setting]:
    """Give a store's third-party mapping with the import off."""
    return "third_party", store, ThirdParty(import_=False)


def euro(amount: str) -> Money:
    """Give an amount in euro."""
    return Money(Number(amount), "EUR")


def said(**changed: Any) -> candidates.StoreCandidate:
    """Give what the product says in one store: eligible, new, five in stock, 44.90 EUR."""
    eligible = changed.pop("eligible", True)
    stock = changed.pop("stock", "5")
    price = changed.pop("price", "44.90")
    verdict = candidates.Verdict(
        eligible=eligible, reasons=[] if eligible else [Reason("RULE_NOT_MET", {"path": "of[0]"})]
    )
    source = candidates.SourcePrice(amount=Number(price or "0"), currency="EUR", source="price")
    base = None if stock is None else candidates.StockBase(managed=True, quantity=Number(stock))
    claim = candidates.IdentifierClaim(kind="upc", value=UPC, gtin14=UPC.zfill(14))
    usual: dict[str, Any] = {
        "verdict": verdict,
        "condition": candidates.ConditionAnswer(code="new_new"),
        "identifiers": [claim],
        "base": base,
        "prices": candidates.Prices(source=source if price else None),
    }
    return candidates.StoreCandidate(**usual | changed)


class History:
    """Feeds the listings role one input after another."""

    def __init__(self, given: Settings | None = None) -> None:
        self.settings = given or settings()
        self.now = NOON
        self.facts = SharedSkuFacts()
        self.last: dict[tuple[str, str], Event | None] = {}
        self.records: list[Record] = []
        self.filtered: str | None = None
        self.permits = True
        self._role = Listings()
        self._count = 0

    # --- inputs ---

    def candidate(self, *stores: str, **changed: Any) -> None:
        """The product speaks; members of the candidate and of its stores may be changed."""
        about = {"product": SKU, "origin": "default", "name": "Desk lamp", "keywords": None}
        whole = {
            k: changed.pop(k) for k in list(changed) if k in candidates.Candidate.__struct_fields__
        }
        self._count += 1
        event = candidates.Candidate(
            account="acme-eu",
            seller_sku=SKU,
            sequence=self._count,
            stores={s: said(**changed) for s in stores or (DE,)},
            **about | whole,
        )
        self.take("listing.candidate.v1", event)

    def withdraw(self, code: str = "PRODUCT_DELETED", product: str = SKU) -> None:
        """The product takes its candidate back."""
        self._count += 1
        event = candidates.Candidate(
            account="acme-eu",
            seller_sku=SKU,
            sequence=self._count,
            product=product,
            origin="default",
            withdrawn=Reason(code, {"product": product}),
        )
        self.take("listing.candidate.v1", event)

    def observe(
        self, *, source: Any = "read", as_of: datetime | None = None, **stated: Any
    ) -> None:
        """Amazon shows something: usually there, buyable, as we want it."""
        self.take("amazon.listing.v1", observation(source, as_of or self.now, **stated))

    def gone(self, *, as_of: datetime | None = None, store: str = DE) -> None:
        """A read finds nothing."""
        event = Observation(
            account="acme-eu",
            seller_sku=SKU,
            source="read",
            as_of=as_of or self.now,
            stores={store: ObservedStore(exists=False)},
        )
        self.take("amazon.listing.v1", event)

    def answer(self, *found: FoundCandidate, store: str = DE, **changed: Any) -> None:
        """The open lookup is answered."""
        ask = self.facts.known.stores[store].ask
        if ask is None:
            raise AssertionError("nothing was asked")
        about = {"kind": ask.kind, "value": ask.value, "nonce": ask.nonce, "state": "answered"}
        event = Lookup(
            account="acme-eu",
            seller_sku=SKU,
            store=store,
            candidates=list(found),
            condition=ask.condition,
            **about | changed,
        )
        self.take("amazon.lookup.v1", event)

    def submission(self, aspect: Any, state: Any, value: str, **more: Any) -> None:
        """The pusher tells what became of something sent."""
        store = None if aspect == "quantity" else more.pop("store", DE)
        event = Submission(
            account="acme-eu",
            seller_sku=SKU,
            store=store,
            aspect=aspect,
            state=state,
            at=more.pop("at", self.now),
            value=value,
            **more,
        )
        self.take("amazon.submission.v1", event)

    def matched(self, identifier: str, *products: str, store: str = DE) -> None:
        """Matching answers."""
        self._count += 1
        event = links.Match(
            identifier=identifier,
            account="acme-eu",
            seller_sku=SKU,
            store=store,
            sequence=self._count,
            products=list(products),
        )
        self.take("listing.match.v1", event)

    def intent(
        self, kind: str, store: str | None = DE, id_: str | None = None, **more: Any
    ) -> None:
        """A person commands."""
        event = requests.Intent(
            kind=kind, account="acme-eu", seller_sku=SKU, store=store, by="eva", at=self.now,
            arguments=more,
        )  # fmt: skip
        self.take("listing.intent.v1", event, id_)

    def later(self, **delta: float) -> None:
        """Let time pass, and the due-list fire as often as it is due."""
        until = self.now + timedelta(**delta)
        while (due := self._role.due(self.facts, self.settings)) is not None and due <= until:
            self.now = max(due, self.now)
            self.review()
        self.now = until

    def review(self, given: Settings | None = None, topic: str = "settings.v1") -> None:
        """A scan reaches the key, perhaps with other settings."""
        self.settings = given or self.settings
        cause = Cause(kind="scan", topic=topic, type=topic)
        self._settle(self._role.review(self.facts, self.settings, self.now, cause))

    def report(self, name: str, as_of: datetime, store: str = DE) -> None:
        """A complete report of the store has been applied."""
        event = Report(
            store=store, report=name, type=ALL, state="complete", requested_at=as_of, as_of=as_of
        )
        self.review(self.settings.with_report(event), "amazon.report.v1")

    def suspended(self, *, suspended: bool = True) -> None:
        """The account's selling in the older store is suspended, or no longer."""
        stores = {DE: StoreParticipation(suspended=suspended)}
        state = AccountState(account="acme-eu", as_of=self.now, stores=stores)
        self.review(self.settings.with_state(state), "amazon.account.v1")

    def take(self, topic: str, event: Event, id_: str | None = None) -> None:
        """Feed one input."""
        self._count += 1
        record = codec.encode(
            event,
            topic=topic,
            key=keys.shared("acme-eu", SKU),
            id=id_ or f"e{self._count:04}",
            source="/test",
            subject=SKU,
            time=self.now,
        )
        self.feed(record)

    def feed(self, record: Record) -> None:
        """Feed one record as it is."""
        self._settle(self._role.step(record, self.facts, self.settings, self.now))

    def begin(self, procedure: Procedure, store: str = DE) -> None:
        """A relist or ASIN edit of ours has begun."""
        known = self.facts.known
        facts = msgspec.structs.replace(known.stores[store], procedure=procedure)
        begun = msgspec.structs.replace(known, stores=known.stores | {store: facts})
        self.facts = msgspec.structs.replace(self.facts, known=begun)

    def _settle(self, change: Change[SharedSkuFacts]) -> None:
        occasion = Occasion(source="/test", time=self.now, now_us=self._count)
        records, sent = settle(change.outputs, self.facts.sent, occasion)
        facts = msgspec.structs.replace(change.facts, sent=sent)
        self.facts = _ROWS.decode(ENCODER.encode(facts))
        if self.facts != facts:
            raise AssertionError("facts do not survive their encoding")
        self.filtered, self.records = change.filtered, list(records)
        self._remember(change.outputs, records)
        self._permit()

    def _permit(self) -> None:
        """Let Amazon say at once that it may be listed, if it is asked that."""
        filtered, records = self.filtered, self.records
        for store, facts in self.facts.known.stores.items():
            if self.permits and facts.ask is not None and facts.ask.kind == "restriction":
                self.answer(store=store)
                records = records + self.records
        self.filtered, self.records = filtered, records

    def _remember(self, outputs: tuple[Output, ...], records: tuple[Record, ...]) -> None:
        for record in records:
            event_type = topics.topic(record.topic).event
            told = {o.subject for o in outputs if (o.topic, o.key) == (record.topic, record.key)}
            for subject in told:
                self.last[record.topic, subject] = codec.decode(record, event_type)

    # --- what was said ---

    def status(self, store: str = DE) -> listings.ListingStatus:
        """Give the last status of the listing."""
        found = self._one("listing.status.v1", store)
        if not isinstance(found, listings.ListingStatus):
            raise AssertionError(f"no status in {store}")
        return found

    def _one(self, topic: str, store: str) -> Any:
        events = [e for (t, _), e in self.last.items() if t == topic]
        return next((e for e in events if e is not None and e.store == store), None)  # type: ignore[attr-defined]

    def place(self, store: str = DE) -> str:
        """Give tab and status of the listing."""
        status = self.status(store)
        return f"{status.tab.value}/{status.status.value}"

    def codes(self, store: str = DE) -> list[str]:
        """Give the reason codes of the listing."""
        return [r.code for r in self.status(store).reasons]

    def flags(self, store: str = DE) -> list[str]:
        """Give the flags of the listing."""
        return [r.code for r in self.status(store).flags]

    @property
    def offer(self) -> offers.Offer:
        """The last desired offer."""
        found = self.last["listing.offer.v1", f"acme-eu|{SKU}"]
        if not isinstance(found, offers.Offer):
            raise AssertionError("no offer")
        return found

    def wanted(self, store: str = DE) -> tuple[bool, str | None, int | None]:
        """Give whether the offer is managed, its existence, and the quantity of the SKU."""
        here = self.offer.stores[store]
        return here.manage, here.existence, self.offer.quantity

    def told(self, topic: str) -> list[Any]:
        """Give the events of the last step on one topic."""
        event_type = topics.topic(topic).event
        return [codec.decode(r, event_type) for r in self.records if r.topic == topic]

    def refusals(self) -> list[str]:
        """Give the codes with which the last command was refused."""
        changes = self.told("listing.status-changed.v1")
        return [c.refused.code for c in changes if c.refused is not None]

    def asked(self) -> list[tuple[str, str]]:
        """Give kind and value of the lookups that the last step asked for."""
        return [(e.kind, e.value) for e in self.told("listing.lookup-requested.v1")]

    def reads(self) -> list[str]:
        """Give why the last step asked for reads."""
        return [e.why for e in self.told("listing.read-requested.v1")]


def observation(source: Any, as_of: datetime, **stated: Any) -> Observation:
    """Give what one source shows: usually there, buyable, as we want it."""
    store = stated.pop("store", DE)
    whole = {k: stated.pop(k) for k in ("channel", "quantity") if k in stated}
    usual: dict[str, Any] = {"exists": True, "asin": ASIN, "price": euro("44.90")}
    usual |= {"condition": "new_new"}
    if source == "report":
        usual |= {"report_status": "Active"}
    else:
        usual |= {"status": ["BUYABLE", "DISCOVERABLE"], "issues": []}
    here = {k: v for k, v in (usual | stated).items() if v is not ...}
    return Observation(
        account="acme-eu",
        seller_sku=SKU,
        source=source,
        as_of=as_of,
        stores={store: ObservedStore(**here)},
        **{
            k: v for k, v in ({"channel": "DEFAULT", "quantity": 5} | whole).items() if v is not ...
        },
    )


def found(asin: str = ASIN, **more: Any) -> FoundCandidate:
    """Give one item of Amazon's catalogue."""
    return FoundCandidate(asin=asin, **more)


def live(given: Settings | None = None, **stated: Any) -> History:
    """Give a listing that the product speaks for and Amazon sells."""
    history = History(given)
    history.candidate()
    history.observe(**stated)
    return history


def ready(given: Settings | None = None, **changed: Any) -> History:
    """Give a listing that is matched and known not to be on Amazon."""
    history = History(given)
    history.candidate(**changed)
    history.answer(found())
    if history.facts.known.reading is not None:
        history.gone()
    return history


def creating(given: Settings | None = None) -> History:
    """Give a listing whose creation Amazon has accepted."""
    history = ready(given)
    history.later(seconds=5)
    created = history.offer.stores[DE].hash.existence
    history.submission("existence", "accepted", "present", hash=created)
    return history
