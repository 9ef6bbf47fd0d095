"""The glossary binds names: what is not said (`code.md` 3), and where names may not stand."""

import ast
import re
from pathlib import Path

import pytest

from schemas import topics
from schemas.reasons import SENTENCES

ROOT = Path(__file__).parents[2]
ROOMS = ("schemas", "producers", "processors", "consumers", "deploy")
FORBIDDEN_MODULES = {"utils", "common", "helpers", "misc", "base"}
TOPIC = re.compile(r"(settings|[a-z]+\.[a-z]+(-[a-z]+)*)\.v[0-9]+")
CODE = re.compile(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*")


def loose_drawers(paths: list[Path]) -> set[str]:
    """Give the modules named after nothing in particular."""
    return {str(p) for p in paths if p.stem in FORBIDDEN_MODULES}


def claims(text: str) -> bool:
    """Tell whether *text* promises what nobody can."""
    return re.search(r"exactly[- ]once", text, re.IGNORECASE) is not None


def reason_codes(source: str) -> set[str]:
    """Give the codes with which *source* makes reasons."""
    calls = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Call)]
    named = [c for c in calls if getattr(c.func, "id", getattr(c.func, "attr", "")) == "Reason"]
    firsts = [c.args[0] for c in named if c.args]
    return {f.value for f in firsts if isinstance(f, ast.Constant) and isinstance(f.value, str)}


def modules() -> list[Path]:
    """Give every module that ships."""
    return [p for room in ROOMS for p in (ROOT / room).rglob("*.py")]


def test_no_module_is_a_drawer_for_everything() -> None:
    assert loose_drawers(modules()) == set()


def test_a_drawer_is_noticed() -> None:
    assert loose_drawers([Path("schemas/utils.py")]) == {"schemas/utils.py"}


def test_nobody_promises_more_than_can_be_kept() -> None:
    texts = [*modules(), ROOT / "README.md", ROOT / "CHANGELOG.md"]

    assert [str(p) for p in texts if p.exists() and claims(p.read_text())] == []


def test_a_promise_too_many_is_noticed() -> None:
    assert claims("delivered Exactly once")


@pytest.mark.parametrize("topic", topics.TOPICS, ids=lambda t: t.name)
def test_a_topic_is_named_domain_entity_major(topic: topics.Topic) -> None:
    assert TOPIC.fullmatch(topic.name)


@pytest.mark.parametrize("wrong", ["Catalog.product.v1", "catalog_product.v1", "catalog.product"])
def test_another_form_of_topic_name_is_refused(wrong: str) -> None:
    assert not TOPIC.fullmatch(wrong)


def test_every_reason_that_is_given_has_a_sentence() -> None:
    used = set().union(*(reason_codes(p.read_text()) for p in modules()))

    assert used - SENTENCES.keys() == set()


def test_a_reason_without_a_sentence_is_noticed() -> None:
    assert reason_codes('Reason("NEVER_HEARD", {})') - SENTENCES.keys() == {"NEVER_HEARD"}
