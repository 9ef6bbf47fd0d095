"""The topic table, compared with a broker, and brought there once."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from kafka.admin import ConfigResource, KafkaAdminClient

from deploy import topics
from deploy.connect.kafka import open_admin
from deploy.embedded.kafka import EmbeddedKafka
from deploy.errors import Failure
from deploy.topics import Found, Plan, Wanted, compare, wanted
from schemas.topics import ROLES, TOPICS, changelog, dead_letters

ALL = wanted()
BY_NAME = {topic.name: topic for topic in ALL}
ONE = Wanted("a.v1", 12, {"cleanup.policy": "delete", "retention.ms": "3600000"})
SAME = Found(12, {"cleanup.policy": "delete", "retention.ms": "3600000"})
DAY = 86_400_000


def test_every_topic_its_dead_letters_and_every_changelog_are_wanted_once() -> None:
    family = {
        dead_letters(t.name, g).removesuffix("dlq") + kind
        for t in TOPICS
        for g in t.groups
        for kind in ("dlq", "retry", "parked")
    }
    whole = {
        dead_letters(name, f"listwire-{role}")
        for name in ("settings.v1", "amazon.report.v1", "amazon.account.v1")
        for role in ROLES
    }
    own = {t.name for t in TOPICS} | {changelog(role) for role in ROLES}

    assert {topic.name for topic in ALL} == own | family | whole
    assert len(ALL) == len(BY_NAME)


@pytest.mark.parametrize(
    ("name", "partitions", "config"),
    [
        pytest.param(
            "catalog.price.v1",
            12,
            {
                "cleanup.policy": "compact",
                "segment.ms": str(DAY),
                "max.compaction.lag.ms": str(7 * DAY),
                "min.cleanable.dirty.ratio": "0.1",
                "delete.retention.ms": str(7 * DAY),
                "max.message.bytes": "1048576",
                "message.timestamp.type": "CreateTime",
                "message.timestamp.after.max.ms": "3600000",
            },
            id="compact",
        ),
        pytest.param(
            "listing.status.v1", 12, {"min.compaction.lag.ms": "3600000"}, id="its own setting"
        ),
        pytest.param("settings.v1", 1, {"cleanup.policy": "compact"}, id="one partition"),
        pytest.param(
            "amazon.listing.v1",
            12,
            {"cleanup.policy": "delete", "retention.ms": str(30 * DAY)},
            id="30 days",
        ),
        pytest.param(
            "pipeline.probe.v1",
            3,
            {"retention.ms": "3600000", "segment.ms": "3600000"},
            id="an hour",
        ),
        pytest.param(
            "catalog.price.v1.listwire-products.dlq",
            12,
            {"retention.ms": str(30 * DAY), "max.message.bytes": "2097152"},
            id="dead letters",
        ),
        pytest.param(
            "listing.status-changed.v1.listwire-postgres.dlq",
            12,
            {"retention.ms": str(90 * DAY)},
            id="dead letters as long as what they guard",
        ),
        pytest.param(
            "catalog.price.v1.listwire-products.retry",
            12,
            {"retention.ms": str(2 * DAY)},
            id="retry",
        ),
        pytest.param(
            "catalog.price.v1.listwire-products.parked",
            1,
            {"retention.ms": str(90 * DAY)},
            id="parked",
        ),
        pytest.param(
            "listwire-listings-facts-changelog",
            12,
            {"cleanup.policy": "compact", "min.insync.replicas": "1"},
            id="changelog",
        ),
    ],
)
def test_a_topic_is_wanted_as_its_kind_says(
    name: str, partitions: int, config: dict[str, str]
) -> None:
    topic = BY_NAME[name]

    assert topic.partitions == partitions
    assert config.items() <= topic.config.items()


def test_three_copies_need_two_to_acknowledge() -> None:
    assert wanted(replication=3)[0].config["min.insync.replicas"] == "2"


@pytest.mark.parametrize(
    ("found", "lines"),
    [
        pytest.param({}, ["+ a.v1  12 partitions, 1 h"], id="missing"),
        pytest.param({"a.v1": SAME, "other": Found(1, {})}, [], id="as wanted"),
        pytest.param(
            {"a.v1": msgspec.structs.replace(SAME, config=SAME.config | {"retention.ms": "2"})},
            ["~ a.v1  retention.ms: 2 -> 3600000"],
            id="another setting",
        ),
        pytest.param(
            {"a.v1": msgspec.structs.replace(SAME, partitions=3)},
            ["! a.v1  3 partitions, the contract says 12"],
            id="other partitions",
        ),
    ],
)
def test_a_plan_says_what_differs(found: dict[str, Found], lines: list[str]) -> None:
    assert compare([ONE], found).lines() == lines


def test_equal_numbers_in_another_spelling_do_not_differ() -> None:
    ratio = Wanted("a.v1", 1, {"min.cleanable.dirty.ratio": "0.1"})

    assert compare([ratio], {"a.v1": Found(1, {"min.cleanable.dirty.ratio": "0.10"})}).empty


def test_the_table_is_shown_with_its_readers() -> None:
    shown = {row["topic"]: row for row in topics.rows()}

    assert shown["settings.v1"]["readers"] == ["all"]
    assert shown["listing.offer.v1"]["readers"] == ["listwire-amazon", "listwire-postgres"]
    assert (shown["pipeline.probe.v1"]["kept"], shown["settings.v1"]["kept"]) == ("1 h", "compact")


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaAdminClient]:
    """An admin client of a broker that no other test has topics on."""
    folder: Path = tmp_path_factory.mktemp("topics") / "kafka"
    with EmbeddedKafka(folder, remove=True) as broker:
        client = open_admin(broker.bootstrap_servers)
        yield client
        client.close()


@pytest.mark.kafka
def test_the_whole_table_is_applied_once(admin: KafkaAdminClient) -> None:
    first = topics.plan(admin, ALL)
    topics.apply(admin, first)
    second = topics.plan(admin, ALL)
    topics.apply(admin, second)

    assert (len(first.create), second) == (len(ALL), Plan())


@pytest.mark.kafka
def test_a_plan_that_another_has_carried_out_does_no_harm(admin: KafkaAdminClient) -> None:
    race = (Wanted("race.v1", 3, {}),)
    plan = topics.plan(admin, race)
    topics.apply(admin, plan)
    topics.apply(admin, plan)

    assert topics.plan(admin, race).empty


@pytest.mark.kafka
def test_a_setting_changed_by_hand_is_put_back(admin: KafkaAdminClient) -> None:
    kept = (Wanted("by-hand.v1", 1, {"retention.ms": "1000", "cleanup.policy": "delete"}),)
    topics.apply(admin, topics.plan(admin, kept))
    admin.alter_configs([ConfigResource("topic", "by-hand.v1", {"retention.ms": "5000"})])

    plan = topics.plan(admin, kept)
    topics.apply(admin, plan)

    assert plan.lines() == ["~ by-hand.v1  retention.ms: 5000 -> 1000"]
    assert topics.plan(admin, kept).empty


@pytest.mark.kafka
def test_another_number_of_partitions_is_refused_and_nothing_is_done(
    admin: KafkaAdminClient,
) -> None:
    topics.apply(admin, topics.plan(admin, (Wanted("fixed.v1", 2, {}),)))
    both = (Wanted("fixed.v1", 3, {}), Wanted("new.v1", 1, {}))

    with pytest.raises(Failure, match=r"fixed\.v1 has 2 partitions, wanted 3") as failed:
        topics.apply(admin, topics.plan(admin, both))

    assert (failed.value.code, failed.value.exit) == ("LW-0206", 5)
    assert "new.v1" not in admin.list_topics()


@pytest.mark.kafka
@pytest.mark.parametrize(
    "refused",
    [
        pytest.param(Wanted("bad name.v1", 1, {}), id="name"),
        pytest.param(Wanted("bad-setting.v1", 1, {"retention.ms": "soon"}), id="setting"),
    ],
)
def test_what_the_broker_refuses_is_named(admin: KafkaAdminClient, refused: Wanted) -> None:
    with pytest.raises(Failure) as failed:
        topics.apply(admin, Plan(create=(refused,)))

    assert (failed.value.code, failed.value.where) == ("LW-0207", refused.name)
