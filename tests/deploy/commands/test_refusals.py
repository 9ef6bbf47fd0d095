"""What a command refuses has its code and its exit, and says what to do; nothing is sent."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from deploy.codes import CODES
from deploy.commands import intake, reports, steer
from deploy.connect.postgres import migrate, open_engine
from deploy.errors import Failure
from deploy.running import Sandbox
from schemas.settings import Account, Settings, Store
from tests.deploy.conftest import Run

KNOWN = Settings(
    records={
        "account": {"acme": Account(region="EU", merchant_token="M", credentials="env:X")},
        "store": {
            "acme-de": Store(
                account="acme", marketplace="DE", website="b", created=date(2026, 1, 1)
            )
        },
    }
)
REPORT = ("--type", "GET_MERCHANT_LISTINGS_ALL_DATA", "--as-of", "2026-11-25T10:00:00+0000")
STRANGE = ("--type", "GET_FLAT_FILE", *REPORT[2:])


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str], str]:
    """Write a file and give its path."""

    def write(content: str) -> str:
        path = tmp_path / "file.csv"
        path.write_text(content)
        return str(path)

    return write


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.parametrize(
    ("words", "content", "code", "told"),
    [
        pytest.param(("work", "postman"), "", "LW-0107", "products", id="no such role"),
        pytest.param(("catalog", "import", "FILE"), "a,b\n1,2\n", "LW-0501", "", id="no catalogue"),
        pytest.param(
            ("catalog", "import", "FILE"),
            '{"topic": "catalog.price.v1"}\n',
            "LW-0512",
            "--from 1",
            id="a bad row",
        ),
        pytest.param(
            ("report", "import", "FILE", "--store", "acme-de", *REPORT),
            "no\theader\n",
            "LW-0520",
            "",
            id="no report",
        ),
        pytest.param(
            ("report", "import", "FILE", "--store", "acme-de", *STRANGE),
            "",
            "LW-0521",
            "GET_MERCHANT_LISTINGS_ALL_DATA",
            id="a report we do not read",
        ),
        pytest.param(
            ("report", "import", "FILE", "--store", "nowhere", *REPORT),
            "",
            "LW-0603",
            "acme-de",
            id="a report of no store of ours",
        ),
        pytest.param(
            ("report", "fetch", "nowhere"), "", "LW-0603", "acme-de", id="a report of no store"
        ),
        pytest.param(
            ("report", "fetch", "acme-de", *STRANGE[:2]),
            "",
            "LW-0521",
            "GET_MERCHANT_LISTINGS_ALL_DATA",
            id="a report to be asked for that we do not read",
        ),
        pytest.param(("report", "show", "R9"), "", "LW-0522", "fetch", id="no such report"),
        pytest.param(
            ("settings", "apply", "FILE"),
            "stores:\n  x: {region: MOON}\n",
            "LW-0601",
            "nothing was applied",
            id="settings that are wrong",
        ),
        pytest.param(("publish", "acme-de", "x" * 500), "", "LW-0602", "", id="no seller SKU"),
        pytest.param(("end", "nowhere", "LAMP-12"), "", "LW-0603", "acme-de", id="no such store"),
        pytest.param(
            ("end", "acme-de", "--product", "LAMP-12"), "", "LW-0604", "", id="no such product"
        ),
        pytest.param(("why", "acme-de", "LAMP-12"), "", "LW-0604", "listings", id="no listing"),
    ],
)
def test_a_refusal_has_its_code_and_its_exit(
    run: Run,
    contract_kafka: str,
    postgres: str,
    monkeypatch: pytest.MonkeyPatch,
    file: Callable[[str], str],
    words: tuple[str, ...],
    content: str,
    code: str,
    told: str,
) -> None:
    migrate(open_engine(postgres))
    for commands in (intake, reports, steer):
        monkeypatch.setattr(commands, "known_settings", lambda _here: KNOWN)
    given = [file(content) if word == "FILE" else word for word in words]

    said = run("--kafka", contract_kafka, "--postgres", postgres, *given)

    assert (
        said.err.splitlines()[-5:][0].startswith(f"error {code}: ") or f"error {code}" in said.err
    )
    assert said.code == CODES[code].exit
    assert told in said.err


@pytest.mark.kafka
@pytest.mark.postgres
def test_a_report_of_another_type_and_language_is_taken(
    run: Run,
    contract_kafka: str,
    postgres: str,
    monkeypatch: pytest.MonkeyPatch,
    file: Callable[[str], str],
) -> None:
    migrate(open_engine(postgres))
    monkeypatch.setattr(intake, "known_settings", lambda _here: KNOWN)
    header = "Händler-SKU\tASIN 1\tPreis\tMenge\tVersender\tneu"
    content = f"{header}\nLAMP-12\tB000000001\t49.90\t5\tDEFAULT\t-\n"
    words = ("--type", "GET_MERCHANT_LISTINGS_DATA", *REPORT[2:])

    said = run("--kafka", contract_kafka, "--postgres", postgres,
               "report", "import", file(content), "--store", "acme-de", *words)  # fmt: skip

    told = " ".join((said.out + said.err).split())
    assert (said.code, "complete: 1 rows, 0 refused" in told) == (0, True)
    assert "unknown columns: neu" in told


def test_a_process_that_does_not_start_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["/bin/sh", "-c", "echo no port left; exit 1"]
    monkeypatch.setattr("deploy.running.listwire", lambda: words)

    with pytest.raises(Failure, match="LW-0910") as failed:
        Sandbox(tmp_path)

    assert failed.value.why == "no port left"
