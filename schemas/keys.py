"""One spelling of each Kafka key (`operations.md` 1.2).

A key is UTF-8: parts joined by `|`; inside a part `%` becomes `%25` and `|` becomes `%7C`,
and nothing else changes: no case folding, no trimming, no Unicode normalisation.
"""

import re

_ESCAPE = re.compile(r"%(?!25|7C)")


def join(*parts: str) -> bytes:
    """Give the key made of *parts*. Raises ValueError for an empty part or a lone surrogate."""
    if not parts or not all(parts):
        raise ValueError(f"a key has no empty part: {parts!r}")
    plain = "|".join(parts)
    if "%" not in plain and plain.count("|") == len(parts) - 1:
        return plain.encode()
    return "|".join(p.replace("%", "%25").replace("|", "%7C") for p in parts).encode()


def split(key: bytes) -> tuple[str, ...]:
    """Give the parts of *key*. Raises ValueError for any spelling that `join` never gives."""
    text = key.decode()
    if not text or _ESCAPE.search(text):
        raise ValueError(f"{text!r} is no canonical key")
    parts = tuple(p.replace("%7C", "|").replace("%25", "%") for p in text.split("|"))
    if not all(parts):
        raise ValueError(f"{text!r} has an empty part")
    return parts


def shared(account: str, seller_sku: str) -> bytes:
    """Give the key of one shared SKU: account|seller SKU."""
    return join(account, seller_sku)


def listing(account: str, marketplace: str, seller_sku: str) -> bytes:
    """Give the public key of one listing: account|marketplace id|seller SKU."""
    return join(account, marketplace, seller_sku)


def setting(kind: str, id: str) -> bytes:  # noqa: A002 - the word of the contract
    """Give the key of one settings record: kind/id."""
    if not kind or not id or "/" in kind:
        raise ValueError(f"not a settings key: {kind!r}, {id!r}")
    return f"{kind}/{id}".encode()


def split_setting(key: bytes) -> tuple[str, str]:
    """Give kind and id of a settings key. Raises ValueError for another form."""
    kind, slash, id_ = key.decode().partition("/")
    if not (kind and slash and id_):
        raise ValueError(f"{key!r} is no settings key: kind/id")
    return kind, id_
