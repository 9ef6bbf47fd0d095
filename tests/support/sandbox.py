"""Amazon's stand-in as a child process, for tests."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2

ROOT = Path(__file__).parents[2]
START = "import sys; from deploy.sandbox.server import run; run(sys.argv[1:])"


class Sandbox:
    """A running stand-in: `api` and `control` are its URLs."""

    def __init__(self, process: subprocess.Popen[str], api: str, control: str) -> None:
        self.process = process
        self.api = api
        self.control = control
        self._client = httpx2.Client(base_url=control, timeout=120)

    def call(self, method: str, path: str, **how: Any) -> httpx2.Response:
        """Ask the control port; an error of it is an error of the test."""
        response = self._client.request(method, path, **how)
        if response.is_error:
            raise AssertionError(f"{method} {path}: {response.status_code} {response.text}")
        return response

    def seed(self, document: dict[str, Any]) -> dict[str, Any]:
        """Make the world of *document*."""
        return dict(self.call("POST", "/seed", json=document).json())

    def truth(self, **wanted: str) -> list[dict[str, Any]]:
        """Give the truth of the listings that *wanted* names: account, marketplace, sku."""
        return list(self.call("GET", "/truth/listings", params=wanted).json()["listings"])

    def report(self, account: str, marketplace: str, **more: str) -> bytes:
        """Give the all-listings report of one store."""
        wanted = {"account": account, "marketplace": marketplace} | more
        return self.call("GET", "/truth/report", params=wanted).content

    def requests(self, **wanted: str) -> list[dict[str, Any]]:
        """Give the journal's requests that match: operation, account, sku, status, since."""
        return list(self.call("GET", "/requests", params=wanted).json()["requests"])

    def fault(self, **fault: Any) -> None:
        """Put one fault in force."""
        self.call("POST", "/faults", json=fault)

    def event(self, **act: Any) -> dict[str, Any]:
        """Let one unasked act happen."""
        return dict(self.call("POST", "/events", json=act).json()["happened"][0])

    def advance(self, seconds: float) -> None:
        """Move a stepped clock."""
        self.call("POST", "/clock", json={"advance": seconds})

    def token(self, account_refresh_token: str) -> str:
        """Log in as an account of the seed."""
        form = {
            "grant_type": "refresh_token",
            "refresh_token": account_refresh_token,
            "client_id": "sandbox",
            "client_secret": "sandbox",
        }
        response = httpx2.post(f"{self.api}/auth/o2/token", data=form)
        return str(response.json()["access_token"])

    def stop(self) -> None:
        """End the process and wait for it."""
        self._client.close()
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)


def start_sandbox(*arguments: str, within: float = 30) -> Sandbox:
    """Start the stand-in and wait until it is ready; whoever calls must stop it."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, "--die-with-parent", *arguments],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    if process.stdout is None or not select.select([process.stdout], [], [], within)[0]:
        process.kill()
        raise AssertionError(f"the stand-in was not ready within {within} s")
    line = process.stdout.readline()
    if not line:
        raise AssertionError(f"the stand-in ended with {process.wait()} before it was ready")
    return Sandbox(process, **json.loads(line))


@contextmanager
def running_sandbox(*arguments: str) -> Iterator[Sandbox]:
    """Run the stand-in for the length of a with block."""
    sandbox = start_sandbox(*arguments)
    try:
        yield sandbox
    finally:
        sandbox.stop()
