"""One check of `listwire doctor`: a line, and what to do (`operations.md` 9)."""

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from deploy.codes import CONFIGURATION, UNREACHABLE
from deploy.errors import Failure

State = Literal["ok", "warning", "failed", "skipped"]


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """What one check found; *exit* is 0 unless it failed: 3 configuration, 8 unreachable."""

    name: str
    state: State
    what: str
    do: str = ""
    exit: int = 0


def ok(name: str, what: str) -> Check:
    """Say that all is well."""
    return Check(name=name, state="ok", what=what)


def warning(name: str, what: str, do: str) -> Check:
    """Say what works and should not stay so."""
    return Check(name=name, state="warning", what=what, do=do)


def wrong(name: str, what: str, do: str) -> Check:
    """Say what is not as it must be, and can be put right."""
    return Check(name=name, state="failed", what=what, do=do, exit=CONFIGURATION)


def away(name: str, what: str, do: str) -> Check:
    """Say who does not answer."""
    return Check(name=name, state="failed", what=what, do=do, exit=UNREACHABLE)


def skipped(name: str, why: str, do: str = "") -> Check:
    """Say why nothing was looked at."""
    return Check(name=name, state="skipped", what=why, do=do)


def failed(name: str, failure: Failure) -> Check:
    """Give *failure* as a check that failed."""
    what = f"{failure.code} {failure.what}: {failure.where}: {failure.why}"
    leave = failure.exit if failure.exit in (CONFIGURATION, UNREACHABLE) else CONFIGURATION
    return Check(name=name, state="failed", what=what, do=failure.do, exit=leave)


def examined(name: str, look: Callable[[], Check | Iterable[Check]]) -> Iterator[Check]:
    """Give what *look* finds; whatever it raises becomes a failed check named *name*."""
    try:
        found = look()
        yield from [found] if isinstance(found, Check) else found
    except Failure as failure:
        yield failed(name, failure)
    except Exception as error:  # noqa: BLE001 - the other checks are still to be run
        told = f"{type(error).__name__}: {error}".splitlines()[0]
        yield away(name, told, "run it with --debug, and report it if it stays")


def masked(checks: Iterable[Check], secrets: Iterable[str]) -> list[Check]:
    """Give *checks* with every one of *secrets* blotted out, wherever it got into a text."""
    blots = sorted({s for s in secrets if s}, key=len, reverse=True)
    return [_masked(check, blots) for check in checks]


def _masked(check: Check, blots: list[str]) -> Check:
    what, do = check.what, check.do
    for blot in blots:
        what, do = what.replace(blot, "***"), do.replace(blot, "***")
    return msgspec.structs.replace(check, what=what, do=do)
