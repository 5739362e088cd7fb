"""Lines of a log in order, to be printed once each: with progress bars folded, or as they came."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from tui.domain.logreading.lines import read_lines
from tui.domain.logreading.model import Mark
from tui.domain.logreading.progress import bar_of
from tui.domain.logs import EntryKey, LogEntry, Severity
from tui.domain.logstore.model import LinePlace, LogLine
from tui.domain.logstore.rows import Rows
from tui.domain.logstore.rules import RowRules
from tui.domain.logstore.store import LogStore
from tui.services.log_spill import LogSpill

MOST_LINES = 200_000
"""Lines kept in memory; older ones go to a temporary file."""
BAR_NS = 30_000_000_000
"""Of a bar that moves on, a state is printed at most so often while a log is followed."""
_FINISHED = re.compile(r"100(?:\.0+)?%|(?<!\d)(\d{1,12})/\1(?!\d)")


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing to be printed."""

    timestamp_ns: int
    insert_id: str
    severity: int
    """As the entry has it."""
    level: int
    """As it is shown."""
    replica: str
    text: str


class Ordered(Protocol):
    """Takes entries in any order, perhaps again, and gives each line once."""

    late: int
    """Entries that came after newer ones had been given."""

    def add(self, entries: Iterable[LogEntry]) -> None:
        """Take entries in."""
        ...

    def ready(self, until_ns: int | None = None) -> Iterator[Shown]:
        """What was not given yet, in order, up to a time or all of it."""
        ...


@dataclass(frozen=True, slots=True)
class Choice:
    """What is wanted of a log."""

    since_ns: int = 0
    least_level: int = 0
    replicas: frozenset[str] | None = None


class FoldedLog:
    """As the app shows a log: of the states of a progress bar only the last, tracebacks by their level."""

    def __init__(self, choice: Choice, *, live: bool = False) -> None:
        """`live`: lines are given while the log grows, when a bar's state may not be its last."""
        self.late = 0
        self._choice = choice
        self._live = live
        self._store = LogStore(MOST_LINES, LogSpill())
        self._rows = Rows(self._store)
        self._rows.apply(RowRules(least_level=choice.least_level, replicas=choice.replicas))
        self._last: LinePlace | None = None
        self._behind: list[EntryKey] = []
        self._bars: dict[tuple[str, str], int] = {}

    def add(self, entries: Iterable[LogEntry]) -> None:
        """Take entries in."""
        entries = list(entries)
        last = self._last
        if last is not None:
            late = [entry.key for entry in entries if LinePlace(entry.key, 0) <= last]
            self._behind += [key for key in dict.fromkeys(late) if not self._is_known(key)]
        change = self._store.add(entries)
        if change.any:
            self._rows.update(change)

    def ready(self, until_ns: int | None = None) -> Iterator[Shown]:
        """What was not given yet, in order, up to a time or all of it."""
        found = chain(self._late_ones(), self._next_ones(until_ns))
        for line in self._with_few_states(list(found)) if self._live else found:
            if line.timestamp_ns >= self._choice.since_ns:
                key = line.place.key
                yield Shown(
                    key.timestamp_ns, key.insert_id, line.severity, line.level, line.replica, line.text
                )

    def _is_known(self, key: EntryKey) -> bool:
        index = self._store.index_of(LinePlace(key, 0))
        return index < len(self._store) and self._store.line(index).place.key == key

    def _late_ones(self) -> Iterator[LogLine]:
        behind, self._behind = sorted(self._behind), []
        for key in behind:
            self.late += 1
            index = self._store.index_of(LinePlace(key, 0))
            while index < len(self._store) and (line := self._store.line(index)).place.key == key:
                row = self._rows.row_of(index)
                if row < len(self._rows) and self._rows.row(row).line == index:
                    yield line
                index += 1

    def _next_ones(self, until_ns: int | None) -> Iterator[LogLine]:
        last = self._last
        start = self._store.index_of(last) + 1 if last is not None else 0
        row = self._rows.row_of(start)
        while row < len(self._rows):
            line = self._store.line(self._rows.row(row).line)
            if until_ns is not None and line.timestamp_ns > until_ns:
                return
            self._last = line.place
            yield line
            row += 1

    def _with_few_states(self, lines: list[LogLine]) -> Iterator[LogLine]:
        for number, line in enumerate(lines):
            if not line.marks & Mark.BAR or not self._skips(line, lines[number + 1 : number + 101]):
                yield line

    def _skips(self, line: LogLine, after: list[LogLine]) -> bool:
        """Whether a state of a bar that goes on need not be seen: another one was seen shortly before."""
        if (bar := bar_of(line.text)) is None:
            return False
        key = (line.replica, bar.name)
        before = self._bars.get(key)
        if before is not None and 0 <= line.timestamp_ns - before < BAR_NS:
            broken = any(each.replica == line.replica and each.level >= Severity.ERROR for each in after)
            if not broken and not _FINISHED.search(line.text):
                return True
        self._bars[key] = line.timestamp_ns
        return False


class RawLog:
    """Every entry with its text as it came."""

    def __init__(self, choice: Choice) -> None:
        self.late = 0
        self._choice = choice
        self._seen: set[int] = set()
        self._waiting: dict[EntryKey, LogEntry] = {}
        self._last: EntryKey | None = None

    def add(self, entries: Iterable[LogEntry]) -> None:
        """Take entries in."""
        for entry in entries:
            known = hash(entry.key)
            if known not in self._seen:
                self._seen.add(known)
                self._waiting[entry.key] = entry

    def ready(self, until_ns: int | None = None) -> Iterator[Shown]:
        """What was not given yet, in order, up to a time or all of it."""
        choice = self._choice
        for key in sorted(self._waiting):
            if until_ns is not None and key.timestamp_ns > until_ns:
                return
            entry = self._waiting.pop(key)
            self.late += self._last is not None and key < self._last
            self._last = max(key, self._last or key)
            level = max(reading.level for reading in read_lines(entry))
            if key.timestamp_ns < choice.since_ns or level < choice.least_level:
                continue
            if choice.replicas is None or entry.replica in choice.replicas:
                yield Shown(key.timestamp_ns, key.insert_id, entry.severity, level, entry.replica, entry.text)
