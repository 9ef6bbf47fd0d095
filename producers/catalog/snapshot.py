"""Whole readings as sessions: opened with count and hash, sealed at the end. Pure.

Only a sealed session tells what is no longer there, and the guards look at that first
(`reliability.md` A.d, 2.3): G7's limit judges the whole, G1's the endings. What is unsealed,
empty, of another count or hash than was declared ends nothing, and says so.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Literal

import msgspec

from schemas.settings import Settings

State = Literal["open", "sealed", "ended", "held", "refused", "dropped"]
"""*sealed*: judged, and its endings are being told. All others but *open* are final, or wait."""

COUNT, SHARE, MIN_ROWS = 10, 0.02, 0.80
"""The guards' limits unless settings say otherwise: G1 `ending`, G7 `report`."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """One session. *marks*: the ends of the topics when the reading began (`catalog.…|0`)."""

    id: str
    shop: str
    by: str
    opened_at: datetime
    count: int
    hash: str
    marks: dict[str, int] = {}
    state: State = "open"
    closed_at: datetime | None = None
    present: int = 0
    missing: list[str] = []
    guard: str | None = None
    why: str | None = None
    released_by: str | None = None


def marks_of(session: Snapshot) -> dict[tuple[str, int], int]:
    """Give the ends of the topics when the session's reading began."""
    parted = ((name.split("|"), end) for name, end in session.marks.items())
    return {(topic, int(partition)): end for (topic, partition), end in parted}


def as_stated(marks: Mapping[tuple[str, int], int]) -> dict[str, int]:
    """Give *marks* as a session holds them."""
    return {f"{topic}|{partition}": end for (topic, partition), end in marks.items()}


class Limits(msgspec.Struct, frozen=True):
    """The limits in force."""

    count: float = COUNT
    share: float = SHARE
    min_rows: float = MIN_ROWS


class Verdict(msgspec.Struct, frozen=True):
    """What becomes of a session that somebody wants to seal."""

    state: State
    why: str | None = None
    guard: str | None = None
    missing: tuple[str, ...] = ()


def fingerprint(skus: Iterable[str]) -> str:
    """Give the hash that a session is opened with: `LC_ALL=C sort -u skus | sha256sum`.

    One SKU a line, in the order of their bytes: the same for whatever order, parts or form
    they come in.
    """
    digest = sha256()
    for line in sorted({sku.encode() for sku in skus}):
        digest.update(line + b"\n")
    return digest.hexdigest()


def limits(settings: Settings) -> Limits:
    """Give the limits of the deployment."""
    stated = settings.of("guards").get("deployment")
    ending = stated.limits.get("ending", {}) if stated else {}
    report = stated.limits.get("report", {}) if stated else {}
    return Limits(
        float(ending.get("count", COUNT)),
        float(ending.get("share_1h", SHARE)),
        float(report.get("min_rows", MIN_ROWS)),
    )


def judge(
    session: Snapshot,
    seen: Mapping[str, bool],
    known: Iterable[str],
    last: int | None,
    within: Limits,
) -> Verdict:
    """Tell what *session* may end.

    *seen*: the SKUs it brought, and whether the shop still had them when they were read;
    *known*: the products that this shop told and nobody else told of since the reading
    began; *last*: how many the last whole had, None for the first.
    """
    if session.state not in ("open", "sealed"):
        return Verdict(session.state, "it was closed before")
    if (wrong := _undeclared(session, seen)) is not None:
        return Verdict("refused", f"{wrong}; nothing is ended")
    there = {sku for sku, present in seen.items() if present}
    before = set(known)
    missing = tuple(sorted(before - there))
    if (
        shrunk := _shrunk(len(there), last if last is not None else len(before), within)
    ) is not None:
        return Verdict("held", shrunk, "G7", missing)
    if len(missing) > (most := max(within.count, within.share * len(before))):
        why = f"{len(missing)} of {len(before)} known products are missing, at most {most:g}"
        return Verdict("held", why, "G1", missing)
    return Verdict("sealed", None, None, missing)


def _undeclared(session: Snapshot, seen: Mapping[str, bool]) -> str | None:
    if not any(seen.values()):
        return "it is empty"
    if len(seen) != session.count:
        return f"{len(seen)} products came, {session.count} were declared"
    if (came := fingerprint(seen)) != session.hash:
        return f"what came has the hash {came}, declared was {session.hash}"
    return None


def _shrunk(rows: int, last: int, within: Limits) -> str | None:
    if rows >= within.min_rows * last:
        return None
    share = f"{within.min_rows:.0%}"
    return f"{rows} products where there were {last}: fewer than {share}"
