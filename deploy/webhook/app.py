"""The webhook's two faces: one for senders, one for those who watch it."""

from collections.abc import AsyncIterator, Callable

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from deploy.webhook import door
from deploy.webhook.door import Door
from deploy.webhook.meters import CONTENT_TYPE, Meters
from deploy.webhook.problem import Problem

PROBLEM = "application/problem+json"
LONGEST = 200
"""Characters of a challenge that is given back."""

_log = structlog.get_logger()


def senders_face(take: Door) -> FastAPI:
    """Give the app that senders reach: `POST /events/SOURCE`."""
    app = _bare()

    @app.post("/events/{source}")
    async def events(source: str, request: Request) -> Response:
        headers = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in request.headers.raw]
        asked = door.Request(source=source, headers=headers, chunks=_chunks(request))
        count = await take.take(asked)
        return Response(b'{"accepted":%d}' % count, 202, media_type="application/json")

    @app.get("/events/{source}")
    async def challenge(source: str, challenge: str) -> Response:  # noqa: ARG001
        """Give a challenge back: how Adobe I/O Events finds out that somebody listens."""
        sniff = {"x-content-type-options": "nosniff"}
        return Response(challenge[:LONGEST], media_type="text/plain", headers=sniff)

    return app


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        if chunk:
            yield chunk


def watchers_face(meters: Meters, ready: Callable[[], bool]) -> FastAPI:
    """Give the app for those who watch: `/livez`, `/readyz`, `/metrics`."""
    app = _bare()

    @app.get("/livez")
    async def livez() -> Response:
        return Response(b"ok\n", media_type="text/plain")

    @app.get("/readyz")
    async def readyz() -> Response:
        text, status = (b"ok\n", 200) if ready() else (b"the broker is away\n", 503)
        return Response(text, status, media_type="text/plain")

    @app.get("/metrics")
    async def metrics() -> Response:
        return Response(meters.text(), headers={"content-type": CONTENT_TYPE})

    return app


def _bare() -> FastAPI:
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.add_exception_handler(Problem, _told)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(HTTPException, _nowhere)
    app.add_exception_handler(RequestValidationError, _nowhere)
    app.add_exception_handler(Exception, _fault)
    return app


async def _told(_: Request, error: Exception) -> Response:
    if not isinstance(error, Problem):
        raise error
    return Response(error.body(), error.status, headers=error.headers, media_type=PROBLEM)


async def _gone(_: Request, __: Exception) -> Response:
    return Response(status_code=499)


async def _nowhere(_: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 404
    headers = dict(getattr(error, "headers", None) or {})
    problem = Problem(status, "LW-0536", "POST /events/SOURCE takes events", headers=headers)
    return Response(problem.body(), status, headers=headers, media_type=PROBLEM)


async def _fault(_: Request, error: Exception) -> Response:
    _log.error("fault", exc_info=error)
    problem = Problem(500, "LW-0001", "a fault of ours; it is in our log")
    return Response(problem.body(), 500, media_type=PROBLEM)
