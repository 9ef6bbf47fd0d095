"""The contract as documents: one closed JSON Schema a topic, and the key vectors.

Written to `schemas/json/` by `listwire schema write`; a test fails when the files drift.
Other teams get these files, not our code.
"""

from typing import Any

import msgspec

from schemas import keys, topics
from schemas.money import EXACT, Number
from schemas.settings import KINDS

VECTORS = (
    ("24-MB01",),
    ("acme-eu", "24-MB01"),
    ("acme-eu", "A/B #1"),
    ("acme-eu", "50%|off"),
    ("acme-eu", "Größe-XL"),
    ("gtin:00012345678905",),
    ("acme-eu", "A1PA6795UKMFR9", "24-MB01"),
    ("acme-us", "ATVPDKIKX0DER", "24-MB01"),
    ("acme-jp", "A1VC38T7YXB528", "靴-26.5"),
    ("acme-eu", " lead"),
    ("acme-eu", "00123"),
    ("👟",),
)
"""Keys, by their parts, whose spelling and partition other clients must agree on."""

PARTITIONS_OF_VECTORS = (
    (4, 1),
    (5, 2),
    (11, 2),
    (3, 0),
    (1, 1),
    (9, 0),
    (8, 2),
    (0, 0),
    (1, 1),
    (2, 2),
    (4, 1),
    (11, 2),
)
"""Partition of each vector among 12 and among 3, by Kafka's murmur2 (`operations.md` 1.2)."""


def documents() -> dict[str, Any]:
    """Give every document of the contract by file name."""
    found: dict[str, Any] = {
        f"{t.name}.schema.json": schema(t) for t in topics.TOPICS if t.name != "settings.v1"
    }
    found |= {f"settings.v1.{kind}.schema.json": setting(kind) for kind in KINDS}
    found["keys.json"] = vectors()
    return found


def schema(topic: topics.Topic) -> dict[str, Any]:
    """Give the closed JSON Schema (2020-12) of the values of *topic*."""
    return _document(topic.event, topics.urn(topic.name), topic.name)


def setting(kind: str) -> dict[str, Any]:
    """Give the schema of one kind of settings record."""
    urn = f"{topics.urn('settings.v1').rpartition(':')[0]}.{kind}:1.0.0"
    return _document(KINDS[kind], urn, f"settings.v1 {kind}")


def _document(event: type, urn: str, title: str) -> dict[str, Any]:
    (root,), components = msgspec.json.schema_components(
        [event], schema_hook=_number, ref_template="#/$defs/{name}"
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": urn,
        "title": title,
        **root,
        "$defs": dict(sorted(components.items())),
    }


def _number(wanted: type) -> dict[str, Any]:
    if wanted is not Number:
        raise NotImplementedError(wanted.__name__)
    pattern = f"^{EXACT.pattern}$"
    return {"type": ["string", "number"], "pattern": pattern, "description": "an exact decimal"}


def vectors() -> list[dict[str, Any]]:
    """Give each key vector with its spelling and its partition among 12 and 3."""
    return [
        {"parts": list(parts), "key": keys.join(*parts).decode(), "n12": twelve, "n3": three}
        for parts, (twelve, three) in zip(VECTORS, PARTITIONS_OF_VECTORS, strict=True)
    ]


def text(document: Any) -> str:
    """Give *document* as it stands in its file: sorted, indented, with a last line end."""
    raw = msgspec.json.format(msgspec.json.encode(document, order="sorted"), indent=1)
    return raw.decode() + "\n"
