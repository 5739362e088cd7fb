"""Whether the process that left a note still lives, here or on another host with the same home."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import time
from typing import Any

import psutil

BEAT = 60.0
"""Seconds after which a living session touches its notes, for other hosts to see."""
SILENCE = 300.0
"""Seconds after which a note of another host that nobody touched counts as left by a dead session."""


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process for good: its number alone may be given to another one later, or run on another host."""

    pid: int
    started: float
    """Seconds since the epoch."""
    host: str = ""
    """The name of its machine; empty where it was not noted."""

    @property
    def runs(self) -> bool:
        """Whether it still runs on this machine."""
        try:
            began: float = psutil.Process(self.pid).create_time()
        except psutil.Error:
            return False
        return abs(began - self.started) < 1

    @property
    def elsewhere(self) -> str:
        """The host it was started on, if that is another one than this; else empty."""
        return self.host if self.host != this_host() else ""

    def lives(self, note: Path, silence: float = SILENCE) -> bool:
        """Whether it still runs; of another host's process only the age of its note tells.

        Raises:
            OSError: the note is not there any more.
        """
        return time() - note.stat().st_mtime < silence if self.elsewhere else self.runs

    @property
    def record(self) -> dict[str, object]:
        """What a note says of the one who left it."""
        return {"pid": self.pid, "started": self.started, "host": self.host}

    @staticmethod
    def of(record: Mapping[str, Any]) -> ProcessId:
        """Who left a note.

        Raises:
            KeyError, TypeError, ValueError: the note does not say.
        """
        return ProcessId(int(record["pid"]), float(record["started"]), str(record.get("host") or this_host()))


@cache
def this_host() -> str:
    """The name of this machine."""
    return socket.gethostname()


def this_process() -> ProcessId:
    """The process that asks."""
    me = psutil.Process()
    return ProcessId(me.pid, me.create_time(), this_host())
