"""One job's log: ordered, without doubles, bounded in memory, the rest in a spill."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import Any

from tui.domain.logreading.model import Mark, Part
from tui.domain.logs import LogEntry
from tui.domain.logstore.blocks import LogBlock, Place, find, place_at
from tui.domain.logstore.folds import Folds
from tui.domain.logstore.gather import gathered
from tui.domain.logstore.holding import Holding
from tui.domain.logstore.model import BLOCK_LINES, Block, Change, LinePlace, LogLine, Spill
from tui.domain.logstore.names import coloured_by

LATE_NS = 5_000_000_000
"""An entry this much older than the newest one known was late; less is the usual disorder of a stream."""

_LAST_NS = 2**63 - 1
_END = 1 << 62
_MARKS = tuple(Mark(bits) for bits in range(128))
_PARTS = tuple(Part)
_first = attrgetter("first")

Arrival = tuple[Place, LogEntry]


@dataclass(slots=True)
class _Added:
    lines: int = 0
    entries: int = 0
    late: int = 0


class LogStore:
    """The lines, in the order of Cloud Logging, whatever order the entries arrived in; see `Lines`.

    What is in it depends only on which entries were added, not on their order or how often each was. Of
    more than `max_lines` lines the oldest go to the spill; without one, or when it fails, they are given up,
    counted, and not taken in again.
    """

    def __init__(self, max_lines: int, spill: Spill | None = None, *, block_lines: int = BLOCK_LINES) -> None:
        self._held = Holding(max_lines, spill, block_lines)
        self._folds = Folds(self._held)
        self.late = 0
        """Entries that came clearly after later ones, see `LATE_NS`."""

    def __len__(self) -> int:
        return self._held.count

    @property
    def blocks(self) -> Sequence[Block]:
        """See `Lines`; not to be changed."""
        return self._held.blocks

    @property
    def replica_names(self) -> Sequence[str]:
        """See `Lines`."""
        return self._held.names.replicas

    @property
    def entries(self) -> int:
        """Entries of which there is a line."""
        return self._held.entries

    @property
    def dropped(self) -> int:
        """Lines that were given up because there was no more room."""
        return self._held.dropped

    @property
    def spilled(self) -> int:
        """Lines that are not in memory."""
        return self._held.spilled

    @property
    def widest(self) -> int:
        """Columns of the widest line there has been, at most 65,535."""
        return self._held.widest

    @property
    def fault(self) -> str:
        """Why lines could not be put outside memory or read back, until some can be put there again."""
        return self._held.shelf.fault

    def add(self, entries: Iterable[LogEntry], *, backfill: bool = False) -> Change:
        """Take in entries in any order; of a backfill none counts as late."""
        held = self._held
        batch = self._arrivals(entries)
        late_ns = held.blocks[-1].last.timestamp_ns - LATE_NS if held.blocks and not backfill else -_LAST_NS
        added = _Added()
        held.begin()
        at = 0
        while at < len(batch):
            position, end = self._group(batch, at)
            self._take(position, batch[at:end], added, late_ns)
            at = end
        if not added.entries:
            return Change(held.count)
        self.late += added.late
        first = held.end()
        return Change(first, added.lines, added.entries, added.late)

    def _arrivals(self, entries: Iterable[LogEntry]) -> list[Arrival]:
        """What is not known to be gone, sorted, each once."""
        floor = self._held.floor
        found: dict[Place, LogEntry] = {}
        for arrived in entries:
            entry = arrived
            if not -_LAST_NS <= entry.timestamp_ns <= _LAST_NS:
                entry = replace(entry, timestamp_ns=_LAST_NS if entry.timestamp_ns > 0 else -_LAST_NS)
            place = Place(entry.timestamp_ns, entry.insert_id, entry.log_name)
            if floor is None or place[:3] > floor[:3]:
                found.setdefault(place, entry)
        return sorted(found.items(), key=itemgetter(0))

    def _group(self, batch: list[Arrival], at: int) -> tuple[int, int]:
        """The block for the arrival at an index, -1 for before all, and where others' arrivals begin."""
        blocks = self._held.blocks
        position = bisect_right(blocks, batch[at][0]._replace(part=_END), key=_first) - 1
        if position + 1 == len(blocks):
            return position, len(batch)
        border = blocks[position + 1].first._replace(part=0)
        return position, bisect_left(batch, border, lo=at + 1, key=itemgetter(0))

    def _take(self, position: int, group: list[Arrival], added: _Added, late_ns: int) -> None:
        """Put arrivals into a block, those that are not there yet."""
        held = self._held
        places = [0] * len(group)
        if position >= 0:
            group, places = self._missing(held.blocks[position], group)
        if not group:
            return
        columns, counts = gathered([entry for _, entry in group], held.names, held.bars.number)
        added.entries += len(group)
        added.lines += len(columns)
        added.late += sum(place.timestamp_ns < late_ns for place, _ in group)
        if position < 0:
            held.prepend(columns)
        elif places[0] == held.blocks[position].count:
            held.append(position, columns)
        else:
            runs = groupby(zip(places, counts, strict=True), key=itemgetter(0))
            held.merge(position, columns, [(place, sum(map(itemgetter(1), run))) for place, run in runs])

    def _missing(self, block: LogBlock, group: list[Arrival]) -> tuple[list[Arrival], list[int]]:
        """The arrivals that have no line in the block, and before which of its lines each belongs."""
        last = block.last
        if group[0][0] > last and group[0][0][:3] != last[:3]:
            return group, [block.count] * len(group)
        if not self._held.shelf.readable(block):
            return [], []
        columns = block.held()
        fresh: list[Arrival] = []
        places: list[int] = []
        for arrival in group:
            at, known = find(columns, arrival[0], self._held.names)
            if not known:
                fresh.append(arrival)
                places.append(at)
        return fresh, places

    def index_of(self, place: LinePlace) -> int:
        """See `Lines`."""
        held = self._held
        wanted = Place(*place.key, place.part)
        position = bisect_right(held.blocks, wanted, key=_first) - 1
        if position < 0:
            return 0
        block = held.blocks[position]
        at = block.count if wanted > block.last else find(block.held(), wanted, held.names)[0]
        return held.start(position) + at

    def line(self, index: int) -> LogLine:
        """See `Lines`."""
        held = self._held
        block, at = held.at(index)
        columns = block.held()
        replica = held.names.origins[columns.origins[at]][1]
        text = columns.texts[at].decode()
        colours = columns.coloured.get(at) if columns.coloured.lines else None
        return LogLine(
            place_at(columns, at, held.names).line_place,
            text,
            columns.severities[at],
            columns.levels[at] * 100,
            replica,
            _MARKS[columns.marks[at]],
            _PARTS[columns.traces[at]],
            at in block.covered or bool(columns.hidden[at]),
            coloured_by(text, colours) if colours is not None else "",
        )

    def payload(self, index: int) -> Mapping[str, Any] | None:
        """See `Lines`."""
        block, at = self._held.at(index)
        part = block.held().parts[at]
        if part > index:
            return None
        block, at = self._held.at(index - part)
        columns = block.held()
        packed = columns.payloads.get(at)
        return None if packed is None else self._held.names.unpacked(packed, columns.texts[at].decode())

    def behind(self, index: int) -> Sequence[tuple[Block, Sequence[int]]]:
        """See `Lines`."""
        return self._folds.behind(*self._held.at(index))

    def behind_count(self, index: int) -> int:
        """See `Lines`."""
        return self._folds.count(*self._held.at(index))
