"""Ten thousand trade item numbers, what Amazon has for each, and what matching makes of them.

The numbers are real ones where there are any, the rest made by rule; the catalogue is made
from them, so that what must come out is known beforehand, by arithmetic of its own. The
search runs through the lookups, our client and the stand-in, all in this process, on a clock
that only counts: so what it would take at Amazon's quota is known without waiting for it.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import httpx2
from pydantic import SecretStr

from deploy.connect.amazon.client import AmazonClient
from deploy.connect.amazon.credentials import Application, Credentials
from deploy.connect.amazon.exchange import Exchange
from deploy.connect.amazon.lwa import Tokens
from deploy.connect.limits import Limits
from deploy.connect.seller import Seller
from deploy.sandbox.exchange import Request
from processors.rules.draft import claims_of
from processors.rules.known import Answered
from processors.rules.matching import outbound
from producers.amazon.lookup import Lookups
from producers.amazon.serve import Place, Service
from schemas import codec, identifiers, keys
from schemas.amazon import Lookup
from schemas.candidates import Candidate, IdentifierClaim, StoreCandidate, Verdict
from schemas.pipeline import Handled
from schemas.record import Record
from schemas.requests import LookupRequested
from schemas.settings import Account, Settings, Store
from tests.support import amazon
from tests.support.at_once import at_once

WAITING = 2_000
"""Questions that may be open at once, as the role keeps it."""

OUTCOMES = (
    "matched",
    "ambiguous",
    "other_pack",
    "not_found",
    "check_digit",
    "restricted",
    "malformed",
    "pending",
)
"""What may become of a number; *pending*: Amazon never answered, so nothing is decided."""


class Case(NamedTuple):
    """One number as a shop declares it, and what must become of it."""

    kind: str
    value: str
    truth: str


def check_digit(twelve: str) -> int:
    """Give the last digit of a 13-digit number: our own arithmetic, not the code's."""
    return -sum(int(d) * (1 if place % 2 == 0 else 3) for place, d in enumerate(twelve)) % 10


def real(file: Path) -> list[str]:
    """Give the numbers of a catalogue of real products, each once, as 14 digits."""
    with file.open(encoding="utf-8", newline="") as lines:
        rows = csv.DictReader(lines)
        return list(dict.fromkeys(row["GTIN-14"] for row in rows))


def made(start: int) -> Iterator[str]:
    """Make numbers as 14 digits: sound ones, wrong check digits, in-store ones, in turn."""
    for number in range(start, start + 100_000):
        body = f"{number:012d}"
        if number % 10 == 8:
            yield f"0{body}{(check_digit(body) + 1) % 10}"
        elif number % 10 == 9:
            store = f"{20 + number % 9}{number % 10**10:010d}"
            yield f"0{store}{check_digit(store)}"
        else:
            yield f"0{body}{check_digit(body)}"


def cases(numbers: Iterable[str], count: int) -> list[Case]:
    """Give *count* cases: these numbers, then made ones; what Amazon has is drawn by rule."""
    all_ = dict.fromkeys([*numbers, *islice(made(590_000_000_000), count)])
    return [_case(number, place) for place, number in enumerate(islice(all_, count))]


def _case(number: str, place: int) -> Case:
    kind, value = _declared(number)
    if not (number.isascii() and number.isdigit() and number.strip("0")):
        return Case(kind, value, "malformed")
    if _weighted(number) != int(number[-1]):
        return Case(kind, value, "check_digit")
    if number[1:3] in ("02", "04") or number[1] == "2":
        return Case(kind, value, "restricted")
    return Case(kind, value, DRAWN.get(place % 20, "matched"))


def _weighted(number: str) -> int:
    """Give the check digit of 14 digits: weights 3, 1, 3, … from the left."""
    return -sum(int(d) * (3 if place % 2 == 0 else 1) for place, d in enumerate(number[:-1])) % 10


DRAWN = {3: "ambiguous", 7: "not_found", 11: "ambiguous", 15: "other_pack"}
"""Of every twenty numbers: what Amazon has for some of them, beside one plain item."""


def _declared(number: str) -> tuple[str, str]:
    """Spell a number as a shop would: UPC, EAN or GTIN by its leading zeros."""
    if number.startswith("00"):
        return "upc", number[2:]
    return ("ean", number[1:]) if number.startswith("0") else ("gtin", number)


def catalogue(all_: Sequence[Case]) -> list[dict[str, Any]]:
    """Give the items that Amazon has for these cases, as the stand-in's seed states them."""
    return [
        {"asin": f"B{place:07d}{twin:02d}", "gtins": [case.value.zfill(14)], "pack": pack}
        for place, case in enumerate(all_)
        for twin, pack in enumerate(STOCKED.get(case.truth, ()))
    ]


STOCKED: dict[str, tuple[int | None, ...]] = {
    "matched": (None,),
    "ambiguous": (None, None),
    "other_pack": (6,),
}


class Found(NamedTuple):
    """What came out: how many of each, the calls made, seconds at quota, answers 429."""

    counts: dict[str, int]
    wrong: list[tuple[Case, str]]
    calls: int
    seconds: float
    throttled: int


def search(all_: Sequence[Case], *, profile: str = "quiet") -> Found:
    """Look every number up that may be asked for, and judge what comes back."""
    claims = [identifiers.claim(case.kind, case.value) for case in all_]
    asked = [c for c in claims if c.invalid is None]
    market = _Market(all_, profile)
    answers = market.answers(asked)
    judged = [_judged(c, answers) for c in claims]
    wrong = [(case, told) for case, told in zip(all_, judged, strict=True) if case.truth != told]
    counts = Counter(judged)
    return Found(
        {name: counts[name] for name in OUTCOMES}, wrong, market.calls, market.now, market.throttled
    )


def _judged(claimed: IdentifierClaim, answers: dict[tuple[str, str], Answered]) -> str:
    if claimed.invalid is not None:
        told = (name for name, words in REFUSED.items() if words in claimed.invalid)
        return next(told, "malformed")
    mine = StoreCandidate(verdict=Verdict(eligible=True), identifiers=[claimed])
    about = Candidate(product="P", sequence=0, account="acme-eu", seller_sku="P", origin="default")
    told = answers.get((claimed.kind, claimed.value))
    outcome = outbound(claims_of(about, mine), [] if told is None else [told])
    codes = {reason.code for reason in outcome.reasons}
    if outcome.kept == "accepted":
        return "matched"
    return next((name for name, code in CODES.items() if code in codes), outcome.kept)


REFUSED = {"restricted": "restricted circulation", "check_digit": "check digit"}
CODES = {
    "ambiguous": "SEVERAL_ASINS",
    "other_pack": "PACK_SIZE_DIFFERS",
    "not_found": "NOT_FOUND",
}

SETTINGS = (
    Settings()
    .with_record(
        "account",
        "acme-eu",
        Account(region="EU", merchant_token="A1EXAMPLE", credentials="env:X"),
    )
    .with_record(
        "store",
        "acme-de",
        Store(
            account="acme-eu",
            marketplace="DE",
            website="base",
            created=datetime(2026, 1, 1, tzinfo=UTC).date(),
        ),
    )
)


class _Market:
    """Our lookups over our client over the stand-in; one thread, one counted clock."""

    def __init__(self, all_: Sequence[Case], profile: str) -> None:
        document = amazon.seed(catalogue=catalogue(all_), profile=profile)
        document["listings"] = []
        self._desk = amazon.Desk(document)
        self.now = 0.0
        self.calls = 0
        self.throttled = 0
        self._waiting: list[Record] = []
        self._open: set[int] = set()
        self._told: list[Record] = []
        self._service = Service(
            self,
            Lookups(Seller(self._client()), lambda: SETTINGS, lambda: datetime.now(UTC)),
            self._told.extend,
            _never,
            submit=at_once,
            clock=lambda: self.now,
            chance=lambda: 0.5,
        )

    def _client(self) -> AmazonClient:
        http = httpx2.Client(transport=httpx2.MockTransport(self._transmit))
        held = Credentials(Application("sandbox", SecretStr("sandbox")), SecretStr("Atzr|acme"))
        tokens = Tokens(
            http, "https://sandbox.test/auth/o2/token", lambda _: held, lambda: self.now
        )
        exchange = Exchange(
            http,
            tokens,
            Limits(lambda: self.now, chance=lambda: 0.5),
            agent="Listwire/test (Language=Python/3)",
            now=lambda: datetime.fromtimestamp(self._desk.now / 1000, UTC),
        )
        return AmazonClient(exchange, lambda: SETTINGS, {"EU": "https://sandbox.test/eu"})

    def _transmit(self, asked: httpx2.Request) -> httpx2.Response:
        path, _, query = asked.url.raw_path.decode().partition("?")
        headers = {name.lower(): value for name, value in asked.headers.items()}
        request = Request(asked.method, path, query, headers, asked.content)
        at = amazon.NOW + int(self.now * 1000)
        self._desk.now = at
        reply, _ = self._desk.amazon.answer(request, at, float(at))
        if path != "/auth/o2/token":
            self.calls += 1
            self.throttled += reply.status == 429
        return httpx2.Response(reply.status, headers=reply.headers, content=reply.body)

    def answers(self, asked: Sequence[IdentifierClaim]) -> dict[tuple[str, str], Answered]:
        """Give the answer to each identifier, however long it takes on the counted clock."""
        self._waiting = [_request(claimed, n) for n, claimed in enumerate(asked)]
        while self._waiting or self._open:
            self._service.turn()
            self.now += 0.05
        told = [codec.decode(record, Lookup) for record in self._told]
        return {
            (one.kind, one.value): Answered(one.kind, one.value, None, one.candidates)
            for one in told
            if one is not None and one.state == "answered"
        }

    def poll(self, timeout: float) -> Sequence[Record]:
        """Give the next questions, as long as not too many are open."""
        room = max(0, min(200, WAITING - len(self._open)))
        given, self._waiting = self._waiting[:room], self._waiting[room:]
        self._open |= {record.offset for record in given}
        return given

    def done(self, record: Record, outcome: Handled) -> None:
        """Note that a question is answered."""
        self._open.discard(record.offset)

    def lost(self) -> Sequence[Place]:
        """Lose nothing."""
        return ()


def _never(record: Record, reason: Any) -> None:
    raise AssertionError(f"set aside: {record.key!r} {reason}")


def _request(claimed: IdentifierClaim, number: int) -> Record:
    event = LookupRequested(
        account="acme-eu",
        seller_sku=f"SKU-{number}",
        store="acme-de",
        kind=claimed.kind,
        value=claimed.value,
        sequence=1,
    )
    made_ = codec.encode(
        event,
        topic="listing.lookup-requested.v1",
        key=keys.shared("acme-eu", event.seller_sku),
        id=f"request-{number}",
        source="/test",
        subject=event.seller_sku,
        time=datetime(2026, 11, 25, tzinfo=UTC),
    )
    return Record(
        topic=made_.topic,
        key=made_.key,
        value=made_.value,
        headers=made_.headers,
        partition=0,
        offset=number,
    )
