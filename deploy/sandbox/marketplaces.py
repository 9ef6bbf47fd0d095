"""The marketplaces that the stand-in knows (`amazon.md` 2), in its own spelling."""

from typing import NamedTuple


class Marketplace(NamedTuple):
    """One of Amazon's shops."""

    id: str
    country: str
    region: str
    currency: str
    decimals: int
    language: str
    zone: str


_ROWS = """
ATVPDKIKX0DER US NA USD 2 en_US America/Los_Angeles
A2EUQ1WTGCTBG2 CA NA CAD 2 en_CA America/Los_Angeles
A1AM78C64UM0Y8 MX NA MXN 2 es_MX America/Mexico_City
A2Q3Y263D00KWC BR NA BRL 2 pt_BR America/Sao_Paulo
A1F83G8C2ARO7P GB EU GBP 2 en_GB Europe/London
A1PA6795UKMFR9 DE EU EUR 2 de_DE Europe/Berlin
A13V1IB3VIYZZH FR EU EUR 2 fr_FR Europe/Paris
APJ6JRA9NG5V4 IT EU EUR 2 it_IT Europe/Rome
A1RKKUPIHCS9HS ES EU EUR 2 es_ES Europe/Madrid
A1805IZSGTT6HS NL EU EUR 2 nl_NL Europe/Amsterdam
A1C3SOZRARQ6R3 PL EU PLN 2 pl_PL Europe/Warsaw
A2NODRKZP88ZB9 SE EU SEK 2 sv_SE Europe/Stockholm
AMEN7PMS3EDWL BE EU EUR 2 fr_BE Europe/Brussels
A28R8C7NBKEWEA IE EU EUR 2 en_IE Europe/Dublin
A33AVAJ2PDY3EV TR EU TRY 2 tr_TR Europe/Istanbul
A2VIGQ35RCS4UG AE EU AED 2 en_AE Asia/Dubai
A17E79C6D8DWNP SA EU SAR 2 ar_AE Asia/Riyadh
ARBP9OOSHTCHU EG EU EGP 2 ar_AE Africa/Cairo
AE08WJ6YKNBMC ZA EU ZAR 2 en_ZA Africa/Johannesburg
A21TJRUUN4KGV IN EU INR 2 en_IN Asia/Kolkata
A1VC38T7YXB528 JP FE JPY 0 ja_JP Asia/Tokyo
A39IBJ37TRP1C6 AU FE AUD 2 en_AU Australia/Sydney
A19VAU5U5O7RUS SG FE SGD 2 en_SG Asia/Singapore
"""


def _read(row: str) -> Marketplace:
    name, country, region, currency, decimals, language, zone = row.split()
    return Marketplace(name, country, region, currency, int(decimals), language, zone)


BY_ID = {row.id: row for row in map(_read, _ROWS.split("\n")[1:-1])}
BY_COUNTRY = {row.country: row for row in BY_ID.values()}


def marketplace(name: str) -> Marketplace:
    """Find a marketplace by Amazon's id or by country code (UK is GB).

    Raises `ValueError`.
    """
    found = BY_ID.get(name) or BY_COUNTRY.get("GB" if name == "UK" else name)
    if found is None:
        raise ValueError(f"no marketplace {name!r}")
    return found
