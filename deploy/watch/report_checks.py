"""What `doctor` says of reports: which store's last one was refused, waits, or is too old."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from deploy.watch.check import Check, ok, skipped, warning
from producers.amazon.run import Run

LONG = timedelta(hours=2)
"""Time in which Amazon finishes a listing report, and we read it."""
SHOW = "listwire report show STORE"


def report_check(newest: Mapping[tuple[str, str], Run], now: datetime) -> Check:
    """Judge the latest run of each store and type."""
    if not newest:
        return skipped("reports", "none was ever wanted", "start `listwire work reports`")
    wrong = [text for run in newest.values() for text in _wrong(run, now)]
    if wrong:
        more = f" (and {len(wrong) - 3} more)" if len(wrong) > 3 else ""
        return warning("reports", "; ".join(wrong[:3]) + more, SHOW)
    return ok("reports", f"{len(newest)} of store and type, none refused, none waits long")


def _wrong(run: Run, now: datetime) -> Iterator[str]:
    if run.state == "refused":
        yield f"{run.store} {run.type} refused: {run.why}"
    elif run.open and now - run.wanted_at > LONG:
        hours = (now - run.wanted_at) / timedelta(hours=1)
        yield f"{run.store} {run.type} {run.state} for {hours:.0f} h: {run.why or 'Amazon works'}"
