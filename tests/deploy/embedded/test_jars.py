"""Jars are fetched once, checked always, and a failure names the jar."""

import hashlib
from pathlib import Path

import pytest

from deploy.embedded.jars import Jar, jars, pinned
from deploy.errors import Failure


def jar(name: str, content: bytes) -> Jar:
    return Jar(f"org/example/{name}/1/{name}-1.jar", hashlib.sha256(content).hexdigest())


A, B = jar("a", b"aa"), jar("b", b"bb")


class Repository:
    """A Maven repository of one process: gives what it holds, and remembers what was asked."""

    def __init__(self, **content: bytes) -> None:
        self.content = content
        self.asked: list[str] = []

    def __call__(self, path: str, scratch: Path) -> Path:
        self.asked.append(path)
        name = path.split("/")[2]
        if name not in self.content:
            raise OSError("Name or service not known")
        file = scratch / f"{name}.fetched"
        file.write_bytes(self.content[name])
        return file


def test_what_was_fetched_once_is_not_asked_for_again(tmp_path: Path) -> None:
    repository = Repository(a=b"aa", b=b"bb")

    first = jars(tmp_path, (A, B), fetch=repository)
    again = jars(tmp_path, (A, B), fetch=repository)

    assert first == again == [tmp_path / "a-1.jar", tmp_path / "b-1.jar"]
    assert sorted(repository.asked) == [A.path, B.path]


def test_progress_counts_the_jars_that_were_missing(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []

    jars(
        tmp_path,
        (A, B),
        fetch=Repository(a=b"aa", b=b"bb"),
        progress=lambda _, done, of: told.append((done, of)),
    )

    assert told == [(0, 2), (1, 2), (2, 2)]


def test_without_network_the_failure_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Failure) as failed:
        jars(tmp_path, (A, B), fetch=Repository(a=b"aa"))

    assert (failed.value.code, failed.value.exit) == ("LW-0901", 8)
    assert failed.value.where == B.path
    assert "--kafka HOST:PORT" in failed.value.do


def test_a_fetch_that_broke_off_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(Failure):
        jars(tmp_path, (A, B), fetch=Repository(a=b"aa"))
    repository = Repository(b=b"bb")

    assert len(jars(tmp_path, (A, B), fetch=repository)) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a-1.jar", "b-1.jar"]


def test_a_wrong_jar_from_the_network_is_named_and_not_kept(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"b-1\.jar has SHA-256") as failed:
        jars(tmp_path, (A, B), fetch=Repository(a=b"aa", b=b"evil"))

    assert failed.value.code == "LW-0902"
    assert not (tmp_path / "b-1.jar").exists()


def test_a_jar_changed_in_the_cache_is_named_and_not_run(tmp_path: Path) -> None:
    jars(tmp_path, (A, B), fetch=Repository(a=b"aa", b=b"bb"))
    (tmp_path / "a-1.jar").write_bytes(b"aaa")

    with pytest.raises(Failure, match="LW-0902") as failed:
        jars(tmp_path, (A, B), fetch=Repository())

    assert failed.value.where == str(tmp_path / "a-1.jar")


def test_the_committed_list_pins_one_release_of_kafka_and_one_file_per_name() -> None:
    listed = pinned()
    ours = [j for j in listed if j.path.startswith("org/apache/kafka/")]

    assert len({j.name for j in listed}) == len(listed) == 46
    assert {j.path.split("/")[4] for j in ours} == {"4.3.1"}
