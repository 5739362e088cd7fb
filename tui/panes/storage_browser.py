"""The way in Cloud Storage: from place to place, with table, tree and what stands beside them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.domain.storagelist.entries import Mode
from tui.domain.storagelist.order import Wish
from tui.domain.storagelist.places import steps
from tui.domain.text import printable
from tui.panes.messages import PaneId
from tui.panes.storage_cells import Counted
from tui.panes.storage_facts import counted_words
from tui.panes.storage_places import StoragePlaces
from tui.panes.storage_prompt import Prompt
from tui.panes.storage_side import StorageSide
from tui.panes.storage_states import needs_payer, versions_word
from tui.panes.storage_table import Row, StorageTable, place_row
from tui.panes.storage_tree import StorageTree
from tui.services.listing import is_within, parent_of
from tui.services.options import AppOptions
from tui.widgets.state_view import StateView

WIDE = 110
"""Columns from which facts and preview stand beside the table."""

WIDER = 150
"""Columns from which the tree has room beside both."""

FRESH_SECONDS = 10.0
"""Age from which a level is read again when the pane comes to the front."""


class StorageBrowser(StoragePlaces):
    """The part of the Storage pane that only reads."""

    PANE_ID = PaneId.STORAGE

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._at_tree = False

    def compose(self) -> ComposeResult:
        yield Static(id="storage-where")
        with Horizontal(id="storage-body"):
            with Vertical(id="storage-branches", classes="box") as branches:
                branches.border_title = "Tree"
                yield StorageTree(id="storage-tree")
            with Vertical(id="storage-main", classes="box") as box:
                box.border_title = "Storage"
                yield StateView(id="storage-state")
                yield StorageTable(
                    id="storage-table", cells=self.cells, takes_enter=False, takes_sideways=False
                )
            yield StorageSide(id="storage-side")
        yield Prompt(id="storage-prompt")
        yield Static(id="storage-note", classes="hidden")

    def on_mount(self) -> None:
        """Show what there is, which at first is the wait for the connection."""
        self.query_one(StorageSide).show_facts("Details", [])
        self.load()

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other when there is room, else one behind the other."""
        self.set_class(event.size.width >= WIDE, "wide")
        self.set_class(event.size.width >= WIDER, "wider")
        self.show_where()

    @property
    def at_tree(self) -> bool:
        """Whether the tree is the list that the user is at: keys are about its node then, marks or not."""
        return self._at_tree and self.tree_shown

    @property
    def row(self) -> Row | None:
        """What is under the cursor of the list that the user is at."""
        if not self.at_tree:
            return self.table_row
        place = self.query_one(StorageTree).pointed
        return place_row(place) if place is not None else None

    def targets(self) -> tuple[Row, ...]:
        """The tree's node, else what the table has marked or under its cursor."""
        if not self.at_tree:
            return super().targets()
        return (row,) if (row := self.row) is not None else ()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Keep at which of the two lists the user is, whatever is opened beside or over them."""
        if isinstance(event.widget, StorageTree | StorageTable):
            self._be_at(event.widget)

    def _be_at(self, part: Widget) -> None:
        before, self._at_tree = self._at_tree, isinstance(part, StorageTree)
        if before != self._at_tree:
            self.refresh_bindings()
            if not self.reading:
                self.row_changed()

    # From the app

    def browse(self, uri: GcsUri, *, from_caller: bool = True) -> None:
        """Show a place, or an object's place with the cursor on it.

        `esc` then leads back to the pane that asked for it, or, with `from_caller` off, up.
        """
        self._leave()
        self.mode = Mode.LIVE
        self.place = uri if uri.is_prefix else GcsUri(uri.bucket, uri.name + "/")
        self.entry = self.place if from_caller else None
        self._wanted = uri
        self._at_tree = False  # what was asked for is in the table
        self._arrive(None)

    def watch_gateway(self, gateway: Gateway | None) -> None:
        """Read again through the new connection; what is on screen stays until then."""
        if gateway is not None and self.is_mounted:
            self.load()
            self._follow_in_tree()

    def watch_connection_trouble(self, error: CloudError | None) -> None:
        """Say why nothing can be read."""
        if error is not None and self.gateway is None and self.is_mounted:
            self.take_trouble(error)

    def pane_shown(self) -> None:
        """A level that has grown old is read again."""
        super().pane_shown()
        entries = self.entries
        read_at = entries.read_at if entries is not None else None
        if not self.reads_on and (
            read_at is None or datetime.now(UTC) - read_at > timedelta(seconds=FRESH_SECONDS)
        ):
            self.load()

    def go_back(self) -> bool:
        """Out of what is open, then up to where the user came in."""
        prompt = self.query_one(Prompt)
        if prompt.is_open:
            prompt.cancel()
        elif self.reading:
            self.close_side()
        elif self.wish.words:
            self.filter_by("")
        elif self.table.marked:
            self.unmark_all()
        elif self.mode is not Mode.LIVE:
            self.show_mode(Mode.LIVE)
        elif self.place is not None and self.place != self.entry and is_within(self.place, self.entry):
            self.go_up()
        else:
            return False
        self.give_focus()
        return True

    # Going

    def go(self, place: GcsUri | None, *, on: GcsUri | None = None) -> None:
        """Show a place, with the cursor on `on` or where it was the last time."""
        self._leave()
        self.place = place
        if place is None and self.mode is Mode.VERSIONS:
            self.mode = Mode.LIVE
        if not is_within(place, self.entry):
            self.entry = place
        self._arrive(on)

    def go_up(self) -> None:
        """Show the place above, with the cursor on the one left."""
        if self.place is not None:
            self.go(parent_of(self.place), on=self.place)

    def action_storage_step(self, number: int) -> None:
        """Show a place on the way to this one: a click on its name."""
        if self.place is not None and 0 <= number < len(way := steps(self.place)):
            self.go(way[number], on=way[number + 1] if number + 1 < len(way) else None)

    def show_mode(self, mode: Mode) -> None:
        """Show other generations of the same place."""
        on = self.table_row.uri if self.table_row is not None else None
        self._leave()
        self.mode = mode
        self._arrive(on)

    def refresh_level(self, *, on: GcsUri | None = None, forget: bool = False) -> None:
        """Read the place again; `forget` drops what is remembered of all other places."""
        if forget:
            self.forget_levels()
            self._reread_tree()
        self.forget_counts()
        self.forget_details()
        self.load(on)

    def _leave(self) -> None:
        self.wish = Wish()
        self._wanted = self._seek = None
        self._report_shown = False
        self.trouble = self.trouble_since = None
        self.remove_class("reading")
        self.workers.cancel_group(self, "storage-preview")

    def _arrive(self, on: GcsUri | None) -> None:
        self._facts_of = None
        if self._wanted is None:
            self.remember(self.place)
        self.load(on)
        self._follow_in_tree()
        if self.display:
            self.give_focus()

    def give_focus(self) -> None:
        """Put the focus on what the user is at."""
        prompt = self.query_one(Prompt)
        if prompt.is_open:
            prompt.focus_field()
        elif self.reading:
            self.query_one(StorageSide).take_focus()
        else:
            (self.query_one(StorageTree) if self.at_tree else self.table).focus()

    # The tree

    @property
    def tree_shown(self) -> bool:
        """Whether the tree stands beside the table."""
        return self.has_class("branches") and self.has_class("wide")

    def action_tree(self) -> None:
        """Show the tree beside the table, or take it away."""
        self.toggle_class("branches")
        if self.tree_shown:
            self._follow_in_tree()
        self._go_to_list(self.table)
        self.refresh_bindings()

    def action_other_list(self) -> None:
        """From the table to the tree, and back."""
        self._go_to_list(self.table if self.at_tree else self.query_one(StorageTree))

    def _go_to_list(self, part: Widget) -> None:
        """At once, not with the message about the focus: the next key is about what this list points at."""
        self.screen.set_focus(part)
        self._be_at(part)

    def _follow_in_tree(self) -> None:
        if self.tree_shown and not self.at_tree:
            self.query_one(StorageTree).follow(self.gateway, self.place)

    def _reread_tree(self) -> None:
        """Show it as it is now, the user at the same place or at what held it, for it may be gone."""
        tree = self.query_one(StorageTree)
        pointed = tree.pointed if self.at_tree else None
        tree.forget()
        if self.tree_shown:
            tree.follow(self.gateway, parent_of(pointed) if pointed is not None else self.place)

    def show_counted(self, uri: GcsUri, counted: Counted) -> None:
        """In the table and the facts, and in words where there is neither beside the tree."""
        super().show_counted(uri, counted)
        if self.at_tree:
            self.say(counted_words(uri, counted))

    @on(StorageTree.NodeHighlighted)
    def _node_moved(self, message: StorageTree.NodeHighlighted[GcsUri | None]) -> None:
        message.stop()
        if self.at_tree:
            self.row_moved()

    @on(StorageTree.Went)
    def _went(self, message: StorageTree.Went) -> None:
        if message.place != self.place:
            self.mode = Mode.LIVE
            self.go(message.place)

    # Other generations, and who pays

    def action_versions(self) -> None:
        """Show noncurrent generations below each object, or no longer."""
        if word := versions_word(self.place):
            self.say(word)
        else:
            self.show_mode(Mode.LIVE if self.mode is Mode.VERSIONS else Mode.VERSIONS)

    def action_deleted(self) -> None:
        """Show what is soft-deleted instead of what is there, or no longer."""
        self.show_mode(Mode.LIVE if self.mode is Mode.DELETED else Mode.DELETED)

    @property
    def needs_payer(self) -> bool:
        """Whether the place can be read only if somebody is named who pays."""
        return self.place is not None and needs_payer(self.trouble)

    def action_pay(self) -> None:
        """Let the session's project pay for what is read of this bucket."""
        if self.gateway is not None and self.place is not None and self.needs_payer:
            self.gateway.storage.pay_for(self.place.bucket)
            self.say(f"{printable(self.gateway.target.project)} pays for gs://{printable(self.place.bucket)}")
            self.load()
