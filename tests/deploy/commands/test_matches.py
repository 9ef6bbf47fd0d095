"""`matches` as people use it: what waits, what it may be, and what is asked for."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import delete, insert

from consumers.postgres.tables import listing
from deploy.commands import matches
from deploy.connect.postgres import migrate, open_engine
from schemas.settings import Settings, Store
from tests.deploy.conftest import Run, Said

pytestmark = pytest.mark.postgres

PLACE = Store(account="acme-eu", marketplace="DE", website="base", created=date(2024, 3, 1))
SETTINGS = Settings().with_record("store", "acme-de", PLACE)
LAMP = {"asin": "B00000000A", "title": "Lux lamp", "varies": {"color": "Black"}, "why": "upc 1"}
PARENT = {"asin": "B0PARENT01", "children": ["B00000000A"], "why": "upc 1"}


def row(seller_sku: str, place: str, **more: Any) -> dict[str, Any]:
    tab, status = place.split("/")
    usual = {
        "account": "acme-eu",
        "marketplace": "A1PA6795UKMFR9",
        "store": "acme-de",
        "sequence": 1,
        "content": "x",
        "reasons": [],
        "choices": [],
        "sku": None,
    }
    return usual | {"seller_sku": seller_sku, "tab": tab, "status": status} | more


ROWS = [
    row(
        "SHIRT",
        "incomplete/has_variants",
        choices=[LAMP, PARENT],
        reasons=[
            {"code": "VARIATION_PARENT", "facts": {"asin": "B0PARENT01", "suggested": "B00000000A"}}
        ],
    ),
    row("OLD", "new_third_party/multiple_matches", choices=[{"product": "P1"}, {"product": "P2"}]),
    row("NEW", "incomplete/multiple_matches", choices=[LAMP] * 5),
    row("LOST", "new_third_party/awaiting_assignment"),
    row("FINE", "active/active", sku="P1"),
]


@pytest.fixture
def told(run: Run, postgres: str, monkeypatch: pytest.MonkeyPatch) -> "Desk":
    """The command over a database with five listings; what is sent is kept."""
    engine = open_engine(postgres)
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(delete(listing))
        connection.execute(insert(listing), ROWS)
    engine.dispose()
    return Desk(run, postgres, monkeypatch)


class Desk:
    """Runs `matches …` and remembers the intents that it sends."""

    def __init__(self, run: Run, postgres: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self._run = run
        self._postgres = postgres
        self.sent: list[tuple[str, list[str], Any]] = []
        monkeypatch.setattr(matches, "known_settings", lambda _: SETTINGS)
        monkeypatch.setattr(matches, "send_intents", self._send)

    def _send(self, _: Any, kind: str, __: str, skus: list[str], ___: Any, **more: Any) -> None:
        self.sent.append((kind, skus, more.get("arguments")))

    def __call__(self, *words: str) -> Said:
        return self._run("--postgres", self._postgres, "matches", *words)


def test_what_waits_is_listed_with_what_it_may_be(told: Desk) -> None:
    found = told("list", "--json").json["matches"]

    assert [(one["seller_sku"], len(one["choices"])) for one in found] == [
        ("LOST", 0),
        ("NEW", 5),
        ("OLD", 2),
        ("SHIRT", 2),
    ]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param(["--status", "multiple_matches"], ["NEW", "OLD"], id="a status of two tabs"),
        pytest.param(["--status", "has_variants"], ["SHIRT"], id="a status"),
        pytest.param(["--store", "acme-fr"], [], id="another store"),
        pytest.param(["--limit", "2"], ["LOST", "NEW"], id="the first two"),
    ],
)
def test_the_list_may_be_narrowed(told: Desk, words: list[str], expected: list[str]) -> None:
    found = told("list", "--json", *words).json["matches"]

    assert [one["seller_sku"] for one in found] == expected


def test_the_table_names_choices_and_why(told: Desk) -> None:
    said = told("list")

    assert "B00000000A, B00000000A, B00000000A and 2 more" in said.out
    assert "variation parent; pick a child" in said.out


def test_one_listing_shows_each_choice_and_why_it_is_offered(told: Desk) -> None:
    said = told("show", "acme-de", "SHIRT")

    assert all(words in said.out for words in ("color Black", "parent of 1", "upc 1"))


@pytest.mark.parametrize(
    ("words", "sent"),
    [
        pytest.param(
            ["assign", "acme-de", "OLD", "--product", "P1"],
            ("assign", ["OLD"], {"product": "P1"}),
            id="a product",
        ),
        pytest.param(
            ["assign", "acme-de", "NEW", "--asin", "B00000000A"],
            ("asin", ["NEW"], {"asin": "B00000000A"}),
            id="an ASIN",
        ),
        pytest.param(
            ["retry", "acme-de", "NEW"], ("retry_match", ["NEW"], None), id="again for one"
        ),
        pytest.param(
            ["retry", "acme-de", "NEW", "OLD", "NEW"],
            ("retry_match", ["NEW", "OLD"], None),
            id="again for many",
        ),
        pytest.param(
            ["retry", "acme-de", "--status", "awaiting_assignment"],
            ("retry_match", ["LOST"], None),
            id="again for a status",
        ),
        pytest.param(
            ["retry", "acme-de", "--all"],
            ("retry_match", ["LOST", "NEW", "OLD", "SHIRT"], None),
            id="again for all",
        ),
    ],
)
def test_what_people_decide_is_sent(
    told: Desk, words: list[str], sent: tuple[str, list[str], Any]
) -> None:
    assert (told(*words).code, told.sent) == (0, [sent])


@pytest.mark.parametrize(
    ("words", "exit_", "says"),
    [
        pytest.param(["assign", "acme-de", "OLD"], 2, "either --product or --asin", id="neither"),
        pytest.param(
            ["assign", "acme-de", "OLD", "--product", "P9"], 4, "PRODUCT_UNKNOWN", id="no product"
        ),
        pytest.param(
            ["assign", "acme-de", "NOPE", "--asin", "B00000000A"], 4, "LW-0604", id="no listing"
        ),
        pytest.param(["assign", "acme-xx", "OLD", "--asin", "B1"], 4, "LW-0603", id="no store"),
        pytest.param(["show", "acme-de", "NOPE"], 4, "LW-0604", id="nothing to show"),
        pytest.param(["retry", "acme-de"], 2, "SELLER_SKUs", id="nothing to retry"),
        pytest.param(["retry", "acme-de", "A", "--all"], 2, "SELLER_SKUs", id="one and all"),
        pytest.param(["list", "--status", "active"], 2, "one of", id="no such status"),
    ],
)
def test_what_cannot_be_is_refused(told: Desk, words: list[str], exit_: int, says: str) -> None:
    said = told(*words)

    assert (said.code, told.sent) == (exit_, [])
    assert says in said.err
