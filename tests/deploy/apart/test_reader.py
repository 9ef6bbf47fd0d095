"""A foreign report is read behind a wall: nothing gets out, nothing false gets in (S55)."""

import gzip
import io
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from deploy.apart import reader, wall
from deploy.apart.reader import Unbelievable, apart
from deploy.apart.talk import Answer, End, Known, Line, Part, Seen
from producers.amazon.lines import RefusedRow
from producers.amazon.reading import Reader, here
from schemas import reports
from schemas.errors import Refused
from tests.support.report_files import BOWL, LAMP, ORIGIN, file, goods

ROOT = Path(__file__).parents[3]
REPORT = file(LAMP, BOWL, LAMP | {"price": "1"}, {"seller-sku": " "}, LAMP | {
    "seller-sku": "CUP", "quantity": "x"}).encode()  # fmt: skip


def read(reader: Reader, data: bytes, last_rows: int | None = None) -> tuple[Any, ...]:
    with reader(lambda: io.BytesIO(data), None) as reading:
        whole = reading.survey(reports.ALL, last_rows)
        rows = list(reading.rows(ORIGIN))
        return reading.hash, whole, rows, reading.notes()


def parted(rows: list[Any]) -> tuple[list[Any], list[Any]]:
    """Give what is stated and what was set aside, each in its order."""
    aside = [row for row in rows if isinstance(row, RefusedRow)]
    return [row for row in rows if row not in aside], aside


def test_a_report_is_the_same_on_both_sides_of_the_wall() -> None:
    far, near = read(apart, REPORT), read(here, REPORT)

    assert (far[:2], far[3]) == (near[:2], near[3])
    assert parted(far[2]) == parted(near[2])
    assert all(parted(far[2]))


def test_a_file_is_read_by_its_descriptor_however_often(tmp_path: Path) -> None:
    place = tmp_path / "report.txt.gz"
    place.write_bytes(gzip.compress(file(*goods(5_000)).encode()))

    with apart(lambda: place.open("rb"), None) as reading:
        whole = reading.survey(reports.ALL, None)
        twice = [len(list(reading.rows(ORIGIN))) for _ in range(2)]

    assert (whole.rows, twice) == (5_000, [5_000, 5_000])


@pytest.mark.parametrize(
    ("data", "last_rows", "why"),
    [
        pytest.param(b"<html>", None, "a page or an error document", id="page"),
        pytest.param(gzip.compress(bytes(50_000_000)), None, "unpacks to more", id="bomb"),
        pytest.param(REPORT, 100, "guard G7", id="shrunk"),
    ],
)
def test_a_refusal_comes_through_the_wall_with_its_reason(
    data: bytes, last_rows: int | None, why: str
) -> None:
    with pytest.raises(Refused, match=why):
        read(apart, data, last_rows)


def test_no_way_leads_out(tmp_path: Path) -> None:
    target = tmp_path / "target"
    with target.open("wb") as open_:
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("escapes.py")), str(open_.fileno())],
            capture_output=True,
            check=True,
            cwd="/",
            env={"PYTHONPATH": str(ROOT)},
            pass_fds=(open_.fileno(),),
        )
    came = json.loads(done.stdout)

    assert came["user"] != 0
    assert target.read_bytes() == b""
    assert came["memory"] == "MemoryError"
    assert [n for n, how in came.items() if how == "went through"] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may look at a process of nobody's")
def test_the_child_has_no_environment_and_no_other_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LISTWIRE_SECRET", "hunter2")
    with apart(lambda: io.BytesIO(REPORT), None) as reading:
        place = Path(f"/proc/{reading._child.pid}")  # type: ignore[attr-defined]
        handles = sorted(handle.name for handle in (place / "fd").iterdir())
        limits = (place / "limits").read_text().splitlines()

        assert (place / "environ").read_bytes() == b""
        assert len(handles) == 4  # question, answer, nothing, the document
        assert [line.split()[3:5] for line in limits if "open files" in line] == [["0", "0"]]


def test_a_child_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    boot = "import resource, sys; resource.setrlimit(resource.RLIMIT_CPU, (1, 1))\nwhile True: pass"
    monkeypatch.setattr(reader, "BOOT", boot)
    started = time.monotonic()

    with pytest.raises(Refused, match="more memory or time than it may"):
        read(apart, REPORT)
    assert time.monotonic() - started < 30


def test_a_child_that_cannot_start_is_our_fault_and_no_refusal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reader, "BOOT", "import no_such_module_of_ours")

    with pytest.raises(Unbelievable, match="exit 1"):
        read(apart, REPORT)


class Far:
    """A child that was taken over: says what it likes."""

    def __init__(self, *says: Answer) -> None:
        heard = io.BytesIO()
        line = Line(io.BytesIO(), heard)
        for word in says:
            line.send(word)
        self.stdin, self.stdout = io.BytesIO(), io.BytesIO(heard.getvalue())

    def wait(self) -> int:
        return -9


GOOD = read(here, file(LAMP).encode())[2][0]


def lying(part: Part) -> list[Any]:
    far: Any = Far(Known("h"), Seen(1, ()), part, End(()))
    reading = reader._Apart(far).begun(None)
    reading.survey(reports.ALL, None)
    return list(reading.rows(ORIGIN))


def changed(**members: Any) -> bytes:
    return msgspec.json.encode(json.loads(GOOD[1]) | members)


def test_a_row_that_is_what_was_asked_for_is_believed() -> None:
    assert lying(Part([GOOD])) == [GOOD]


@pytest.mark.parametrize(
    "row",
    [
        pytest.param((b"OTHER", GOOD[1]), id="another SKU"),
        pytest.param((b"LAMP-12", changed(account="rival")), id="another account"),
        pytest.param((b"LAMP-12", changed(stores={"rival": {"exists": False}})), id="store"),
        pytest.param((b"LAMP-12", changed(source="read")), id="another source"),
        pytest.param((b"LAMP-12", changed(as_of="2027-01-01T00:00:00Z")), id="another time"),
        pytest.param((b"LAMP-12", changed(report="R2")), id="another report"),
        pytest.param((b"LAMP-12", b'{"account":'), id="no observation"),
        pytest.param((b"LAMP-12", b"\xff\xfe"), id="no text"),
    ],
)
def test_a_row_about_something_else_is_not_believed(row: tuple[bytes, bytes]) -> None:
    with pytest.raises(Unbelievable):
        lying(Part([row]))


def test_an_answer_to_another_question_is_not_believed() -> None:
    far: Any = Far(End(()))

    with pytest.raises(Unbelievable, match="End for Read"):
        reader._Apart(far).begun(None)


def test_a_message_without_end_is_not_waited_for() -> None:
    far: Any = Far()
    far.stdout = io.BytesIO(b"\xff\xff\xff\xff")

    with pytest.raises(Refused):
        reader._Apart(far).begun(None)


def test_the_wall_allows_what_the_largest_document_takes() -> None:
    assert wall.MEMORY >= 256 * 1024 * 1024
