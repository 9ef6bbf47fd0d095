"""The senders that the webhook knows: from the deployment's settings to proofs."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from deploy.errors import Failure
from deploy.settings import Sender as Stated
from deploy.settings import Webhook, secret_in
from deploy.webhook.proof import SHORTEST, Bearer, Proof, Signed, key_of

NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class Sender(msgspec.Struct, frozen=True, kw_only=True):
    """One sender: its name in path, counters and log; what it sends; its proof."""

    name: str
    kind: Literal["events", "adobe"]
    proof: Proof


def senders(webhook: Webhook, environ: Mapping[str, str]) -> dict[str, Sender]:
    """Give the senders by name. Raises `Failure` (LW-0101, LW-0103) where one cannot be."""
    if not webhook.sources:
        raise Failure(
            "LW-0101",
            what="not set: LISTWIRE_WEBHOOK__SOURCES__…",
            where="the deployment, webhook",
            why="a webhook without a source would take nothing",
            do="set LISTWIRE_WEBHOOK__SOURCES__SHOP__SECRET_FILE=…; README, the webhook",
        )
    return {name: _sender(name, stated, environ) for name, stated in webhook.sources.items()}


def _sender(name: str, stated: Stated, environ: Mapping[str, str]) -> Sender:
    if not NAME.fullmatch(name):
        raise _wrong(name, "a source is called by 1 to 40 of a-z, 0-9, - and _")
    found = secrets_of(stated.secret.get_secret_value(), environ)
    try:
        keys = [key_of(text) if stated.auth == "hmac" else text.encode() for text in found]
    except ValueError:
        raise _wrong(name, "what follows whsec_ is no base64") from None
    if not keys or min(len(key) for key in keys) < SHORTEST:
        raise _wrong(name, f"its secret is missing, or shorter than {SHORTEST} bytes")
    proof: Proof = Signed(keys) if stated.auth == "hmac" else Bearer(keys)
    return Sender(name=name, kind=stated.kind, proof=proof)


def secrets_of(stated: str, environ: Mapping[str, str]) -> list[str]:
    """Give the secrets that *stated* refers to: `env:NAME`, `file:PATH`, apart by commas.

    Anything else is the secret itself. Raises `Failure` for a file that others may read.
    """
    if not stated.startswith(("env:", "file:")):
        return [stated] if stated else []
    return [_one(part.strip(), environ) for part in stated.split(",")]


def _one(reference: str, environ: Mapping[str, str]) -> str:
    kind, _, name = reference.partition(":")
    return secret_in(Path(name)) if kind == "file" else environ.get(name, "")


def _wrong(name: str, why: str) -> Failure:
    return Failure(
        "LW-0103",
        where=f"webhook source {name[:60]}",
        why=why,
        do="see README, the webhook",
    )
