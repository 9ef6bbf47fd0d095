"""A new attribute in the shop: created once, in its sets, never over another one."""

import pytest

from deploy.connect.commerce.attributes import NewAttribute, create
from schemas.errors import Refused
from tests.deploy.connect.commerce_double import client_over
from tests.support.attribute_shop import AttributeShop

BRAND = NewAttribute(code="amazon_brand", label="Brand at Amazon", sets=["Top"], searchable=True)


@pytest.fixture
def shop() -> AttributeShop:
    return AttributeShop()


def test_it_is_created_and_put_into_its_set(shop: AttributeShop) -> None:
    assert create(client_over(shop), BRAND)

    assert (shop.attributes["amazon_brand"]["scope"], shop.assigned) == (
        "store",
        {(4, "amazon_brand")},
    )


def test_one_that_is_there_stays_as_it_is_and_comes_into_the_set(shop: AttributeShop) -> None:
    shop.attribute("amazon_brand", scope="global")

    assert not create(client_over(shop), BRAND)

    assert (shop.attributes["amazon_brand"]["scope"], shop.assigned) == (
        "global",
        {(4, "amazon_brand")},
    )


@pytest.mark.parametrize(
    ("new", "code"),
    [
        pytest.param(
            NewAttribute(code="b", label="B", sets=["Top", "Gone"]),
            "ATTRIBUTE_SET_UNKNOWN",
            id="no such set",
        ),
        pytest.param(
            NewAttribute(code="taken", label="T", type="dropdown"),
            "ATTRIBUTE_TAKEN",
            id="another kind",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_changes(
    shop: AttributeShop, new: NewAttribute, code: str
) -> None:
    shop.attribute("taken")

    with pytest.raises(Refused) as refused:
        create(client_over(shop), new)

    assert (refused.value.reason.code, list(shop.attributes), shop.assigned) == (
        code,
        ["taken"],
        set(),
    )
