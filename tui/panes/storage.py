"""The Storage pane: find the outputs, take them home, clean up without fear."""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType

from tui.domain.storagelist.entries import Mode
from tui.panes.storage_bucket import StorageBuckets
from tui.panes.storage_prompt import Prompt
from tui.panes.storage_table import RowKind
from tui.widgets.rows import RowList


class StoragePane(StorageBuckets):
    """Buckets, prefixes and objects, with what can be done to them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,l,right", "open", "Open", id="storage.open", tooltip="Go in, or show the beginning"),
        Binding("backspace,h,left", "up", "Up", id="storage.up", tooltip="The place above"),
        Binding("d", "download", "Download", id="storage.download", tooltip="Bring it to this box"),
        Binding("U", "upload", "Upload", id="storage.upload", tooltip="A file or a folder of this box"),
        Binding(
            "T",
            "show_transfers",
            "Transfers",
            id="storage.transfers",
            show=False,
            tooltip="What is under way and what came of it",
        ),
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
        Binding("space", "mark", "Mark", id="storage.mark", show=False, tooltip="Mark for the next command"),
        Binding(
            "asterisk", "mark_all", "Mark all", id="storage.mark-all", show=False, tooltip="All, or none"
        ),
        Binding("s", "sort", "Sort", id="storage.sort", show=False, tooltip="Order by the next column"),
        Binding("S", "reverse", "Reverse", id="storage.reverse", show=False, tooltip="Turn the order round"),
        Binding("less_than_sign", "columns(-1)", "Columns to the left", show=False),
        Binding("greater_than_sign", "columns(1)", "Columns to the right", show=False),
        Binding(
            "C",
            "count",
            "Count",
            id="storage.count",
            show=False,
            tooltip="How much lies below, counted in the background",
        ),
        Binding("v", "versions", "Versions", id="storage.versions", show=False, tooltip="Or not"),
        Binding(
            "D",
            "deleted",
            "Deleted",
            id="storage.deleted",
            show=False,
            tooltip="What can be restored",
        ),
        Binding("t", "tree", "Tree", id="storage.tree", show=False, tooltip="Beside the table"),
        Binding("tab", "other_list", "Tree or table", id="storage.other", show=False, tooltip="To the other"),
        Binding("i", "details", "Details", id="storage.details", show=False, tooltip="All facts"),
        Binding(
            "H",
            "places",
            "Places",
            id="storage.places",
            show=False,
            tooltip="Above, of the job, recent",
        ),
        Binding("P", "pay", "Pay", id="storage.pay", tooltip="Read at the expense of this session's project"),
        Binding("u", "buckets", "All buckets", id="storage.buckets", show=False, tooltip="Of this project"),
        Binding("y", "copy", "Copy path", id="storage.copy", show=False, tooltip="Copy the gs:// path"),
        Binding(
            "Y",
            "copy_web",
            "Copy address",
            id="storage.copy-web",
            show=False,
            tooltip="For a browser",
        ),
        Binding("r", "refresh", "Refresh", id="storage.refresh", show=False, tooltip="Read this place again"),
    ]

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what works now."""
        if not self.is_mounted:
            return True
        row, targets = self.row, self._has_targets
        free = not self.busy and self.gateway is not None
        there = targets and not self._past_targets
        may_change = free and not self.read_only
        works = {
            "open": row is not None and not self._text_has_focus,
            "up": self.place is not None or self.reading,
            "download": there and free,
            "upload": may_change and self.upload_place is not None,
            "delete": there and may_change,
            "new_bucket": self.place is None and self.mode is Mode.LIVE and may_change,
            "stop": self.stoppable or self.counts or self.reads_on,
            "copy": targets or self.place is not None,
            "copy_web": targets or self.place is not None,
            "buckets": self.place is not None,
            "mark": row is not None,
            "mark_all": row is not None,
            "count": row is not None,
            "details": row is not None,
            "versions": self.place is not None,
            "tree": self.has_class("wide"),
            "other_list": self.tree_shown,
            "pay": self.needs_payer,
        }
        return works[action] if action in works else super().check_action(action, parameters)

    @property
    def _has_targets(self) -> bool:
        return bool(self.table.marked) or self.row is not None

    @property
    def _past_targets(self) -> bool:
        """Whether what is pointed at is not there any more, as far as that is told without a look at each."""
        return self.mode is Mode.DELETED

    @on(RowList.Chosen)
    def action_open(self) -> None:
        """Go in, or show the beginning."""
        row = self.row
        if row is None:
            return
        if row.past and self.mode is Mode.DELETED and row.kind is not RowKind.PREFIX:
            self.say("it is deleted and has to be restored before it can be opened")
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

    def action_columns(self, step: int) -> None:
        """Show the columns for which there was no room."""
        self.table.action_turn_columns(step)

    def action_stop(self) -> None:
        """Stop what is under way."""
        if self.stoppable:
            self.stop_work()
        else:
            self.stop_counting()
            self.read_no_further()

    @work(exclusive=True, group="storage-prompt", exit_on_error=False)
    async def action_filter(self) -> None:
        """Show only names that hold what is typed; `esc` shows all again."""
        answer = await self.query_one(Prompt).ask("Filter", self.wish.words, on_change=self.filter_by)
        if answer is None:
            self.filter_by("")
        self.give_focus()

    def action_download(self) -> None:
        """Bring what is under the cursor to this box."""
        row = self.row
        if self.gateway is not None and row is not None:
            self.download(self.gateway, self.targets())

    def action_delete(self) -> None:
        """Count what is under the cursor, ask, and delete it."""
        if self.gateway is not None and (rows := self.targets()):
            self.delete(self.gateway, rows)

    def action_new_bucket(self) -> None:
        """Create a bucket in the region of the jobs."""
        if self.gateway is not None:
            self.create(self.gateway)

    @property
    def _text_has_focus(self) -> bool:
        focused = self.screen.focused
        return self.reading and focused is not None and focused.has_class("body")
