"""Delimited text as a table."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

from tui.domain.preview.model import Table
from tui.domain.text import cell_width, middle_cut, printable

CELL = 40
"""Columns on the screen that a cell takes at most."""

MOST_COLUMNS = 2_000
MOST_ROWS = 50_000
MOST_CELLS = 500_000

_NUMBER = re.compile(r"[-+]?(?:[0-9][0-9.,_]*(?:[eE][-+]?[0-9]{1,4})?%?|nan|inf)", re.IGNORECASE)
_NO_TABLE = 100_000
"""Delimiters of a first line that is none of a table."""
_KEPT = 400
"""Characters of a cell that are kept."""
_MEASURED = 2_000
"""Rows that say how wide a column is."""


def read_table(text: str, *, tabs: bool, cut: bool) -> tuple[Table | None, list[str]]:
    """The table with what must be known of it; None when the text is none, with the reason."""
    delimiter = "\t" if tabs else _delimiter(text)
    if text.partition("\n")[0].count(delimiter) > _NO_TABLE:
        return None, ["not a table: more columns than anybody reads"]
    try:
        rows, notes = _rows(text, delimiter)
    except csv.Error:
        return None, ["not a table: a quoted field has no end"]
    if cut and len(rows) > 1 and not text.endswith("\n"):
        rows.pop()  # torn
    if not rows or max(map(len, rows)) < 2:  # noqa: PLR2004 (one column is no table)
        return None, []
    named = not all(map(_is_number, rows[0]))
    header = rows.pop(0) if named else [f"{number}" for number in range(1, len(rows[0]) + 1)]
    odd = sum(len(row) != len(header) for row in rows)
    if odd:
        notes.append(f"{_rows_words(odd)} with more or fewer cells than the header")
    notes.insert(0, f"{_rows_words(len(rows))}, {len(header):,} columns")
    return make_table(header, rows), notes


def make_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """A table of cells that are fit for a terminal already."""
    count = max([len(header), *map(len, rows[:_MEASURED])], default=0)
    widths = [0] * count
    numbers, filled = [0] * count, [0] * count
    for row in (header, *rows[:_MEASURED]):
        for at, cell in enumerate(row):
            widths[at] = max(widths[at], min(cell_width(cell), CELL))
    for row in rows[:_MEASURED]:
        for at, cell in enumerate(row):
            if cell:
                filled[at] += 1
                numbers[at] += _is_number(cell)
    right = tuple(0 < told <= 1.1 * found for found, told in zip(numbers, filled, strict=True))
    return Table(tuple(header), tuple(map(tuple, rows)), tuple(widths), right)


def table_lines(table: Table) -> str:
    """The whole table as text with its columns below each other."""
    return "\n".join(row_text(table, row) for row in (table.header, *table.rows))


def row_text(table: Table, row: Iterable[str], first: int = 0, last: int | None = None) -> str:
    """One row, from a column on to another (exclusive)."""
    parts = zip(row, table.widths, table.right, strict=False)
    cells = [fit_cell(cell, width, right=right) for cell, width, right in parts]
    return "  ".join(cells[first:last]).rstrip()


def fit_cell(cell: str, width: int, *, right: bool) -> str:
    """Exactly so many columns, numbers to the right."""
    shown = middle_cut(cell, width)
    space = " " * (width - cell_width(shown))
    return space + shown if right else shown + space


def _rows(text: str, delimiter: str) -> tuple[list[list[str]], list[str]]:
    rows: list[list[str]] = []
    notes: list[str] = []
    cells = widest = 0
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        if not row:
            continue
        widest = max(widest, len(row))
        rows.append([_cell(cell) for cell in row[:MOST_COLUMNS]])
        cells += len(rows[-1])
        if len(rows) > MOST_ROWS or cells > MOST_CELLS:
            notes.append("the rest left out: t shows all as text")
            break
    if widest > MOST_COLUMNS:
        notes.append(f"{widest:,} columns, the first {MOST_COLUMNS:,} shown")
    return rows, notes


def _cell(cell: str) -> str:
    cell = cell.strip()[:_KEPT]
    if "\n" in cell or "\r" in cell:
        cell = " ↵ ".join(cell.splitlines())
    return printable(cell)


def _delimiter(text: str) -> str:
    head = text[:10_000].lstrip("\r\n").partition("\n")[0]
    return max(",\t;|", key=head.count)


def _is_number(cell: str) -> bool:
    return _NUMBER.fullmatch(cell) is not None


def _rows_words(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"
