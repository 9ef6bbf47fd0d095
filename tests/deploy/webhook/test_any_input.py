"""Whatever comes in, the door answers: taken, or refused by field and rule; never a fault."""

import asyncio
import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from producers.catalog import contract, envelope
from producers.catalog.eventing import adobe
from producers.catalog.judge import NotTaken, judge
from tests.support.doors import BATCH, STRUCTURED, TOKEN, Doorway
from tests.support.eventing import BASE_PRICES, DELETED, SAVED, SOURCES, STOCK, delivery

TEXT = st.text(max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    ["specversion", "id", "source", "type", "subject", "time", "sequence", "op", "dataschema",
     "datacontenttype", "data", "data_base64", "traceparent", "x", "X-y"]
)  # fmt: skip
LIKELY = JSON | st.sampled_from(["1.0", "A", "D", 7, *contract.TYPES])
MEMBERS = ("prices", "websites", "attributes", "name", "enabled")
DATA = st.fixed_dictionaries({"sku": st.just("A")}, optional=dict.fromkeys(MEMBERS, JSON))
VALUES = st.dictionaries(
    st.sampled_from(
        ["sku", "entity_id", "id", "product_id", "store_id", "status", "price", "name", "options",
         "stock_data", "category_ids", "website_ids", "prices", "source_items", "qty", "type_id"]
    ),
    JSON | st.just("1") | st.lists(st.dictionaries(st.sampled_from(["sku", "price"]), JSON)),
)  # fmt: skip


def answered(content: bytes, kind: str, headers: Any = ()) -> None:
    async def send() -> None:
        door = Doorway()
        bearer = ("authorization", f"Bearer {TOKEN}")
        said = await door.send(content, headers=[bearer, *headers], kind=kind)
        assert said.status_code == 202 or 400 <= said.status_code < 500, said.text
        assert (said.status_code == 202) is bool(door.broker.taken)
        assert (door.room.records, door.room.size) == (0, 0)

    asyncio.run(send())


@settings(max_examples=60)
@given(st.binary(max_size=300), st.sampled_from([STRUCTURED, BATCH, "application/json"]))
def test_any_bytes(content: bytes, kind: str) -> None:
    answered(content, kind)


@settings(max_examples=150)
@given(st.dictionaries(NAMES, LIKELY), DATA)
def test_any_document(document: Any, data: Any) -> None:
    good = {"specversion": "1.0", "id": "i", "source": "s", "subject": "A"}

    for told in (document, good | {"type": contract.TYPES[0], "data": data} | document):
        answered(json.dumps(told).encode(), STRUCTURED)


@settings(max_examples=60)
@given(st.lists(st.tuples(NAMES, st.text('abcDF109%.-:"\\ é', max_size=9)), max_size=8), JSON)
def test_any_headers(stated: list[tuple[str, str]], data: Any) -> None:
    headers = [(f"ce-{name}", value.strip()) for name, value in stated]

    answered(json.dumps(data).encode(), "application/json", headers)


@settings(max_examples=200)
@given(st.sampled_from([SAVED, DELETED, STOCK, BASE_PRICES, SOURCES]), VALUES)
def test_any_value_of_the_shops_is_read_or_refused(type_: str, value: Any) -> None:
    part = envelope.document(json.dumps(delivery(type_, value)).encode())

    try:
        (found,) = judge([part], adobe)
    except NotTaken as error:
        assert all(b.rule for b in error.breaches)
    else:
        assert all(one.subject and one.key for one in found)
