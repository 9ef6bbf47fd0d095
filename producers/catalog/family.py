"""Which configurable a product belongs to: only the parent says so, the children do not.

What the parents read in this round say counts; of the others what was told before.
"""

from collections.abc import Iterable

from producers.catalog.entity import children
from producers.catalog.rest import Document
from producers.catalog.told import Topics


class Family:
    """Parents and children by the shop's ids."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics
        self._parents: dict[str, frozenset[str]] = {}
        self._of: dict[str, str] = {}

    def forget(self) -> None:
        """Begin a new round."""
        self._parents.clear()
        self._of.clear()

    def note(self, documents: Iterable[Document]) -> None:
        """Take in what the configurables among *documents* say."""
        for document in documents:
            if document.get("type_id") == "configurable":
                sku, mine = str(document["sku"]), children(document)
                self._parents[sku] = frozenset(mine)
                self._of.update(dict.fromkeys(mine, sku))

    def parent(self, shop_id: str) -> str | None:
        """Give the SKU of the parent of the product with this id."""
        if (now := self._of.get(shop_id)) is not None:
            return now
        before = self._topics.told.parent_of(shop_id)
        return None if before in self._parents else before

    def moved(self) -> list[str]:
        """Give the ids of products whose parent is another one than was told."""
        left = {c for parent in self._parents for c in self._topics.told.children(parent)}
        known = self._topics.told.parent_of
        return sorted(c for c in left | self._of.keys() if known(c) != self.parent(c))
