"""The table of one level: draws only the lines on screen, so that its length costs nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.domain.storage import Bucket, GcsUri, ObjectInfo
from tui.domain.text import cell_width, middle_cut

NEAR_END = 40
"""Rows before the last at which the next page is asked for."""

GAP = 2
"""Columns between two columns."""

NAME_WIDTH = 24
"""Columns that the name needs before others are shown."""


class RowKind(StrEnum):
    """What a row stands for."""

    BUCKET = "bucket"
    PREFIX = "prefix"
    OBJECT = "object"
    MORE = "more"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table; all text in it is fit for a terminal."""

    kind: RowKind
    name: str
    cells: tuple[str, ...] = ()
    """The other columns' text."""
    uri: GcsUri | None = None
    """What it stands for; None for the row that says there is more."""
    item: ObjectInfo | None = None
    bucket: Bucket | None = None


class Rows(Protocol):
    """Rows that may be made only when they are looked at."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Row:
        """The row of a number; negative ones count from the end."""
        ...

    def find(self, uri: GcsUri) -> int | None:
        """The number of the row that stands for `uri`."""
        ...


class _NoRows:
    """What is shown at first."""

    def __len__(self) -> int:
        return 0

    def __getitem__(self, index: int) -> Row:
        raise IndexError(index)

    def find(self, uri: GcsUri) -> int | None:  # noqa: ARG002
        """Nothing."""
        return None


@dataclass(frozen=True, slots=True)
class Column:
    """One column beside the name."""

    title: str
    width: int
    right: bool = False


class StorageTable(ScrollView, can_focus=True):
    """Rows with a cursor; columns on the right are dropped first when the width is short."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "storage-table--header",
        "storage-table--cursor",
        "storage-table--cursor-blurred",
        "storage-table--prefix",
        "storage-table--muted",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home,g", "first", "First", show=False),
        Binding("end,G", "last", "Last", show=False),
    ]

    cursor: reactive[int] = reactive(0)
    """The row under the cursor, counted from 0."""

    class Moved(Message):
        """The cursor is on another row now, or on none."""

    class Chosen(Message):
        """A row was clicked twice."""

    class NearEnd(Message):
        """The last rows read are about to come into view."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._rows: Rows = _NoRows()
        self._columns: Sequence[Column] = ()

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._rows[self.cursor] if self.cursor < len(self._rows) else None

    @property
    def rows(self) -> Rows:
        """All rows shown."""
        return self._rows

    def show_rows(self, columns: Sequence[Column], rows: Rows, *, on: int | None = None) -> None:
        """Show rows with the cursor on number `on`, else where it was, by what it stands for."""
        kept = self.row.uri if self.row is not None else None
        offset = self.cursor - self.scroll_offset.y
        self._columns, self._rows = columns, rows
        self.virtual_size = Size(self.size.width, len(rows) + 1)
        if on is None and kept is not None:
            on = rows.find(kept)
        self.cursor = on if on is not None else min(self.cursor, max(len(rows) - 1, 0))
        self.scroll_to(y=self.cursor - offset, animate=False, immediate=True)
        self._follow()
        self.refresh()
        self.post_message(self.Moved())

    def watch_cursor(self) -> None:
        """Keep the cursor in view and say where it is."""
        self._follow()
        self.refresh()
        self.post_message(self.Moved())
        self._ask_for_more(self.cursor)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """The wheel can come near the end without the cursor."""
        super().watch_scroll_y(old_value, new_value)
        self._ask_for_more(self.scroll_offset.y + self._page_rows)

    def on_resize(self) -> None:
        """Columns depend on the width."""
        self.virtual_size = Size(self.size.width, len(self._rows) + 1)
        self._follow()

    def on_focus(self) -> None:
        """The cursor's colour depends on the focus."""
        self.refresh()

    def on_blur(self) -> None:
        """Likewise."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """A click moves the cursor, a second one chooses."""
        number = self.scroll_offset.y + event.get_content_offset_capture(self).y - 1
        if 0 <= number < len(self._rows):
            self.cursor = number
            if event.chain == 2:  # noqa: PLR2004 (a double click)
                self.post_message(self.Chosen())

    def action_move(self, step: int) -> None:
        """Move the cursor by rows."""
        self.cursor = max(min(self.cursor + step, len(self._rows) - 1), 0)

    def action_page(self, step: int) -> None:
        """Move the cursor by what fits on the screen."""
        self.action_move(step * max(self._page_rows - 1, 1))

    def action_first(self) -> None:
        """To the first row."""
        self.cursor = 0

    def action_last(self) -> None:
        """To the last row read."""
        self.cursor = max(len(self._rows) - 1, 0)

    def render_line(self, y: int) -> Strip:
        """One line of the screen: the titles, or a row."""
        width = self.size.width
        base = self.rich_style
        if not self._rows:
            return Strip.blank(width, base)
        if y == 0:
            header = base + self.get_component_rich_style("storage-table--header")
            titles = tuple(column.title for column in self._columns)
            return Strip([Segment(self._line("NAME", titles, width), header)], width)
        number = self.scroll_offset.y + y - 1
        if number >= len(self._rows):
            return Strip.blank(width, base)
        row = self._rows[number]
        return Strip(
            [Segment(self._line(row.name, row.cells, width), base + self._style_of(row, number))], width
        )

    def _style_of(self, row: Row, number: int) -> Style:
        if number == self.cursor:
            name = "cursor" if self.has_focus else "cursor-blurred"
        elif row.kind is RowKind.MORE:
            name = "muted"
        else:
            name = "prefix" if row.kind in (RowKind.PREFIX, RowKind.BUCKET) else ""
        return self.get_component_rich_style(f"storage-table--{name}") if name else Style.null()

    def _line(self, name: str, cells: tuple[str, ...], width: int) -> str:
        """The name in what room the columns leave."""
        shown = self._fitting(width)
        room = max(width - sum(column.width + GAP for column in shown), 1)
        parts = [_fit(name, room)]
        for at, column in enumerate(shown):
            parts.append(_fit(cells[at] if at < len(cells) else "", column.width, right=column.right))
        return (" " * GAP).join(parts)

    def _fitting(self, width: int) -> Sequence[Column]:
        count = len(self._columns)
        while count and width - sum(column.width + GAP for column in self._columns[:count]) < NAME_WIDTH:
            count -= 1
        return self._columns[:count]

    @property
    def _page_rows(self) -> int:
        return max(self.size.height - 1, 1)

    def _follow(self) -> None:
        self.scroll_to_region(Region(0, self.cursor, 1, 2), animate=False, immediate=True, force=True)

    def _ask_for_more(self, number: int) -> None:
        if self._rows and self._rows[-1].kind is RowKind.MORE and number >= len(self._rows) - NEAR_END:
            self.post_message(self.NearEnd())


def _fit(text: str, width: int, *, right: bool = False) -> str:
    """Exactly `width` columns of text, cut in the middle if it is too long."""
    shown = middle_cut(text, width)
    space = " " * (width - cell_width(shown))
    return space + shown if right else shown + space
