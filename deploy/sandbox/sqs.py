"""Sending finished bodies to SQS by boto3, one after another, beside the serving of requests."""

import queue
import sys
import threading
import time
from typing import Any

TRIES = 20
"""Times that one body is tried before it is given up, a second apart."""


class Outlet:
    """A thread that sends bodies to the queues of one endpoint, in the order they came.

    What cannot be sent is said on standard error and counted.
    """

    def __init__(self, endpoint: str, region: str) -> None:
        self.sent = 0
        self.failed = 0
        self._endpoint = endpoint
        self._region = region
        self._urls: dict[str, str] = {}
        self._bodies: queue.Queue[tuple[str, bytes] | None] = queue.Queue()
        self._open = True
        self._thread = threading.Thread(target=self._run, daemon=True, name="sqs")
        self._thread.start()

    def deliver(self, queue: str, body: bytes, now: int) -> None:  # noqa: ARG002 - SQS has its own time
        """Take one body for *queue*; it is sent soon."""
        self._bodies.put((queue, body))

    def told(self) -> dict[str, Any]:
        """Give how many bodies were sent, given up, and wait."""
        return {"sent": self.sent, "failed": self.failed, "waiting": self._bodies.qsize()}

    def close(self) -> None:
        """Send nothing more."""
        self._open = False
        self._bodies.put(None)

    def _run(self) -> None:
        import boto3  # noqa: PLC0415 - slow to import, and few worlds need it

        client = boto3.client(
            "sqs",
            endpoint_url=self._endpoint,
            region_name=self._region,
            aws_access_key_id="sandbox",
            aws_secret_access_key="sandbox",  # noqa: S106 - an endpoint for tests asks for none
        )
        while self._open and (taken := self._bodies.get()) is not None:
            self._send(client, *taken)

    def _send(self, client: Any, name: str, body: bytes) -> None:
        for number in range(TRIES):
            try:
                if name not in self._urls:
                    self._urls[name] = client.get_queue_url(QueueName=name)["QueueUrl"]
                client.send_message(QueueUrl=self._urls[name], MessageBody=body.decode())
            except Exception as error:  # noqa: BLE001 - whatever it is, the next body must go
                if number == TRIES - 1 or not self._open:
                    self.failed += 1
                    sys.stderr.write(f"sandbox: nothing sent to queue {name}: {error!r}\n")
                    return
                time.sleep(1)
            else:
                self.sent += 1
                return
