"""`events validate` and `events send`: the webhook's judge, on a file or on what is piped in."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer

from deploy.codes import PARTIAL
from deploy.commands.plain import printable
from deploy.commands.session import Session, session
from deploy.errors import Failure
from deploy.webhook.reading import READERS
from producers.catalog import contract, forms
from producers.catalog.envelope import Part
from producers.catalog.judge import Breach, NotTaken, Told, judge, record
from producers.catalog.refusal import Refusal, Unfit
from producers.catalog.stamps import Stamps

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
File = Annotated[str, typer.Argument(help="A file, or - for standard input.")]
Kind = Annotated[str, typer.Option(help="Who sends such: events (ours) or adobe.")]

SHOWN = 100
"""Refusals that are listed; all are counted."""


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    events = typer.Typer(no_args_is_help=True, help="Events of other teams, one by one.")
    events.command("validate")(validate)
    events.command("send")(send)
    app.add_typer(events, name="events")


class Verdicts(msgspec.Struct, kw_only=True):
    """What became of the events in a file."""

    fit: int = 0
    refused: int = 0
    refusals: list[Refusal] = []
    sent: int = 0

    def refuse(self, refusal: Refusal) -> None:
        """Count one more that does not fit."""
        self.refused += 1
        if len(self.refusals) < SHOWN:
            self.refusals.append(refusal)

    def failure(self, do: str) -> Failure:
        """Give what a person reads: the first refusal, and what to *do*."""
        first = self.refusals[0]
        return Failure("LW-0530", where=first.where, why=first.rule, do=do)


def validate(
    context: typer.Context,
    file: File,
    type: Annotated[  # noqa: A002 - CloudEvents' word
        str | None, typer.Option(help="The file holds bare data of this type.")
    ] = None,
    kind: Kind = "events",
    json: Json = False,
) -> None:
    """Judge events as the webhook does, offline; exit 5 if one does not fit.

    Reads CloudEvents (one document, an array, or one a line), lines of a catalogue file, or
    with --type an event's bare data.
    """
    here = session(context)
    verdicts, stamps = Verdicts(), Stamps(here.now)
    for place, part in _parts(file, type):
        try:
            _judged(forms.enveloped(part), kind, stamps)
            verdicts.fit += 1
        except NotTaken as error:
            verdicts.refuse(_refusal(file, place, part, error.breaches[0]))
    _tell(here, verdicts, json=json)
    if verdicts.refused:
        raise verdicts.failure(f"mend it; {verdicts.fit:,} fit, {verdicts.refused:,} refused")


def send(
    context: typer.Context,
    file: File,
    skip_bad: Annotated[bool, typer.Option(help="Go on behind a bad event.")] = False,
    kind: Kind = "events",
    json: Json = False,
) -> None:
    """Send CloudEvents to their topics; comes back once the broker has them.

    An array is judged whole; of lines, those before the first bad one are sent.
    """
    from deploy.connect.kafka import open_producer  # noqa: PLC0415 - opens the broker
    from producers.publish import Publisher, Unpublished  # noqa: PLC0415 - on demand

    here = session(context)
    verdicts, stamps = Verdicts(), Stamps(here.now)
    with open_producer(here.bootstrap) as producer:
        publisher = Publisher(producer)
        try:
            fitting = _fitting(file, kind, verdicts, stamps, skip_bad=skip_bad)
            for number, told in enumerate(fitting, 1):
                made = record(told, sequence=stamps.stamp(told), now=here.now())
                publisher.send(made, number)
            publisher.flush()
        except Unpublished as error:
            verdicts.sent = error.acknowledged or 0
            raise Failure(
                "LW-0207",
                where=file,
                why=f"{error}; {verdicts.sent:,} events are at the broker",
                do="run the same command again: the same ids, so nothing counts twice",
            ) from None
    verdicts.sent = publisher.sent
    _tell(here, verdicts, json=json)
    _leave(verdicts, skip_bad=skip_bad)


def _leave(verdicts: Verdicts, *, skip_bad: bool) -> None:
    if verdicts.refused and skip_bad:
        raise typer.Exit(PARTIAL)
    if verdicts.refused:
        do = f"mend it, or skip bad events with --skip-bad; {verdicts.sent:,} sent"
        raise verdicts.failure(do)


def _fitting(
    file: str, kind: str, verdicts: Verdicts, stamps: Stamps, *, skip_bad: bool
) -> Iterator[Told]:
    """Give the events that fit, of lines up to the first that does not."""
    waiting: list[Told] = []
    for place, part in _parts(file, None):
        try:
            told = _judged(part, kind, stamps)
        except NotTaken as error:
            verdicts.refuse(_refusal(file, place, part, error.breaches[0]))
            if not skip_bad and not _in_array(place):
                return
            continue
        verdicts.fit += 1
        if _in_array(place):
            waiting += told
        else:
            yield from told
    if not verdicts.refused or skip_bad:
        yield from waiting


def _in_array(place: str) -> bool:
    return place.startswith("[")


def _judged(part: Part, kind: str, stamps: Stamps) -> tuple[Told, ...]:
    if kind not in READERS:
        raise typer.BadParameter(f"one of {', '.join(READERS)}", param_hint="--kind")
    found = judge([part], READERS[kind])
    stamps.agree(kind, found)
    return found[0]


def _parts(file: str, type_: str | None) -> Iterator[tuple[str, Part]]:
    with _opened(file) as stream:
        if (topic := type_ or _type_by_folder(file)) is None:
            yield from forms.parts_in(stream)
        else:
            yield "1", forms.bare(topic, stream.read(forms.MOST_FILE))


def _type_by_folder(file: str) -> str | None:
    folder = Path(file).absolute().parent.name
    return folder if folder in contract.TYPES else None


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as stream:
            yield stream
    except OSError as error:
        raise Failure(
            "LW-0538", where=file, why=str(error), do="name a file that can be read"
        ) from None


def _refusal(file: str, place: str, part: Part, breach: Breach) -> Refusal:
    stated = {} if isinstance(part, Unfit) else part.attributes
    return Refusal(
        file=f"{Path(file).name}{place}" if _in_array(place) else Path(file).name,
        line=1 if _in_array(place) else int(place),
        field=breach.field,
        rule=printable(breach.rule),
        type=_shown(stated.get("type")),
        sku=_shown(stated.get("subject")),
        code="LW-0530",
    )


def _shown(value: object) -> str | None:
    return printable(value[:64]) if isinstance(value, str) else None


def _tell(here: Session, verdicts: Verdicts, *, json: bool) -> None:
    if json:
        here.json(verdicts)
        return
    for refusal in verdicts.refusals:
        line = f"refused {refusal.where}: {refusal.rule}"
        here.talk.print(line, style="yellow", markup=False, soft_wrap=True)
    sent = f", {verdicts.sent:,} sent" if verdicts.sent else ""
    here.talk.print(f"{verdicts.fit:,} fit, {verdicts.refused:,} refused{sent}")
