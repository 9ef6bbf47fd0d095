"""Catalogue attributes → what Amazon is asked for, and by what listings find products.

Search mapping (`listings.md` 6.2), third-party mapping (6.4), fulfilment (6.6).
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

from processors.rules.comparison import option
from processors.rules.scopes import Values, text, texts
from schemas import identifiers
from schemas.candidates import IdentifierClaim
from schemas.settings import Attribute, Fulfilment, Search, ThirdParty

Channel = Literal["merchant", "amazon"]
Mapped = Sequence[tuple[str, str]]
"""Kind and attribute, in the order in which the kinds are asked."""


def mapped(search: Search | None) -> tuple[tuple[str, str], ...]:
    """Give the kinds that *search* maps, with their attributes, in the order of 6.2 step 5."""
    stated = [(kind, getattr(search, kind, None)) for kind in identifiers.KINDS]
    return tuple((kind, attribute) for kind, attribute in stated if attribute)


def claims(values: Values, kinds: Mapped) -> list[IdentifierClaim]:
    """Give every mapped identifier of a product, invalid ones with why."""
    return [
        identifiers.claim(kind, typed)
        for kind, attribute in kinds
        for typed in texts(values.get(attribute))
        if typed.strip()
    ]


def own_asin(claimed: Sequence[IdentifierClaim], also: IdentifierClaim | None) -> str | None:
    """Give the ASIN the product itself names: by search mapping, else by third-party mapping."""
    valid = (c.value for c in (*claimed, *([also] if also else ())) if _is_asin(c))
    return next(valid, None)


def _is_asin(claimed: IdentifierClaim) -> bool:
    return claimed.kind == "asin" and claimed.invalid is None


def third_party_asin(values: Values, mapping: ThirdParty) -> IdentifierClaim | None:
    """Give the ASIN in the attribute by which listings find this product, if there is one."""
    found = texts(values.get(mapping.asin)) if mapping.asin else []
    typed = next((each for each in found if each.strip()), None)
    return identifiers.claim("asin", typed) if typed else None


def meeting_points(
    values: Values,
    claimed: Sequence[IdentifierClaim],
    mapping: ThirdParty,
    attributes: Mapping[str, Attribute],
) -> list[str]:
    """Give the identifiers by which a listing of the store finds this product (6.4).

    Seller SKUs are exact text; only text attributes match.
    """
    points = [f"sku:{typed}" for typed in _seller_skus(values, mapping, attributes)]
    also = third_party_asin(values, mapping) if _textual(mapping.asin, attributes) else None
    keys = (identifiers.identifier(c) for c in (*claimed, *([also] if also else ())))
    return list(dict.fromkeys([*points, *(key for key in keys if key)]))


def _seller_skus(
    values: Values, mapping: ThirdParty, attributes: Mapping[str, Attribute]
) -> list[str]:
    code = mapping.seller_sku
    return texts(values.get(code)) if code and _textual(code, attributes) else []


def _textual(code: str | None, attributes: Mapping[str, Attribute]) -> bool:
    known = attributes.get(code or "")
    return known is None or known.type == "text"


def pack(values: Values, attribute: str | None) -> int | None:
    """Give the pack quantity: a whole number of at least 1, else nothing is known."""
    typed = text(values.get(attribute)) if attribute else None
    return (
        int(typed)
        if typed and typed.isascii() and typed.isdigit() and 0 < len(typed) < 7 and int(typed)
        else None
    )


def exempt(brand: str | None, search: Search) -> bool:
    """Tell whether products of *brand* have no trade item number at Amazon."""
    return brand is not None and brand.casefold() in {b.casefold() for b in search.gtin_exempt}


def without_numbers(claimed: Sequence[IdentifierClaim]) -> list[IdentifierClaim]:
    """Leave out trade item numbers, the placeholders of those that have none included."""
    return [c for c in claimed if c.kind in {"asin", "gcid"}]


def varies(values: Values, search: Search, attributes: Mapping[str, Attribute]) -> dict[str, str]:
    """Give what tells a product from its siblings, in words: options by their labels."""
    found = {name: text(values.get(code)) for name, code in sorted(search.varies.items())}
    return {
        name: _label(attributes.get(search.varies[name]), said)
        for name, said in found.items()
        if said
    }


def _label(attribute: Attribute | None, said: str) -> str:
    return attribute.options.get(said, said) if attribute else said


def channel(
    mapping: Fulfilment | None, attributes: Mapping[str, Attribute]
) -> Callable[[Values], Channel]:
    """Give what tells who ships a new listing; anything but the one value means merchant."""
    if mapping is None or mapping.by == "merchant":
        return lambda values: "merchant"  # noqa: ARG005
    if mapping.by == "amazon":
        return lambda values: "amazon"  # noqa: ARG005
    return _by_value(mapping.attribute or "", mapping.value or "", attributes)


def _by_value(
    code: str, value: str, attributes: Mapping[str, Attribute]
) -> Callable[[Values], Channel]:
    options = attributes[code].options if code in attributes else {}
    wanted = option(value, options)

    def tell(values: Values) -> Channel:
        found = text(values.get(code))
        return "amazon" if found is not None and option(found, options) == wanted else "merchant"

    return tell
