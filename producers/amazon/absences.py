"""Seller SKUs that Amazon suddenly denies: news of each, or an incident of the account?

More than a few of an account's SKUs read 404 within an hour look like a wrong merchant token,
not like so many deleted listings. Then the account says so (`absences`), and until a person or
a later answer says otherwise none of them counts as gone (`listings.md` 5.3).
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Engine, delete, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from producers.amazon.accounts import Accounts, calmed, flooded
from producers.amazon.tables import account_absence as table
from schemas.amazon import AbsenceWave, Observation
from schemas.errors import TryAgain
from schemas.requests import ReadRequested
from schemas.settings import Settings

WINDOW = timedelta(hours=1)
LEAST, SHARE = 10, 0.02
"""404s in an hour up to which each is news of its listing: ten, or 2 % of the known SKUs."""

EXPECTED = frozenset({"ENDING", "BEFORE_CREATION"})
"""Reasons of a read that expects to find nothing."""

_log = structlog.get_logger()


def limit(known: int) -> int:
    """Give how many of *known* SKUs may be read 404 within an hour."""
    return max(LEAST, int(known * SHARE))


def known_skus(settings: Settings, account: str) -> int:
    """Give how many seller SKUs *account* has, by its stores' last complete reports."""
    reports = (settings.reports.get(store, ()) for store in settings.stores_of(account))
    return max((found[0].rows for found in reports if found), default=0)


def unexpected(asked: ReadRequested, seen: Observation | None) -> bool:
    """Tell whether a read found nothing where something should have been."""
    stores: Sequence[bool] = [s.exists is False for s in seen.stores.values()] if seen else ()
    return bool(stores) and all(stores) and asked.why not in EXPECTED


class Absences:
    """Counts unexpected 404s of all accounts, in Postgres: over all workers, and crashes."""

    def __init__(
        self, engine: Engine, accounts: Accounts, settings: Callable[[], Settings]
    ) -> None:
        self._engine = engine
        self._accounts = accounts
        self._settings = settings

    def judge(self, asked: ReadRequested, seen: Observation | None) -> None:
        """Note a 404 before anybody hears of it; too many of them are told of the account.

        Raises `TryAgain` where that cannot be written down: then nobody hears of it either.
        """
        if seen is None or not unexpected(asked, seen):
            return
        known = known_skus(self._settings(), asked.account)
        count, since = self._noted(asked.account, asked.seller_sku, seen.as_of)
        if count <= limit(known):
            return
        wave = AbsenceWave(since=since, read=count, known=known)
        told = self._accounts.change(asked.account, flooded(wave))
        if told.absences == wave:
            _log.error(
                "Amazon denies too many SKUs at once: none of them counts as gone",
                account=asked.account,
                read=count,
                known=known,
                since=since.isoformat(),
                do=f"listwire accounts believe-absences {asked.account}, if it is true",
            )

    def believe(self, account: str) -> None:
        """Let 404s of *account* count again: a person says that they are true."""
        with self._engine.begin() as connection:
            connection.execute(delete(table).where(table.c.account == account))
        self._accounts.change(account, calmed)

    def _noted(self, account: str, seller_sku: str, at: datetime) -> tuple[int, datetime]:
        """Note one 404; give how many SKUs there are within the hour, and the oldest's time."""
        mine = table.c.account == account
        new = insert(table).values(account=account, seller_sku=seller_sku, at=at)
        newer = new.on_conflict_do_update(
            index_elements=list(table.primary_key),
            set_={"at": func.greatest(table.c.at, new.excluded.at)},
        )
        try:
            with self._engine.begin() as connection:
                connection.execute(delete(table).where(mine, table.c.at < at - WINDOW))
                connection.execute(newer)
                found = connection.execute(
                    select(func.count(), func.min(table.c.at)).where(mine)
                ).one()
        except (OperationalError, NoConnection) as away:
            raise TryAgain(
                f"the database is away: {str(getattr(away, 'orig', away))[:200]}", after=5.0
            ) from away
        return found[0], found[1]
