"""Reading the units of all sources, product by product.

Pages go by SKU, each from the last one of the page before on: what is added or deleted
meanwhile moves nothing across the edge of a page, and no product is seen with some of its
sources only.
"""

from collections.abc import Iterator
from itertools import groupby

from producers.catalog.rest import Document, Rest

PAGE = 500
"""Rows that a page holds, unless one product has more sources."""


def sweep(rest: Rest, size: int = PAGE) -> Iterator[tuple[str, list[Document]]]:
    """Give each SKU of which the shop has units, with what each of its sources holds."""
    start = ""
    while True:
        rows, _ = rest.search(
            "source items", where=[("sku", "gteq", start)] if start else (), sort="sku", size=size
        )
        groups = [(sku, list(mine)) for sku, mine in groupby(rows, lambda row: str(row["sku"]))]
        whole = groups if len(rows) < size else groups[:-1]
        yield from whole
        if len(rows) < size:
            return
        if whole:
            start = groups[-1][0]
        else:
            size *= 2
