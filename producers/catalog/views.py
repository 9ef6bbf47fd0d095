"""What rows with a store view code add to a product: their view's values, nothing else."""

from collections.abc import Iterable

import msgspec

from producers.catalog.change import Events, Statement, dated, scoped
from producers.catalog.dialect import Dialect
from producers.catalog.refusal import Unfit
from schemas.catalog import Price, Product


class View(msgspec.Struct, frozen=True, kw_only=True):
    """What a row with a store view code states, and where it stands."""

    line: int
    code: str
    says: Statement


def with_views(sku: str, events: Events, views: Iterable[View], dialect: Dialect) -> Events:
    """Lay what the store views state over *events*. Raises `Unfit` where two disagree."""
    goods, in_stock, costs = events
    told: dict[tuple[str, str], object] = {}
    for view in views:
        website = dialect.views.get(view.code)
        scope = f"website:{website}" if website else f"view:{view.code}"
        _agree(told, scope, view)
        if goods:
            goods = _seen(goods, f"view:{view.code}", scope, view.says)
        if view.says.prices or view.says.days:
            costs = _costed(costs or Price(sku=sku, prices={}), scope, view.says)
    return goods, in_stock, costs


def _agree(told: dict[tuple[str, str], object], scope: str, view: View) -> None:
    says = view.says.prices | view.says.days | {"product_online": view.says.enabled}
    for name, stated in says.items():
        if stated is not None and told.setdefault((scope, name), stated) != stated:
            why = f"line {view.line}: two views of {scope} state {told[scope, name]} and {stated}"
            raise Unfit(name, why)


def _seen(goods: Product, view: str, scope: str, says: Statement) -> Product:
    enabled = goods.enabled if says.enabled is None else goods.enabled | {scope: says.enabled}
    attributes = scoped(goods.attributes, view, says.attributes)
    return msgspec.structs.replace(goods, enabled=enabled, attributes=attributes)


def _costed(costs: Price, scope: str, says: Statement) -> Price:
    return msgspec.structs.replace(
        costs,
        prices=scoped(costs.prices, scope, says.prices),
        special_from=dated(costs.special_from, scope, says.days, "from"),
        special_to=dated(costs.special_to, scope, says.days, "to"),
    )
