"""The steps of a report's life: ask, wait, download, read, say that it is complete.

One call of `step` is one act, and gives the run as it is to be written down. Whatever it does
outside may be done again after a crash: asking is not, so what Amazon lists is looked at
first; a document's name in the archive is its content; observations and markers have ids of
their report and row; and a report is called complete only behind its last row's
acknowledgement.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import msgspec

from producers.amazon import collect
from producers.amazon.band import band
from producers.amazon.document import Open
from producers.amazon.ports import Ports, Told
from producers.amazon.reading import Reading
from producers.amazon.report import Origin
from producers.amazon.run import Run, State, changed, moved
from schemas.amazon import Report
from schemas.errors import NotAllowed, Refused, TryAgain

SLACK = timedelta(minutes=1)
"""How far Amazon's clock may be from what we take it for, when we look for our own report."""
PATIENCE = timedelta(hours=48)
"""After so long Amazon is not expected to finish a report any more."""
POLLS = (10.0, 20.0, 30.0, 60.0, 120.0, 300.0)
"""Seconds between two looks at a report; a notification comes before most of them."""
KEPT_ROWS = 100
"""Refused rows of a report that are kept with their reason; all are counted."""


def step(run: Run, ports: Ports) -> Run:
    """Do what is next for *run*, and give it as it is to be written down.

    What ends without its rows is told with its reason. Raises `TryAgain`, `Unanswered` and
    `NotAllowed` where nothing came of it.
    """
    if run.state != "emitted" and not _still_there(run, ports):
        return refuse(run, "the settings know no such store of this account", ports)
    try:
        after = ACTS[run.state](run, ports)
    except Refused as no:
        return refuse(run, str(no), ports)
    if after.state in ("refused", "dropped"):
        _tell(after, "refused", ports)
    return after


def refuse(run: Run, why: str, ports: Ports) -> Run:
    """Tell everybody that *run* is refused and why, and give it so."""
    over = _over(run, "refused", why, ports)
    _tell(over, "refused", ports)
    return over


def _still_there(run: Run, ports: Ports) -> bool:
    store = ports.settings().store(run.store)
    return store is not None and store.account == run.account


# --- asking -------------------------------------------------------------------------------


def _ask(run: Run, ports: Ports) -> Run:
    """Ask Amazon for the report, unless a request of which nothing was heard arrived."""
    if run.asked_at is not None and (told := _arrived(run, run.asked_at, ports)):
        asked_at = min(run.asked_at, told.created)
        return moved(run, "requested", at=ports.now(), report=told.report, asked_at=asked_at)
    asked = ports.ledger.save(changed(run, asked_at=ports.amazon.now()))
    try:
        report = ports.amazon.request(run.account, run.store, run.type)
    except Refused as no:
        return _over(asked, "refused", str(no), ports)
    except (TryAgain, NotAllowed):  # Amazon has not taken it: there is nothing to look for
        ports.ledger.save(changed(asked, asked_at=None))
        raise
    return moved(asked, "requested", at=ports.now(), report=report)


def _arrived(run: Run, asked_at: datetime, ports: Ports) -> Told | None:
    since = min(asked_at, run.wanted_at) - SLACK  # one answer's clock may have been wrong
    listed = ports.amazon.listed(run.account, run.store, run.type, since)
    known = ports.ledger.known(run.account)
    ours = [
        t for t in listed if t.report not in known and t.created >= since and t.status != "FATAL"
    ]
    return max(ours, key=lambda told: told.created, default=None)


# --- waiting ------------------------------------------------------------------------------


def _wait(run: Run, ports: Ports) -> Run:
    """Look how far it is; the first look tells everybody that it was requested."""
    if run.polls == 0:
        _tell(run, "requested", ports)
    told = ports.amazon.told(run.account, run.store, run.report or "")
    if not told.mine or told.type != run.type:
        return _over(run, "refused", "it is another marketplace's or of another type", ports)
    return STATUSES.get(told.status, _later)(run, told, ports)


def _finished(run: Run, told: Told, ports: Ports) -> Run:
    if told.document is None:
        return _over(run, "refused", "Amazon finished it without a document", ports)
    return moved(
        run,
        "done",
        at=ports.now(),
        asked_at=told.created,
        document=told.document,
        data_end=told.data_end,
        processing_end=told.processing_end,
    )


def _cancelled(run: Run, told: Told, ports: Ports) -> Run:  # noqa: ARG001 - one of STATUSES
    return _over(run, "refused", "Amazon cancelled it: there are no data, or somebody did", ports)


def _aborted(run: Run, told: Told, ports: Ports) -> Run:  # noqa: ARG001 - one of STATUSES
    if run.aborted:
        return _over(run, "refused", "Amazon aborted it, and the one asked for instead", ports)
    again = {"aborted": 1, "asked_at": None, "report": None, "polls": 0}
    return moved(run, "wanted", at=ports.now(), **again)


def _later(run: Run, told: Told, ports: Ports) -> Run:
    if run.asked_at and ports.amazon.now() - run.asked_at > PATIENCE:
        return _over(run, "refused", f"still {told.status[:40]} after 48 hours", ports)
    pause = POLLS[min(run.polls, len(POLLS) - 1)]
    due_at = ports.now() + timedelta(seconds=pause)
    return changed(run, polls=run.polls + 1, due_at=due_at, tries=0, why=None)


STATUSES = {"DONE": _finished, "CANCELLED": _cancelled, "FATAL": _aborted}
"""What a report's status leads to; all others, known or not, mean *not yet*."""


# --- the document -------------------------------------------------------------------------


def _download(run: Run, ports: Ports) -> Run:
    with TemporaryDirectory(prefix="listwire-report-") as folder:
        file = Path(folder) / "document"
        got = ports.amazon.fetch(run.account, run.document or "", file)
        name = ports.archive.put(file)
    return moved(run, "archived", at=ports.now(), archived=name, charset=got.charset, size=got.size)


def _read(run: Run, ports: Ports) -> Run:
    """Send what the document says of each listing; behind the last row are its *ends*."""
    try:
        with ports.archive.local(run.archived or "") as open_:
            return _opened(run, open_, ports)
    except LookupError as lost:
        return moved(run, "done", at=ports.now(), why=str(lost)[:300])


def _opened(run: Run, open_: Open, ports: Ports) -> Run:
    with ports.reader(open_, run.charset) as reading:
        return _sent(run, reading, ports)


def _sent(run: Run, doc: Reading, ports: Ports) -> Run:
    previous, accepted = ports.ledger.previous(run), ports.ledger.accepted(run)
    as_of = _as_of(run, doc.hash, previous)
    run = changed(run, hash=doc.hash, as_of=as_of)
    if why := _stale(run, previous, accepted):
        return _over(run, "dropped", why, ports)
    last_rows = None if accepted is None or run.fewer else accepted.rows
    try:
        within = band(ports.settings(), run.account, run.store)
        found = doc.survey(run.type, last_rows, within)
    except Refused as no:
        return _over(run, "refused", str(no), ports)
    publisher = ports.publisher()
    sent = collect.send_rows(doc, _origin(run, as_of, ports), publisher)
    publisher.flush()
    ends = ports.ends()
    return moved(
        run,
        "emitted",
        at=ports.now(),
        rows=found.rows,
        rows_refused=sent.aside,
        refused_rows=[msgspec.structs.asdict(row) for row in sent.refused[:KEPT_ROWS]],
        why="; ".join((*found.notes, *sent.notes))[:2000] or None,
        ends=collect.stated(ends),
    )


def _as_of(run: Run, hash_: str, previous: Run | None) -> datetime:
    """Give as of when its rows are: the earlier of the request, as Amazon has it, and data end.

    A document that was handed out before keeps its age: Amazon caches it (`amazon.md` 8).
    """
    same = previous.as_of if previous and previous.hash == hash_ else None
    stated = [run.asked_at, run.data_end, same]
    return min(moment for moment in stated if moment is not None)


def _stale(run: Run, previous: Run | None, accepted: Run | None) -> str | None:
    if previous and previous.hash == run.hash and previous.state in ("complete", "dropped"):
        return f"the same document as report {previous.name}"
    if accepted and accepted.as_of and run.as_of and run.as_of <= accepted.as_of:
        return f"it is not newer than report {accepted.name}"
    return None


def _origin(run: Run, as_of: datetime, ports: Ports) -> Origin:
    settings = ports.settings()
    account = settings.of("account").get(run.account)
    return Origin(
        report=run.name,
        account=run.account,
        store=run.store,
        currency=settings.of("store")[run.store].place.currency,
        as_of=as_of,
        seller=None if account is None else account.merchant_token,
    )


# --- its end ------------------------------------------------------------------------------


def _complete(run: Run, ports: Ports) -> Run:
    _tell(run, "complete", ports)
    return moved(run, "complete", at=ports.now(), why=run.why)


def _over(run: Run, to: State, why: str, ports: Ports) -> Run:
    return moved(run, to, at=ports.now(), why=why)


Said = Literal["requested", "complete", "refused"]


def _tell(run: Run, state: Said, ports: Ports) -> None:
    collect.send_marker(marker(run, state), ports.publisher())


def marker(run: Run, state: Said) -> Report:
    """Give what everybody is told of *run*."""
    return Report(
        store=run.store,
        report=run.name,
        type=run.type,
        state=state,
        requested_at=run.asked_at or run.wanted_at,
        data_end=run.data_end,
        as_of=run.as_of,
        rows=run.rows,
        rows_refused=run.rows_refused,
        hash=run.hash,
        ends=run.ends if state == "complete" else {},
        why=run.why if state == "refused" else None,
    )


ACTS: Mapping[str, Callable[[Run, Ports], Run]] = {
    "wanted": _ask,
    "requested": _wait,
    "done": _download,
    "archived": _read,
    "emitted": _complete,
}
"""What is next in each open state."""
