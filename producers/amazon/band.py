"""Guard G7: how a report may differ from the last one, and how much of it may be unreadable.

Limits are settings, of the deployment, an account or a store; the nearer counts
(`reliability.md` 2.3).
"""

import msgspec

from schemas.settings import Settings


class Band(msgspec.Struct, frozen=True):
    """The limits. *min_rows*: of the last accepted report's; *max_undecodable*: of all rows."""

    min_rows: float = 0.80
    max_undecodable: float = 0.01


def band(settings: Settings, account: str, store: str) -> Band:
    """Give the limits in force for reports of *store*."""
    guards = (settings.of("guards").get(place) for place in ("deployment", account, store))
    stated = {name: v for g in guards if g for name, v in g.limits.get("report", {}).items()}
    known = {name: float(stated[name]) for name in Band.__struct_fields__ if name in stated}
    return Band(**known)
