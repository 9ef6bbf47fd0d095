"""Reading the shop by command: over a socket, a broker and a database."""

from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import func, select

from deploy.connect.postgres import open_engine
from deploy.connect.pull import SALT
from deploy.preparing import prepare
from producers.catalog.snapshot import fingerprint
from tests.deploy.conftest import Run, Said
from tests.support.commerce import CommerceShop
from tests.support.commerce_door import listening

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

HEAD = "sku,product_type,product_websites,name,price,qty\n"


@pytest.fixture(scope="module")
def url(kafka: str, new_database: Callable[[], str]) -> str:
    """A database with our tables, beside a broker with our topics."""
    made = new_database()
    prepare(kafka, made)
    return made


@pytest.fixture
def command(kafka: str, url: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The command, with broker and database."""
    monkeypatch.setenv("LISTWIRE_COMMERCE__TOKEN", "token")

    def command(*words: object) -> Said:
        return run("--kafka", kafka, "--postgres", url, "catalog", *words)

    return command


@pytest.fixture
def shop(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[CommerceShop]:
    """A shop with three pens, under a name of its own."""
    made = CommerceShop()
    for n in range(3):
        made.add(f"{request.node.name}/{n}")
    with listening(made) as address:
        monkeypatch.setenv("LISTWIRE_COMMERCE__ADDRESS", address)
        monkeypatch.setenv("LISTWIRE_COMMERCE__SHOP", request.node.name.replace("_", "-"))
        yield made


def catalogue(folder: Path, skus: list[str]) -> Path:
    path = folder / "catalogue.csv"
    path.write_text(HEAD + "".join(f"{sku},simple,base,Pen,1,1\n" for sku in skus))
    return path


def declared(skus: list[str]) -> str:
    return f"{len(skus)}:{fingerprint(skus)}"


def test_a_shop_is_read_once_and_then_only_what_changed(command: Run, shop: CommerceShop) -> None:
    first = command("pull", "--json").json
    again = command("pull", "--json").json
    shop.sql(shop.products[1]["sku"], price=8)
    full = command("pull", "--full", "--json").json

    assert shop.breaches == []
    assert [sum(t["told"].values()) for t in (first, again, full)] == [9, 0, 1]
    assert (full["verdict"]["state"], full["ended"]) == ("ended", 0)


def test_a_product_that_the_shop_lost_is_held_listed_and_released(
    command: Run, shop: CommerceShop
) -> None:
    command("pull", "--full")
    shop.take(shop.products[1]["sku"])

    held = command("pull", "--full", "--json")
    id_ = held.json["snapshot"]
    listed = {s["id"]: s for s in command("snapshot", "list", "--json").json}[id_]
    released = command("snapshot", "release", id_, "--why", "sold out", "--by", "kim")
    shown = command("snapshot", "show", id_).json

    assert (held.code, held.error["code"], listed["guard"]) == (7, "LW-0541", "G7")
    assert f"release {id_}" in held.error["do"]
    assert (released.code, shown["state"], shown["released_by"]) == (0, "ended", "kim: sold out")


def test_a_file_ends_what_it_lacks_if_its_sender_declared_it(command: Run, tmp_path: Path) -> None:
    skus = [f"WHOLE/{n}" for n in range(20)]
    how = ("--shop", "whole", "--whole")
    first = command("import", catalogue(tmp_path, skus), *how, declared(skus))
    wrong = command("import", catalogue(tmp_path, skus[:19]), *how, declared(skus))
    right = command("import", catalogue(tmp_path, skus[:19]), *how, declared(skus[:19]))

    assert [said.code for said in (first, wrong, right)] == [0, 5, 0]
    assert ("LW-0540" in wrong.err, "19 products came, 20 were declared" in wrong.err) == (
        True,
        True,
    )
    assert "1 products ended" in right.err


def test_several_files_make_one_whole(command: Run, tmp_path: Path) -> None:
    skus = [f"PARTS/{n}" for n in range(4)]
    count, hash_ = declared(skus).split(":")
    opened = command("snapshot", "open", "--shop", "parts", "--count", count, "--hash", hash_)
    id_ = opened.out.strip()
    for some in (skus[:2], skus[2:]):
        assert command("snapshot", "add", id_, catalogue(tmp_path, some)).code == 0
    sealed = command("snapshot", "seal", id_, "--json")
    late = command("snapshot", "add", id_, catalogue(tmp_path, skus))

    assert (sealed.code, sealed.json["verdict"]["state"], late.code) == (0, "ended", 4)


@pytest.mark.parametrize("whole", ["20", "x:y", "3:" + "0" * 63])
def test_a_declaration_is_a_count_and_a_hash(command: Run, tmp_path: Path, whole: str) -> None:
    assert command("import", catalogue(tmp_path, ["A"]), "--whole", whole).code == 2


def test_a_shop_that_shuts_us_out_is_said(command: Run, shop: CommerceShop) -> None:
    shop.fails = [httpx2.Response(401, json={"message": "The consumer isn't authorized"})]

    said = command("pull", "--json")

    assert (said.code, said.error["code"]) == (3, "LW-0544")
    assert "isn't authorized" in said.error["why"]


def test_a_shop_that_does_not_answer_is_said(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("deploy.connect.pull.PATIENCE", 0.0)
    monkeypatch.setenv("LISTWIRE_COMMERCE__ADDRESS", "http://127.0.0.1:9")

    said = command("pull", "--json")

    assert (said.code, said.error["code"]) == (8, "LW-0543")


def test_two_do_not_read_one_shop(command: Run, shop: CommerceShop, url: str) -> None:
    engine = open_engine(url, name="other")
    name = "test-two-do-not-read-one-shop"
    with engine.connect() as other:
        other.execute(select(func.pg_advisory_lock(func.hashtextextended(name, SALT))))
        said = command("pull", "--json")

    assert (said.code, said.error["code"]) == (7, "LW-0545")
