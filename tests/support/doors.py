"""A webhook in memory: its app, a broker that a test answers for, and who may send."""

import json
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from typing import Any

import httpx2
from fastapi import FastAPI
from pydantic import SecretStr

from deploy.settings import Sender, Webhook
from deploy.webhook.app import senders_face
from deploy.webhook.door import Door
from deploy.webhook.meters import Meters
from deploy.webhook.reading import READERS
from deploy.webhook.room import Room
from deploy.webhook.senders import senders
from schemas.errors import TryAgain
from schemas.record import Record

NOW = datetime(2026, 11, 25, 10, 0, tzinfo=UTC)
TOKEN = "a-token-of-the-erp-system"
SECRET = "whsec_bGFtcHMtYW5kLW90aGVyLXNlY3JldHM="
PLACE = Webhook(
    sources={
        "erp": Sender(secret=SecretStr(TOKEN)),
        "shop": Sender(kind="adobe", secret=SecretStr(TOKEN)),
        "signed": Sender(auth="hmac", secret=SecretStr(SECRET)),
    }
)
BEARER = {"authorization": f"Bearer {TOKEN}"}
PRICE = {"sku": "LAMP-12", "prices": {"price": {"global": "49.90"}}}
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"


class Broker:
    """Takes records; acknowledges at once, fails, or waits for `release`."""

    def __init__(self) -> None:
        self.ready = True
        self.taken: list[Record] = []
        self.failing = False
        self.holding = False
        self._held: list[Future[None]] = []

    def post(self, records: Sequence[Record]) -> "Future[None]":
        future: Future[None] = Future()
        if self.failing:
            future.set_exception(TryAgain("no broker"))
            return future
        self.taken += records
        if self.holding:
            self._held.append(future)
        else:
            future.set_result(None)
        return future

    def release(self) -> None:
        held, self._held = self._held, []
        for future in held:
            future.set_result(None)

    @property
    def waiting(self) -> int:
        return len(self._held)


class Doorway:
    """One webhook process without sockets."""

    def __init__(self, room: Room | None = None, now: Callable[[], datetime] = lambda: NOW) -> None:
        self.broker = Broker()
        self.room = room or Room()
        self.meters = Meters(self.room)
        known = senders(PLACE, {})
        self.door = Door(known, READERS, self.broker, now=now, room=self.room, meters=self.meters)
        self.app: FastAPI = senders_face(self.door)

    async def send(
        self,
        content: Any,
        *,
        source: str = "erp",
        headers: Mapping[str, str] | Sequence[tuple[str, str]] = BEARER,
        kind: str | None = STRUCTURED,
        method: str = "POST",
        path: str | None = None,
    ) -> httpx2.Response:
        given = list(dict(headers).items()) if isinstance(headers, Mapping) else list(headers)
        given += [("content-type", kind)] if kind else []
        spelt = [(name.encode(), value.encode("latin-1")) for name, value in given]
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://door") as client:
            return await client.request(
                method, path or f"/events/{source}", content=content, headers=spelt
            )

    def counted(self, line: str) -> bool:
        """Tell whether the metrics have this *line*."""
        return line in self.meters.text().decode().splitlines()


def event(data: Any = PRICE, **attributes: Any) -> dict[str, Any]:
    """Give one of our events as a document."""
    stated = {
        "specversion": "1.0",
        "id": "e-1",
        "source": "//acme/erp",
        "type": "catalog.price.v1",
        "subject": "LAMP-12",
        "time": "2026-11-25T09:59:00Z",
    }
    return {k: v for k, v in (stated | attributes).items() if v is not None} | {"data": data}


def text(*documents: Any) -> bytes:
    """Give one document, or several as a batch."""
    return json.dumps(documents[0] if len(documents) == 1 else documents).encode()
