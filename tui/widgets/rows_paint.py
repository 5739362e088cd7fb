"""Draws the lines of a `RowList` and remembers what it asked for and drew."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.segment import Segment
from textual.content import Content
from textual.strip import Strip
from textual.widget import Widget

from tui.domain.text import cell_width
from tui.widgets.columns import GAP, Column, Layout, fit, lay_out

MARK = "●"
POINTER = "›"
"""Before the row under the cursor while the keys go elsewhere; in the heading, for columns to the right."""
BACK = "‹"
"""In the heading, for columns to the left."""
GUTTER = 2
"""Cells before the first column: a mark and the pointer."""
KEPT = 1_000
"""Rows whose cells are remembered, so that scrolling through everything does not keep everything."""

Cells = Callable[[str, Mapping[str, int]], tuple[Content, ...]]
"""The cells of the row with that key, one for each column; with the columns' widths, 0 for one not shown."""


class Look(NamedTuple):
    """What a row's line shows beside its cells."""

    marked: bool
    cursor: bool
    focus: bool
    """Of the cursor: whether the list takes the keys."""

    @property
    def classes(self) -> tuple[str, ...]:
        """The component classes of the line."""
        if self.cursor:
            return ("rows--cursor",) if self.focus else ("rows--cursor-unfocused",)
        return ("rows--marked",) if self.marked else ()

    @property
    def gutter(self) -> str:
        """Glyphs for the mark and for a cursor without the focus, which may have no colour of its own."""
        glyphs = (MARK if self.marked else "") + (POINTER if self.cursor and not self.focus else "")
        return f"{glyphs:<{GUTTER}}"


class RowPainter:
    """Lines of one width for the widget `owner`, whose styles they have."""

    def __init__(self, owner: Widget, cells: Cells) -> None:
        self._owner = owner
        self._provider = cells
        self._columns: tuple[Column, ...] = ()
        self._sort: tuple[str, bool] | None = None
        self._width = -1
        self.layout = Layout()
        self._cells: dict[str, tuple[Content, ...]] = {}
        self._rows: dict[tuple[str, Look], Strip] = {}
        self._heading: Strip | None = None

    def set_columns(self, columns: Sequence[Column]) -> bool:
        """Declare the columns; False if they are the same already."""
        if self._columns == tuple(columns):
            return False
        self._columns = tuple(columns)
        self.show_page(0)
        return True

    def set_sort(self, sort: tuple[str, bool] | None) -> None:
        """The column by which the rows are in order, and whether the last comes first."""
        self._sort = sort
        self._heading = None

    def show_page(self, page: int) -> None:
        """Lay out that page of the columns."""
        self.layout = lay_out(self._columns, self._width - GUTTER, page)
        self.forget()
        self._heading = None

    def set_width(self, width: int) -> None:
        """Draw lines of so many cells from now on."""
        if width != self._width:
            self._width = width
            self.show_page(self.layout.page)

    def forget(self, keys: Iterable[str] | None = None) -> None:
        """Ask anew for the cells of these rows, or of all."""
        if keys is None:
            self._cells.clear()
            self._rows.clear()
            return
        changed = set(keys)
        for key in changed:
            self._cells.pop(key, None)
        for drawn in [drawn for drawn in self._rows if drawn[0] in changed]:
            del self._rows[drawn]

    def restyle(self) -> None:
        """Draw everything anew from the same cells."""
        self._rows.clear()
        self._heading = None

    def column_at(self, x: int) -> str | None:
        """The key of the column there."""
        left = GUTTER
        for number, width in self.layout.shown:
            if left <= x < left + width:
                return self._columns[number].key
            left += width + GAP
        return None

    def row(self, key: str, look: Look) -> Strip:
        """The line of a row."""
        strip = self._rows.get((key, look))
        if strip is None:
            if len(self._rows) > KEPT:
                self._rows.clear()
            self._rows[key, look] = strip = self._draw(key, look)
        return strip

    def heading(self) -> Strip:
        """The line above the rows."""
        if self._heading is None:
            style = self._owner.get_visual_style("rows--heading").rich_style
            page, last = self.layout.page, self.layout.pages - 1
            gutter = (BACK if page > 0 else " ") + (POINTER if page < last else " ")
            labels = [self._label(self._columns[number], width) for number, width in self.layout.shown]
            text = "".join(part.plain for part in (Content(gutter), *_spaced(labels)))
            self._heading = Strip([Segment(text, style)]).adjust_cell_length(self._width, style)
        return self._heading

    def blank(self) -> Strip:
        """A line below the last row."""
        return Strip.blank(self._width, self._owner.visual_style.rich_style)

    def _cells_of(self, key: str) -> tuple[Content, ...]:
        cells = self._cells.get(key)
        if cells is None:
            if len(self._cells) > KEPT:
                self._cells.clear()
            whole = self._provider(key, self.layout.widths)
            if len(whole) != len(self._columns):
                raise ValueError(f"{len(whole)} cells for {len(self._columns)} columns")
            self._cells[key] = cells = tuple(
                fit(whole[number], width, right=self._columns[number].align == "right")
                for number, width in self.layout.shown
            )
        return cells

    def _draw(self, key: str, look: Look) -> Strip:
        base = self._owner.get_visual_style(*look.classes)
        parts = [Content(look.gutter), *_spaced(self._cells_of(key))]
        if look.cursor:
            # Colours of the cells would not be read on the cursor's.
            segments = [Segment("".join(part.plain for part in parts), base.rich_style)]
        else:
            parse = self._owner.app.stylesheet.parse_style
            pieces = (piece for part in parts for piece in part.render(base, end="", parse_style=parse))
            segments = [Segment(text, style.rich_style) for text, style in pieces if text]
        return Strip(segments).adjust_cell_length(self._width, base.rich_style)

    def _label(self, column: Column, width: int) -> Content:
        right = column.align == "right"
        if self._sort is None or self._sort[0] != column.key:
            return fit(Content(column.label), width, right=right)
        mark = "▼" if self._sort[1] else "▲"
        room = min(cell_width(column.label), max(width - 1, 0))
        return fit(fit(Content(column.label), room) + Content(mark), width, right=right)


def _spaced(cells: Sequence[Content]) -> Iterator[Content]:
    for number, cell in enumerate(cells):
        if number:
            yield Content(" " * GAP)
        yield cell
