"""May the account list this ASIN in this condition here (`listings.md` 4.2, `restriction`)?

Asked once an ASIN is accepted, and again when the answer is older than the store's grace and
something depends on it: an offer that is wanted, or a no that may have been lifted.
"""

from datetime import datetime

from processors.rules import situation
from processors.rules.draft import Draft
from processors.rules.known import Answered, instant
from processors.rules.matching import RESTRICTION, Question

CHECKED = frozenset(range(36, 42))
"""Lines at which a listing has ASIN and condition, and is not at Amazon yet."""

DEPENDING = frozenset([36, 40])
"""Lines at which an old answer is asked for again."""


def told(own: Draft, asin: str | None, condition: str | None) -> Answered | None:
    """Give what Amazon said about *asin* in *condition*, however long ago."""
    wanted = (RESTRICTION, asin, condition)
    answers = (a for a in own.facts.answers if (a.kind, a.value, a.condition) == wanted)
    return next(answers, None)


def question(
    own: Draft, asin: str | None, condition: str | None, line: int, now: datetime
) -> Question | None:
    """Give what to ask, if the answer is missing, or old and needed."""
    if line not in CHECKED or asin is None or condition is None:
        return None
    known = told(own, asin, condition)
    if known is not None and (line not in DEPENDING or now < expiry(own, known)):
        return None
    return Question(RESTRICTION, asin, condition)


def expiry(own: Draft, answer: Answered) -> datetime:
    """Give the instant from which on an answer is asked for again."""
    return instant(answer.at + situation.seconds(own.listing.graces.restriction) * 1_000_000)
