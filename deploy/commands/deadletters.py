"""`dlq list`, `dlq show`: what was set aside, why, and what to do about it."""

from typing import Annotated, Any

import msgspec
import typer

from deploy.commands.plain import printable, safe
from deploy.commands.session import Session, session, shown
from deploy.errors import Failure
from deploy.watch.deadletters import Entry, Inbox, Letter, Place, entries, inbox, letter, to_do
from schemas.record import Record

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Topic = Annotated[str | None, typer.Option(help="Only this input topic.")]
Group = Annotated[str | None, typer.Option(help="Only what this group set aside.")]
Reason = Annotated[str | None, typer.Option(help="Only this dlq-reason or code.")]
Limit = Annotated[int, typer.Option(help="Entries at the most.", min=1)]

VALUE = 20_000
"""Characters of a value that a terminal is given; `--json` has all of it."""


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    group = typer.Typer(no_args_is_help=True, help="Dead letters: what was set aside, and why.")
    group.command("list")(dlq_list)
    group.command("show")(dlq_show)
    app.add_typer(group, name="dlq")


def dlq_list(
    context: typer.Context,
    topic: Topic = None,
    group: Group = None,
    reason: Reason = None,
    limit: Limit = 50,
    json: Json = False,
) -> None:
    """List the dead letters, one line for all that failed in the same way."""
    here = session(context)
    with inbox(here.bootstrap) as box:
        letters = (letter(r) for r in box.records(box.topics(topic=topic, group=group)))
        found = entries(one for one in letters if reason in (None, one.reason, one.code))
    if json:
        told = [as_object(entry) for entry in found[:limit]]
        here.json({"entries": told, "total": len(found), "limit": limit})
        return
    columns = ("fingerprint", "reason", "code", "count", "first", "last", "groups", "message")
    here.table(columns, [_row(entry) for entry in found[:limit]])
    _close(here, found, limit)


def dlq_show(
    context: typer.Context,
    which: Annotated[str, typer.Argument(metavar="FINGERPRINT|TOPIC/PARTITION/OFFSET")],
    json: Json = False,
) -> None:
    """Show one dead letter: headers, value decoded and raw, and what to do."""
    here = session(context)
    with inbox(here.bootstrap) as box:
        record = _at(box, which) if "/" in which else _sample(box, which)
    if record is None:
        raise Failure(
            "LW-0801",
            where=printable(which),
            why="no such fingerprint, and no record at such a coordinate, in any .dlq topic",
            do="listwire dlq list",
        )
    if json:
        here.json(opened(record))
    else:
        _print(here, record)


def as_object(entry: Entry) -> dict[str, Any]:
    """Give *entry* as `dlq list --json` prints it."""
    return {name: getattr(entry, name) for name in entry.__struct_fields__} | {
        "sample": str(entry.sample)
    }


def opened(record: Record) -> dict[str, Any]:
    """Give all of one dead letter, as `dlq show --json` prints it."""
    read = letter(record)
    return {
        "place": str(read.place),
        "fingerprint": read.fingerprint,
        "origin": read.origin or None,
        "group": read.group,
        "reason": read.reason,
        "code": read.code,
        "message": read.message,
        "replayed": read.replayed,
        "first": read.first,
        "last": read.last,
        "do": to_do(read.reason, read.code),
        "headers": [[name, _text(value)] for name, value in record.headers],
        "key": _text(record.key),
        "decoded": _decoded(record.value),
        "value": _text(record.value),
        "value_hex": None if _is_text(record.value) else (record.value or b"").hex(),
    }


# --- finding one --------------------------------------------------------------------------


def _at(box: Inbox, which: str) -> Record | None:
    topic, _, rest = which.partition("/")
    partition, _, offset = rest.partition("/")
    if not (partition.isdecimal() and offset.isdecimal()):
        raise typer.BadParameter("TOPIC/PARTITION/OFFSET, as `dlq list` shows it")
    return box.at(Place(topic, int(partition), int(offset)))


def _sample(box: Inbox, fingerprint: str) -> Record | None:
    newest: tuple[Letter, Record] | None = None
    for record in box.records(box.topics()):
        read = letter(record)
        if read.fingerprint == fingerprint and (newest is None or not _older(read, newest[0])):
            newest = read, record
    return newest[1] if newest else None


def _older(one: Letter, than: Letter) -> bool:
    return one.last is not None and than.last is not None and one.last < than.last


# --- printing -----------------------------------------------------------------------------


def _row(entry: Entry) -> tuple[object, ...]:
    groups = ", ".join(entry.groups)
    told = (entry.fingerprint, entry.reason, entry.code, entry.count)
    return (*told, entry.first, entry.last, groups, entry.message[:200])


def _close(here: Session, found: list[Entry], limit: int) -> None:
    if not found:
        here.talk.print("no dead letters")
    elif len(found) > limit:
        here.talk.print(f"{limit} of {len(found)} kinds; more with --limit")
    else:
        here.talk.print(f"look at one with: listwire dlq show {safe(found[0].fingerprint)}")


def _print(here: Session, record: Record) -> None:
    told = opened(record)
    for name in ("place", "fingerprint", "origin", "group", "reason", "code", "replayed"):
        here.out.print(f"[bold]{name:<12}[/] {safe(told[name])}")
    here.out.print(f"[bold]{'failed':<12}[/] {shown(told['first'])} … {shown(told['last'])}")
    here.out.print(f"[bold]{'message':<12}[/] {safe(told['message'])}")
    here.out.print(f"[bold]{'do':<12}[/] {safe(told['do'])}")
    here.out.print("\n[bold]headers[/]")
    for name, value in told["headers"]:
        here.out.print(f"  {safe(name)}: {safe(value, lines=name == 'dlq-stack')}")
    here.out.print(f"\n[bold]key[/]    {safe(told['key'])}")
    here.out.print(f"[bold]value[/]  {_size(record.value)}")
    here.out.print(safe(_readable(record.value)[:VALUE], lines=True))
    if _decoded(record.value) is not None:
        here.out.print("[bold]decoded[/]")
        pretty = msgspec.json.format(record.value or b"", indent=2).decode()
        here.out.print(safe(pretty[:VALUE], lines=True))


def _size(value: bytes | None) -> str:
    return "null: a deletion" if value is None else f"{len(value):,} bytes"


def _readable(value: bytes | None) -> str:
    """Give *value* as text, as it stands; bytes that are no text as a dump."""
    if value is None:
        return ""
    return value.decode() if _is_text(value) else _dump(value[: VALUE // 4])


def _dump(value: bytes) -> str:
    rows = (value[i : i + 16] for i in range(0, len(value), 16))
    return "\n".join(f"{16 * n:06x}  {row.hex(' ')}" for n, row in enumerate(rows))


def _decoded(value: bytes | None) -> msgspec.Raw | None:
    """Give *value* if it is JSON, its numbers spelled as they came."""
    try:
        msgspec.json.decode(value or b"")
    except (ValueError, RecursionError):
        return None
    return msgspec.Raw(value or b"")


def _is_text(value: bytes | None) -> bool:
    try:
        (value or b"").decode()
    except UnicodeDecodeError:
        return False
    return True


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode(errors="backslashreplace")
