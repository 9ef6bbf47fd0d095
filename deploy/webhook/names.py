"""The ids of events that came lately, so that one id stands for one event.

Bounded: the newest 65,536 of this process (at 500 events/s the last two minutes); what came
before, or to another worker, is not known here. Behind the door readers drop repeats by
source and id, and what is older by its version.
"""

from collections import OrderedDict

import msgspec

MOST = 65_536


class Kept(msgspec.Struct):
    """What came under one id: its content, its version, whether the broker has it."""

    content: bytes
    stamp: int | None
    acknowledged: bool = False


class Names:
    """The newest ids, oldest first."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, Kept] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, name: bytes) -> Kept | None:
        """Give what came under *name*, if that is still known."""
        return self._kept.get(name)

    def keep(self, name: bytes, kept: Kept) -> None:
        """Remember *kept* under *name*, and forget the oldest where there are too many."""
        self._kept[name] = kept
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
