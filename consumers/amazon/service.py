"""The push, running: one thread takes offers in, two per account send and read back.

Accounts come and go with the settings; who pushes for one is decided by its lease. A fault
in any thread ends the whole service, loudly: it is started again, and the ledger says where
it stood.
"""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from time import monotonic

import msgspec
import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from consumers.amazon import bells as waking
from consumers.amazon import lease as leases
from consumers.amazon import outbox
from consumers.amazon.api import Clock, ListingsApi, Publish, Snapshot
from consumers.amazon.bells import Bell, Bells
from consumers.amazon.confirm import Confirmer
from consumers.amazon.intake import Intake
from consumers.amazon.lease import Lease, LeaseLost
from consumers.amazon.outcome import TIMINGS, Timings
from consumers.amazon.push import Hold, Pusher
from consumers.postgres.failures import Failed, failure
from schemas.errors import TryAgain

LEAD = 1.0
"""Seconds between two looks at accounts and leases."""

_log = structlog.get_logger()


class Manners(msgspec.Struct, frozen=True, kw_only=True):
    """How the service behaves. *owner* names this worker, the same after a restart.

    *lease* seconds: more than twice what a request may take.
    """

    owner: str
    lease: float = 90.0
    timings: Timings = TIMINGS
    hold: Hold | None = None


def utc_now() -> datetime:
    """Give the present."""
    return datetime.now(UTC)


class Service:
    """Everything that pushes in one process. `run` comes back when it was stopped."""

    def __init__(
        self,
        engine: Engine,
        amazon: ListingsApi,
        settings: Snapshot,
        publish: Publish,
        manners: Manners,
        *,
        bells: Bells | None = None,
        now: Clock = utc_now,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._engine = engine
        self._amazon = amazon
        self._settings = settings
        self._publish = publish
        self._manners = manners
        self._now = now
        self._clock = clock
        self.bells = bells or Bells()
        self._outbox = self.bells.hang("")
        self._stopped = threading.Event()
        self._presence = leases.Presence(engine, manners.owner)
        self._lanes: dict[str, Lane] = {}
        self._fault: BaseException | None = None

    def run(self, intake: Intake | None = None) -> None:
        """Push until `stop`. Raises what broke, if something did."""
        threads = [
            self._thread("outbox", self._relay),
            self._thread("listen", lambda: waking.listen(self._engine, self.bells, self._stopped)),
        ]
        if intake is not None:
            threads.append(self._thread("intake", lambda: self._take_in(intake)))
        try:
            self._lead()
        finally:
            self.stop()
            for thread in [*threads, *(t for lane in self._lanes.values() for t in lane.threads)]:
                thread.join(15)
            self._leave()
        if self._fault is not None:
            raise self._fault

    def stop(self) -> None:
        """End after what is being sent is written down."""
        self._stopped.set()
        self.bells.ring_all()
        for lane in list(self._lanes.values()):
            lane.end()

    # --- threads ---

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        thread = threading.Thread(target=self._guarded, args=(work,), name=f"push-{name}")
        thread.daemon = True
        thread.start()
        return thread

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:  # noqa: BLE001 - no thread may die unseen (S73)
            if not self._stopped.is_set():
                self._fault = fault
                _log.error("push ends", exc_info=fault)
            self.stop()

    def _take_in(self, intake: Intake) -> None:
        while not self._stopped.is_set():
            intake.turn(0.5)

    def _relay(self) -> None:
        while not self._stopped.is_set():
            held = [a for a, lane in list(self._lanes.items()) if lane.lease is not None]
            if not (held and self._patiently(lambda h=held: self._relayed(h))):  # type: ignore[misc]
                self._outbox.wait(1.0)

    def _relayed(self, accounts: list[str]) -> int:
        return outbox.relay(self._engine, accounts, self._publish)

    def _patiently(self, act: Callable[[], int]) -> int:
        """Do *act*; where the database or the broker is away, say so and wait."""
        try:
            return act()
        except (DBAPIError, NoConnection, TryAgain) as error:
            _bear(error)
            self._stopped.wait(1.0)
            return 0

    # --- leases ---

    def _lead(self) -> None:
        while not self._stopped.is_set():
            self._patiently(self._hold_leases)
            self._stopped.wait(min(self._manners.lease / 4, LEAD))

    def _hold_leases(self) -> int:
        if not self._presence.shown():
            for lane in self._lanes.values():
                lane.lease = None  # others may have thought us gone meanwhile
        wanted = set(self._settings().of("account"))
        for account in wanted - self._lanes.keys():
            self._take(account)
        for account, lane in list(self._lanes.items()):
            if account not in wanted or lane.ended or lane.lease is None:
                self._drop(account, lane)
            else:
                self._renew(lane)
        return 0

    def _take(self, account: str) -> None:
        mine = leases.take(
            self._engine,
            account,
            self._manners.owner,
            seconds=self._manners.lease,
            clock=self._clock,
        )
        if mine is not None:
            lane = Lane(self, mine)
            self._lanes[account] = lane
            lane.threads = [
                self._thread(f"lane-{account}", lane.send),
                self._thread(f"confirm-{account}", lane.confirm),
            ]

    def _renew(self, lane: "Lane") -> None:
        if lane.lease is not None and lane.lease.until - self._clock() < self._manners.lease * 0.7:
            lane.lease = leases.renew(
                self._engine, lane.lease, seconds=self._manners.lease, clock=self._clock
            )

    def _drop(self, account: str, lane: "Lane") -> None:
        lane.end()
        for thread in lane.threads:
            thread.join(15)
        del self._lanes[account]
        self.bells.take_down(account)

    def _leave(self) -> None:
        for lane in self._lanes.values():
            if lane.lease is not None and not any(t.is_alive() for t in lane.threads):
                self._patiently(lambda held=lane.lease: self._give_back(held))  # type: ignore[misc]
        self._presence.hide()

    def _give_back(self, lease: Lease) -> int:
        leases.give_back(self._engine, lease)
        return 1


class Lane:
    """The two threads of one account, as long as its lease is ours."""

    def __init__(self, service: Service, lease: Lease) -> None:
        self._service = service
        self.lease: Lease | None = lease
        self.account = lease.account
        self.ended = False
        self.threads: list[threading.Thread] = []
        self._to_send = service.bells.hang(self.account)
        self._to_read = Bell()  # looks every second by itself: nobody else need ring

    def end(self) -> None:
        """Let both threads come to their end."""
        self.ended = True
        self._to_send.ring()
        self._to_read.ring()

    def send(self) -> None:
        """Push until the lease or the service ends."""
        s = self._service
        pusher = Pusher(
            s._engine,
            s._amazon,
            s._settings,
            self._held,
            s._now,
            hold=s._manners.hold,
            timings=s._manners.timings,
            ring=lambda: s.bells.ring(()),
        )
        self._loop(pusher.step, self._to_send, first=pusher.recover)

    def confirm(self) -> None:
        """Read back until the lease or the service ends."""
        s = self._service
        confirmer = Confirmer(
            s._engine,
            s._amazon,
            s._settings,
            self.account,
            s._now,
            timings=s._manners.timings,
            ring=lambda: s.bells.ring([self.account]),
        )
        self._loop(confirmer.step, self._to_read, first=lambda: None)

    def _held(self) -> Lease:
        held = self.lease
        if held is None or held.until <= self._service._clock():
            raise LeaseLost(self.account)
        return held

    def _loop(self, step: Callable[[], float], bell: Bell, *, first: Callable[[], None]) -> None:
        """Take steps; after a lost connection begin as after a crash, with *first*."""
        begun = False
        while not (self.ended or self._service._stopped.is_set()):
            try:
                self._held()
                if not begun:
                    first()
                    begun = True
                bell.wait(step())
            except LeaseLost:
                self.ended = True
            except (DBAPIError, NoConnection) as error:
                _bear(error)
                begun = False
                self._service._stopped.wait(1.0)


def _bear(error: Exception) -> None:
    """Say that something is away; raise what is a fault of ours."""
    if isinstance(error, DBAPIError) and failure(error) not in (Failed.AWAY, Failed.BUSY):
        raise error
    _log.warning("waiting", why=str(error)[:300])
