"""The webhook from a sender's side: what is taken, what is refused, and what it hears."""

import asyncio
import gzip
import json
import zlib
from typing import Any

import pytest

from deploy.webhook.proof import key_of, sign
from deploy.webhook.room import Room
from schemas import codec
from tests.support.doors import (
    BATCH,
    BEARER,
    NOW,
    SECRET,
    STRUCTURED,
    TOKEN,
    Doorway,
    event,
    text,
)
from tests.support.eventing import SAVED, delivery, product

BINARY = [
    ("authorization", f"Bearer {TOKEN}"),
    ("ce-specversion", "1.0"),
    ("ce-id", "e-1"),
    ("ce-source", "//acme/erp"),
    ("ce-type", "catalog.price.v1"),
    ("ce-subject", "LAMP-12"),
]


def price(sku: str = "LAMP-12", amount: str = "49.90") -> dict[str, Any]:
    return {"sku": sku, "prices": {"price": {"global": amount}}}


async def test_an_event_is_at_the_broker_before_the_sender_hears_202() -> None:
    door = Doorway()
    door.broker.holding = True

    answer = asyncio.create_task(door.send(text(event())))
    while not door.broker.waiting:
        await asyncio.sleep(0)
    unanswered = not answer.done()
    door.broker.release()
    said = await answer

    assert (unanswered, said.status_code, said.json()) == (True, 202, {"accepted": 1})


async def test_the_record_has_the_events_own_attributes() -> None:
    door = Doorway()
    sent = event(traceparent="00-" + "1" * 32 + "-" + "2" * 16 + "-01", correlationid="c-9", op="U")

    await door.send(text(sent))

    (record,) = door.broker.taken
    headers = {name: (value or b"").decode() for name, value in record.headers}
    assert (record.topic, record.key) == ("catalog.price.v1", b"LAMP-12")
    assert json.loads(record.value or b"") == price()
    assert headers == {
        "content-type": "application/json",
        "ce_specversion": "1.0",
        "ce_id": "e-1",
        "ce_source": "//acme/erp",
        "ce_type": "catalog.price.v1",
        "ce_subject": "LAMP-12",
        "ce_time": "2026-11-25T09:59:00.000000Z",
        "ce_dataschema": "urn:listwire:schema:catalog.price.v1:1.0.0",
        "ce_sequence": f"{int(NOW.timestamp() * 1_000_000):020d}",
        "ce_op": "U",
        "ce_correlationid": "c-9",
        "traceparent": "00-" + "1" * 32 + "-" + "2" * 16 + "-01",
    }


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param(STRUCTURED, id="structured"),
        pytest.param("application/cloudevents+json; charset=UTF-8", id="with a charset"),
        pytest.param('Application/CloudEvents+JSON;charset="utf-8"', id="quoted, other case"),
        pytest.param("application/json", id="plain JSON"),
    ],
)
async def test_one_document_is_one_event(kind: str) -> None:
    door = Doorway()

    said = await door.send(text(event()), kind=kind)

    assert (said.status_code, len(door.broker.taken)) == (202, 1)


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("text/plain", id="text"),
        pytest.param("application/cloudevents+xml", id="XML"),
        pytest.param("application/cloudevents+json; charset=utf-16", id="UTF-16"),
        pytest.param("application/json; charset=iso-8859-1", id="Latin 1"),
        pytest.param(None, id="none"),
    ],
)
async def test_another_media_type_is_refused(kind: str | None) -> None:
    said = await Doorway().send(text(event()), kind=kind)

    assert (said.status_code, said.json()["code"]) == (415, "LW-0533")
    assert said.headers["content-type"] == "application/problem+json"


async def test_a_batch_goes_in_its_order() -> None:
    door = Doorway()
    events = [event(price(f"SKU-{n}"), id=f"e-{n}", subject=f"SKU-{n}") for n in range(5)]

    said = await door.send(text(*events), kind=BATCH)

    assert said.json() == {"accepted": 5}
    assert [r.key for r in door.broker.taken] == [b"SKU-%d" % n for n in range(5)]


async def test_one_bad_event_refuses_the_batch_and_each_is_named() -> None:
    door = Doorway()
    events = [
        event(),
        event(price(amount="12,90"), id="e-2"),
        event(id="e-3"),
        event({"sku": "LAMP-12", "price": 1}, id="e-4"),
    ]

    said = await door.send(text(*events), kind=BATCH)

    told = said.json()
    assert (said.status_code, door.broker.taken) == (400, [])
    assert (told["code"], told["refused"]) == ("LW-0530", 2)
    assert [(b["index"], b["field"]) for b in told["breaches"]] == [
        (1, "$.data.prices.price.global"),
        (3, "$.data"),
    ]
    assert "12,90" in told["breaches"][0]["rule"]


@pytest.mark.parametrize("body", [b"[]", b"{}", b"[1]", b"[[]]", b"", b"[" * 50_000])
async def test_what_is_no_batch_is_refused(body: bytes) -> None:
    door = Doorway()

    said = await door.send(body, kind=BATCH)

    assert (said.status_code, door.broker.taken) == (400, [])


async def test_a_batch_of_too_many_is_refused() -> None:
    said = await Doorway().send(b"[" + b",".join([b"{}"] * 1_001) + b"]", kind=BATCH)

    assert (said.status_code, said.json()["detail"][:24]) == (400, "$: 1001 events in one ba")


# --- binary mode --------------------------------------------------------------------------


async def test_in_binary_mode_attributes_stand_in_headers() -> None:
    door = Doorway()

    said = await door.send(json.dumps(price()), headers=BINARY, kind="application/json")

    assert said.status_code == 202
    assert codec.header(door.broker.taken[0], "ce_source") == "//acme/erp"


@pytest.mark.parametrize(
    ("spelt", "sku"),
    [
        pytest.param("50%25off", "50%off", id="percent"),
        pytest.param("50%2525off", "50%25off", id="decoded once only"),
        pytest.param("A%20B", "A B", id="blank"),
        pytest.param("Gr%C3%B6%C3%9Fe-XL", "Größe-XL", id="UTF-8"),
        pytest.param("%F0%9F%91%9F-42", "👟-42", id="emoji"),
        pytest.param('"A B"', "A B", id="quoted"),
        pytest.param(r'"A\"B"', 'A"B', id="quoted, escaped"),
        pytest.param("A+B", "A+B", id="plus is plus"),
    ],
)
async def test_a_header_is_decoded_once(spelt: str, sku: str) -> None:
    door = Doorway()
    headers = [(n, spelt if n == "ce-subject" else v) for n, v in BINARY]

    said = await door.send(json.dumps(price(sku)), headers=headers, kind="application/json")

    assert (said.status_code, said.text) == (202, '{"accepted":1}')
    assert codec.header(door.broker.taken[0], "ce_subject") == sku


@pytest.mark.parametrize(
    ("header", "value"),
    [
        pytest.param("ce-subject", "50%off", id="a bare percent sign"),
        pytest.param("ce-subject", "%ff", id="no UTF-8"),
        pytest.param("ce-subject", "%C0%AF", id="overlong"),
        pytest.param("ce-subject", "LAMP%0A12", id="line feed"),
        pytest.param("ce-specversion", "0.3", id="another version"),
        pytest.param("ce-id", "", id="empty id"),
        pytest.param("ce-dataschema", "urn:listwire:schema:catalog.price.v1:2.0.0", id="major"),
        pytest.param("ce-dataschema", "https://example.com/x", id="another schema"),
        pytest.param("ce-op", "X", id="another op"),
        pytest.param("ce-sequence", "seven", id="sequence in words"),
        pytest.param("ce-time", "yesterday", id="no time"),
    ],
)
async def test_a_bad_header_is_refused_by_name(header: str, value: str) -> None:
    door = Doorway()
    headers = [(n, v) for n, v in BINARY if n != header] + [(header, value)]

    said = await door.send(json.dumps(price()), headers=headers, kind="application/json")

    assert (said.status_code, door.broker.taken) == (400, [])
    name = header.removeprefix("ce-")
    assert said.json()["breaches"][0]["field"] in (header, f"$.{name}")


async def test_a_header_that_stands_twice_is_refused() -> None:
    headers = [*BINARY, ("ce-subject", "OTHER")]

    said = await Doorway().send(json.dumps(price()), headers=headers, kind="application/json")

    assert (said.status_code, said.json()["breaches"][0]["field"]) == (400, "ce-subject")


# --- deletes ------------------------------------------------------------------------------


async def test_null_deletes() -> None:
    door = Doorway()

    said = await door.send(text(event(None, type="catalog.product.v1", op="D")))

    (record,) = door.broker.taken
    assert (said.status_code, record.value, record.key) == (202, None, b"LAMP-12")
    assert codec.header(record, "ce_sequence") is None


async def test_in_binary_mode_a_delete_says_so() -> None:
    door = Doorway()

    plain = await door.send(b"null", headers=BINARY, kind="application/json")
    said = await door.send(b"null", headers=[*BINARY, ("ce-op", "D")], kind="application/json")

    assert (plain.status_code, said.status_code) == (400, 202)
    assert [r.value for r in door.broker.taken] == [None]


async def test_without_data_nothing_is_deleted() -> None:
    door = Doorway()
    sent = {k: v for k, v in event().items() if k != "data"}

    said = await door.send(text(sent))

    assert (said.status_code, said.json()["breaches"][0]["field"]) == (400, "$.data")
    assert door.broker.taken == []


# --- who sends ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"authorization": "Bearer "}, id="empty"),
        pytest.param({"authorization": f"Bearer {TOKEN}x"}, id="another token"),
        pytest.param({"authorization": f"Basic {TOKEN}"}, id="another scheme"),
        pytest.param({"authorization": "Bearer é"}, id="no ASCII"),
    ],
)
async def test_who_does_not_prove_who_it_is_is_sent_away(headers: dict[str, str]) -> None:
    door = Doorway()

    said = await door.send(text(event()), headers=list(headers.items()))

    assert (said.status_code, said.json()["code"], door.broker.taken) == (401, "LW-0531", [])
    assert TOKEN not in said.text
    assert door.counted('listwire_webhook_refusals_total{code="LW-0531",source="erp"} 1.0')


async def test_an_unknown_source_hears_the_same_as_an_unproven_one() -> None:
    door = Doorway()

    said = await door.send(text(event()), source="nobody")

    assert (said.status_code, said.json()["code"]) == (401, "LW-0531")
    assert door.counted('listwire_webhook_refusals_total{code="LW-0531",source="unknown"} 1.0')


def signed(body: bytes, *, at: int | None = None, key: bytes | None = None) -> dict[str, str]:
    moment = int(NOW.timestamp()) if at is None else at
    return {
        "webhook-id": "msg-1",
        "webhook-timestamp": str(moment),
        "webhook-signature": "v1,AAAA " + sign(key or key_of(SECRET), "msg-1", moment, body),
    }


async def test_a_signature_over_id_time_and_body_is_proof() -> None:
    body = text(event())

    said = await Doorway().send(body, source="signed", headers=signed(body))

    assert said.status_code == 202


async def test_a_signature_is_over_the_body_as_it_travels() -> None:
    body = gzip.compress(text(event()))
    headers = signed(body) | {"content-encoding": "gzip"}

    said = await Doorway().send(body, source="signed", headers=headers)

    assert said.status_code == 202


@pytest.mark.parametrize(
    ("sent", "headers"),
    [
        pytest.param(text(event(id="e-2")), signed(text(event())), id="another body"),
        pytest.param(text(event()), signed(text(event()), key=b"x" * 24), id="another key"),
        pytest.param(
            text(event()), signed(text(event()), at=int(NOW.timestamp()) - 301), id="too old"
        ),
        pytest.param(
            text(event()), signed(text(event()), at=int(NOW.timestamp()) + 301), id="too new"
        ),
        pytest.param(text(event()), {"webhook-id": "msg-1"}, id="headers missing"),
        pytest.param(
            text(event()), signed(text(event())) | {"webhook-id": "msg-2"}, id="another id"
        ),
    ],
)
async def test_a_signature_of_anything_else_is_none(sent: bytes, headers: dict[str, str]) -> None:
    door = Doorway()

    said = await door.send(sent, source="signed", headers=headers)

    assert (said.status_code, door.broker.taken) == (401, [])


async def test_a_signature_does_not_cover_binary_modes_headers() -> None:
    body = json.dumps(price()).encode()
    headers = signed(body) | dict(BINARY[1:])

    said = await Doorway().send(body, source="signed", headers=headers, kind="application/json")

    assert (said.status_code, said.json()["code"]) == (415, "LW-0533")


# --- how much -----------------------------------------------------------------------------


async def chunked(*parts: bytes) -> Any:
    for part in parts:
        yield part


async def test_a_body_that_comes_in_chunks_is_counted_as_it_comes() -> None:
    door = Doorway()

    said = await door.send(chunked(*[b" " * 65_536] * 17))

    assert (said.status_code, said.json()["code"]) == (413, "LW-0532")
    assert door.room.size == 0


async def test_a_body_that_does_not_come_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def stuck() -> Any:
        yield b"{"
        await asyncio.sleep(60)

    monkeypatch.setattr("deploy.webhook.door.READ_SECONDS", 0.05)
    door = Doorway()

    said = await asyncio.wait_for(door.send(stuck()), 10)

    assert (said.status_code, said.json()["code"], door.room.size) == (408, "LW-0537", 0)


async def test_a_stated_length_above_the_limit_is_refused_unread() -> None:
    said = await Doorway().send(b" " * 1_048_577)

    assert (said.status_code, said.json()["code"]) == (413, "LW-0532")


@pytest.mark.parametrize("name", ["gzip", "x-gzip", "GZIP"])
async def test_a_gzip_body_is_unpacked(name: str) -> None:
    door = Doorway()

    said = await door.send(
        gzip.compress(text(event())), headers=BEARER | {"content-encoding": name}
    )

    assert (said.status_code, len(door.broker.taken)) == (202, 1)


@pytest.mark.parametrize(
    ("packed", "status"),
    [
        pytest.param(gzip.compress(b" " * 100_000_000), 413, id="a bomb"),
        pytest.param(gzip.compress(gzip.compress(text(event()))), 400, id="packed twice"),
        pytest.param(gzip.compress(text(event()))[:-9], 400, id="cut short"),
        pytest.param(gzip.compress(text(event())) + b"x", 400, id="something behind"),
        pytest.param(text(event()), 400, id="not packed"),
        pytest.param(zlib.compress(text(event())), 400, id="another packing"),
    ],
)
async def test_a_bad_gzip_body_is_refused(packed: bytes, status: int) -> None:
    door = Doorway()

    said = await door.send(packed, headers=BEARER | {"content-encoding": "gzip"})

    assert (said.status_code, door.broker.taken, door.room.size) == (status, [], 0)


@pytest.mark.parametrize("name", ["deflate", "br", "zstd", "gzip, gzip", "compress"])
async def test_another_encoding_is_not_taken(name: str) -> None:
    said = await Doorway().send(b"x", headers=BEARER | {"content-encoding": name})

    assert (said.status_code, said.headers["accept-encoding"]) == (415, "gzip")


async def test_beyond_its_room_the_door_asks_to_come_again() -> None:
    door = Doorway(Room(records=3))
    door.broker.holding = True
    waiting = [asyncio.create_task(door.send(text(event(id=f"e-{n}")))) for n in range(3)]
    while door.broker.waiting < 3:
        await asyncio.sleep(0)

    said = await door.send(text(event(id="e-9")))
    door.broker.release()
    others = [(await one).status_code for one in waiting]

    assert (said.status_code, said.headers["retry-after"]) == (503, "2")
    assert (others, door.room.records, door.room.size) == ([202] * 3, 0, 0)


async def test_of_too_many_requests_the_last_are_asked_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("deploy.webhook.door.REQUESTS", 2)
    door = Doorway()
    door.broker.holding = True
    waiting = [asyncio.create_task(door.send(text(event(id=f"e-{n}")))) for n in range(2)]
    while door.broker.waiting < 2:
        await asyncio.sleep(0)

    said = await door.send(text(event(id="e-9")))
    door.broker.release()
    others = [(await one).status_code for one in waiting]

    assert (said.status_code, said.headers["retry-after"], others) == (503, "2", [202, 202])


async def test_the_bytes_of_bodies_being_read_count_too() -> None:
    door = Doorway(Room(size=100_000))

    said = await door.send(chunked(b" " * 60_000, b" " * 60_000))

    assert (said.status_code, said.json()["code"], door.room.size) == (503, "LW-0535", 0)


# --- the broker ---------------------------------------------------------------------------


async def test_while_the_broker_is_away_nothing_is_read() -> None:
    door = Doorway()
    door.broker.ready = False

    said = await door.send(text(event()))

    assert (said.status_code, said.headers["retry-after"]) == (503, "2")


async def test_an_event_that_the_broker_did_not_take_can_be_sent_again() -> None:
    door = Doorway()
    door.broker.failing = True
    first = await door.send(text(event()))
    door.broker.failing = False

    second = await door.send(text(event()))

    assert (first.status_code, second.status_code, len(door.broker.taken)) == (503, 202, 1)


# --- ids and versions ---------------------------------------------------------------------


async def test_the_same_event_again_is_one_event() -> None:
    door = Doorway()

    said = [(await door.send(text(event()))).status_code for _ in range(2)]

    assert (said, len(door.broker.taken)) == ([202, 202], 1)
    assert door.counted('listwire_webhook_events_total{outcome="repeated",source="erp"} 1.0')


async def test_the_same_id_with_another_body_is_a_conflict() -> None:
    door = Doorway()
    await door.send(text(event()))

    said = await door.send(text(event(price(amount="1.00"))))

    told = said.json()
    assert (said.status_code, told["code"], told["breaches"][0]["field"]) == (
        409, "LW-0534", "$.id",
    )  # fmt: skip
    assert len(door.broker.taken) == 1


async def test_ids_of_two_sources_are_two_events() -> None:
    door = Doorway()
    await door.send(text(event()))

    said = await door.send(text(event(price(amount="1.00"), source="//acme/other")))

    assert said.status_code == 202


async def test_no_sender_uses_up_the_ids_of_another() -> None:
    door = Doorway()
    body = text(event(price(amount="1.00")))
    await door.send(text(event()))

    said = await door.send(body, source="signed", headers=signed(body))

    assert said.status_code == 202


async def test_a_version_the_source_states_is_kept() -> None:
    door = Doorway()

    await door.send(text(event(sequence=17)))

    assert codec.header(door.broker.taken[0], "ce_sequence") == "00000000000000000017"


async def test_versions_we_give_only_grow() -> None:
    door = Doorway()
    for number in range(3):
        await door.send(text(event(id=f"e-{number}")))

    given = [int(codec.header(r, "ce_sequence") or "") for r in door.broker.taken]
    assert given == sorted(set(given))


async def test_a_source_states_versions_always_or_never() -> None:
    door = Doorway()
    await door.send(text(event(sequence=17)))

    said = await door.send(text(event(id="e-2")))
    deleted = await door.send(text(event(None, id="e-3", op="D")))

    assert (said.status_code, said.json()["breaches"][0]["field"]) == (400, "$.sequence")
    assert deleted.status_code == 202


# --- Adobe Commerce -----------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["application/json", STRUCTURED])
async def test_a_delivery_of_adobes_is_written_down_as_what_was_saved(kind: str) -> None:
    door = Doorway()

    said = await door.send(text(delivery(SAVED, product())), source="shop", kind=kind)

    (record,) = door.broker.taken
    assert (said.status_code, record.topic, record.key) == (202, "catalog.saved.v1", b"id:1042")
    assert codec.header(record, "ce_time") == "2026-11-25T09:58:42.436000Z"


@pytest.mark.parametrize("kind", ["application/json", BATCH])
async def test_adobes_batch_is_judged_whole(kind: str) -> None:
    good = [delivery(SAVED, product(), id=f"d-{n}") for n in range(3)]
    bad = delivery(SAVED, product(price="12,99"), id="d-9")
    door = Doorway()

    refused = await door.send(text(*good, bad), source="shop", kind=kind)
    taken = await door.send(text(*good), source="shop", kind=kind)

    assert (refused.status_code, refused.json()["breaches"][0]["index"]) == (400, 3)
    assert (taken.json(), len(door.broker.taken)) == ({"accepted": 3}, 3)


async def test_each_kind_of_source_sends_its_own_events_only() -> None:
    door = Doorway()

    ours = await door.send(text(event()), source="shop")
    theirs = await door.send(text(delivery(SAVED, product())))

    assert (ours.status_code, theirs.status_code, door.broker.taken) == (400, 400, [])


# --- elsewhere ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        pytest.param("POST", "/", 404, id="nowhere"),
        pytest.param("POST", "/events", 404, id="no source"),
        pytest.param("POST", "/events/erp/more", 404, id="too deep"),
        pytest.param("GET", "/events/erp", 404, id="no challenge"),
        pytest.param("PUT", "/events/erp", 405, id="another method"),
        pytest.param("GET", "/docs", 404, id="no pages"),
        pytest.param("GET", "/metrics", 404, id="no metrics here"),
    ],
)
async def test_elsewhere_is_no_door(method: str, path: str, status: int) -> None:
    said = await Doorway().send(b"", method=method, path=path)

    assert (said.status_code, said.json()["code"]) == (status, "LW-0536")


async def test_a_challenge_is_given_back_as_plain_text() -> None:
    said = await Doorway().send(b"", method="GET", path="/events/erp?challenge=8ec8d794-e0ab")

    assert (said.status_code, said.text) == (200, "8ec8d794-e0ab")
    assert said.headers["content-type"].startswith("text/plain")


async def test_a_fault_of_ours_shows_nothing_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Doorway()
    monkeypatch.setattr(door.broker, "post", lambda _: 1 / 0)

    said = await door.send(text(event()))

    assert (said.status_code, said.json()["code"]) == (500, "LW-0001")
    assert "division" not in said.text
