"""Whose output is stored when: the readers of all jobs take turns, and everybody else comes in between."""

from __future__ import annotations

import asyncio
import time

from tui.local.jobs.output import OutputReader

_SLICE_SECONDS = 0.006
"""How long output is stored before others may go on."""
_PAUSE_SECONDS = 0.001
"""How long others may then go on, at least: a call needs several turns of the loop."""
_NOISE_SECONDS = 0.0003
"""Of the processor: when others used more than that of a pause, they may go on."""
_MOST_PAUSES = 6
"""Pauses after which it is the readers' turn again, however much others have to do."""
_FEWEST, _FIRST, _MOST = 8, 100, 4000
"""Lines stored in one go."""


class Turns:
    """One for all jobs: however many of them print much, others wait no longer."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._lines = _FIRST
        self._spent = 0.0

    async def take(self, reader: OutputReader) -> bool:
        """Store some of a replica's new output when it is its turn; whether there was any."""
        async with self._lock:
            begin = time.perf_counter()
            count = reader.read(self._lines)
            taken = time.perf_counter() - begin
            self._learn(count, taken)
            self._spent += taken
            if self._spent < _SLICE_SECONDS / 2:
                await asyncio.sleep(0)
            else:
                self._spent = 0.0
                await _give_way()
        return count > 0

    def _learn(self, count: int, seconds: float) -> None:
        """How many lines a slice of time is enough for."""
        if seconds > _SLICE_SECONDS or count == self._lines:
            fitting = int(self._lines * min(_SLICE_SECONDS / max(seconds, 1e-6), 2.0))
            self._lines = min(max(fitting, _FEWEST), _MOST)


async def _give_way() -> None:
    for _ in range(_MOST_PAUSES):
        begin = time.thread_time()
        await asyncio.sleep(_PAUSE_SECONDS)
        if time.thread_time() - begin < _NOISE_SECONDS:
            return
