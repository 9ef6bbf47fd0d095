"""What was saved in one scope changes that scope, and no other."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.catalog.laying import laid_over
from producers.catalog.shop import Whole
from schemas.catalog import Category, Price, Product, Saved, Stock, WebsiteStock
from schemas.errors import Refused
from schemas.money import Number
from schemas.settings import Attribute, Settings, Website

SITES = {
    "base": Website(id=1, zone="Europe/Berlin", currency="EUR", views={"default": 1, "de": 2}),
    "fr": Website(id=2, zone="Europe/Paris", currency="EUR", views={"fr": 3}),
}
ATTRIBUTES = {
    "color": Attribute(type="dropdown", options={"49": "Black", "50": "49"}),
    "upc": Attribute(),
    "warranty": Attribute(scope="website"),
    "tags": Attribute(type="multiselect", scope="store_view"),
    "name": Attribute(),
}
SETTINGS = Settings(records={"website": SITES, "attribute": ATTRIBUTES})
KNOWN = Whole(
    product=Product(
        sku="LAMP-12",
        shop_id="1042",
        name="Desk lamp",
        enabled={"global": True},
        websites=["base"],
        categories=[Category(id="12", path="Home")],
        attributes={
            "name": {"global": "Desk lamp", "view:de": "Schreibtischlampe"},
            "color": {"global": "49"},
        },
    ),
    stock=Stock(
        sku="LAMP-12",
        websites={
            "*": WebsiteStock(managed=True, quantity=Number(9)),
            "fr": WebsiteStock(managed=True, quantity=Number(1)),
        },
    ),
    price=Price(
        sku="LAMP-12",
        prices={"price": {"global": Number("49.9"), "website:fr": Number("55")}},
        special_from={"global": "2026-11-01"},
    ),
)


def after(known: Whole | None = KNOWN, what: str = "product", **members: Any) -> Whole:
    told = {"shop_id": "1042", "store": 3} | members
    return laid_over(known, Saved(what=what, **told), SETTINGS)  # type: ignore[arg-type]


def attribute(whole: Whole, code: str) -> Any:
    return whole.product.attributes.get(code)


def test_one_views_save_leaves_the_others_alone() -> None:
    french = after(values={"name": "Lampe de bureau"})
    both = after(french, store=2, values={"name": "Tischlampe"})

    assert attribute(both, "name") == {
        "global": "Desk lamp",
        "view:de": "Tischlampe",
        "view:fr": "Lampe de bureau",
    }
    assert both.product.name == "Desk lamp"
    assert (both.stock, both.price) == (KNOWN.stock, KNOWN.price)


def test_a_save_in_all_scopes_leaves_the_views_alone() -> None:
    whole = after(store=0, values={"name": "Table lamp"})

    assert attribute(whole, "name") == {"global": "Table lamp", "view:de": "Schreibtischlampe"}
    assert whole.product.name == "Table lamp"


@pytest.mark.parametrize(
    ("code", "scopes"),
    [
        pytest.param("upc", {"global": "x"}, id="a global attribute"),
        pytest.param("warranty", {"website:fr": "x"}, id="a website's attribute"),
        pytest.param("material", {"view:fr": "x"}, id="one that settings do not know"),
        pytest.param("description", {"view:fr": "x"}, id="one that always belongs to views"),
    ],
)
def test_a_value_goes_where_its_attribute_belongs(code: str, scopes: dict[str, str]) -> None:
    assert attribute(after(values={code: "x"}), code) == scopes


@pytest.mark.parametrize(
    ("store", "values", "inherited", "name"),
    [
        pytest.param(3, {"name": "Desk lamp"}, [], {}, id="shown, and sent along"),
        pytest.param(2, {"name": "Desk lamp"}, [], {"view:de": None}, id="the same again"),
        pytest.param(2, {}, ["name"], {"view:de": None}, id="taken back"),
        pytest.param(0, {}, ["name"], {}, id="what is global stays"),
    ],
)
def test_what_a_view_inherits_is_no_value_of_its_own(
    store: int, values: dict[str, str], inherited: list[str], name: dict[str, None]
) -> None:
    whole = after(store=store, values=values, inherited=inherited)

    stays = {s: v for s, v in KNOWN.product.attributes["name"].items() if s not in name}
    assert attribute(whole, "name") == stays


def test_none_in_a_view_is_none_there() -> None:
    assert attribute(after(values={"name": None}), "name")["view:fr"] is None


def test_values_are_ids_already() -> None:
    assert attribute(after(store=0, values={"color": "49"}), "color") == {"global": "49"}
    assert attribute(after(values={"tags": "7,9"}), "tags") == {"view:fr": ["7", "9"]}


def test_prices_go_to_the_views_website() -> None:
    whole = after(
        values={
            "price": "59.000000",
            "special_price": "44.900000",
            "special_from_date": "2026-11-20 00:00:00",
            "special_to_date": "",
        }
    )

    assert whole.price == Price(
        sku="LAMP-12",
        prices={
            "price": {"global": Number("49.9"), "website:fr": Number("59")},
            "special_price": {"website:fr": Number("44.9")},
        },
        special_from={"global": "2026-11-01", "website:fr": "2026-11-20"},
        special_to={"website:fr": None},
    )
    assert attribute(whole, "price") is None


def test_a_special_price_that_is_emptied_is_none_there() -> None:
    whole = after(store=0, values={"special_price": None})

    assert whole.price is not None
    assert whole.price.prices["special_price"] == {"global": None}


def test_an_inherited_price_is_taken_back() -> None:
    whole = after(values={}, inherited=["price"])

    assert whole.price is not None
    assert whole.price.prices["price"] == {"global": Number("49.9")}


def test_the_status_belongs_to_the_views_website() -> None:
    assert after(enabled=False).product.enabled == {"global": True, "website:fr": False}
    assert after(enabled=True).product.enabled == {"global": True}


def test_websites_and_categories_are_the_shops() -> None:
    product = after(websites=[1, 2], categories=["12", "7"]).product

    assert product.websites == ["base", "fr"]
    assert product.categories == [Category(id="12", path="Home"), Category(id="7")]


def test_stock_changes_the_stock_alone() -> None:
    told = {"qty": "5.0000", "is_in_stock": "1", "min_qty": "2", "use_config_min_qty": "0"}
    whole = after(what="stock", store=None, stock=told)

    assert whole.stock is not None
    assert whole.stock.websites == {
        "*": WebsiteStock(managed=True, quantity=Number("3.0000")),
        "fr": WebsiteStock(managed=True, quantity=Number(1)),
    }
    assert (whole.product, whole.price) == (KNOWN.product, KNOWN.price)


def test_a_renamed_product_keeps_its_id_and_all_it_had() -> None:
    whole = after(sku="LAMP-NEW", values={"name": "Lampe"})

    assert (whole.product.sku, whole.product.shop_id) == ("LAMP-NEW", "1042")
    assert whole.stock is not None
    assert whole.price is not None
    assert (whole.stock.sku, whole.price.sku) == ("LAMP-NEW", "LAMP-NEW")
    assert whole.price.prices == (KNOWN.price or Price(sku="x", prices={})).prices


def test_a_new_product_is_whole_by_itself() -> None:
    whole = after(
        None, sku="NEW", store=0, type="simple", websites=[1], enabled=True,
        values={"name": "New", "price": "10.000000"}, stock={"qty": "3", "is_in_stock": "1"},
    )  # fmt: skip

    assert whole == Whole(
        product=Product(
            sku="NEW", shop_id="1042", name="New", enabled={"global": True}, websites=["base"],
            attributes={"name": {"global": "New"}},
        ),
        stock=Stock(sku="NEW", websites={"*": WebsiteStock(managed=True, quantity=Number(3))}),
        price=Price(sku="NEW", prices={"price": {"global": Number(10)}}),
    )  # fmt: skip


def test_the_same_save_twice_changes_nothing() -> None:
    members = {"values": {"name": "Lampe", "price": "59"}, "enabled": False}

    assert after(after(**members), **members) == after(**members)


@given(
    st.dictionaries(
        st.sampled_from([1, 2, 3]),
        st.fixed_dictionaries(
            {}, optional={"name": st.text("xyz", min_size=1, max_size=2), "note": st.text("n")}
        ),
    ).flatmap(lambda saves: st.permutations(sorted(saves.items(), key=lambda pair: pair[0]))),
)
def test_saves_of_different_views_give_the_same_in_any_order(
    saves: list[tuple[int, dict[str, str]]],
) -> None:
    def laid(order: list[tuple[int, dict[str, str]]]) -> Any:
        whole = KNOWN
        for store, values in order:
            whole = after(whole, store=store, values=values)
        return whole

    assert (
        laid(saves).product.attributes == laid(sorted(saves, key=lambda s: s[0])).product.attributes
    )


@pytest.mark.parametrize(
    ("known", "members", "code"),
    [
        pytest.param(None, {"sku": "NEW", "values": {"name": "x"}}, "NOT_WHOLE", id="never told"),
        pytest.param(None, {"sku": "A", "type": "simple"}, "NOT_WHOLE", id="one view of it only"),
        pytest.param(None, {"store": 0, "type": "simple"}, "NOT_WHOLE", id="without a SKU"),
        pytest.param(KNOWN, {"store": 9, "values": {"name": "x"}}, "UNKNOWN_VIEW", id="view"),
        pytest.param(KNOWN, {"websites": [9]}, "UNKNOWN_WEBSITE", id="website"),
        pytest.param(
            KNOWN, {"store": None, "values": {"name": "x"}}, "SCOPE_MISSING", id="no scope"
        ),
        pytest.param(KNOWN, {"values": {"special_from_date": "soon"}}, "VALUE_UNFIT", id="no date"),
    ],
)
def test_what_cannot_be_placed_is_refused(
    known: Whole | None, members: dict[str, Any], code: str
) -> None:
    with pytest.raises(Refused) as refused:
        after(known, **members)

    assert refused.value.reason.code == code
