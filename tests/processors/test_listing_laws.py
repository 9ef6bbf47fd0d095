"""The laws of `listings.md` 4.7 over random observations and histories."""

from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from processors.rules.evaluate import decide
from processors.rules.known import SharedSku
from schemas.amazon import Enforcement, Issue
from schemas.tabs import Status, Tab
from tests.support.history import (
    DE,
    FR,
    NOON,
    History,
    euro,
    found,
    observation,
)
from tests.support.history import settings as shop

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
DEEP = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))

ISSUES = st.sampled_from(
    [
        [],
        [Issue(code="1", severity="WARNING")],
        [Issue(code="2", categories=["MISSING_PRICE"])],
        [Issue(code="3", categories=["QUALIFICATION_REQUIRED"])],
        [Issue(code="4", enforcements=Enforcement(actions=["LISTING_SUPPRESSED"]))],
        [Issue(code="5", enforcements=Enforcement(actions=["NEVER_HEARD"]))],
    ]
)
NOT_STATED = st.just(...)
STATED = {
    "exists": st.booleans(),
    "asin": st.sampled_from(["B00000000A", "B00000000B"]),
    "status": st.sampled_from([[], ["BUYABLE"], ["DISCOVERABLE"], ["ARCHIVED"]]) | NOT_STATED,
    "report_status": st.sampled_from(["Active", "Inactive", "Incomplete", "Odd"]) | NOT_STATED,
    "price": st.sampled_from([euro("44.90"), euro("39.90")]) | NOT_STATED,
    "condition": st.sampled_from(["new_new", "used_good", "odd"]) | NOT_STATED,
    "title": st.sampled_from(["Lamp", "Lamp \ufffd", "Other"]) | NOT_STATED,
    "issues": ISSUES | NOT_STATED,
    "channel": st.sampled_from(["DEFAULT", "AMAZON_EU", "ODD"]) | NOT_STATED,
    "quantity": st.integers(0, 9) | NOT_STATED,
    "store": st.sampled_from([DE, FR]),
}


@st.composite
def observations(draw: st.DrawFn) -> list[Any]:
    """A few observations of any source at a few instants, some of them the same."""
    count = draw(st.integers(2, 5))
    return [
        observation(
            draw(st.sampled_from(["report", "read", "notification", "confirmation"])),
            NOON - timedelta(minutes=draw(st.integers(0, 5))),
            **{name: draw(values) for name, values in STATED.items()},
        )
        for _ in range(count)
    ]


def after(events: list[tuple[int, Any]], *, candidate: bool = True) -> History:
    history = History()
    if candidate:
        history.candidate(DE, FR)
    for number, event in events:
        history.take("amazon.listing.v1", event, f"o{number}")
    return history


def judged(history: History) -> list[tuple[Any, ...]]:
    decision = decide(history.facts.known, history.settings, history.now)
    return [
        (o.store, o.place, o.reasons, o.flags, o.offer, o.steps, o.quantity, o.ask, o.read)
        for o in decision.listings
    ]


@DEEP
@given(observations(), st.randoms(use_true_random=False), st.booleans())
def test_the_order_of_observations_does_not_matter(
    seen: list[Any], chance: Any, candidate: bool
) -> None:
    events = list(enumerate(seen))
    shuffled = events.copy()
    chance.shuffle(shuffled)

    assert judged(after(events, candidate=candidate)) == judged(
        after(shuffled, candidate=candidate)
    )


@QUICK
@given(observations())
def test_an_observation_that_comes_twice_changes_nothing(seen: list[Any]) -> None:
    events = list(enumerate(seen))

    assert judged(after(events)) == judged(after([*events, *events]))


# --- histories ----------------------------------------------------------------------------


def _candidate(history: History, chance: Any) -> None:
    history.candidate(
        DE,
        *chance.choice([(), (FR,)]),
        eligible=chance.random() < 0.7,
        stock=chance.choice([None, "0", "2", "5", "-4", "2.5"]),
        price=chance.choice([None, "44.90", "0.00"]),
    )


def _observe(history: History, chance: Any) -> None:
    history.observe(
        source=chance.choice(["report", "read", "notification"]),
        as_of=history.now - timedelta(minutes=chance.choice([0, 0, 30])),
        store=chance.choice([DE, FR]),
        status=chance.choice([[], ["BUYABLE"], ["DISCOVERABLE"], ["ODD"]]),
        quantity=chance.choice([..., 0, 5]),
        channel=chance.choice([..., "DEFAULT", "DEFAULT", "AMAZON_EU", "ODD"]),
    )


def _answer(history: History, chance: Any) -> None:
    if DE in history.facts.known.stores and history.facts.known.stores[DE].ask is not None:
        history.answer(*[found(a) for a in chance.sample(["B00000000A", "B00000000B"], 1)])


def _submit(history: History, chance: Any) -> None:
    aspect, value = chance.choice(
        [
            ("existence", "present"),
            ("existence", "absent"),
            ("quantity", "0"),
            ("price", "44.9 EUR"),
        ]
    )
    state = chance.choice(["accepted", "confirmed", "overdue", "invalid", "held", "superseded"])
    history.submission(aspect, state, value)


def _command(history: History, chance: Any) -> None:
    history.intent(chance.choice(["publish", "end", "end", "retry_match", "assign"]), product="X")


def _withdraw(history: History, chance: Any) -> None:
    history.withdraw(chance.choice(["PRODUCT_DELETED", "MERGED"]))


def _gone(history: History, chance: Any) -> None:
    history.gone(store=chance.choice([DE, FR]))


def _wait(history: History, chance: Any) -> None:
    history.later(minutes=chance.choice([1, 20, 500]))


STEPS = [_candidate, _candidate, _observe, _observe, _answer, _submit, _command, _withdraw, _gone]


@DEEP
@given(st.randoms(use_true_random=False), st.integers(3, 14))
def test_the_laws_hold_in_every_history(chance: Any, length: int) -> None:
    history = History(shop(auto_list=chance.random() < 0.7))
    history.candidate()

    for _ in range(length):
        history.later(seconds=7)
        before = _ended(history)
        step = chance.choice([*STEPS, _wait])
        step(history, chance)
        _exactly_one_place(history)
        _quantities(history)
        _hands_off_what_ended(history)
        _an_end_stays(history, before, step)
        _deciding_again_says_nothing(history)


def _exactly_one_place(history: History) -> None:
    for outlook in decide(history.facts.known, history.settings, history.now).listings:
        assert outlook.place.tab is not Tab.UNKNOWN
        assert outlook.place.status is not Status.UNKNOWN


def _quantities(history: History) -> None:
    """No quantity for FBA, for an unknown channel, for a SKU Amazon lacks; none negative."""
    offer, sku = history.offer, history.facts.known
    if offer.quantity is None:
        return
    assert 0 <= offer.quantity <= 5
    assert not (offer.channel or "AMAZON_").startswith("AMAZON_")
    assert any(s.manage for s in offer.stores.values())
    for store, here in offer.stores.items():
        if here.manage and not sku.stores[store].exists:
            assert history.place(store) in {
                "ready_to_list/list_in_progress",
                "ended/ending_in_progress",
            }


def _hands_off_what_ended(history: History) -> None:
    for store, here in history.offer.stores.items():
        status = history.status(store)
        if status.status in {Status.MANUALLY_ENDED, Status.ENDED_ON_AMAZON}:
            assert not here.manage
        if status.tab is Tab.INELIGIBLE and history.facts.known.stores[store].exists:
            assert here.existence == "present"
            assert history.offer.quantity in {0, None}


def _ended(history: History) -> bool:
    return history.place() == "ended/manually_ended"


def _an_end_stays(history: History, before: bool, step: Any) -> None:
    """Ended by a person leaves only through a person's publish."""
    if before and step is not _command:
        assert history.place() == "ended/manually_ended"


def _deciding_again_says_nothing(history: History) -> None:
    history.review()
    assert history.records == []


@QUICK
@given(st.sampled_from([[], ["DISCOVERABLE"]]), st.sampled_from(["0", "5"]))
def test_our_own_zero_and_no_other_cause_is_never_inactive(shown: list[str], stock: str) -> None:
    history = History()
    history.candidate(stock="0")
    history.observe()
    history.later(hours=1)
    history.observe(status=shown, quantity=0)
    history.submission("quantity", "confirmed", "0")

    history.candidate(stock=stock)

    assert history.place() == "active/active"


def test_an_empty_sku_decides_nothing() -> None:
    assert decide(SharedSku(account="acme-eu"), shop(), NOON).listings == ()
