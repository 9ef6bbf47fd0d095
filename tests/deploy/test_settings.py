"""Where a process's addresses come from, and what refuses its start (corpus 110-112)."""

from pathlib import Path

import pytest

from deploy.errors import Failure
from deploy.settings import load


def given(folder: Path, **environ: str) -> dict[str, str]:
    return {"HOME": str(folder), "LISTWIRE_DATA": str(folder / "data")} | environ


def broker(folder: Path, environ: dict[str, str], **more: object) -> str:
    deployment, _ = load(environ, here=folder, **more)  # type: ignore[arg-type]
    return deployment.kafka.bootstrap_servers


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def layer(name: str) -> str:
    return f'[kafka]\nbootstrap_servers = "{name}"\n'


def test_a_nearer_source_wins_and_names_itself(tmp_path: Path) -> None:
    environ = given(tmp_path)
    seen = []
    write(tmp_path / "data" / "running.toml", layer("running"))
    seen.append(broker(tmp_path, environ))
    write(tmp_path / "listwire.toml", layer("here"))
    seen.append(broker(tmp_path, environ))
    write(tmp_path / ".config" / "listwire" / "config.toml", layer("home"))
    seen.append(broker(tmp_path, environ))
    chosen = write(tmp_path / "chosen.toml", layer("chosen"))
    seen.append(broker(tmp_path, environ, config=chosen))
    environ["LISTWIRE_KAFKA__BOOTSTRAP_SERVERS"] = "variable"
    seen.append(broker(tmp_path, environ, config=chosen))
    flags = {"kafka.bootstrap_servers": "flag"}
    seen.append(broker(tmp_path, environ, config=chosen, flags=flags))

    assert seen == ["running", "here", "home", "chosen", "variable", "flag"]


def test_a_context_stands_over_the_rest_of_its_file(tmp_path: Path) -> None:
    write(tmp_path / "listwire.toml", layer("dev") + "[context.prod.kafka]\n" + layer("prod")[8:])

    assert broker(tmp_path, given(tmp_path, LISTWIRE_CONTEXT="prod")) == "prod"


def refusal(folder: Path, **environ: str) -> Failure:
    with pytest.raises(Failure) as caught:
        load(given(folder, **environ), here=folder)
    return caught.value


def test_an_unknown_name_is_refused_and_the_near_one_suggested(tmp_path: Path) -> None:
    failure = refusal(tmp_path, LISTWIRE_KAFKA__BOOTSTRAP_SERVER="x")

    assert (failure.code, failure.exit) == ("LW-0102", 3)
    assert "LISTWIRE_KAFKA__BOOTSTRAP_SERVERS" in failure.do


def test_an_unknown_name_at_the_top_is_refused_too(tmp_path: Path) -> None:
    assert refusal(tmp_path, LISTWIRE_ENVIROMENT="test").code == "LW-0102"


def test_a_wrong_type_names_its_variable(tmp_path: Path) -> None:
    failure = refusal(tmp_path, LISTWIRE_KAFKA__REPLICATION="three")

    assert (failure.code, "LISTWIRE_KAFKA__REPLICATION" in failure.what) == ("LW-0103", True)


def test_a_secret_that_everybody_may_read_is_refused(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", "s3cr3t\n")
    secret.chmod(0o644)

    failure = refusal(tmp_path, LISTWIRE_AMAZON__CLIENT_SECRET_FILE=str(secret))

    assert (failure.code, "s3cr3t" in failure.as_text()) == ("LW-0104", False)


def test_a_secret_of_ones_own_is_read_and_never_shown(tmp_path: Path) -> None:
    secret = write(tmp_path / "secret", "s3cr3t\n")
    secret.chmod(0o600)

    deployment, origins = load(
        given(tmp_path, LISTWIRE_AMAZON__CLIENT_SECRET_FILE=str(secret)), here=tmp_path
    )

    assert deployment.amazon.client_secret.get_secret_value() == "s3cr3t"
    assert "s3cr3t" not in repr(deployment) + repr(origins)


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    broken = write(tmp_path / "listwire.toml", "[kafka\n")

    failure = refusal(tmp_path)

    assert (failure.code, failure.where) == ("LW-0105", str(broken))


def test_all_that_is_missing_is_named_at_once(tmp_path: Path) -> None:
    deployment, _ = load(given(tmp_path), here=tmp_path)

    with pytest.raises(Failure) as caught:
        deployment.require("kafka.bootstrap_servers", "postgres.url")

    assert caught.value.what == (
        "not set: LISTWIRE_KAFKA__BOOTSTRAP_SERVERS, LISTWIRE_POSTGRES__URL"
    )
