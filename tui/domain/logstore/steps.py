"""Steps from row to row: to the next line that was found, to the next error, to the ends of a traceback."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import compress, takewhile
from operator import itemgetter

from tui.domain.logreading.model import Mark, Part
from tui.domain.logs import Severity
from tui.domain.logstore.model import Block, Lines
from tui.domain.logstore.rowblock import RowBlock
from tui.domain.logstore.rows import Rows

FAR = 5_000
"""Lines around the cursor in which a traceback is looked for."""
_NONE, _HEAD, _END = (int(part) for part in (Part.NONE, Part.HEAD, Part.END))
_ERRORS = bytes(level >= Severity.ERROR // 100 for level in range(256))
_OUTERMOST = bytes(part in (_NONE, _END) for part in range(256))
_NO_BAR = bytes(not mark & Mark.BAR for mark in range(256))


Found = Sequence[int] | bytes | None
"""Lines of a block, ascending, or as bytes 1 for each of its lines that is meant and 0 for others."""


def next_row(
    rows: Rows, matches: Callable[[Block], Found], row: int, *, backwards: bool = False
) -> int | None:
    """The nearest row after one, or before it, whose line is among the matches; None if there is none.

    Goes through blocks, not through lines: however many matches are no rows, it takes milliseconds.
    -1 and the number of rows stand for the ends.
    """
    if not len(rows):
        return None
    parts, sums = rows.parts, rows.sums
    at = min(max(bisect_right(sums, row) - 1, 0), len(parts) - 1)
    for number in range(at, -1, -1) if backwards else range(at, len(parts)):
        part = parts[number]
        found = matches(part.block) if part.count else None
        if not found:
            continue
        inside = row - sums[number]
        low, high = (0, inside) if backwards else (max(inside + 1, 0), part.count)
        place = _place(part, found, low, min(high, part.count), last=backwards)
        if place is not None:
            return sums[number] + place
    return None


def _place(part: RowBlock, found: Sequence[int] | bytes, low: int, high: int, *, last: bool) -> int | None:
    """Of a block's rows from one to another, the first or last whose line was found."""
    lines = _rows_of(part, found) if low < high else ()
    if not lines:
        return None
    offsets = part.offsets()
    inside = lines[bisect_left(lines, offsets[low]) : bisect_right(lines, offsets[high - 1])]
    return bisect_left(offsets, inside[-1 if last else 0]) if inside else None


def _rows_of(part: RowBlock, found: Sequence[int] | bytes) -> Sequence[int]:
    """The lines found in a block that are rows; where there is none, that is seen at once."""
    count = len(part.block)
    if part.filtered:
        offsets = part.offsets()
        if isinstance(found, bytes):
            return array("I", compress(offsets, map(found.__getitem__, offsets)))
        return sorted(set(found).intersection(offsets))
    mask = part.mask()
    if len(found) == count and not isinstance(found, bytes):
        found = b"\1" * count
    if isinstance(found, bytes):
        both = found if mask is None else _both(found, mask)
        return array("I", compress(range(count), both)) if 1 in both else ()
    if mask is None:
        return found
    first, *_ = found
    if 1 not in itemgetter(first, *found)(mask):
        return ()
    return array("I", compress(found, map(mask.__getitem__, found)))


def _both(one: bytes, other: bytes) -> bytes:
    both = int.from_bytes(one, "little") & int.from_bytes(other, "little")
    return both.to_bytes(len(one), "little")


class RowCount:
    """Counts the rows whose lines are among the matches; only blocks in which something changed anew."""

    def __init__(self) -> None:
        self._known: dict[RowBlock, tuple[int, Sequence[int], int, int]] = {}

    def count(self, rows: Rows, matches: Callable[[Block], Sequence[int] | None]) -> int:
        """How many they are now."""
        old, self._known = self._known, {}
        for part in rows.parts:
            found = matches(part.block) if part.count else None
            if not found:
                continue
            known = old.get(part)
            if known is None or known[:3] != (part.stamp, found, len(found)):
                known = part.stamp, found, len(found), len(_rows_of(part, found))
            self._known[part] = known
        return sum(known[-1] for known in self._known.values())


def grave(block: Block, *, own: bool = False) -> bytes:
    """1 for each line that is an error and no bar, of a traceback for its end alone; empty without any.

    Args:
        block: the block.
        own: go by the entries' severities, not by the levels that the texts sound like.
    """
    if not own and block.summary.highest * 100 < Severity.ERROR:
        return b""
    errors = (block.severities() if own else block.levels()).translate(_ERRORS)
    if 1 not in errors:
        return b""
    errors = _both(errors, block.traces().translate(_OUTERMOST))
    return _both(errors, block.marks().translate(_NO_BAR))


def first_behind(lines: Lines, index: int) -> int | None:
    """The first of the lines that stand behind one, folded or not; None if there is none."""
    behind = lines.behind(index)
    if not behind:
        return None
    first, places = behind[0]
    before = takewhile(lambda block: block.ident != first.ident, lines.blocks)
    return sum(map(len, before)) + places[0]


def trace_before(lines: Lines, index: int, replicas: Collection[str] | None = None) -> int | None:
    """The nearest line of a traceback, from a line on upwards, of one of the replicas, if one is near."""
    names = lines.replica_names
    for at, part, replica, _ in upwards(lines, index):
        if part != _NONE and (replicas is None or names[replica] in replicas):
            return at
    return None


def head_of(lines: Lines, index: int) -> int:
    """The first line of the traceback that a line belongs to, among those of its replica."""
    walk = upwards(lines, index)
    head, part, own, _ = next(walk)
    if part in (_NONE, _HEAD):
        return head
    for at, part, replica, _ in walk:
        if replica != own:
            continue
        if part == _NONE:
            break
        head = at
        if part == _HEAD:
            break
    return head


def end_of(lines: Lines, index: int) -> int:
    """The exception's own line of the traceback that a line belongs to; the line itself if there is none."""
    walk = _downwards(lines, index)
    _, part, own = next(walk)
    if part in (_NONE, _END):
        return index
    for at, part, replica in walk:
        if replica == own and part == _END:
            return at
        if replica == own and part in (_NONE, _HEAD):
            break
    return index


def upwards(lines: Lines, index: int) -> Iterator[tuple[int, int, int, int]]:
    """Number, part of a traceback, replica and marks of lines from one on upwards, as far as one looks."""
    base, least = len(lines), max(index - FAR, -1)
    for block in reversed(lines.blocks):
        base -= len(block)
        if base > index:
            continue
        traces, replicas, marks = block.traces(), block.replicas(), block.marks()
        for at in range(min(index - base, len(block) - 1), -1, -1):
            if base + at <= least:
                return
            yield base + at, traces[at], replicas[at], marks[at]


def _downwards(lines: Lines, index: int) -> Iterator[tuple[int, int, int]]:
    """Number, part of a traceback and replica of the lines from one on downwards."""
    base, most = 0, index + FAR
    for block in lines.blocks:
        if base + len(block) > index:
            traces, replicas = block.traces(), block.replicas()
            for at in range(max(index - base, 0), len(block)):
                if base + at >= most:
                    return
                yield base + at, traces[at], replicas[at]
        base += len(block)
