"""What clients know of their writes: acknowledged, refused, or in doubt because no answer came."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import requests
from google.api_core.exceptions import GoogleAPICallError, RetryError, ServiceUnavailable

CUT = (ServiceUnavailable, RetryError, requests.ConnectionError, requests.Timeout)
"""What Google's clients raise when the server is gone; whether the write happened is open then."""

Key = tuple[str, str]
"""Kind and name of a thing."""

ABSENT = "absent"


@dataclass
class Ledger:
    """For each thing the values that it may have, of which one must be found."""

    possible: dict[Key, set[str]] = field(default_factory=dict)
    acknowledged: Counter[str] = field(default_factory=Counter)
    """Writes by kind."""
    doubtful: Counter[str] = field(default_factory=Counter)
    came_true: Counter[str] = field(default_factory=Counter)
    """Of the doubtful, those that had happened."""
    _wanted: dict[Key, str] = field(default_factory=dict)
    _fresh: set[Key] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def write(self, kind: str, name: str, value: str) -> Iterator[None]:
        """Around one call that gives `name` a value.

        No exception acknowledges it, one of `CUT` leaves it in doubt, another one of Google's refuses it.
        """
        key = (kind, name)
        before = self.possible.get(key, {ABSENT})
        with self._lock:
            self._fresh.add(key)
            self.possible[key] = before | {value}
        try:
            yield
        except CUT:
            with self._lock:
                self.doubtful[kind] += 1
                self._wanted[key] = value
            raise
        except GoogleAPICallError:
            self.possible[key] = before
            raise
        with self._lock:
            self.possible[key] = {value}
            self.acknowledged[kind] += 1

    def names(self, kind: str, *, fresh: bool = False) -> list[str]:
        """The things of a kind; only those written since `settle` if `fresh`."""
        keys = self._fresh if fresh else self.possible.keys()
        return sorted(name for found, name in keys if found == kind)

    def judge(self, kind: str, found: dict[str, str], *, fresh: bool = False) -> Iterator[str]:
        """Compare with what the server says; yield every contradiction, and end the doubts."""
        for name in self.names(kind, fresh=fresh):
            key, value = (kind, name), found.get(name, ABSENT)
            if value not in self.possible[key]:
                yield f"{kind} {name}: found {value}, possible {sorted(self.possible[key])}"
            elif self._wanted.pop(key, None) == value:
                self.came_true[kind] += 1
            self.possible[key] = {value}

    def settle(self) -> None:
        """From here on a new round is fresh."""
        self._fresh.clear()
