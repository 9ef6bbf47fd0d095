"""Listings Items 2021-08-01: get, put, patch, delete. Search is `search.py`.

A write is judged at once and takes effect later: here it is only accepted.
"""

from typing import Any

from deploy.sandbox.attributes import Patch, derived, patched, placed
from deploy.sandbox.call import Call
from deploy.sandbox.checks import Query, parsed, patch_body, put_body, stores
from deploy.sandbox.exchange import Problem, Reply, answer, bad_request
from deploy.sandbox.render import READ_PARTS, shown
from deploy.sandbox.reserved import RESERVED, reserved
from deploy.sandbox.validation import judge_patch, judge_put
from deploy.sandbox.world import Attributes, Issue, Listing, Sku

WRITE_PARTS = ("identifiers", "issues")


def get(call: Call) -> Reply:
    """Read one SKU; 404 when none of the marketplaces has it, unless a stub shows."""
    query = Query(call.request)
    _not_bad(call.sku)
    call.stores = stores(query, call.account)
    parts = query.array("includedData", choices=READ_PARTS) or ["summaries"]
    sku = call.world.sku(call.account.id, call.sku)
    asked = _answered_stores(call)
    if sku is not None and any(sku.listing(name) for name in asked):
        return answer(shown(call.world, call.account, sku, stores=asked, parts=parts, now=call.now))
    if call.world.profile.stubs and call.scheduler.awaited(call.account.id, call.sku):
        return answer({"sku": call.sku} | ({"summaries": []} if "summaries" in parts else {}))
    raise Problem(404, "NOT_FOUND", f"SKU '{call.sku}' not found in the marketplaces asked for.")


def _answered_stores(call: Call) -> list[str]:
    rate = call.world.profile.partial_reads
    several = len(call.stores) > 1
    if several and call.world.chance.happens(rate, "partial", call.entity):
        return call.stores[:1]
    return call.stores


def put(call: Call) -> Reply:
    """Create or wholly replace one listing."""
    query = Query(call.request)
    _not_bad(call.sku)
    call.stores = stores(query, call.account, most=1)
    preview, parts = _mode(query)
    body = put_body(parsed(call.request.body))
    if call.sku in RESERVED and preview:
        return _reserved(call)
    store = call.stores[0]
    attributes = body["attributes"]
    kind = body.get("requirements", "LISTING")
    issues = judge_put(call.world, call.account, store, attributes=attributes, requirements=kind)
    asin = _asin(attributes)
    if preview or issues:
        return _judged(call, issues, preview=preview, asin=asin, parts=parts)
    put_in = {name: placed(name, rows, store) for name, rows in attributes.items()}
    call.scheduler.put(call, put_in, body["productType"])
    _echo(call, put_in)
    return _accepted(call)


def patch(call: Call) -> Reply:
    """Change some attributes of one listing."""
    query = Query(call.request)
    _not_bad(call.sku)
    call.stores = stores(query, call.account)
    _one_store(call)
    preview, parts = _mode(query)
    patches = patch_body(parsed(call.request.body))["patches"]
    if call.sku in RESERVED and preview:
        return _reserved(call)
    sku = call.scheduler.expected(call.account.id, call.sku)
    issues = [
        issue
        for store in call.stores
        for issue in judge_patch(call.world, call.account, store, sku=sku, patches=patches)
    ]
    if preview or issues:
        listing = sku.listing(call.stores[0]) if sku else None
        asin = listing.asin if listing else None
        return _judged(call, issues, preview=preview, asin=asin, parts=parts)
    for store in call.stores:
        call.scheduler.patch(call, store, patches)
        _echo_patches(call, store, patches)
    return _accepted(call)


def delete(call: Call) -> Reply:
    """Delete one listing; of an unknown one too, that is accepted and changes nothing."""
    query = Query(call.request)
    _not_bad(call.sku)
    call.stores = stores(query, call.account, most=1)
    call.scheduler.delete(call)
    return _accepted(call)


def _one_store(call: Call) -> None:
    allowed = call.account.two_store_patch
    if allowed is None:
        allowed = call.world.profile.two_store_patch
    if len(call.stores) > 1 and not allowed:
        raise bad_request("'marketplaceIds' holds more than one marketplace.")


def _mode(query: Query) -> tuple[bool, list[str]]:
    preview = query.text("mode", ("VALIDATION_PREVIEW",)) is not None
    parts = query.array("includedData", choices=WRITE_PARTS) or ["issues"]
    if "identifiers" in parts and not preview:
        raise bad_request("'identifiers' needs mode VALIDATION_PREVIEW.")
    return preview, parts


def _asin(attributes: Attributes) -> str | None:
    rows = attributes.get("merchant_suggested_asin")
    return str(rows[0].get("value")) if rows else None


def _not_bad(sku: str) -> None:
    if sku == "BadSKU":
        raise Problem(400, "BAD_REQUEST", "Invalid input", "Invalid input")


def _answer(call: Call, status: str, issues: list[Issue], more: dict[str, Any]) -> Reply:
    call.outcome = status
    call.submission = call.submission or call.world.chance.identity("submission", call.entity)
    told = {"sku": call.sku, "status": status, "submissionId": call.submission, "issues": issues}
    return answer(told | more)


def _judged(
    call: Call, issues: list[Issue], *, preview: bool, asin: str | None, parts: list[str]
) -> Reply:
    found: dict[str, Any] = {}
    if preview and "identifiers" in parts:
        pairs = [{"marketplaceId": store, "asin": asin} for store in call.stores]
        found["identifiers"] = pairs if asin and not issues else []
    return _answer(call, "INVALID" if issues else "VALID", issues, found)


def _reserved(call: Call) -> Reply:
    status, issues, identifiers = reserved(call.sku, call.stores[0])
    return _answer(call, status, issues, {"identifiers": identifiers})


def _accepted(call: Call) -> Reply:
    return _answer(call, "ACCEPTED", [], {})


def _echo(call: Call, attributes: Attributes) -> None:
    listing = _known(call, call.stores[0])
    if listing is not None:
        listing.sent = attributes


def _echo_patches(call: Call, store: str, patches: list[Patch]) -> None:
    listing = _known(call, store)
    sku = call.world.sku(call.account.id, call.sku)
    if listing is None or sku is None:
        return
    sent = listing.sent if listing.sent is not None else derived(sku, listing)
    for change in patches:
        sent = patched(sent, change, store)
    listing.sent = sent


def _known(call: Call, store: str) -> Listing | None:
    sku: Sku | None = call.world.sku(call.account.id, call.sku)
    return sku.listing(store) if sku else None
