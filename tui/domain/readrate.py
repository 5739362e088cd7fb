"""How often a quota that is shared with strangers may be used: a plain state machine.

Cloud Logging allows 60 `entries.list` calls a minute for a whole project, which cannot be raised (FACTS 3.6).
The rate grows slowly while all goes well and halves when the service refuses (429).
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

MOST = 45.0
"""Reads a minute at the most: others of the project read logs, too."""
SHARE = 0.75
"""Of a limit that the service names."""
LEAST = 2.0
"""Reads a minute that are tried even while the service refuses."""
FIRST = 30.0
"""Reads a minute to begin with."""
GROWTH = 2.0
"""Reads a minute more after each read that came through, where `MOST` is the most; else in proportion."""
BURST = 12.0
"""Reads that may be made at once after a rest."""
UNLIMITED = 60_000.0
"""Reads a minute where nobody else reads and nothing is refused."""
_MINUTE = 60.0


class ReadMeter(NamedTuple):
    """How much of the quota is used: what a user may be shown."""

    made: int = 0
    """Reads made in the last minute."""
    allowed: float = FIRST
    """Reads a minute allowed at present."""
    waiting: int = 0
    """Reads that wait for their turn."""


class ReadRate:
    """A token bucket whose rate adds and halves; times are monotonic seconds."""

    def __init__(self, *, most: float = MOST) -> None:
        self._most = most
        self._free = most >= UNLIMITED
        self._rate = most if self._free else min(FIRST, most)
        self._burst = most if self._free else min(BURST, most)
        self._left = self._burst
        self._at: float | None = None
        self._resting = 0.0
        self._refused_at = float("-inf")
        self._made: deque[float] = deque()

    @property
    def per_minute(self) -> float:
        """Reads a minute allowed at present."""
        return self._rate

    @property
    def left(self) -> float:
        """Reads that may be made at once."""
        return self._left

    def spare(self, now: float) -> bool:
        """Whether half of what may be made at once is left, so that a read for later takes from nobody."""
        self._refill(now)
        return now >= self._resting and self._left >= self._burst / 2.0

    def made(self, now: float) -> int:
        """Reads made in the minute before."""
        while self._made and self._made[0] <= now - _MINUTE:
            self._made.popleft()
        return len(self._made)

    def wait(self, now: float) -> float:
        """Seconds until a read may be made; 0 if it may be made now."""
        self._refill(now)
        if now < self._resting:
            return self._resting - now
        return max(1.0 - self._left, 0.0) * _MINUTE / self._rate

    def take(self, now: float) -> None:
        """A read is made."""
        self._refill(now)
        self._left -= 1.0
        self._made.append(now)
        self.made(now)

    def succeeded(self) -> None:
        """A read came through."""
        self._rate = min(self._rate + GROWTH * self._most / MOST, self._most)

    def refused(
        self,
        now: float,
        retry_after: float | None = None,
        *,
        begun: float | None = None,
        limit: float | None = None,
    ) -> None:
        """The service refused a read for its rate.

        Args:
            now: the time.
            retry_after: seconds that it asked to wait.
            begun: when the read was made: one from before the last refusal says nothing new.
            limit: reads a minute of the whole project, if it named them.
        """
        if limit is not None and limit > 0:
            self._most = min(self._most, max(limit * SHARE, LEAST))
            self._burst = min(self._burst, BURST)
        if begun is None or begun >= self._refused_at:
            self._rate = max(min(self._rate, self._most) / 2.0, LEAST)
            self._refused_at = now
        self._left = min(self._left, 0.0)
        self._resting = max(self._resting, now + (retry_after or 0.0))

    def _refill(self, now: float) -> None:
        if self._at is not None:
            gained = max(now - self._at, 0.0) * self._rate / _MINUTE
            self._left = min(self._left + gained, self._burst)
        self._at = now
