"""The unix account Postgres runs under, as it refuses to be root.

Who is not root keeps the own account. Root gives the data to an account of its own, and what
that account cannot reach (a checkout below /root, say) is put where it can: the permissions
of folders that are not ours stay as they are.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

from deploy.embedded.process import Account

NAME = "listwire-postgres"
OTHERS_MAY_ENTER = 0o001


def own_account() -> Account:
    """Give the account for Postgres, made when we are root and it does not exist yet."""
    if os.geteuid() != 0:
        return Account()
    entry = _existing(NAME) or _made(NAME) or pwd.getpwnam("nobody")
    return Account(entry.pw_uid, entry.pw_gid)


def _existing(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None


def _made(name: str) -> pwd.struct_passwd | None:
    command = ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/bin/false"]
    try:
        subprocess.run([*command, name], check=False, capture_output=True)  # noqa: S603 - our own words, no shell
    except FileNotFoundError:  # not every system has it
        return None
    return _existing(name)


def reachable(path: Path) -> bool:
    """Tell whether any account may enter every folder on the way to *path*."""
    return all(folder.stat().st_mode & OTHERS_MAY_ENTER for folder in path.absolute().parents)


def reachable_programs(home: Path, libraries: Path, store: Path) -> Path:
    """Give *home* itself or a copy of it in *store*, with *libraries* where it looks for them.

    A copy is made beside its place and moved there whole, so that nobody runs half of one.
    """
    if os.geteuid() != 0 or (reachable(home) and _open_to_all(home)):
        return home
    copy = store / libraries.name / home.parent.name / home.name
    if not copy.exists():
        _copy(home, libraries, store)
    return copy


def _open_to_all(home: Path) -> bool:
    return bool((home / "bin" / "postgres").stat().st_mode & OTHERS_MAY_ENTER)


def _copy(home: Path, libraries: Path, store: Path) -> None:
    store.mkdir(parents=True, exist_ok=True, mode=0o755)
    scratch = Path(tempfile.mkdtemp(dir=store, prefix="copying-"))
    shutil.copytree(home, scratch / home.parent.name / home.name)
    shutil.copytree(libraries, scratch / libraries.name)
    for path in (scratch, *scratch.rglob("*")):
        path.chmod(0o755)
    try:
        scratch.rename(store / libraries.name)
    except OSError:  # another run was faster
        shutil.rmtree(scratch)


def reachable_folder(wanted: Path, account: Account, store: Path) -> Path:
    """Give the folder that *account* owns for *wanted*, made with mode 0700 if missing.

    Where *account* cannot enter the folders above, *wanted* is a link into *store*.
    """
    if not wanted.exists():
        wanted.parent.mkdir(parents=True, exist_ok=True)
        _make(wanted, account, store)
    return wanted.resolve()


def _make(wanted: Path, account: Account, store: Path) -> None:
    folder = wanted
    if account.user is not None and not reachable(wanted):
        store.mkdir(parents=True, exist_ok=True, mode=0o755)
        folder = Path(tempfile.mkdtemp(dir=store, prefix="postgres-"))
        wanted.unlink(missing_ok=True)
        wanted.symlink_to(folder)
    folder.mkdir(exist_ok=True, mode=0o700)
    account.give(folder)
