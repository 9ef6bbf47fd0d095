"""Real processes, killed with -9 in the middle: Amazon ends at what is wanted, each time."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from sqlalchemy import Engine

from tests.consumers.amazon.conftest import SEED, begin
from tests.consumers.amazon.hands import ACCOUNT, unsettled, want
from tests.consumers.amazon.offers import live, offer
from tests.support.eventually import eventually
from tests.support.sandbox import Sandbox

ROOT = Path(__file__).parents[3]
COUNT, KILLS = 100, 3
SKUS = [f"S-{n:03}" for n in range(COUNT)]
WORLD = SEED | {
    "apply_seconds": 0.3,
    "listings": [
        {
            "account": ACCOUNT,
            "marketplace": "DE",
            "sku": sku,
            "asin": "B000000001",
            "price": "44.90",
            "quantity": 5,
        }
        for sku in SKUS
    ],
}


def started(url: str, sandbox: Sandbox, life: int) -> subprocess.Popen[bytes]:
    program = (
        "import sys; from tests.consumers.amazon import pusher_process as p; p.main(*sys.argv[1:])"
    )
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program, url, sandbox.api, f"life-{life}"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def patched(sandbox: Sandbox) -> list[tuple[str, float]]:
    asked = sandbox.requests(operation="patchListingsItem")
    found = [(r["sku"], r["body"]["patches"][0]["value"][0]) for r in asked if r["body"]]
    return [(s, v["our_price"][0]["schedule"][0]["value_with_tax"]) for s, v in found]


@pytest.mark.postgres
def test_killed_again_and_again_it_ends_at_what_is_wanted(
    clean: Engine, postgres: str, sandbox: Sandbox
) -> None:
    begin(sandbox, WORLD)
    want(clean, *(offer(1, seller_sku=sku, acme_de=live("39.90")) for sku in SKUS))
    for life in range(KILLS):
        before = len(patched(sandbox))
        process = started(postgres, sandbox, life)
        try:
            eventually(lambda n=before + 15: len(patched(sandbox)) >= n, within=30)
            newer = SKUS[life * 20 : life * 20 + 20]
            price = f"{38 - life}.90"
            want(clean, *(offer(2 + life, seller_sku=s, acme_de=live(price)) for s in newer))
        finally:
            process.kill()
            process.wait(10)
    process = started(postgres, sandbox, KILLS)
    try:
        eventually(lambda: not unsettled(clean), within=60)
    finally:
        process.kill()
        process.wait(10)

    sent = patched(sandbox)
    last = dict(sent)
    wanted = {s: 39.9 if n >= 20 * KILLS else round(38.9 - n // 20, 2) for n, s in enumerate(SKUS)}
    held = {t["sku"]: float(t["price"]["amount"]) for t in sandbox.truth(account=ACCOUNT)}
    repeats = sum(Counter(sent).values()) - len(set(sent))
    older = [s for s in SKUS if (prices := _of(sent, s)) != sorted(prices, reverse=True)]
    assert (held, {s: last[s] for s in SKUS}, older) == (wanted, wanted, [])
    assert repeats <= 2 * KILLS


def _of(sent: list[tuple[str, float]], sku: str) -> list[float]:
    return [price for asked, price in sent if asked == sku]
