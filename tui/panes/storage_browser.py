"""The way in Cloud Storage: places, the cursor, previews, and what to say when there is nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from textual import events, on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.preview import PREVIEW_BYTES
from tui.domain.storage import GcsUri
from tui.domain.text import middle_cut, printable, size
from tui.panes import messages
from tui.panes.base import Pane
from tui.panes.messages import PaneId
from tui.panes.storage_prompt import Prompt
from tui.panes.storage_side import StorageSide
from tui.panes.storage_table import Row, RowKind, StorageTable
from tui.panes.storage_words import LevelRows, level_columns, place_name, row_facts
from tui.services.listing import Level, find_place, is_within, parent_of, read_level, read_more, read_preview
from tui.services.options import AppOptions
from tui.widgets.state_view import StateView, local_clock

WIDE = 110
"""Columns from which facts and preview stand beside the table."""

KEPT_LEVELS = 20
"""Levels remembered, so that going up shows something at once."""

RETRY_SECONDS = 15.0
"""Pause before a place that could not be read is tried again by itself."""

FRESH_SECONDS = 10.0
"""Age from which a level is read again when the pane comes to the front."""


class StorageBrowser(Pane):
    """The part of the Storage pane that only reads."""

    PANE_ID = PaneId.STORAGE

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self.place: GcsUri | None = None
        """What is shown: a bucket or a prefix; None for the project's buckets."""
        self.entry: GcsUri | None = None
        """Where the user came in: `esc` goes up to here and then leaves the pane."""
        self._wanted: GcsUri | None = None
        self._levels: dict[GcsUri | None, Level] = {}
        self._cursors: dict[GcsUri | None, GcsUri] = {}
        self._words = ""
        self._trouble: CloudError | None = None
        self._trouble_since: datetime | None = None
        self._retry: Timer | None = None
        self._loading_more = False
        self._facts_of: Row | None = None
        self._report_shown = False

    def compose(self) -> ComposeResult:
        yield Static(id="storage-where")
        with Horizontal(id="storage-body"):
            with Vertical(id="storage-main", classes="box") as box:
                box.border_title = "Storage"
                yield StateView(id="storage-state")
                yield StorageTable(id="storage-table")
            yield StorageSide(id="storage-side")
        yield Prompt(id="storage-prompt")
        yield Static(id="storage-note", classes="hidden")

    def on_mount(self) -> None:
        """Show what there is, which at first is the wait for the connection."""
        self.query_one(StorageSide).show_facts("Details", [])
        self._load()

    def on_resize(self, event: events.Resize) -> None:
        """Beside each other when there is room, else one behind the other."""
        self.set_class(event.size.width >= WIDE, "wide")
        self._show_where()

    @property
    def table(self) -> StorageTable:
        """The list of the level."""
        return self.query_one(StorageTable)

    @property
    def level(self) -> Level | None:
        """What is known of the place shown."""
        return self._levels.get(self.place)

    @property
    def reading(self) -> bool:
        """Whether a preview or a report is open."""
        return self.has_class("reading")

    # From the app

    def browse(self, uri: GcsUri) -> None:
        """Show a place, or an object's place with the cursor on it; `esc` then leads back to the caller."""
        self._leave()
        self.place = self.entry = uri if uri.is_prefix else GcsUri(uri.bucket, uri.name + "/")
        self._wanted = uri
        self._load()

    def watch_gateway(self, gateway: Gateway | None) -> None:
        """Read again through the new connection; what is on screen stays until then."""
        if gateway is not None and self.is_mounted:
            self._load()

    def watch_connection_trouble(self, error: CloudError | None) -> None:
        """Say why nothing can be read."""
        if error is not None and self.gateway is None and self.is_mounted:
            self._take_trouble(error)

    def pane_shown(self) -> None:
        """Focus what the user was at; a level that has grown old is read again."""
        self._focus()
        level = self.level
        old = level is None or level.read_at is None
        if level is not None and level.read_at is not None:
            old = datetime.now(UTC) - level.read_at > timedelta(seconds=FRESH_SECONDS)
        if old:
            self._load()

    def go_back(self) -> bool:
        """Out of what is open, then up to where the user came in."""
        prompt = self.query_one(Prompt)
        if prompt.is_open:
            prompt.cancel()
        elif self.reading:
            self.close_side()
        elif self._words:
            self.filter_by("")
        elif self.place is not None and self.place != self.entry and is_within(self.place, self.entry):
            self.go_up()
        else:
            return False
        self._focus()
        return True

    # Going

    def go(self, place: GcsUri | None, *, on: GcsUri | None = None) -> None:
        """Show a place, with the cursor on `on` or where it was the last time."""
        self._leave()
        self.place = place
        if not is_within(place, self.entry):
            self.entry = place
        self._load(on or self._cursors.get(place))
        self._focus()

    def go_up(self) -> None:
        """Show the place above, with the cursor on the one left."""
        if self.place is not None:
            self.go(parent_of(self.place), on=self.place)

    def refresh_level(self, *, on: GcsUri | None = None, forget: bool = False) -> None:
        """Read the place again; `forget` drops what is remembered of all other places."""
        if forget:
            self._levels = {place: level for place, level in self._levels.items() if place == self.place}
        self._load(on)

    def filter_by(self, words: str) -> None:
        """Show only the names that hold `words`."""
        self._words = words
        self._show_level()

    def _leave(self) -> None:
        row = self.table.row
        if row is not None and row.uri is not None:
            self._cursors[self.place] = row.uri
        self._words = ""
        self._wanted = None
        self._report_shown = False
        self._trouble = self._trouble_since = None
        self.close_side()

    def _focus(self) -> None:
        side, prompt = self.query_one(StorageSide), self.query_one(Prompt)
        if prompt.is_open:
            prompt.focus_field()
        elif self.reading and not side.text.has_class("hidden"):
            side.text.focus()
        else:
            self.table.focus()

    # Reading a level

    @work(exclusive=True, group="storage-level", exit_on_error=False)
    async def _load(self, on: GcsUri | None = None) -> None:
        """Read the place shown from its beginning, as far as it was read before."""
        self._stop_retry()
        self._loading_more = False
        self._show_level(on=on)
        gateway = self.gateway
        if gateway is None:
            if self.connection_trouble is not None:
                self._take_trouble(self.connection_trouble)
            return
        try:
            if self._wanted is not None:
                self.place, name = await find_place(gateway.storage, self._wanted)
                self.entry, self._wanted = self.place, None
                on = GcsUri(self.place.bucket, name) if name else on
            known = self.level
            level = await read_level(gateway.storage, self.place, at_least=known.count if known else 1)
        except CloudError as error:
            self._take_trouble(error)
        else:
            self._take_level(level, on=on)

    @on(StorageTable.NearEnd)
    def _near_end(self) -> None:
        if not self._words:
            self.load_more()

    def load_more(self) -> None:
        """Read the next page, unless that is being done."""
        level = self.level
        if level is not None and level.next_page_token and not self._loading_more:
            self._loading_more = True
            self._load_more(level)

    @work(exclusive=True, group="storage-more", exit_on_error=False)
    async def _load_more(self, level: Level) -> None:
        if self.gateway is None:
            return
        try:
            grown = await read_more(self.gateway.storage, level)
        except CloudError as error:
            self._loading_more = False
            self._take_trouble(error)
            return
        self._loading_more = False
        if self.level is level:
            self._take_level(grown)

    def _take_level(self, level: Level, *, on: GcsUri | None = None) -> None:
        self._trouble = self._trouble_since = None
        self._levels.pop(level.place, None)
        self._levels[level.place] = level
        while len(self._levels) > KEPT_LEVELS:
            del self._levels[next(iter(self._levels))]
        if level.place == self.place:
            self._show_level(on=on)
        if level.read_at is not None:
            self.post_message(messages.DataFresh("storage", level.read_at))

    def _take_trouble(self, error: CloudError) -> None:
        """Keep what is on screen, said to be old, unless it is known to be gone."""
        self._trouble = error
        self._trouble_since = self._trouble_since or datetime.now(UTC)
        if error.kind is ErrorKind.NOT_FOUND:
            self._levels.pop(self.place, None)
        if error.retryable and self.gateway is not None:
            self._retry = self.set_timer(RETRY_SECONDS, self._load)
        self._show_level()

    def _stop_retry(self) -> None:
        if self._retry is not None:
            self._retry.stop()
            self._retry = None

    # Showing a level

    def _show_level(self, *, on: GcsUri | None = None) -> None:
        """Rows if there are any, else the reason why not."""
        level = self.level
        rows = LevelRows(level or Level(self.place), self._words)
        self.table.show_rows(level_columns(level) if level else (), rows, on=rows.find(on) if on else None)
        self.table.set_class(not rows, "bare")
        state = self.query_one(StateView)
        state.set_class(bool(rows), "hidden")
        if not rows:
            self._explain_nothing(state, level)
        self._show_where()
        self.refresh_bindings()

    def _explain_nothing(self, state: StateView, level: Level | None) -> None:
        if self._trouble is not None:
            due = datetime.now(UTC) + timedelta(seconds=RETRY_SECONDS) if self._retry else None
            state.show_trouble(self._worded(self._trouble), since=self._trouble_since, next_try=due)
        elif self.gateway is None:
            state.show_loading("Connecting …", datetime.now(UTC))
        elif level is None:
            state.show_loading(f"Reading {place_name(self.place)} …", datetime.now(UTC))
        elif self._words:
            state.show_empty(f"No name here holds “{printable(self._words)}”.", "esc shows all again")
        elif self.place is None:
            state.show_empty(
                "This project has no buckets yet. Your jobs leave their results in one.",
                f"b creates one in {self.gateway.target.region} · o opens a gs:// path of another project",
            )
        else:
            state.show_empty(
                f"Nothing lies under {place_name(self.place)}.",
                "r looks again · backspace goes up · u shows all buckets",
            )

    def _worded(self, error: CloudError) -> CloudError:
        """The same trouble with the next step in this pane."""
        title, hint = error.title, error.hint
        if error.kind is ErrorKind.NOT_FOUND and self.place is not None:
            title = f"gs://{printable(self.place.bucket)} is gone, or never was"
            hint = "Press u for all buckets, o to open another path, r to look again."
        elif error.kind is ErrorKind.DENIED and self.place is None:
            hint = f"{hint}\nA bucket you may read can be opened by its path: press o.".strip()
        elif not hint:
            hint = "Press r to try again."
        return CloudError(title, error.message, hint=hint, kind=error.kind, retryable=error.retryable)

    def _show_where(self) -> None:
        """The path, how much of it is on screen, and how old that is if it is old."""
        level, stale = self.level, ""
        parts = [place_name(self.place)]
        if level is not None and level.count:
            more = "+" if level.next_page_token else ""
            parts.append(f"{level.count:,}{more} {'entry' if level.count == 1 else 'entries'}")
        if self._words:
            parts.append(f"filter: {printable(self._words)}")
        if self._trouble is not None and level is not None and level.count and level.read_at is not None:
            stale = f"✗ {printable(self._trouble.title)} · as of {local_clock(level.read_at)} · r tries again"
        width = self.size.width or self.app.size.width
        room = max(width - 4 - (len(stale) + 3 if stale else 0), 20)
        text = Content.styled(middle_cut(" · ".join(parts), room), "$foreground")
        self.query_one("#storage-where", Static).update(
            Content.assemble(text, "   ", (stale, "$text-error")) if stale else text
        )

    # Facts and preview

    @on(StorageTable.Moved)
    def _row_moved(self) -> None:
        row = self.table.row
        self.refresh_bindings()
        if row == self._facts_of or self._report_shown:
            return
        if self.reading and not self.table.has_focus:
            return
        self._show_facts(row)

    def _show_facts(self, row: Row | None) -> None:
        self._facts_of = row
        side = self.query_one(StorageSide)
        if row is None or row.kind is RowKind.MORE:
            side.show_facts("Details", [])
            return
        note = {
            RowKind.OBJECT: "enter shows the beginning",
            RowKind.PREFIX: "enter goes in · d and x count what lies below first",
        }.get(row.kind, "enter goes in")
        self.remove_class("reading")
        side.show_facts(row.name, row_facts(row), note)

    def close_side(self) -> None:
        """Back from a preview or a report to the list."""
        self.workers.cancel_group(self, "storage-preview")
        self._report_shown = False
        self.remove_class("reading")
        self._show_facts(self.table.row)
        self.refresh_bindings()

    def _open_side(self) -> None:
        self.add_class("reading")
        self.query_one(StorageSide).border_subtitle = "esc closes"
        self.refresh_bindings()

    @work(exclusive=True, group="storage-preview", exit_on_error=False)
    async def preview(self, row: Row) -> None:
        """Show the beginning of an object."""
        if self.gateway is None or row.item is None:
            return
        side = self.query_one(StorageSide)
        self._report_shown = False
        self._facts_of = row
        side.show_facts(row.name, row_facts(row), f"reading up to {size(PREVIEW_BYTES)} …")
        self._open_side()
        try:
            shown = await read_preview(self.gateway.storage, row.item)
        except CloudError as error:
            side.show_trouble(row.item.uri, error)
        else:
            side.show_preview(row.item.uri, shown)
            side.text.focus()
        self.refresh_bindings()

    def show_report(self, title: str, summary: str, lines: list[str]) -> None:
        """Show an account of what was done beside or instead of the list."""
        self._report_shown = True
        self.query_one(StorageSide).show_report(title, summary, lines)
        self._open_side()
