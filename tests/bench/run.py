"""`make bench`: run the benchmarks named, or all; the last line is one JSON object.

Each prints what it measured beside a named baseline from the same run. What is said on the
way goes to stderr, so stdout is the object alone.
"""

import importlib
import json
import os
import sys
import time
from collections.abc import Sequence

BENCHES = ("event_to_request", "throughput", "restart", "report_rows", "gtins")
"""Name → a module beside this one, whose `measure` gives its figures."""


def say(text: str) -> None:
    """Tell people how it goes."""
    print(f"{time.strftime('%H:%M:%S')} {text}", file=sys.stderr, flush=True)


def chosen(words: Sequence[str]) -> list[str]:
    """Give the benchmarks that *words* name, all without one. Raises ValueError."""
    if unknown := sorted(set(words) - set(BENCHES)):
        raise ValueError(f"no benchmark {', '.join(unknown)}; there are {', '.join(BENCHES)}")
    return [name for name in BENCHES if name in words or not words]


def main(words: Sequence[str]) -> int:
    """Run them and print their figures; give the exit code."""
    try:
        names = chosen(words)
    except ValueError as error:
        say(str(error))
        return 2
    figures = {}
    for name in names:
        say(f"{name}: load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        figures[name] = importlib.import_module(f"tests.bench.{name}").measure(say)
        say(f"{name}: {json.dumps(figures[name])}")
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
