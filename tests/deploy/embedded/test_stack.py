"""The stack keeps its data, and leaves no process behind, however its owner ends."""

import json
import signal
import socket
import subprocess
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaConsumer, KafkaProducer, TopicPartition

from deploy.embedded.postgres import plain
from deploy.embedded.stack import Stack
from deploy.errors import Failure
from tests.support.eventually import eventually
from tests.support.processes import descendants, kill, left, python
from tests.support.topics import create_topics

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

OWNER = """
import signal, sys
from pathlib import Path
from deploy.embedded.stack import Stack

data = Path(sys.argv[1]) if len(sys.argv) > 1 else None
try:
    with Stack(data) as stack:
        print(stack.data, stack.bootstrap_servers, stack.url)
        signal.pause()
except KeyboardInterrupt:
    print("interrupted")
"""


def up(owner: subprocess.Popen[str]) -> list[str]:
    """Wait until *owner* has its stack up; give folder, broker and URL."""
    told = owner.stdout.readline().split() if owner.stdout else []
    if len(told) != 3:
        raise AssertionError(owner.stderr.read() if owner.stderr else "")
    return told


def write(bootstrap_servers: str, url: str) -> None:
    create_topics(bootstrap_servers, "kept.v1")
    producer = KafkaProducer(bootstrap_servers=bootstrap_servers, acks="all")
    producer.send("kept.v1", b"record").get(10)
    producer.close()
    with psycopg.connect(plain(url)) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'row' AS what")


def read(bootstrap_servers: str, url: str) -> tuple[bytes, str]:
    consumer = KafkaConsumer(bootstrap_servers=bootstrap_servers, consumer_timeout_ms=10_000)
    consumer.assign([TopicPartition("kept.v1", 0)])
    consumer.seek_to_beginning()
    record = next(consumer).value
    consumer.close()
    with psycopg.connect(plain(url)) as connection:
        row = connection.execute("SELECT what FROM kept").fetchone()
    return record, row[0] if row else ""


def test_an_owner_killed_with_9_leaves_no_process_and_all_data(reachable_folder: Path) -> None:
    with python(OWNER, str(reachable_folder)) as owner:
        _, broker, url = up(owner)
        write(broker, url)
        children = descendants(owner.pid)
        kill(owner)

        with Stack(reachable_folder) as stack:  # at once: it waits for what is still ending
            assert (stack.bootstrap_servers, stack.url) == (broker, url)
            assert read(stack.bootstrap_servers, stack.url) == (b"record", "row")
        assert len(children) > 6
        assert left(children) == []


def test_parts_killed_with_9_go_on_where_they_were(reachable_folder: Path) -> None:
    with Stack(reachable_folder) as stack:
        write(stack.bootstrap_servers, stack.url)
        stack.kafka.kill()
        stack.postgres.kill()
        with pytest.raises(Failure, match="LW-0908"):
            stack.check()
        stack.start()
        stack.check()

        assert read(stack.bootstrap_servers, stack.url) == (b"record", "row")


def test_a_temporary_folder_goes_with_its_killed_owner() -> None:
    with python(OWNER) as owner:
        folder, *_ = up(owner)
        children = descendants(owner.pid)
        kill(owner)

        assert eventually(lambda: not left(children), within=30)
        assert eventually(lambda: not Path(folder).exists())


def test_ctrl_c_stops_everything_in_order(reachable_folder: Path) -> None:
    with python(OWNER, str(reachable_folder)) as owner:
        up(owner)
        children = descendants(owner.pid)
        owner.send_signal(signal.SIGINT)
        said, _ = owner.communicate(timeout=90)

        assert (owner.returncode, said, left(children)) == (0, "interrupted\n", [])
        assert (
            "database system is shut down"
            in (reachable_folder / "postgres/postgres.log").read_text()
        )


def test_ctrl_c_while_it_starts_leaves_nothing() -> None:
    with python(OWNER) as owner:
        children = eventually(lambda: descendants(owner.pid), within=20, every=0.01)
        owner.send_signal(signal.SIGINT)
        said, _ = owner.communicate(timeout=90)

        assert (owner.returncode, said, left(children)) == (0, "interrupted\n", [])


def test_guards_killed_with_9_take_their_children_along(reachable_folder: Path) -> None:
    with python(OWNER, str(reachable_folder)) as owner:
        up(owner)
        children = descendants(owner.pid)
        for guard in [child for child in children if child.ppid() == owner.pid]:
            guard.kill()

        assert eventually(lambda: left(children) == [], within=30)


def test_a_second_owner_of_one_folder_is_told_who_has_it(reachable_folder: Path) -> None:
    with python(OWNER, str(reachable_folder)) as owner:
        up(owner)
        with pytest.raises(Failure, match=f"process {owner.pid}") as failed:
            Stack(reachable_folder)

    assert (failed.value.code, failed.value.exit) == ("LW-0906", 7)


def test_a_part_that_runs_elsewhere_is_used_and_not_started(reachable_folder: Path) -> None:
    with Stack(reachable_folder, kafka_at="broker.example:9092") as stack:
        stack.check()

        assert stack.bootstrap_servers == "broker.example:9092"
        assert (stack.kafka.running, stack.postgres.running) == (False, True)


def test_other_ports_and_letters_in_the_path_do_not_matter(reachable_folder: Path) -> None:
    folder = reachable_folder / "Läger, 靴 1"
    with Stack(folder) as stack:
        before = stack.bootstrap_servers, stack.url
        write(*before)
    with (
        taken(json.loads((folder / "kafka" / "ports.json").read_bytes())["client"]),
        taken(json.loads((folder / "kafka" / "ports.json").read_bytes())["controller"]),
        taken(int((folder / "postgres" / "port").read_text())),
        Stack(folder) as stack,
    ):
        assert {stack.bootstrap_servers, stack.url}.isdisjoint(before)
        assert read(stack.bootstrap_servers, stack.url) == (b"record", "row")


def taken(port: int) -> socket.socket:
    """Listen on *port*, as somebody else might."""
    return socket.create_server(("127.0.0.1", port))
