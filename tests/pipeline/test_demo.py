"""`listwire demo` as a person runs it: a child process, its last line, and what is behind it."""

import json
import os
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from consumers.postgres import read
from deploy.commands.start import running_file
from deploy.connect.postgres import open_engine
from deploy.settings import load
from deploy.supervisor import listwire
from tests.support.eventually import eventually
from tests.support.folders import reachable
from tests.support.processes import descendants, left, running

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]

LABELS = [*read.LABELS.values(), read.NOT_LISTED]
INCOMPLETE = {
    "missing_condition",
    "unable_to_assign",
    "multiple_matches",
    "has_variants",
    "missing_information",
}


class Shown(NamedTuple):
    """What one demo printed, and how many listings it left per tab and status."""

    last: dict[str, Any]
    statuses: Counter[tuple[str, str]]
    code: int
    left: list[int]


@pytest.fixture(scope="module")
def shown() -> Iterator[Shown]:
    """One demo that keeps running until it is looked at, then gets Ctrl-C."""
    with reachable() as folder:
        environ = dict(os.environ) | {"LISTWIRE_DATA": str(folder)}
        with running(*listwire(), "demo", "--json", "--serve", env=environ) as process:
            last = json.loads(_line(process))
            file = running_file(folder)
            eventually(lambda: file.exists() and "url" in file.read_text(), within=60)
            statuses = _statuses(environ)
            children = descendants(process.pid)
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=60)
            yield Shown(last, statuses, process.returncode, left(children))


def _line(process: subprocess.Popen[str]) -> str:
    line = process.stdout.readline() if process.stdout else ""
    if not line and process.stderr:
        raise AssertionError(f"the demo said nothing: {process.stderr.read()}")
    return line


def _statuses(environ: dict[str, str]) -> Counter[tuple[str, str]]:
    url = load(environ)[0].postgres.url.get_secret_value()
    engine = open_engine(url, name="tests")
    with engine.connect() as connection:
        found = read.statuses(connection)
    engine.dispose()
    return sum((Counter({(tab, status): n}) for (_, tab, status), n in found.items()), Counter())


def test_every_tab_is_reached(shown: Shown) -> None:
    stores = shown.last["stores"]

    total = Counter[str]()
    for tabs in stores.values():
        total += Counter(tabs)
    assert set(stores) == {"acme-de", "acme-fr", "acme-us"}
    assert all(set(tabs) == set(LABELS) for tabs in stores.values())
    # nothing is under way any more: what was *In Process* has found its tab
    assert {label for label in LABELS if not total[label]} <= {"In Process"}


def test_every_way_to_be_incomplete_is_reached(shown: Shown) -> None:
    found = {status for tab, status in shown.statuses if tab == "incomplete"}

    assert found == INCOMPLETE


def test_counts_are_those_of_postgres(shown: Shown) -> None:
    counted = sum(sum(tabs.values()) for tabs in shown.last["stores"].values())

    assert counted == shown.statuses.total() >= 300


def test_two_changes_are_followed_with_their_times(shown: Shown) -> None:
    followed = shown.last["followed"]

    assert [one["change"] for one in followed] == ["price", "stock to zero"]
    assert all(0 < one["event_to_request_ms"] < one["event_to_confirmed_ms"] for one in followed)
    assert shown.last["seconds"] > 0


def test_ctrl_c_ends_it_and_leaves_no_process(shown: Shown) -> None:
    assert (shown.code, shown.left) == (0, [])


# --- a person's own files ---------------------------------------------------------------------

SETTINGS = """
account:
  mine: {region: EU, merchant_token: A1MINE, credentials: env:MINE}
website:
  base: {id: 1, zone: Europe/Berlin, currency: EUR, default_view: default, views: {default: 1}}
store:
  mine-de: {account: mine, marketplace: DE, website: base, created: 2024-03-01}
attribute:
  ean: {type: text}
  color: {type: text}
listing:
  mine-de: {auto_list: true}
search:
  mine-de: {ean: ean}
third_party:
  mine-de: {import: true, seller_sku: sku}
rule:
  mine-de:
    all: true
    of:
      - any: false
        of: [{attribute: color, is: Grey}]
"""
CATALOGUE = """\
sku,store_view_code,attribute_set_code,product_type,product_websites,name,product_online,price,additional_attributes,qty,is_in_stock
CUP-1,,Home,simple,base,Cup,1,9.90,"ean=4006381333931,color=White",7,1
CUP-2,,Home,simple,base,Saucer,1,4.90,"ean=4006381333948,color=White",3,1
CUP-3,,Home,simple,base,Spoon,1,2.90,"ean=4006381333955,color=Grey",3,1
"""
REPORT = (
    "item-name\tseller-sku\tasin1\tprice\tquantity\tstatus\tfulfillment-channel"
    "\titem-condition\tproduct-id\tproduct-id-type\topen-date\n"
    "Cup\tCUP-1\tB000000001\t9.90\t7\tActive\tDEFAULT\t11\tB000000001\t1\t\n"
)


def test_own_files_take_the_place_of_the_sample(tmp_path: Path) -> None:
    words = []
    for name, text in (("catalog", CATALOGUE), ("report", REPORT), ("settings", SETTINGS)):
        path = tmp_path / name
        path.write_text(text)
        words += [f"--{name}", str(path)]
    environ = dict(os.environ) | {"LISTWIRE_DATA": str(tmp_path / "data")}

    with running(*listwire(), "demo", "--json", *words, env=environ) as process:
        told, said = process.communicate(timeout=400)

    assert process.returncode == 0, said
    last = json.loads(told.splitlines()[-1])
    tabs = dict.fromkeys(LABELS, 0) | {"Active": 1, "Incomplete": 1, "Not Listed": 1}
    assert last["stores"] == {"mine-de": tabs}
    assert last["followed"] == []
