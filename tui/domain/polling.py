"""How long to wait before the next read: a plain state machine."""

from __future__ import annotations

import random
from collections.abc import Callable

MAX_BACKOFF_SECONDS = 120.0
"""Hours of outage must end in a live list without a key press, soon after the service is back."""
MOST_ASKED_FOR = 600.0
"""A service that asks for a longer pause is asked again after so many seconds all the same."""

UNWATCHED = 5.0
"""By how much live jobs are read less often while the terminal is not looked at."""
UNWATCHED_SECONDS = 10.0
"""At least so long then, as far as the idle interval allows."""


class PollPace:
    """Fast while a job is live, slow when idle, backing off with jitter on trouble."""

    def __init__(
        self, live_seconds: float, idle_seconds: float, *, jitter: Callable[[], float] = random.random
    ) -> None:
        self._live_seconds = live_seconds
        self._idle_seconds = idle_seconds
        self._jitter = jitter
        self._failures = 0
        self._retry_after = 0.0
        self._focused = True

    def attend(self, *, focused: bool) -> bool:
        """Note whether somebody looks: live jobs are read less often if nobody does. True if that is new."""
        changed = focused != self._focused
        self._focused = focused
        return changed

    @property
    def failures(self) -> int:
        """Failed reads in a row."""
        return self._failures

    def succeeded(self) -> None:
        """A read came through."""
        self._failures = 0
        self._retry_after = 0.0

    def failed(self, retry_after: float | None = None) -> None:
        """A read failed; `retry_after` is the seconds that the service asked for."""
        self._failures += 1
        self._retry_after = retry_after or 0.0

    def delay(self, *, live: bool) -> float:
        """Seconds until the next read."""
        base = self._live_seconds if live else self._idle_seconds
        if live and not self._focused:
            base = min(max(base * UNWATCHED, UNWATCHED_SECONDS), max(self._idle_seconds, base))
        if not self._failures:
            return base
        # Full jitter between half and the whole of the doubled step keeps many clients from marching in step.
        step = min(self._live_seconds * 2.0 ** min(self._failures - 1, 16), MAX_BACKOFF_SECONDS)
        return max(min(self._retry_after, MOST_ASKED_FOR), step * (0.5 + 0.5 * self._jitter()))


class Budget:
    """At most so many calls a minute, a third of them at once: a token bucket."""

    def __init__(self, per_minute: float) -> None:
        self._rate = per_minute / 60.0
        self._most = max(per_minute / 3.0, 1.0)
        self._left = self._most
        self._at: float | None = None

    def take(self, now: float) -> float:
        """Take one call; the seconds to wait before making it. `now` is a monotonic time in seconds."""
        if self._at is not None:
            self._left = min(self._left + max(now - self._at, 0.0) * self._rate, self._most)
        self._at = now
        self._left -= 1.0
        return max(-self._left, 0.0) / self._rate
