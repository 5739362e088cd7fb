"""One job's log in memory: ordered, without doubles, bounded, progress bars folded."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from tui.domain.logs import EntryKey, LogEntry
from tui.domain.logs_lines import SERVICE, LogLine, lines_of, order
from tui.domain.logs_progress import Progress
from tui.domain.text import cell_width

_FEW = 64
"""So many rows are taken out one by one; more are cheaper by one pass over all."""


LATE_NS = 5_000_000_000
"""An entry this much older than the newest one known was late; less is the usual disorder of a stream."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one `LogBuffer.add` did to the rows."""

    first: int
    """Rows before this one are what they were, but for those dropped."""
    dropped: int = 0
    """Rows that went from the beginning to make room; `first` counts without them."""
    entries: int = 0
    """Entries that were new."""
    late: int = 0
    """Of those, the ones that came clearly after later ones."""

    @property
    def any(self) -> bool:
        """Whether anything was new."""
        return self.entries > 0


class LogBuffer:
    """The rows to show, in the order of Cloud Logging, whatever order the entries arrived in.

    Of the states of one progress bar of one replica, only the last is a row, until the bar starts anew.
    The rows depend only on which entries were added, not on their order or how often each was.
    """

    def __init__(self, max_lines: int) -> None:
        self.max_lines = max_lines
        self.dropped = 0
        """Lines that were given up because there was no more room."""
        self.late = 0
        """Entries that came clearly after later ones, see `LATE_NS`."""
        self.widest = 0
        """Columns of the widest line there has been."""
        self._lines: list[LogLine] = []
        self._rows: list[LogLine] = []
        self._known: set[EntryKey] = set()
        self._bars: dict[tuple[str, str], list[LogLine]] = {}
        self._replicas: Counter[str] = Counter()
        self._floor: tuple[EntryKey, int] | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> LogLine:
        return self._rows[index]

    def __iter__(self) -> Iterator[LogLine]:
        return iter(self._rows)

    @property
    def lines(self) -> Sequence[LogLine]:
        """All lines, those of folded bars included; not to be changed."""
        return self._lines

    @property
    def entries(self) -> int:
        """Entries held."""
        return len(self._known)

    @property
    def folded(self) -> int:
        """Lines that a later state of their progress bar stands for."""
        return len(self._lines) - len(self._rows)

    @property
    def replicas(self) -> tuple[str, ...]:
        """Names of the job's own replicas seen, in order; not the service's."""
        return tuple(sorted(self._replicas.keys() - {SERVICE}))

    def position(self, line: LogLine) -> int:
        """The index of the row, or of the first one after it if it is no row any more."""
        return bisect_left(self._rows, order(line), key=order)

    def position_of(self, key: EntryKey) -> int | None:
        """The row of the entry with that key; None while it is not here, or another line stands for it."""
        index = bisect_left(self._rows, key, key=lambda line: line.key)
        return index if index < len(self._rows) and self._rows[index].key == key else None

    def add(self, entries: Iterable[LogEntry], *, backfill: bool = False) -> Change:
        """Take in entries in any order; of a backfill none counts as late."""
        newest_ns = self._lines[-1].key.timestamp_ns if self._lines and not backfill else 0
        fresh, count, late = self._fresh(entries, newest_ns - LATE_NS)
        if not fresh:
            return Change(len(self._rows))
        fresh.sort(key=order)
        self.late += late
        _merge(self._lines, fresh)
        first = self._fold(fresh)
        dropped = self._drop_oldest()
        return Change(max(first - dropped, 0), dropped, count, late)

    def _fresh(self, entries: Iterable[LogEntry], late_ns: int) -> tuple[list[LogLine], int, int]:
        fresh: list[LogLine] = []
        count = late = 0
        for entry in entries:
            key = entry.key
            if key in self._known or (self._floor is not None and key < self._floor[0]):
                continue
            lines = lines_of(entry)
            if self._floor is not None and key == self._floor[0]:
                lines = [line for line in lines if order(line) > self._floor]
            if not lines:
                continue
            self._known.add(key)
            self._replicas[entry.replica] += len(lines)
            fresh += lines
            count += 1
            late += key.timestamp_ns < late_ns
        self.widest = max(self.widest, max((cell_width(line.text) for line in fresh), default=0))
        return fresh, count, late

    def _fold(self, fresh: list[LogLine]) -> int:
        """Bring the rows up to date with new lines; the first row that changed."""
        was_row: dict[LogLine, bool] = dict.fromkeys(fresh, False)
        for line in fresh:
            if line.progress is not None:
                self._link(line, line.progress, was_row)
        hide = [line for line, was in was_row.items() if was and line.hidden]
        show = [line for line, was in was_row.items() if not was and not line.hidden]
        first = self._take_out(sorted(hide, key=order)) if hide else len(self._rows)
        return min(first, _merge(self._rows, sorted(show, key=order))) if show else first

    def _link(self, line: LogLine, bar: Progress, was_row: dict[LogLine, bool]) -> None:
        """Put a line among the states of its bar and judge it and the one before it."""
        states = self._bars.setdefault((line.replica, bar.bar), [])
        index = bisect_left(states, order(line), key=order)
        states.insert(index, line)
        _judge(states, index)
        if index:
            previous = states[index - 1]
            was_row.setdefault(previous, not previous.hidden)
            _judge(states, index - 1)

    def _take_out(self, lines: list[LogLine]) -> int:
        """Remove sorted lines from the rows; the first place where one was."""
        first = self.position(lines[0])
        if len(lines) > _FEW:
            gone = {id(line) for line in lines}
            self._rows[first:] = [row for row in islice(self._rows, first, None) if id(row) not in gone]
            return first
        for line in reversed(lines):
            del self._rows[self.position(line)]
        return first

    def _drop_oldest(self) -> int:
        """Keep within the bound; the rows that went."""
        excess = len(self._lines) - self.max_lines
        if excess <= 0:
            return 0
        gone = self._lines[:excess]
        del self._lines[:excess]
        rows = bisect_right(self._rows, order(gone[-1]), key=order)
        del self._rows[:rows]
        self._floor = order(gone[-1])
        self.dropped += excess
        for line in gone:
            self._known.discard(line.key)
        self._known.update({self._lines[0].key} & {gone[-1].key} if self._lines else ())
        bars = Counter((line.replica, line.progress.bar) for line in gone if line.progress)
        for bar, count in bars.items():
            del self._bars[bar][:count]
            if not self._bars[bar]:
                del self._bars[bar]
        self._replicas -= Counter(line.replica for line in gone)
        return rows


def _judge(states: list[LogLine], index: int) -> None:
    """Hide a state of a bar if the next one is as far or farther; if it is less far, the bar began anew."""
    line, following = states[index], states[index + 1] if index + 1 < len(states) else None
    line.hidden = bool(
        following and following.progress and line.progress and following.progress.done >= line.progress.done
    )


def _merge(into: list[LogLine], fresh: list[LogLine]) -> int:
    """Merge sorted lines into sorted lines, touching only where they meet; the first place that changed."""
    if not into or order(fresh[0]) > order(into[-1]):
        first = len(into)
        into += fresh
        return first
    first = bisect_left(into, order(fresh[0]), key=order)
    if len(fresh) == 1:
        insort(into, fresh[0], key=order)
        return first
    last = bisect_left(into, order(fresh[-1]), key=order)
    # Two sorted runs: Python's sort merges them in linear time.
    into[first:last] = sorted([*into[first:last], *fresh], key=order)
    return first
