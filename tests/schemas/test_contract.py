"""The published documents: true to the types, closed, and judged by examples."""

import json
from pathlib import Path

import jsonschema
import jsonschema_rs
import pytest
from kafka.partitioner.default import murmur2

from schemas import contract, keys, topics
from schemas.codec import decoder
from schemas.settings import KINDS

ROOT = Path(__file__).parents[2] / "schemas"
DOCUMENTS = contract.documents()
EXAMPLES = sorted((ROOT / "examples").glob("*/*.json"))


def event_of(name: str) -> type:
    topic, _, kind = name.partition(".v1")
    return KINDS[kind[1:]] if topic == "settings" else topics.topic(name).event


def accepted(example: Path) -> tuple[bool, bool, bool]:
    """Give the verdicts of our types and of two engines on the published schema."""
    value, name = example.read_text(), example.parent.name
    document = DOCUMENTS[f"{name}.schema.json"]
    try:
        decoder(event_of(name)).decode(value)
        ours = True
    except ValueError:
        ours = False
    python = jsonschema.Draft202012Validator(document).is_valid(json.loads(value))
    return ours, python, jsonschema_rs.validator_for(document).is_valid(json.loads(value))


def test_the_files_are_what_the_types_say() -> None:
    written = {p.name: p.read_text() for p in (ROOT / "json").glob("*.json")}

    assert written == {name: contract.text(d) for name, d in DOCUMENTS.items()}


def test_a_changed_type_would_be_noticed() -> None:
    changed = DOCUMENTS["catalog.price.v1.schema.json"] | {"title": "other"}

    assert contract.text(changed) != (ROOT / "json" / "catalog.price.v1.schema.json").read_text()


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_types_and_schema_give_the_same_verdict_on_an_example(example: Path) -> None:
    good = example.name.endswith(".pass.json")

    assert accepted(example) == (good, good, good)


def test_every_topic_has_an_example_that_passes() -> None:
    shown = {e.parent.name for e in EXAMPLES if e.name.endswith(".pass.json")}
    wanted = {t.name for t in topics.TOPICS} - {"settings.v1", "amazon.competition.v1"}

    assert wanted - shown - {"pipeline.probe.v1"} == set()


@pytest.mark.parametrize("name", [n for n in DOCUMENTS if n.endswith(".schema.json")])
def test_every_published_object_is_closed(name: str) -> None:
    objects = [d for d in DOCUMENTS[name]["$defs"].values() if "properties" in d]

    assert objects
    assert [d for d in objects if d.get("additionalProperties") is not False] == []


@pytest.mark.parametrize("vector", contract.vectors(), ids=lambda v: v["key"])
def test_a_key_lands_where_kafkas_own_partitioner_puts_it(vector: dict[str, object]) -> None:
    key = keys.join(*vector["parts"])  # type: ignore[misc]
    hashed = murmur2(key) & 0x7FFFFFFF

    assert (key.decode(), hashed % 12, hashed % 3) == (vector["key"], vector["n12"], vector["n3"])


@pytest.mark.parametrize("vector", contract.vectors(), ids=lambda v: v["key"])
def test_a_key_can_be_taken_apart_again(vector: dict[str, object]) -> None:
    assert list(keys.split(str(vector["key"]).encode())) == vector["parts"]


@pytest.mark.parametrize("key", [b"", b"a||b", b"50%", b"a%7c", b"a%20b", b"\xff"])
def test_another_spelling_of_a_key_is_refused(key: bytes) -> None:
    with pytest.raises(ValueError):
        keys.split(key)
