"""Tells those who look that something has changed, a few times a second at most."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

TELL_SECONDS = 0.25
"""Least time between two words to the listeners."""

TICK_SECONDS = 1.0
"""So often rates are told anew while something runs, even when no byte comes."""


class Teller:
    """Gathers changes into words to listeners; on one event loop."""

    def __init__(self, runs: Callable[[], bool], ticked: Callable[[], None]) -> None:
        """`runs` says whether something is in flight; `ticked` is called once a second while it is."""
        self._runs = runs
        self._ticked_hook = ticked
        self._listeners: list[Callable[[], None]] = []
        self._telling: asyncio.TimerHandle | None = None
        self._ticking: asyncio.TimerHandle | None = None
        self._told_at = float("-inf")
        self._closed = False

    def listen(self, listener: Callable[[], None]) -> None:
        """Have `listener` called after changes."""
        self._listeners.append(listener)

    def unlisten(self, listener: Callable[[], None]) -> None:
        """Call it no more."""
        with suppress(ValueError):
            self._listeners.remove(listener)

    def changed(self) -> None:
        """Something is not as it was told."""
        if self._closed or self._telling is not None:
            return
        loop = asyncio.get_running_loop()
        pause = max(self._told_at + TELL_SECONDS - loop.time(), 0)
        self._telling = loop.call_later(pause, self._tell)

    def tick(self) -> None:
        """Rates fall while nothing comes: tell them until nothing runs."""
        if self._ticking is None and not self._closed and self._runs():
            self._ticking = asyncio.get_running_loop().call_later(TICK_SECONDS, self._ticked)

    def close(self) -> None:
        """Tell nothing more."""
        self._closed = True
        for handle in (self._telling, self._ticking):
            if handle is not None:
                handle.cancel()

    def _tell(self) -> None:
        self._telling = None
        self._told_at = asyncio.get_running_loop().time()
        for listener in tuple(self._listeners):
            listener()

    def _ticked(self) -> None:
        self._ticking = None
        self._ticked_hook()
        self.changed()
        self.tick()
