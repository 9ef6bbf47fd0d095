"""Settings compiled once per version."""

from processors.rules.plan import Planner
from schemas.settings import Listing, RuleNode
from tests.support import shop

RULES = {"acme-de": {"tree": {"attribute": "color", "is": "Black"}}}


def test_the_same_settings_give_the_same_plan() -> None:
    planner, settings = Planner(), shop.settings(rule=RULES)

    assert planner.plan(settings) is planner.plan(settings)


def test_a_rule_is_compiled_again_only_when_it_changed() -> None:
    planner, settings = Planner(), shop.settings(rule=RULES)
    first = planner.plan(settings).accounts[0].stores[0].terms.rule
    unrelated = settings.with_record("listing", "acme-de", Listing(threshold=3))
    second = planner.plan(unrelated).accounts[0].stores[0].terms.rule
    edited = unrelated.of("rule")["acme-de"]
    edited = type(edited)(tree=RuleNode(attribute="color", is_="Red"), version=2)
    third = planner.plan(unrelated.with_record("rule", "acme-de", edited))

    assert first is second
    assert third.accounts[0].stores[0].terms.rule is not first
    assert third.accounts[0].versions == {"rule/acme-de": 2}


def test_stores_come_oldest_first() -> None:
    (account,) = Planner().plan(shop.settings()).accounts

    assert [store.id for store in account.stores] == ["acme-de", "acme-fr"]


def test_a_store_waits_for_its_website() -> None:
    settings = shop.settings(website={"base": shop.SETTINGS["website"]["base"]})
    (account,) = Planner().plan(settings).accounts

    assert [store.id for store in account.stores] == ["acme-de"]


def test_without_stores_there_is_nobody_to_tell() -> None:
    assert Planner().plan(shop.settings(store={})).accounts == ()
