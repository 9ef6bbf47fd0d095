"""The envelope, judged by the CloudEvents SDK; tombstones; what decoding refuses."""

from datetime import UTC, datetime

import pytest
from cloudevents.core.bindings import kafka as binding
from cloudevents.core.formats.json import JSONFormat

from schemas import codec
from schemas.errors import Refused
from schemas.events import Price
from schemas.money import number
from schemas.record import Record

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
PRICE = Price(sku="LAMP-12", prices={"price": {"global": number("49.90")}})


def encoded(event: Price | None = PRICE, **more: object) -> Record:
    given = {
        "topic": "catalog.price.v1",
        "key": b"LAMP-12",
        "id": "1f",
        "source": "//acme/magento",
        "subject": "LAMP-12",
        "time": NOW,
        "sequence": 17,
    }
    return codec.encode(event, **(given | more))  # type: ignore[arg-type]


def test_the_sdk_reads_our_headers_and_value() -> None:
    record = encoded()
    message = binding.KafkaMessage(
        headers={n: v for n, v in record.headers if v is not None},
        key=record.key,
        value=record.value or b"",
    )

    event = binding.from_binary_event(message, JSONFormat())

    assert (event.get_id(), event.get_type(), event.get_subject(), event.get_time()) == (
        "1f",
        "catalog.price.v1",
        "LAMP-12",
        NOW,
    )
    assert event.get_extension("sequence") == "00000000000000000017"


def test_the_sdk_refuses_an_envelope_without_a_source() -> None:
    record = encoded()
    headers = {n: v for n, v in record.headers if v is not None and n != "ce_source"}

    with pytest.raises(Exception, match="source"):
        binding.from_binary_event(
            binding.KafkaMessage(headers=headers, key=record.key, value=record.value or b""),
            JSONFormat(),
        )


def test_what_was_encoded_is_decoded_again() -> None:
    assert codec.decode(encoded(), Price) == PRICE


def test_a_delete_has_no_value_and_is_seen_before_decoding() -> None:
    deleted = encoded(None, op="D")

    assert (deleted.value, codec.decode(deleted, Price)) == (None, None)


def test_a_record_above_the_limit_is_refused_before_it_is_sent() -> None:
    wide = Price(sku="L", prices={f"p{i}": {"global": number("1")} for i in range(60_000)})

    with pytest.raises(Refused, match="at most 1048576"):
        encoded(wide)


def test_an_empty_value_is_no_delete() -> None:
    with pytest.raises(Refused, match="not a Price"):
        codec.decode(Record(topic="catalog.price.v1", key=b"L", value=b""), Price)


@pytest.mark.parametrize(
    ("stated", "version"),
    [
        pytest.param(b"00000000000000000017", 17, id="stated"),
        pytest.param(None, 8812, id="Kafka's order"),
    ],
)
def test_the_version_is_the_sources_or_kafkas(stated: bytes | None, version: int) -> None:
    headers = (("ce_sequence", stated),) if stated else ()
    record = Record(topic="t", key=b"k", value=b"{}", headers=headers, offset=8812)

    assert codec.version(record) == version


@pytest.mark.parametrize("stated", [b"9223372036854775808", b"-1", b"x", b"1_0", b"\xff"])
def test_a_version_that_is_no_64_bit_number_is_refused(stated: bytes) -> None:
    record = Record(topic="t", key=b"k", value=b"{}", headers=(("ce_sequence", stated),), offset=1)

    with pytest.raises(Refused, match="ce_sequence"):
        codec.version(record)


@pytest.mark.parametrize(
    ("stated", "moment"),
    [
        pytest.param(b"2026-11-25T11:00:00+01:00", NOW, id="another zone"),
        pytest.param(b"2026-11-25T10:00:00", datetime(1970, 1, 1, tzinfo=UTC), id="no zone"),
        pytest.param(b"yesterday", datetime(1970, 1, 1, tzinfo=UTC), id="no time"),
    ],
)
def test_a_time_is_read_in_utc_and_is_never_needed(stated: bytes, moment: datetime) -> None:
    record = Record(topic="t", key=b"k", value=b"{}", headers=(("ce_time", stated),))

    assert codec.time_of(record) == moment
