"""Who may send, from the deployment's settings: and what is refused before it is too late."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from deploy.errors import Failure
from deploy.settings import Sender, Webhook, load
from deploy.webhook.proof import Bearer, NotProven, Signed, key_of, sign
from deploy.webhook.senders import secrets_of, senders

LONG = "long-enough-to-be-a-secret"


def webhook(name: str = "erp", **members: Any) -> Webhook:
    return Webhook(sources={name: Sender(**({"secret": SecretStr(LONG)} | members))})


def test_a_source_is_named_by_variables(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(LONG)
    secret.chmod(0o600)
    environ = {
        "HOME": str(tmp_path),
        "LISTWIRE_WEBHOOK__PORT": "9000",
        "LISTWIRE_WEBHOOK__SOURCES__ERP__SECRET_FILE": str(secret),
        "LISTWIRE_WEBHOOK__SOURCES__SHOP__KIND": "adobe",
        "LISTWIRE_WEBHOOK__SOURCES__SHOP__AUTH": "hmac",
        "LISTWIRE_WEBHOOK__SOURCES__SHOP__SECRET": "env:SHOP_SECRET",
    }

    deployment, origins = load(environ, here=tmp_path)

    known = senders(deployment.webhook, {"SHOP_SECRET": LONG})
    assert deployment.webhook.port == 9000
    assert {n: (s.kind, type(s.proof)) for n, s in known.items()} == {
        "erp": ("events", Bearer),
        "shop": ("adobe", Signed),
    }
    assert LONG not in repr(deployment)
    assert LONG not in "".join(o.value for o in origins)


def test_a_source_may_stand_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "listwire.toml").write_text(
        '[webhook.sources.erp]\nkind = "events"\nsecret = "env:ERP"\n'
    )

    deployment, _ = load({"HOME": str(tmp_path)}, here=tmp_path)

    assert set(senders(deployment.webhook, {"ERP": LONG})) == {"erp"}


@pytest.mark.parametrize(
    ("variable", "code"),
    [
        pytest.param("LISTWIRE_WEBHOOK__SOURCES__ERP__SECRT", "LW-0102", id="a typo"),
        pytest.param("LISTWIRE_WEBHOOK__SOURCES__ERP", "LW-0102", id="no member"),
        pytest.param("LISTWIRE_WEBHOOK__SOURCES__ERP__KIND", "LW-0103", id="no such kind"),
    ],
)
def test_a_wrong_name_or_value_is_refused(tmp_path: Path, variable: str, code: str) -> None:
    with pytest.raises(Failure, match=code):
        load({"HOME": str(tmp_path), variable: "x"}, here=tmp_path)


@pytest.mark.parametrize(
    ("stated", "code"),
    [
        pytest.param(Webhook(), "LW-0101", id="no source"),
        pytest.param(webhook(secret=SecretStr("")), "LW-0103", id="no secret"),
        pytest.param(webhook(secret=SecretStr("short")), "LW-0103", id="a short one"),
        pytest.param(webhook(secret=SecretStr("env:NOT_SET")), "LW-0103", id="a variable not set"),
        pytest.param(webhook(secret=SecretStr("file:/no/such")), "LW-0105", id="no such file"),
        pytest.param(webhook("a b"), "LW-0103", id="no name"),
        pytest.param(
            webhook(auth="hmac", secret=SecretStr("whsec_%%%")), "LW-0103", id="no base64"
        ),
    ],
)
def test_a_source_that_could_be_anybody_is_refused(stated: Webhook, code: str) -> None:
    with pytest.raises(Failure, match=code) as failure:
        senders(stated, {})

    assert "short" not in failure.value.why.replace("shorter", "")


def test_a_secret_that_others_may_read_is_refused(tmp_path: Path) -> None:
    loose = tmp_path / "secret"
    loose.write_text(LONG)
    loose.chmod(0o644)

    with pytest.raises(Failure, match="LW-0104"):
        secrets_of(f"file:{loose}", {})


def test_while_a_secret_is_replaced_both_count() -> None:
    (known,) = senders(
        webhook(secret=SecretStr("env:OLD, env:NEW")), {"OLD": LONG + "1", "NEW": LONG + "2"}
    ).values()

    for token in (LONG + "1", LONG + "2"):
        known.proof.begin({"authorization": f"Bearer {token}"}, 0).finish()
    with pytest.raises(NotProven):
        known.proof.begin({"authorization": f"Bearer {LONG}3"}, 0)


def test_a_signature_is_that_of_standard_webhooks() -> None:
    """The example that the specification's own libraries are tested with."""
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")

    signed = sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}')

    assert signed == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
