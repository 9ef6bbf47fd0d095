"""Every archive, and the one of the tests, does the same: a folder, S3, memory."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from deploy.connect.archive import FolderArchive, S3Archive, open_archive
from deploy.settings import Archive as Place
from producers.amazon.sweep import ORPHANED, Sweeping, sweep
from schemas.errors import TryAgain
from tests.support.report_api import MemoryArchive

NAME = hashlib.sha256(b"document").hexdigest()


@pytest.fixture(scope="module")
def s3(aws: str) -> Any:
    once = Config(retries={"total_max_attempts": 1})
    return boto3.client(
        "s3",
        endpoint_url=aws,
        region_name="eu-central-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
        config=once,
    )


@pytest.fixture(params=["folder", "s3", "memory"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    """One archive of each kind, empty."""
    if request.param == "folder":
        return FolderArchive(tmp_path / "archive")
    if request.param == "memory":
        return MemoryArchive(lambda: datetime.now(UTC))
    s3 = request.getfixturevalue("s3")
    bucket = f"bucket-{abs(hash(tmp_path)) % 10**9}"
    s3.create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    return S3Archive(s3, bucket)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A document that was downloaded."""
    (tmp_path / "document").write_bytes(b"document")
    return tmp_path / "document"


def held(archive: Any) -> list[str]:
    return [name for name, _ in archive.names()]


def test_a_document_is_kept_below_the_hash_of_its_bytes(archive: Any, file: Path) -> None:
    assert archive.put(file) == NAME
    with archive.local(NAME) as open_:
        assert [open_().read(), open_().read()] == [b"document"] * 2


def test_putting_it_again_changes_nothing_but_its_age(archive: Any, file: Path) -> None:
    archive.put(file)
    [(_, first)] = archive.names()
    archive.put(file)
    [(name, second)] = archive.names()

    assert (name, second >= first) == (NAME, True)


def test_what_is_not_kept_is_said_not_to_be(archive: Any) -> None:
    with pytest.raises(LookupError, match="does not hold"), archive.local(NAME):
        pass


def test_a_document_can_be_taken_away_twice(archive: Any, file: Path) -> None:
    archive.put(file)
    archive.delete(NAME)
    archive.delete(NAME)

    assert held(archive) == []


class Referred:
    """Runs that refer to these names."""

    def __init__(self, *names: str) -> None:
        self._names = names

    def referred(self) -> set[str]:
        return set(self._names)

    def forget(self, before: datetime) -> int:
        return 0


@pytest.mark.parametrize(
    ("names", "later", "left"),
    [
        pytest.param((), ORPHANED + timedelta(minutes=1), [], id="an orphan of yesterday"),
        pytest.param((), timedelta(hours=1), [NAME], id="it may be written down just now"),
        pytest.param((NAME,), timedelta(days=400), [NAME], id="a run refers to it"),
    ],
)
def test_only_what_nobody_refers_to_is_swept(
    archive: Any, file: Path, names: tuple[str, ...], later: timedelta, left: list[str]
) -> None:
    archive.put(file)

    sweep(archive, Referred(*names), datetime.now(UTC) + later)

    assert held(archive) == left


def test_a_damaged_document_is_not_taken_for_what_it_was(tmp_path: Path, file: Path) -> None:
    archive = FolderArchive(tmp_path / "archive")
    archive.put(file)
    (tmp_path / "archive" / NAME[:2] / NAME).write_bytes(b"documenT")

    with pytest.raises(LookupError, match="damaged"), archive.local(NAME):
        pass


def test_what_a_crash_left_beside_a_document_is_swept(tmp_path: Path, file: Path) -> None:
    archive = FolderArchive(tmp_path / "archive")
    archive.put(file)
    left = tmp_path / "archive" / NAME[:2] / f".{NAME}.0123"
    left.write_bytes(b"docu")

    sweep(archive, Referred(NAME), datetime.now(UTC) + timedelta(days=2))

    assert held(archive) == [NAME]


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(lambda a, f: a.put(f), id="put"),
        pytest.param(lambda a, f: a.local(NAME).__enter__(), id="get"),
        pytest.param(lambda a, f: list(a.names()), id="list"),
        pytest.param(lambda a, f: a.delete(NAME), id="delete"),
    ],
)
def test_a_bucket_that_is_away_is_tried_again(
    act: Callable[[Any, Path], Any], file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    place = Place(bucket="b", endpoint="http://127.0.0.1:9", region="eu-central-1")

    with pytest.raises(TryAgain):
        act(open_archive(place, file.parent), file)


def test_without_a_bucket_documents_lie_in_a_folder(tmp_path: Path, file: Path) -> None:
    open_archive(Place(), tmp_path / "archive").put(file)
    open_archive(Place(folder=str(tmp_path / "other")), tmp_path).put(file)

    assert all((tmp_path / d / NAME[:2] / NAME).exists() for d in ("archive", "other"))


def test_a_sweep_comes_at_the_beginning_and_then_now_and_then(tmp_path: Path, file: Path) -> None:
    now = [datetime.now(UTC) + timedelta(days=2)]
    archive = MemoryArchive(lambda: datetime.now(UTC))
    sweeping = Sweeping(lambda at: sweep(archive, Referred(), at), lambda: now[0])
    swept = []
    for hours in (0, 1, 6):
        archive.put(file)
        now[0] += timedelta(hours=hours)
        swept.append(sweeping.turn())

    assert swept == [1, 0, 1]
