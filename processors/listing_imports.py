"""What a decision says to the catalogue: Amazon's attribute values, per product."""

from collections.abc import Iterable

from processors.listing_outputs import output
from processors.rules import imported
from processors.rules.evaluate import Decision
from processors.rules.known import SharedSku
from processors.step import Output
from schemas import keys
from schemas.listings import AttributesImported, ImportedValue
from schemas.settings import Settings

TOPIC = "catalog.attributes-imported.v1"


def imports(
    sku: SharedSku, before: SharedSku, decision: Decision, settings: Settings
) -> Iterable[Output]:
    """Give the values for every product this seller SKU is or was; none left is a delete."""
    values: dict[str, list[ImportedValue]] = {}
    for outlook in decision.listings:
        candidate = outlook.draft.candidate
        if candidate is not None:
            found = imported.values(outlook.draft, sku.seller_sku, settings)
            values.setdefault(candidate.product, []).extend(found)
    for product in sorted(values.keys() | _named(sku) | _named(before)):
        yield _output(sku, product, values.get(product, []))


def _named(sku: SharedSku) -> set[str]:
    linked = {f.linked.product for f in sku.stores.values() if f.linked is not None}
    return linked | sku.candidates.keys()


def _output(sku: SharedSku, product: str, values: list[ImportedValue]) -> Output:
    key = keys.join(product, sku.account, sku.seller_sku)
    event = AttributesImported(
        sku=product, account=sku.account, seller_sku=sku.seller_sku, values=values
    )
    return output(TOPIC, key, product, event if values else None)
