"""The list of past deletes: what went when, and until when it can be taken back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import DataTable, Static

from tui.domain.deleteplan import count_and_size
from tui.domain.storagewords import when
from tui.domain.text import middle_cut
from tui.panes.storage_undo_words import place_of, state_of, undo_of
from tui.services.deletion.records import Record
from tui.widgets.table import FILL, Column, ListTable
from tui.widgets.text_screen import TextScreen
from tui.widgets.type_ahead import AnswerScreen

COLUMNS = (
    Column("when", "WHEN", 16),
    Column("place", "PLACE", FILL),
    Column("count", "COUNT", 9),
    Column("state", "STATE", 16),
    Column("undo", "UNDO", 10),
)
NARROW = (Column("short", "WHEN", 11), *(each for each in COLUMNS[1:] if each.key != "count"))
"""The count is told below for the row under the cursor."""
ROOMY = 100
"""Columns of the terminal from which the year and the count have room."""


class DeletesScreen(AnswerScreen[Record | None]):
    """Past deletes, the newest first; answers with the one to undo, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Close", id="deletes.close"),
        Binding("enter", "details", "Details", id="deletes.details", tooltip="What became of each object"),
        Binding("u,Z", "undo", "Undo", id="deletes.undo", tooltip="Look what can come back, ask, restore"),
    ]
    ANSWERING: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, records: Sequence[Record], details: Callable[[Record], Awaitable[list[str]]]) -> None:
        """`details` tells all about one, looked up where its journal does not know."""
        super().__init__()
        self._records = {record.number: record for record in records}
        self._details = details

    def compose(self) -> ComposeResult:
        with Vertical(id="deletes") as box:
            box.border_title = "Deletes"
            box.border_subtitle = "enter: details · u: undo · esc: close"
            yield ListTable(id="deletes-table")
            yield Static(id="deletes-note")

    def on_mount(self) -> None:
        """Say so if there are none."""
        self.query_one(ListTable).focus()
        if not self._records:
            self._say("Nothing was deleted from here yet. Every delete is listed here, with its undo.")

    @on(ListTable.Resized)
    def _show(self) -> None:
        table = self.query_one(ListTable)
        columns = COLUMNS if self.app.size.width >= ROOMY else NARROW
        fill = table.set_columns(columns)
        now = datetime.now(UTC)
        table.show_rows(
            [
                (number, tuple(self._cell(record, column.key, fill, now) for column in columns))
                for number, record in self._records.items()
            ]
        )

    def _cell(self, record: Record, key: str, fill: int, now: datetime) -> Content:
        texts = {
            "when": when(record.began),
            "short": when(record.began)[5:],
            "place": middle_cut(place_of(record), fill),
            "count": f"{record.count:>9,}",
            "state": state_of(record),
            "undo": undo_of(record, now),
        }
        return Content(texts[key])

    @on(DataTable.RowHighlighted)
    def _moved(self) -> None:
        if (record := self._chosen) is not None:
            place = "LOCAL" if record.local else f"Google Cloud, {record.project}"
            self._say(f"{when(record.began)} · {count_and_size(record.count, record.bytes)} · {place}")

    @on(DataTable.RowSelected)
    def _clicked(self) -> None:
        self.action_details()

    @property
    def _chosen(self) -> Record | None:
        key = self.query_one(ListTable).cursor_key
        return self._records.get(key) if key is not None else None

    def _say(self, text: str) -> None:
        self.query_one("#deletes-note", Static).update(Content(text))

    def action_undo(self) -> None:
        """Close, and look what can come back."""
        if (record := self._chosen) is not None:
            self.dismiss(record)

    def action_details(self) -> None:
        """Show what became of each object."""
        if (record := self._chosen) is not None:
            self._show_details(record)

    @work(exclusive=True, group="details", exit_on_error=False)
    async def _show_details(self, record: Record) -> None:
        lines = await self._details(record)
        self.app.push_screen(TextScreen(f"Delete of {place_of(record)}", "\n".join(lines), ""))
