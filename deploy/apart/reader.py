"""Reading a foreign report in a process of its own (security S55).

The child gets the document's descriptor and two pipes, and nothing else: an empty
environment, no other handle, limits on memory and CPU, no way to open a file or a socket.
Whatever it says is judged like anything foreign before it is believed: each row must be an
observation of just the SKU, store, report and time that were asked for.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryFile
from typing import BinaryIO, NoReturn, TypeVar

import msgspec

from deploy.apart.talk import (
    Answer,
    Asked,
    End,
    Give,
    Gone,
    Known,
    Line,
    Look,
    No,
    Part,
    Read,
    Seen,
)
from producers.amazon.band import Band
from producers.amazon.document import Open, refused
from producers.amazon.lines import RefusedRow
from producers.amazon.reading import Reading, Whole
from producers.amazon.report import Origin, Stated
from producers.amazon.survey import USUAL
from schemas import codec
from schemas.amazon import Observation
from schemas.errors import Refused
from schemas.reasons import Reason

BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1])['path']; "
    "from deploy.apart.inside import main; main()"
)
"""What the child runs: our packages by the path that we have them from, nothing else's."""

T = TypeVar("T", Known, Seen)

_answer = msgspec.msgpack.Decoder(Answer)


class Unbelievable(Refused):
    """What came through the wall is not what may come: a fault of ours, or an attack.

    This report is set aside with that reason, and all others go on.
    """

    def __init__(self, what: str) -> None:
        super().__init__(Reason("FAULT", {"error": what}))


@contextmanager
def apart(open_: Open, declared: str | None) -> Iterator[Reading]:
    """Read a document behind a wall. Raises `Refused`."""
    with ExitStack() as stack:
        file = _descriptor(stack.enter_context(open_()), stack)
        child = stack.enter_context(_child(file))
        reading = _Apart(child)
        yield reading.begun(declared)


def _descriptor(raw: BinaryIO, stack: ExitStack) -> int:
    """Give a descriptor with the bytes of *raw*; what has none is copied to a file without name."""
    try:
        return raw.fileno()
    except OSError:
        copy = stack.enter_context(TemporaryFile())  # noqa: SIM115 - the stack closes it
        for chunk in iter(lambda: raw.read(1 << 20), b""):
            copy.write(chunk)
        copy.flush()
        return copy.fileno()


@contextmanager
def _child(descriptor: int) -> Iterator["subprocess.Popen[bytes]"]:
    told = json.dumps({"descriptor": descriptor, "path": [p for p in sys.path if p]})
    child = subprocess.Popen(  # noqa: S603 - our own words, no shell
        [sys.executable, "-I", "-S", "-c", BOOT, told],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        pass_fds=(descriptor,),
        start_new_session=True,
        env={},
        cwd="/",
    )
    try:
        yield child
    finally:
        child.kill()
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                pipe.close()


class _Apart:
    """The near side of the wall."""

    hash = ""

    def __init__(self, child: "subprocess.Popen[bytes]") -> None:
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("a child without pipes")
        self._child = child
        self._line = Line(child.stdout, child.stdin)
        self._notes: tuple[str, ...] = ()

    def begun(self, declared: str | None) -> "_Apart":
        self.hash = self._asked(Read(declared), Known).hash
        return self

    def survey(self, type_: str, last_rows: int | None, within: Band = USUAL) -> Whole:
        limits = within.min_rows, within.max_undecodable
        seen = self._asked(Look(type_, last_rows, *limits), Seen)
        return Whole(seen.rows, seen.notes)

    def rows(self, origin: Origin) -> Iterator[Stated | RefusedRow]:
        believe = _belief(origin)
        self._send(Give(**msgspec.structs.asdict(origin)))
        while not isinstance(said := self._heard(), End):
            if not isinstance(said, Part):
                raise Unbelievable(f"{type(said).__name__} among rows")
            yield from (RefusedRow(*row) for row in said.aside)
            for sku, value in said.stated:
                believe(sku, value)
                yield sku, value
        self._notes = said.notes

    def notes(self) -> tuple[str, ...]:
        return self._notes

    def _asked(self, question: Asked, wanted: type[T]) -> T:
        self._send(question)
        said = self._heard()
        if not isinstance(said, wanted):
            raise Unbelievable(f"{type(said).__name__} for {type(question).__name__}")
        return said

    def _send(self, question: Asked) -> None:
        try:
            self._line.send(question)
        except Gone:
            self._lost()

    def _heard(self) -> Answer:
        try:
            said: Answer = _answer.decode(self._line.heard())
        except Gone:
            self._lost()
        except msgspec.MsgspecError as error:
            raise Unbelievable(str(error)) from None
        if isinstance(said, No):
            raise Unbelievable(said.why) if said.fault else refused(said.why)
        return said

    def _lost(self) -> NoReturn:
        """Say why the child is no more: killed for taking too much, or by a fault of ours."""
        code = self._child.wait()
        if code >= 0:
            raise Unbelievable(f"the child that reads ended by itself, exit {code}")
        raise refused(f"reading it took more memory or time than it may (signal {-code})")


def _belief(origin: Origin) -> Callable[[bytes, bytes], None]:
    decode = codec.decoder(Observation).decode

    def believe(sku: bytes, value: bytes) -> None:
        try:
            said = decode(value)
        except msgspec.MsgspecError as error:
            raise Unbelievable(str(error)) from None
        about = (said.seller_sku.encode(), said.account, [*said.stores], said.source)
        if about != (sku, origin.account, [origin.store], "report") or (
            (said.report, said.as_of) != (origin.report, origin.as_of)
        ):
            raise Unbelievable("a row about something else than was asked for")

    return believe
