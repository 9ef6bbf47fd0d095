"""What must be true of import mappings: names, targets, scopes, and no two for one place."""

import re
from collections.abc import Iterator

from producers.operator.shape import near
from schemas import imports
from schemas.marketplaces import marketplace
from schemas.settings import ImportMapping, Settings

Wrong = Iterator[tuple[str, str]]

CODE = re.compile(r"[a-z][a-z0-9_]{0,59}")
"""A catalogue attribute's code: lower case, no blanks; the shop's own limit is 60."""

NO_TARGETS = frozenset(
    "sku type_id status visibility attribute_set_id category_ids website_ids quantity "
    "price special_price special_price_from_date special_price_to_date special_from_date "
    "special_to_date image small_image thumbnail swatch_image media_gallery".split()
)
"""What decides about a listing, or holds files: Amazon's text must not end there."""


def wrong(id_: str, mapping: ImportMapping, all_: Settings) -> Wrong:
    """Give what is wrong with one mapping, given *all_* records."""
    named = _named(id_)
    if named is None:
        yield "", "an import mapping is named country/attribute: DE/Brand"
        return
    try:
        marketplace(named[0])
    except ValueError as error:
        yield "", str(error)
        return
    if not imports.NAME.fullmatch(named[1]):
        yield "", f"{named[1][:60]!r} is no attribute's name: Brand, item_name, item_weight.value"
    yield from _target(mapping, all_)
    yield from _scope(mapping, all_)


def _named(id_: str) -> tuple[str, str] | None:
    country, slash, attribute = id_.partition("/")
    return (country, attribute) if slash and attribute else None


def _target(mapping: ImportMapping, all_: Settings) -> Wrong:
    if not CODE.fullmatch(mapping.target):
        yield ".target", "an attribute's code: lower-case letters, digits, _; at most 60"
    elif mapping.target in NO_TARGETS:
        yield ".target", f"{mapping.target} is no place for text: take an attribute of your own"
    known = all_.of("attribute").get(mapping.target)
    if known is not None and known.scope == "global" and mapping.scope != "global":
        yield ".scope", f"attribute {mapping.target!r} is global: no view has a value of its own"


def _scope(mapping: ImportMapping, all_: Settings) -> Wrong:
    stated = mapping.scope
    if isinstance(stated, str):
        yield from _one(".scope", stated, ("global", "all"), all_)
        return
    if not stated:
        yield ".scope", "global, all, or at least one view"
    for n, each in enumerate(stated):
        yield from _one(f".scope[{n}]", each, (), all_)
        if each in stated[:n]:
            yield f".scope[{n}]", f"{each} stands twice"


def _one(at: str, stated: str, words: tuple[str, ...], all_: Settings) -> Wrong:
    views = [f"view:{view}" for site in all_.of("website").values() for view in site.views]
    if stated not in words and stated not in views:
        hint = near(stated, [*words, *views]) or "; global, all, or views: 'view:fr'"
        yield at, f"no scope {stated[:60]!r}{hint}"


def twice(all_: Settings) -> dict[str, list[tuple[str, str]]]:
    """Give, by id, the active mappings that are in an earlier one's way, and where."""
    found: dict[str, list[tuple[str, str]]] = {}
    for mine in _by_marketplace(all_).values():
        for id_, wrong_ in _crossing(mine):
            found.setdefault(id_, []).append(wrong_)
    return found


def _by_marketplace(all_: Settings) -> dict[str, dict[str, ImportMapping]]:
    found: dict[str, dict[str, ImportMapping]] = {}
    for id_, mapping in sorted(all_.of("import_mapping").items()):
        named = _named(id_)
        try:
            place = marketplace(named[0]).id if named else None
        except ValueError:
            continue
        if mapping.active and place is not None:
            found.setdefault(place, {})[id_] = mapping
    return found


def _crossing(mine: dict[str, ImportMapping]) -> Iterator[tuple[str, tuple[str, str]]]:
    attributes: dict[str, str] = {}
    targets: dict[str, list[str]] = {}
    for id_, mapping in mine.items():
        name = imports.amazons(id_.partition("/")[2])
        if (other := attributes.setdefault(name, id_)) != id_:
            yield id_, ("", f"{other} is the same attribute of the same marketplace")
            continue
        for other in targets.setdefault(mapping.target, []):
            if _overlap(mine[other], mapping):
                yield id_, (".target", f"{other} writes to {mapping.target} in the same scope")
                break
        targets[mapping.target].append(id_)


def _overlap(one: ImportMapping, other: ImportMapping) -> bool:
    if "global" in (one.scope, other.scope):
        return one.scope == other.scope
    mine, theirs = _views(one), _views(other)
    return "all" in mine | theirs or not mine.isdisjoint(theirs)


def _views(mapping: ImportMapping) -> set[str]:
    return {mapping.scope} if isinstance(mapping.scope, str) else set(mapping.scope)


def frozen(before: ImportMapping, after: ImportMapping) -> Wrong:
    """Give what may not change: once it is global, a scope stays so (`listings.md` 6.1)."""
    if before.scope == "global" and after.scope != "global":
        yield ".scope", "it is 'global' for good: delete and create anew"
