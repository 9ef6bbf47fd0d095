"""A decision in its own words: each step's answer and why, as `listwire why` prints them."""

from processors.rules.answer import Answer
from processors.rules.draft import Draft
from processors.rules.gather import Gathered
from processors.rules.status import Place
from schemas.listings import Step
from schemas.reasons import Reason


def steps(
    own: Draft,
    computed: Gathered,
    amount: Answer[int | None],
    placed: Answer[Place],
    existence: str | None,
) -> tuple[Step, ...]:
    """Give every step's answer and reasons, in the order in which they were taken.

    The last answer is what is wanted at Amazon: present, absent, or nothing: hands off.
    """
    price = computed.price
    shown = f"{price.value.amount:f} {price.value.currency}" if price.value else None
    return (
        Step(name="mapping", answer=_product(own), reasons=_mapping(own)),
        _verdict(own, computed),
        _step("condition", computed.condition),
        Step(
            name="match",
            answer=computed.wish.asin or computed.match.kept,
            reasons=list(computed.match.reasons),
        ),
        _step("quantity", amount),
        Step(name="price", answer=shown, reasons=list(price.reasons)),
        Step(
            name="status",
            answer=f"{placed.value.tab.value}/{placed.value.status.value}",
            reasons=list(placed.reasons),
        ),
        Step(name="offer", answer=existence),
    )


def _step(name: str, answer: Answer[int | None] | Answer[str | None]) -> Step:
    return Step(name=name, answer=answer.value, reasons=list(answer.reasons))


def _product(own: Draft) -> str | None:
    return own.candidate.product if own.candidate else None


def _mapping(own: Draft) -> list[Reason]:
    linked = own.link.linked
    if own.candidate is None or linked is None:
        return list(own.link.reasons)
    return [Reason("LINKED_BY", {"product": linked.product, "by": linked.by})]


def _verdict(own: Draft, computed: Gathered) -> Step:
    if own.mine is None:
        return Step(name="verdict")
    if computed.excluded:
        return Step(name="verdict", answer="excluded", reasons=list(computed.excluded))
    version = Reason("ELIGIBLE", {"version": str(own.mine.verdict.version)})
    return Step(name="verdict", answer="eligible", reasons=[version])
