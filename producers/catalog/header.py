"""Which form a catalogue file has, told by its header; else the nearest is named."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Literal

from producers.catalog.refusal import UnknownFile

Form = Literal["export", "sample"]

FORMS: dict[Form, tuple[str, tuple[str, ...]]] = {
    "export": ("the shop's export", ("sku", "product_type", "product_websites", "name", "price")),
    "sample": ("the sample-data form", ("category", "name", "sku", "price", "qty")),
}
"""Per form: what people call it, and the columns that make a whole product."""

UPDATES = frozenset(
    "store_view_code attribute_set_code product_type categories product_websites name "
    "product_online price special_price special_price_from_date special_price_to_date "
    "msrp_price map_price cost additional_attributes qty out_of_stock_qty is_in_stock "
    "manage_stock configurable_variations custom_options description".split()
)
"""Columns of which an update file (`--blank keep`) has at least one beside `sku`."""


def recognise(header: Sequence[str], *, keep: bool = False) -> Form:
    """Tell the form of a file from its *header*.

    Raises `UnknownFile`, naming the nearest form and what it lacks.
    """
    columns = set(header)
    if twice := [c for c in dict.fromkeys(header) if c and header.count(c) > 1]:
        raise UnknownFile(f"column {twice[0]!r} stands twice in the header")
    for form, (_, needed) in FORMS.items():
        if columns.issuperset(needed):
            return form
    if keep and "sku" in columns and columns & UPDATES:
        return "export"
    raise UnknownFile(_nearest(header))


def _nearest(header: Sequence[str]) -> str:
    columns = set(header)
    form = max(FORMS, key=lambda f: len(columns.intersection(FORMS[f][1])))
    label, needed = FORMS[form]
    missing = [c for c in needed if c not in columns]
    meant = [f"{g[0]!r} may be meant as {c!r}" for c in missing if (g := _close(c, header))]
    hint = f" ({'; '.join(meant)})" if meant else ""
    update = ""
    if "sku" in columns and columns & UPDATES and not meant:
        update = "; an update file, which states only what changes, needs --blank keep"
    return f"unknown header: nearest is {label}, which also has {', '.join(missing)}{hint}{update}"


def _close(column: str, header: Sequence[str]) -> list[str]:
    folded = {c.lower(): c for c in header if c}
    return [folded[g] for g in get_close_matches(column, list(folded), n=1, cutoff=0.75)]
