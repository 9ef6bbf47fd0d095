"""One request on its way to the operation that answers it."""

import msgspec

from deploy.sandbox.exchange import Request
from deploy.sandbox.pending import Scheduler
from deploy.sandbox.reports import Reports
from deploy.sandbox.subscriptions import Subscriptions
from deploy.sandbox.world import Account, World


class Call(msgspec.Struct):
    """One request on its way, and what the journal will say of it.

    *account* of a grantless call is the application itself, with an empty id. *names* are
    the variables of the path.
    """

    world: World
    scheduler: Scheduler
    reports: Reports
    notices: Subscriptions
    account: Account
    request: Request
    now: int
    names: dict[str, str] = {}
    sku: str = ""
    asin: str = ""
    stores: list[str] = []
    outcome: str | None = None
    submission: str | None = None

    @property
    def entity(self) -> str:
        """What this call's chance is keyed by."""
        return f"{self.account.id}|{self.sku}"
