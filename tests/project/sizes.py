"""Print how large functions and modules are: thermometers, not limits (`code.md` 11)."""

import ast
import statistics
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("schemas", "producers", "processors", "consumers", "deploy")


def bodies(tree: ast.Module) -> list[int]:
    """Give the lines of each function's body, its docstring left out."""
    found = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return [(f.end_lineno or 0) - _first(f).lineno + 1 for f in found]


def _first(function: ast.FunctionDef | ast.AsyncFunctionDef) -> ast.stmt:
    documented = ast.get_docstring(function) is not None and len(function.body) > 1
    return function.body[1] if documented else function.body[0]


def main() -> None:
    """Print the median, the 90th percentile and the longest of both."""
    paths = [p for room in ROOMS for p in (ROOT / room).rglob("*.py")]
    modules = sorted((len(p.read_text().splitlines()), str(p.relative_to(ROOT))) for p in paths)
    functions = sorted(n for p in paths for n in bodies(ast.parse(p.read_text())))
    print(
        f"functions: {len(functions)}, median {statistics.median(functions):.0f},"
        f" p90 {functions[len(functions) * 9 // 10]}, longest {functions[-1]}"
    )
    lines = [n for n, _ in modules]
    print(f"modules: {len(lines)}, median {statistics.median(lines):.0f}, longest {modules[-3:]}")


if __name__ == "__main__":
    main()
