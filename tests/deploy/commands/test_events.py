"""`events validate` offline: the webhook's judge on every form of file."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.deploy.conftest import Run
from tests.support.doors import PRICE, event
from tests.support.eventing import SAVED, delivery, product

ROOT = Path(__file__).parents[3]
GOOD, BAD = event(), event({"sku": "LAMP-12", "prices": {"price": {"global": "12,90"}}}, id="e-2")
FIELD = "$.data.prices.price.global"


def lines(*documents: Any) -> str:
    return "\n".join(json.dumps(d) for d in documents) + "\n"


@pytest.mark.parametrize(
    ("content", "fit"),
    [
        pytest.param(json.dumps(GOOD), 1, id="one document"),
        pytest.param(json.dumps(GOOD, indent=2), 1, id="one over several lines"),
        pytest.param("\ufeff" + json.dumps(GOOD), 1, id="with a byte order mark"),
        pytest.param(json.dumps([GOOD, event(id="e-3")]), 2, id="an array"),
        pytest.param(json.dumps([GOOD, event(id="e-3")], indent=1), 2, id="an array, spread"),
        pytest.param("\n" + lines(GOOD, event(id="e-3")) + "\n", 2, id="lines"),
        pytest.param(
            lines({"type": "catalog.price.v1", "subject": "LAMP-12", "sequence": 1, "data": PRICE}),
            1,
            id="a line of a catalogue file",
        ),
    ],
)
def test_what_fits_is_counted(run: Run, tmp_path: Path, content: str, fit: int) -> None:
    (tmp_path / "events.json").write_text(content)

    said = run("events", "validate", "events.json", "--json")

    assert (said.code, said.json["fit"], said.json["refused"]) == (0, fit, 0)


@pytest.mark.parametrize(
    ("content", "where"),
    [
        pytest.param(json.dumps(BAD), f"events.json:1  {FIELD}", id="one document"),
        pytest.param(json.dumps([GOOD, BAD]), f"events.json[1]:1  {FIELD}", id="in an array"),
        pytest.param(lines(GOOD, GOOD, BAD), f"events.json:3  {FIELD}", id="in a line"),
        pytest.param("", "events.json:1  $", id="empty"),
        pytest.param("nothing", "events.json:1  $", id="no JSON"),
        pytest.param("[]", "events.json:1  $", id="an empty array"),
        pytest.param(json.dumps(PRICE), "events.json:1  $.specversion", id="bare data of no type"),
    ],
)
def test_what_does_not_fit_is_named(run: Run, tmp_path: Path, content: str, where: str) -> None:
    (tmp_path / "events.json").write_text(content)

    said = run("events", "validate", "events.json")

    assert said.code == 5
    assert "error LW-0530: event refused" in said.err
    assert f"where  {where}" in said.err


def test_every_refusal_is_listed_with_type_and_key(run: Run, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(lines(BAD, GOOD, BAD))

    said = run("events", "validate", "events.jsonl")

    told = [line for line in said.err.splitlines() if line.startswith("refused ")]
    assert [line.split(":")[1].split()[0] for line in told] == ["1", "3"]
    assert all("(catalog.price.v1, key LAMP-12)" in line for line in told)
    assert "1 fit, 2 refused" in said.err


def test_standard_input_is_read(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    class Piped:
        buffer = io.BytesIO(lines(GOOD, BAD).encode())

    monkeypatch.setattr(sys, "stdin", Piped)

    said = run("events", "validate", "-")

    assert (said.code, "where  -:2" in said.err) == (5, True)


def test_deliveries_of_adobes_are_judged_too(run: Run, tmp_path: Path) -> None:
    (tmp_path / "deliveries.json").write_text(
        json.dumps([delivery(SAVED, product()), delivery(SAVED, product(price="x"))])
    )

    said = run("events", "validate", "deliveries.json", "--kind", "adobe")

    assert (said.code, "where  deliveries.json[1]:1  $.data.value.price" in said.err) == (5, True)


def test_bare_data_needs_its_type(run: Run, tmp_path: Path) -> None:
    (tmp_path / "price.json").write_text(json.dumps(PRICE))

    said = run("events", "validate", "price.json", "--type", "catalog.price.v1", "--json")

    assert (said.code, said.json["fit"]) == (0, 1)


@pytest.mark.parametrize(
    "example", sorted((ROOT / "schemas/examples").glob("catalog.*/*.json")), ids=lambda p: p.stem
)
def test_the_published_examples_get_their_verdict(run: Run, example: Path) -> None:
    ours = example.parent.name in ("catalog.product.v1", "catalog.stock.v1", "catalog.price.v1")

    said = run("events", "validate", example)

    assert (said.code == 0) is (ours and example.name.endswith(".pass.json"))


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(["events", "validate", "absent.json"], 4, id="no such file"),
        pytest.param(["events", "validate", "events.json", "--kind", "x"], 2, id="no such kind"),
        pytest.param(["events", "send", "events.json"], 3, id="no broker is named"),
    ],
)
def test_a_failure_has_its_exit(run: Run, tmp_path: Path, words: list[str], code: int) -> None:
    (tmp_path / "events.json").write_text(json.dumps(GOOD))

    assert run(*words).code == code


def test_text_from_outside_moves_no_cursor(run: Run, tmp_path: Path) -> None:
    hostile = event(type="catalog.\x1b[31mprice", subject="A\x1b[2J")
    (tmp_path / "events.json").write_text(json.dumps(hostile))

    said = run("events", "validate", "events.json")

    assert (said.code, "\x1b" in said.err) == (5, False)
