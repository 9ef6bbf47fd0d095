"""The stand-in of a shop behind a socket of its own, for processes and commands."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx2

from tests.support.commerce import CommerceShop


@contextmanager
def listening(shop: CommerceShop) -> Iterator[str]:
    """Let *shop* listen on a free port of this machine; give its address."""
    lock = threading.Lock()

    class Door(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            request = httpx2.Request(self.command, f"http://shop.test{self.path}", content=body)
            with lock:
                answer = shop(request)
            self.send_response_only(answer.status_code)
            self.send_header("content-length", str(len(answer.content)))
            for name in ("date", "retry-after"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_PUT = do_POST = _serve  # noqa: N815 - the server's names

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
