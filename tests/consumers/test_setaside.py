"""A dead letter says at which stage its record was refused."""

from datetime import UTC, datetime

import pytest

from consumers.setaside import setting_aside
from schemas.errors import TryAgain
from schemas.reasons import Reason
from schemas.record import Record

NOW = datetime(2026, 11, 25, tzinfo=UTC)
RECORD = Record(topic="listing.offer.v1", key=b"k", value=b"v", partition=2, offset=9)


@pytest.mark.parametrize(
    ("code", "stage"),
    [("MALFORMED", "decode"), ("KEY_MISMATCH", "validate"), ("ROW_INVALID", "persist")],
)
def test_the_stage_follows_from_the_code(code: str, stage: str) -> None:
    out: list[Record] = []

    setting_aside(out.append, group="g", now=lambda: NOW)(RECORD, Reason(code))

    assert [(r.topic, r.partition, dict(r.headers)["dlq-stage"]) for r in out] == [
        ("listing.offer.v1.g.dlq", 2, stage.encode())
    ]


def test_a_broker_that_is_away_is_told_on() -> None:
    def away(record: Record) -> None:
        raise TryAgain("no broker")

    with pytest.raises(TryAgain):
        setting_aside(away, group="g", now=lambda: NOW)(RECORD, Reason("MALFORMED"))
