"""A pusher as a process of its own, to be killed: URL of Postgres, URL of the stand-in."""

import sys

from deploy.connect.amazon.build import amazon_client
from deploy.connect.postgres import open_engine
from tests.consumers.amazon.conftest import SETTINGS, place
from tests.consumers.amazon.hands import Published


def main(url: str, api: str, owner: str) -> None:
    """Push until killed."""
    from consumers.amazon.service import Manners, Service

    environ = {"ACME_EU_REFRESH_TOKEN": "Atzr|acme-eu"}
    client = amazon_client(place(api, 20.0), lambda: SETTINGS, environ, role="push")
    service = Service(
        open_engine(url, connections=10),
        client,
        lambda: SETTINGS,
        Published(),
        Manners(owner=owner),
    )
    service.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
