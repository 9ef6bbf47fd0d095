"""Reading a request's parameters strictly, as the official models declare them (S4)."""

from collections.abc import Collection
from typing import Any

from deploy.sandbox.exchange import Problem, Request, bad_request, decoder
from deploy.sandbox.marketplaces import BY_ID
from deploy.sandbox.when import instant
from deploy.sandbox.world import Account

LARGEST_BODY = 1_000_000
"""Bytes of a request body beyond which the answer is 413; Amazon names no number."""


class Query:
    """One request's query parameters; names are case-sensitive, unknown ones ignored."""

    def __init__(self, request: Request) -> None:
        self._values = request.parameters()

    def text(self, name: str, choices: Collection[str] = ()) -> str | None:
        """Give a parameter that may come once, of *choices* if there are any."""
        values = self._values.get(name)
        if not values:
            return None
        if len(values) > 1:
            raise bad_request(f"'{name}' is given more than once; arrays are comma-separated.")
        if choices and values[0] not in choices:
            raise bad_request(f"'{name}' does not know {values[0]!r}.")
        return values[0]

    def array(
        self, name: str, *, most: int = 10**6, choices: Collection[str] = (), required: bool = False
    ) -> list[str]:
        """Give a csv parameter's values."""
        stated = self.text(name)
        values = [value for value in (stated or "").split(",") if value]
        if required and not values:
            raise bad_request(f"'{name}' is required.")
        if len(values) > most:
            raise bad_request(f"'{name}' holds {len(values)} values; at most {most} are allowed.")
        for value in values:
            if choices and value not in choices:
                raise bad_request(f"'{name}' does not know {value!r}.")
        return values

    def number(self, name: str, *, default: int, most: int, least: int = 1) -> int:
        """Give a whole number from *least* to *most*."""
        stated = self.text(name)
        if stated is None:
            return default
        if not (stated.isascii() and stated.isdigit()) or not least <= int(stated) <= most:
            raise bad_request(f"'{name}' is a whole number from {least} to {most}.")
        return int(stated)

    def date(self, name: str) -> int | None:
        """Give a date-time parameter in ms since 1970."""
        stated = self.text(name)
        if stated is None:
            return None
        try:
            return instant(stated)
        except ValueError:
            raise bad_request(f"'{name}' is no date-time.") from None


def stores(query: Query, account: Account, most: int = 10**6) -> list[str]:
    """Give the marketplaces asked for: known, of this region, and the account's own (S9)."""
    asked = query.array("marketplaceIds", most=most, required=True)
    for name in asked:
        if name not in BY_ID or BY_ID[name].region != account.region:
            raise bad_request(f"Marketplace {name!r} is not one of region {account.region}.")
        if name not in account.marketplaces or name in account.departed:
            raise bad_request(f"The seller does not participate in marketplace {name!r}.")
    return list(dict.fromkeys(asked))


def sized(request: Request) -> None:
    """Refuse another media type than JSON (415) and a body too large (413)."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip()
    if request.body and kind.lower() != "application/json":
        raise Problem(415, "UnsupportedMediaType", "The request body is not application/json.")
    if len(request.body) > LARGEST_BODY:
        raise Problem(413, "PayloadTooLarge", "The request body is too large.")


def agent(request: Request) -> None:
    """Refuse a missing or overlong user agent (S8)."""
    name = request.headers.get("user-agent", "")
    if not name or len(name) > 500:
        raise bad_request("'user-agent' is required and at most 500 characters long.")


def put_body(body: Any) -> dict[str, Any]:
    """Check the body of a PUT against the model: ListingsItemPutRequest."""
    _object(body, "productType", "attributes")
    attributes = body["attributes"]
    if not isinstance(attributes, dict):
        raise bad_request("'attributes' is an object.")
    for name, rows in attributes.items():
        if not _rows(rows):
            raise bad_request(f"Attribute '{name}' is an array of objects.")
    kinds = ("LISTING", "LISTING_PRODUCT_ONLY", "LISTING_OFFER_ONLY")
    if body.get("requirements", "LISTING") not in kinds:
        raise bad_request("'requirements' is one of " + ", ".join(kinds) + ".")
    return dict(body)


def patch_body(body: Any) -> dict[str, Any]:
    """Check the body of a PATCH against the model: ListingsItemPatchRequest."""
    _object(body, "productType", "patches")
    patches = body["patches"]
    if not isinstance(patches, list) or not patches:
        raise bad_request("'patches' holds at least one operation.")
    for patch in patches:
        _patch(patch)
    return dict(body)


def _patch(patch: Any) -> None:
    if not isinstance(patch, dict):
        raise bad_request("An operation of 'patches' is an object.")
    if patch.get("op") not in ("add", "replace", "merge", "delete"):
        raise bad_request("'op' is one of add, replace, merge, delete.")
    parts = str(patch.get("path", "")).split("/")
    if len(parts) != 3 or parts[:2] != ["", "attributes"] or not parts[2]:
        raise bad_request("'path' is /attributes/ and the name of a top-level attribute.")
    if "value" in patch and not _rows(patch["value"]):
        raise bad_request("'value' is an array of objects.")


def _object(body: Any, *required: str) -> None:
    if not isinstance(body, dict):
        raise bad_request("The body is a JSON object.")
    for name in required:
        if name not in body:
            raise bad_request(f"'{name}' is required.")
    if not isinstance(body["productType"], str) or not body["productType"]:
        raise bad_request("'productType' is a text.")


def _rows(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(row, dict) for row in value)


def parsed(body: bytes) -> Any:
    """Decode a JSON body; money keeps its digits. Raises a 400."""
    try:
        return decoder.decode(body)
    except (ValueError, RecursionError):
        raise bad_request("The body is no JSON.") from None
