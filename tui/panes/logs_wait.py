"""Waiting in the Logs pane until older pages have been read, said all the while, and given up with `esc`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from tui.domain.text import printable
from tui.panes.logs_open import OpenLog
from tui.panes.logs_show import LogsShow
from tui.services.follow.state import Phase
from tui.services.options import AppOptions

_LOOK = 0.1
"""Seconds between two looks at how far the reading is."""


@dataclass(frozen=True, slots=True, eq=False)
class _Wait:
    """Names a wait, and the log whose older lines are waited for."""

    log: OpenLog


class LogsWait(LogsShow):
    """One wait at a time."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._waits: _Wait | None = None
        """The wait there is; another one or `esc` takes its place."""

    @property
    def is_waiting(self) -> bool:
        """Whether something waits for older lines."""
        return self._waits is not None

    def stop_waiting(self) -> None:
        """Give up what waits, and the reading begun for it; what waited says so itself."""
        waits, self._waits = self._waits, None
        if waits is not None and waits.log.follower is not None:
            waits.log.follower.enough()

    async def read_back(
        self, log: OpenLog, why: str, wanting: Callable[[], bool], *, everything: bool
    ) -> bool:
        """Have older pages read as long as something is wanting; False if that was given up.

        Args:
            log: the log.
            why: what waits for it, in words.
            wanting: whether to wait on.
            everything: whether all of it will be needed.
        """
        self.stop_waiting()
        waits = self._waits = _Wait(log)
        if everything and log.follower is not None and log.status.older_pending:
            log.follower.want_all()
        try:
            while wanting():
                if not everything and log.follower is not None:
                    log.follower.want_older()
                self._say_how_far(log, why)
                await asyncio.sleep(_LOOK)
                if self._waits is not waits or log not in self.logs:
                    return False
        finally:
            if self._waits is waits:
                self._waits = None
        return True

    def _say_how_far(self, log: OpenLog, why: str) -> None:
        status = log.status
        back = (
            f", back to {self.view.columns.clock(log.store.line(0).timestamp_ns)}" if len(log.store) else ""
        )
        words = f"{why}: reading on, {len(log.store):,} lines{back}; esc stops."
        if status.phase is Phase.TROUBLE and status.error is not None:
            words += f" ✗ {printable(status.error.title)}"
        self.keep_saying(words)
