"""What is kept of one shared SKU between two steps of the listings role."""

from processors.rules.known import SharedSku
from processors.step import Facts


class SharedSkuFacts(Facts, frozen=True, kw_only=True, rename={"known": "k"}):
    """All that is known of one seller SKU in one account, over all its stores."""

    known: SharedSku = SharedSku()
