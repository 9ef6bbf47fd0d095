"""Where a product's pictures are: a path in the shop, or an address that anybody can reach.

Nothing here is ever fetched by us. An address that leads inward is refused all the same: who
fetches it behind us (Amazon, a console, another team) must not be sent there by our events
(`reliability.md` 4, number 48).
"""

import re

IMAGES = (
    "image",
    "images",
    "base_image",
    "small_image",
    "thumbnail",
    "swatch_image",
    "additional_images",
    "image_url",
)
"""Attributes that hold pictures, as shops call them."""

_ADDRESS = re.compile(r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:|//|\\\\)")
_PUBLIC = re.compile(
    r"https?://(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]+(?::[0-9]{1,5})?(?:[/?#]\S*)?",
    re.IGNORECASE,
)
_INWARD = re.compile(
    r"https?://[^/?#:]*\.(?:internal|local|localhost|localdomain|lan|home|corp|intranet|arpa)"
    r"(?:[:/?#]|$)",
    re.IGNORECASE,
)


def image_of(text: str) -> str:
    """Give *text* back. Raises ValueError for an address that is not a public one by name."""
    if not _ADDRESS.match(text):
        return text
    if not _PUBLIC.fullmatch(text) or _INWARD.match(text):
        raise ValueError(f"{text[:60]!r} is no picture: a path in the shop, or https://NAME/…")
    return text
