"""What every value on a topic has in common: immutable, closed, fields by name.

`content` is what an output is compared by (`design.md` 4): its value without the members
that tell when, after what and for which settings it was said.
"""

from typing import Annotated, Any, ClassVar

import msgspec

from schemas.money import Number, number

SellerSku = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Sequence = Annotated[int, msgspec.Meta(ge=0)]


class Event(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A value on a topic."""

    VOLATILE: ClassVar[dict[str, Any]] = {}
    """Members that are no content, with the value that blanks them."""

    def content(self) -> bytes:
        """Give the bytes by which two outputs for one subject are told apart."""
        return ENCODER.encode(self.settled())

    def settled(self) -> "Event":
        """Give this event with its volatile members blanked."""
        return msgspec.structs.replace(self, **self.VOLATILE) if self.VOLATILE else self


class Part(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """A piece of an event: closed and immutable like the event itself."""


def as_text(value: object) -> object:
    """Write a number as exact text; for `msgspec.json.Encoder`."""
    if isinstance(value, Number):
        return format(value, "f")
    raise NotImplementedError(f"{type(value).__name__} does not travel in events")


def as_number(wanted: type, value: object) -> object:
    """Read a number from exact text; for `msgspec.json.decode`."""
    if wanted is Number:
        return number(value)
    raise NotImplementedError(f"{wanted.__name__} is no type of ours")


ENCODER = msgspec.json.Encoder(enc_hook=as_text, decimal_format="string")
"""The one encoder of values and facts: numbers are text."""
