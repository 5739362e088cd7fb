"""Searches the lines of a log away from the event loop, block by block, and keeps what was found."""

from __future__ import annotations

import asyncio
import threading
import time
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import NamedTuple

from tui.domain.logfind.found import Found, Kept
from tui.domain.logfind.pattern import Pattern
from tui.domain.logfind.program import start_of_line
from tui.domain.logstore.model import Block, Lines

TELL_SECONDS = 0.05
"""Results are told at most so often."""
_BATCH_SECONDS = 0.02
"""So long the thread searches before it hands over what it has."""
_BATCH_BLOCKS = 256


@dataclass(frozen=True, slots=True)
class FindProgress:
    """How far a search is."""

    matches: int
    """Lines found so far."""
    done: int
    """Blocks that were searched."""
    of: int
    finished: bool
    """Whether all were; more lines may come, and are searched then."""
    fresh: frozenset[int] = frozenset()
    """Idents of blocks whose matches may be others than when this was told last."""
    unreadable: int = 0
    """Blocks that could not be read back, so that matches in them are not known."""


class _Wanted(NamedTuple):
    """A block to be searched, as it was on the event loop."""

    block: Block
    ident: int
    version: int
    line: int
    """The number of its first line that was not searched."""


class _Searched(NamedTuple):
    """What came of it."""

    wanted: _Wanted
    lines: array[int]
    error: Exception | None = None


class LogFinder:
    """One search in one log: all of it at first, and then only what is new.

    Its methods are for the event loop. All that the thread does with the store is `Block.text()`, which must
    bear to be called while the loop changes the store. What it gives then is thrown away: the loop takes a
    result only if the block still has the version that it had when the loop asked, and asks again otherwise.
    """

    def __init__(self, lines: Lines, told: Callable[[FindProgress], object]) -> None:
        """`told` is called on the event loop, never within a call of a method here."""
        self._lines = lines
        self._told = told
        self._pattern: Pattern | None = None
        self._found = Found()
        self._sight = (0, 0)
        self._stop = threading.Event()
        self._task: asyncio.Task[None] | None = None
        self._thread: ThreadPoolExecutor | None = None
        self._fresh: set[int] = set()
        self._unreadable: set[int] = set()
        self._tell_at = 0.0
        self._timer: asyncio.TimerHandle | None = None

    # Asking

    @property
    def pattern(self) -> Pattern | None:
        """What is looked for."""
        return self._pattern

    @property
    def progress(self) -> FindProgress:
        """How far the search is now."""
        waiting = len(self._waiting())
        return FindProgress(
            self._found.count,
            self._found.blocks - waiting - len(self._unreadable),
            self._found.blocks,
            finished=not waiting,
            fresh=frozenset(self._fresh),
            unreadable=len(self._unreadable),
        )

    @property
    def count(self) -> int:
        """Lines found so far."""
        return self._found.count

    def matches(self, block: Block) -> Sequence[int] | None:
        """The lines of a block that match, for `RowRules.matches`; those before its end while that is new.

        Whoever changes the store calls `changed` before this is asked again.
        """
        return self._found.matches(block)

    # Telling it

    def search(self, pattern: Pattern | None) -> None:
        """Look for something else from now on, or for nothing; what was found before is forgotten at once."""
        if pattern == self._pattern:
            return
        self._halt()
        self._pattern = pattern
        self._found = Found()
        self._fresh.clear()
        self._unreadable.clear()
        self._tell_at = 0.0
        self.changed(0)

    def look(self, first: int, last: int) -> None:
        """Lines `first` to `last` of the store are in sight: they are searched first."""
        self._sight = (first, max(first, last))

    def changed(self, first: int) -> None:
        """The lines of the store changed, but not those before `first` (see `Change`)."""
        if self._pattern is None:
            return
        changed = self._found.take_over(self._lines.blocks, first)
        self._fresh |= changed
        self._unreadable -= changed
        if self._task is None or self._task.done():
            self._stop = threading.Event()
            self._task = asyncio.get_running_loop().create_task(self._search(self._pattern, self._stop))

    async def close(self) -> None:
        """End the search and its thread."""
        self._pattern = None
        self._halt()
        if self._thread is not None:
            await asyncio.to_thread(self._thread.shutdown)
            self._thread = None

    # Searching

    def _halt(self) -> None:
        self._stop.set()
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def _search(self, pattern: Pattern, stop: threading.Event) -> None:
        """Have all blocks searched that are not yet."""
        loop = asyncio.get_running_loop()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="log-find")
        while wanted := self._next_blocks():
            for searched in await loop.run_in_executor(self._thread, _search_blocks, pattern, wanted, stop):
                self._take(searched)
            self._tell_soon()
        self._tell_soon()

    def _waiting(self) -> list[Kept]:
        return [one for one in self._found if not one.whole and one.ident not in self._unreadable]

    def _next_blocks(self) -> list[_Wanted]:
        """Blocks to be searched: nearest to what is in sight first, and of two the newer."""
        waiting = self._waiting()
        if any(one.version != one.block.version for one in waiting):  # nobody has told it yet
            self._fresh |= self._found.take_over(self._lines.blocks, 0)
            waiting = self._waiting()
        first, last = self._sight

        def far(one: Kept) -> tuple[int, int]:
            return max(one.base - last, first - (one.base + one.size - 1), 0), -one.base

        waiting.sort(key=far)
        return [_Wanted(one.block, one.ident, one.version, one.upto) for one in waiting[:_BATCH_BLOCKS]]

    def _take(self, searched: _Searched) -> None:
        """Keep what was found, unless the block is another one by now."""
        block, ident, version, line = searched.wanted
        if block.version != version:
            return
        if searched.error is not None:
            self._unreadable.add(ident)
            if not isinstance(searched.error, OSError):
                context = {"message": "a block of a log could not be searched", "exception": searched.error}
                asyncio.get_running_loop().call_exception_handler(context)
        elif self._found.add(ident, version, line, searched.lines):
            self._fresh.add(ident)

    # Telling others

    def _tell_soon(self) -> None:
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(max(0.0, self._tell_at - loop.time()), self._tell)

    def _tell(self) -> None:
        self._timer = None
        self._tell_at = asyncio.get_running_loop().time() + TELL_SECONDS
        progress = self.progress
        self._fresh.clear()
        self._told(progress)


def _search_blocks(pattern: Pattern, wanted: Sequence[_Wanted], stop: threading.Event) -> list[_Searched]:
    """Search blocks for a while, in the thread."""
    until = time.perf_counter() + _BATCH_SECONDS
    found: list[_Searched] = []
    for one in wanted:
        if stop.is_set() or (found and time.perf_counter() > until):
            break
        try:
            text = one.block.text()
            start = start_of_line(text, one.line)
            lines = pattern.lines_of(text, start, first=one.line, stopped=stop.is_set)
        except Exception as error:  # noqa: BLE001 (the loop knows whether it changed the block meanwhile)
            found.append(_Searched(one, array("I"), error))
        else:
            found.append(_Searched(one, lines))
    return [] if stop.is_set() else found
