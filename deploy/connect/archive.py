"""Where documents are kept, each below the SHA-256 of its bytes: a folder, or S3.

Putting a document twice changes nothing but its age, so that one whose name is about to be
written down is never taken for an orphan. Both kinds pass one suite of tests.
"""

import hashlib
import os
import shutil
from base64 import b64encode
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol
from uuid import uuid4

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from deploy.settings import Archive as ArchivePlace
from producers.amazon.document import Open
from schemas.errors import TryAgain

_CHUNK = 1024 * 1024


class Archive(Protocol):
    """What every kind of archive does."""

    def put(self, file: Path) -> str:
        """Keep a copy of *file*, and give its name."""

    def local(self, name: str) -> AbstractContextManager[Open]:
        """Give what opens the document here. Raises LookupError if it is not kept whole."""

    def names(self) -> Iterator[tuple[str, datetime]]:
        """Give every document's name, and when it was put last."""

    def delete(self, name: str) -> None:
        """Take a document away; one that is not there is no error."""


def name_of(file: Path) -> str:
    """Give the name of *file* in an archive."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


class FolderArchive:
    """Documents in a folder of this machine, by the first two digits of their names."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, file: Path) -> str:
        """Keep a copy of *file*: written beside its place, then moved there whole."""
        name = name_of(file)
        place = self._place(name)
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = place.with_name(f".{name}.{uuid4().hex}")
        try:
            with file.open("rb") as source, beside.open("wb") as target:
                shutil.copyfileobj(source, target, _CHUNK)
                target.flush()
                os.fsync(target.fileno())
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
        return name

    @contextmanager
    def local(self, name: str) -> Iterator[Open]:
        """Give what opens the document; it is compared with its name first."""
        place = self._place(name)
        _whole(place, name)
        yield lambda: place.open("rb")

    def names(self) -> Iterator[tuple[str, datetime]]:
        """Give every document, and what a crash left behind."""
        for place in sorted(self._folder.glob("??/*")) + sorted(self._folder.glob("??/.*")):
            yield place.name, datetime.fromtimestamp(place.stat().st_mtime, UTC)

    def delete(self, name: str) -> None:
        """Take a document away."""
        self._place(name).unlink(missing_ok=True)

    def _place(self, name: str) -> Path:
        return self._folder / name.lstrip(".")[:2] / name


class S3Archive:
    """Documents in a bucket, below *prefix*; whatever S3 says instead is *not now*."""

    def __init__(self, s3: Any, bucket: str, prefix: str = "reports/") -> None:
        self._s3 = s3
        self._bucket = bucket
        self._prefix = prefix

    def put(self, file: Path) -> str:
        """Keep a copy of *file*; S3 compares what came with its name."""
        name = name_of(file)
        digest = b64encode(bytes.fromhex(name)).decode()
        with _patiently("put"), file.open("rb") as body:
            self._s3.put_object(**self._at(name), Body=body, ChecksumSHA256=digest)
        return name

    @contextmanager
    def local(self, name: str) -> Iterator[Open]:
        """Fetch the document to this machine for as long as it is needed."""
        with TemporaryDirectory(prefix="listwire-archive-") as folder:
            place = Path(folder) / name
            with _patiently("get"):
                self._get(name, place)
            _whole(place, name)
            yield lambda: place.open("rb")

    def _get(self, name: str, place: Path) -> None:
        try:
            body = self._s3.get_object(**self._at(name))["Body"]
        except self._s3.exceptions.NoSuchKey:
            return
        with place.open("wb") as target:
            for chunk in body.iter_chunks(_CHUNK):
                target.write(chunk)

    def names(self) -> Iterator[tuple[str, datetime]]:
        """Give every document, page by page."""
        pages = self._s3.get_paginator("list_objects_v2")
        with _patiently("list"):
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix):
                for found in page.get("Contents", ()):
                    yield found["Key"].removeprefix(self._prefix), found["LastModified"]

    def delete(self, name: str) -> None:
        """Take a document away."""
        with _patiently("delete"):
            self._s3.delete_object(**self._at(name))

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": self._prefix + name}


def _whole(place: Path, name: str) -> None:
    if not place.exists():
        raise LookupError(f"the archive does not hold {name}")
    if (found := name_of(place)) != name:
        raise LookupError(f"the archive's {name} is damaged: its bytes are {found}")


@contextmanager
def _patiently(act: str) -> Iterator[None]:
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise TryAgain(f"S3 did not {act}: {error}", after=10.0) from error


def open_archive(place: ArchivePlace, folder: Path) -> Archive:
    """Open the bucket that *place* names, else its folder, else *folder*.

    Credentials of a bucket are found as boto3 finds them: variables, profile, role.
    """
    if not place.bucket:
        return FolderArchive(Path(place.folder) if place.folder else folder)
    s3 = boto3.client(
        "s3",
        endpoint_url=place.endpoint or None,
        region_name=place.region or None,
        config=Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30),
    )
    return S3Archive(s3, place.bucket, place.prefix)
