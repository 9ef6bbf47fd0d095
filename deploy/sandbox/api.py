"""The API port: one request in, one reply out, in the order of judgement of S3.

Path 404, method 405, token 403, bucket 429, media type 415, size 413, model 400, business.
Pure: `now` is an argument, and what the journal should say comes back with the reply.
"""

from deploy.sandbox import documents
from deploy.sandbox.buckets import Buckets, keys_of
from deploy.sandbox.call import Call
from deploy.sandbox.checks import agent, sized
from deploy.sandbox.exchange import (
    Problem,
    Reply,
    Request,
    answer,
    bad_request,
    decoder,
    forbidden,
    not_allowed,
)
from deploy.sandbox.faults import HOSTILE, LOGIN, Fault, Faults, spoil
from deploy.sandbox.journal import Asked
from deploy.sandbox.lwa import PATH, Grant, Tokens
from deploy.sandbox.pending import Scheduler
from deploy.sandbox.queues import Queues
from deploy.sandbox.reports import Report, Reports
from deploy.sandbox.restrictions import bare
from deploy.sandbox.routes import WITH_SKU, Route, routed
from deploy.sandbox.sqs import Outlet
from deploy.sandbox.subscriptions import Subscriptions
from deploy.sandbox.watch import Watch, report_ended
from deploy.sandbox.when import http_date
from deploy.sandbox.world import Account, World

STORAGE = "documents.get"
"""What journal and faults call the fetching of a document."""


class Amazon:
    """One world with everything that acts on it."""

    def __init__(self, world: World, buckets: Buckets) -> None:
        self.world = world
        self.buckets = buckets
        self.tokens = Tokens(world)
        self.faults = Faults(world.chance)
        self.scheduler = Scheduler(world)
        agenda = self.scheduler.agenda
        self.reports = Reports(world, agenda)
        self.queues = Queues(world.chance)
        self.outlet: Outlet | None = None
        self.notices = Subscriptions(world, agenda, self)
        self.watch = Watch(world, agenda, cares=self.notices.cares, tell=self.notices.tell)
        self.scheduler.watch = self.watch.on
        self.reports.ended.append(self._report_ended)
        if world.profile.hostile_faults:
            for fault in HOSTILE:
                self.faults.add(_copy(fault))

    def deliver(self, queue: str, body: bytes, now: int) -> None:
        """Take a notification's body for *queue*: to SQS, or to wait here."""
        (self.outlet or self.queues).deliver(queue, body, now)

    def _report_ended(self, report: Report, at: int) -> None:
        account = self.world.accounts[report.account]
        self.notices.tell(account, report.id, report_ended(account.merchant_token, report), at)

    def answer(self, request: Request, now: int, received: float) -> tuple[Reply, Asked]:
        """Answer one request at Amazon's time *now*; *received* is wall time, ms."""
        self.scheduler.advance(now)
        asked = Asked(
            received_ms=received,
            clock_ms=now,
            operation="",
            method=request.method,
            path=request.path,
            status=0,
        )
        try:
            reply = self._answer(request, now, asked)
        except Problem as problem:
            reply = problem.reply()
        self._finish(reply, asked, now)
        return reply, asked

    def _answer(self, request: Request, now: int, asked: Asked) -> Reply:
        if request.path == PATH:
            return self._login(request, now, asked)
        if request.path.startswith(documents.PATH):
            return self._fetch(request, now, asked)
        route = routed(request)
        asked.operation = route.operation.name
        token = self.tokens.find(request.headers.get("x-amz-access-token"), now)
        account = self._named(route, token.account if token else None)
        asked.account = account.id if account else None
        if route.operation.name in WITH_SKU:
            asked.sku = route.subject
        asked.body = request.body
        fault = self.faults.pick(asked.operation, asked.account, asked.sku, now)
        asked.fault = fault.id if fault else None
        if fault and not fault.late:
            return self._shaped(asked.operation, spoil(fault, Reply(200), now))
        try:
            allowed = _application(token, route) or _allowed(account, token, route)
            reply = self._judge(request, now, route=route, account=allowed, asked=asked)
        except Problem as problem:
            reply = self._shaped(asked.operation, problem.reply())
        return spoil(fault, reply, now) if fault else reply

    def _shaped(self, operation: str, refusal: Reply) -> Reply:
        enveloped = self.world.profile.restrictions_envelope
        told = refusal.body.startswith(b'{"errors"')
        if operation != "getListingsRestrictions" or enveloped or not told:
            return refusal
        return bare(refusal)

    def _named(self, route: Route, of_token: str | None) -> Account | None:
        seller = route.names.get("sellerId")
        if seller is not None:
            return self.world.merchants.get(seller)
        return self.world.accounts.get(of_token or "")

    def _judge(
        self, request: Request, now: int, *, route: Route, account: Account, asked: Asked
    ) -> Reply:
        self._throttle(request, now, route=route, account=account)
        sized(request)
        agent(request)
        _named_all(route)
        call = Call(
            self.world,
            self.scheduler,
            self.reports,
            self.notices,
            account,
            request,
            now,
            names=route.names,
        )
        call.sku, call.asin = route.names.get("sku", ""), route.names.get("asin", "")
        try:
            return route.operation.handle(call)
        finally:
            asked.marketplaces, asked.outcome = call.stores, call.outcome
            asked.submission = call.submission

    def _throttle(self, request: Request, now: int, *, route: Route, account: Account) -> None:
        operation = route.operation.name
        preview = "mode=VALIDATION_PREVIEW" in request.query.split("&")
        names = patch_names(request) if operation == "patchListingsItem" else set()
        keys = keys_of(operation, account.id, attributes=names, preview=preview)
        text = self.buckets.take(keys, now)
        spurious = self.world.profile.spurious_429
        entity = f"{account.id}|{route.subject or operation}"
        if text is None and self.world.chance.happens(spurious, "spurious", entity):
            text = "You exceeded your quota for the requested resource."
        if text is not None:
            raise Problem(429, "QuotaExceeded", text)

    def _login(self, request: Request, now: int, asked: Asked) -> Reply:
        asked.operation = LOGIN
        if request.method != "POST":
            raise not_allowed(["POST"])
        fault = self.faults.pick(asked.operation, None, None, now)
        asked.fault = fault.id if fault else None
        if fault and not fault.late:
            return spoil(fault, Reply(200), now)
        reply, asked.account = self.tokens.answer(request, now)
        return spoil(fault, reply, now) if fault else reply

    def _fetch(self, request: Request, now: int, asked: Asked) -> Reply:
        asked.operation = STORAGE
        if request.method != "GET":
            raise not_allowed(["GET"])
        fault = self.faults.pick(asked.operation, None, None, now)
        asked.fault = fault.id if fault else None
        if fault and not fault.late:
            return spoil(fault, Reply(200), now)
        reply = self.reports.documents.answer(request, now)
        return spoil(fault, reply, now) if fault else reply

    def _finish(self, reply: Reply, asked: Asked, now: int) -> None:
        asked.status, asked.act = reply.status, reply.act
        entity = f"{asked.account}|{asked.sku or asked.operation}"
        chance = self.world.chance
        reply.headers.setdefault("x-amzn-requestid", chance.identity("request", entity))
        reply.headers.setdefault("date", http_date(now))
        rate = self.buckets.rate(asked.operation)
        missing = self.world.profile.missing_rate_header
        told = reply.status in (200, 400, 404) and rate is not None
        if told and not chance.happens(missing, "rate header", entity):
            reply.headers["x-amzn-ratelimit-limit"] = str(float(rate or 0))


def _named_all(route: Route) -> None:
    for name, value in route.names.items():
        if not value:
            raise bad_request(f"'{name}' is required.")


def _application(token: Grant | None, route: Route) -> Account | None:
    """Give the application in place of an account where the operation is grantless."""
    if route.operation.scope is None:
        return None
    if token is None or token.scope != route.operation.scope:
        raise forbidden("This operation needs a grantless token of its scope.")
    return Account(id="", region=route.region, merchant_token="", refresh_token="", marketplaces=[])


def _allowed(account: Account | None, token: Grant | None, route: Route) -> Account:
    if token is None:
        raise forbidden("The access token you provided is missing, expired or invalid.")
    if token.account is None:
        raise forbidden("A grantless token does not allow this operation.")
    if account is None or account.id != token.account:
        raise forbidden("The access token does not belong to this seller.")
    if account.revoked or account.region != route.region:
        raise forbidden("The seller has not authorized the application in this region.")
    roles = set(route.operation.roles)
    if account.roles is not None and roles and not set(account.roles) & roles:
        raise forbidden("The application lacks the role for this operation.")
    return account


def patch_names(request: Request) -> set[str]:
    """Give the attributes that a PATCH names, as far as it can be read at all."""
    try:
        patches = decoder.decode(request.body)["patches"]
        return {str(patch["path"]).removeprefix("/attributes/") for patch in patches}
    except (ValueError, LookupError, TypeError, RecursionError):
        return set()


def _copy(fault: Fault) -> Fault:
    return Fault(**{name: getattr(fault, name) for name in fault.__struct_fields__})


def health(amazon: Amazon) -> Reply:
    """Say that the stand-in is ready."""
    skus = sum(map(len, amazon.world.shelves.values()))
    return answer({"ready": True, "skus": skus, "asins": len(amazon.world.products)})
