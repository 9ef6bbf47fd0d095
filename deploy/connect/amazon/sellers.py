"""The Sellers API over the client: where an account sells (`amazon.md` 10)."""

import msgspec

from deploy.connect.amazon.client import Asking, read_as
from deploy.errors import Failure
from producers.amazon.participations import Participation
from schemas.errors import NotAllowed


class _Marketplace(msgspec.Struct, frozen=True):
    id: str


class _State(msgspec.Struct, frozen=True, rename="camel"):
    is_participating: bool
    has_suspended_listings: bool


class _Stated(msgspec.Struct, frozen=True):
    marketplace: _Marketplace
    participation: _State


class _Answer(msgspec.Struct, frozen=True):
    payload: list[_Stated]


class Selling:
    """Where accounts sell. Raises the four classes of `schemas.errors`."""

    def __init__(self, client: Asking) -> None:
        self._client = client

    def participations(self, account: str) -> list[Participation]:
        """Give the marketplaces of *account*."""
        try:
            answer = self._client.ask("getMarketplaceParticipations", account, {})
        except Failure as failure:  # no credentials: somebody must look
            raise NotAllowed(str(failure)) from failure
        return [
            Participation(
                marketplace=one.marketplace.id,
                participates=one.participation.is_participating,
                suspended=one.participation.has_suspended_listings,
            )
            for one in read_as(answer, _Answer).payload
        ]
