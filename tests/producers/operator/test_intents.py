"""People's commands: what is wrong in itself is never sent."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from producers.operator import intents
from schemas import codec
from schemas.events import Intent
from schemas.settings import Settings, Store

AT = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
SETTINGS = Settings(
    records={
        "store": {
            "acme-de": Store(
                account="acme-eu", marketplace="DE", website="base", created=date(2024, 3, 1)
            )
        }
    }
)


def intent(kind: str, **more: Any) -> Intent:
    given = {"seller_sku": "LAMP-12", "account": "acme-eu", "by": "ops", "at": AT}
    return intents.intent(kind, **(given | more))


def test_publish_names_the_stores_account() -> None:
    command = intents.publish("acme-de", "A|B", SETTINGS, by="ops", at=AT, why="back again")

    record = intents.record(command, UUID(int=7))

    assert (record.topic, record.key) == ("listing.intent.v1", b"acme-eu|A%7CB")
    assert codec.decode(record, Intent) == command
    assert codec.header(record, "ce_id") == str(UUID(int=7))
    assert json.loads(record.value or b"") == {
        "kind": "publish",
        "account": "acme-eu",
        "seller_sku": "A|B",
        "by": "ops",
        "at": "2026-11-25T10:00:00Z",
        "store": "acme-de",
        "why": "back again",
    }


def test_end_is_its_own_kind() -> None:
    assert intents.end("acme-de", "LAMP-12", SETTINGS, by="ops", at=AT).kind == "end"


def test_a_store_that_is_not_there_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match="do you mean 'acme-de'"):
        intents.publish("acme-ed", "LAMP-12", SETTINGS, by="ops", at=AT)


@pytest.mark.parametrize(
    ("kind", "arguments", "kept"),
    [
        pytest.param("retry_match", {}, {}, id="retry"),
        pytest.param("assign", {"product": "LAMP 12"}, {"product": "LAMP 12"}, id="assign"),
        pytest.param("asin", {"asin": "B000000000"}, {"asin": "B000000000"}, id="ASIN"),
        pytest.param(
            "condition", {"condition": "used_good"}, {"condition": "used_good"}, id="condition"
        ),
        pytest.param(
            "override",
            {"price": 19.9, "note": None},
            {"price": "19.9", "note": None},
            id="override",
        ),
        pytest.param("alias", {"seller_sku": "L-2"}, {"seller_sku": "L-2"}, id="alias"),
    ],
)
def test_arguments_are_kept(kind: str, arguments: dict[str, Any], kept: dict[str, Any]) -> None:
    assert intent(kind, arguments=arguments).arguments == kept


@pytest.mark.parametrize(
    ("kind", "more", "says"),
    [
        pytest.param("publsh", {}, "do you mean 'publish'", id="kind"),
        pytest.param("publish", {"by": " "}, "by whom", id="nobody"),
        pytest.param("publish", {"why": "x" * 1_001}, "at most 1,000", id="a long reason"),
        pytest.param("publish", {"seller_sku": "S" * 41}, "at most 40", id="a long seller SKU"),
        pytest.param("publish", {"seller_sku": " "}, "blanks alone", id="a blank seller SKU"),
        pytest.param("publish", {"seller_sku": "A\nB"}, "control character", id="a line feed"),
        pytest.param(
            "publish", {"arguments": {"force": True}}, "no argument 'force'", id="unknown"
        ),
        pytest.param("assign", {}, "needs 'product'", id="missing"),
        pytest.param("override", {}, "needs one of", id="an override of nothing"),
        pytest.param("override", {"arguments": {"price": "12,9"}}, "no decimal", id="price"),
        pytest.param("override", {"arguments": {"price": -1}}, "no price", id="negative price"),
        pytest.param("override", {"arguments": {"handling_days": 1.5}}, "whole days", id="days"),
        pytest.param(
            "condition", {"arguments": {"condition": "shiny"}}, "no condition", id="condition"
        ),
        *[
            pytest.param("asin", {"arguments": {"asin": a}}, "no ASIN", id=f"ASIN {a!r}")
            for a in ("b000000000", "B0000000000", "B000000000\n", None, 7)
        ],
    ],
)
def test_a_command_that_is_wrong_in_itself_is_refused(
    kind: str, more: dict[str, Any], says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        intent(kind, **more)
