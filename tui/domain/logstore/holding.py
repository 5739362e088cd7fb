"""The blocks of a store: filled, cut where they grow, put away or given up where there are many."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from itertools import accumulate
from operator import attrgetter

from tui.domain.logstore.bars import Bars, follow
from tui.domain.logstore.blocks import LogBlock, Place, place_at
from tui.domain.logstore.columns import Columns, joined, merged
from tui.domain.logstore.model import Spill
from tui.domain.logstore.names import Names
from tui.domain.logstore.shelf import Shelf
from tui.domain.logstore.traces import Carry, parts_of

BLOCK_BYTES = 1 << 20
"""A block that weighs more than this takes no more lines at its end, and is cut if it has twice as much."""
BYTES_A_LINE = 200
"""Lines that are longer than this on average count as more than one where memory is bounded."""
_LEAST_BYTES = 32 << 20
_first = attrgetter("first")
_count = attrgetter("count")


class Holding:
    """See `LogStore`, which tells what belongs where."""

    def __init__(self, max_lines: int, spill: Spill | None, block_lines: int) -> None:
        self.blocks: list[LogBlock] = []
        self.names = Names()
        self.bars = Bars()
        self.shelf = Shelf(spill)
        self.count = 0
        self.dropped = 0
        self.spilled = 0
        self.widest = 0
        self.floor: Place | None = None
        """The last line that was given up."""
        self._spills = spill is not None
        self._max_lines = max(max_lines, 1)
        self._max_bytes = max(max_lines * BYTES_A_LINE, _LEAST_BYTES)
        self._block_lines = block_lines
        self._bytes = 0
        self._spilled_bytes = 0
        self._begun = 0
        self._idents = 0
        self._resident: list[LogBlock] = []
        self._starts = [0]
        self._moved = 0
        self._changes: list[tuple[LogBlock, int]] = []

    @property
    def entries(self) -> int:
        """Entries of which there is a line."""
        return self._begun + (bool(self.blocks) and self.blocks[0].first.part > 0)

    def start(self, position: int) -> int:
        """The index of the first line of a block."""
        if self._moved < len(self.blocks):
            counts = map(_count, self.blocks[self._moved :])
            self._starts[self._moved :] = accumulate(counts, initial=self._starts[self._moved])
            self._moved = len(self.blocks)
        return self._starts[position]

    def at(self, index: int) -> tuple[LogBlock, int]:
        """The block with the line at an index, and the line's number in it.

        Raises:
            IndexError: there is no such line.
        """
        if not 0 <= index < self.count:
            raise IndexError(index)
        self.start(0)
        position = bisect_right(self._starts, index) - 1
        return self.blocks[position], index - self._starts[position]

    def position(self, block: LogBlock) -> int:
        """Which of the blocks it is."""
        return bisect_left(self.blocks, block.first, key=_first)

    def begin(self) -> None:
        """Forget what changed."""
        self._changes.clear()

    def end(self) -> int:
        """Keep within the bounds; the first line that changed since `begin`."""
        dropped = self.dropped
        while self._spills and len(self._resident) > 1 and self._too_much():
            self._put_away(self._resident[0])
        if not self._spills:
            self._cut_oldest()
        if self.dropped > dropped:
            return 0
        return min((self.start(self.position(block)) + line for block, line in self._changes), default=0)

    def append(self, position: int, columns: Columns) -> None:
        """Put lines at the end of a block."""
        block = self.blocks[position]
        old = block.count
        last = position + 1 == len(self.blocks)
        room = self._block_lines if last else 2 * self._block_lines - 1
        taken = min(max(room - old, 0), len(columns)) if block.weight < BLOCK_BYTES else 0
        if not self._own(block) or block.columns is None:
            self._insert(position + 1, columns)
            return
        if not last and taken < len(columns):
            self.merge(position, columns, [(old, len(columns))])
            return
        if taken and columns.weight(taken) > BLOCK_BYTES:
            taken = max(bisect_left(range(taken), BLOCK_BYTES, key=columns.weight), 1)
        if taken:
            block.columns.extend(columns, 0, taken)
            self._finish(position, old)
            self._changes.append((block, old))
            self._carry_on(position + 1)
        if taken < len(columns):
            self._insert(position + 1, joined([(columns, taken, len(columns))]) if taken else columns)

    def prepend(self, columns: Columns) -> None:
        """Put lines before all others."""
        first = self.blocks[0] if self.blocks else None
        if first is None or first.count + len(columns) > self._block_lines or first.weight > BLOCK_BYTES:
            self._insert(0, columns)
        else:
            self.merge(0, columns, [(0, len(columns))])

    def merge(self, position: int, columns: Columns, places: Sequence[tuple[int, int]]) -> None:
        """Put lines among those of a block, see `columns.merged`."""
        block = self.blocks[position]
        if not self._own(block) or block.columns is None:
            return
        begin = places[0][0]
        hidden = block.hidden()[:begin]
        whole = merged(block.columns, columns, places)
        self.bars.remove(block)
        cuts = self._cuts(whole)
        block.columns = whole if len(cuts) == 1 else joined([(whole, *cuts[0])])
        self._finish(position, 0)
        for number, cut in enumerate(cuts[1:], 1):
            self._add_block(position + number, joined([(whole, *cut)]))
        now = b"".join(piece.hidden() for piece in self.blocks[position : position + len(cuts)])
        self._changes.append((block, _first_difference(hidden, now)))
        self._carry_on(position + len(cuts))

    def _insert(self, position: int, columns: Columns) -> None:
        """Put lines between blocks, as blocks of their own."""
        cuts = self._cuts(columns)
        for number, cut in enumerate(cuts):
            piece = columns if len(cuts) == 1 else joined([(columns, *cut)])
            self._add_block(position + number, piece)
        self._changes.append((self.blocks[position], 0))
        self._carry_on(position + len(cuts))

    def _cuts(self, columns: Columns) -> list[tuple[int, int]]:
        """Where to cut lines into blocks."""
        count = len(columns)
        cuts: list[tuple[int, int]] = []
        pieces = max(count // self._block_lines, 1)
        for piece in range(pieces):
            low, high = piece * count // pieces, (piece + 1) * count // pieces
            while high - low > 1 and columns.weight(high) - columns.weight(low) > 2 * BLOCK_BYTES:
                most = columns.weight(low) + BLOCK_BYTES
                middle = min(bisect_left(range(high), most, low + 1, key=columns.weight), high - 1)
                cuts.append((low, middle))
                low = middle
            if low < high:
                cuts.append((low, high))
        return cuts

    def _add_block(self, position: int, columns: Columns) -> None:
        block = LogBlock(self._idents, self.shelf)
        self._idents += 1
        block.columns = columns
        self.blocks.insert(position, block)
        self._finish(position, 0)
        insort(self._resident, block, key=_first)

    def _finish(self, position: int, start: int) -> None:
        """Tell what the lines of a block are to each other, from one on that is new; all for 0."""
        block = self.blocks[position]
        columns = block.columns
        if columns is None:
            return
        count, weight, begun = block.count, block.weight, block.begun
        if not start:
            block.carry_in = dict(self.blocks[position - 1].carry_out) if position else {}
            columns.hidden = bytearray(len(columns))
        before = block.carry_out if start else block.carry_in
        columns.traces[start:], block.carry_out = _parts(columns, start, before)
        changed, numbers, fresh = follow(block, columns, start)
        block.summarised(start, self.names)
        self.bars.place(block, numbers, fresh, self._note)
        if changed < start:
            self._note(block, changed)
        self.count += block.count - count
        self._bytes += block.weight - weight
        self._begun += block.begun - begun
        self.widest = max(self.widest, block.summary.widest)
        self._moved = min(self._moved, position)

    def _note(self, block: LogBlock, line: int) -> None:
        self._changes.append((block, line))

    def _carry_on(self, position: int) -> None:
        """Tell later blocks what is open before them, as long as that changes something."""
        while position < len(self.blocks):
            block = self.blocks[position]
            old, carry = block.carry_in, self.blocks[position - 1].carry_out if position else {}
            if carry == old:
                return
            moved = {
                replica for replica in carry.keys() | old.keys() if carry.get(replica) != old.get(replica)
            }
            block.carry_in = dict(carry)
            if moved & block.summary.replicas:
                self._retell(block)
            else:
                still = {replica: left for replica, left in block.carry_out.items() if replica not in moved}
                passed = {replica: carry[replica] for replica in moved if replica in carry}
                block.carry_out = still | passed
            if block.summary.open != block.awaiting():
                block.summary = block.summary._replace(open=block.awaiting())
                block.version += 1
                self._note(block, 0)
            position += 1

    def _retell(self, block: LogBlock) -> None:
        """Find the tracebacks of a block again."""
        columns = block.held()
        parts, block.carry_out = _parts(columns, 0, block.carry_in)
        block.version += 1
        self._note(block, _first_difference(columns.traces, parts))
        if parts != columns.traces and self._own(block) and block.columns is not None:
            block.columns.traces[:] = parts

    def _own(self, block: LogBlock) -> bool:
        """Have a block in memory to change it; False if it cannot be read back."""
        if block.columns is None:
            if not self.shelf.take(block):
                return False
            self.spilled -= block.count
            insort(self._resident, block, key=_first)
            self._spilled_bytes -= block.weight
        return True

    def _too_much(self) -> bool:
        lines, size = self.count - self.spilled, self._bytes - self._spilled_bytes
        return lines > self._max_lines or size > self._max_bytes

    def _put_away(self, block: LogBlock) -> None:
        """Spill a block; while that fails, give up the oldest, whose room may be enough for it."""
        while not self.shelf.put(block):
            oldest = self.blocks[0]
            self._drop_first()
            if oldest is block:
                return
        self._resident.remove(block)
        self.spilled += block.count
        self._spilled_bytes += block.weight

    def _drop_first(self) -> None:
        block = self.blocks.pop(0)
        numbers = set(block.bars)
        self.bars.remove(block)
        self.bars.forget_unused(numbers)
        if block.columns is None:
            self.spilled -= block.count
            self._spilled_bytes -= block.weight
            self.shelf.drop(block)
        else:
            self._resident.remove(block)
        self.floor = block.last
        self.dropped += block.count
        self.count -= block.count
        self._bytes -= block.weight
        self._begun -= block.begun
        self._moved = 0
        self._carry_on(0)

    def _cut_oldest(self) -> None:
        """Give up the oldest lines, as many as there are too many, to the line."""
        while self.blocks and self._too_much():
            block = self.blocks[0]
            columns = block.held()
            gone = max(self.count - self._max_lines, 0)
            if self._bytes > self._max_bytes:
                excess = self._bytes - self._max_bytes
                gone = max(gone, bisect_left(range(block.count), excess, key=columns.weight))
            if gone >= block.count:
                if len(self.blocks) == 1:
                    gone = block.count - 1
                else:
                    self._drop_first()
                    continue
            if gone <= 0:
                return
            self.floor = place_at(columns, gone - 1, self.names)
            self.dropped += gone
            numbers = set(block.bars)
            self.bars.remove(block)
            block.columns = joined([(columns, gone, block.count)])
            self._finish(0, 0)
            self.bars.forget_unused(numbers)
            self._carry_on(1)


def _parts(columns: Columns, start: int, carry: Carry) -> tuple[bytearray, Carry]:
    return parts_of(columns.marks[start:], columns.replicas[start:], columns.levels[start:], carry)


def _first_difference(old: bytes | bytearray, now: bytes | bytearray) -> int:
    """Where two columns differ first; where the old one ends if they do not."""
    if now.startswith(old):
        return len(old)
    return next(at for at, (one, other) in enumerate(zip(old, now, strict=False)) if one != other)
