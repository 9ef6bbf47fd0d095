"""How the demo waits, and what it says when the pipeline does not come to rest."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from deploy.demo import show
from deploy.errors import Failure

ACTIVE = {("acme-de", "active", "active"): 3}
SEARCHING = {("acme-de", "in_process", "validating_asin"): 1, **ACTIVE}


def settled(
    monkeypatch: pytest.MonkeyPatch, *seen: dict[Any, int], unhandled: tuple[bool, ...] = (False,)
) -> Any:
    tables, waiting = list(seen), list(unhandled)
    monkeypatch.setattr(show, "SETTLED", 0.05)
    monkeypatch.setattr(show, "PATIENCE", 2.0)
    monkeypatch.setattr(show, "_statuses", lambda _: tables.pop(0) if tables[1:] else tables[0])
    monkeypatch.setattr(show, "_waiting", lambda _: waiting.pop(0) if waiting[1:] else waiting[0])
    monkeypatch.setattr(show, "_counts", lambda _: {"acme-de": {"Active": 3}})
    pipeline = SimpleNamespace(tend=list, folder=Path("/somewhere"))
    return show._settle(SimpleNamespace(), pipeline)  # type: ignore[arg-type]


def test_it_waits_until_nothing_is_searched_for_and_nothing_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert settled(monkeypatch, {}, SEARCHING, SEARCHING, ACTIVE) == {"acme-de": {"Active": 3}}


def test_it_waits_for_inputs_that_nobody_has_handled_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settled(monkeypatch, ACTIVE, unhandled=(True, True, False)) == {"acme-de": {"Active": 3}}


def test_it_says_so_where_work_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Failure) as caught:
        settled(monkeypatch, SEARCHING)

    assert (caught.value.code, caught.value.where) == ("LW-0911", "/somewhere/workers")
