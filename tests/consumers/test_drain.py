"""One answer for each way a batch can fail; most of it failing is our own failure."""

from collections.abc import Callable

import pytest

from consumers.drain import Outage, drain
from schemas.errors import Refused, TryAgain
from schemas.reasons import Reason
from schemas.record import Record

NO = Reason("MALFORMED", {"event": "Offer", "why": "no"})


def batch(*keys: bytes) -> list[Record]:
    return [
        Record(topic="listing.offer.v1", key=k, value=b"{}", offset=n) for n, k in enumerate(keys)
    ]


def numbered(size: int) -> list[Record]:
    return batch(*(str(n).encode() for n in range(size)))


def raising(failures: dict[bytes, Exception], seen: list[bytes]) -> Callable[[Record], None]:
    def handle(record: Record) -> None:
        seen.append(record.key or b"")
        if failure := failures.get(record.key or b""):
            raise failure

    return handle


class Aside(list[tuple[bytes | None, str]]):
    def __call__(self, record: Record, reason: Reason) -> None:
        self.append((record.key, reason.code))


@pytest.mark.parametrize(
    ("failures", "done", "seen", "aside"),
    [
        pytest.param({}, 3, [b"a", b"b", b"c"], [], id="nothing fails"),
        pytest.param(
            {b"b": Refused(NO)},
            3,
            [b"a", b"b", b"c"],
            [(b"b", "MALFORMED")],
            id="a refused record is set aside, the others go on",
        ),
        pytest.param(
            {b"b": TryAgain("busy")}, 1, [b"a", b"b"], [], id="a busy destination holds the offset"
        ),
        pytest.param(
            {b"a": Refused(NO), b"c": TryAgain("busy")},
            2,
            [b"a", b"b", b"c"],
            [(b"a", "MALFORMED")],
            id="what was refused before the halt is set aside",
        ),
    ],
)
def test_a_failure_and_what_becomes_of_the_batch(
    failures: dict[bytes, Exception], done: int, seen: list[bytes], aside: list[tuple[bytes, str]]
) -> None:
    met: list[bytes] = []
    put = Aside()

    count = drain(batch(b"a", b"b", b"c"), raising(failures, met), put)

    assert (count, met, list(put)) == (done, seen, aside)


def test_a_fault_of_ours_ends_the_process() -> None:
    with pytest.raises(KeyError):
        drain(batch(b"a"), raising({b"a": KeyError("x")}, []), Aside())


def test_a_dead_letter_that_cannot_be_written_holds_the_offset_before_it() -> None:
    def full(record: Record, reason: Reason) -> None:
        raise TryAgain("the broker is away")

    assert drain(batch(b"a", b"b"), raising({b"b": Refused(NO)}, []), full) == 1


def refusing(bad: int, of: int) -> tuple[list[Record], Callable[[Record], None]]:
    return numbered(of), raising({str(n).encode(): Refused(NO) for n in range(bad)}, [])


@pytest.mark.parametrize(("bad", "of"), [(4, 10), (5, 10), (9, 9), (1, 1), (400, 1000)])
def test_poison_is_set_aside(bad: int, of: int) -> None:
    aside = Aside()

    done = drain(*refusing(bad, of), aside)

    assert (done, len(aside)) == (of, bad)


@pytest.mark.parametrize(("bad", "of"), [(6, 10), (10, 10), (501, 1000)])
def test_most_of_a_batch_failing_is_an_outage_and_writes_nothing(bad: int, of: int) -> None:
    aside = Aside()

    with pytest.raises(Outage, match=f"{bad} of {of}"):
        drain(*refusing(bad, of), aside)
    assert aside == []


def test_records_that_only_wait_behind_another_are_no_outage() -> None:
    waiting = Refused(Reason("KEY_PARKED", {"code": "MALFORMED", "offset": "3"}))
    failures: dict[bytes, Exception] = {str(n).encode(): waiting for n in range(12)}

    assert drain(numbered(12), raising(failures, []), Aside()) == 12
