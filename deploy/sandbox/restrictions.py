"""Listings Restrictions 2021-08-01: whether an account may offer an ASIN, and why not (S31)."""

from typing import Any

from deploy.sandbox.call import Call
from deploy.sandbox.checks import Query, stores
from deploy.sandbox.exchange import Reply, answer, bad_request, decoder, forbidden
from deploy.sandbox.validation import CONDITIONS
from deploy.sandbox.world import Product

APPROVAL = "APPROVAL_REQUIRED"
TEXTS = {
    APPROVAL: "You need approval to list this product.",
    "NOT_ELIGIBLE": "You are not eligible to list this product.",
    "ASIN_NOT_FOUND": "The ASIN is not in the catalogue of this marketplace.",
}


def restrictions(call: Call) -> Reply:
    """Show what stands between an account and one ASIN, per marketplace; nothing: it may."""
    query = Query(call.request)
    asin, seller = query.text("asin"), query.text("sellerId")
    if not asin or asin == "BAD_ASIN":
        raise bad_request("'asin' is not valid.")
    if not seller:
        raise bad_request("'sellerId' is required.")
    condition = query.text("conditionType", CONDITIONS)
    call.stores = stores(query, call.account)
    if seller != call.account.merchant_token:
        raise forbidden("The access token does not belong to this seller.")
    product = call.world.products.get(asin)
    found = [row for store in call.stores for row in _here(call, product, store, condition)]
    return answer({"restrictions": [_shown(asin, *row) for row in found]})


def bare(reply: Reply) -> Reply:
    """Give a refusal as the bare array that this API's model declares (S33)."""
    return answer(decoder.decode(reply.body)["errors"], reply.status)


def _here(
    call: Call, product: Product | None, store: str, condition: str | None
) -> list[tuple[str, str | None, str]]:
    if product is None or not product.sold_in(store):
        return [(store, condition, "ASIN_NOT_FOUND")]
    if product.children:
        return [(store, condition, "NOT_ELIGIBLE")]
    named = product.restricted or {}
    code = (named.get("reasons") or [APPROVAL])[0]
    asked: list[str | None] = [condition]
    if condition is None and named.get("conditions"):
        asked = list(named["conditions"])
    return [
        (store, word, code)
        for word in asked
        if product.restricted_for(call.account.id, store, word or "")
    ]


def _shown(asin: str, store: str, condition: str | None, code: str) -> dict[str, Any]:
    reason: dict[str, Any] = {"message": TEXTS[code], "reasonCode": code}
    if code == APPROVAL:
        link = (
            f"https://sellercentral.amazon.com/hz/approvalrequest/restrictions/approve?asin={asin}"
        )
        title = "Request approval in Seller Central."
        reason["links"] = [{"resource": link, "verb": "GET", "title": title, "type": "text/html"}]
    told: dict[str, Any] = {"marketplaceId": store, "reasons": [reason]}
    return told | ({"conditionType": condition} if condition else {})
