"""What commands look up before they act: the settings in force, this machine's state."""

from pathlib import Path

from deploy.commands.session import Session
from deploy.errors import Failure
from schemas.settings import Settings


def state_folder(here: Session) -> Path:
    """Give the folder that remembers what is under way on this machine."""
    from deploy.settings import data_folder  # noqa: PLC0415 - on demand

    folder = data_folder(here.environ) / "state"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def known_settings(here: Session) -> Settings:
    """Give the settings in force."""
    from deploy.connect.whole import read_settings  # noqa: PLC0415 - opens the broker

    return read_settings(here.bootstrap)


def unknown_store(store: str, known: Settings) -> Failure:
    """Say that there is no such store, and which there are."""
    return Failure(
        "LW-0603",
        where=f"store {store}",
        why="no such store in the settings in force",
        do=f"one of {', '.join(sorted(known.of('store'))) or 'none: apply settings first'}",
    )
