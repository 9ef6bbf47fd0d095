"""Login with Amazon: one refresh at a time, its failures told apart, nothing repeated."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from pydantic import SecretStr

from deploy.connect.amazon.credentials import Application, Credentials, credentials
from deploy.connect.amazon.failures import CallLater, CallNotAllowed
from deploy.connect.amazon.lwa import Tokens
from deploy.errors import Failure
from tests.support.eventually import eventually

HELD = Credentials(Application("id", SecretStr("s3cret")), SecretStr("Atzr|refresh"))


def tokens(
    answer: Callable[[httpx2.Request], httpx2.Response], clock: Callable[[], float] = lambda: 0.0
) -> Tokens:
    http = httpx2.Client(transport=httpx2.MockTransport(answer))
    return Tokens(http, "https://login.test/auth/o2/token", lambda _: HELD, clock)


class Login:
    """Answers each login with the next token; waits at a gate, if there is one."""

    def __init__(self, reply: httpx2.Response | None = None) -> None:
        self.count = 0
        self.gate = threading.Event()
        self.gate.set()
        self.reply = reply

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.count += 1
        self.gate.wait(10)
        granted = {"access_token": f"Atza|{self.count}", "expires_in": 3600}
        return self.reply or httpx2.Response(200, json=granted)


def at_once(tokens: Tokens, login: Login, threads: int = 20) -> list[str]:
    """Ask from *threads* threads while the first login is under way; a failure is its name."""

    def ask() -> str:
        try:
            return tokens.token("acme-eu")
        except CallNotAllowed as error:
            return type(error).__name__

    login.gate.clear()
    with ThreadPoolExecutor(threads) as pool:
        asked = [pool.submit(ask) for _ in range(threads)]
        eventually(lambda: login.count > 0)
        login.gate.set()
        return [a.result(10) for a in asked]


def test_twenty_threads_log_in_once() -> None:
    login = Login()

    assert (at_once(tokens(login), login), login.count) == (["Atza|1"] * 20, 1)


def test_a_failed_login_fails_whoever_waited_and_the_next_one_tries_again() -> None:
    login = Login(httpx2.Response(400, json={"error": "invalid_grant"}))
    held = tokens(login)
    failed = set(at_once(held, login))
    login.reply = None

    assert (failed, held.token("acme-eu")[:5]) == ({"CallNotAllowed"}, "Atza|")


@pytest.mark.parametrize(
    ("later", "logins"),
    [
        pytest.param(3539.0, 1, id="kept until a minute before its end"),
        pytest.param(3540.0, 2, id="refreshed a minute before its end"),
    ],
)
def test_a_token_is_used_until_shortly_before_its_end(later: float, logins: int) -> None:
    login, time = Login(), [0.0]
    held = tokens(login, lambda: time[0])
    held.token("acme-eu")
    time[0] = later

    held.token("acme-eu")

    assert login.count == logins


def test_a_dropped_token_is_refreshed_and_a_newer_one_survives_the_drop() -> None:
    login = Login()
    held = tokens(login)
    first = held.token("acme-eu")
    held.drop(first)
    second = held.token("acme-eu")
    held.drop(first)

    assert (held.token("acme-eu"), login.count) == (second, 2)


@pytest.mark.parametrize(
    ("answer", "failure", "disconnected"),
    [
        pytest.param((400, {"error": "invalid_grant"}), CallNotAllowed, True, id="revoked"),
        pytest.param((400, {"error": "unauthorized_client"}), CallNotAllowed, True, id="paused"),
        pytest.param((401, {"error": "invalid_client"}), CallNotAllowed, False, id="our secret"),
        pytest.param((429, {}), CallLater, None, id="429"),
        pytest.param((503, "<html>"), CallLater, None, id="503, HTML"),
        pytest.param((200, "<html>"), CallLater, None, id="200, HTML"),
        pytest.param((200, {"token_type": "bearer"}), CallLater, None, id="200 without token"),
        pytest.param((302, ""), CallLater, None, id="redirect"),
    ],
)
def test_what_each_answer_of_the_login_means(
    answer: tuple[int, Any], failure: type[Exception], disconnected: bool | None
) -> None:
    status, body = answer
    how = {"json": body} if isinstance(body, dict) else {"text": body}
    login = Login(httpx2.Response(status, **how))  # type: ignore[arg-type]

    with pytest.raises(failure) as caught:
        tokens(login).token("acme-eu")
    assert (login.count, getattr(caught.value, "disconnected", None)) == (1, disconnected)


def test_a_login_that_is_not_reached_is_tried_again_later() -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ReadTimeout("")

    with pytest.raises(CallLater):
        tokens(refuse).token("acme-eu")


def test_no_failure_and_no_value_shows_a_secret() -> None:
    login = Login(httpx2.Response(400, json={"error": "invalid_grant", "x": "Atzr|refresh"}))
    with pytest.raises(CallNotAllowed) as caught:
        tokens(login).token("acme-eu")

    shown = f"{caught.value!r} {caught.value.call!r} {HELD!r}"
    assert not any(secret in shown for secret in ("s3cret", "Atzr"))


OURS = Application("app", SecretStr("app-secret"))


def plain(held: Credentials) -> tuple[str, str, str]:
    secret = held.application.client_secret.get_secret_value()
    return held.application.client_id, secret, held.refresh_token.get_secret_value()


def test_a_reference_to_the_environment_takes_the_rest_from_the_application() -> None:
    held = credentials("env:ACME_EU", {"ACME_EU_REFRESH_TOKEN": "r"}, OURS)

    assert plain(held) == ("app", "app-secret", "r")


def test_an_account_may_have_an_application_of_its_own() -> None:
    stated = {"A_REFRESH_TOKEN": "r", "A_CLIENT_ID": "own", "A_CLIENT_SECRET": "own-secret"}

    assert plain(credentials("env:A", stated, OURS)) == ("own", "own-secret", "r")


def test_a_reference_to_a_file_reads_it(tmp_path: Any) -> None:
    (tmp_path / "acme.json").write_text('{"refresh_token": "from file"}')

    assert plain(credentials(f"file:{tmp_path}/acme.json", {}, OURS))[2] == "from file"


@pytest.mark.parametrize("reference", ["env:NOBODY", "file:/nowhere", "vault:x", "plain", ""])
def test_a_reference_that_leads_nowhere_says_so(reference: str) -> None:
    with pytest.raises(Failure, match="LW-0401"):
        credentials(reference, {}, OURS)
