"""Reading a listing report of a million rows, beside Python's bare `csv.reader` on the same file.

Ours looks at the whole document first, decodes, judges each row, and gives each observation as
it travels; `csv.reader` splits rows into cells. No Kafka. Each run is a process of its own;
counted is its own CPU time, the best of three, and its peak memory above what importing took.
`python report_rows.py ours|csv FILE` is one run.
"""

import csv
import json
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from producers.amazon.columns import ALL_DATA
from producers.amazon.document import document
from producers.amazon.report import Origin, Rows
from producers.amazon.survey import survey
from tests.bench.setting_up import Figures, Say

ROWS = 1_000_000
TENTH = ROWS // 10
RUNS = 3
ORIGIN = Origin(
    report="bench",
    account="acme-eu",
    store="acme-de",
    currency="EUR",
    as_of=datetime(2026, 11, 25, 9, 50, tzinfo=UTC),
)
WORDS = "Desk lamp with a warm light and a heavy foot für zwei Bücher oder mehr".split()


def measure(say: Say) -> Figures:
    """Write the file, then read it in both ways, by turns."""
    with TemporaryDirectory(prefix="listwire-bench-") as folder:
        whole, tenth = Path(folder) / "whole.txt", Path(folder) / "tenth.txt"
        write(whole, ROWS)
        write(tenth, TENTH)
        say(f"  {whole.stat().st_size / 2**20:.0f} MiB")
        runs = [(_run("ours", whole), _run("csv", whole)) for _ in range(RUNS)]
        small = _run("ours", tenth)
    ours = max(run["rate"] for run, _ in runs)
    bare = max(run["rate"] for _, run in runs)
    return {
        "ours": round(ours),
        "csv_reader": round(bare),
        "ratio": round(ours / bare, 2),
        "peak_mib": round(max(run["peak_mib"] for run, _ in runs), 1),
        "peak_mib_of_a_tenth": round(small["peak_mib"], 1),
        "n": ROWS,
        "unit": "rows per second of CPU",
    }


def _run(way: str, file: Path) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.report_rows", way, str(file)],
        cwd=Path(__file__).parents[2],
        check=True,
        capture_output=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def write(file: Path, rows: int) -> None:
    """Write a report of all listings with so many *rows*, the same ones every time."""
    chance = random.Random(1)
    with file.open("w", encoding="utf-8", newline="") as out:
        out.write("\t".join(ALL_DATA) + "\r\n")
        for number in range(rows):
            told = _row(number, chance)
            out.write("\t".join(told.get(name, "") for name in ALL_DATA) + "\r\n")


def _row(number: int, chance: random.Random) -> dict[str, str]:
    ours = chance.random() < 0.7
    asin = f"B0{chance.randrange(16**8):08X}"
    cents = chance.choice(["00", "90", "99", "50", "49"])
    return {
        "item-name": " ".join(chance.choices(WORDS, k=9)),
        "listing-id": f"0816Y{number:06X}",
        "seller-sku": f"LAMP-{number}",
        "price": f"{chance.randint(5, 150)}.{cents}",
        "quantity": str(chance.randint(0, 99)) if ours else "",
        "open-date": f"{chance.randint(1, 28):02d}/09/2025 16:19:{chance.randint(0, 59):02d} BST",
        "item-is-marketplace": "y",
        "product-id-type": "1",
        "item-condition": "11",
        "asin1": asin,
        "product-id": asin,
        "will-ship-internationally": "1",
        "expedited-shipping": "N",
        "pending-quantity": "0",
        "fulfillment-channel": "DEFAULT" if ours else "AMAZON_EU",
        "merchant-shipping-group": "Migrated Template",
        "status": chance.choice(["Active"] * 4 + ["Inactive"]),
    }


# --- one run ------------------------------------------------------------------------------


def ours(file: Path) -> int:
    """Read *file* into observations; give how many."""
    doc = document(lambda: file.open("rb"))
    return sum(1 for _ in Rows(doc, survey(doc), ORIGIN))


def bare(file: Path) -> int:
    """Split *file* into rows of cells; give how many stand below the header."""
    with file.open(encoding="utf-8", newline="") as text:
        return sum(1 for _ in csv.reader(text, delimiter="\t", quoting=csv.QUOTE_NONE)) - 1


def main(way: str, file: str) -> None:
    """Do one run and print its figures."""
    ways: dict[str, Callable[[Path], int]] = {"ours": ours, "csv": bare}
    before, base = time.process_time(), _peak()
    rows = ways[way](Path(file))
    seconds = time.process_time() - before
    print(json.dumps({"rate": rows / seconds, "peak_mib": _peak() - base, "rows": rows}))


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main(*sys.argv[1:])
