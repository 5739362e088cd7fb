"""Whether the process that left a note still lives."""

from __future__ import annotations

from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process for good: its number alone may be given to another one later."""

    pid: int
    started: float
    """Seconds since the epoch."""

    @property
    def runs(self) -> bool:
        """Whether it still runs."""
        try:
            began: float = psutil.Process(self.pid).create_time()
        except psutil.Error:
            return False
        return abs(began - self.started) < 1


def this_process() -> ProcessId:
    """The process that asks."""
    me = psutil.Process()
    return ProcessId(me.pid, me.create_time())
