"""The Luma catalogue with identifiers: *assembled*, since the sample data carry none.

GTINs are taken in order from `datakick_items.csv` (valid check digits, no in-store numbers)
and written beside the products, so a run is the same every time.
"""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.support.connecting import TROUBLE

SHARED = Path(__file__).parents[2] / ".." / "shared" / "data" / "catalog"
LUMA = SHARED / "luma"
EXPORT = "ConfigurableSampleData_products.csv"
GEAR = (
    "CatalogSampleData_products_gear_bags.csv",
    "CatalogSampleData_products_gear_fitness_equipment.csv",
    "CatalogSampleData_products_gear_fitness_equipment_ball.csv",
    "CatalogSampleData_products_gear_fitness_equipment_strap.csv",
    "CatalogSampleData_products_gear_watches.csv",
    "BundleSampleData_yoga_bundle.csv",
    "GroupedProductSampleData_yoga_grouped.csv",
)
PRESENT = LUMA.is_dir()
ABSENT = f"the Luma sample data are not at {LUMA}"

SETTINGS = """
account:
  acme-eu: {region: EU, merchant_token: A1LUMA, credentials: env:ACME_EU}
website:
  base: {id: 1, zone: Europe/Berlin, currency: EUR, default_view: default, views: {default: 1}}
store:
  acme-de: {account: acme-eu, marketplace: DE, website: base, created: 2024-03-01, active: true}
attribute:
  gtin: {type: text}
  color: {type: text}
  size: {type: text}
  gender: {type: text}
listing:
  acme-de: {auto_list: true}
search:
  acme-de: {gtin: gtin, general: name}
third_party:
  acme-de: {import: true, seller_sku: sku}
rule:
  acme-de:
    all: true
    of:
      - any: false
        of: [{attribute: color, is: Gray}]
"""
"""Everything may be sold but what is grey."""


def valid(digits: str) -> bool:
    """Tell whether *digits* is a GTIN-14 with the right check digit that is no in-store number."""
    weights = (3, 1) * 7
    total = sum(int(d) * w for d, w in zip(digits, weights, strict=True))
    return total % 10 == 0 and digits[1:3] not in {"02", "04"} and digits[1] != "2"


def gtins() -> Iterator[str]:
    """Give GTIN-14s of real products, each once."""
    with (SHARED / "datakick_items.csv").open(newline="", encoding="utf-8") as file:
        seen: set[str] = set()
        for row in csv.DictReader(file):
            digits = row["GTIN-14"].strip()
            usable = len(digits) == 14 and digits.isdecimal() and digits[0] == "0"
            if usable and valid(digits) and digits not in seen:
                seen.add(digits)
                yield digits


def assemble(folder: Path) -> tuple[list[Path], dict[str, str]]:
    """Write the catalogue files with identifiers to *folder*; give them, and SKU → GTIN."""
    numbers, given = gtins(), {}
    files = []
    for name in (EXPORT, *GEAR):
        rows = list(csv.DictReader(io.StringIO((LUMA / name).read_text(encoding="utf-8"))))
        for row in rows:
            if _simple(row):
                given[row["sku"]] = next(numbers)
                _write_into(row, given[row["sku"]])
        files.append(folder / name)
        _write(files[-1], rows, sample=name != EXPORT)
    return files, given


def _simple(row: dict[str, str]) -> bool:
    kind = row.get("product_type", "simple")
    return kind == "simple" and "bundle_options" not in row and "associated_sku" not in row


def _write_into(row: dict[str, str], gtin: str) -> None:
    if "additional_attributes" in row:
        told = row["additional_attributes"]
        row["additional_attributes"] = f"{told},gtin={gtin}" if told else f"gtin={gtin}"
    else:
        row["gtin"] = gtin


def _write(path: Path, rows: list[dict[str, str]], *, sample: bool) -> None:
    columns = list(rows[0]) + (["gtin"] if sample and "gtin" not in rows[0] else [])
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns, restval="", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def world(given: dict[str, str]) -> dict[str, Any]:
    """Give the stand-in's seed: most items known, some several times, a third listed."""
    skus = sorted(given)
    return {
        "seed": 11,
        "clock": "real",
        "profile": "quiet",
        "apply_seconds": 0.2,
        "quota_factor": 200,
        "accounts": {
            "acme-eu": {
                "region": "EU",
                "merchant_token": "A1LUMA",
                "refresh_token": "Atzr|luma",
                "marketplaces": ["A1PA6795UKMFR9"],
            }
        },
        "catalogue": [one for n, sku in enumerate(skus) for one in _known(n, sku, given[sku])],
        "listings": [_listed(n, sku) for n, sku in enumerate(skus) if n % 3 == 0],
    }


def asin(number: int) -> str:
    """Give the ASIN of the catalogue item of product *number*."""
    return f"B0LM{number:06d}"


def _known(number: int, sku: str, gtin: str) -> list[dict[str, Any]]:
    one = {"asin": asin(number), "gtins": [gtin], "title": sku, "brand": "Luma"}
    if number % 3 != 0 and number % 50 == 1:
        return []
    if number % 3 != 0 and number % 50 == 2:
        return [one, one | {"asin": f"B0LX{number:06d}"}]
    if number % 3 != 0 and number % 50 == 4:
        return [one | {"children": [f"B0LC{number:06d}"]}]
    return [one]


def _listed(number: int, sku: str) -> dict[str, Any]:
    return {
        "account": "acme-eu",
        "marketplace": "A1PA6795UKMFR9",
        "sku": sku,
        "asin": asin(number),
        "price": "39.00",
        "quantity": 100,
        "condition": "new_new",
        "channel": "DEFAULT",
        **(TROUBLE["suppressed"] if number % 60 == 0 else {}),
    }
