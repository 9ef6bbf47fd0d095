"""From a reference to credentials: `env:NAME` or `file:PATH`; the secrets stay out of `repr`."""

import json
from collections.abc import Mapping
from pathlib import Path

import msgspec
from pydantic import SecretStr

from deploy.errors import Failure


class Application(msgspec.Struct, frozen=True):
    """The application's identity at Login with Amazon."""

    client_id: str
    client_secret: SecretStr


class Credentials(msgspec.Struct, frozen=True):
    """What one account logs in with."""

    application: Application
    refresh_token: SecretStr


def credentials(
    reference: str, environ: Mapping[str, str], application: Application
) -> Credentials:
    """Give the credentials that *reference* names; what it leaves out is the application's.

    `env:ACME_EU` reads `ACME_EU_REFRESH_TOKEN` and, if set, `ACME_EU_CLIENT_ID` and
    `ACME_EU_CLIENT_SECRET`; `file:PATH` is a JSON object with the same three in lower case.
    Raises `Failure` (LW-0401) if there is no refresh token.
    """
    kind, _, name = reference.partition(":")
    stated = {"env": _from_environment, "file": _from_file}.get(kind, _from_nowhere)(name, environ)
    token = stated.get("refresh_token")
    if not token:
        raise _missing(reference)
    return Credentials(
        Application(
            stated.get("client_id") or application.client_id,
            SecretStr(stated.get("client_secret") or application.client_secret.get_secret_value()),
        ),
        SecretStr(token),
    )


def _from_environment(name: str, environ: Mapping[str, str]) -> Mapping[str, str]:
    members = ("refresh_token", "client_id", "client_secret")
    return {m: environ.get(f"{name}_{m.upper()}", "") for m in members}


def _from_file(name: str, environ: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG001
    try:
        stated = json.loads(Path(name).read_text())
    except (OSError, ValueError) as error:
        raise _missing(f"file:{name}") from error
    return {str(k): str(v) for k, v in stated.items()} if isinstance(stated, dict) else {}


def _from_nowhere(name: str, environ: Mapping[str, str]) -> Mapping[str, str]:  # noqa: ARG001
    return {}


def _missing(reference: str) -> Failure:
    return Failure(
        "LW-0401",
        where=f"account settings, credentials: {reference}",
        why="the reference leads to no refresh token",
        do="set NAME_REFRESH_TOKEN for env:NAME, or name a readable JSON file with file:PATH",
    )
