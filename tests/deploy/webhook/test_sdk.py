"""Events as the CloudEvents SDK writes them are taken, in both modes: it is the referee."""

from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings import http as binding
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from schemas import codec
from tests.support.doors import TOKEN, Doorway


def made(sku: str) -> CloudEvent:
    return CloudEvent(
        {
            "id": "e-1",
            "source": "//acme/erp",
            "type": "catalog.price.v1",
            "specversion": "1.0",
            "subject": sku,
            "time": datetime(2026, 11, 25, 10, 0, tzinfo=UTC),
            "datacontenttype": "application/json",
        },
        {"sku": sku, "prices": {"price": {"global": "49.90"}}},
    )


@pytest.mark.parametrize("write", [binding.to_binary, binding.to_structured])
@pytest.mark.parametrize(
    "sku", ["LAMP-12", "50%off", "50%25off", "Größe-XL", "A B", "👟-42", 'A"B']
)
async def test_what_the_sdk_writes_is_taken_as_it_was_meant(write: object, sku: str) -> None:
    door = Doorway()
    message = write(made(sku), JSONFormat())  # type: ignore[operator]
    headers = [(n.lower(), v) for n, v in message.headers.items()]
    headers.append(("authorization", f"Bearer {TOKEN}"))

    said = await door.send(message.body, headers=headers, kind=None)

    assert said.status_code == 202, said.text
    assert codec.header(door.broker.taken[0], "ce_subject") == sku
