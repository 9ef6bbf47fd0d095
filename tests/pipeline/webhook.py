"""500 events a second for a minute through the webhook, its broker killed in the middle.

`.venv/bin/python tests/pipeline/webhook.py`; ends with one line of JSON, and exit 0 only if
every event that was answered with 202 is in the topic and memory stayed bounded.
"""

import argparse
import sys
import tempfile
from pathlib import Path

import msgspec

sys.path.insert(0, str(Path(__file__).parents[2]))  # a script: the tree's own tests/ folder

from tests.support.webhook_load import Plan, run


def main() -> int:
    """Run it and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=500)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--away", type=float, default=5.0, help="Seconds without a broker.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="listwire-webhook-") as folder:
        plan = Plan(rate=asked.rate, seconds=asked.seconds, away=asked.away)
        outcome = run(Path(folder), plan)
        if not outcome.good:
            print((Path(folder) / "webhook.log").read_text()[-4_000:])
    print(msgspec.json.encode({"webhook": outcome, "good": outcome.good}).decode())
    return 0 if outcome.good else 1


if __name__ == "__main__":
    raise SystemExit(main())
