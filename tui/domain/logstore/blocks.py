"""One block of a log's lines: in memory or in the spill, with the little that is always known of it."""

from __future__ import annotations

import sys
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import NamedTuple, Protocol

from tui.domain.logs import EntryKey, Severity
from tui.domain.logstore.columns import MOST_COLUMNS, Columns
from tui.domain.logstore.model import LinePlace, Summary
from tui.domain.logstore.names import Names
from tui.domain.logstore.traces import Carry

_HUNDREDS = bytes(min(severity // 100, 255) for severity in range(MOST_COLUMNS + 1))
_LOW = 0 if sys.byteorder == "little" else 1
"""Which of a severity's two bytes is the lower one: it alone tells `Severity`'s levels from one another."""
_BY_LOW = {level % 256: level // 256 for level in Severity}
_HIGH_OF = bytes(_BY_LOW.get(low, 255) for low in range(256))
_HUNDREDS_OF = bytes(_HUNDREDS[_BY_LOW.get(low, 255) * 256 + low] for low in range(256))
NOTHING = Summary(hidden=0, highest=0, widest=0, ascii=True, replicas=frozenset(), open=frozenset())


class Place(NamedTuple):
    """A `LinePlace` that compares quickly; the first three make the entry."""

    timestamp_ns: int
    insert_id: str
    log_name: str
    part: int = 0

    @property
    def line_place(self) -> LinePlace:
        """The same for others."""
        return LinePlace(EntryKey(self.timestamp_ns, self.insert_id, self.log_name), self.part)


class Run:
    """What one block has of one bar."""

    __slots__ = ("count", "first", "last", "line", "shown")

    def __init__(self, line: int, done: float) -> None:
        self.first = self.last = done
        """How far the bar was at first and at last."""
        self.line = line
        """The line of the last state."""
        self.count = 1
        self.shown = -1
        """The number of the last state but the very last that no later one in the block stands for."""


class Shelf(Protocol):
    """Where blocks' columns are when they are not in memory."""

    def load(self, block: LogBlock) -> Columns:
        """The block's columns, not to be changed."""
        ...


class LogBlock:
    """See `Block`; made and changed by the store alone."""

    __slots__ = (
        "bars",
        "begun",
        "carry_in",
        "carry_out",
        "columns",
        "count",
        "covered",
        "first",
        "ident",
        "last",
        "number",
        "origin",
        "shelf",
        "summary",
        "version",
        "weight",
    )

    def __init__(self, ident: int, shelf: Shelf) -> None:
        self.ident = ident
        self.version = 0
        self.shelf = shelf
        self.columns: Columns | None = None
        """None while they are in the spill."""
        self.number: int | None = None
        """By which the spill knows them."""
        self.count = 0
        self.weight = 0
        """Bytes of texts, colours and payloads."""
        self.begun = 0
        """Entries whose first line is here."""
        self.first = self.last = Place(0, "", "")
        self.origin = 0
        """The number of the first line's log name and replica."""
        self.summary = NOTHING
        self.carry_in: Carry = {}
        self.carry_out: Carry = {}
        self.bars: dict[int, Run] = {}
        self.covered: set[int] = set()
        """Last states of bars that a state in a later block stands for."""

    @property
    def entering(self) -> Mapping[int, int]:
        """See `Block`."""
        return {number: within.end for number, within in self.carry_in.items() if within.end is not None}

    def __len__(self) -> int:
        return self.count

    def held(self) -> Columns:
        """The columns, read back if need be; not to be changed."""
        columns = self.columns
        return self.shelf.load(self) if columns is None else columns

    def text(self) -> bytes:
        """See `Block`."""
        return bytes(self.held().texts.blob)

    def starts(self) -> Sequence[int]:
        """See `Block`."""
        return self.held().texts.starts[:]

    def levels(self) -> bytes:
        """See `Block`."""
        return bytes(self.held().levels)

    def severities(self) -> bytes:
        """See `Block`."""
        severities = self.held().severities
        both = severities.tobytes()
        low = both[_LOW::2]
        if both[1 - _LOW :: 2] == low.translate(_HIGH_OF):
            return low.translate(_HUNDREDS_OF)
        return bytes(map(_HUNDREDS.__getitem__, severities))  # some that are none of the API's

    def marks(self) -> bytes:
        """See `Block`."""
        return bytes(self.held().marks)

    def traces(self) -> bytes:
        """See `Block`."""
        return bytes(self.held().traces)

    def replicas(self) -> bytes:
        """See `Block`."""
        return bytes(self.held().replicas)

    def hidden(self) -> bytes:
        """See `Block`."""
        hidden = self.held().hidden
        if self.covered:
            hidden = hidden[:]
            for line in self.covered:
                hidden[line] = 1
        return bytes(hidden)

    def widths(self) -> Sequence[int]:
        """See `Block`."""
        return self.held().widths[:]

    def is_hidden(self, line: int) -> bool:
        """Whether a later state of its bar stands for the line."""
        return line in self.covered or bool(self.held().hidden[line])

    def summarised(self, start: int, names: Names) -> None:
        """Bring what is always known up to date after lines from `start` on came; a new version."""
        columns = self.held()
        old = self.summary if start else NOTHING
        low, high = start, len(columns)
        self.begun = (self.begun if start else 0) + columns.parts[low:high].count(0)
        if not start:
            self.first = place_at(columns, 0, names)
            self.origin = columns.origins[0]
        self.last = place_at(columns, high - 1, names)
        self.count, self.weight = high, columns.weight(high)
        begin = columns.texts.starts[low] if low < high else 0
        self.summary = Summary(
            hidden=columns.hidden.count(1) + len(self.covered),
            highest=max(old.highest, max(columns.levels[low:], default=0)),
            widest=max(old.widest, max(columns.widths[low:], default=0)),
            ascii=old.ascii and columns.texts.blob[begin:].isascii(),
            replicas=old.replicas | frozenset(columns.replicas[low:]),
            open=self.awaiting(),
        )
        self.version += 1

    def awaiting(self) -> frozenset[int]:
        """See `Summary.open`."""
        return frozenset(number for number, within in self.carry_out.items() if within.end is None)

    def cover(self, line: int, *, hide: bool) -> bool:
        """Hide the last state of a bar or show it again; whether that changed anything."""
        if (line in self.covered) == hide:
            return False
        if hide:
            self.covered.add(line)
        else:
            self.covered.discard(line)
        self.summary = self.summary._replace(hidden=self.summary.hidden + (1 if hide else -1))
        self.version += 1
        return True


def place_at(columns: Columns, index: int, names: Names) -> Place:
    """Where a line stands."""
    ident = columns.ids[index].decode("utf-8", "surrogatepass")
    log_name = names.origins[columns.origins[index]][0]
    return Place(columns.stamps[index], ident, log_name, columns.parts[index])


def find(columns: Columns, place: Place, names: Names) -> tuple[int, bool]:
    """The line at a place or the first after it, and whether the place's entry has a line there."""
    low, high = columns.range_at(place.timestamp_ns)
    if low == high:
        return low, False
    at = bisect_left(range(low, high), place, key=lambda line: place_at(columns, line, names)) + low
    return at, at < high and place_at(columns, at, names)[:3] == place[:3]


def states_of(columns: Columns, number: int) -> list[int]:
    """The lines that are states of a bar."""
    pairs = zip(columns.bar_lines, columns.bar_numbers, strict=True)
    return [line for line, bar in pairs if bar == number]
