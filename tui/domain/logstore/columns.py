"""The lines of one block as columns: about forty bytes a line beside its text and insert id."""

from __future__ import annotations

import struct
import zlib
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate

_ARRAYS = {"stamps": "q", "parts": "I", "origins": "I", "severities": "H", "widths": "H"}
_BYTES = ("levels", "marks", "traces", "replicas", "hidden")
_PER_LINE = (*_ARRAYS, *_BYTES)
_BARS = {"bar_lines": "I", "bar_numbers": "I", "bar_done": "d"}
_TEXTS = ("texts", "ids")
_SPARSE = ("coloured", "payloads")

MOST_COLUMNS = 0xFFFF
"""What the width of a line is cut to."""
_QUICKEST = 1


class Texts:
    """Byte strings one after the other, each ended by a newline."""

    __slots__ = ("blob", "starts")

    def __init__(self, blob: bytearray | None = None, starts: array[int] | None = None) -> None:
        self.blob = bytearray() if blob is None else blob
        self.starts: array[int] = array("I") if starts is None else starts

    def __getitem__(self, index: int) -> bytes:
        starts = self.starts
        return bytes(self.blob[starts[index] : self.size(index + 1) - 1])

    def size(self, count: int) -> int:
        """The bytes of so many from the first on."""
        return self.starts[count] if count < len(self.starts) else len(self.blob)

    def extend(self, other: Texts, low: int, high: int) -> None:
        """Take over some of another's."""
        if low >= high:
            return
        starts = other.starts
        begin = starts[low]
        end = other.size(high)
        moved = len(self.blob) - begin
        part = starts[low:high]
        self.starts += part if not moved else array("I", [start + moved for start in part])
        self.blob += other.blob[begin:end]


class Sparse:
    """Byte strings that only some lines have, by the number of the line."""

    __slots__ = ("lines", "texts")

    def __init__(self) -> None:
        self.lines: array[int] = array("I")
        self.texts = Texts()

    def put(self, line: int, data: bytes) -> None:
        """Add one for a line after all the others."""
        self.lines.append(line)
        self.texts.starts.append(len(self.texts.blob))
        self.texts.blob += data + b"\n"

    def get(self, line: int) -> bytes | None:
        """What the line has."""
        at = bisect_left(self.lines, line)
        return self.texts[at] if at < len(self.lines) and self.lines[at] == line else None

    def extend(self, other: Sparse, low: int, high: int, moved: int) -> None:
        """Take over what another's lines have, as that of lines so many further."""
        if not other.lines:
            return
        first, last = bisect_left(other.lines, low), bisect_left(other.lines, high)
        self.lines.extend(line + moved for line in other.lines[first:last])
        self.texts.extend(other.texts, first, last)


class Columns:
    """Lines, in order; what a block holds in memory or in the spill."""

    __slots__ = (*_PER_LINE, *_BARS, *_TEXTS, *_SPARSE)

    stamps: array[int]
    parts: array[int]
    origins: array[int]
    """Numbers of the lines' log names and replicas, see `names.py`."""
    severities: array[int]
    widths: array[int]
    levels: bytearray
    marks: bytearray
    traces: bytearray
    replicas: bytearray
    hidden: bytearray
    """1 for states of bars that a later one in the same block stands for."""
    bar_lines: array[int]
    """Which lines are states of bars; the next two are parallel to it."""
    bar_numbers: array[int]
    bar_done: array[float]
    texts: Texts
    ids: Texts
    coloured: Sparse
    payloads: Sparse

    def __init__(self) -> None:
        for name, code in _ARRAYS.items() | _BARS.items():
            setattr(self, name, array(code))
        for name in _BYTES:
            setattr(self, name, bytearray())
        self.texts, self.ids, self.coloured, self.payloads = Texts(), Texts(), Sparse(), Sparse()

    def __len__(self) -> int:
        return len(self.levels)

    def weight(self, count: int) -> int:
        """Bytes of so many lines from the first on: what differs between lines."""
        sparse = (self.coloured, self.payloads)
        return self.texts.size(count) + sum(
            each.texts.size(bisect_left(each.lines, count)) for each in sparse
        )

    def extend(self, other: Columns, low: int = 0, high: int | None = None) -> None:
        """Take over some of another's lines at the end."""
        high = len(other) if high is None else high
        moved = len(self) - low
        if other.bar_lines:
            first, last = bisect_left(other.bar_lines, low), bisect_left(other.bar_lines, high)
            self.bar_lines.extend(line + moved for line in other.bar_lines[first:last])
            self.bar_numbers += other.bar_numbers[first:last]
            self.bar_done += other.bar_done[first:last]
        self.coloured.extend(other.coloured, low, high, moved)
        self.payloads.extend(other.payloads, low, high, moved)
        self.texts.extend(other.texts, low, high)
        self.ids.extend(other.ids, low, high)
        for name in _PER_LINE:
            column = getattr(self, name)
            column += getattr(other, name)[low:high]

    def range_at(self, stamp: int, low: int = 0) -> tuple[int, int]:
        """The lines with that timestamp, as first and one after the last."""
        first = bisect_left(self.stamps, stamp, low)
        last = first
        if first < len(self.stamps) and self.stamps[first] == stamp:
            last = bisect_left(self.stamps, stamp + 1, first)
        return first, last

    def sealed(self) -> bytes:
        """All columns as bytes, for the spill of this process."""
        pieces = [memoryview(piece).cast("B") for piece in self._pieces()]
        lengths = struct.pack(f"<{len(pieces)}Q", *(piece.nbytes for piece in pieces))
        return zlib.compress(b"".join((lengths, *pieces)), _QUICKEST)

    @classmethod
    def opened(cls, data: bytes) -> Columns:
        """The columns that `sealed` made bytes of."""
        columns = cls()
        pieces = columns._pieces()
        whole = memoryview(zlib.decompress(data))
        lengths = struct.unpack_from(f"<{len(pieces)}Q", whole)
        ends = list(accumulate(lengths, initial=8 * len(pieces)))
        for piece, begin, end in zip(pieces, ends, ends[1:], strict=False):
            if isinstance(piece, bytearray):
                piece.extend(whole[begin:end])
            else:
                piece.frombytes(whole[begin:end])
        return columns

    def _pieces(self) -> list[bytearray | array[int]]:
        pieces = [getattr(self, name) for name in (*_PER_LINE, *_BARS)]
        for texts in (self.texts, self.ids, self.coloured.texts, self.payloads.texts):
            pieces += [texts.blob, texts.starts]
        return [*pieces, self.coloured.lines, self.payloads.lines]


def joined(runs: Iterable[tuple[Columns, int, int]]) -> Columns:
    """Runs of lines of several columns, one after the other, as columns of their own."""
    columns = Columns()
    for source, low, high in runs:
        columns.extend(source, low, high)
    return columns


def merged(old: Columns, fresh: Columns, places: Sequence[tuple[int, int]]) -> Columns:
    """Old lines with fresh ones among them.

    Args:
        old: Lines.
        fresh: Others.
        places: Of runs of fresh lines in order, before which old line each stands, and how many they are.
    """
    runs: list[tuple[Columns, int, int]] = []
    done = taken = 0
    for place, count in places:
        if place > done:
            runs.append((old, done, place))
            done = place
        if runs and runs[-1][0] is fresh:
            runs[-1] = (fresh, runs[-1][1], taken + count)
        else:
            runs.append((fresh, taken, taken + count))
        taken += count
    runs.append((old, done, len(old)))
    return joined(runs)
