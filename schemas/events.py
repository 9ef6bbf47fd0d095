"""All events under one name; their definitions stand beside what they speak about."""

from schemas.amazon import (
    AccountState,
    Competition,
    Lookup,
    Observation,
    Report,
    Submission,
)
from schemas.candidates import Candidate
from schemas.catalog import Price, Product, Saved, Stock
from schemas.event import ENCODER, Event, as_number, as_text
from schemas.links import IdentifierClaimed, Link, Match, MatchRequested
from schemas.listings import AttributesImported, ListingStatus, ListingStatusChanged
from schemas.offers import Offer
from schemas.pipeline import Applied, Coverage, Probe
from schemas.requests import Intent, LookupRequested, ReadRequested

__all__ = [
    "ENCODER",
    "AccountState",
    "Applied",
    "AttributesImported",
    "Candidate",
    "Competition",
    "Coverage",
    "Event",
    "IdentifierClaimed",
    "Intent",
    "Link",
    "ListingStatus",
    "ListingStatusChanged",
    "Lookup",
    "LookupRequested",
    "Match",
    "MatchRequested",
    "Observation",
    "Offer",
    "Price",
    "Probe",
    "Product",
    "ReadRequested",
    "Report",
    "Saved",
    "Stock",
    "Submission",
    "as_number",
    "as_text",
]
