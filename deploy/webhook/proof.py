"""How a sender proves who it is: a bearer token, or an HMAC-SHA256 over the body.

Signatures are those of Standard Webhooks 1.0: headers `webhook-id`, `webhook-timestamp` and
`webhook-signature`; signed is `id.timestamp.body`, the body as it travels. A timestamp more
than five minutes away is refused, so a request cannot be sent again later.
"""

import base64
import hmac
from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Protocol

TOLERANCE = 300
"""Seconds that a signature's time may be away from ours (Standard Webhooks, replay)."""

SHORTEST = 16
"""Bytes that a secret must have."""


class NotProven(Exception):
    """The sender did not prove who it is."""


class Check(Protocol):
    """One request's proof, fed with its body as it comes."""

    def update(self, chunk: bytes) -> None:
        """Take the next bytes, as they travel."""

    def finish(self) -> None:
        """Raise `NotProven` unless all of it was the sender's."""


class Proof(Protocol):
    """How one sender proves who it is. *covers_headers*: they can be trusted like the body."""

    covers_headers: bool

    def begin(self, headers: Mapping[str, str], now: float) -> Check:
        """Begin to check a request. Raises `NotProven` where its headers alone will not do."""


class Bearer:
    """`Authorization: Bearer …` with one of the tokens."""

    covers_headers = True

    def __init__(self, tokens: Sequence[bytes]) -> None:
        self._tokens = tuple(sha256(token).digest() for token in tokens)

    def begin(self, headers: Mapping[str, str], now: float) -> Check:  # noqa: ARG002
        """Compare the token, in constant time whatever its length."""
        scheme, _, given = headers.get("authorization", "").partition(" ")
        digest = sha256(given.strip().encode("latin-1", "replace")).digest()
        same = [hmac.compare_digest(digest, token) for token in self._tokens]
        if scheme.lower() != "bearer" or not any(same):
            raise NotProven("no token, or another one")
        return _Nothing()


class _Nothing:
    """The headers were proof enough."""

    def update(self, chunk: bytes) -> None:
        pass

    def finish(self) -> None:
        pass


class Signed:
    """A signature over id, time and body; the other headers are anybody's."""

    covers_headers = False

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)

    def begin(self, headers: Mapping[str, str], now: float) -> Check:
        """Take the stated signatures, and refuse a time that is not now."""
        stated = [headers.get(f"webhook-{n}", "") for n in ("id", "timestamp", "signature")]
        id_, timestamp, signatures = stated
        if not all(stated) or not (timestamp.isascii() and timestamp.isdigit()):
            raise NotProven("webhook-id, webhook-timestamp and webhook-signature are needed")
        if len(timestamp) > 12 or abs(int(timestamp) - now) > TOLERANCE:
            raise NotProven(f"webhook-timestamp is more than {TOLERANCE} s away from now")
        start = f"{id_}.{timestamp}.".encode("latin-1", "replace")
        return _Signature([hmac.new(key, start, sha256) for key in self._keys], signatures)


class _Signature:
    def __init__(self, sums: Sequence[hmac.HMAC], stated: str) -> None:
        self._sums = sums
        self._stated = stated

    def update(self, chunk: bytes) -> None:
        for one in self._sums:
            one.update(chunk)

    def finish(self) -> None:
        ours = [base64.b64encode(one.digest()) for one in self._sums]
        theirs = [s.removeprefix("v1,").encode() for s in self._stated.split()[:10]
                  if s.startswith("v1,")]  # fmt: skip
        same = [hmac.compare_digest(a, b) for a in ours for b in theirs]
        if not any(same):
            raise NotProven("no signature of the body by our common secret")


def key_of(secret: str) -> bytes:
    """Give the key that *secret* stands for: `whsec_…` is base64, all else its own bytes."""
    if secret.startswith("whsec_"):
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    return secret.encode()


def sign(key: bytes, id: str, timestamp: int, body: bytes) -> str:  # noqa: A002 - the scheme's word
    """Give the value of `webhook-signature` for one request."""
    signed = hmac.new(key, f"{id}.{timestamp}.".encode() + body, sha256)
    return "v1," + base64.b64encode(signed.digest()).decode()
