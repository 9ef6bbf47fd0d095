"""What must be there before a worker starts: topics and tables."""

from deploy.connect.kafka import open_admin
from deploy.connect.postgres import migrate, open_engine
from deploy.topics import apply, plan, wanted
from deploy.watch.reading import patiently


def prepare(bootstrap: str, url: str, *, replication: int = 1) -> None:
    """Make the topics and tables that are missing. Raises `Failure`; doing it twice is fine."""
    with open_admin(bootstrap) as admin:
        found = plan(admin, wanted(replication=replication))
        found.refuse()
        apply(admin, found, replication=replication)
        patiently(lambda: admin.list_group_offsets("listwire-prepare"))  # groups can be served
    engine = open_engine(url, name="listwire-prepare")
    try:
        migrate(engine)
    finally:
        engine.dispose()
