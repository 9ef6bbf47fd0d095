"""A settings file → the records of `settings.v1` that it changes, all of them or none.

`plan` reads, checks and compares with what is there: a record that stays as it is is not
sent again. `records` puts the changes on the topic; `show` writes what is there as a file.
"""

import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec
import yaml

from producers.operator import mappings
from producers.operator.checks import wrong
from producers.operator.leaves import option, resolved
from producers.operator.shape import Shaped, Shaper, locate
from producers.operator.text import Invalid, Problem, read
from schemas import codec, keys
from schemas.event import as_text
from schemas.money import Number
from schemas.record import Record
from schemas.settings import (
    KINDS,
    Bare,
    ImportMapping,
    ItemConditions,
    PricingRule,
    Rule,
    Setting,
    Settings,
)

TOPIC = "settings.v1"
SOURCE = "/listwire/producers/operator"
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""Ids of accounts, stores and websites: they stand in keys, in labels and in addresses."""

NAMED = frozenset(["account", "store", "website"])
FIXED = {"account": "region", "store": "account marketplace website"}
"""Members that make a record what it is: to change them, delete it and create another."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One record to be replaced, or (value None) deleted; *line* 0 = by `--prune`."""

    kind: str
    id: str
    value: Setting | None
    version: int
    line: int = 0
    new: bool = False


def plan(
    text: str, known: Settings, *, by: str, file: str = "settings.yaml", prune: bool = False
) -> list[Change]:
    """Give the changes that *text* asks for, given what is *known*.

    Raises `Invalid` with everything that is wrong, each with file, line and path.
    """
    root = read(text, file)
    shaper = Shaper()
    shaped = shaper.records(root)
    problems = list(shaper.problems)
    if not problems:
        pruned = _pruned(shaped, root.value, known) if prune else []
        pruned += _cleared(shaped, pruned, known)
        after = _after(shaped, pruned, known)
        shaped = [_resolved(record, after, problems) for record in shaped]
        after = _after(shaped, pruned, known)
        problems += _checked(shaped, known, after) + _dangling(shaped, pruned, after)
    if problems:
        raise Invalid([msgspec.structs.replace(p, file=file) for p in sorted(problems)])
    return [c for c in _changes(shaped, pruned, known, by) if _differs(c, known)]


def _pruned(shaped: list[Shaped], kinds: Iterable[str], known: Settings) -> list[tuple[str, str]]:
    named = {(record.kind, record.id) for record in shaped}
    return [(k, i) for k in kinds for i in known.of(k) if (k, i) not in named]


def _cleared(
    shaped: list[Shaped], pruned: list[tuple[str, str]], known: Settings
) -> list[tuple[str, str]]:
    """Give the import mappings whose target is deleted: they clear themselves (6.1)."""
    gone = {i for k, i in pruned if k == "attribute"}
    gone |= {r.id for r in shaped if r.kind == "attribute" and r.value is None}
    named = {r.id for r in shaped if r.kind == "import_mapping"}
    pruned_too = {i for k, i in pruned if k == "import_mapping"}
    return [
        ("import_mapping", id_)
        for id_, mapping in known.of("import_mapping").items()
        if mapping.target in gone and id_ not in named | pruned_too
    ]


def _after(shaped: list[Shaped], pruned: list[tuple[str, str]], known: Settings) -> Settings:
    kinds = {kind: dict(known.of(kind)) for kind in KINDS}
    for record in shaped:
        if record.value is None:
            kinds[record.kind].pop(record.id, None)
        else:
            kinds[record.kind][record.id] = record.value
    for kind, id_ in pruned:
        kinds[kind].pop(id_, None)
    return msgspec.structs.replace(known, records=kinds)


def _resolved(record: Shaped, after: Settings, problems: list[Problem]) -> Shaped:
    """Turn labels into option ids, in rules and in conditions."""
    attributes = after.of("attribute")

    def say(place: str, rule: str) -> None:
        problems.append(_problem(record, place, rule))

    value = record.value
    if isinstance(value, Rule):
        value = msgspec.structs.replace(value, tree=resolved(value.tree, attributes, say))
    elif isinstance(value, PricingRule) and value.conditions:

        def below(place: str, rule: str) -> None:
            say(f".conditions{place}", rule)

        tree = resolved(value.conditions, attributes, below)
        value = msgspec.structs.replace(value, conditions=tree)
    elif isinstance(value, ItemConditions) and (a := attributes.get(value.attribute)):
        ids = {code: option(text, a, lambda _: None) for code, text in value.options.items()}
        value = msgspec.structs.replace(value, options=ids)
    return msgspec.structs.replace(record, value=value)


def _problem(record: Shaped, place: str, rule: str) -> Problem:
    later = rule.startswith("not yet supported")
    line = locate(record.node, place).line if place else record.line
    path = f"{record.kind}.{record.id}{place}"
    return Problem(line=line, path=path, rule=rule, code="LW-0605" if later else "LW-0604")


def _checked(shaped: list[Shaped], known: Settings, after: Settings) -> list[Problem]:
    found: list[Problem] = []
    for record in shaped:
        if record.kind in NAMED and not ID.fullmatch(record.id):
            why = "an id has letters, digits, dot, hyphen, underscore; at most 64"
            found.append(_problem(record, "", why))
        if record.value is None:
            continue
        told = wrong(record.kind, record.id, record.value, after)
        found += [_problem(record, place, rule) for place, rule in told]
        found += _fixed(record, known)
    return found + _crossed(shaped, after)


def _crossed(shaped: list[Shaped], after: Settings) -> list[Problem]:
    crossed = mappings.twice(after)
    mine = [(r, crossed[r.id]) for r in shaped if r.kind == "import_mapping" and r.id in crossed]
    return [_problem(record, place, rule) for record, told in mine for place, rule in told]


def _fixed(record: Shaped, known: Settings) -> list[Problem]:
    before = known.of(record.kind).get(record.id)
    members = FIXED.get(record.kind, "").split() if before else []
    if isinstance(before, ImportMapping) and isinstance(record.value, ImportMapping):
        told = mappings.frozen(before, record.value)
        return [_problem(record, place, rule) for place, rule in told]
    return [
        _problem(record, f".{m}", f"it is {getattr(before, m)!r} for good: delete and create anew")
        for m in members
        if getattr(before, m) != getattr(record.value, m)
    ]


def _dangling(
    shaped: list[Shaped], pruned: list[tuple[str, str]], after: Settings
) -> list[Problem]:
    """Find records that the file does not name, and that something deleted leaves alone."""
    gone = [r for r in shaped if r.value is None]
    if not gone and not pruned:
        return []
    named = {(r.kind, r.id) for r in shaped}
    line = gone[0].line if gone else 0
    return [
        Problem(line=line, path=f"{kind}.{id_}{place}", rule=f"left behind: {rule}", code="LW-0604")
        for kind in KINDS
        for id_, value in after.of(kind).items()
        if (kind, id_) not in named
        for place, rule in wrong(kind, id_, value, after)
    ]


def _changes(
    shaped: list[Shaped], pruned: list[tuple[str, str]], known: Settings, by: str
) -> Iterable[Change]:
    order = {kind: nth for nth, kind in enumerate(KINDS)}
    gone = [Shaped(kind, id_, 0, read(""), None) for kind, id_ in pruned]
    kept = [r for r in shaped if r.value is not None]
    deleted = [r for r in shaped if r.value is None] + gone
    kept.sort(key=lambda r: order[r.kind])
    deleted.sort(key=lambda r: -order[r.kind])
    for record in (*kept, *deleted):
        version = known.version(record.kind, record.id) + 1
        value = record.value
        if value is not None:
            mine = {} if record.kind == "fulfilment" or _says_by(value) else {"by": by}
            value = msgspec.structs.replace(value, version=version, **mine)
        yield Change(
            kind=record.kind,
            id=record.id,
            value=value,
            version=version,
            line=record.line,
            new=record.id not in known.of(record.kind),
        )


def _says_by(value: Setting) -> bool:
    return bool(value.by)


def _differs(change: Change, known: Settings) -> bool:
    before = known.of(change.kind).get(change.id)
    if change.value is None or before is None:
        return change.value is not before
    return bool(_content(change.kind, change.value) != _content(change.kind, before))


def _content(kind: str, value: Setting) -> Any:
    plain = msgspec.to_builtins(value, enc_hook=as_text, builtin_types=(bytes,))
    ours = {"version"} if kind in ("fulfilment", "pause") else {"version", "by"}
    return {k: v for k, v in plain.items() if k not in ours}


def records(changes: Iterable[Change], *, now: datetime) -> list[Record]:
    """Give the records of *changes*, in an order in which each finds what it refers to."""
    return [_record(change, now) for change in changes]


def _record(change: Change, now: datetime) -> Record:
    subject = f"{change.kind}/{change.id}"
    content = codec.value_of(change.value) if change.value else b""
    return codec.encode(
        change.value,
        topic=TOPIC,
        key=keys.setting(change.kind, change.id),
        id=codec.derived_id(TOPIC, f"{subject}\n{now.isoformat()}", change.version - 1, content),
        source=SOURCE,
        subject=subject,
        time=now,
        sequence=int(now.timestamp() * 1_000_000),
    )


def show(known: Settings) -> str:
    """Give *known* as the text of a settings file; applying it changes nothing."""
    kinds = {
        kind: {id_: _shown(kind, value) for id_, value in sorted(known.of(kind).items())}
        for kind in KINDS
        if known.of(kind)
    }
    if not kinds:
        return "{}\n"
    return yaml.dump(kinds, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)


def _shown(kind: str, value: Setting) -> Any:
    plain = _content(kind, value)
    return plain.get(Bare[kind], {}) if kind in Bare else plain


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _number(dumper: yaml.SafeDumper, value: Number) -> yaml.ScalarNode:
    return dumper.represent_str(format(value, "f"))


_Dumper.add_representer(Number, _number)
