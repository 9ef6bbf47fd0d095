"""Amazon's Reports API in memory, and all else that a report's life needs of the outside.

It stays when a "process" dies: a new one over the same `Outside` goes on.
"""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from producers.amazon.document import Open
from producers.amazon.ports import Fetched, Ports, Told
from producers.amazon.rounds import Rounds
from producers.publish import Publisher
from schemas.errors import TryAgain
from schemas.settings import Account, Settings, Store
from tests.support.failpoints import Failpoints
from tests.support.producer import ListProducer
from tests.support.report_runs import MemoryRuns

START = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
ALL = "GET_MERCHANT_LISTINGS_ALL_DATA"
HEADER = "item-name\tseller-sku\tprice\tquantity\tasin1\tfulfillment-channel\tstatus"


def rows(count: int, price: str = "9.90") -> bytes:
    """Make a report of *count* listings."""
    lines = [f"Lamp {n}\tL-{n}\t{price}\t5\tB000000001\tDEFAULT\tActive" for n in range(count)]
    return "\n".join([HEADER, *lines, ""]).encode()


def settings(*stores: str) -> Settings:
    """Give the settings of one account with these stores."""
    account = Account(region="EU", merchant_token="A1EXAMPLE", credentials="env:X")
    found = {
        name: Store(account="acme-eu", marketplace=place, website="b", created=date(2026, 1, 1))
        for name, place in zip(stores or ("acme-de",), ("DE", "FR", "IT"), strict=False)
    }
    return Settings(records={"account": {"acme-eu": account}, "store": found})


class Amazon:
    """Reports as Amazon keeps them. *failures* are raised at the next calls, by verb."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.reports: dict[str, Told] = {}
        self.documents: dict[str, bytes] = {}
        self.places: dict[str, tuple[str, str]] = {}
        self.failures: dict[str, list[BaseException]] = {}
        self.lost_after: dict[str, list[BaseException]] = {}
        self.asked: list[str] = []
        self.text = rows(3)

    def now(self) -> datetime:
        return self._clock()

    def request(self, account: str, store: str, type: str) -> str:  # noqa: A002
        self._count("request", self.failures)
        id_ = f"R{len(self.reports) + 1}"
        self.reports[id_] = Told(report=id_, type=type, created=self._clock(), status="IN_QUEUE")
        self.places[id_] = (account, store)
        self._fail("request", self.lost_after)
        return id_

    def listed(self, account: str, store: str, type: str, since: datetime) -> list[Told]:  # noqa: A002
        self._count("listed", self.failures)
        mine = [t for i, t in self.reports.items() if self.places[i] == (account, store)]
        return [t for t in mine if t.type == type and t.created >= since][::-1]

    def told(self, account: str, store: str, report: str) -> Told:
        self._count("told", self.failures)
        return self.reports[report]

    def fetch(self, account: str, document: str, into: Path) -> Fetched:
        self._count("fetch", self.failures)
        into.write_bytes(self.documents[document])
        return Fetched(charset="utf-8", size=len(self.documents[document]))

    def finish(self, status: str = "DONE", **more: Any) -> str:
        """Let the newest report be finished; give its id."""
        id_ = list(self.reports)[-1]
        now = self._clock()
        stated: dict[str, Any] = {"status": status, "data_end": now, "processing_end": now}
        if status == "DONE":
            stated |= {"document": f"D-{id_}"}
            self.documents[f"D-{id_}"] = self.text
        from msgspec.structs import replace

        self.reports[id_] = replace(self.reports[id_], **(stated | more))
        return id_

    def _count(self, verb: str, failures: dict[str, list[BaseException]]) -> None:
        self.asked.append(verb)
        self._fail(verb, failures)

    def _fail(self, verb: str, failures: dict[str, list[BaseException]]) -> None:
        if failures.get(verb):
            raise failures[verb].pop(0)


class MemoryArchive:
    """Documents in a dict; held to the archives' suite."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self.kept: dict[str, tuple[bytes, datetime]] = {}

    def put(self, file: Path) -> str:
        data = file.read_bytes()
        name = sha256(data).hexdigest()
        self.kept[name] = (data, self._clock())
        return name

    @contextmanager
    def local(self, name: str) -> Iterator[Open]:
        if name not in self.kept:
            raise LookupError(f"the archive does not hold {name}")
        data = self.kept[name][0]
        if sha256(data).hexdigest() != name:
            raise LookupError(f"the archive's {name} is damaged")
        yield lambda: io.BytesIO(data)

    def names(self) -> Iterator[tuple[str, datetime]]:
        yield from [(name, at) for name, (_, at) in self.kept.items()]

    def delete(self, name: str) -> None:
        self.kept.pop(name, None)


class Everyone:
    """An owner of all accounts."""

    def held(self, accounts: Any) -> frozenset[str]:
        return frozenset(accounts)


class Outside:
    """Amazon, archive, runs and topics, with one clock; `process` starts what works on them."""

    def __init__(self, *stores: str) -> None:
        self.time = START
        self.settings = settings(*stores)
        self.amazon = Amazon(lambda: self.time)
        self.archive = MemoryArchive(lambda: self.time)
        self.runs = MemoryRuns()
        self.topic = ListProducer()

    def pass_time(self, **amount: float) -> None:
        """Move the clock."""
        self.time += timedelta(**amount)

    def ports(self, points: Failpoints | None = None, *, producer: Any = None) -> Ports:
        """Give the ports of one process."""
        points = points or Failpoints()
        return Ports(
            amazon=points.port("reports.amazon", self.amazon),
            archive=points.port("reports.archive", self.archive),
            ledger=points.port("reports.db", self.runs),
            publisher=lambda: points.port("reports.broker", Publisher(producer or self.topic)),
            ends=points.call("reports.broker.ends", lambda: {0: len(self.topic.settled)}),
            settings=lambda: self.settings,
            now=lambda: self.time,
        )

    def process(self, points: Failpoints | None = None, **more: Any) -> Rounds:
        """Start a process: the loop of the role, to be turned by hand."""
        points = points or Failpoints()
        return Rounds(
            points.port("reports.db", self.runs),
            Everyone(),  # type: ignore[arg-type]
            self.ports(points, **more),
            chance=lambda: 1.0,
        )

    def busy(self) -> TryAgain:
        """Give what stands for a busy Amazon."""
        return TryAgain("throttled", after=7.0)
