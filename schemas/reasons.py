"""Why: a stable code that programs may branch on, the facts behind it, one sentence for people.

Every code of `listings.md` 4.4-4.5 stands here, with the hold codes and the causes of refusal.
A code never changes its meaning; a sentence may be reworded or translated.
"""

import string

import msgspec


class Reason(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A stable code that programs may branch on, and the facts behind it, as text."""

    code: str
    facts: dict[str, str] = {}

    def __str__(self) -> str:
        return _Lenient().vformat(SENTENCES.get(self.code, self.code), (), self.facts)


class _Lenient(string.Formatter):
    """Print a dash where a sentence asks for a fact that the reason does not carry."""

    def get_value(self, key: int | str, args: object, kwargs: object) -> object:  # noqa: ARG002
        return kwargs.get(str(key), "–") if isinstance(kwargs, dict) else "–"


SENTENCES: dict[str, str] = {
    # ended, linked, listed at all
    "ENDING": "{who} ended it at {when}; Amazon has not confirmed yet",
    "END_OVERDUE": "ended at {when}, and Amazon still shows it",
    "END_REFUSED": "Amazon refused to end it: {issues}",
    "ENDED_BY_PERSON": "{who} ended it at {when}; only publishing it brings it back",
    "OFFER_CLOSED": "closed by its end date {date}",
    "ENDED_ON_AMAZON": "it disappeared at Amazon without our doing: {evidence}, as of {as_of}",
    "GONE_ON_AMAZON": "it was never linked and is gone at Amazon: {evidence}, as of {as_of}",
    "DAMAGED_SKU": "its seller SKU may have lost letters in a report: it counts once it is read",
    "IMPORT_OFF": "the import of third-party listings is off for this store",
    "NO_PRODUCT": "no product stands behind it (any more): {product}",
    "PRODUCT_RENAMED": "product {product} is called {to} now",
    "MERGED": "the product is listed as {seller_sku} in this store",
    "SEVERAL_PRODUCTS": "several products fit: {products}",
    "NO_PRODUCT_MATCH": "no product matches; tried {tried}",
    "MATCHING": "looking for its product by {identifier}",
    "PRODUCT_DELETED": "its product {product} was deleted in the shop",
    "ASIN_CONFLICT": "the product expects {expected}, Amazon shows {observed}",
    # the verdict
    "UNSUPPORTED_PRODUCT_TYPE": "a product of this kind cannot be listed: {type}",
    "PRODUCT_DISABLED": "the product is disabled on website {website}",
    "NOT_ON_WEBSITE": "the product is not on website {website}",
    "OUTSIDE_SALE_WINDOW": "outside its sale window {from} to {until} ({zone})",
    "RULE_NOT_MET": "the listing rule says no at {path}: {attribute} is {seen}, wanted {wanted}",
    "BELOW_STOCK_THRESHOLD": "{base} in stock, below the threshold of {threshold}",
    "DECIDED_BY_OLDER_STORE": "the older store {store} decides for this seller SKU: {reasons}",
    # what Amazon says
    "ASIN_CHANGE": "moving from {old} to {new}: {step}",
    "CONDITION_CHANGE": "changing condition from {old} to {new}: {step}",
    "NOTES_CHANGE": "changing the seller note: {step}",
    "STORE_SUSPENDED": "the store is suspended or does not participate, as of {as_of}",
    "LISTING_SUPPRESSED": "Amazon took it off sale: {issues}",
    "CATALOG_ITEM_REMOVED": "Amazon removed the catalogue item: {issues}",
    "AWAITING_AMAZON_STATUS": "Amazon's status is not known yet; a read was asked for",
    "AMAZON_DATA_MISSING": "Amazon lacks data: {issues}",
    "RESTRICTED_APPROVAL_REQUIRED": "Amazon asks for approval first: {message}",
    "RESTRICTED_NOT_ELIGIBLE": "Amazon does not let this account sell it: {message}",
    "UNKNOWN_ENFORCEMENT": "Amazon enforces something unknown to us: {action}",
    "OFFER_ENDED": "the offer ended at {date}",
    "OFFER_NOT_STARTED": "the offer starts at {date}",
    "OUT_OF_STOCK": "out of stock: we asked for {desired}, Amazon shows {observed}",
    "RESTOCKING": "restocked to {desired}; Amazon showed 0 until {when}",
    "OUT_OF_STOCK_ON_AMAZON": "Amazon shows 0 although {desired} was asked for",
    "FBA_NO_STOCK_OR_TRANSFER": "no stock at Amazon, or in transfer between its warehouses",
    "UNKNOWN_AMAZON_REASON": "Amazon does not sell it and gives no reason ({raw})",
    "NOT_PROVIDED": "Amazon gives no status and no reason",
    # on its way
    "PENDING_CONFIRMATION": "sent, accepted, not visible at Amazon yet ({aspect})",
    "CONFIRMATION_OVERDUE": "accepted long ago and still not visible ({aspect}, since {since})",
    "QUEUED": "waiting to be sent",
    "AWAITING_FIRST_REPORT": "nothing is created before this store's first complete report",
    "AWAITING_PUBLICATION": "ready, waiting for somebody to publish it",
    "REFUSED_BY_AMAZON": "Amazon refused it: {issues}",
    "DUPLICATE_LISTING": "the product is already listed as {seller_sku} on {asin}",
    # what we lack
    "NAME_MISSING": "the product has no name",
    "SKU_COLLISION": "the seller SKU {seller_sku} already belongs to product {owner}",
    "CONDITION_EMPTY": "attribute {attribute} is empty",
    "CONDITION_UNMAPPED": "attribute {attribute} is {option}, which no condition is mapped to",
    "LOOKUP_PENDING": "searching Amazon's catalogue by {asked}",
    "NO_IDENTIFIER": "the product carries no identifier that can be searched for ({tried})",
    "IDENTIFIER_INVALID": "{kind} {value} is not valid: {why}",
    "NOT_FOUND": "Amazon's catalogue knows none of {asked}",
    "VARIATION_PARENT": "the match {asin} is a variation parent; pick a child: {suggested}",
    "SEVERAL_ASINS": "several catalogue items fit: {candidates}",
    "CONFLICTING_IDENTIFIERS": "its identifiers point to different items: {candidates}",
    "KEYWORD_ONLY": "found by keywords only: {candidates}",
    "PACK_SIZE_DIFFERS": "the match holds another quantity: {candidates}",
    "ASIN_NOT_IN_MARKETPLACE": "{asin} does not exist in this marketplace",
    "PRICE_MISSING": "the product has no price above 0",
    "CURRENCY_RATE_MISSING": "no exchange rate from {from} to {to}",
    "ATTRIBUTE_MISSING": "required by Amazon and missing: {attributes}",
    "STOCK_MISSING": "no stock record has arrived yet",
    # flags and holds
    "overridden": "a person overrides {fields}",
    "in_process": "something of ours is under way: {what}",
    "SEARCH_SUPPRESSED": "Amazon hides it from search",
    "ATTRIBUTE_SUPPRESSED": "Amazon rejected a value: {issues}",
    "NOT_DISCOVERABLE": "it can be bought but not found",
    "HAS_ERRORS": "Amazon reports errors: {issues}",
    "HAS_WARNINGS": "Amazon reports warnings: {issues}",
    "UNKNOWN_VALUE": "Amazon sent a value we do not know: {field} {value}",
    "FBA_NOT_ZEROED": "fulfilled by Amazon: it goes on selling until somebody ends it",
    "GONE_DOUBTED": "Amazon denied it at {as_of}, and too many others: not believed yet",
    "ENDED_BUT_LIVE": "ended by a person, yet Amazon shows it again as of {as_of}",
    "ENDED_BUT_ELIGIBLE": "ended; the rule would allow it again",
    "ASIN_MISSING": "Amazon has not told its ASIN yet",
    "ASIN_CHANGED_ON_AMAZON": "Amazon now shows {observed} instead of {before}",
    "CONDITION_UNRESOLVED": "its condition cannot be told any more; the offer keeps {condition}",
    "PRICE_BLOCKED": "no price is sent: {why}",
    "RENEWED_TITLE_MISSING": "condition Refurbished, and the title lacks Renewed",
    "READ_ONLY": "read-only mode: computed, not sent",
    "STORE_INACTIVE": "the store is deactivated: nothing is sent",
    "ACCOUNT_PAUSED": "the account is paused: {why}",
    "GUARD_HOLD": "held by guard {guard}: {hold}",
    "KILL_SWITCH": "the kill switch is on: {why}",
    # steps of the explanation
    "ELIGIBLE": "the rule (version {version}) says yes",
    "BASE": "{stock} in stock, {reserved} reserved, {pending} pending, buffer {buffer}",
    "UNMANAGED": "stock is not managed: {quantity}",
    "NOT_SALABLE": "not salable",
    "THRESHOLD": "below the threshold of {threshold}: 0",
    "MAXIMUM": "at most {maximum}",
    "EXCLUDED": "not eligible: 0",
    "FULFILLED_BY_AMAZON": "fulfilled by Amazon: no quantity of ours",
    "FROM_SOURCE": "{amount} {currency} from {source}",
    "FALLBACK": "{source} is empty: price instead",
    "SPECIAL_PRICE": "special price {amount} until {until}",
    "CONVERTED": "{amount} {currency} at {rate}",
    "RULE_APPLIED": "{rule}: {change} → {amount}",
    "RULE_NOT_APPLIED": "{rule}: {change} would leave nothing, so it is not applied",
    "VAT_ADDED": "{percent} % VAT → {amount}",
    "MAP_CLAMPED": "raised to MAP {amount}",
    "PRICE_MINIMUM": "no price is left of it: the catalogue price {amount} instead",
    "ROUNDED": "{amount}",
    "OVERRIDE": "a person says {value}",
    "CONDITION_GLOBAL": "{condition} for the whole store",
    "CONDITION_OPTION": "{attribute} is {option}: {condition}",
    "ACCEPTED_BY": "{kind} {value} finds exactly {asin}",
    "BY_PERSON": "{who} chose it",
    "LINKED_BY": "linked to {product} by {by}",
    "IMPORTED": "{from} goes to {attribute}: {value}",
    "IMPORT_UNLINKED": "{from} would go to {attribute}, but no product is linked: {value}",
    "IMPORT_DAMAGED": "kept out of {attribute}, because letters were lost: {value}",
    "OTHER_VALUE": "{attribute} receives the value of {seller_sku} in {store}",
    "KEPT": "the shop has a value of its own in {attribute}: {value}",
    "ATTRIBUTE_GONE": "the shop has no attribute {attribute}",
    "ATTRIBUTE_TAKEN": "the shop has {attribute} already, filled in by {kind}",
    "ATTRIBUTE_SET_UNKNOWN": "the shop has no attribute set {set}, or it has no group",
    "ATTRIBUTE_GLOBAL": "{attribute} is global in the shop: view {view} has no value of its own",
    "ATTRIBUTE_KIND": "{attribute} is filled in by {kind}, which takes no value of ours",
    "OPTION_UNKNOWN": "{attribute} has no option, or several, with the label {value}",
    "IMPORT_UNFIT": "{value} does not fit {attribute}",
    "PRODUCT_NOT_IN_SHOP": "the shop has no product {sku} in view {view}",
    "NOT_KEPT_BY_SHOP": "the shop does not show it afterwards: {attribute} may lack in the set",
    "SHOP_SILENT": "written {tries} times and never answered: {why}",
    # refusals of intents
    "EXCLUDED_INTENT": "not eligible: {reasons}",
    "NOT_READY": "cannot be published from {status}",
    "NOT_ON_AMAZON": "it is not on Amazon",
    "PRODUCT_UNKNOWN": "no product {product}",
    "ASIN_INVALID": "{asin} is no ASIN: {why}",
    "ASIN_IS_PARENT": "{asin} is a variation parent",
    "CONDITION_UNKNOWN": "{condition} is no condition",
    "SKU_TAKEN": "{seller_sku} is taken in this account",
    "FBA_NOT_ALLOWED": "not for a listing fulfilled by Amazon",
    "FBA_STOCK_PRESENT": "there is stock at Amazon under the old number",
    "INTENT_UNSUPPORTED": "{kind} is not an intent we can carry out",
    # refusals of records
    "FAULT": "our own fault, kept for repair: {error}",
    "MALFORMED": "not a {event}: {why}",
    "KEY_MISSING": "a record without a key",
    "KEY_MISMATCH": "key {key} does not belong to {expected}",
    "TOMBSTONE_FORBIDDEN": "{topic} knows no deletes",
    "ENVELOPE": "header {header}: {why}",
    "TOO_LARGE": "{size} bytes, at most {limit}",
    "STATE_TOO_LARGE": "its state would take {size} bytes, at most {limit}",
    "UNKNOWN_STORE": "no store {store} in the settings",
    "UNKNOWN_ACCOUNT": "no account {account} in the settings",
    "UNKNOWN_NOTIFICATION": "notifications of type {type}, version {version}, are not known",
    "FOREIGN_SELLER": "sent for seller {seller}, which is no account of ours",
    "FOREIGN_APPLICATION": "sent for application {application}, which is not ours",
    "ROW_INVALID": "Postgres refuses the row: {why}",
    "AMAZON_REJECTED": "Amazon answers {status}: {message}",
    "SHOP_REJECTED": "the shop answers {status}: {message}",
    "NOT_WHOLE": "{product} was never told whole, and {missing} is not in what was saved",
    "UNKNOWN_VIEW": "no store view {store} in the settings of the websites",
    "UNKNOWN_WEBSITE": "no website {website} in the settings",
    "VALUE_UNFIT": "{field}: {rule}",
    "SCOPE_MISSING": "the event does not say in which scope it was saved: {missing}",
    "KEY_PARKED": "an earlier record of this key waits: {code} at offset {offset}",
    "DEADLY": "the process died {deaths} times on this record",
}
"""One sentence a code; a fact in braces is printed as it is, a missing one as a dash."""

DLQ_REASONS: dict[str, str] = {
    "FAULT": "bug",
    "DEADLY": "bug",
    "STATE_TOO_LARGE": "bug",
    "AMAZON_REJECTED": "amazon-rejected",
    "UNKNOWN_STORE": "rule-conflict",
    "UNKNOWN_ACCOUNT": "rule-conflict",
    "FOREIGN_SELLER": "rule-conflict",
    "FOREIGN_APPLICATION": "rule-conflict",
    "UNKNOWN_VIEW": "rule-conflict",
    "UNKNOWN_WEBSITE": "rule-conflict",
}
"""`dlq-reason` of a code (`operations.md` 3.1); what is not named here is `schema-error`."""


def dlq_reason(code: str) -> str:
    """Give the closed-list reason that goes with *code* into a dead letter's header."""
    return DLQ_REASONS.get(code, "schema-error")
