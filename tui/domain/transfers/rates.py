"""How fast a transfer is, smoothed, and how long it still takes."""

from __future__ import annotations

from collections import deque

WINDOW = 5.0
"""Seconds over which a rate is taken."""

GRAIN = 0.2
"""What happens within this time is one sample."""

LEAST_SPAN = 0.5
"""Seconds after which a rate means something."""


class Rate:
    """Bytes and files in the last seconds."""

    __slots__ = ("_bytes", "_files", "_first", "_samples")

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int, int]] = deque()
        self._bytes = self._files = 0
        self._first: float | None = None

    def add(self, count: int, now: float, *, files: int = 0) -> None:
        """`count` bytes, and with them `files` files, came through at `now` (seconds of any clock)."""
        if self._first is None:
            self._first = now
        self._bytes += count
        self._files += files
        if self._samples and now - self._samples[-1][0] < GRAIN:
            at, before, whole = self._samples[-1]
            self._samples[-1] = (at, before + count, whole + files)
        else:
            self._samples.append((now, count, files))
        self._drop(now)

    def reset(self) -> None:
        """Begin anew, as after a pause."""
        self._samples.clear()
        self._bytes = self._files = 0
        self._first = None

    def per_second(self, now: float) -> float:
        """Bytes a second; 0 while that is not known."""
        self._drop(now)
        return self._of(self._bytes, now)

    def files_per_second(self, now: float) -> float:
        """Files a second; 0 while that is not known."""
        self._drop(now)
        return self._of(self._files, now)

    def left(self, bytes_left: int, files_left: int, now: float) -> float | None:
        """Seconds that the rest takes at this rate; None while that is not known.

        Many small files take as long as their number asks for, few large ones as long as their bytes do.
        """
        rate, files = self.per_second(now), self.files_per_second(now)
        by_bytes = bytes_left / rate if rate > 0 else None
        by_files = files_left / files if files > 0 and files_left > 1 else None
        known = [value for value in (by_bytes, by_files) if value is not None]
        if not bytes_left and not files_left:
            return 0.0
        if by_bytes is None and bytes_left:
            return None
        return max(known) if known else None

    def _of(self, count: int, now: float) -> float:
        if self._first is None:
            return 0.0
        span = min(now - self._first, WINDOW)
        return max(count, 0) / span if span >= LEAST_SPAN else 0.0

    def _drop(self, now: float) -> None:
        while self._samples and now - self._samples[0][0] > WINDOW:
            _, count, files = self._samples.popleft()
            self._bytes -= count
            self._files -= files
