"""No body, however odd, makes the stand-in fail, now or when it takes effect."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.sandbox.validation import ATTRIBUTES
from tests.support.amazon import DE, Desk, lamp, seed

FIELDS = ["value", "marketplace_id", "currency", "audience", "our_price", "start_at", "end_at"]
FIELDS += ["fulfillment_channel_code", "quantity", "lead_time_to_ship_max_days", "restock_date"]
FIELDS += ["schedule", "value_with_tax", "language_tag", "type"]
NUMBERS = [0, 1, -1, 12.5, 1e300, 2**70]
WORDS = ["", "x", DE, "EUR", "ALL", "B2B", "DEFAULT", "AMAZON_EU", "new_new", "2026-11-25"]
PLAIN = st.sampled_from([None, True, *NUMBERS, *WORDS, "B000000001", "036000291452"])
VALUE = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(FIELDS), inner, max_size=4)
    ),
    max_leaves=8,
)
ROWS = st.lists(st.dictionaries(st.sampled_from(FIELDS), VALUE, max_size=6), max_size=2)
NAMES = st.sampled_from([*ATTRIBUTES, "shine"])
PATCHES = st.lists(
    st.fixed_dictionaries(
        {"op": st.sampled_from(["add", "replace", "merge", "delete"])}
        | {"path": NAMES.map("/attributes/{}".format)},
        optional={"value": ROWS},
    ),
    min_size=1,
    max_size=3,
)
PARTS = "summaries,attributes,issues,offers,fulfillmentAvailability"


def survived(desk: Desk, method: str, body: Any) -> list[int]:
    written = desk.listing(method, "LAMP/12", body).status
    desk.wait(1)
    desk.truth("LAMP/12")
    return [written, desk.listing("GET", "LAMP/12", includedData=PARTS).status]


@settings(max_examples=300, deadline=None)
@given(patches=PATCHES)
def test_any_patch_is_judged(patches: list[Any]) -> None:
    desk = Desk(seed(lamp(business_price="11.00"), settings={"apart": True}))

    assert survived(desk, "PATCH", {"productType": "X", "patches": patches}) == [200, 200]


@settings(max_examples=300, deadline=None)
@given(
    attributes=st.dictionaries(NAMES, ROWS, max_size=6),
    requirements=st.sampled_from(["LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY"]),
)
def test_any_put_is_judged(attributes: dict[str, Any], requirements: str) -> None:
    body = {"productType": "X", "attributes": attributes, "requirements": requirements}

    assert survived(Desk(seed()), "PUT", body) == [200, 200]
