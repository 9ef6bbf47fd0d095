"""Instants as whole milliseconds since 1970, and their RFC 3339 spelling."""

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def text(instant: int) -> str:
    """Spell *instant* (ms since 1970) as Amazon does: UTC, milliseconds, a Z."""
    seconds, ms = divmod(instant, 1000)
    moment = EPOCH + timedelta(seconds=seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms:03d}Z"


def instant(spelled: str) -> int:
    """Give the ms since 1970 of an RFC 3339 text, or of a date at midnight UTC.

    Raises `ValueError`.
    """
    moment = datetime.fromisoformat(spelled)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // timedelta(milliseconds=1)


def moment(spelled: object) -> int:
    """Give the ms since 1970 of an RFC 3339 date-time; a date alone is none.

    Raises `ValueError`.
    """
    if not isinstance(spelled, str) or "T" not in spelled.upper():
        raise ValueError(f"{spelled!r} is no date-time")
    return instant(spelled)


def http_date(instant: int) -> str:
    """Spell *instant* as a Date header."""
    return f"{EPOCH + timedelta(milliseconds=instant):%a, %d %b %Y %H:%M:%S GMT}"
