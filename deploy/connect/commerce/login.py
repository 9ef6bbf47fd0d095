"""What a request proves who we are with: a bearer token, or an integration's four keys.

Shops from 2.4.4 on take an integration's token as a bearer only where that was switched on;
else each request is signed (OAuth 1.0a, RFC 5849, HMAC-SHA256). An administrator's token
lives four hours, so it is no choice for a process that stays.
"""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl, quote, urlsplit

import msgspec
from pydantic import SecretStr

Login = Callable[[str, str], str]
"""Method and URL → the `Authorization` header."""


class Keys(msgspec.Struct, frozen=True, kw_only=True):
    """The four keys of an integration."""

    consumer_key: str
    consumer_secret: SecretStr
    access_token: SecretStr
    access_secret: SecretStr


def bearer(token: SecretStr) -> Login:
    """Log in with *token* as it is."""
    return lambda method, url: f"Bearer {token.get_secret_value()}"  # noqa: ARG005 - a `Login`


def signed(keys: Keys, *, timestamp: Callable[[], int], nonce: Callable[[], str]) -> Login:
    """Log in by a signature over method, address and query; the body is not signed."""

    def header(method: str, url: str) -> str:
        own = {
            "oauth_consumer_key": keys.consumer_key,
            "oauth_nonce": nonce(),
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(timestamp()),
            "oauth_token": keys.access_token.get_secret_value(),
            "oauth_version": "1.0",
        }
        own["oauth_signature"] = _signature(base_string(method, url, own), keys)
        return "OAuth " + ", ".join(f'{name}="{_quoted(own[name])}"' for name in sorted(own))

    return header


def base_string(method: str, url: str, own: Mapping[str, str]) -> str:
    """Give what is signed of a request: method, address, and all parameters in order."""
    parts = urlsplit(url)
    asked = parse_qsl(parts.query, keep_blank_values=True)
    pairs = sorted((_quoted(n), _quoted(v)) for n, v in [*own.items(), *asked])
    address = f"{parts.scheme}://{parts.netloc}{parts.path}"
    parameters = "&".join(f"{name}={value}" for name, value in pairs)
    return "&".join((method, _quoted(address), _quoted(parameters)))


def _signature(text: str, keys: Keys) -> str:
    secrets = (keys.consumer_secret, keys.access_secret)
    key = "&".join(_quoted(secret.get_secret_value()) for secret in secrets)
    return b64encode(hmac.new(key.encode(), text.encode(), hashlib.sha256).digest()).decode()


def _quoted(text: str) -> str:
    return quote(text, safe="-._~")
