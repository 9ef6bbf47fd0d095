"""What must be there before a worker starts: topics and tables."""

import time

from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError

from deploy.connect.kafka import open_admin
from deploy.connect.postgres import migrate, open_engine
from deploy.errors import Failure
from deploy.topics import apply, plan, wanted
from deploy.watch.reading import patiently

COLD_SECONDS = 90.0
"""A broker that has just made its topics may take so long, on a busy machine, to serve groups."""


def prepare(bootstrap: str, url: str, *, replication: int = 1) -> None:
    """Make the topics and tables that are missing. Raises `Failure`; doing it twice is fine."""
    with open_admin(bootstrap) as admin:
        found = plan(admin, wanted(replication=replication))
        found.refuse()
        apply(admin, found, replication=replication)
        _until_groups_are_served(admin)
    engine = open_engine(url, name="listwire-prepare")
    try:
        migrate(engine)
    finally:
        engine.dispose()


def _until_groups_are_served(admin: KafkaAdminClient) -> None:
    until = time.monotonic() + COLD_SECONDS
    try:
        patiently(lambda: admin.list_group_offsets("listwire-prepare"), until)
    except KafkaError as error:
        raise Failure(
            "LW-0207",
            where="the groups' coordinator",
            why=str(error),
            do="look at the broker; its own log says what it is busy with",
        ) from error
