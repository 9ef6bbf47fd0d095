"""Killed at every boundary of a push: nothing is lost, nothing older is left at Amazon."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, text

from consumers.amazon import lease
from consumers.amazon.api import ListingsApi
from consumers.amazon.lease import LeaseLost
from consumers.amazon.push import read_only
from consumers.amazon.service import utc_now
from deploy.connect.amazon.client import AmazonClient
from deploy.connect.amazon.failures import Call, CallNotAllowed
from schemas.errors import TryAgain
from tests.consumers.amazon.conftest import SEED, begin
from tests.consumers.amazon.hands import ACCOUNT, Published, Worker, rows, states, want
from tests.consumers.amazon.offers import SKU, here, live, offer
from tests.support.eventually import eventually
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.postgres

PRICE = (SKU, "price", "acme-de")
LISTING = {
    "account": ACCOUNT,
    "marketplace": "DE",
    "sku": SKU,
    "asin": "B000000001",
    "price": "44.90",
    "quantity": 5,
}
SEEDED = SEED | {"listings": [LISTING]}


class Killed(BaseException):
    """The end of a process."""


class Dying:
    """Amazon, for a process that dies at its first write: before, or after it was sent."""

    def __init__(self, amazon: ListingsApi, *, sent: bool, meanwhile: Callable[[], None]) -> None:
        self._amazon = amazon
        self._sent = sent
        self._meanwhile = meanwhile

    def patch(self, account: str, seller_sku: str, store: str, body: Mapping[str, Any]) -> str:
        if self._sent:
            self._amazon.patch(account, seller_sku, store, body)
        self._meanwhile()
        raise Killed

    def __getattr__(self, name: str) -> Any:
        return getattr(self._amazon, name)


def nothing() -> None:
    """Do nothing meanwhile."""


def patches(sandbox: Sandbox, sku: str = SKU) -> list[float]:
    """Give the prices that were sent, in order."""
    asked = sandbox.requests(sku=sku, operation="patchListingsItem")
    values = [r["body"]["patches"][0]["value"][0] for r in asked]
    return [v["our_price"][0]["schedule"][0]["value_with_tax"] for v in values if "our_price" in v]


@pytest.mark.parametrize(
    ("sent", "apply", "sends"),
    [
        pytest.param(False, 0.0, [39.9], id="before the call: sent once"),
        pytest.param(True, 0.0, [39.9], id="after the call: read, not repeated"),
        pytest.param(True, 2.0, [39.9, 39.9], id="not applied yet: the same again, no harm"),
    ],
)
def test_killed_around_the_call(
    clean: Engine,
    sandbox: Sandbox,
    make_client: Callable[..., AmazonClient],
    sent: bool,
    apply: float,
    sends: list[float],
) -> None:
    begin(sandbox, SEEDED | {"apply_seconds": apply})
    want(clean, offer(1, acme_de=live("39.90")))
    with pytest.raises(Killed):
        Worker(clean, Dying(make_client(), sent=sent, meanwhile=nothing)).pusher.step()  # type: ignore[arg-type]
    before = rows(clean)[PRICE]

    Worker(clean, make_client()).until_settled(clean)

    held = sandbox.truth(sku=SKU)[0]
    assert (
        before[0],
        patches(sandbox),
        held["will"]["price"]["amount"],
        held["price"]["amount"],
    ) == (
        "sending",
        sends,
        "39.90",
        "39.90",
    )


@pytest.mark.parametrize("sent", [False, True], ids=["before the call", "after the call"])
def test_what_became_newer_meanwhile_is_sent_and_the_older_value_never_again(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient], sent: bool
) -> None:
    begin(sandbox, SEEDED)
    want(clean, offer(1, acme_de=live("39.90")))
    newer = offer(2, acme_de=live("38.90"))
    dying = Dying(make_client(), sent=sent, meanwhile=lambda: want(clean, newer))
    with pytest.raises(Killed):
        Worker(clean, dying).pusher.step()  # type: ignore[arg-type]

    Worker(clean, make_client()).until_settled(clean)

    assert patches(sandbox) == ([39.9, 38.9] if sent else [38.9])
    assert sandbox.truth(sku=SKU)[0]["price"]["amount"] == "38.90"


def test_killed_between_answer_and_ledger_reads_and_does_not_repeat(
    clean: Engine,
    sandbox: Sandbox,
    make_client: Callable[..., AmazonClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(sandbox, SEEDED)
    want(clean, offer(1, acme_de=live("39.90")))

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    first = Worker(clean, make_client())
    monkeypatch.setattr(first.pusher, "_record", die)
    with pytest.raises(Killed):
        first.pusher.step()
    Worker(clean, make_client()).until_settled(clean)

    assert patches(sandbox) == [39.9]


def test_killed_before_sending_was_committed_is_as_if_nothing_had_been(
    clean: Engine,
    sandbox: Sandbox,
    make_client: Callable[..., AmazonClient],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begin(sandbox, SEEDED)
    want(clean, offer(1, acme_de=live("39.90")))

    def die(*_: Any, **__: Any) -> None:
        raise Killed

    first = Worker(clean, make_client())
    monkeypatch.setattr("consumers.amazon.push.outbox.put", die)
    with pytest.raises(Killed):
        first.pusher.step()
    monkeypatch.undo()
    states_then = rows(clean)[PRICE]
    Worker(clean, make_client()).until_settled(clean)

    assert (states_then[0], patches(sandbox)) == ("confirmed", [39.9])


def test_a_reply_lost_after_the_effect_is_found_out_by_reading(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    sandbox.fault(kind="lost", operation="patchListingsItem", nth=1)
    want(clean, offer(1, acme_de=live("39.90")))

    Worker(clean, make_client()).until_settled(clean)

    assert (patches(sandbox), rows(clean)[PRICE]) == ([39.9], ("confirmed", "39.9 EUR"))


def test_a_503_before_the_effect_is_read_and_sent_again(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    sandbox.fault(kind="html_503", operation="patchListingsItem", nth=1)
    want(clean, offer(1, acme_de=live("39.90")))

    Worker(clean, make_client()).until_settled(clean)

    assert sandbox.truth(sku=SKU)[0]["price"]["amount"] == "39.90"


def test_a_pusher_that_lost_its_lease_sends_nothing(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    first = Worker(clean, make_client(), "same")
    Worker(clean, make_client(), "same")
    want(clean, offer(1, acme_de=live("39.90")))

    with pytest.raises(LeaseLost):
        first.pusher.step()
    assert patches(sandbox) == []


def test_a_lease_is_not_given_to_a_second_owner_while_the_first_lives(clean: Engine) -> None:
    presence = lease.Presence(clean, "a")
    presence.shown()
    mine = lease.take(clean, ACCOUNT, "a", seconds=30, clock=lambda: 0.0)
    theirs = lease.take(clean, ACCOUNT, "b", seconds=30, clock=lambda: 0.0)
    presence.hide()
    after = eventually(lambda: lease.take(clean, ACCOUNT, "b", seconds=30, clock=lambda: 0.0))

    assert (mine is None, theirs, after.token if after else 0) == (False, None, 2)


def test_an_owner_notices_that_others_may_think_it_gone(clean: Engine) -> None:
    presence = lease.Presence(clean, "a")
    told = [presence.shown(), presence.shown()]
    with clean.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_locks"
                " WHERE locktype = 'advisory' AND pid <> pg_backend_pid()"
            )
        )
    told += [presence.shown(), presence.shown()]
    presence.hide()

    assert told == [False, True, False, True]


def test_it_notices_too_where_the_pool_noticed_first(clean: Engine) -> None:
    presence = lease.Presence(clean, "a")
    told = [presence.shown(), presence.shown()]
    assert presence._session is not None
    presence._session.invalidate()
    told += [presence.shown(), presence.shown()]
    presence.hide()

    assert told == [False, True, False, True]


def test_an_answer_that_comes_after_the_lease_changed_hands_moves_nothing(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    want(clean, offer(1, acme_de=live("39.90")))
    successors: list[Worker] = []

    def overtake() -> None:
        successors.append(Worker(clean, make_client(), "w"))
        successors[0].until_settled(clean)

    class Slow(Dying):
        def patch(self, *given: Any) -> str:
            told = self._amazon.patch(*given)
            self._meanwhile()
            return told

    Worker(clean, Slow(make_client(), sent=True, meanwhile=overtake)).pusher.step()  # type: ignore[arg-type]

    assert (rows(clean)[PRICE], patches(sandbox)) == (("confirmed", "39.9 EUR"), [39.9])


def test_what_amazon_calls_invalid_blocks_and_says_why(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    want(clean, offer(1, acme_de=here(asin="B00NOWHERE")))
    worker = Worker(clean, make_client())
    worker.pusher.step()

    published = Published()
    from consumers.amazon import outbox

    outbox.relay(clean, [ACCOUNT], published)
    (told,) = published.submissions()
    assert (told.state, states(clean) >= {"blocked"}, bool(told.issues)) == ("invalid", True, True)


def test_read_only_sends_nothing_and_lets_go_afterwards(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, SEEDED)
    want(clean, offer(1, acme_de=live("39.90")))
    Worker(clean, make_client(), hold=read_only).pusher.step()
    then = (rows(clean)[PRICE][0], patches(sandbox))
    Worker(clean, make_client()).until_settled(clean)

    assert (then, patches(sandbox)) == (("held", []), [39.9])


class Refusing:
    """Amazon, which does not let the SKUs in *refused* be written."""

    def __init__(self, amazon: ListingsApi, *refused: str) -> None:
        self._amazon = amazon
        self.refused = set(refused)

    def patch(self, account: str, seller_sku: str, *more: Any) -> str:
        if seller_sku in self.refused:
            raise CallNotAllowed(Call(operation="patchListingsItem", account=account), "403")
        return self._amazon.patch(account, seller_sku, *more)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._amazon, name)


MANY = SEED | {"listings": [LISTING | {"sku": f"S-{n}"} for n in range(4)]}


def four_prices() -> list[Any]:
    return [offer(1, seller_sku=f"S-{n}", acme_de=live("39.90")) for n in range(4)]


def test_one_refused_sku_is_set_aside_and_the_lane_goes_on(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, MANY)
    want(clean, *four_prices())
    worker = Worker(clean, Refusing(make_client(), "S-1"))  # type: ignore[arg-type]
    for _ in range(4):
        worker.pusher.step()

    sent = sorted(r["sku"] for r in sandbox.requests(operation="patchListingsItem"))
    assert (sent, rows(clean)["S-1", "price", "acme-de"][0]) == (["S-0", "S-2", "S-3"], "blocked")


def test_two_refused_in_a_row_pause_the_account_which_goes_on_later(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    begin(sandbox, MANY)
    want(clean, *four_prices())
    later = [timedelta(0)]
    amazon = Refusing(make_client(), "S-0", "S-1", "S-2", "S-3")
    worker = Worker(clean, amazon, now=lambda: utc_now() + later[0])  # type: ignore[arg-type]
    worker.pusher.step(), worker.pusher.step()
    rest, paused = worker.pusher.step(), lease.paused(clean, ACCOUNT)
    amazon.refused.clear()
    later[0] = timedelta(minutes=6)
    worker.until_settled(clean)

    assert (290 < rest <= 300, paused is not None, lease.paused(clean, ACCOUNT)) == (
        True,
        True,
        None,
    )


def test_records_stay_in_the_outbox_until_the_broker_has_them(
    clean: Engine, sandbox: Sandbox, make_client: Callable[..., AmazonClient]
) -> None:
    from consumers.amazon import outbox

    begin(sandbox, SEEDED)
    want(clean, offer(1, acme_de=live("39.90")))
    Worker(clean, make_client()).until_settled(clean)
    published = Published()
    published.broken = TryAgain("no broker")
    with pytest.raises(TryAgain):
        outbox.relay(clean, [ACCOUNT], published)
    published.broken = None

    assert (
        outbox.relay(clean, [ACCOUNT], published),
        outbox.relay(clean, [ACCOUNT], published),
        published.told(),
        [o.source for o in published.reads()],
    ) == (3, 0, [("price", "accepted", "39.9 EUR"), ("price", "confirmed", "39.9 EUR")], ["read"])
