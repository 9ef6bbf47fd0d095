"""Any arrival order of what Amazon says about one listing gives the same listing.

A report, an older one, a notification, a read-back, and our own push as it is accepted and
confirmed: at any instants, with any values, in every order in which they can arrive.
"""

from datetime import datetime, timedelta
from itertools import permutations
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors import listing_inputs as inputs
from processors import listing_sent as sent
from processors.listing_inputs import Given
from processors.rules.evaluate import decide
from processors.rules.known import SharedSku
from schemas.amazon import Observation, ObservedStore, Submission
from tests.support.history import DE, FR, NOON, SKU, History, euro, observation
from tests.support.history import settings as shop

SETTINGS = shop()
EVERY = settings(max_examples=60, suppress_health_check=list(HealthCheck))

INSTANTS = st.integers(0, 20).map(lambda h: NOON - timedelta(hours=h))
NOT_STATED = st.just(...)
STORES = st.sampled_from([DE, DE, FR])


@st.composite
def reports(draw: st.DrawFn) -> list[Any]:
    """A report's row and one of an older report."""
    newer = draw(INSTANTS)
    return [
        ("amazon.listing.v1", _seen(draw, "report", at))
        for at in (newer, newer - timedelta(hours=draw(st.integers(0, 8))))
    ]


def _seen(draw: st.DrawFn, source: str, at: datetime) -> Observation:
    status = "report_status" if source == "report" else "status"
    values = {
        "report_status": st.sampled_from(["Active", "Inactive", "Incomplete"]),
        "status": st.sampled_from([[], ["BUYABLE"], ["DISCOVERABLE"]]),
    }
    return observation(
        source,
        at,
        store=draw(STORES),
        asin=draw(st.sampled_from(["B00000000A", "B00000000B"])),
        price=draw(st.sampled_from([euro("44.90"), euro("39.90")]) | NOT_STATED),
        quantity=draw(st.integers(0, 5) | NOT_STATED),
        channel=draw(st.sampled_from(["DEFAULT", "AMAZON_EU"]) | NOT_STATED),
        **{status: draw(values[status] | NOT_STATED)},
    )


@st.composite
def notifications(draw: st.DrawFn) -> list[Any]:
    """A notification: of a status, of stock without a store, or one that only hints."""
    at, kind = draw(INSTANTS), draw(st.sampled_from(["status", "stock", "hint"]))
    if kind == "status":
        return [("amazon.listing.v1", _seen(draw, "notification", at))]
    about: dict[str, Any] = {"account": "acme-eu", "seller_sku": SKU, "source": "notification"}
    if kind == "stock":
        event = Observation(**about, as_of=at, channel="DEFAULT", quantity=draw(st.integers(1, 5)))
    else:
        event = Observation(**about, as_of=at, stores={draw(STORES): ObservedStore()})
    return [("amazon.listing.v1", event)]


@st.composite
def reads(draw: st.DrawFn) -> list[Any]:
    """A read-back, or one that finds nothing."""
    at = draw(INSTANTS)
    if draw(st.integers(0, 3)):
        return [("amazon.listing.v1", _seen(draw, "read", at))]
    gone = {draw(STORES): ObservedStore(exists=False)}
    event = Observation(account="acme-eu", seller_sku=SKU, source="read", as_of=at, stores=gone)
    return [("amazon.listing.v1", event)]


PUSHED = {
    "price": ["44.9 EUR", "39.9 EUR"],
    "quantity": ["0", "5"],
    "existence": ["present", "absent"],
}


@st.composite
def pushes(draw: st.DrawFn) -> list[Any]:
    """A push of ours: accepted, and perhaps confirmed."""
    aspect = draw(st.sampled_from(sorted(PUSHED)))
    sent = draw(INSTANTS)
    until = sent + timedelta(minutes=draw(st.integers(1, 600)))
    states = [("accepted", sent), ("confirmed", until)][: draw(st.integers(1, 2))]
    value, store = draw(st.sampled_from(PUSHED[aspect])), draw(STORES)
    return [
        (
            "amazon.submission.v1",
            Submission(
                account="acme-eu",
                seller_sku=SKU,
                store=None if aspect == "quantity" else store,
                aspect=aspect,  # type: ignore[arg-type]
                state=state,  # type: ignore[arg-type]
                at=at,
                value=value,
                hash="h",
            ),
        )
        for state, at in states
    ]


TOLD = st.tuples(reports(), notifications(), reads(), pushes()).map(
    lambda parts: [(n, *one) for n, one in enumerate(one for part in parts for one in part)]
)

MERGES: dict[str, inputs.Merge] = {
    "amazon.listing.v1": inputs.observation,
    "amazon.submission.v1": sent.submission,
}


def merged(events: Any, start: SharedSku) -> SharedSku:
    """Merge *events* in their order, and nothing else."""
    sku = start
    for number, topic, event in events:
        sku = MERGES[topic](sku, event, Given(f"e{number}", SETTINGS)).sku
    return sku


def judged(sku: SharedSku, now: datetime = NOON) -> Any:
    return [
        (o.store, o.place, o.reasons, o.flags, o.offer, o.steps, o.quantity, o.observed, o.read)
        for o in decide(sku, SETTINGS, now).listings
    ]


def started(*, candidate: bool) -> SharedSku:
    """Give what is known before Amazon says anything."""
    history = History(SETTINGS)
    if candidate:
        history.candidate(DE, FR)
    empty = SharedSku(account="acme-eu", seller_sku=SKU)
    return history.facts.known if candidate else empty


@EVERY
@given(TOLD, st.booleans())
def test_every_order_gives_the_same_facts_and_the_same_listing(told: Any, candidate: bool) -> None:
    start = started(candidate=candidate)
    facts = _plain(merged(told, start))

    assert all(_plain(merged(order, start)) == facts for order in permutations(told))
    assert judged(merged(reversed(told), start)) == judged(merged(told, start))


def _plain(sku: SharedSku) -> Any:
    """Give the facts without the order of the stores in them."""
    return msgspec.structs.replace(sku, stores=dict(sorted(sku.stores.items())))


@EVERY
@given(TOLD, st.randoms(use_true_random=False), st.booleans())
def test_deciding_in_between_makes_no_difference(told: Any, chance: Any, candidate: bool) -> None:
    shuffled = list(told)
    chance.shuffle(shuffled)

    one, other = (_lived(order, candidate=candidate) for order in (told, shuffled))
    assert one == other


def _lived(events: Any, *, candidate: bool) -> Any:
    history = History(SETTINGS)
    if candidate:
        history.candidate(DE, FR)
    for number, topic, event in events:
        history.take(topic, event, f"e{number}")
    return judged(history.facts.known)


@EVERY
@given(TOLD)
def test_what_comes_twice_changes_nothing(told: Any) -> None:
    start = started(candidate=True)

    assert merged([*told, *told], start) == merged(told, start)


def test_an_order_that_matters_would_be_noticed() -> None:
    """The later of two reads wins here; a merge by arrival would give two answers."""
    one, two = (
        (n, "amazon.listing.v1", observation("read", NOON - timedelta(hours=n), price=euro(price)))
        for n, price in ((1, "44.90"), (2, "39.90"))
    )
    start = started(candidate=True)

    assert judged(merged([one, two], start)) == judged(merged([two, one], start))
    assert judged(merged([one], start)) != judged(merged([two], start))


@pytest.mark.parametrize("turned", [False, True], ids=["reports first", "reports last"])
def test_the_word_about_our_own_push_may_come_after_the_report(turned: bool) -> None:
    """Both orders leave the report unbelieved, and ask for a read."""
    before = observation("report", NOON - timedelta(days=3), price=euro("39.90"))
    report = observation("report", NOON, price=euro("41.00"))
    sent = Submission(
        account="acme-eu", seller_sku=SKU, store=DE, aspect="price", state="accepted",
        at=NOON - timedelta(hours=2), value="44.9 EUR", hash="h",
    )  # fmt: skip
    events = [
        (1, "amazon.listing.v1", before),
        (2, "amazon.listing.v1", report),
        (3, "amazon.submission.v1", sent),
    ]
    sku = merged(reversed(events) if turned else events, started(candidate=True))
    here = next(o for o in decide(sku, SETTINGS, NOON).listings if o.store == DE)

    assert (here.observed.price, here.read) == (euro("39.90"), "REPORT_DIFFERS")
