"""The shop's client, answered by a transport of ours: addressing, judging, what it never tells."""

import logging
from decimal import Decimal
from urllib.parse import parse_qsl

import httpx2
import pytest
from pydantic import SecretStr

from deploy.connect.commerce.build import commerce_client
from deploy.connect.commerce.failures import ShopLater, ShopRefused
from deploy.connect.commerce.login import Keys, base_string, signed
from deploy.connect.rates import Rate
from deploy.errors import Failure
from deploy.settings import Commerce
from schemas.errors import NotAllowed, Refused, TryAgain, Unanswered
from tests.deploy.connect.commerce_double import TOKEN, Double, client_over, page, reply

MISSING = {"message": "The product that was requested doesn't exist. Verify the product."}
NO_ROUTE = {"message": "Request does not match any route."}
REJECTED = {
    "message": 'Invalid attribute "%1": %name',
    "parameters": ["color"],
    "errors": [{"message": "%fieldName is wrong", "parameters": {"fieldName": "price"}}],
    "trace": "#0 /var/www/app/secret.php(12)",
}
HTML = httpx2.Response(200, content=b"<html>under maintenance</html>")


@pytest.mark.parametrize(
    ("sku", "path"),
    [
        pytest.param("a/b c+é", "a%2Fb%20c%2B%C3%A9", id="slash, blank, plus, accent"),
        pytest.param("50%2F", "50%252F", id="already looks encoded"),
        pytest.param("..", "%2E%2E", id="two dots"),
        pytest.param("a#b?c", "a%23b%3Fc", id="fragment and query"),
    ],
)
def test_a_sku_is_one_segment_of_the_path_that_is_sent(sku: str, path: str) -> None:
    double = Double(reply(document={"sku": sku}))

    client_over(double).product(sku, "de")

    assert double.asked[0].url.raw_path.decode() == f"/base/rest/de/V1/products/{path}"


def test_a_search_states_every_filter_in_a_group_of_its_own() -> None:
    double = Double(page({"sku": "A"}, total=7))
    where = [("updated_at", "gteq", "2026-11-25 10:00:00"), ("type_id", "eq", "simple")]

    client_over(double).search("products", where=where, sort="entity_id", page=2, size=50)

    assert dict(parse_qsl(double.asked[0].url.query.decode())) == {
        "searchCriteria[pageSize]": "50",
        "searchCriteria[currentPage]": "2",
        "searchCriteria[filterGroups][0][filters][0][field]": "updated_at",
        "searchCriteria[filterGroups][0][filters][0][conditionType]": "gteq",
        "searchCriteria[filterGroups][0][filters][0][value]": "2026-11-25 10:00:00",
        "searchCriteria[filterGroups][1][filters][0][field]": "type_id",
        "searchCriteria[filterGroups][1][filters][0][conditionType]": "eq",
        "searchCriteria[filterGroups][1][filters][0][value]": "simple",
        "searchCriteria[sortOrders][0][field]": "entity_id",
        "searchCriteria[sortOrders][0][direction]": "ASC",
    }


def test_a_page_comes_with_exact_numbers_and_the_count_of_all() -> None:
    body = b'{"items":[{"sku":"A","price":12.90}],"search_criteria":{},"total_count":7}'
    double = Double(httpx2.Response(200, content=body))

    found, total = client_over(double).search("products")

    assert (str(found[0]["price"]), total) == ("12.90", 7)


def test_a_write_names_the_product_and_only_what_is_to_change() -> None:
    double = Double(reply(document={"sku": "A"}))
    values = {"custom_attributes": [{"attribute_code": "weight", "value": Decimal("1.50")}]}

    client_over(double).save_product("A", values, "fr")

    assert (double.asked[0].method, double.asked[0].content) == (
        "PUT",
        b'{"product":{"sku":"A","custom_attributes":[{"attribute_code":"weight","value":1.50}]}}',
    )


def read(double: Double) -> object:
    return client_over(double).product("A")


def write(double: Double) -> object:
    return client_over(double).save_product("A", {})


@pytest.mark.parametrize(
    ("answer", "reading", "writing"),
    [
        pytest.param(reply(400, REJECTED), Refused, Refused, id="400"),
        pytest.param(reply(404, NO_ROUTE), Refused, Refused, id="404, no such address"),
        pytest.param(
            httpx2.Response(404, content=b"<html>"), Refused, Refused, id="404 of a web server"
        ),
        pytest.param(reply(401, MISSING), NotAllowed, NotAllowed, id="401"),
        pytest.param(reply(403, MISSING), NotAllowed, NotAllowed, id="403"),
        pytest.param(reply(429), TryAgain, TryAgain, id="429"),
        pytest.param(reply(500, REJECTED), TryAgain, Unanswered, id="500"),
        pytest.param(reply(503), TryAgain, Unanswered, id="503"),
        pytest.param(reply(302, location="https://other.test"), Refused, Refused, id="redirect"),
        pytest.param(HTML, TryAgain, Unanswered, id="a page of HTML with 200"),
        pytest.param(httpx2.ReadTimeout("slow"), TryAgain, Unanswered, id="no answer"),
        pytest.param(httpx2.ConnectError("away"), TryAgain, TryAgain, id="never sent"),
    ],
)
def test_the_class_of_a_failure_is_its_policy(
    answer: httpx2.Response | Exception, reading: type[Exception], writing: type[Exception]
) -> None:
    with pytest.raises(reading):
        read(Double(answer))
    with pytest.raises(writing):
        write(Double(answer))


def test_a_product_that_the_shop_does_not_have_is_a_fact() -> None:
    assert client_over(Double(reply(404, MISSING))).product("A") is None


def test_a_failure_keeps_the_shops_words_with_their_parameters_and_no_trace() -> None:
    with pytest.raises(ShopRefused) as caught:
        write(Double(reply(400, REJECTED)))

    told = str(caught.value)
    assert told == 'the shop answers 400: Invalid attribute "color": %name; price is wrong'


def test_only_the_members_that_are_wanted_are_asked_for() -> None:
    double = Double(page())

    client_over(double).search("products", members="id,sku")

    assert ("fields", "items[id,sku],total_count") in parse_qsl(double.asked[0].url.query.decode())


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("Wed, 25 Nov 2026 10:00:00 GMT", "2026-11-25T10:00:00+00:00"),
        ("yesterday", "None"),
    ],
)
def test_the_shops_clock_is_that_of_its_last_answer(header: str, told: str) -> None:
    client = client_over(Double(httpx2.Response(200, content=b"[]", headers={"date": header})))

    client.listed("websites")

    assert (client.date.isoformat() if client.date else "None") == told


def test_an_answer_of_another_shape_is_no_empty_page() -> None:
    with pytest.raises(ShopLater):
        client_over(Double(reply(document=[]))).search("products")


def test_an_empty_bucket_says_how_long_it_would_take_and_sends_nothing() -> None:
    double = Double(page())
    client = client_over(double, rate=Rate(0.5, 1))
    client.search("products")

    with pytest.raises(ShopLater) as caught:
        client.search("products")

    assert (round(caught.value.after, 3), len(double.asked)) == (2.0, 1)


def test_the_token_is_sent_and_never_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    double = Double(reply(401, MISSING))

    with pytest.raises(NotAllowed) as caught:
        read(double)

    sent = double.asked[0].headers["authorization"]
    assert (sent, TOKEN in str(caught.value) + caplog.text) == (f"Bearer {TOKEN}", False)


def test_what_is_signed_is_what_the_standard_says() -> None:
    # RFC 5849, 3.4.1.1: doubled names, an empty value, one that is escaped twice
    own = {
        "oauth_consumer_key": "9djdj82h48djs9d2",
        "oauth_token": "kkk9d7dh3k39sjv7",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131201",
        "oauth_nonce": "7d8f3e4a",
    }

    text = base_string(
        "POST", "http://example.com/request?b5=%3D%253D&a3=a&c%40=&a2=r%20b&c2=&a3=2+q", own
    )

    assert text == (
        "POST&http%3A%2F%2Fexample.com%2Frequest&a2%3Dr%2520b%26a3%3D2%2520q%26a3%3Da%26b5%3D%253D"
        "%25253D%26c%2540%3D%26c2%3D%26oauth_consumer_key%3D9djdj82h48djs9d2%26oauth_nonce%3D7d8f3e4"
        "a%26oauth_signature_method%3DHMAC-SHA1%26oauth_timestamp%3D137131201%26oauth_token%3Dkkk9d7"
        "dh3k39sjv7"
    )


def test_an_integrations_keys_sign_the_request_and_stay_out_of_it() -> None:
    keys = Keys(
        consumer_key="key",
        consumer_secret=SecretStr("first secret"),
        access_token=SecretStr("token"),
        access_secret=SecretStr("second secret"),
    )
    login = signed(keys, timestamp=lambda: 137131201, nonce=lambda: "7d8f3e4a")
    double = Double(page())

    client_over(double, login=login).search("products")

    sent = double.asked[0].headers["authorization"]
    assert 'oauth_signature_method="HMAC-SHA256"' in sent
    assert "secret" not in sent


def test_a_client_without_address_or_secret_is_not_built() -> None:
    for place in (Commerce(), Commerce(address="https://shop.test")):
        with pytest.raises(Failure, match="LW-0101"):
            commerce_client(place)


@pytest.mark.parametrize(
    ("address", "taken"),
    [
        pytest.param("https://shop.test/base", True, id="https"),
        pytest.param("http://127.0.0.1:80", True, id="this machine"),
        pytest.param("http://shop.test", False, id="in clear"),
        pytest.param("http://127.0.0.1.shop.test", False, id="a name that only looks like it"),
        pytest.param("https://user:secret@shop.test", False, id="with a user"),
        pytest.param("ftp://127.0.0.1", False, id="another protocol"),
        pytest.param("shop.test", False, id="no protocol"),
    ],
)
def test_a_token_does_not_travel_in_clear(address: str, taken: bool) -> None:
    place = Commerce(address=address, token=SecretStr("token"))

    if taken:
        assert commerce_client(place).date is None
    else:
        with pytest.raises(Failure, match="LW-0103") as refused:
            commerce_client(place)
        assert "secret" not in str(refused.value)
