"""How long to wait before the next read: a plain state machine."""

from __future__ import annotations

import random
from collections.abc import Callable

MAX_BACKOFF_SECONDS = 120.0
"""Hours of outage must end in a live list without a key press, soon after the service is back."""


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
        if not self._failures:
            return base
        # Full jitter between half and the whole of the doubled step keeps many clients from marching in step.
        step = min(self._live_seconds * 2.0 ** min(self._failures - 1, 16), MAX_BACKOFF_SECONDS)
        return max(self._retry_after, step * (0.5 + 0.5 * self._jitter()))
