"""Clocks of log entries: how far the service's time has come, and how far reading lags behind it."""

from __future__ import annotations

SECOND_NS = 1_000_000_000
TOLERANCE_NS = 5 * SECOND_NS
"""An entry dated so little ahead of the own clock is not from the future: the clocks differ."""
KEPT_SECONDS = 600
"""How long it is remembered how many entries came."""


class EntryClock:
    """Up to when entries have been seen; monotonic times tell what no entry tells.

    The own clock may be wrong and an entry may be dated in the future: neither may make a list begin after
    entries that have not been read, so of two times the earlier is believed.
    """

    def __init__(self) -> None:
        self.newest_ns = 0
        """The newest time that is believed; 0 before any."""
        self._ahead_ns: int | None = None

    def saw(self, time_ns: int, *, wall_ns: int, at_ns: int) -> int:
        """An entry of that time is there; what is believed of it.

        Args:
            time_ns: its time.
            wall_ns: the own clock.
            at_ns: the monotonic clock.
        """
        if time_ns > wall_ns + TOLERANCE_NS:
            return min(time_ns, wall_ns)
        ahead = time_ns - at_ns
        if self._ahead_ns is None or ahead > self._ahead_ns:
            self._ahead_ns = ahead
        self.newest_ns = max(self.newest_ns, time_ns)
        return time_ns

    def reached(self, at_ns: int) -> int:
        """The service's time at a monotonic time, or earlier; 0 if no entry has told."""
        return 0 if self._ahead_ns is None else max(at_ns + self._ahead_ns, 0)


class Volume:
    """How many entries came lately, by their time."""

    def __init__(self) -> None:
        self._counts: dict[int, int] = {}

    def add(self, time_ns: int, count: int) -> None:
        """So many came, the newest of that time."""
        second = time_ns // SECOND_NS
        self._counts[second] = self._counts.get(second, 0) + count
        if len(self._counts) > 2 * KEPT_SECONDS:
            kept = sorted(self._counts)[-KEPT_SECONDS:]
            self._counts = {each: self._counts[each] for each in kept}

    def since(self, time_ns: int) -> int:
        """About how many are from that time or later."""
        second = time_ns // SECOND_NS
        return sum(count for each, count in self._counts.items() if each >= second)


class LagClock:
    """How long after they were written the newest entries were received, smoothed."""

    _WEIGHT = 0.3
    """Of the newest sample."""
    _STEP = 0.2
    """Seconds, and share, by which what is shown stays although the measure moves."""

    def __init__(self) -> None:
        self._newest_ns = 0
        self._smooth: float | None = None
        self._shown: float | None = None

    def saw(self, newest_ns: int, received_ns: int) -> None:
        """Entries came, the newest of that time; one dated in the future counts as not behind."""
        if newest_ns <= self._newest_ns:
            return  # late ones say nothing of how far reading is
        self._newest_ns = min(newest_ns, received_ns)
        lag = max(received_ns - newest_ns, 0) / SECOND_NS
        if self._smooth is None:
            self._smooth = lag
        else:
            self._smooth += (lag - self._smooth) * self._WEIGHT

    def rest(self) -> None:
        """No new ones come any more: the next one begins anew."""
        self._smooth = self._shown = None

    @property
    def seconds(self) -> float | None:
        """Seconds behind, rounded; small moves are kept off the screen. None if nothing tells."""
        if self._smooth is None:
            return None
        shown = self._shown
        if shown is None or abs(self._smooth - shown) > max(self._STEP, self._STEP * shown):
            self._shown = round(self._smooth, 1)
        return self._shown
