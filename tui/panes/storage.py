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


def _quiet(keys: str, action: str, name: str, ident: str, why: str) -> Binding:
    """A key that only the help and the palette tell of."""
    return Binding(keys, action, name, id=f"storage.{ident}", show=False, tooltip=why)


class StoragePane(StorageBuckets):
    """Buckets, prefixes and objects, with what can be done to them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,l,right", "open", "Open", id="storage.open", tooltip="Go in, or show the beginning"),
        Binding("backspace,h,left", "up", "Up", id="storage.up", tooltip="The place above"),
        Binding("d", "download", "Download", id="storage.download", tooltip="Bring it to this box"),
        Binding("U", "upload", "Upload", id="storage.upload", tooltip="A file or a folder of this box"),
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
        Binding("P", "pay", "Pay", id="storage.pay", tooltip="Read at the expense of this session's project"),
        _quiet("y", "copy", "Copy path", "copy", "Copy the gs:// path"),
        _quiet("Y", "copy_web", "Copy address", "copy-web", "For a browser"),
        _quiet("i", "details", "Details", "details", "All facts"),
        _quiet("T", "show_transfers", "Transfers", "transfers", "What is under way and what came of it"),
        _quiet("space", "mark", "Mark", "mark", "Mark for the next command"),
        _quiet("asterisk", "mark_all", "Mark all", "mark-all", "All, or none"),
        _quiet("C", "count", "Count", "count", "How much lies below, counted in the background"),
        _quiet("u", "buckets", "All buckets", "buckets", "Of this project"),
        _quiet("H", "places", "Places", "places", "Above, of the job, recent"),
        _quiet("t", "tree", "Tree", "tree", "Beside the table"),
        _quiet("tab", "other_list", "Tree or table", "other", "To the other"),
        _quiet("r", "refresh", "Refresh", "refresh", "Read this place again"),
        _quiet("s", "sort", "Sort", "sort", "Order by the next column"),
        _quiet("S", "reverse", "Reverse", "reverse", "Turn the order round"),
        _quiet("v", "versions", "Versions", "versions", "Earlier ones too, or not"),
        _quiet("D", "deleted", "Deleted", "deleted", "What can be restored"),
        Binding("less_than_sign", "columns(-1)", "Columns to the left", show=False),
        Binding("greater_than_sign", "columns(1)", "Columns to the right", show=False),
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
            "mark": row is not None and not self.at_tree,
            "mark_all": row is not None and not self.at_tree,
            "count": row is not None,
            "details": row is not None,
            "versions": self.place is not None,
            "tree": self.has_class("wide"),
            "other_list": self.tree_shown and (self.has_class("wider") or not self.reading),
            "pay": self.needs_payer,
        }
        return works[action] if action in works else super().check_action(action, parameters)

    @property
    def _has_targets(self) -> bool:
        return self.row is not None or (bool(self.table.marked) and not self.at_tree)

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
