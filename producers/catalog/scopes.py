"""Which scope a value belongs to that was saved in one store view of the shop. Pure.

The shop saves what its attribute says: a store view's value in the view, a website's for the
whole website, a global one for all, whichever view's page was open. A value of which the
settings say nothing belongs to the view: too narrow a scope overwrites nobody's value.
"""

from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from schemas.errors import Refused
from schemas.reasons import Reason
from schemas.settings import Settings, Shop

ALWAYS_OF_VIEWS = frozenset(
    ("name", "description", "short_description", "meta_title", "meta_keyword", "meta_description")
)
"""Attributes that the shop itself keeps per view; settings need not say so."""

T = TypeVar("T")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where something was saved: a view and its website, or everywhere (both None)."""

    view: str | None = None
    website: str | None = None

    @property
    def scopes(self) -> dict[str, str]:
        """The scope that a value of each kind of attribute goes to."""
        if self.view is None:
            return dict.fromkeys(("global", "website", "store_view"), "global")
        return {
            "global": "global",
            "website": f"website:{self.website}",
            "store_view": f"view:{self.view}",
        }

    def above(self, scope: str) -> tuple[str, ...]:
        """Give the scopes that *scope* inherits from, the nearest first."""
        if scope == "global":
            return ()
        site = (f"website:{self.website}",) if scope.startswith("view:") else ()
        return (*site, "global")


def place_of(store: int, settings: Settings) -> Place:
    """Give where the shop's *store* is; 0 is everywhere. Raises `Refused`."""
    if store == 0:
        return Place()
    for id_, site in settings.of("website").items():
        for view, number in site.views.items():
            if number == store:
                return Place(view=view, website=id_)
    raise Refused(Reason("UNKNOWN_VIEW", {"store": str(store)}))


def scope_of(code: str, place: Place, settings: Settings) -> str:
    """Give the scope that a value of attribute *code* goes to, saved at *place*."""
    known = settings.of("attribute").get(code)
    kind = "store_view" if known is None or code in ALWAYS_OF_VIEWS else known.scope
    return place.scopes[kind]


def scope_of_prices(place: Place, settings: Settings) -> str:
    """Give the scope that prices go to, saved at *place*: as the shop's setting says."""
    shop: Shop = settings.of("shop").get("default", Shop())
    return place.scopes[shop.price_scope]


def put(values: Mapping[str, T], scope: str, value: T, place: Place) -> dict[str, T]:
    """Give *values* by scope with *value* in *scope*.

    A value equal to what the scope inherits is no value of its own: the page of a view shows,
    and sends along, all that it inherits, and must not cut the view off from it.
    """
    rest = {s: v for s, v in values.items() if s != scope}
    inherited = next((s for s in place.above(scope) if s in rest), None)
    if inherited is not None and rest[inherited] == value:
        return rest
    return {**values, scope: value}


def take(values: Mapping[str, Any], scope: str) -> dict[str, Any]:
    """Give *values* without an own one of *scope*; what is global stays."""
    return {s: v for s, v in values.items() if s != scope or scope == "global"}
