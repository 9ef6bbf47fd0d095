"""Chance from streams keyed (seed, stream, entity, count), never from call order (S36)."""

import math
from collections import Counter
from hashlib import blake2b
from statistics import NormalDist

_NORMAL = NormalDist()


class Chance:
    """Draws that are the same for the same seed and the same calls per entity."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._counts: Counter[tuple[str, str]] = Counter()

    def digest(self, stream: str, entity: str) -> bytes:
        """Give the next 16 bytes of *entity*'s *stream*."""
        key = (stream, entity)
        count = self._counts[key] = self._counts[key] + 1
        return fixed(self.seed, stream, entity, count)

    def draw(self, stream: str, entity: str) -> float:
        """Give the next number in [0, 1) of *entity*'s *stream*."""
        return int.from_bytes(self.digest(stream, entity)[:7]) / 2**56

    def happens(self, rate: float, stream: str, entity: str) -> bool:
        """Say whether what happens at *rate* happens now; 0 and 1 draw nothing."""
        if rate <= 0 or rate >= 1:
            return rate >= 1
        return self.draw(stream, entity) < rate

    def lognormal(self, median: float, sigma: float, *, stream: str, entity: str) -> float:
        """Give the next log-normal value with this *median*; sigma 0 is the median."""
        if sigma == 0:
            return median
        share = min(max(self.draw(stream, entity), 1e-9), 1 - 1e-9)
        return median * math.exp(sigma * _NORMAL.inv_cdf(share))

    def identity(self, stream: str, entity: str) -> str:
        """Give the next id of *entity*'s *stream*, in the form of a UUID."""
        text = self.digest(stream, entity).hex()
        return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def asin(digest: bytes) -> str:
    """Make an ASIN of the 16 bytes of a draw."""
    number = int.from_bytes(digest[:8])
    return "B0" + "".join(SIGNS[number // 36**place % 36] for place in range(8))


SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


def fixed(seed: int, stream: str, entity: str, count: int = 0) -> bytes:
    """Give 16 bytes that depend on the four arguments alone."""
    return blake2b(f"{seed}\x1f{stream}\x1f{entity}\x1f{count}".encode(), digest_size=16).digest()
