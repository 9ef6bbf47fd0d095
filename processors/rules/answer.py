"""A value and why: what every step of the core returns."""

from typing import Generic, TypeVar

import msgspec

from schemas.reasons import Reason

T = TypeVar("T")


class Answer(msgspec.Struct, Generic[T], frozen=True):
    """What a step decided, and the reasons, the deciding one first."""

    value: T
    reasons: tuple[Reason, ...] = ()
