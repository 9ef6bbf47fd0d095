"""The corpus through the file door, alone and among a thousand (`reliability.md` 4)."""

import json
from pathlib import Path
from typing import Any

import pytest

from schemas import codec
from tests.support.bad_input import PRICE, Case, cases, line, parameters
from tests.support.loading import loaded, written

NUMBERS = [n for n in range(1, 57) if n not in (40, 41)]
CASES = [c for c in cases(*NUMBERS) if not c.topic_only and c.verdict != "-"]
GOOD = b'{"sku": "%s", "prices": {"price": {"global": "49.90"}}}'


def good(number: int) -> bytes:
    sku = f"GOOD-{number}"
    return line(PRICE, sku, GOOD.replace(b"%s", sku.encode()), number)


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_bad_line_alone(case: Case, tmp_path: Path) -> None:
    path = written(tmp_path, case.line() + b"\n", "bad.jsonl")

    tally, taken = loaded(path, on_bad="skip")

    if case.verdict == "N":
        assert (tally.refused, len(taken.settled)) == (0, 1), tally.refusals
    else:
        assert (tally.refused > 0, taken.settled) == (case.line().strip() != b"", [])


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_bad_line_among_a_thousand_takes_no_other_with_it(case: Case, tmp_path: Path) -> None:
    lines = [good(n) for n in range(1, 1_000)]
    lines.insert(500, case.line())
    path = written(tmp_path, b"\n".join(lines) + b"\n", "bad.jsonl")

    _, taken = loaded(path, on_bad="skip")

    fine = [r.key for r in taken.settled if (r.key or b"").startswith(b"GOOD-")]
    assert fine == [b"GOOD-%d" % n for n in range(1, 1_000)]
    assert len(taken.settled) == (1_000 if case.verdict == "N" else 999)


@pytest.mark.parametrize("case", parameters([c for c in CASES if c.verdict == "R"]))
def test_a_refusal_says_where_and_why_in_little(case: Case, tmp_path: Path) -> None:
    tally, _ = loaded(written(tmp_path, good(1) + b"\n" + case.line() + b"\n", "bad.jsonl"))

    if tally.stopped:
        assert tally.stopped.where.startswith("bad.jsonl:2")
        assert 0 < len(tally.stopped.rule) < 600
        assert "Traceback" not in tally.stopped.rule


@pytest.mark.parametrize("case", parameters([c for c in CASES if c.gives]))
def test_what_is_let_through_keeps_its_text(case: Case, tmp_path: Path) -> None:
    _, taken = loaded(written(tmp_path, case.line() + b"\n", "good.jsonl"))

    value = json.loads(taken.settled[0].value or b"")
    assert {path: _at(value, path) for path in case.gives} == case.gives


@pytest.mark.parametrize("case", parameters([c for c in CASES if c.number in (30, 31)]))
def test_a_sku_is_its_key_byte_by_byte(case: Case, tmp_path: Path) -> None:
    _, taken = loaded(written(tmp_path, case.line() + b"\n", "good.jsonl"))

    record = taken.settled[0]
    escaped = case.sku.replace("%", "%25").replace("|", "%7C")
    assert (record.key, codec.header(record, "ce_subject")) == (escaped.encode(), case.sku)


def test_skus_that_look_alike_stay_apart(tmp_path: Path) -> None:
    alike = [c.line() for c in CASES if c.number == 31]
    _, taken = loaded(written(tmp_path, b"\n".join(alike), "good.jsonl"))

    assert len({r.key for r in taken.settled}) == len(alike)


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value[part]
    return value
