"""The corpus through the webhook's door (`reliability.md` 4): alone, in a batch, among good ones.

Binary mode takes every case as it is; in structured mode and in a batch go those that fit
between two braces.
"""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.support.bad_input import Case, cases, parameters
from tests.support.doors import BATCH, STRUCTURED, TOKEN, Doorway, event, text

NUMBERS = [n for n in range(1, 49) if n not in (40, 41, 42, 43)]
"""40 and 41 are settings; the same id or version twice (42, 43) stands in `test_door`."""

CASES = cases(*NUMBERS)
PLAIN = [c for c in CASES if "value" in c.stated and c.number not in (1, 2, 4, 5, 6, 7, 44, 45)]
SECRETS = (TOKEN, "Traceback", "/site-packages/", ".py")


def headers(case: Case) -> list[tuple[str, str]]:
    """Give the headers of *case* in binary mode."""
    stated = {
        "specversion": "1.0",
        "id": f"{case.number}-{case.name}",
        "source": "//acme/corpus",
        "type": case.topic,
        "subject": case.sku,
        "time": "2026-11-25T10:00:00Z",
    }
    more = {n.removeprefix("ce_"): v for n, v in case.stated.get("headers", {}).items()}
    spelt = {f"ce-{n}": quote(v, safe="/:+-.|#?&") for n, v in (stated | more).items()}
    return [("authorization", f"Bearer {TOKEN}"), *spelt.items()]


def body(case: Case) -> bytes:
    """Give the data of *case*, the offset of no record being asked for."""
    return case.records(lambda _: 0)[-1].value or b""


def document(case: Case) -> bytes:
    """Give *case* as one event, its data as it is written."""
    envelope = event(subject=case.sku, type=case.topic, id=f"{case.number}-{case.name}")
    del envelope["data"]
    return json.dumps(envelope)[:-1].encode() + b', "data": ' + body(case) + b"}"


async def sent(door: Doorway, case: Case) -> Any:
    return await door.send(body(case), headers=headers(case), kind="application/json")


@pytest.mark.parametrize("case", parameters(CASES))
async def test_a_bad_event_alone(case: Case) -> None:
    door = Doorway()

    said = await sent(door, case)

    if case.verdict == "N":
        assert (said.status_code, len(door.broker.taken)) == (202, 1), said.text
    else:
        assert 400 <= said.status_code < 500, said.text
        assert (door.broker.taken, door.room.size) == ([], 0)
        told = said.json()
        assert told["code"].startswith("LW-05")
        assert len(said.content) < 4_000
        assert not any(secret in said.text for secret in SECRETS)
        if said.status_code == 400:
            assert all(b["field"] and b["rule"] for b in told["breaches"])


@pytest.mark.parametrize("case", parameters([c for c in CASES if c.gives]))
async def test_what_is_let_through_keeps_its_text(case: Case) -> None:
    door = Doorway()

    await sent(door, case)

    value = json.loads(door.broker.taken[0].value or b"")
    assert {path: _at(value, path) for path in case.gives} == case.gives


@pytest.mark.parametrize("case", parameters([c for c in CASES if c.number in (30, 31)]))
async def test_a_sku_is_its_key_byte_by_byte(case: Case) -> None:
    door = Doorway()

    await sent(door, case)

    escaped = case.sku.replace("%", "%25").replace("|", "%7C")
    assert door.broker.taken[0].key == escaped.encode()


@pytest.mark.parametrize("case", parameters(PLAIN))
async def test_structured_mode_and_batches_come_to_the_same_verdict(case: Case) -> None:
    alone, batched = Doorway(), Doorway()

    single = await alone.send(document(case), kind=STRUCTURED)
    several = await batched.send(b"[" + text(event()) + b"," + document(case) + b"]", kind=BATCH)

    if case.verdict == "N":
        assert (single.status_code, several.json()) == (202, {"accepted": 2})
    else:
        assert 400 <= single.status_code < 500
        assert (several.status_code, batched.broker.taken) == (single.status_code, [])
        if several.status_code == 400:
            assert {b["index"] for b in several.json()["breaches"]} <= {0, 1}


async def test_bad_events_among_a_thousand_good_ones_take_none_with_them() -> None:
    door = Doorway()
    bad = [c for c in CASES if c.verdict == "R" and c.number != 47]

    for number in range(1_000):
        sku = f"GOOD-{number}"
        good = event({"sku": sku, "prices": {}}, subject=sku, id=sku)
        assert (await door.send(text(good))).status_code == 202
        if number < len(bad):
            assert (await sent(door, bad[number])).status_code < 500

    assert [r.key for r in door.broker.taken] == [b"GOOD-%d" % n for n in range(1_000)]
    assert (door.room.records, door.room.size) == (0, 0)


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value[part]
    return value
