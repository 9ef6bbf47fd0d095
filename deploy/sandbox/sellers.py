"""Sellers v1: in which marketplaces an account sells, and whether a store is off (S31)."""

from typing import Any

from deploy.sandbox.call import Call
from deploy.sandbox.exchange import Reply, answer
from deploy.sandbox.marketplaces import BY_ID
from deploy.sandbox.world import Account

DOMAINS = {
    "US": "amazon.com",
    "CA": "amazon.ca",
    "MX": "amazon.com.mx",
    "BR": "amazon.com.br",
    "GB": "amazon.co.uk",
    "TR": "amazon.com.tr",
    "BE": "amazon.com.be",
    "ZA": "amazon.co.za",
    "JP": "amazon.co.jp",
    "AU": "amazon.com.au",
}
"""Where the domain is not `amazon.` and the country."""


def participations(call: Call) -> Reply:
    """Show every marketplace of the account, those it left included."""
    return answer({"payload": _participations(call.account)})


def account(call: Call) -> Reply:
    """Show the account: nobody here has a name or an address of their own."""
    country = BY_ID[call.account.marketplaces[0]].country
    address = {"addressLine1": "1 Example Street", "countryCode": country}
    told = {
        "businessType": "PRIVATE_LIMITED",
        "sellingPlan": "PROFESSIONAL",
        "marketplaceParticipationList": _participations(call.account),
        "business": {"name": call.account.id, "registeredBusinessAddress": address},
    }
    return answer({"payload": told})


def _participations(account: Account) -> list[dict[str, Any]]:
    return [_participation(account, name) for name in account.marketplaces]


def _participation(account: Account, name: str) -> dict[str, Any]:
    here = BY_ID[name]
    domain = DOMAINS.get(here.country, f"amazon.{here.country.lower()}")
    return {
        "marketplace": {
            "id": here.id,
            "name": domain.capitalize(),
            "countryCode": here.country,
            "defaultCurrencyCode": here.currency,
            "defaultLanguageCode": here.language,
            "domainName": f"www.{domain}",
        },
        "participation": {
            "isParticipating": name not in account.departed,
            "hasSuspendedListings": name in account.suspended,
        },
        "storeName": account.id,
    }
