"""The Storage pane: find the outputs, take them home, clean up without fear."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from tui.domain.storage import GcsUri
from tui.domain.text import printable
from tui.panes.storage_bucket import StorageBuckets
from tui.panes.storage_prompt import Prompt
from tui.panes.storage_table import RowKind, StorageTable


class StoragePane(StorageBuckets):
    """Buckets, prefixes and objects, with what can be done to them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,l,right", "open", "Open", id="storage.open", tooltip="Go in, or show the beginning"),
        Binding("backspace,h,left", "up", "Up", id="storage.up", tooltip="The place above"),
        Binding("d", "download", "Download", id="storage.download", tooltip="Bring it to this box"),
        Binding(
            "x,delete",
            "delete",
            "Delete",
            id="storage.delete",
            tooltip="Count first, then ask, then delete what was counted",
        ),
        Binding("b", "new_bucket", "New bucket", id="storage.bucket", tooltip="In the region of your jobs"),
        Binding(
            "slash", "filter", "Filter", id="storage.filter", tooltip="Only names that hold what you type"
        ),
        Binding("o,colon", "go_to", "Go to", id="storage.goto", tooltip="Type a gs:// path"),
        Binding("c", "stop", "Stop", id="storage.stop", tooltip="Stop counting, downloading or deleting"),
        Binding("u", "buckets", "All buckets", id="storage.buckets", show=False, tooltip="Of this project"),
        Binding("y", "copy", "Copy path", id="storage.copy", show=False, tooltip="Copy the gs:// path"),
        Binding("r", "refresh", "Refresh", id="storage.refresh", show=False, tooltip="Read this place again"),
    ]

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Only what works now."""
        if not self.is_mounted:
            return True
        row = self.table.row
        on_entry = row is not None and row.uri is not None
        free = not self.busy and self.gateway is not None
        may_change = free and not self.read_only
        works = {
            "open": row is not None and not self._text_has_focus,
            "up": self.place is not None or self.reading,
            "download": on_entry and free,
            "delete": on_entry and may_change,
            "new_bucket": self.place is None and may_change,
            "stop": self.stoppable,
            "copy": on_entry or self.place is not None,
            "buckets": self.place is not None,
        }
        return works.get(action, True)

    @on(StorageTable.Chosen)
    def action_open(self) -> None:
        """Go in, show the beginning, or read on."""
        row = self.table.row
        if row is None:
            return
        if row.kind is RowKind.MORE:
            self.load_more()
        elif row.kind is RowKind.OBJECT:
            self.preview(row)
        else:
            self.go(row.uri)

    def action_up(self) -> None:
        """Out of a preview, or to the place above."""
        if self.reading:
            self.go_back()
        else:
            self.go_up()

    def action_buckets(self) -> None:
        """Show the project's buckets."""
        self.go(None)

    def action_refresh(self) -> None:
        """Read this place again."""
        self.refresh_level()

    def action_stop(self) -> None:
        """Stop what is under way."""
        self.stop_work()

    def action_copy(self) -> None:
        """Copy the path under the cursor, else of the place."""
        row = self.table.row
        uri = row.uri if row is not None and row.uri is not None else self.place
        if uri is not None:
            self.copy(str(uri), printable(str(uri)), self.say)

    @work(exclusive=True, group="storage-prompt", exit_on_error=False)
    async def action_filter(self) -> None:
        """Show only names that hold what is typed; `esc` shows all again."""
        answer = await self.query_one(Prompt).ask("Filter", self._words, on_change=self.filter_by)
        if answer is None:
            self.filter_by("")
        self._focus()

    @work(exclusive=True, group="storage-prompt", exit_on_error=False)
    async def action_go_to(self) -> None:
        """Show a typed path."""
        start = str(self.place) if self.place is not None else "gs://"
        answer = await self.query_one(Prompt).ask("Go to", start)
        self._focus()
        if answer is None:
            return
        try:
            uri = GcsUri.parse(answer if "://" in answer else f"gs://{answer}")
        except ValueError:
            self.say(f"not a path: {printable(answer)} · it begins with gs:// and a bucket", "error")
        else:
            self.say("")
            self.browse(uri)

    def action_download(self) -> None:
        """Bring what is under the cursor to this box."""
        row = self.table.row
        if self.gateway is not None and row is not None and row.uri is not None:
            self.download(self.gateway, row, row.uri)

    def action_delete(self) -> None:
        """Count what is under the cursor, ask, and delete it."""
        row = self.table.row
        if self.gateway is not None and row is not None and row.uri is not None:
            self.delete(self.gateway, row, row.uri)

    def action_new_bucket(self) -> None:
        """Create a bucket in the region of the jobs."""
        if self.gateway is not None:
            self.create(self.gateway)

    @property
    def _text_has_focus(self) -> bool:
        focused = self.screen.focused
        return self.reading and focused is not None and focused.id == "storage-text"
