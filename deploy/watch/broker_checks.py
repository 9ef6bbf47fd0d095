"""What `doctor` asks the broker: is it one, has it our topics, who reads, what time is it."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.connect.kafka import open_admin, open_producer
from deploy.connect.versions import FETCH, FETCH_OF_3_9, versions
from deploy.running import DOORS
from deploy.topics import Plan, plan, wanted
from deploy.watch.check import Check, away, examined, ok, skipped, warning, wrong
from deploy.watch.reading import GROUPS, patiently
from schemas import codec, keys
from schemas.pipeline import Probe

NAMES = ("topics", "topic settings", "groups", "foreign members", "broker's clock")
PROBE = "pipeline.probe.v1"
SKEW = 60.0
"""Seconds between two clocks from which on it is a warning (`operations.md` 7.2)."""

APPLY = "listwire topics apply --execute"


def broker_checks(
    bootstrap: str, *, replication: int, clock: Callable[[], datetime]
) -> Iterator[Check]:
    """Give the checks of the broker; all but the first are skipped where none is reached."""
    if not bootstrap:
        yield from _without("no broker is named")
        return
    found = list(examined("broker", lambda: _broker(bootstrap)))
    yield from found
    if any(check.state == "failed" for check in found):
        yield from _without("the broker was not reached", below=NAMES)
        return
    with open_admin(bootstrap) as admin:
        yield from examined("topics", lambda: _topics(plan(admin, wanted(replication=replication))))
        yield from examined("groups", lambda: _groups(admin))
    yield skipped(
        "foreign members", "a member does not prove whose it is; `kafka-python admin` names hosts"
    )
    yield from examined("broker's clock", lambda: _clock(bootstrap, clock))


def _without(why: str, below: tuple[str, ...] = ("broker", *NAMES)) -> Iterator[Check]:
    do = "set LISTWIRE_KAFKA__BOOTSTRAP_SERVERS, or start `listwire up`"
    return (skipped(name, why, do if name == "broker" else "") for name in below)


def _broker(bootstrap: str) -> Check:
    with open_admin(bootstrap) as admin:
        cluster = admin.describe_cluster()
    count = len(cluster["brokers"])
    newest = _versions(bootstrap)
    if newest.get(FETCH, FETCH_OF_3_9) < FETCH_OF_3_9:
        return away("broker", f"{bootstrap} is older than Apache Kafka 3.9", "use 3.9 or newer")
    nodes = f"{count} node" + ("s" if count > 1 else "")
    told = f"{bootstrap} answers: cluster {cluster['cluster_id']}, {nodes}"
    return ok("broker", f"{told}, Fetch up to {newest.get(FETCH, 'unknown')}")


def _versions(bootstrap: str) -> Mapping[int, int]:
    for server in bootstrap.split(","):
        host, _, port = server.strip().rpartition(":")
        with suppress(ValueError):
            if found := versions(host.strip("[]"), int(port)):
                return found
    return {}


# --- topics -------------------------------------------------------------------------------


def _topics(found: Plan) -> Iterator[Check]:
    yield _existing(found)
    if found.configs:
        changed = [f"{c.topic} {c.name} is {c.found}, wanted {c.wanted}" for c in found.configs]
        yield warning("topic settings", _some(changed), APPLY)
    else:
        yield ok("topic settings", "as in the contract")


def _existing(found: Plan) -> Check:
    if found.partitions:
        lines = [f"{p.topic} has {p.found} partitions, wanted {p.wanted}" for p in found.partitions]
        return wrong("topics", _some(lines), "the number is for life: see `listwire topics plan`")
    if found.create:
        return wrong("topics", "missing: " + _some([t.name for t in found.create]), APPLY)
    return ok("topics", "all there, with the partitions of the contract")


def _some(lines: list[str], at_most: int = 3) -> str:
    more = f", and {len(lines) - at_most} more" if len(lines) > at_most else ""
    return ", ".join(lines[:at_most]) + more


# --- groups -------------------------------------------------------------------------------


def _groups(admin: KafkaAdminClient) -> Check:
    told = patiently(lambda: admin.describe_groups(list(GROUPS)))
    faults = [g for g in GROUPS if told[g].get("error") and told[g]["group_state"] != "Dead"]
    if faults:
        return away("groups", f"cannot be read: {_some(faults)}", "see 10.2, rights of the user")
    asked = [name for name in GROUPS if name.removeprefix("listwire-") not in DOORS]
    idle = [name for name in asked if not told[name]["members"]]
    if idle:
        roles = " ".join(name.removeprefix("listwire-") for name in idle)
        return warning("groups", f"no worker in {', '.join(idle)}", f"listwire work {roles}")
    members = sum(len(told[name]["members"]) for name in GROUPS)
    return ok("groups", f"{members} workers in {len(GROUPS)} groups")


# --- its clock ----------------------------------------------------------------------------


def _clock(bootstrap: str, clock: Callable[[], datetime]) -> Check:
    """Compare clocks by a probe: the broker stamps what it appends to that topic."""
    before = clock()
    try:
        stamped = _stamp(bootstrap, before)
    except KafkaError as error:
        return away("broker's clock", f"the probe was not taken: {error}", APPLY)
    return told_apart("broker's clock", stamped, before, clock())


def _stamp(bootstrap: str, at: datetime) -> datetime:
    moment = codec.instant(at)
    probe = codec.encode(
        Probe(id=f"doctor-{time.time_ns()}", at=moment),
        topic=PROBE,
        key=keys.join("probe"),
        id=f"doctor-{time.time_ns()}",
        source="/listwire/deploy/watch",
        subject="probe",
        time=at,
    )
    with open_producer(bootstrap) as producer:
        sent = producer.send(PROBE, probe.value, key=probe.key, headers=list(probe.headers))
        return datetime.fromtimestamp(sent.get(10).timestamp / 1000, UTC)


def told_apart(name: str, theirs: datetime, before: datetime, after: datetime) -> Check:
    """Compare *theirs*, which was told between *before* and *after*, with our clock."""
    early, late = (before - theirs).total_seconds(), (theirs - after).total_seconds()
    skew = max(early, late, 0.0)
    if skew > SKEW:
        way = "behind" if early > late else "ahead of"
        return warning(name, f"{skew:.0f} s {way} ours", "set both by NTP; see `timedatectl`")
    return ok(name, f"within {max(skew, (after - before).total_seconds()):.1f} s of ours")
