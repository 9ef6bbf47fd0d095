"""Product → ASIN: what to ask next, and which candidate to accept (`listings.md` 6.2, 6.3).

Judged anew each time from the remembered answers, so a late or repeated answer can do no
harm. The other direction, listing → product, is `linking.py`.
"""

from collections.abc import Iterable, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from processors.rules.known import Answered
from schemas.amazon import FoundCandidate
from schemas.reasons import Reason

ORDER = ("asin", "upc", "isbn", "ean", "jan", "gtin")
"""Kinds in the order in which they are asked; Amazon's search takes no GCID."""

KEYWORDS = "keywords"
SHOWN = 5
"""Candidates that a reason names."""

Kept = Literal["accepted", "none", "parent", "open", "pending"]
Lookup = Literal["none", "identifiers", "keywords"]


FAMILY, RESTRICTION = "children", "restriction"
"""Kinds of questions that search for nothing new: a parent's children; may it be listed?"""


class Question(msgspec.Struct, frozen=True):
    """What to ask Amazon: an identifier or keywords to search for, an ASIN to check."""

    kind: str
    value: str
    condition: str | None = None


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the product says about itself, as far as matching needs it.

    *claims*: usable identifiers in any order; *unusable*: why the others are none.
    """

    claims: tuple[Question, ...] = ()
    unusable: tuple[Reason, ...] = ()
    keywords: str | None = None
    brand: str | None = None
    mpn: str | None = None
    pack: int | None = None
    varies: dict[str, str] = {}


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """Where the search stands: accepted, still asking, or what a person must settle.

    *ask* is the next question; *absent*: the ASIN that a person chose and this marketplace
    does not have; not *searchable*: there was nothing to ask by.
    """

    kept: Kept
    asin: str | None = None
    product_type: str | None = None
    by: Question | None = None
    ask: Question | None = None
    reasons: tuple[Reason, ...] = ()
    absent: bool = False
    searchable: bool = True
    candidates: tuple[FoundCandidate, ...] = ()

    @property
    def left(self) -> Literal["none", "parent", "open"]:
        """What the search left for a person, as the decision table asks for it."""
        return self.kept if self.kept in {"parent", "open"} else "none"


def outbound(wanted: Wanted, answers: list[Answered], *, person: str | None = None) -> Outcome:
    """Give the ASIN of a product, the next question, or what only a person can settle."""
    known = {(a.kind, a.value): _explained(a) for a in answers if a.kind != RESTRICTION}
    if person is not None:
        return _chosen(person, known.get(("asin", person)))
    search = _Search(wanted)
    for question in in_order(wanted.claims):
        answer = known.get((question.kind, question.value))
        if answer is None:
            return Outcome(kept="pending", ask=question, reasons=(_pending(question),))
        if found := search.judge(question, answer):
            return found
    return _with_family(_by_keywords(search, wanted, known), wanted, known)


def _explained(answer: Answered) -> Answered:
    """Say of every candidate why it was offered."""
    why = f"{answer.kind} {answer.value}"
    return replace(answer, candidates=[replace(c, why=why) for c in answer.candidates])


def in_order(claims: tuple[Question, ...]) -> list[Question]:
    """Sort *claims* as they are asked; kinds that cannot be searched for are left out."""
    usable = [q for q in dict.fromkeys(claims) if q.kind in ORDER]
    return sorted(usable, key=lambda q: ORDER.index(q.kind))


def _chosen(asin: str, answer: Answered | None) -> Outcome:
    """A person's ASIN ends the search; it is looked up once, to see whether it is there."""
    question = Question("asin", asin)
    if answer is None:
        return Outcome(kept="accepted", asin=asin, by=question, ask=question)
    found = next((c for c in answer.candidates if c.asin == asin), None)
    if found is not None and is_parent(found):
        return _only_parent(found)
    kind = found.product_type if found else None
    reason = Reason("BY_PERSON", {"who": "a person"})
    return Outcome(
        kept="accepted",
        asin=asin,
        product_type=kind,
        by=question,
        reasons=(reason,),
        absent=found is None,
    )


class _Search:
    """What the identifiers asked so far have left over."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self.parents: dict[str, FoundCandidate] = {}
        self.other_packs: dict[str, FoundCandidate] = {}
        self.sets: list[dict[str, FoundCandidate]] = []
        self.anything = False

    def judge(self, question: Question, answer: Answered) -> Outcome | None:
        """Take in one answer; give an outcome once one candidate can be accepted."""
        self.anything = self.anything or bool(answer.candidates)
        self.parents |= {c.asin: c for c in answer.candidates if is_parent(c)}
        rest = {c.asin: c for c in answer.candidates if not is_parent(c)}
        if len(rest) > 1:
            self.sets.append(rest)
            return self._intersected(question)
        return next((self._single(question, c) for c in rest.values()), None)

    def _single(self, question: Question, candidate: FoundCandidate) -> Outcome | None:
        if not self.differs(candidate):
            return accepted(question, candidate)
        self.other_packs[candidate.asin] = candidate
        return None

    def differs(self, candidate: FoundCandidate) -> bool:
        """Tell whether *candidate* holds another quantity; one not told is one."""
        return (candidate.pack or 1) != (self.wanted.pack or 1)

    def in_all(self) -> set[str]:
        """Give the ASINs that every set of several candidates holds."""
        return set.intersection(*(set(found) for found in self.sets))

    def _intersected(self, question: Question) -> Outcome | None:
        left = self.in_all() if len(self.sets) > 1 else set()
        only = [self.sets[-1][asin] for asin in left if not self.differs(self.sets[-1][asin])]
        return accepted(question, only[0]) if len(left) == len(only) == 1 else None


def accepted(question: Question, candidate: FoundCandidate) -> Outcome:
    """Give the outcome of exactly one acceptable candidate."""
    facts = {"kind": question.kind, "value": question.value, "asin": candidate.asin}
    return Outcome(
        kept="accepted",
        asin=candidate.asin,
        product_type=candidate.product_type,
        by=question,
        reasons=(Reason("ACCEPTED_BY", facts),),
    )


def is_parent(candidate: FoundCandidate) -> bool:
    """Tell whether *candidate* only groups its variations and cannot be sold."""
    return bool(candidate.children)


def _by_keywords(
    search: _Search, wanted: Wanted, known: dict[tuple[str, str], Answered]
) -> Outcome:
    if search.anything or not wanted.keywords:
        return _unsettled(search, wanted)
    question = Question(KEYWORDS, wanted.keywords)
    answer = known.get((KEYWORDS, wanted.keywords))
    if answer is None:
        return Outcome(kept="pending", ask=question, reasons=(_pending(question),))
    agreeing = [c for c in answer.candidates if not is_parent(c) and agrees(c, wanted)]
    if len(agreeing) == 1:
        return accepted(question, agreeing[0])
    if not answer.candidates:
        return _unsettled(search, wanted)
    reason = Reason("KEYWORD_ONLY", {"candidates": _named(answer.candidates)})
    return Outcome(kept="open", reasons=(reason,), candidates=tuple(answer.candidates))


def agrees(candidate: FoundCandidate, wanted: Wanted) -> bool:
    """Tell whether a keyword hit may be accepted: MPN agrees, or brand and pack, none differs."""
    mpn = _same(candidate.mpn, wanted.mpn)
    brand = _same(candidate.brand, wanted.brand)
    pack = None if None in (candidate.pack, wanted.pack) else candidate.pack == wanted.pack
    if False in (mpn, brand, pack):
        return False
    return mpn is True or (brand is True and pack is True)


def _same(theirs: str | None, ours: str | None) -> bool | None:
    if not theirs or not ours:
        return None
    return theirs.strip().casefold() == ours.strip().casefold()


def _unsettled(search: _Search, wanted: Wanted) -> Outcome:
    """After the last identifier: nothing, only one parent, or something a person must pick."""
    several = {asin: c for found in search.sets for asin, c in found.items()}
    rest = several | search.other_packs | search.parents
    if not rest:
        searchable = bool(in_order(wanted.claims) or wanted.keywords)
        return Outcome(kept="none", reasons=_nothing(wanted), searchable=searchable)
    if len(rest) == 1 and search.parents:
        return _only_parent(next(iter(search.parents.values())))
    return Outcome(kept="open", reasons=_choices(search, several), candidates=tuple(rest.values()))


def _nothing(wanted: Wanted) -> tuple[Reason, ...]:
    asked = [*in_order(wanted.claims)]
    if not asked and not wanted.keywords:
        return wanted.unusable or (Reason("NO_IDENTIFIER", {"tried": "–"}),)
    words = [f"{q.kind} {q.value}" for q in asked]
    words += [f"keywords {wanted.keywords!r}"] if wanted.keywords else []
    return (Reason("NOT_FOUND", {"asked": ", ".join(words)}), *wanted.unusable)


def _only_parent(parent: FoundCandidate) -> Outcome:
    suggested = ", ".join(parent.children[:SHOWN]) or "–"
    reason = Reason("VARIATION_PARENT", {"asin": parent.asin, "suggested": suggested})
    return Outcome(kept="parent", reasons=(reason,), candidates=(parent,))


def _with_family(
    outcome: Outcome, wanted: Wanted, known: dict[tuple[str, str], Answered]
) -> Outcome:
    """Ask who the children of a parent are, and suggest the one that varies as the product does.

    Suggested only: a person picks it.
    """
    if outcome.kept != "parent":
        return outcome
    (parent,) = outcome.candidates
    answer = known.get((FAMILY, parent.asin))
    if answer is None:
        return replace(outcome, ask=Question(FAMILY, parent.asin))
    fitting = suggested(answer.candidates, wanted.varies)
    words = "; ".join(f"{c.asin} {_variation(c)}".strip() for c in fitting[:SHOWN])
    facts = {"asin": parent.asin, "suggested": words or ", ".join(parent.children[:SHOWN]) or "–"}
    children = tuple(c for c in answer.candidates if c not in fitting)
    return replace(
        outcome,
        reasons=(Reason("VARIATION_PARENT", facts),),
        candidates=(*fitting, *children, parent),
    )


def suggested(children: Sequence[FoundCandidate], varies: dict[str, str]) -> list[FoundCandidate]:
    """Give the children that vary as the product does: most agreement, no disagreement."""
    judged = [(_agreement(c, varies), c) for c in children]
    best = max((count for count, _ in judged if count is not None), default=0)
    return [c for count, c in judged if count == best] if best else []


def _agreement(child: FoundCandidate, varies: dict[str, str]) -> int | None:
    """Count in how much *child* is as the product; None where it differs in anything."""
    both = [_same(child.varies[name], varies[name]) for name in varies if name in child.varies]
    return None if False in both else both.count(True)


def _variation(child: FoundCandidate) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(child.varies.items()))


def _choices(search: _Search, several: dict[str, FoundCandidate]) -> tuple[Reason, ...]:
    reasons = []
    if len(search.sets) > 1 and not search.in_all():
        reasons.append(Reason("CONFLICTING_IDENTIFIERS", {"candidates": _named(several.values())}))
    elif several:
        reasons.append(Reason("SEVERAL_ASINS", {"candidates": _named(several.values())}))
    if search.other_packs:
        named = {"candidates": _named(search.other_packs.values())}
        reasons.append(Reason("PACK_SIZE_DIFFERS", named))
    reasons += [_only_parent(parent).reasons[0] for parent in search.parents.values()]
    return tuple(reasons)


def _named(candidates: Iterable[FoundCandidate]) -> str:
    found = list(candidates)
    words = [f"{c.asin} {(c.title or '')[:40]}".strip() for c in found[:SHOWN]]
    return "; ".join(words) + ("; …" if len(found) > SHOWN else "")


def _pending(question: Question) -> Reason:
    return Reason("LOOKUP_PENDING", {"asked": f"{question.kind} {question.value}"})
