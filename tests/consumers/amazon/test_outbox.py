"""What push says waits in a table, and leaves it as records of the contract."""

import pytest
from sqlalchemy import Engine

from consumers.amazon import outbox
from schemas import codec, keys
from schemas.amazon import Observation, Submission
from schemas.record import Record
from tests.consumers.amazon.hands import ACCOUNT
from tests.consumers.amazon.offers import NOW

pytestmark = pytest.mark.postgres

SKU = "50%|off"
SAID = Submission(account=ACCOUNT, seller_sku=SKU, aspect="price", state="accepted", at=NOW)
SEEN = Observation(account=ACCOUNT, seller_sku=SKU, source="confirmation", as_of=NOW)


def test_a_record_is_about_the_seller_sku_in_plain_text(clean: Engine) -> None:
    published: list[Record] = []

    with clean.begin() as connection:
        outbox.put(connection, [SAID], [SEEN])
    outbox.relay(clean, [ACCOUNT], published.extend)

    assert [(r.topic, r.key, codec.header(r, "ce_subject")) for r in published] == [
        ("amazon.listing.v1", keys.shared(ACCOUNT, SKU), SKU),
        ("amazon.submission.v1", keys.shared(ACCOUNT, SKU), SKU),
    ]


def test_what_the_broker_did_not_take_is_said_again(clean: Engine) -> None:
    with clean.begin() as connection:
        outbox.put(connection, [SAID])

    def refuse(_: object) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        outbox.relay(clean, [ACCOUNT], refuse)
    published: list[Record] = []
    outbox.relay(clean, [ACCOUNT], published.extend)

    assert [r.topic for r in published] == ["amazon.submission.v1"]
    assert outbox.relay(clean, [ACCOUNT], published.extend) == 0
