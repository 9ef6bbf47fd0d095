"""`make faults`: one role after the other is killed under load; what is left must be the same.

Ends with one line of JSON and exit 0 only if every zero is zero. `ARGS='--roles push,sink'`
runs some roles, `--kills N` and `--products N` change the size; with `--folder DIR` a run that
was broken off goes on behind the last role that it finished.
"""

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script: the tree's own tests/ folder

from tests.support.disturbed import Killer, Outcome, differences, run
from tests.support.load import Expected, Files, Size, write

VICTIMS = {
    "import": "import",
    "products": "products",
    "matching": "matching",
    "listings": "listings",
    "sink": "postgres",
    "push": "amazon",
}
"""What the issue calls them → the role whose processes are killed."""


def arguments() -> argparse.Namespace:
    """Give what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--roles", default=",".join(VICTIMS))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--products", type=int, default=5_000)
    parser.add_argument("--changes", type=int, default=10_000)
    parser.add_argument("--new", type=int, default=200)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, default=None)
    return parser.parse_args()


def main() -> int:
    """Run them all and print the figures."""
    asked = arguments()
    size = Size(products=asked.products, changes=asked.changes, new=asked.new, rate=asked.rate)
    folder = asked.folder or Path(tempfile.mkdtemp(prefix="listwire-faults-"))
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    print(f"runs are kept in {folder}", flush=True)
    files, expected = write(folder / "files", size, seed=asked.seed)
    began = time.monotonic()
    outcomes: dict[str, Outcome] = {}
    for name in ("undisturbed", *asked.roles.split(",")):
        print(f"--- {name}", flush=True)
        outcomes[name] = _known(folder / name) or _run(folder / name, files, expected, size, asked)
        _tell(name, outcomes[name], outcomes["undisturbed"])
    return _close(outcomes, asked.seed, time.monotonic() - began)


def _known(folder: Path) -> Outcome | None:
    """Give the outcome of a run that an earlier call with the same --folder has finished."""
    kept = folder / "outcome.json"
    return msgspec.json.decode(kept.read_bytes(), type=Outcome) if kept.exists() else None


def _run(
    folder: Path,
    files: Files,
    expected: dict[str, Expected],
    size: Size,
    asked: argparse.Namespace,
) -> Outcome:
    name = folder.name
    shutil.rmtree(folder, ignore_errors=True)
    killer = Killer(VICTIMS.get(name), asked.kills, random.Random(f"{asked.seed}/{name}"))
    outcome = run(folder, files, expected, size, killer)
    (folder / "outcome.json").write_bytes(msgspec.json.encode(outcome))
    return outcome


def _tell(name: str, one: Outcome, calm: Outcome) -> None:
    differ = differences(one, calm)
    print(
        f"{name}: {one.kills} kills, {len(differ)} rows differ, {len(one.wrong_at_amazon)} wrong"
        f" at Amazon, {len(one.lost)} lost, {len(one.holes)} holes, {one.sent_twice} sent twice"
        f" of {one.writes}, {one.seconds} s",
        flush=True,
    )
    for line in [*differ[:5], *one.wrong_at_amazon[:5], *one.lost[:5], *map(str, one.holes[:5])]:
        print("   ", line, flush=True)


def _close(outcomes: dict[str, Outcome], seed: int, seconds: float) -> int:
    calm = outcomes.pop("undisturbed")
    rest = outcomes.values()
    told = {
        "kills": sum(o.kills for o in rest),
        "kills_by_role": {name: o.kills for name, o in outcomes.items()},
        "lost": sum(len(o.lost) for o in (calm, *rest)),
        "differences": sum(len(differences(o, calm)) for o in rest)
        + sum(len(o.wrong_at_amazon) for o in (calm, *rest)),
        "unaccounted": sum(hole.records for o in (calm, *rest) for hole in o.holes),
        "sent_twice": sum(o.sent_twice for o in rest),
        "sent_twice_undisturbed": calm.sent_twice,
        "writes": sum(o.writes for o in (calm, *rest)),
        "listings": len(calm.rows),
        "seed": seed,
        "seconds": round(seconds),
    }
    print(json.dumps(told), flush=True)
    return 1 if told["lost"] or told["differences"] or told["unaccounted"] else 0


if __name__ == "__main__":
    sys.exit(main())
