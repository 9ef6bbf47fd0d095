"""A record of imported values → what the tables take, or a refusal that names the place."""

from typing import Any

import pytest

from consumers.commerce.intake import decoded
from schemas import codec, keys
from schemas.errors import Refused
from schemas.listings import AttributesImported
from schemas.record import Record

TOPIC = "catalog.attributes-imported.v1"
EVENT = AttributesImported(sku="LAMP|12", account="a", seller_sku="K")
KEY = keys.join("LAMP|12", "a", "K")


def record(**more: Any) -> Record:
    stated = {"key": KEY, "value": codec.value_of(EVENT), "offset": 7} | more
    return Record(topic=TOPIC, partition=0, **stated)


def test_a_record_names_its_listing_and_its_version() -> None:
    headers = (("ce_sequence", b"00000000000000000042"),)

    assert decoded(record(headers=headers)) == (("LAMP|12", "a", "K"), 42, EVENT)


def test_a_null_takes_the_values_back() -> None:
    assert decoded(record(value=None)) == (("LAMP|12", "a", "K"), 7, None)


@pytest.mark.parametrize(
    ("more", "code"),
    [
        pytest.param({"key": b"LAMP|a"}, "KEY_MISMATCH", id="a part is missing"),
        pytest.param({"key": keys.join("OTHER", "a", "K")}, "KEY_MISMATCH", id="another key"),
        pytest.param({"key": None}, "KEY_MISMATCH", id="no key"),
        pytest.param({"value": b"{"}, "MALFORMED", id="no JSON"),
        pytest.param(
            {
                "key": keys.join("A\0", "a", "K"),
                "value": codec.value_of(AttributesImported(sku="A\0", account="a", seller_sku="K")),
            },
            "ROW_INVALID",
            id="a NUL",
        ),
    ],
)
def test_what_is_no_such_record_is_refused(more: Any, code: str) -> None:
    with pytest.raises(Refused) as refused:
        decoded(record(**more))

    assert refused.value.reason.code == code
