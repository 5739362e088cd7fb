"""What downloads and uploads share: running in a thread, telling how far they are, and being stopped."""

from __future__ import annotations

import asyncio
import contextlib
import random
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from tui.cloud.errors import to_cloud_error
from tui.cloud.storage_wire import Wire
from tui.domain.errors import ErrorKind

Result = TypeVar("Result")

RETRY_WITHIN = 60.0
"""Seconds without a further byte after which a broken transfer is given up."""

GIVEN_BACK_WITHIN = 4.0
"""The same where somebody keeps what has come: he tells the user of the trouble, waits and goes on."""

PROGRESS_PAUSE = 0.1
"""Seconds between two reports of progress."""

_LETS_GO_WITHIN = 60.0
"""Seconds for which a stopped transfer is waited for: until its call in flight ends."""

_LONGEST_PAUSE = 10.0
"""Seconds between two tries at most."""

_MENDED_BY_TIME = frozenset({ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT, ErrorKind.INTERNAL, ErrorKind.RATE})


class Stopped(Exception):  # noqa: N818 (no error: it was asked for)
    """The transfer was stopped from outside."""


class Transfer(ABC, Generic[Result]):
    """A transfer that can be stopped and that reports."""

    def __init__(
        self,
        on_bytes: Callable[[int], None] | None,
        loop: asyncio.AbstractEventLoop,
        *,
        is_kept: bool = False,
    ) -> None:
        """`is_kept` says that somebody goes on with it later if it fails."""
        self.is_kept = is_kept
        self._on_bytes = on_bytes
        self._loop = loop
        self._stopped = threading.Event()
        self._told_at = 0.0
        self.begun = False
        """Whether a thread has taken it up."""
        self._ended = threading.Event()

    @abstractmethod
    def run(self, wire: Wire) -> Result:
        """Do it, in a thread."""

    def run_after(self, earlier: Transfer[Any] | None, wire: Wire) -> Result:
        """Do it once an earlier transfer of the same file, which was stopped, has let go of it."""
        self.begun = True
        try:
            if earlier is not None:
                earlier.wait()
            return self.run(wire)
        finally:
            self._ended.set()

    def wait(self) -> None:
        """Wait until it has let go of its file, as a stopped one soon does."""
        if self.begun:
            self._ended.wait(_LETS_GO_WITHIN)

    @property
    def ended(self) -> bool:
        """Whether it is over, or never began."""
        return self._ended.is_set() or not self.begun

    def stop(self) -> None:
        """End it at the next bytes; from any thread."""
        self._stopped.set()

    def check_stopped(self) -> None:
        """Raise `Stopped` if it was."""
        if self._stopped.is_set():
            raise Stopped

    def pause(self, seconds: float) -> None:
        """Wait, no longer than until it is stopped.

        Raises:
            Stopped: it was.
        """
        if self._stopped.wait(seconds):
            raise Stopped

    def tell(self, count: int, *, final: bool = False) -> None:
        """Report `count` bytes, now and then; the last number in any case.

        Raises:
            Stopped: it was stopped.
        """
        self.check_stopped()
        now = time.monotonic()
        if self._on_bytes is not None and (final or now - self._told_at >= PROGRESS_PAUSE):
            self._told_at = now
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody looks any more
                self._loop.call_soon_threadsafe(self._on_bytes, count)


class Patience:
    """How often and how long a broken transfer is taken up again: as long as it gets on now and then."""

    def __init__(self, transfer: Transfer[Any]) -> None:
        self._transfer = transfer
        self._last = time.monotonic()
        self._pause = 0.25
        self.failures = 0
        """How many tries have failed in all."""

    def got_on(self) -> None:
        """A further byte has come through."""
        self._last = time.monotonic()
        self._pause = 0.25

    def bear(self, error: Exception) -> None:
        """Wait before the next try.

        Raises:
            Stopped: the transfer was stopped.
            Exception: `error` itself, where no other try helps.
        """
        self._transfer.check_stopped()
        known = to_cloud_error(error)
        lost = time.monotonic() - self._last
        pause = known.retry_after or self._pause * random.uniform(0.5, 1.0)  # noqa: S311 (jitter)
        given_back = self._transfer.is_kept and lost + pause > GIVEN_BACK_WITHIN
        if not known.retryable or known.kind not in _MENDED_BY_TIME or lost > RETRY_WITHIN or given_back:
            raise error
        self.failures += 1
        self._transfer.pause(pause)
        self._pause = min(_LONGEST_PAUSE, 2 * self._pause)
