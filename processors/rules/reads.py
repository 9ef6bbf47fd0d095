"""When a listing must be read at Amazon, and why.

Nothing here remembers that a read was asked for: a cause stands until something read is
younger than it, so the same facts always ask the same.
"""

from datetime import timedelta

from processors.rules import imported, reported, situation
from processors.rules.draft import Draft
from processors.rules.known import READ, SharedSku, micros
from processors.rules.observed import differs
from schemas.amazon import Report
from schemas.settings import Settings


def read_why(sku: SharedSku, own: Draft, line: int, settings: Settings) -> str | None:
    """Give why the listing must be read at Amazon, None if nothing is open.

    What was stated since the last read may need one; a read settles all of it.
    """
    facts = own.facts
    if line == 40:
        return "BEFORE_CREATION" if facts.exists is None else None
    if line == 1 and not own.published and facts.command is not None:
        return "ENDING" if facts.command.at >= facts.read_at else None
    if not own.published:
        return "NOTIFIED" if facts.hinted > facts.read_at else None
    found = [("NOTIFIED", max(facts.hinted, sku.hinted))]
    if line == 5 and situation.damaged(sku, facts):
        found.append(("DAMAGED_SKU", 1))
    if line not in {1, 2, 3, 4, 5}:
        found += [*_triggers(own, line, settings), *_differing(sku, own)]
    return next((why for why, since in found if since > facts.read_at), None)


def _triggers(own: Draft, line: int, settings: Settings) -> list[tuple[str, int]]:
    """Give causes of a read with the instant that a read must be younger than."""
    facts, shows = own.facts, own.shows
    found = []
    alive = facts.alive.at if facts.alive else 0
    if line == 14:
        found.append(("AWAITING_AMAZON_STATUS", alive))
    found += [("UNKNOWN_VALUE", s.mark.at) for f, s in facts.odd.items() if own.odd_stands(f)]
    if shows.asin is None:
        found.append(("ASIN_MISSING", alive))
    told = shows.status_mark
    if line in {22, 23} and told is not None and told.rank != READ:
        found.append(("UNKNOWN_AMAZON_REASON", told.at))
    if (missing := missed(own, settings)) is not None:
        found.append(("ABSENT_FROM_REPORTS", missing))
    found.append(("IMPORT_AGAIN", facts.import_at))
    if imported.unread(own, settings):
        found.append(("IMPORT_ATTRIBUTES", NEVER))
    return found


NEVER = 2**63
"""No read is young enough: the cause stands until what was asked for is told."""


def _differing(sku: SharedSku, own: Draft) -> list[tuple[str, int]]:
    """Give the rows of reports that may not be believed, and say something else."""
    quantity = sku.quantity.value if sku.quantity else None
    rows = reported.doubted(own.facts, sku.flights)
    return [
        ("REPORT_DIFFERS", row.mark.at + row.mark.behind)
        for row in rows[-1:]
        if differs(row, own.shows, quantity)
    ]


def missed(own: Draft, settings: Settings) -> int | None:
    """Give the merge time of the newest report if it and the one before lack the listing."""
    last_two = [_merged_at(r, own) for r in settings.reports.get(own.store, ())]
    alive = own.facts.alive.at if own.facts.alive else None
    if alive is None or len(last_two) < 2 or not all(at > alive for at in last_two):
        return None
    return max(last_two)


def _merged_at(report: Report, own: Draft) -> int:
    allowance = timedelta(seconds=situation.seconds(own.listing.graces.report))
    return micros((report.as_of or report.requested_at) - allowance)
