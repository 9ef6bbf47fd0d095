"""Topics as the table wants them, compared with those a broker has.

`topics show`, `plan` and `apply` (`operations.md` 1.5, 8.1, 10.2). The number of partitions is
fixed for life: keys would move, order per key would break, tables would no longer match.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from deploy.errors import Failure
from schemas.pipeline import Coverage
from schemas.topics import DAY_MS, PARTITIONS, ROLES, TOPICS, Topic, changelog, dead_letters

FAMILY_BYTES = "2097152"
RECORD_BYTES = "1048576"
FAMILY_DAYS = {"dlq": 30.0, "retry": 2.0, "parked": 90.0}
COMPACT = {
    "cleanup.policy": "compact",
    "segment.ms": str(DAY_MS),
    "max.compaction.lag.ms": str(7 * DAY_MS),
    "min.cleanable.dirty.ratio": "0.1",
    "delete.retention.ms": str(7 * DAY_MS),
}

CHANGELOG_SEGMENT = str(8 * 1024 * 1024)
"""Bytes of a changelog's segments: what is in the newest is never compacted, and a worker that
takes over reads all of it, however often the same rows stand there."""


class Wanted(msgspec.Struct, frozen=True):
    """One topic as it should be."""

    name: str
    partitions: int
    config: dict[str, str]


class Found(msgspec.Struct, frozen=True):
    """One topic as a broker has it; *config* is what is in force, defaults included."""

    partitions: int
    config: dict[str, str]


class ConfigChange(msgspec.Struct, frozen=True):
    """A setting of a topic that is not as the table wants it."""

    topic: str
    name: str
    found: str
    wanted: str


class PartitionChange(msgspec.Struct, frozen=True):
    """A topic with another number of partitions than the table's."""

    topic: str
    found: int
    wanted: int


class Plan(msgspec.Struct, frozen=True):
    """What *apply* would do; *partitions* is what it refuses to do."""

    create: tuple[Wanted, ...] = ()
    configs: tuple[ConfigChange, ...] = ()
    partitions: tuple[PartitionChange, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether the broker has everything as wanted."""
        return not (self.create or self.configs or self.partitions)

    def lines(self) -> list[str]:
        """Give one line per difference, for people."""
        return [
            *(f"+ {t.name}  {t.partitions} partitions, {_kept(t.config)}" for t in self.create),
            *(f"~ {s.topic}  {s.name}: {s.found} -> {s.wanted}" for s in self.configs),
            *(
                f"! {p.topic}  {p.found} partitions, the contract says {p.wanted}"
                for p in self.partitions
            ),
        ]

    def refuse(self) -> None:
        """Raise `Failure` LW-0206, exit 5, if a number of partitions would have to change."""
        if self.partitions:
            raise Failure(
                "LW-0206",
                where=", ".join(p.topic for p in self.partitions),
                why="\n".join(
                    f"{p.topic} has {p.found} partitions, wanted {p.wanted}"
                    for p in self.partitions
                )
                + "\nchanging it would move keys, break their order and unmatch the tables",
                do="create the next major of the topic and move its readers, or, where nothing"
                " is kept yet, delete the topic and apply again",
            )


def wanted(
    table: Iterable[Topic] = TOPICS, roles: Iterable[str] = ROLES, *, replication: int = 1
) -> tuple[Wanted, ...]:
    """Give every topic: of *table*, its groups' dead-letter families, the roles' changelogs."""
    common = _common(replication)
    own = [topic for each in table for topic in (_own(each, common), *_families(each, common))]
    return (*own, *(_changelog(role, common) for role in roles))


def compare(wanted: Iterable[Wanted], found: Mapping[str, Found]) -> Plan:
    """Give what differs between *wanted* and *found*; topics of others are not looked at."""
    there = [(topic, found[topic.name]) for topic in wanted if topic.name in found]
    return Plan(
        create=tuple(topic for topic in wanted if topic.name not in found),
        configs=tuple(
            ConfigChange(topic.name, name, has.config.get(name, ""), value)
            for topic, has in there
            for name, value in topic.config.items()
            if not _same(has.config.get(name, ""), value)
        ),
        partitions=tuple(
            PartitionChange(topic.name, has.partitions, topic.partitions)
            for topic, has in there
            if has.partitions != topic.partitions
        ),
    )


def plan(admin: KafkaAdminClient, topics: tuple[Wanted, ...]) -> Plan:
    """Compare *topics* with the broker behind *admin*. Raises `Failure` LW-0207."""
    return compare(topics, look(admin, topics))


def look(admin: KafkaAdminClient, topics: tuple[Wanted, ...]) -> dict[str, Found]:
    """Read those of *topics* that the broker has. Raises `Failure` LW-0207."""
    names = {topic.name: topic for topic in topics}
    try:
        counts = {
            topic["name"]: len(topic["partitions"])
            for topic in admin.describe_topics()
            if topic["name"] in names
        }
        configs = _configs(admin, [names[name] for name in counts])
    except KafkaError as error:
        raise _refused("topics", error) from error
    return {name: Found(count, configs.get(name, {})) for name, count in counts.items()}


def apply(admin: KafkaAdminClient, plan: Plan, *, replication: int = 1) -> None:
    """Do what *plan* says, with one request for all new topics; a second time does nothing.

    Raises `Failure` LW-0206 before anything is done, LW-0207 if the broker refuses.
    """
    plan.refuse()
    try:
        if plan.create:
            _create(admin, plan.create, replication)
        if plan.configs:
            _alter(admin, plan.configs)
    except KafkaError as error:
        raise _refused("topics", error) from error


def rows(table: Iterable[Topic] = TOPICS) -> list[dict[str, Any]]:
    """Give the topic table as `topics show` prints it, one object per topic."""
    return [
        {
            "topic": t.name,
            "key": t.key,
            "event": t.event.__name__,
            "kept": "compact" if t.compacted else f"{_duration(t.days or 0)}",
            "partitions": t.partitions,
            "writer": t.writer,
            "readers": ["all"] if t.whole and not t.groups else list(t.groups),
            "public": t.public,
            "purpose": t.purpose,
        }
        for t in table
    ]


def _common(replication: int) -> dict[str, str]:
    return {
        "min.insync.replicas": "2" if replication > 2 else "1",
        "message.timestamp.type": "CreateTime",
        "message.timestamp.after.max.ms": "3600000",
        "unclean.leader.election.enable": "false",
    }


def _own(topic: Topic, common: dict[str, str]) -> Wanted:
    kept = COMPACT if topic.compacted else _deleted(topic.days or 0)
    config = {**common, "max.message.bytes": RECORD_BYTES, **kept, **topic.config}
    return Wanted(topic.name, topic.partitions, config)


def _families(topic: Topic, common: dict[str, str]) -> list[Wanted]:
    own = [_member(topic, group, kind, common) for group in topic.groups for kind in FAMILY_DAYS]
    return own + [_member(topic, group, "dlq", common) for group in _folders(topic)]


def _folders(topic: Topic) -> list[str]:
    """Give the groups whose workers read *topic* whole and set aside what they cannot read."""
    read_whole = topic.whole and topic.event is not Coverage
    return [f"listwire-{role}" for role in ROLES if read_whole]


def _member(topic: Topic, group: str, kind: str, common: dict[str, str]) -> Wanted:
    days = FAMILY_DAYS[kind]
    if kind == "dlq":
        days = max(days, topic.days or 0)  # never less than the ingress it guards
    name = dead_letters(topic.name, group).removesuffix("dlq") + kind
    config = {**common, "max.message.bytes": FAMILY_BYTES, **_deleted(days)}
    return Wanted(name, 1 if kind == "parked" else topic.partitions, config)


def _changelog(role: str, common: dict[str, str]) -> Wanted:
    config = {**common, "max.message.bytes": RECORD_BYTES, **COMPACT}
    config |= {"segment.bytes": CHANGELOG_SEGMENT}
    return Wanted(changelog(role), PARTITIONS, config)


def _deleted(days: float) -> dict[str, str]:
    kept = round(days * DAY_MS)
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(kept),
        "segment.ms": str(min(kept, DAY_MS)),  # whole segments go, so they must be short
    }


def _same(found: str, wanted: str) -> bool:
    try:
        return float(found) == float(wanted)
    except ValueError:
        return found == wanted


def _configs(admin: KafkaAdminClient, topics: list[Wanted]) -> dict[str, dict[str, str]]:
    if not topics:
        return {}
    asked = [ConfigResource(ConfigResourceType.TOPIC, t.name, list(t.config)) for t in topics]
    told = admin.describe_configs(asked, config_filter="all")["topic"]
    return {
        name: {key: str(entry["value"]) for key, entry in config.items()}
        for name, config in told.items()
    }


def _create(admin: KafkaAdminClient, topics: tuple[Wanted, ...], replication: int) -> None:
    asked = {
        topic.name: {
            "num_partitions": topic.partitions,
            "replication_factor": replication,
            "configs": topic.config,
        }
        for topic in topics
    }
    for told in admin.create_topics(asked, raise_errors=False)["topics"]:
        error = for_code(told["error_code"])
        if told["error_code"] and error is not TopicAlreadyExistsError:  # another apply was faster
            raise _refused(told["name"], error(told["error_message"]))
    admin.wait_for_topics(list(asked))


def _alter(admin: KafkaAdminClient, changed: tuple[ConfigChange, ...]) -> None:
    changes: dict[str, dict[str, str]] = {}
    for change in changed:
        changes.setdefault(change.topic, {})[change.name] = change.wanted
    asked = [ConfigResource(ConfigResourceType.TOPIC, name, c) for name, c in changes.items()]
    for name, told in admin.alter_configs(asked)["topic"].items():
        if told != "OK":
            raise _refused(name, RuntimeError(told))


def _refused(where: str, error: Exception) -> Failure:
    return Failure(
        "LW-0207",
        where=where,
        why=str(error) or type(error).__name__,
        do="apply as a user that may create and alter topics, then look with `topics plan`",
    )


def _kept(config: Mapping[str, str]) -> str:
    if config["cleanup.policy"] == "compact":
        return "compact"
    return _duration(int(config["retention.ms"]) / DAY_MS)


def _duration(days: float) -> str:
    return f"{days:g} d" if days >= 1 else f"{days * 24:g} h"
