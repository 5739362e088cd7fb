"""Tables: aligned columns, cut to the terminal's width, and never cut where something else reads them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TextIO

from tui.commands.output import columns, is_terminal, pad, safe, say, styled
from tui.domain.text import ELLIPSIS, cell_width, middle_cut, slice_cells

GAP = "  "
"""Between two columns."""
NARROWEST = 8
"""Columns to which a cell is cut at most, as long as others can be cut instead."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column; one that gives is cut where the terminal is too narrow, the one farthest right first."""

    title: str
    right: bool = False
    give: bool = False
    prose: bool = False
    """Whether it is cut at its end, as sentences are; names are cut in the middle."""
    drop: int = 0
    """Where the terminal is too narrow for all columns, those above 0 are left out, the least first."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A text with a colour (`click.style`)."""

    text: str
    colour: str = ""


def say_table(shape: Sequence[Column], rows: Iterable[Sequence[str | Cell]], *, header: bool = True) -> None:
    """Print a table; its texts may be untrusted."""
    lines = table_lines(shape, rows, _room(sys.stdout), header=header)
    if lines:
        say("\n".join(lines))


def table_lines(
    shape: Sequence[Column], rows: Iterable[Sequence[str | Cell]], room: int | None, *, header: bool = True
) -> list[str]:
    """The table's lines, at most `room` columns wide; None for as wide as it takes."""
    cells = [[_clean(cell) for cell in row] for row in rows]
    if header:
        cells.insert(0, [Cell(column.title) for column in shape])
    widths = [max((cell_width(row[index].text) for row in cells), default=0) for index in range(len(shape))]
    if room is not None:
        kept = _kept(shape, widths, room)
        shape, widths = [shape[index] for index in kept], [widths[index] for index in kept]
        cells = [[row[index] for index in kept] for row in cells]
        _narrow(shape, widths, room)
    return [_line(shape, row, widths, cut=room is not None) for row in cells]


def _kept(shape: Sequence[Column], widths: Sequence[int], room: int) -> list[int]:
    """The columns for which there is room before others are cut; those that can be left out give first."""
    least = [
        min(width, NARROWEST) if each.give and each.drop else width
        for each, width in zip(shape, widths, strict=True)
    ]
    kept = list(range(len(shape)))
    for index in sorted((index for index in kept if shape[index].drop), key=lambda index: shape[index].drop):
        if sum(least[each] for each in kept) + len(GAP) * (len(kept) - 1) <= room:
            break
        kept.remove(index)
    return kept


def _clean(cell: str | Cell) -> Cell:
    return Cell(safe(cell)) if isinstance(cell, str) else Cell(safe(cell.text), cell.colour)


def _narrow(shape: Sequence[Column], widths: list[int], room: int) -> None:
    """Take from the columns that give, then from the right, until the rest fits or nothing can be taken."""
    over = sum(widths) + len(GAP) * (len(widths) - 1) - room
    giving = [index for index in reversed(range(len(shape))) if shape[index].give]
    others = [index for index in reversed(range(len(shape))) if not shape[index].give]
    for least, indexes in ((NARROWEST, giving), (1, giving), (1, others)):
        for index in indexes:
            taken = min(max(over, 0), max(widths[index] - least, 0))
            widths[index] -= taken
            over -= taken


def _line(shape: Sequence[Column], row: Sequence[Cell], widths: Sequence[int], *, cut: bool) -> str:
    shown = []
    for index, (column, cell, width) in enumerate(zip(shape, row, widths, strict=True)):
        text = _cut(cell.text, width, column) if cut else cell.text
        last = index == len(shape) - 1 and not column.right
        padded = text if last else pad(text, width, right=column.right)
        shown.append(styled(padded, fg=cell.colour) if cell.colour else padded)
    return GAP.join(shown).rstrip()


def _cut(text: str, width: int, column: Column) -> str:
    if not column.prose or cell_width(text) <= width:
        return middle_cut(text, width)
    return slice_cells(text, 0, width - 1).rstrip() + ELLIPSIS


def _room(stream: TextIO) -> int | None:
    return columns(stream) if is_terminal(stream) else None
