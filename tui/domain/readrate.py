"""How often a quota that is shared with strangers may be used: a plain state machine.

Cloud Logging allows 60 `entries.list` calls a minute for a whole project, which cannot be raised (FACTS 3.6).
The rate grows slowly while all goes well and halves when the service refuses (429).
"""

from __future__ import annotations

MOST = 45.0
"""Reads a minute at the most: others of the project read logs, too."""
LEAST = 2.0
"""Reads a minute that are tried even while the service refuses."""
FIRST = 30.0
"""Reads a minute to begin with."""
GROWTH = 1.0
"""Reads a minute more after each read that came through at the full rate."""
BURST = 12.0
"""Reads that may be made at once after a rest."""
_MINUTE = 60.0


class ReadRate:
    """A token bucket whose rate adds and halves; times are monotonic seconds."""

    def __init__(self, *, most: float = MOST) -> None:
        self._most = most
        self._rate = min(FIRST, most)
        self._left = min(BURST, most)
        self._at: float | None = None
        self._resting = 0.0

    @property
    def per_minute(self) -> float:
        """Reads a minute allowed at present."""
        return self._rate

    @property
    def left(self) -> float:
        """Reads that may be made at once."""
        return self._left

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

    def succeeded(self) -> None:
        """A read came through."""
        self._rate = min(self._rate + GROWTH, self._most)

    def refused(self, now: float, retry_after: float | None = None) -> None:
        """The service refused a read for its rate."""
        self._rate = max(self._rate / 2.0, LEAST)
        self._left = min(self._left, 0.0)
        self._resting = max(self._resting, now + (retry_after or 0.0))

    def _refill(self, now: float) -> None:
        if self._at is not None:
            gained = max(now - self._at, 0.0) * self._rate / _MINUTE
            self._left = min(self._left + gained, BURST, self._most)
        self._at = now
