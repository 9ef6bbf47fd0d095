"""The jars of Apache Kafka: fetched once into the user's cache, each held to its SHA-256.

`kafka-4.3.1.sha256` pins all of them, by their path in a Maven repository, so nothing is
left to resolve: not which versions go together, and not which file is meant. Beside the
broker's 45 there is one logger, or a broker that cannot start would die in silence.
"""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec

from deploy.errors import Failure

PINNED = Path(__file__).with_name("kafka-4.3.1.sha256")
AT_ONCE = 4
"""Downloads at a time: most jars are small, so it is the answers that take long."""

Progress = Callable[[str, int, int], None]
"""Is told what is being done, how much of it is done, and out of how many."""

Fetch = Callable[[str, Path], Path]
"""Gives the file for a path of a Maven repository, put somewhere below a folder."""


class Jar(msgspec.Struct, frozen=True):
    """One pinned jar: its path in a Maven repository and its SHA-256."""

    path: str
    sha256: str

    @property
    def name(self) -> str:
        """Its file name, which no other jar of the list has."""
        return self.path.rpartition("/")[2]


def silent(_what: str, _done: int, _of: int) -> None:
    """Take progress and show nothing."""


def pinned(listing: Path = PINNED) -> tuple[Jar, ...]:
    """Read the list, in the format of `sha256sum`."""
    pairs = (line.split() for line in listing.read_text().splitlines())
    return tuple(Jar(path, sha256) for sha256, path in pairs)


def cache_folder() -> Path:
    """Give the folder of this user where jars are kept between runs."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "listwire" / "kafka-4.3.1"


def jars(
    folder: Path,
    wanted: tuple[Jar, ...],
    *,
    fetch: Fetch | None = None,
    progress: Progress = silent,
) -> list[Path]:
    """Give all *wanted* jars, in *folder*, fetching those that are missing.

    Only a jar that was checked enters *folder*, by one rename, so a killed run leaves none
    by halves. Raises `Failure` LW-0901 (cannot be fetched) or LW-0902 (not the right bytes).
    """
    folder.mkdir(parents=True, exist_ok=True)
    missing = [jar for jar in wanted if not (folder / jar.name).exists()]
    if missing:
        _fetch_all(folder, missing, fetch or from_maven, progress)
    for jar in wanted:
        check(folder / jar.name, jar)
    return [folder / jar.name for jar in wanted]


def _fetch_all(folder: Path, missing: list[Jar], fetch: Fetch, progress: Progress) -> None:
    with (
        tempfile.TemporaryDirectory(dir=folder, prefix="fetching-") as scratch,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        told = "fetching Apache Kafka 4.3.1"
        progress(told, 0, len(missing))
        for done, _ in enumerate(_each(pool, folder, Path(scratch), missing, fetch), start=1):
            progress(told, done, len(missing))


def _each(
    pool: ThreadPoolExecutor, folder: Path, scratch: Path, missing: list[Jar], fetch: Fetch
) -> Iterator[None]:
    def one(jar: Jar) -> None:
        found = _fetched(jar, scratch, fetch)
        check(found, jar)
        own = scratch / f"{jar.name}.checked"
        shutil.copyfile(found, own)
        own.replace(folder / jar.name)

    try:
        yield from pool.map(one, missing)
    except BaseException:
        pool.shutdown(cancel_futures=True)
        raise


def _fetched(jar: Jar, scratch: Path, fetch: Fetch) -> Path:
    try:
        return fetch(jar.path, scratch)
    except (OSError, RuntimeError) as error:  # jgo's own, and those of requests
        raise Failure(
            "LW-0901",
            where=jar.path,
            why=str(error),
            do="connect to the internet once (or set HTTPS_PROXY), or name a running broker"
            " with --kafka HOST:PORT",
        ) from error


def check(file: Path, jar: Jar) -> None:
    """Hold *file* to the hash of *jar*. Raises `Failure` LW-0902 with both hashes."""
    found = hashlib.sha256(file.read_bytes()).hexdigest()
    if found != jar.sha256:
        raise Failure(
            "LW-0902",
            where=str(file),
            why=f"{jar.name} has SHA-256 {found}, expected {jar.sha256}",
            do="remove that file and start again; if it comes back, do not trust the network"
            " it came over",
        )


def from_maven(path: str, scratch: Path) -> Path:
    """Take *path* from the local Maven repository, else download it, by jgo."""
    from jgo.config import GlobalSettings  # noqa: PLC0415 - an extra: only who starts it needs it
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415
    from jgo.maven import MavenContext  # noqa: PLC0415

    *group, artifact, version, _ = path.split("/")
    settings = GlobalSettings.load()
    remotes = {**settings.repositories, "central": MAVEN_CENTRAL_URL}
    context = MavenContext(
        repo_cache=scratch, local_repos=[settings.repo_cache], remote_repos=remotes
    )
    return Path(context.project(".".join(group), artifact).at_version(version).artifact().resolve())
