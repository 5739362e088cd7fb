"""The part of the Storage pane that shows a level: filter, order, marks, and what is said above the table."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from time import monotonic

from textual import on, work
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.domain.storage import Amount, GcsUri
from tui.domain.storagelist.entries import Entries, Key, Kind, Mode
from tui.domain.storagelist.order import Rows, Wish, arrange
from tui.domain.text import printable, size
from tui.panes import storage_where
from tui.panes.storage_cells import DESCENDING, Counted, cells_of, columns_of
from tui.panes.storage_levels import AHEAD, MOST, Spot, StorageLevels
from tui.panes.storage_states import explain_nothing
from tui.panes.storage_table import Row, StorageTable, row_of
from tui.services.options import AppOptions
from tui.widgets.columns import Column
from tui.widgets.rows import RowList
from tui.widgets.state_view import StateView

INLINE = 5_000
"""Entries that are filtered, sorted or added up at once; more are in a thread."""

GROWTH = 1.3
"""How much longer a level must be before it is put in order again while it is being read."""

REDRAW_SECONDS = 0.25
"""Least time between two drawings of a level that is being read."""


class StorageListing(StorageLevels):
    """Rows of the level in the order and with the marks that the user wants."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self.wish = Wish()
        self.counted: dict[GcsUri, Counted] = {}
        """What was counted below prefixes and buckets."""
        self._rows: Rows | None = None
        self._row: tuple[Entries, str, Row | None] | None = None
        """What was under the cursor last: all keys in the bottom line ask for it."""
        self._declared: tuple[Column, ...] = ()
        self._shown_spot: Spot | None = None
        self._seek: GcsUri | None = None
        self._seek_key = ""
        self._cursors: dict[Spot, str] = {}
        self._marks: dict[Spot, set[str]] = {}
        self._marked_amount = Amount()
        self._arranging = False
        self._drawn_at = 0.0

    @property
    def table(self) -> StorageTable:
        """The list of the level."""
        return self.query_one(StorageTable)

    @property
    def table_row(self) -> Row | None:
        """What is under the cursor of the table."""
        key = self.table.cursor_key
        if key is None or self._rows is None:
            return None
        entries = self._rows.entries
        if self._row is None or self._row[:2] != (entries, key):
            self._row = entries, key, row_of(entries, key)
        return self._row[2]

    @property
    def row(self) -> Row | None:
        """What is under the cursor of the list that the user is at."""
        return self.table_row

    def declare_columns(self, columns: tuple[Column, ...]) -> None:
        """Give the table other columns: it asks for the cells of the rows that it has at once."""
        self._declared = columns
        self.table.set_columns(columns)

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the level."""
        return columns_of(self.entries, counted=bool(self.counted))

    def targets(self) -> tuple[Row, ...]:
        """What the next command is about: the marked rows in their order, else the one under the cursor."""
        entries, marked = self.entries, self.table.marked
        if not marked or entries is None or self._shown_spot != self.spot:
            return (self.row,) if self.row is not None else ()
        order = arrange(entries, replace(self.wish, words=""), self._sizes_here(entries))
        return tuple(row for key in order if key in marked and (row := row_of(entries, key)) is not None)

    # Showing a level

    def show_level(self, *, on: GcsUri | None = None) -> None:
        """Rows if there are any, else the reason why not."""
        self._seek = on or self._seek
        entries = self.entries
        if self._shown_spot != self.spot:
            self._change_spot()
        if entries is None or not entries.count:
            self._put(None)
        else:
            self._arrange(entries)

    def level_grew(self, entries: Entries) -> None:
        """Draw what has come, not too often, and the rows in order once there is enough more of them."""
        if entries is not self.entries:
            self.show_where()
            return
        late = monotonic() - self._drawn_at > REDRAW_SECONDS
        done = not self.reads_on
        if not late and not done:
            return
        self._drawn_at = monotonic()
        if self._rows is None or done or self.wish.plain or self._outgrown(entries):
            self._arrange(entries)
        else:
            self.show_where()

    def _outgrown(self, entries: Entries) -> bool:
        return entries.count > GROWTH * self._arranged_of

    @property
    def _arranged_of(self) -> int:
        return self._rows.of if self._rows is not None else 0

    def _arrange(self, entries: Entries) -> None:
        plain = self.wish.plain and entries.mode is not Mode.VERSIONS
        if plain or entries.count <= INLINE:
            self.workers.cancel_group(self, "storage-arrange")
            self._arranging = False
            self._put(arrange(entries, self.wish, self._sizes_here(entries)))
        else:
            self._arrange_apart(entries)
            self.show_where()

    @work(exclusive=True, group="storage-arrange", exit_on_error=False)
    async def _arrange_apart(self, entries: Entries) -> None:
        wish = self.wish
        self._arranging = True
        rows = await asyncio.to_thread(arrange, entries, wish, self._sizes_here(entries))
        self._arranging = False
        if self.entries is entries and self.wish == wish:
            self._put(rows)

    def _sizes_here(self, entries: Entries) -> Mapping[str, int]:
        """Bytes counted below what this level shows, by key."""
        place, found = entries.place, {}
        for uri, known in self.counted.items():
            if place is None and not uri.name:
                found[str(Key(Kind.BUCKET, uri.bucket))] = known.amount.bytes
            elif place is not None and uri.bucket == place.bucket and uri.name.startswith(place.name):
                found[str(Key(Kind.PREFIX, uri.name[entries.start :]))] = known.amount.bytes
        return found

    def _put(self, rows: Rows | None) -> None:
        """Show these rows, or why there are none."""
        table, entries = self.table, self.entries
        same = self._rows is not None and rows is not None and self._rows.entries is rows.entries
        self._rows = rows
        self.declare_columns(self.columns if rows else ())
        table.set_sort(self.wish.column, descending=self.wish.descending)
        table.set_rows(rows if rows is not None else (), anew=not same)
        self._seek_on()
        if entries is not None and entries.whole:
            self._drop_lost_marks(entries)
        self.query_one("#storage-main").set_class(not rows, "bare")
        state = self.query_one(StateView)
        state.set_class(bool(rows), "hidden")
        if not rows:
            explain_nothing(self, state)
        self.show_where()
        self.row_changed()
        if not same or not self.reads_on:
            self.refresh_bindings()

    def _change_spot(self) -> None:
        """Another place: its own marks, and the cursor where it was there."""
        table = self.table
        before, self._shown_spot = self._shown_spot, self.spot
        if before is not None:
            self._marks[before] = table.marked
            if table.cursor_key is not None:
                self._cursors[before] = table.cursor_key
        self._rows, self._row, self._seek_key = None, None, ""
        table.set_rows(())
        table.let_go()
        table.marked = self._marks.pop(self.spot, set())
        self.add_up_marks()
        if self._seek is None and (key := self._cursors.get(self.spot)) is not None:
            self._seek_key = key

    def _seek_on(self) -> None:
        """Put the cursor on what is looked for, and read on while it is not there."""
        entries = self.entries
        if entries is None or not self.table.row_count:
            return
        if self._seek is not None:
            self._seek_key = entries.key_of(self._seek)
        if not self._seek_key:
            return
        if self.table.show_cursor_on(self._seek_key) or entries.whole or self.table.cursor_row:
            self._seek, self._seek_key = None, ""
        elif self._seek is not None:
            self.read_towards(MOST)

    def _drop_lost_marks(self, entries: Entries) -> None:
        if lost := {key for key in self.table.marked if entries.find(Key.parse(key)) is None}:
            self.table.marked = self.table.marked - lost
            self.add_up_marks()

    @abstractmethod
    def row_changed(self) -> None:
        """Another row is under the cursor, or what it stands for has changed."""

    # Order and filter

    def wish_for(self, wish: Wish) -> None:
        """Show the level in another order or through another filter."""
        self.wish = wish
        entries = self.entries
        if entries is None:
            return
        self._arrange(entries)
        if not wish.plain:
            self.read_towards(MOST)

    def filter_by(self, words: str) -> None:
        """Show only the names that hold `words`."""
        self.wish_for(replace(self.wish, words=words))

    def action_sort(self) -> None:
        """Order by the next column."""
        keys = [column.key for column in self.columns]
        place = keys.index(self.wish.column) if self.wish.column in keys else 0
        self._sort_by(keys[(place + 1) % len(keys)])

    def action_reverse(self) -> None:
        """Turn the order round."""
        self.wish_for(replace(self.wish, descending=not self.wish.descending))

    def _sort_by(self, column: str) -> None:
        self.wish_for(replace(self.wish, column=column, descending=column in DESCENDING))

    @on(RowList.HeadingChosen)
    def _heading_chosen(self, message: RowList.HeadingChosen) -> None:
        if message.column == self.wish.column:
            self.action_reverse()
        else:
            self._sort_by(message.column)

    @on(RowList.NearEnd)
    def _near_end(self) -> None:
        if (entries := self.entries) is not None and self._rows is not None and not self._rows.wish.words:
            self.read_towards(entries.count + AHEAD)

    @on(StorageTable.EndWanted)
    def _end_wanted(self) -> None:
        self.read_towards(MOST)
        self.show_where()

    # Marks

    def action_mark(self) -> None:
        """Mark or unmark the row under the cursor and go on to the next."""
        if (key := self.table.cursor_key) is not None:
            self.table.marked = self.table.marked ^ {key}
            self.table.action_cursor_down()
            self._marks_changed()

    def action_mark_all(self) -> None:
        """Mark all rows of the list, or none if all are."""
        keys, marked = set(self.table.keys), self.table.marked
        self.table.marked = marked - keys if keys <= marked else marked | keys
        self._marks_changed()

    def unmark_all(self) -> None:
        """Nothing is marked any more."""
        self.table.marked = set()
        self._marks_changed()

    @on(RowList.MarksChanged)
    def _marks_changed(self) -> None:
        self.add_up_marks()
        self.refresh_bindings()

    def add_up_marks(self) -> None:
        """How many objects are marked and what they take."""
        if len(self.table.marked) <= INLINE:
            self.workers.cancel_group(self, "storage-marks")
            self._marks_added(_add_up(self.entries, self.table.marked, self.counted))
        else:
            self._add_up_apart()

    @work(exclusive=True, group="storage-marks", exit_on_error=False)
    async def _add_up_apart(self) -> None:
        self._marks_added(
            await asyncio.to_thread(_add_up, self.entries, set(self.table.marked), self.counted)
        )

    def _marks_added(self, amount: Amount) -> None:
        self._marked_amount = amount
        self.show_title()

    # What is said above the table

    def show_where(self) -> None:
        """The path, how much of it is on screen, and how old that is if it is old."""
        width = self.size.width or self.app.size.width
        self.query_one("#storage-where", Static).update(storage_where.where_line(self, max(width - 4, 20)))
        self.show_title()

    def show_title(self) -> None:
        """What of the place is shown, and what is marked."""
        words = {Mode.VERSIONS: " with earlier versions", Mode.DELETED: " deleted, can be restored"}
        title = "Storage" + words.get(self.mode, "")
        if marked := len(self.table.marked):
            title += f" · {marked:,} marked, {size(self._marked_amount.bytes)}"
            if inside := marked - self._marked_amount.count:
                title += f" and {inside:,} not counted"
        if self.wish.words:
            shown = f"{len(self._rows):,}" if self._rows is not None else "0"
            title += f" · {shown} with “{printable(self.wish.words)}”"
        self.query_one("#storage-main", Vertical).border_title = Content(title)

    @property
    def arranging(self) -> bool:
        """Whether the rows are being put in order."""
        return self._arranging

    def cells(self, key: str, _widths: Mapping[str, int]) -> tuple[Content, ...]:
        """The cells of one row."""
        entries = self._rows.entries if self._rows is not None else None
        if entries is None:
            return tuple(Content("") for _ in self._declared)
        return cells_of(entries, key, self._declared, self.counted, self.options.settings.region)


def _add_up(entries: Entries | None, marked: set[str], counted: Mapping[GcsUri, Counted]) -> Amount:
    """What marked rows take: objects, and prefixes and buckets that were counted to the end."""
    if entries is None:
        return Amount()
    count = total = 0
    for text in marked:
        key = Key.parse(text)
        number = entries.find(key)
        if number is None:
            continue
        if key.kind in (Kind.BUCKET, Kind.PREFIX):
            known = counted.get(entries.uri_of(key))
            if known is None or known.state:
                continue
            total += known.amount.bytes
        else:
            total += entries.sizes[number]
        count += 1
    return Amount(count, total)
