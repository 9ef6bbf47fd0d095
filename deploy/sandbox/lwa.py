"""Login with Amazon: three grants, and what a token allows (S7, S8)."""

from typing import Any
from urllib.parse import parse_qs

import msgspec

from deploy.sandbox.exchange import Reply, Request, answer
from deploy.sandbox.world import Account, World

PATH = "/auth/o2/token"
SCOPES = (
    "sellingpartnerapi::notifications",
    "sellingpartnerapi::client_credential:rotation",
)


SECRETS = {"refresh_token": "refresh_token", "authorization_code": "code"}
"""What each grant type of an account is proved by."""


class Denied(Exception):
    """An error in LWA's own shape, which is not the API's."""

    def __init__(
        self, error: str, description: str, *, status: int = 400, account: str | None = None
    ) -> None:
        super().__init__(description)
        self.error, self.status, self.account = error, status, account


class Grant(msgspec.Struct, frozen=True):
    """What one access token allows, until *expires* (ms): an account, or a scope."""

    account: str | None
    expires: int
    scope: str | None = None


class Tokens:
    """The access tokens given out and still good."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.seconds = world.profile.token_seconds
        self._grants: dict[str, Grant] = {}

    def find(self, token: str | None, now: int) -> Grant | None:
        """Give what *token* allows now."""
        grant = self._grants.get(token or "")
        return grant if grant is not None and now < grant.expires else None

    def forget(self, account: str) -> None:
        """Make every token of an account worthless."""
        self._grants = {t: g for t, g in self._grants.items() if g.account != account}

    def answer(self, request: Request, now: int) -> tuple[Reply, str | None]:
        """Give a token, or LWA's own error; and the account it is about."""
        form = {name: rows[0] for name, rows in parse_qs(request.body.decode("latin-1")).items()}
        try:
            return self._granted(form, now)
        except Denied as denied:
            told = {"error": denied.error, "error_description": str(denied)}
            return answer(told, denied.status), denied.account

    def _granted(self, form: dict[str, str], now: int) -> tuple[Reply, str | None]:
        if (form.get("client_id"), form.get("client_secret")) != self.world.application:
            raise Denied("invalid_client", "Client authentication failed", status=401)
        kind = form.get("grant_type")
        if kind == "client_credentials":
            return self._grantless(form, now), None
        if kind not in SECRETS:
            raise Denied("unsupported_grant_type", "The grant type is not supported")
        account = self._holder(form.get(SECRETS[kind]))
        told = self._token(account.id, account.id, now)
        return answer(told | {"refresh_token": account.refresh_token}), account.id

    def _holder(self, secret: str | None) -> Account:
        for account in self.world.accounts.values():
            if secret and secret in (account.refresh_token, f"code-{account.refresh_token}"):
                return _good(account)
        raise Denied("invalid_grant", "The request has an invalid grant parameter")

    def _grantless(self, form: dict[str, str], now: int) -> Reply:
        if form.get("scope") not in SCOPES:
            raise Denied("invalid_scope", "The requested scope is invalid")
        return answer(self._token(None, form["scope"], now, scope=form["scope"]))

    def _token(
        self, account: str | None, entity: str, now: int, *, scope: str | None = None
    ) -> dict[str, Any]:
        self._grants = {t: g for t, g in self._grants.items() if now < g.expires}
        token = f"Atza|{self.world.chance.digest('token', entity).hex()}"
        self._grants[token] = Grant(account, now + self.seconds * 1000, scope)
        return {"access_token": token, "token_type": "bearer", "expires_in": self.seconds}


def _good(account: Account) -> Account:
    if account.revoked:
        raise Denied("invalid_grant", "The grant was revoked", account=account.id)
    if account.unauthorized:
        text = "The client is not authorized to request a token this way"
        raise Denied("unauthorized_client", text, account=account.id)
    return account
