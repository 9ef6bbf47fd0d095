"""Login with Amazon: access tokens, refreshed by one thread while the others wait.

A failed refresh fails all who waited. Nothing is repeated here, and nothing sleeps.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future

import httpx2
import msgspec

from deploy.connect.amazon.credentials import Credentials
from deploy.connect.amazon.failures import Call, CallLater, CallNotAllowed

EARLY = 60.0
"""Seconds before its end at which a token is no longer used."""
TIMEOUT = httpx2.Timeout(10.0)

OURS = {"invalid_client"}
"""Errors that say the application itself is not accepted: every account of it stops."""


class _Granted(msgspec.Struct, frozen=True):
    access_token: str
    expires_in: float


class _Denied(msgspec.Struct, frozen=True):
    error: str = ""
    error_description: str = ""


class _Token(msgspec.Struct, frozen=True):
    text: str
    until: float


class Tokens:
    """The access tokens of all accounts and of the applications themselves; safe for threads."""

    def __init__(
        self,
        http: httpx2.Client,
        url: str,
        credentials: Callable[[str], Credentials],
        clock: Callable[[], float],
    ) -> None:
        self._http = http
        self._url = url
        self._credentials = credentials
        self._clock = clock
        self._flights: dict[tuple[str, str], Future[_Token]] = {}
        self._lock = threading.Lock()

    def token(self, account: str, scope: str = "") -> str:
        """Give an access token of *account*; with a *scope*, of its application alone.

        Raises `NotAllowed` (grant or client refused) or `TryAgain`.
        """
        held = self._credentials(account)
        key = (held.application.client_id, scope or account)
        flight, mine = self._join(key)
        if mine:
            self._fly(flight, account, held, scope)
        return flight.result().text

    def drop(self, token: str) -> None:
        """Forget *token*; one that was refreshed meanwhile stays."""
        with self._lock:
            for key, flight in list(self._flights.items()):
                if _landed(flight) and flight.result().text == token:
                    del self._flights[key]

    def _join(self, key: tuple[str, str]) -> tuple["Future[_Token]", bool]:
        """Give the flight to wait for, and whether we are its pilot."""
        with self._lock:
            known = self._flights.get(key)
            if known is not None and not self._stale(known):
                return known, False
            flight: Future[_Token] = Future()
            self._flights[key] = flight
            return flight, True

    def _stale(self, flight: "Future[_Token]") -> bool:
        if not flight.done():
            return False
        return flight.exception() is not None or flight.result().until <= self._clock()

    def _fly(self, flight: "Future[_Token]", account: str, held: Credentials, scope: str) -> None:
        try:
            flight.set_result(self._ask(account, held, scope))
        except BaseException as error:
            flight.set_exception(error)
            if not isinstance(error, Exception):
                raise

    def _ask(self, account: str, held: Credentials, scope: str) -> _Token:
        asked_at = self._clock()
        grant = {"grant_type": "client_credentials", "scope": scope}
        if not scope:
            token = held.refresh_token.get_secret_value()
            grant = {"grant_type": "refresh_token", "refresh_token": token}
        form = {
            **grant,
            "client_id": held.application.client_id,
            "client_secret": held.application.client_secret.get_secret_value(),
        }
        try:
            answer = self._http.post(self._url, data=form, timeout=TIMEOUT)
        except httpx2.TransportError as error:
            call = Call(operation="login", account=account)
            raise CallLater(call, type(error).__name__, after=1.0) from error
        return self._judged(answer, account, asked_at)

    def _judged(self, answer: httpx2.Response, account: str, asked_at: float) -> _Token:
        if answer.status_code == 200:
            return self._granted(answer, account, asked_at)
        denied = _denied(answer.content)
        call = _call(answer, account, denied.error)
        if answer.status_code == 429 or not 400 <= answer.status_code < 500:
            raise CallLater(call, "login is not answered", after=1.0)
        raise CallNotAllowed(
            call, f"login refused ({denied.error or '?'})", disconnected=denied.error not in OURS
        )

    def _granted(self, answer: httpx2.Response, account: str, asked_at: float) -> _Token:
        try:
            granted = msgspec.json.decode(answer.content, type=_Granted)
        except (ValueError, RecursionError) as error:
            raise CallLater(_call(answer, account, ""), "no token", after=1.0) from error
        return _Token(granted.access_token, asked_at + granted.expires_in - EARLY)


def _landed(flight: "Future[_Token]") -> bool:
    return flight.done() and flight.exception() is None


def _denied(body: bytes) -> _Denied:
    try:
        return msgspec.json.decode(body, type=_Denied)
    except (ValueError, RecursionError):
        return _Denied()


def _call(answer: httpx2.Response, account: str, error: str) -> Call:
    return Call(
        operation="login",
        account=account,
        status=answer.status_code,
        request_id=answer.headers.get("x-amzn-RequestId"),
        errors=(error,) if error else (),
    )
