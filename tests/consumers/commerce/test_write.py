"""Values into the shop over the real client and tables: once, where they belong, or why not."""

from collections.abc import Callable
from typing import Any

import httpx2
import pytest
from sqlalchemy import text

from consumers.commerce import ledger, row
from consumers.commerce.row import TRIES
from tests.consumers.commerce.conftest import World, value
from tests.support.attribute_shop import error

pytestmark = pytest.mark.postgres

IMPORTED = ("Imported", None)


def puts(status: int, message: str = "no", only: str = "") -> Callable[..., Any]:
    """Refuse the writes that mention *only*."""

    def refuse(request: httpx2.Request) -> httpx2.Response | None:
        mine = request.method == "PUT" and only.encode() in request.content
        return error(status, message) if mine else None

    return refuse


def test_a_value_is_written_and_seen(world: World) -> None:
    world.say(value())

    world.work()

    assert (world.became(), world.shop.shows("LAMP")) == ([IMPORTED], {"brand": "Acme"})


def test_all_values_of_a_product_and_scope_go_in_one_write(world: World) -> None:
    world.say(
        value(),
        value("Black", "label"),
        value("A", scope="view:fr_fr", overwrite=True),
        value("B", "label", scope="view:fr_fr", overwrite=True),
    )

    world.work()

    assert world.shop.writes == [
        ("LAMP", "all", {"brand": "Acme", "label": "Black"}),
        ("LAMP", "fr_fr", {"brand": "A", "label": "B"}),
    ]
    assert world.became() == [IMPORTED] * 4


def test_what_is_written_is_not_sent_again_nor_even_asked_for(world: World) -> None:
    world.say(value())
    world.work()
    before = len(world.shop.requests)

    world.say(value())
    world.work(days=1)
    world.writer = world.another()
    world.work(days=1)

    assert (len(world.shop.requests), world.became()) == (before, [IMPORTED])


@pytest.mark.parametrize(
    ("held", "overwrite", "shows", "became"),
    [
        pytest.param("", False, "Acme", IMPORTED, id="empty text is filled"),
        pytest.param("0", False, "0", ("Not Imported", "KEPT"), id="0 is kept"),
        pytest.param("Own", False, "Own", ("Not Imported", "KEPT"), id="a value is kept"),
        pytest.param("Own", True, "Acme", IMPORTED, id="a value is replaced"),
    ],
)
def test_fill_when_empty_and_replace(
    world: World, held: str, overwrite: bool, shows: str, became: Any
) -> None:
    world.shop.product("LAMP", brand=held)
    world.say(value(overwrite=overwrite))

    world.work()

    assert (world.shop.shows("LAMP")["brand"], world.became()) == (shows, [became])


def test_a_view_that_inherits_a_value_is_not_empty(world: World) -> None:
    world.shop.product("LAMP", brand="Own")
    world.say(value(scope="view:fr_fr"))

    world.work()

    assert (world.became(), world.shop.writes) == ([("Not Imported", "KEPT")], [])


def test_one_refused_value_holds_none_of_the_others_back(world: World) -> None:
    world.shop.refuse = puts(400, "The value of attribute label is too long.", only="label")
    world.say(value(), value("x", "label"), value("y", "binding"))

    world.work()

    assert world.became("brand", "binding") == [IMPORTED] * 2
    (bad,) = world.lines("label")
    assert (bad.status, str(bad.why)) == (
        "Refused",
        "the shop answers 400: The value of attribute label is too long.",
    )


def test_a_refused_value_is_not_sent_again_until_it_changes(world: World) -> None:
    world.shop.refuse = puts(400)
    world.say(value())
    world.work()
    world.work(days=30)
    before = len(world.shop.writes)

    world.shop.refuse = lambda _: None
    world.say(value("Zen"))
    world.work()

    assert (before, world.became(), world.shop.shows("LAMP")["brand"]) == (1, [IMPORTED], "Zen")


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        pytest.param(lambda s: s.attributes.pop("brand"), "ATTRIBUTE_GONE", id="attribute deleted"),
        pytest.param(lambda s: s.products.clear(), "PRODUCT_NOT_IN_SHOP", id="no such product"),
        pytest.param(
            lambda s: s.attribute("brand", kind="select"), "OPTION_UNKNOWN", id="no such option"
        ),
        pytest.param(
            lambda s: s.attribute("brand", kind="media_image"), "ATTRIBUTE_KIND", id="a file"
        ),
    ],
)
def test_what_the_shop_cannot_take_says_why_and_the_rest_goes_on(
    world: World, prepare: Callable[..., Any], code: str
) -> None:
    prepare(world.shop)
    world.shop.product("CHAIR")
    world.say(value())
    world.say(value("x", "label"), sku="CHAIR", seller_sku="CHAIR")

    world.work()

    assert world.became("brand", "label") == [("Refused", code), IMPORTED]


def test_what_the_shop_drops_without_a_word_is_refused(world: World) -> None:
    world.shop.keeps = False
    world.say(value())

    world.work()

    assert world.became() == [("Refused", "NOT_KEPT_BY_SHOP")]


def test_an_option_is_written_by_id_and_found_by_the_label_of_its_view(world: World) -> None:
    world.shop.attribute(
        "brand", kind="select", options={"Black": "49"}, labels={"fr_fr": {"Noir": "49"}}
    )
    world.say(value("Black"), value("Noir", scope="view:fr_fr", overwrite=True))

    world.work()

    assert world.shop.writes == [("LAMP", "all", {"brand": "49"})]
    assert world.became() == [IMPORTED] * 2


# --- what goes wrong ----------------------------------------------------------------------


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(error(429, "slow down"), id="429"),
        pytest.param(error(503, "maintenance"), id="503"),
        pytest.param(error(401, "no"), id="401"),
    ],
)
def test_a_shop_that_is_away_holds_everything_and_loses_nothing(
    world: World, answer: httpx2.Response
) -> None:
    world.shop.refuse = lambda r: answer
    world.say(value())
    world.work()
    asked = len(world.shop.requests)
    world.work(seconds=0.01)
    rested = len(world.shop.requests)

    world.shop.refuse = lambda _: None
    world.work(minutes=2)

    assert (asked, rested, world.became()) == (1, 1, [IMPORTED])


def test_a_write_that_arrived_and_was_not_answered_is_not_repeated(world: World) -> None:
    world.shop.lose = lambda r: error(502, "lost") if r.method == "PUT" else None
    world.say(value())
    world.work()
    unknown = world.became()

    world.shop.lose = lambda _: None
    world.work(minutes=10)

    assert (unknown, len(world.shop.writes), world.became()) == (
        [("Not Imported", "QUEUED")],
        1,
        [IMPORTED],
    )


def test_a_write_that_never_arrives_ends_with_a_person(world: World) -> None:
    world.shop.refuse = puts(500)
    world.say(value())

    for _ in range(TRIES + 3):
        world.work(minutes=10)

    assert (len(world.shop.writes), world.became()) == (TRIES, [("Refused", "SHOP_SILENT")])


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize(
    "at",
    [
        pytest.param("read", id="after reading"),
        pytest.param("sending", id="before the call"),
        pytest.param("written", id="between the call and its record"),
    ],
)
def test_a_process_that_dies_anywhere_writes_each_value_once(
    world: World, monkeypatch: pytest.MonkeyPatch, at: str
) -> None:
    def die(*_: Any) -> Any:
        raise Killed

    world.say(value(), value("x", "label"))
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(row, at, die)
        world.work()

    world.writer = world.another()
    world.work(minutes=1)

    assert (len(world.shop.writes), world.became()) == (1, [IMPORTED] * 2)


def test_a_value_that_changes_while_it_is_written_is_written_too(world: World) -> None:
    def meanwhile(request: httpx2.Request) -> None:
        if request.method == "PUT" and len(world.shop.writes) == 1:
            world.say(value("Zen", overwrite=True))

    world.shop.refuse = meanwhile
    world.say(value(overwrite=True))
    world.work()

    world.work(minutes=1)

    assert (world.shop.shows("LAMP")["brand"], world.became()) == ("Zen", [IMPORTED])


def test_a_product_that_another_worker_is_at_is_left_alone(world: World) -> None:
    world.say(value())
    with world.engine.connect() as other:
        held = ledger.hold(other, "LAMP")
        world.work()
        meanwhile = len(world.shop.requests)
        ledger.release(other, "LAMP")

    world.work()

    assert (held, meanwhile, world.became()) == (True, 0, [IMPORTED])


# --- several listings ---------------------------------------------------------------------


def test_the_older_store_stands_and_every_listing_is_shown(world: World) -> None:
    world.say(value("Fran\u00e7ais", source={"store": "acme-fr"}), seller_sku="LAMP-FR")
    world.say(value("Deutsch"), seller_sku="LAMP-DE")

    world.work()

    shown = [(o.region, o.seller_sku, o.value, o.status) for o in world.lines()]
    assert (world.shop.shows("LAMP")["brand"], shown) == (
        "Deutsch",
        [
            ("DE", "LAMP-DE", "Deutsch", "Imported"),
            ("FR", "LAMP-FR", "Fran\u00e7ais", "Not Imported"),
        ],
    )


def test_when_the_one_that_stood_is_taken_back_the_next_one_stands(world: World) -> None:
    world.say(value("B", overwrite=True), seller_sku="K-2")
    world.say(value("A", overwrite=True), seller_sku="K-1")
    world.work()

    world.say(seller_sku="K-1")
    world.work(minutes=1)

    assert (world.shop.shows("LAMP")["brand"], world.became()) == ("B", [IMPORTED])


def test_values_taken_back_leave_the_shop_alone_and_the_list(world: World) -> None:
    world.say(value())
    world.work()

    world.say()
    world.work(minutes=1)

    assert (world.lines(), world.shop.shows("LAMP")["brand"]) == ([], "Acme")


def test_a_late_older_record_changes_nothing(world: World) -> None:
    world.say(value("New"))
    late = world.sequence - 1

    world.take((("LAMP", "acme-eu", "LAMP"), late, None))

    assert [o.value for o in world.lines()] == ["New"]


def test_a_person_has_refused_values_written_again(world: World) -> None:
    world.shop.refuse = puts(400)
    world.say(value(), value("x", "label"))
    world.work()
    world.shop.refuse = lambda _: None

    with world.engine.begin() as connection:
        count = ledger.write_again(connection, ["brand"], world.now)
    world.work(minutes=1)

    assert (count, world.became("brand"), world.became("label")) == (
        1,
        [IMPORTED],
        [("Refused", "SHOP_REJECTED")],
    )


def test_values_of_listings_without_a_product_are_shown_without_a_sku(world: World) -> None:
    facts = '{"attribute": "brand", "from": "Brand", "value": "Acme"}'
    steps = f'[{{"name": "import", "reasons": [{{"code": "IMPORT_UNLINKED", "facts": {facts}}}]}}]'
    with world.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO listing (account, marketplace, seller_sku, store, sequence, content,"
                " asin, steps) VALUES ('acme-eu', 'm', 'K', 'acme-de', 1, '', 'B000000001', :steps)"
            ),
            {"steps": steps},
        )

    (line,) = world.lines("brand")
    with world.engine.begin() as connection:
        connection.execute(text("DELETE FROM listing"))

    assert (line.sku, line.region, line.seller_sku, line.value, line.status) == (
        None,
        "DE",
        "K",
        "Acme",
        "Not Imported",
    )
