"""Opening Postgres, telling its failures apart, and bringing its tables up to date.

psycopg 3 below SQLAlchemy. Time-outs are set so that a half-open connection is noticed within
15 s (`reliability.md` 2.4) and nothing waits for ever.
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, Engine, MetaData, create_engine, make_url, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError, DBAPIError

from consumers.amazon import tables as push
from consumers.commerce import tables as commerce
from consumers.postgres import tables
from deploy.errors import Failure
from producers.amazon import tables as intake
from producers.catalog import tables as shop

METADATA: tuple[MetaData, ...] = (
    tables.METADATA,
    push.METADATA,
    intake.METADATA,
    commerce.METADATA,
    shop.METADATA,
)
"""The tables of every room that writes to Postgres; migrations compare with their union."""

OLDEST = 15
"""The oldest Postgres that runs every statement of ours (`operations.md` 9)."""

LOCK = 0x6C697374
"""Advisory lock of whoever migrates: two processes that start together take turns."""

SESSION = {
    "timezone": "UTC",
    "statement_timeout": "30s",
    "lock_timeout": "10s",
    "idle_in_transaction_session_timeout": "60s",
}
"""Settings of each session of ours."""

NETWORK = {
    "connect_timeout": 5,
    "keepalives": 1,
    "keepalives_idle": 5,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "target_session_attrs": "read-write",
}
"""A dead peer is noticed within 15 s; a standby is no place to write to."""

SSL_REQUEST = b"\x00\x00\x00\x08\x04\xd2\x16\x2f"
"""The first bytes a client may say; only Postgres answers S or N (protocol 3.0)."""


def open_engine(url: str, *, name: str = "listwire", connections: int = 5) -> Engine:
    """Give the engine for *url*; nothing is connected yet.

    *name* is what Postgres shows as the application. At most *connections* are open; whoever
    wants one more waits 10 s for it. Raises `Failure` (LW-0103) for what is no such URL.
    """
    options = " ".join(f"-c {setting}={value}" for setting, value in SESSION.items())
    return create_engine(
        _address(url),
        connect_args={**NETWORK, "application_name": name, "options": options},
        pool_size=connections,
        max_overflow=0,
        pool_timeout=10,
        pool_pre_ping=True,
        pool_recycle=1800,
    )


def reach(engine: Engine) -> int:
    """Connect once and give the server's major version.

    Raises `Failure`: LW-0301 nobody there, LW-0304 somebody else, LW-0302 turned away,
    LW-0303 too old.
    """
    try:
        with engine.connect() as connection:
            version = (
                int(connection.execute(text("SHOW server_version_num")).scalar_one()) // 10_000
            )
    except DBAPIError as error:
        raise _told_apart(engine.url, error) from error
    if version < OLDEST:
        raise Failure(
            "LW-0303",
            where=_shown(engine.url),
            why=f"it is Postgres {version}; {OLDEST} or newer is needed",
            do=f"point LISTWIRE_POSTGRES__URL to a Postgres of at least {OLDEST}",
        )
    return version


def migrate(engine: Engine) -> None:
    """Bring the tables up to date; may be called by several processes at once.

    Raises `Failure` as `reach` does.
    """
    with _alone(engine) as connection:
        command.upgrade(configuration(connection), "head")


def revert(engine: Engine, revision: str) -> None:
    """Take the tables back to *revision* ("base" = none of ours). Raises `Failure`."""
    with _alone(engine) as connection:
        command.downgrade(configuration(connection), revision)


def configuration(connection: Connection) -> Config:
    """Give Alembic's configuration over an open *connection*; no file is read."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("deploy") / "migrations"))
    config.attributes["connection"] = connection
    return config


@contextmanager
def _alone(engine: Engine) -> Iterator[Connection]:
    """One migrating process at a time, with no limit on how long a statement may take."""
    reach(engine)
    with engine.connect() as connection:
        connection.execute(text("SET lock_timeout = 0; SET statement_timeout = 0"))
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": LOCK})
        connection.commit()
        try:
            yield connection
            connection.commit()
        finally:
            connection.invalidate()  # ends the session, and with it the lock


# --- which failure ------------------------------------------------------------------------


def _address(url: str) -> URL:
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:  # a port that is no number
        raise _no_url("it cannot be read as a URL") from error
    if address.get_backend_name() not in {"postgresql", "postgres"} or not address.host:
        raise _no_url("it names no Postgres host")
    return address.set(drivername="postgresql+psycopg")


def _no_url(why: str) -> Failure:
    return Failure(
        "LW-0103",
        where="postgres.url",
        why=why,
        do="write postgresql://USER:PASSWORD@HOST:PORT/DATABASE",
    )


def _told_apart(url: URL, error: DBAPIError) -> Failure:
    """Who answers at *url*, asked below the protocol: nobody, somebody else, or Postgres."""
    try:
        greeting = _greeting(url)
    except OSError as nobody:
        return Failure(
            "LW-0301",
            where=_shown(url),
            why=nobody.strerror or str(nobody) or "no answer",
            do="start it, or correct LISTWIRE_POSTGRES__URL",
        )
    if greeting not in {b"S", b"N"}:
        return Failure(
            "LW-0304",
            where=_shown(url),
            why="what listens there does not speak Postgres's protocol",
            do="correct host and port in LISTWIRE_POSTGRES__URL",
        )
    return Failure(
        "LW-0302",
        where=_shown(url),
        why=str(error.orig).strip().splitlines()[-1][:300],
        do="correct user, password and database in LISTWIRE_POSTGRES__URL, or wait until it is up",
    )


def _greeting(url: URL) -> bytes:
    with socket.create_connection((url.host or "", url.port or 5432), timeout=5) as there:
        there.sendall(SSL_REQUEST)
        return there.recv(1)


def _shown(url: URL) -> str:
    return f"{url.host}:{url.port or 5432}/{url.database or ''}"
