"""The control plane's half of the queues: look in, receive, delete, put in (S30)."""

from urllib.parse import parse_qsl

from deploy.sandbox.api import Amazon
from deploy.sandbox.exchange import Reply, Request, answer
from deploy.sandbox.queues import MOST, VISIBILITY, shown

PATH = "/queues"


def mailbox(amazon: Amazon, request: Request, now: int) -> Reply:
    """Answer a request below `/queues`. Raises `ValueError` for a number that is none."""
    names = request.segments()[1:]
    if not names:
        return _all(amazon, request)
    if len(names) == 1 and request.method == "GET":
        return _receive(amazon, request, names[0], now)
    if len(names) == 1 and request.method == "POST":
        amazon.deliver(names[0], request.body, now)
        return answer({"queue": names[0]})
    if len(names) == 2 and request.method == "DELETE":
        return answer({"deleted": amazon.queues.named(names[0]).delete(names[1])})
    text = "GET /queues, GET and POST /queues/{name}, DELETE /queues/{name}/{receipt}"
    return answer({"error": f"these are known: {text}"}, 405)


def _all(amazon: Amazon, request: Request) -> Reply:
    if request.method != "GET":
        return answer({"error": "/queues knows GET"}, 405)
    sqs = None if amazon.outlet is None else amazon.outlet.told()
    return answer({"queues": amazon.queues.told(), "sqs": sqs})


def _receive(amazon: Amazon, request: Request, name: str, now: int) -> Reply:
    wanted = dict(parse_qsl(request.query))
    queue = amazon.queues.named(name)
    if "peek" in wanted:
        found = queue.peek()
    else:
        hidden = float(wanted.get("visibility", VISIBILITY))
        found = queue.receive(now, most=int(wanted.get("max", MOST)), hidden=hidden)
    return answer({"messages": [shown(waiting) for waiting in found], "waiting": len(queue)})
