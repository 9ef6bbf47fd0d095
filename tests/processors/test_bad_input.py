"""The corpus as records on a topic, alone and among a thousand (`reliability.md` 4)."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from processors.deciding import validated
from processors.deliver import partition_of
from processors.product_facts import ProductFacts, merged
from schemas.errors import Refused
from schemas.record import Record
from tests.support.bad_input import PRICE, Case, cases, parameters

NUMBERS = [n for n in range(1, 57) if n not in (40, 41, 48)]
CASES = cases(*NUMBERS)
PARTITIONS = 12


def home(key: bytes) -> int:
    return partition_of(key, PARTITIONS) if key else 0


class Topics:
    """What stands on the topics, read as a worker reads it: facts per key, and dead letters."""

    def __init__(self) -> None:
        self.facts: dict[bytes, ProductFacts] = {}
        self.dead: list[str] = []
        self.stale = 0

    def read(self, record: Record) -> None:
        try:
            key = validated(record, PARTITIONS)
            after = merged(record, self.facts.get(key, ProductFacts()))
        except Refused as refused:
            self.dead.append(str(refused))
            return
        if after is None:
            self.stale += 1
        else:
            self.facts[key] = after


def good(number: int) -> Record:
    sku = f"GOOD-{number}"
    value = b'{"sku": "%s", "prices": {"price": {"global": "49.90"}}}' % sku.encode()
    key = sku.encode()
    return Record(topic=PRICE, key=key, value=value, partition=home(key), offset=number)


def verdict(topics: Topics) -> str:
    return "Q" if topics.dead else "D" if topics.stale else "N"


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_bad_record_alone(case: Case) -> None:
    topics = Topics()

    for record in case.records(home):
        topics.read(record)

    assert verdict(topics) == case.topic_verdict, topics.dead


@pytest.mark.parametrize("case", parameters(CASES))
def test_a_bad_record_among_a_thousand_takes_no_other_with_it(case: Case) -> None:
    topics = Topics()
    records = [good(n) for n in range(1, 1_000)]
    records[500:500] = case.records(home)

    for record in records:
        topics.read(record)

    fine = {key for key in topics.facts if key.startswith(b"GOOD-")}
    assert fine == {b"GOOD-%d" % n for n in range(1, 1_000)}
    assert len(topics.dead) == (1 if case.topic_verdict == "Q" else 0)


@pytest.mark.parametrize("case", parameters([c for c in CASES if c.gives]))
def test_what_is_let_through_keeps_its_text(case: Case) -> None:
    topics = Topics()

    for record in case.records(home):
        topics.read(record)

    (facts,) = topics.facts.values()
    told = msgspec.to_builtins(facts.price or facts.product, enc_hook=str)
    assert {path: _at(told, path) for path in case.gives} == case.gives


def test_nothing_in_the_corpus_was_executed() -> None:
    assert not Path("/tmp/listwire-was-here").exists()


def _at(value: Any, path: str) -> Any:
    for part in path.split("."):
        value = value[part]
    return value
