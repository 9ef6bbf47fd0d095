"""Which broker and database `up` uses instead of its own: those that a person named."""

from pathlib import Path

import pytest

from deploy.commands.session import Session
from deploy.commands.start import named, running_file, stated
from deploy.running import Pipeline

LEFT = '[kafka]\nbootstrap_servers = "127.0.0.1:1"\n[postgres]\nurl = "postgresql://left"\n'
URL = "postgresql://ours"


@pytest.mark.parametrize(
    ("variables", "flags", "expected"),
    [
        pytest.param({}, {}, (None, None), id="what a killed one left is nobody's choice"),
        pytest.param(
            {"LISTWIRE_KAFKA__BOOTSTRAP_SERVERS": "broker:9092"},
            {},
            ("broker:9092", None),
            id="a broker by variable",
        ),
        pytest.param(
            {},
            {"kafka.bootstrap_servers": "broker:9092", "postgres.url": URL},
            ("broker:9092", URL),
            id="both by flag",
        ),
    ],
)
def test_up_uses_what_a_person_named(
    variables: dict[str, str],
    flags: dict[str, str],
    expected: tuple[str | None, str | None],
    tmp_path: Path,
) -> None:
    running_file(tmp_path).write_text(LEFT)

    here = Session({"LISTWIRE_DATA": str(tmp_path), "HOME": str(tmp_path)} | variables, flags, None)

    assert named(here) == expected


def test_a_broker_named_in_a_file_of_theirs_is_used(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[kafka]\nbootstrap_servers = "broker:9092"\n')
    running_file(tmp_path).write_text(LEFT)

    here = Session({"LISTWIRE_DATA": str(tmp_path), "HOME": str(tmp_path)}, {}, config)

    assert named(here) == ("broker:9092", None)


def test_workers_read_the_file_that_was_named_and_keep_documents_where_it_says(
    tmp_path: Path,
) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[archive]\nfolder = "/mine"\n')
    here = Session({"LISTWIRE_DATA": str(tmp_path), "HOME": str(tmp_path)}, {}, config)

    told = Pipeline(tmp_path / "data", environ=stated(here), kafka="k:1", postgres=URL).environ

    assert (told["LISTWIRE_CONFIG"], told["LISTWIRE_ARCHIVE__FOLDER"]) == (str(config), "/mine")


def test_without_a_word_about_it_documents_are_kept_with_the_data(tmp_path: Path) -> None:
    here = Session({"LISTWIRE_DATA": str(tmp_path), "HOME": str(tmp_path)}, {}, None)

    told = Pipeline(tmp_path / "data", environ=stated(here), kafka="k:1", postgres=URL).environ

    assert told["LISTWIRE_ARCHIVE__FOLDER"] == str(tmp_path / "data" / "archive")
