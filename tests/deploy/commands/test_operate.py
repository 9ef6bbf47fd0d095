"""`lag`, `audit`, `topics`, `dlq` and `schema` as operations run them."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.structs import OffsetAndMetadata

from deploy.commands import contract
from deploy.connect.kafka import open_admin, open_producer
from deploy.connect.postgres import migrate, open_engine
from deploy.topics import PartitionChange, Plan
from deploy.watch.reading import GROUPS
from schemas.contract import documents
from schemas.deadletters import dead_letter
from schemas.reasons import Reason
from schemas.record import Record
from schemas.topics import TOPICS
from tests.deploy.conftest import Run

IDENTIFIERS = "catalog.identifier.v1"
MATCHING = "listwire-matching"


def send(kafka: str, record: Record, *, age: timedelta = timedelta()) -> int:
    at = int((datetime.now(UTC) - age).timestamp() * 1000)
    with open_producer(kafka) as producer:
        sent = producer.send(
            record.topic,
            record.value,
            key=record.key,
            headers=list(record.headers),
            partition=record.partition,
            timestamp_ms=at,
        )
        return int(sent.get(10).offset)


# --- lag ----------------------------------------------------------------------------------


@pytest.fixture
def behind(contract_kafka: str) -> str:
    """A broker on which matching stands an hour behind on one partition."""
    old = Record(topic=IDENTIFIERS, key=b"k", value=b"{}", partition=3)
    offset = send(contract_kafka, old, age=timedelta(hours=1))
    with open_admin(contract_kafka) as admin:
        place = {TopicPartition(IDENTIFIERS, 3): OffsetAndMetadata(offset, "", -1)}
        admin.alter_group_offsets(MATCHING, place)
    return contract_kafka


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("above", "code"),
    [
        pytest.param([], 0, id="nobody asked"),
        pytest.param(["--fail-above", "300s"], 9, id="above"),
        pytest.param(["--fail-above", "2h"], 0, id="within"),
    ],
)
def test_lag_fails_above_a_threshold(run: Run, behind: str, above: list[str], code: int) -> None:
    said = run("--kafka", behind, "lag", "--group", MATCHING, *above, "--json")

    assert said.code == code
    (group,) = said.json["groups"]
    assert (group["group"], group["partitions"], group["members"]) == (MATCHING, 24, 0)
    assert 3500 < group["seconds"] < 3700
    assert len(said.json["above"]) == (1 if code else 0)
    assert (MATCHING in said.err) == bool(code)


@pytest.mark.kafka
def test_lag_lists_every_group_and_shows_what_is_unknown_as_a_dash(run: Run, behind: str) -> None:
    header, *lines = run("--kafka", behind, "lag").out.splitlines()

    assert header.split()[:4] == ["group", "state", "seconds", "offsets"]
    assert {line.split()[0] for line in lines} == set(GROUPS)
    never = next(line.split() for line in lines if line.startswith("listwire-amazon"))
    assert never[1:3] == ["empty", "–"]


@pytest.mark.kafka
def test_lag_has_a_line_per_partition(run: Run, behind: str) -> None:
    said = run("--kafka", behind, "lag", "--group", MATCHING, "--partitions")

    lines = [line.split() for line in said.out.splitlines()[1:]]
    assert len(lines) == 24
    stands = next(line for line in lines if line[1:3] == [IDENTIFIERS, "3"])
    assert stands[3] == "behind"


@pytest.mark.kafka
def test_a_group_that_never_was_is_not_found(run: Run, contract_kafka: str) -> None:
    said = run("--kafka", contract_kafka, "lag", "--group", "listwire-macthing", "--json")

    assert (said.code, said.error["code"]) == (4, "LW-0701")
    assert MATCHING in said.error["do"]


# --- topics -------------------------------------------------------------------------------


@pytest.mark.kafka
def test_topics_are_planned_and_applied_only_when_told_to(run: Run, contract_kafka: str) -> None:
    name, kafka = "catalog.link.v1", contract_kafka
    changed = {"retention.ms": "1000"}
    with open_admin(kafka) as admin:
        admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, changed)])
    line = f"~ {name}  retention.ms: 1000 -> 2592000000"

    planned, dry = run("--kafka", kafka, "topics", "plan"), run("--kafka", kafka, "topics", "apply")
    done = run("--kafka", kafka, "topics", "apply", "--execute", "--json")
    after = run("--kafka", kafka, "topics", "plan")

    assert [said.code for said in (planned, dry, done, after)] == [0, 0, 0, 0]
    assert planned.out.strip() == dry.out.strip() == line
    assert "--execute" in dry.err
    assert done.json["applied"] is True
    assert [c["topic"] for c in done.json["plan"]["configs"]] == [name]
    assert (after.out, after.err) == ("", "the broker has every topic as wanted\n")


@pytest.mark.kafka
@pytest.mark.parametrize("command", [["plan"], ["apply"], ["apply", "--execute"]], ids=" ".join)
def test_another_number_of_partitions_is_refused(
    run: Run, contract_kafka: str, monkeypatch: pytest.MonkeyPatch, command: list[str]
) -> None:
    other = Plan(partitions=(PartitionChange(IDENTIFIERS, 3, 12),))
    monkeypatch.setattr(contract, "plan", lambda *_: other)
    monkeypatch.setattr(contract, "apply", None)

    said = run("--kafka", contract_kafka, "topics", *command)

    assert said.code == 5
    assert "LW-0206" in said.err
    assert f"{IDENTIFIERS} has 3 partitions, wanted 12" in said.err


def test_the_topic_table_is_shown(run: Run) -> None:
    said = run("topics", "show", "--json")

    assert [row["topic"] for row in said.json["topics"]] == [t.name for t in TOPICS]
    table = run("topics", "show").out.splitlines()
    assert len(table) == len(TOPICS) + 1
    assert table[1].split()[:4] == ["catalog.product.v1", "SKU", "compact", "12"]


# --- schemas ------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", ["catalog.price.v1", "settings.v1.store"])
def test_a_schema_is_shown_as_it_stands_in_its_file(run: Run, topic: str) -> None:
    said = run("schema", "show", topic)

    assert json.loads(said.out) == documents()[f"{topic}.schema.json"]


def test_the_documents_of_the_contract_are_written(run: Run, tmp_path: Path) -> None:
    said = run("schema", "write", tmp_path / "new" / "json")

    written = {path.name for path in (tmp_path / "new" / "json").iterdir()}
    assert (said.code, written) == (0, set(documents()))


def test_a_folder_that_cannot_be_written_to_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    said = run("schema", "write", tmp_path / "file" / "json")

    assert said.code == 1
    assert said.err.startswith("error LW-0516: ")


# --- dead letters -------------------------------------------------------------------------

STOCK = "catalog.stock.v1"
PRODUCTS = "listwire-products"
ESCAPE = "\x1b[2J[red]x"


@pytest.fixture(scope="module")
def dead(contract_kafka: str) -> Iterator[str]:
    """A broker with three dead letters of two kinds; gives the fingerprint of the two alike."""
    letters = [
        dead_letter(
            Record(topic=STOCK, key=b"LAMP-12", value=value, partition=0, offset=offset),
            group=PRODUCTS,
            reason=reason,
            now=datetime(2026, 11, 25, 10, offset, tzinfo=UTC),
        )
        for offset, value, reason in (
            (1, b'{"quantity": 44.90}', Reason("MALFORMED", {"event": "Stock", "why": ESCAPE})),
            (2, b"\xff\xfe\x1b", Reason("MALFORMED", {"event": "Stock", "why": ESCAPE})),
            (3, None, Reason("TOMBSTONE_FORBIDDEN", {"topic": STOCK})),
        )
    ]
    for letter in letters:
        send(contract_kafka, letter)
    headers = dict(letters[0].headers)
    yield (headers["dlq-fingerprint"] or b"").decode()


@pytest.mark.kafka
def test_dead_letters_are_listed_by_fingerprint(run: Run, contract_kafka: str, dead: str) -> None:
    said = run("--kafka", contract_kafka, "dlq", "list", "--topic", STOCK, "--json")

    other, alike = said.json["entries"]
    assert said.code == 0
    assert (alike["fingerprint"], alike["count"], alike["code"]) == (dead, 2, "MALFORMED")
    assert (alike["first"], alike["last"]) == ("2026-11-25T10:01:00Z", "2026-11-25T10:02:00Z")
    assert alike["sample"] == f"{STOCK}.{PRODUCTS}.dlq/0/1"
    assert other["code"] == "TOMBSTONE_FORBIDDEN"


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("options", "counts"),
    [
        pytest.param(["--group", PRODUCTS], [1, 2], id="of its group"),
        pytest.param(["--group", "listwire-amazon"], [], id="of another group"),
        pytest.param(["--topic", "catalog.stoc"], [], id="half a name is no name"),
        pytest.param(["--reason", "MALFORMED"], [2], id="of a code"),
        pytest.param(["--reason", "schema-error", "--limit", "1"], [1], id="the newest only"),
        pytest.param(["--reason", "bug"], [], id="of another reason"),
    ],
)
@pytest.mark.usefixtures("dead")
def test_dead_letters_are_chosen(
    run: Run, contract_kafka: str, options: list[str], counts: list[int]
) -> None:
    said = run("--kafka", contract_kafka, "dlq", "list", *options, "--json")

    assert [entry["count"] for entry in said.json["entries"]] == counts


@pytest.mark.kafka
def test_a_strangers_text_does_nothing_to_the_terminal(
    run: Run, contract_kafka: str, dead: str
) -> None:
    place = f"{STOCK}.{PRODUCTS}.dlq/0/1"
    for words in (["list"], ["show", dead], ["show", place]):
        said = run("--kafka", contract_kafka, "dlq", *words)
        assert "\x1b" not in said.out
        assert "\\x1b[2J[red]x" in said.out


@pytest.mark.kafka
def test_one_dead_letter_is_shown_with_all_there_is(
    run: Run, contract_kafka: str, dead: str
) -> None:
    show = ("--kafka", contract_kafka, "dlq", "show")
    binary = run(*show, dead, "--json").json
    text = run(*show, f"{STOCK}.{PRODUCTS}.dlq/0/0", "--json").json
    null = run(*show, f"{STOCK}.{PRODUCTS}.dlq/0/2", "--json").json

    assert (binary["origin"], binary["value_hex"]) == (f"{STOCK}/0/2", "fffe1b")
    assert (binary["decoded"], binary["value"]) == (None, "\\xff\\xfe\x1b")
    assert (text["decoded"], text["value"]) == ({"quantity": 44.9}, '{"quantity": 44.90}')
    assert (null["value"], null["value_hex"], null["decoded"]) == (None, None, None)
    assert text["do"].startswith("the sender mends")
    assert ["dlq-original-offset", "1"] in text["headers"]
    assert "44.90" in run(*show, f"{STOCK}.{PRODUCTS}.dlq/0/0").out
    assert "000000  ff fe 1b" in run(*show, dead).out
    assert "null: a deletion" in run(*show, f"{STOCK}.{PRODUCTS}.dlq/0/2").out


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("which", "code"),
    [
        pytest.param("0123456789ab", 4, id="no such fingerprint"),
        pytest.param("no.such.topic/0/0", 4, id="no such topic"),
        pytest.param(f"{STOCK}.{PRODUCTS}.dlq/99/0", 4, id="no such partition"),
        pytest.param(f"{STOCK}.{PRODUCTS}.dlq/0/99", 4, id="no such offset"),
        pytest.param(f"{STOCK}/0", 2, id="no coordinate"),
    ],
)
@pytest.mark.usefixtures("dead")
def test_a_dead_letter_that_is_not_there(
    run: Run, contract_kafka: str, which: str, code: int
) -> None:
    said = run("--kafka", contract_kafka, "dlq", "show", which, "--json")

    assert said.code == code
    assert said.error["code"] == {4: "LW-0801", 2: "LW-0109"}[code]


# --- audit --------------------------------------------------------------------------------


@pytest.mark.kafka
@pytest.mark.postgres
def test_the_audit_fails_on_what_is_old_and_unaccounted_for(
    run: Run, contract_kafka: str, postgres: str
) -> None:
    engine = open_engine(postgres)
    migrate(engine)
    engine.dispose()
    late = Record(topic="listing.intent.v1", key=b"k", value=b"{}", partition=2)
    offset = send(contract_kafka, late, age=timedelta(hours=1))
    both = ("--kafka", contract_kafka, "--postgres", postgres, "audit")

    said, calm = run(*both, "--json"), run(*both, "--grace", "9d")

    assert said.code == 6
    hole = next(h for h in said.json["holes"] if h["topic"] == late.topic)
    assert (hole["group"], hole["partition"], hole["first"]) == ("listwire-listings", 2, 0)
    assert hole["records"] == offset + 1
    assert said.json["records"] >= 1
    assert f"{late.topic}-2@0" in run(*both).out
    assert (calm.code, calm.err) == (0, "every input is accounted for\n")
