"""A producer that keeps what it is handed in a list, and fails when it is told to."""

from collections.abc import Callable

from schemas.record import Record


class Arrived:
    """The future of a record: it counts as sent once somebody awaited it."""

    def __init__(self, settle: Callable[[], None]) -> None:
        self._settle = settle

    def get(self, timeout: float | None = None) -> object:
        self._settle()
        return None


class ListProducer:
    """Takes records into `taken`, in order; `settled` are those somebody awaited.

    *fails* are the numbers (from 0) of records that the broker refuses to keep; *dies_at* the
    number at which the process comes to its end.
    """

    def __init__(self, fails: frozenset[int] = frozenset(), dies_at: int | None = None) -> None:
        self.taken: list[Record] = []
        self.settled: list[Record] = []
        self.most_under_way = 0
        self._fails = fails
        self._dies_at = dies_at

    def send(
        self,
        topic: str,
        value: bytes | None = None,
        key: bytes | None = None,
        headers: list[tuple[str, bytes]] | None = None,
    ) -> Arrived:
        number = len(self.taken)
        if number == self._dies_at:
            raise Died
        record = Record(topic=topic, key=key, value=value, headers=tuple(headers or ()))
        self.taken.append(record)
        self.most_under_way = max(self.most_under_way, len(self.taken) - len(self.settled))
        return Arrived(lambda: self._settle(number))

    def _settle(self, number: int) -> None:
        if number in self._fails:
            raise ConnectionError(f"no broker for record {number}")
        self.settled.append(self.taken[number])


class Died(BaseException):
    """The process was killed: nothing is tidied up behind it."""
