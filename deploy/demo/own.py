"""The demo's files: the sample shop's, or the person's own instead of them."""

from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import msgspec

from deploy.demo import shop
from producers.operator.settings import plan
from schemas.settings import Settings

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
"""An as-of that nobody asks for: these rows only seed the stand-in."""


class Own(msgspec.Struct, frozen=True, kw_only=True):
    """The person's own files; None = the sample's."""

    catalog: Path | None = None
    report: Path | None = None
    settings: Path | None = None


class Files(msgspec.Struct, frozen=True):
    """What is brought in; *first* is the store that an own report is about."""

    settings: Path
    catalog: Path
    first: str


def text(own: Own) -> str:
    """Give the text of the settings file."""
    if own.settings:
        return own.settings.read_text()
    return (resources.files("deploy.demo") / "settings.yaml").read_text()


def known(own: Own) -> Settings:
    """Give the settings that the file makes. Raises `Invalid` as `settings apply` does."""
    settings = Settings()
    for change in plan(text(own), settings, by="demo"):
        settings = settings.with_record(change.kind, change.id, change.value)
    return settings


def write(own: Own, folder: Path) -> Files:
    """Put the files into *folder*, where a person can look at them."""
    settings = folder / "settings.yaml"
    settings.write_text(text(own))
    catalog = own.catalog
    if catalog is None:
        catalog = folder / "catalogue.csv"
        catalog.write_text(shop.catalogue())
    return Files(settings, catalog, min(known(own).of("store"), default=""))


def secrets(own: Own) -> dict[str, str]:
    """Give the variables that the accounts' credentials refer to."""
    accounts = known(own).of("account").values()
    names = [a.credentials.removeprefix("env:") for a in accounts]
    tokens = [f"Atzr|demo-{a.merchant_token}" for a in accounts]
    return {f"{n}_REFRESH_TOKEN": t for n, t in zip(names, tokens, strict=True)}


def seed(own: Own) -> dict[str, Any]:
    """Give the stand-in's world: the sample's, or the own report's listings."""
    if own.settings is None and own.catalog is None:
        return shop.seed()
    settings = known(own)
    accounts = {
        id_: {
            "region": account.region,
            "merchant_token": account.merchant_token,
            "refresh_token": f"Atzr|demo-{account.merchant_token}",
            "marketplaces": [s.place.id for s in settings.stores_of(id_).values()],
        }
        for id_, account in settings.of("account").items()
    }
    world = {"seed": 7, "clock": "real", "profile": "quiet", "apply_seconds": 1.0}
    listings = _reported(own, settings) if own.report else []
    catalogue = [{"asin": row["asin"], "title": row["sku"]} for row in listings if row["asin"]]
    return {**world, "accounts": accounts, "catalogue": catalogue, "listings": listings}


def _reported(own: Own, settings: Settings) -> list[dict[str, Any]]:
    from msgspec import UNSET  # noqa: PLC0415 - only for own files

    from producers.amazon.document import document  # noqa: PLC0415
    from producers.amazon.lines import RefusedRow  # noqa: PLC0415
    from producers.amazon.report import Origin, observations  # noqa: PLC0415
    from producers.amazon.survey import survey  # noqa: PLC0415

    path, first = own.report, min(settings.of("store"))
    store = settings.of("store")[first]
    if path is None:
        return []
    doc = document(lambda: path.open("rb"))
    origin = Origin(
        report="own",
        account=store.account,
        store=first,
        currency=store.place.currency,
        as_of=EPOCH,
    )
    rows = [r for r in observations(doc, survey(doc), origin) if not isinstance(r, RefusedRow)]
    return [
        {
            "account": store.account,
            "marketplace": store.place.id,
            "sku": row.seller_sku,
            "asin": None if (seen := row.stores[first]).asin is UNSET else seen.asin,
            "price": str(seen.price.amount) if seen.price else None,
            "quantity": None if row.quantity is UNSET else row.quantity,
            "channel": None if row.channel is UNSET else row.channel,
        }
        for row in rows
    ]
