"""How the stand-in behaves: every rate, delay and probability (S5), and three sets of them."""

from typing import Any

import msgspec


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The rates, delays and probabilities of one world; a seed may override each.

    Delays are medians in seconds of log-normal draws with *sigma* (0: always the median).
    """

    quantity_seconds: float = 120.0
    price_seconds: float = 300.0
    content_seconds: float = 600.0
    existence_seconds: float = 600.0
    sigma: float = 0.5
    apart: bool = True
    """Price and quantity of one request take effect at different times (S13)."""
    lost_writes: float = 0.001
    """Share of accepted writes that never take effect (S14)."""
    later_issues: float = 0.001
    """Share of accepted writes that leave an issue when they take effect (S14)."""
    spurious_429: float = 0.002
    missing_rate_header: float = 0.02
    partial_reads: float = 0.002
    """Share of reads for several marketplaces that answer for one only (models#3008)."""
    failed_reopening: float = 0.3
    """Share of attempts to clear a past `end_at` that change nothing (models#4041)."""
    restrictions_envelope: bool = False
    """Refusals of Restrictions come in the envelope of the other APIs, not as its model says."""
    parent_results: float = 0.02
    """Share of catalogue results in which a parent comes in place of its child (models#2243)."""
    hidden_identifiers: float = 0.02
    """Share of results of a search that do not list the identifier asked for (models#264)."""
    cut_pages: float = 0.002
    """Share of catalogue pages that stop short without a token."""
    second_channel: bool = False
    """A `DEFAULT` quantity on an FBA SKU opens a second channel, else does nothing (S18)."""
    stubs: bool = False
    """A SKU whose creation waits is read as 200 with empty summaries, else as 404."""
    two_store_patch: bool = False
    """A PATCH may name several marketplaces (an account of the seed may say so itself)."""
    token_seconds: int = 3600
    report_encoding: str = "cp1252"
    """The charset of reports outside Japan, where it is cp932 unless this is UTF-8."""
    report_queue_seconds: float = 30.0
    report_seconds: float = 120.0
    """How long a report waits in the queue, and how long it is written (S25)."""
    report_fatal: float = 0.005
    report_gzip: float = 0.5
    """Share of report documents that are compressed."""
    report_cache_seconds: tuple[float, float] = (3600.0, 21_600.0)
    """How long a document is given again, of an empty and of a large store; 0: never."""
    drawn_marketplace: bool = False
    """Which of several marketplaces a listing report is about is drawn, else the first."""
    missing_drafts: float = 0.0
    """Share of incomplete listings that no report shows (docs#1130)."""
    notice_seconds: float = 5.0
    """How long a notification takes from what it tells to its queue."""
    notice_loss: float = 0.002
    notice_duplicates: float = 0.01
    notice_copies: int = 1
    """How often more a notification comes that comes more than once."""
    notice_disorder: float = 0.02
    """Share of notifications that come up to `notice_late_seconds` later still (S29)."""
    notice_late_seconds: float = 600.0
    hostile_faults: bool = False


QUIET = Profile(
    quantity_seconds=1.0,
    price_seconds=1.0,
    content_seconds=1.0,
    existence_seconds=1.0,
    sigma=0.0,
    apart=False,
    lost_writes=0.0,
    later_issues=0.0,
    spurious_429=0.0,
    missing_rate_header=0.0,
    partial_reads=0.0,
    failed_reopening=0.0,
    parent_results=0.0,
    hidden_identifiers=0.0,
    cut_pages=0.0,
    report_encoding="utf-8",
    report_queue_seconds=1.0,
    report_seconds=1.0,
    report_fatal=0.0,
    report_gzip=0.0,
    report_cache_seconds=(0.0, 0.0),
    notice_seconds=0.0,
    notice_loss=0.0,
    notice_duplicates=0.0,
    notice_disorder=0.0,
)
HOSTILE = Profile(
    sigma=1.0,
    lost_writes=0.01,
    later_issues=0.02,
    spurious_429=0.02,
    missing_rate_header=0.2,
    partial_reads=0.05,
    failed_reopening=0.7,
    parent_results=0.2,
    hidden_identifiers=0.1,
    cut_pages=0.02,
    stubs=True,
    report_queue_seconds=120.0,
    report_seconds=600.0,
    report_fatal=0.05,
    drawn_marketplace=True,
    missing_drafts=0.3,
    notice_seconds=30.0,
    notice_loss=0.05,
    notice_duplicates=0.3,
    notice_copies=9,
    notice_disorder=0.3,
    notice_late_seconds=21_600.0,
    hostile_faults=True,
)
PROFILES = {"quiet": QUIET, "real": Profile(), "hostile": HOSTILE}

DELAYS = ("quantity_seconds", "price_seconds", "content_seconds", "existence_seconds")


def profile(name: str, *, apply_seconds: float | None, overrides: dict[str, Any]) -> Profile:
    """Give the named profile with one delay for all writes, if stated, and *overrides*.

    Raises `ValueError` for an unknown name or field.
    """
    if name not in PROFILES:
        raise ValueError(f"profile is one of {', '.join(PROFILES)}, not {name!r}")
    fields = msgspec.to_builtins(PROFILES[name])
    if apply_seconds is not None:
        fields |= dict.fromkeys(DELAYS, apply_seconds) | {"sigma": 0.0}
    return msgspec.convert(fields | overrides, Profile)
