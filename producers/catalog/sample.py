"""The sample-data form: one simple product a row, line breaks part values (`records.md` 2)."""

from collections.abc import Mapping

from producers.catalog import cells as cell
from producers.catalog.change import Events, sellable
from producers.catalog.dialect import STRUCTURE, Dialect, price_attribute, value
from schemas.catalog import Category, Price, Product, ProductType, Stock, WebsiteStock
from schemas.money import Number

WEBSITE = "base"
"""The website of every product in this form."""

PROSE = frozenset(["name", "description", "short_description"])
"""Columns in which a line break is part of the text."""


def events(sku: str, row: Mapping[str, str], dialect: Dialect) -> Events:
    """Give what *row* states. Raises `Unfit`."""
    return _product(sku, row, dialect), _stock(sku, row, dialect), _price(sku, row, dialect)


def _product(sku: str, row: Mapping[str, str], dialect: Dialect) -> Product:
    return Product(
        sku=sku,
        type=_type(row),
        name=row["name"] or None,
        enabled={"global": True},
        websites=[WEBSITE],
        categories=[Category(path=name) for name in _lines(row["category"])],
        attribute_set=row.get("attribute_set") or None,
        attributes={
            code: {"global": value(code, _values(code, text, dialect), dialect)}
            for code, text in row.items()
            if code and code not in STRUCTURE and not price_attribute(code, dialect)
        },
    )


def _type(row: Mapping[str, str]) -> ProductType:
    if row.get("bundle_options", "").strip():
        return "bundle"
    return "grouped" if row.get("associated_sku", "").strip() else "simple"


def _lines(text: str) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


def _values(code: str, text: str, dialect: Dialect) -> list[str]:
    kind = dialect.attributes.get(code)
    prose = kind.type == "text" if kind else code in PROSE
    return [text] if prose else _lines(text)


def _stock(sku: str, row: Mapping[str, str], dialect: Dialect) -> Stock:
    on_hand = Number(0) if cell.is_empty(row["qty"]) else cell.amount("qty", row["qty"])
    here = WebsiteStock(
        managed=dialect.shop.manage_stock,
        salable=on_hand > 0,
        quantity=sellable(row, dialect.shop),
    )
    return Stock(sku=sku, websites={"*": here})


def _price(sku: str, row: Mapping[str, str], dialect: Dialect) -> Price:
    named = [(column, code) for column in row if (code := price_attribute(column, dialect))]
    return Price(
        sku=sku,
        prices={
            code: {"global": None if cell.is_empty(row[c]) else cell.price(c, row[c])}
            for c, code in named
        },
    )
