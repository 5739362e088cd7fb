"""The Setup pane's lines and detail: drawn from facts, folded, and kept under the cursor."""

from __future__ import annotations

from dataclasses import replace

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import DataTable, Static

from tui.domain.access import Identity
from tui.domain.errors import ErrorKind
from tui.domain.setup.assess import assess, summarize
from tui.domain.setup.facts import SetupFacts, connection_error
from tui.domain.setup.model import Check, CheckState, find_check
from tui.domain.text import printable
from tui.panes import messages
from tui.panes.base import Pane
from tui.panes.messages import PaneId
from tui.panes.setup_detail import detail, short_note
from tui.panes.setup_rows import (
    EVERYTHING,
    NARROW_COLUMNS,
    TROUBLED,
    WIDE_COLUMNS,
    Line,
    cells,
    fold,
    holder,
)
from tui.panes.setup_table import FoldTable
from tui.services.checks import first_facts
from tui.services.options import AppOptions
from tui.widgets.state_view import local_clock
from tui.widgets.table import ListTable

WORDY = 100
"""Columns from which a state has its word beside its glyph."""
WIDE = 140
"""Columns from which the detail stands beside the rows."""
NOTE_PADDING = 4
"""Columns that the stylesheet leaves free beside the note."""


class SetupView(Pane):
    """Everything that is shown; what the keys do is in `SetupWork` and `SetupPane`."""

    PANE_ID = PaneId.SETUP

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._facts = first_facts(options, None)
        self._rows: dict[str, Check] = {}
        self._lines: dict[str, Line] = {}
        self._unfolded: set[str] = set()
        self._held = ""
        """The check under the cursor that was in trouble: it keeps its line when it is put right."""
        self._wanted = ""
        """The check that another pane asked for, until there is such a row."""
        self._placed = False
        """Whether the cursor has been put where there is something to do, or the user has moved it."""
        self._left_at = ""
        """The line that the cursor was last put on by drawing."""
        self._badge = ("", "")
        self._to_draw = False
        """Whether facts have come that are not shown yet."""
        self._offered: tuple[bool | None, ...] = ()
        self._shown: dict[str, Content] = {}
        self._note = self._note_tone = ""
        self._note_is_cut = False

    def compose(self) -> ComposeResult:
        yield Static(id="setup-summary")
        with Horizontal(id="setup-body", classes="stacked" if self.app.size.width < WIDE else ""):
            table = FoldTable(id="setup-table")
            table.add_class("box")
            yield table
            with VerticalScroll(id="setup-detail", classes="box"):
                yield Static(id="setup-detail-text")
        yield Static(id="setup-note", classes="hidden")

    @property
    def _table(self) -> FoldTable:
        return self.query_one(FoldTable)

    @property
    def _is_wide(self) -> bool:
        return self.size.width >= WIDE

    # From above

    def show_check(self, check_id: str) -> None:
        """Put the cursor on a check, e.g. `bucket` or `apis.aiplatform`, unfolding what it is in."""
        self._placed = True
        self._wanted = check_id
        self._show()

    def give_focus(self) -> None:
        """The rows take the keys."""
        self._table.focus()

    def go_back(self) -> bool:
        """From the detail back to the rows; then fold the group under the cursor."""
        if self.query_one("#setup-detail").has_focus:
            self._table.focus()
            return True
        if self._may_fold():
            self._fold()
            return True
        return False

    # Folding

    @property
    def _line(self) -> Line | None:
        """The line under the cursor."""
        return self._lines.get(self._table.cursor_key or "")

    def _may_unfold(self) -> bool:
        line = self._line
        return line is not None and line.folded

    def _may_fold(self) -> bool:
        line = self._line
        if line is None:
            return False
        return self._group_name(line) in self._unfolded or EVERYTHING in self._unfolded

    @staticmethod
    def _group_name(line: Line) -> str:
        return line.checks[0].group.value

    def _unfold(self) -> None:
        """Give each check of the line under the cursor a line of its own."""
        line = self._line
        if line is None or not line.folded:
            return
        table, height = self._table, self._table.cursor_height
        self._unfolded.add(EVERYTHING if line.key == EVERYTHING else self._group_name(line))
        self._show()
        first = line.checks[0].id
        table.show_cursor_at(first if first in self._lines else holder(self._lines.values(), line), height)

    def _fold(self) -> None:
        """Fold the group under the cursor again."""
        line = self._line
        if line is None:
            return
        name = self._group_name(line)
        self._unfolded.discard(name if name in self._unfolded else EVERYTHING)
        self._held = ""
        self._show()

    # Drawing

    def _take(self, facts: SetupFacts) -> None:
        """Show other facts."""
        before, self._facts = self._facts, replace(facts, trouble=self.connection_trouble)
        if not self.is_mounted:
            return
        if _unreachable(self._facts) and not _unreachable(before):
            # The job list's poller rests longest when idle; whoever sees the line cut first wakes it.
            self.post_message(messages.JobsChanged())
        if isinstance(facts.identity, Identity) and facts.identity != before.identity:
            self.post_message(messages.AccountFound(facts.identity))
        if not self._to_draw:  # facts often come several at once: they are drawn together
            self._to_draw = True
            self.call_later(self._show)

    def _show(self) -> None:
        self._to_draw = False
        checks = assess(self._facts)
        self._rows = {check.id: check for check in checks}
        summary = summarize(self._facts, checks)
        self._say_when()
        self._update("#setup-summary", Content.styled(printable(summary.line), f"bold {tone(summary.tone)}"))
        table = self._table
        if table.size:  # nothing is known of the room before the first layout; `Resized` follows it
            self._show_lines(checks)
        self._place(checks)
        self._show_detail()
        if self._badge != (summary.badge, summary.tone):
            self._badge = (summary.badge, summary.tone)
            self.post_message(messages.BadgeChanged(PaneId.SETUP, *self._badge))
        self._offer_keys()

    def _show_lines(self, checks: tuple[Check, ...]) -> None:
        table, wide, before = self._table, self.size.width >= WORDY, self._line
        keys, height = list(self._lines), table.cursor_height
        if table.show_header is not wide:
            table.show_header = wide
        lines = self._folded(checks, table.room)
        self._lines = {line.key: line for line in lines}
        width = table.set_columns(WIDE_COLUMNS if wide else NARROW_COLUMNS)
        table.show_rows([(line.key, cells(line, width, wide=wide)) for line in lines])
        self._placed |= before is not None and bool(self._left_at) and before.key != self._left_at
        if not self._placed:
            table.move_cursor(row=0)
        elif before is not None and (keys != list(self._lines) or not 0 <= height < table.room):
            table.show_cursor_at(holder(lines, before), height)
        self._left_at = table.cursor_key or ""
        self._hold()

    def _folded(self, checks: tuple[Check, ...], room: int) -> tuple[Line, ...]:
        """The lines; the group of a check that was asked for is unfolded if the check has none of its own."""
        lines = fold(checks, self._unfolded, room, self._held)
        found = find_check(checks, self._wanted) if self._wanted else ""
        if not found or any(line.key == found for line in lines):
            return lines
        self._unfolded.add(self._rows[found].group.value)
        return fold(checks, self._unfolded, room, self._held)

    def _hold(self) -> None:
        """A check in trouble under the cursor stays there when it is put right, until the cursor leaves."""
        line = self._line
        if line is None or line.check is None:
            self._held = ""
        elif line.state in TROUBLED:
            self._held = line.key
        elif line.key != self._held:
            self._held = ""

    def _place(self, checks: tuple[Check, ...]) -> None:
        """Put the cursor where it is wanted; else once, when all is in, on the first row to fix."""
        table = self._table
        if not self._lines:
            return
        if self._wanted:
            if table.show_cursor_on(find_check(checks, self._wanted)):
                self._wanted = ""
            return
        if self._placed or any(check.state is CheckState.RUNNING for check in checks):
            return
        self._placed = True
        first = next((line.key for line in self._lines.values() if _to_fix(line)), "")
        if first:
            table.show_cursor_on(first)

    def _show_detail(self) -> None:
        line = self._line
        if line is None:
            return
        check = line.check
        name = line.heading if line.key == EVERYTHING else self._group_name(line)
        title = Content(printable(f"{name} · {check.title}" if check else name))
        if self._shown.get("title") != title:
            self._shown["title"] = title
            self.query_one("#setup-detail", VerticalScroll).border_title = title
        local, roomy = self.options.local, self._is_wide
        text = detail(line, local=local, read_only=self.read_only, roomy=roomy)
        self._update("#setup-detail-text", text)

    def _say_when(self) -> None:
        """The time of the last look, to the minute: nothing that is shown may be older than it seems."""
        when = self._facts.checked_at
        words = Content(f"checked {local_clock(when)[:5]}" if when else "")
        if self._shown.get("when") != words:
            self._shown["when"] = words
            self._table.border_subtitle = words

    def _update(self, selector: str, content: Content) -> None:
        """Draw only what has changed."""
        shown = self._shown.get(selector)
        # `Content` compares by its text alone: a change of colour is one too.
        if shown is None or shown != content or shown.spans != content.spans:
            self._shown[selector] = content
            self.query_one(selector, Static).update(content)

    def _say(self, text: str, tone_: str = "") -> None:
        """A few lines below about what was done; empty hides them."""
        self._note, self._note_tone = printable(text, multiline=True), tone_
        self._show_note()

    def _show_note(self) -> None:
        """As much of it as leaves the rows their room; a key shows the whole."""
        shown = short_note(self._note, self.size.width - NOTE_PADDING)
        self._note_is_cut = shown != self._note
        self._update("#setup-note", Content.styled(shown, tone(self._note_tone)))
        self.query_one("#setup-note").set_class(not shown, "hidden")
        self._offer_keys()

    def _offer_keys(self) -> None:
        """Draw the footer again if other keys work now."""
        actions = dict.fromkeys(binding.action for _, binding in self._bindings)
        offered = tuple(self.check_action(action, ()) for action in actions)
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def on_resize(self, event: events.Resize) -> None:
        """Beside the rows where there is room, below them where not."""
        self.query_one("#setup-body").set_class(event.size.width < WIDE, "stacked")
        self._show_note()

    @on(ListTable.Resized)
    def _table_resized(self) -> None:
        self._show()

    @on(DataTable.RowHighlighted)
    def _cursor_moved(self) -> None:
        if self._held and self._table.cursor_key != self._held:
            self._held = ""
        self._hold()
        self._show_detail()
        self.query_one("#setup-detail").scroll_home(animate=False)
        self._offer_keys()


def _to_fix(line: Line) -> bool:
    return any(check.to_fix for check in line.checks)


def _unreachable(facts: SetupFacts) -> bool:
    error = connection_error(facts)
    return error is not None and error.kind is ErrorKind.UNREACHABLE


def tone(name: str) -> str:
    """The style of a tone: success, warning, error or empty."""
    return f"$text-{name}" if name else ""
