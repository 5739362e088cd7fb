"""The part of the Storage pane that shows what stands beside the table: facts, previews, reports."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from datetime import datetime

from textual import on, work

from tui.domain.errors import CloudError
from tui.domain.preview import PREVIEW_BYTES
from tui.domain.storage import GcsUri, ObjectDetail
from tui.domain.storagelist.entries import Mode
from tui.domain.text import printable, size
from tui.panes.storage_counting import StorageCounting
from tui.panes.storage_facts import Facts, detail_facts, row_facts
from tui.panes.storage_side import StorageSide
from tui.panes.storage_table import Row, RowKind
from tui.services.options import AppOptions
from tui.services.preview import PreviewReader
from tui.widgets.rows import RowList

REST_SECONDS = 0.4
"""How long the cursor stays on an object before all of its metadata is read."""

LISTS = frozenset({"storage-table", "storage-tree"})
"""What has a cursor that facts follow."""

KEPT_DETAILS = 200
"""Objects whose metadata is remembered."""


class StorageDetails(StorageCounting):
    """Facts of the row under the cursor, and what is opened of it."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._facts_of: tuple[Row | None, object] | None = None
        self._report_shown = False
        self._details: dict[tuple[GcsUri, int, datetime | None], ObjectDetail | CloudError] = {}

    @property
    def reading(self) -> bool:
        """Whether a preview, a report or the details are open."""
        return self.has_class("reading")

    @property
    def list_has_focus(self) -> bool:
        """Whether the keys go to a list rather than to what is open beside it."""
        focused = self.screen.focused
        return focused is not None and focused.id in LISTS

    @on(RowList.Highlighted)
    def row_moved(self) -> None:
        """The cursor is on something else."""
        self.refresh_bindings()
        self.row_changed()

    def row_changed(self) -> None:
        """Show the facts of the row under the cursor, unless something else is open."""
        if self._report_shown or (self.reading and not self.list_has_focus):
            return
        row = self.row
        known = (row, self.counted.get(row.uri) if row is not None else None)
        if known != self._facts_of:
            self._facts_of = known
            self.workers.cancel_group(self, "storage-preview")  # it would come under the name of this row
            self.remove_class("reading")
            self._show_facts(row)
            self._read_detail(row)

    def _show_facts(self, row: Row | None) -> None:
        side = self.query_one(StorageSide)
        if row is None:
            side.show_facts("Details", [])
        else:
            side.show_facts(row.name, self.facts_of(row), self._note_of(row))

    def facts_of(self, row: Row) -> Facts:
        """All that is known of a row."""
        facts = row_facts(row, self.counted.get(row.uri), self.options.settings.region)
        detail = self._details.get(_detail_key(row)) if row.item is not None else None
        if isinstance(detail, ObjectDetail):
            facts += detail_facts(detail)
        elif detail is not None:
            facts.append(("more", f"✗ {printable(detail.title)}"))
        elif row.item is not None:
            facts.append(("generation", str(row.item.generation)))
        return facts

    def _note_of(self, row: Row) -> str:
        if row.past:
            if self.mode is Mode.VERSIONS:
                return "R makes it live again"
            return "it can be restored until it goes for good"
        if row.kind is RowKind.OBJECT:
            return "enter shows the beginning"
        return "enter goes in · C counts what lies below"

    @work(exclusive=True, group="storage-detail", exit_on_error=False)
    async def _read_detail(self, row: Row | None) -> None:
        """All metadata of an object, once the cursor has rested on it; kept, failures too until a refresh."""
        if row is None or row.item is None or self.gateway is None or _detail_key(row) in self._details:
            return
        if row.item.past is not None and row.item.past.deleted_at is not None:
            return  # the service tells of a soft-deleted object only in lists
        await asyncio.sleep(REST_SECONDS)
        found: ObjectDetail | CloudError
        try:
            found = await self.gateway.storage.get_object(row.uri, generation=row.item.generation)
        except CloudError as error:
            found = error
        while len(self._details) >= KEPT_DETAILS:
            del self._details[next(iter(self._details))]
        self._details[_detail_key(row)] = found
        if self._facts_of is not None and self._facts_of[0] == row and not self._report_shown:
            self.query_one(StorageSide).show_facts(row.name, self.facts_of(row), self._note_of(row))

    def forget_details(self) -> None:
        """Read metadata again."""
        self._details.clear()
        self._facts_of = None

    # What is opened

    def action_details(self) -> None:
        """Show the facts alone where there is no room beside the table."""
        if (row := self.row) is None:
            return
        if self.reading:
            self.close_side()
            self.give_focus()
        else:
            self._show_facts(row)
            self.open_side()
            self.give_focus()

    def close_side(self) -> None:
        """Back from a preview or a report to the list."""
        self.workers.cancel_group(self, "storage-preview")
        self._report_shown = False
        self.remove_class("reading")
        self._facts_of = None
        self.row_changed()
        self.refresh_bindings()

    def open_side(self) -> None:
        """Give what stands beside the table the room of it where there is too little for both."""
        self.add_class("reading")
        self.query_one(StorageSide).border_subtitle = "esc closes"
        if self.display and (not self.has_class("wide") or self.has_class("roomy")):
            self.give_focus()  # the list is behind it
        self.refresh_bindings()

    @work(exclusive=True, group="storage-preview", exit_on_error=False)
    async def preview(self, row: Row) -> None:
        """Show the beginning of an object."""
        if self.gateway is None or row.item is None:
            return
        side = self.query_one(StorageSide)
        self.workers.cancel_group(self, "storage-detail")  # it would show facts in the place of the preview
        self._report_shown = False
        side.show_facts(row.name, self.facts_of(row), f"reading up to {size(PREVIEW_BYTES)} …")
        self.open_side()
        await side.open(PreviewReader(self.gateway.storage, row.item))
        self.refresh_bindings()

    def show_report(self, title: str, summary: str, lines: list[str]) -> None:
        """Show an account of what was done beside or instead of the list."""
        self._report_shown = True
        self.query_one(StorageSide).show_report(title, summary, lines)
        self.open_side()
        if self.display:
            self.give_focus()

    def drop_report(self) -> None:
        """Close an account that does not hold any more."""
        if self._report_shown:
            self.close_side()
            if self.display:
                self.give_focus()

    @abstractmethod
    def say(self, text: str, tone: str = "") -> None:
        """One line about what was done or is being done; empty hides it."""


def _detail_key(row: Row) -> tuple[GcsUri, int, datetime | None]:
    return row.uri, row.item.generation if row.item else 0, row.item.updated if row.item else None
