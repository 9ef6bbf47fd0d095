"""Amazon's marketplaces: id, country, region, currency, language, time zone.

From Amazon's public list of marketplace ids; UK on Amazon's pages is GB here. At run time
the account's own participations win for currency and language (`amazon.md` 2).
"""

import msgspec


class Marketplace(msgspec.Struct, frozen=True):
    """One marketplace; *zone* only serves report dates with an ambiguous zone name."""

    id: str
    country: str
    region: str
    currency: str
    language: str
    zone: str


MARKETPLACES: tuple[Marketplace, ...] = (
    Marketplace("ATVPDKIKX0DER", "US", "NA", "USD", "en_US", "America/Los_Angeles"),
    Marketplace("A2EUQ1WTGCTBG2", "CA", "NA", "CAD", "en_CA", "America/Los_Angeles"),
    Marketplace("A1AM78C64UM0Y8", "MX", "NA", "MXN", "es_MX", "America/Mexico_City"),
    Marketplace("A2Q3Y263D00KWC", "BR", "NA", "BRL", "pt_BR", "America/Sao_Paulo"),
    Marketplace("A1F83G8C2ARO7P", "GB", "EU", "GBP", "en_GB", "Europe/London"),
    Marketplace("A1PA6795UKMFR9", "DE", "EU", "EUR", "de_DE", "Europe/Berlin"),
    Marketplace("A13V1IB3VIYZZH", "FR", "EU", "EUR", "fr_FR", "Europe/Paris"),
    Marketplace("APJ6JRA9NG5V4", "IT", "EU", "EUR", "it_IT", "Europe/Rome"),
    Marketplace("A1RKKUPIHCS9HS", "ES", "EU", "EUR", "es_ES", "Europe/Madrid"),
    Marketplace("A1805IZSGTT6HS", "NL", "EU", "EUR", "nl_NL", "Europe/Amsterdam"),
    Marketplace("A1C3SOZRARQ6R3", "PL", "EU", "PLN", "pl_PL", "Europe/Warsaw"),
    Marketplace("A2NODRKZP88ZB9", "SE", "EU", "SEK", "sv_SE", "Europe/Stockholm"),
    Marketplace("AMEN7PMS3EDWL", "BE", "EU", "EUR", "fr_BE", "Europe/Brussels"),
    Marketplace("A28R8C7NBKEWEA", "IE", "EU", "EUR", "en_IE", "Europe/Dublin"),
    Marketplace("A33AVAJ2PDY3EV", "TR", "EU", "TRY", "tr_TR", "Europe/Istanbul"),
    Marketplace("A2VIGQ35RCS4UG", "AE", "EU", "AED", "en_AE", "Asia/Dubai"),
    Marketplace("A17E79C6D8DWNP", "SA", "EU", "SAR", "ar_AE", "Asia/Riyadh"),
    Marketplace("ARBP9OOSHTCHU", "EG", "EU", "EGP", "ar_AE", "Africa/Cairo"),
    Marketplace("AE08WJ6YKNBMC", "ZA", "EU", "ZAR", "en_ZA", "Africa/Johannesburg"),
    Marketplace("A21TJRUUN4KGV", "IN", "EU", "INR", "en_IN", "Asia/Kolkata"),
    Marketplace("A1VC38T7YXB528", "JP", "FE", "JPY", "ja_JP", "Asia/Tokyo"),
    Marketplace("A39IBJ37TRP1C6", "AU", "FE", "AUD", "en_AU", "Australia/Sydney"),
    Marketplace("A19VAU5U5O7RUS", "SG", "FE", "SGD", "en_SG", "Asia/Singapore"),
)

_BY_NAME = {name: m for m in MARKETPLACES for name in (m.id, m.country)} | {
    "UK": next(m for m in MARKETPLACES if m.country == "GB")
}


def marketplace(name: str) -> Marketplace:
    """Give the marketplace of a country code or an Amazon id. Raises ValueError if unknown."""
    try:
        return _BY_NAME[name]
    except KeyError:
        raise ValueError(f"unknown marketplace {name[:20]!r}") from None
