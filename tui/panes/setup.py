"""The Setup pane: whether the project is ready for a job, and the keys that make it so."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import DataTable, Static

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.setup.assess import assess, summarize
from tui.domain.setup.facts import SetupFacts, connection_error
from tui.domain.setup.model import Check, CheckState, CreateBucket, Fix, Group, find_check, safe_fixes
from tui.domain.text import middle_cut, printable
from tui.panes import messages
from tui.panes.base import Pane
from tui.panes.messages import PaneId
from tui.panes.setup_detail import FIXABLE, detail, fix_question, state_label
from tui.services import config_write
from tui.services.changes import Outcome
from tui.services.checks import SetupChecks, first_facts
from tui.services.config_file import ConfigError
from tui.services.settings import Source
from tui.widgets.confirm import ConfirmScreen
from tui.widgets.table import FILL, Column, ListTable

WIDE = 110
"""Columns from which the detail stands beside the rows."""
TITLE_WIDTH = 22
COLUMNS = (
    Column("group", "", 10),
    Column("state", "STATE", 10),
    Column("check", "CHECK", TITLE_WIDTH),
    Column("finding", "FINDING", FILL),
)


class SetupPane(Pane):
    """Credentials, project, APIs, permissions, service account and bucket, each with its fix."""

    PANE_ID = PaneId.SETUP
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f,enter", "fix", "Fix", id="setup.fix", tooltip="Fix this row, after a confirmation"),
        Binding(
            "a",
            "fix_all",
            "Fix all",
            id="setup.fix_all",
            tooltip="Fix everything that is safe to fix, after one confirmation that lists it",
        ),
        Binding("y", "copy", "Copy gcloud", id="setup.copy", tooltip="Copy the equivalent gcloud command"),
        Binding("r", "check", "Check again", id="setup.check", tooltip="Look at everything again now"),
    ]

    def compose(self) -> ComposeResult:
        yield Static(id="setup-summary")
        with Horizontal(id="setup-body", classes="stacked" if self.app.size.width < WIDE else ""):
            table = ListTable(id="setup-table")
            table.add_class("box")
            yield table
            with VerticalScroll(id="setup-detail", classes="box"):
                yield Static(id="setup-detail-text")
        yield Static(id="setup-note", classes="hidden")

    def on_mount(self) -> None:
        """Set up the columns, and check if there is a connection already."""
        self._checks: SetupChecks | None = None
        self._facts = first_facts(self.options, None)
        self._rows: dict[str, Check] = {}
        self._badge = ("", "")
        self._busy = False
        self._placed = False
        self._offered: tuple[bool | None, ...] = ()
        self._shown: dict[str, Content] = {}
        table = self.query_one(ListTable)
        table.border_title = "Setup"
        self._show()
        self.watch_gateway(self.gateway)
        self.watch_connection_trouble(self.connection_trouble)

    # State from above

    def watch_gateway(self, gateway: Gateway | None) -> None:
        """A new connection: check everything through it."""
        if not self.is_mounted or gateway is None:
            return
        facts = first_facts(self.options, gateway.target)
        self._checks = SetupChecks(gateway, facts, self._take)
        self._take(facts)
        self._run_checks()

    def watch_connection_trouble(self, trouble: CloudError | None) -> None:
        """Say in the first row why there is no connection; all else waits for it."""
        if self.is_mounted:
            self._take(self._checks.facts if self._checks else self._facts)
            if trouble is None:
                self._say("")

    def show_check(self, check_id: str) -> None:
        """Put the cursor on a check, e.g. `bucket`, `apis.aiplatform` or `permissions`."""
        self._placed = True
        if found := find_check(self._rows.values(), check_id):
            self.query_one(ListTable).show_cursor_on(found)

    def pane_shown(self) -> None:
        """The rows take the keys."""
        self.query_one(ListTable).focus()

    def go_back(self) -> bool:
        """From the detail back to the rows."""
        if self.query_one("#setup-detail").has_focus:
            self.query_one(ListTable).focus()
            return True
        return False

    # Drawing

    def _take(self, facts: SetupFacts) -> None:
        before, self._facts = self._facts, replace(facts, trouble=self.connection_trouble)
        if _unreachable(self._facts) and not _unreachable(before):
            # The job list's poller rests longest when idle; whoever sees the line cut first wakes it.
            self.post_message(messages.JobsChanged())
        self._show()

    def _show(self) -> None:
        checks = assess(self._facts)
        self._rows = {check.id: check for check in checks}
        summary = summarize(self._facts, checks)
        self._update("#setup-summary", Content.styled(printable(summary.line), f"bold {_tone(summary.tone)}"))
        table = self.query_one(ListTable)
        if table.size:  # nothing is known of the room before the first layout; `Resized` follows it
            room = table.set_columns(COLUMNS)
            table.show_rows([(check.id, cells) for check, cells in self._cells(checks, room)])
        self._place(checks)
        self._show_detail()
        if self._badge != (summary.badge, summary.tone):
            self._badge = (summary.badge, summary.tone)
            self.post_message(messages.BadgeChanged(PaneId.SETUP, *self._badge))
        self._offer_keys()

    @staticmethod
    def _cells(checks: tuple[Check, ...], room: int) -> list[tuple[Check, tuple[Content, ...]]]:
        rows: list[tuple[Check, tuple[Content, ...]]] = []
        group: Group | None = None
        for check in checks:
            heading = "" if check.group is group else check.group.value
            group = check.group
            title = middle_cut(printable(check.title), TITLE_WIDTH)
            finding = Content(printable(check.finding)).truncate(room, ellipsis=True)
            cells = (Content.styled(heading, "$secondary"), state_label(check), Content(title), finding)
            rows.append((check, cells))
        return rows

    def _place(self, checks: tuple[Check, ...]) -> None:
        """Once, when the first checks are in: put a cursor that nobody has moved on the first row to fix."""
        if self._placed or any(check.state is CheckState.RUNNING for check in checks):
            return
        self._placed = True
        first = next((check.id for check in checks if check.to_fix), "")
        table = self.query_one(ListTable)
        if first and table.cursor_row == 0:
            table.show_cursor_on(first)

    def _show_detail(self) -> None:
        check = self._current()
        if check is None:
            return
        title = Content(printable(f"{check.group} · {check.title}"))
        if self._shown.get("title") != title:
            self._shown["title"] = title
            self.query_one("#setup-detail", VerticalScroll).border_title = title
        self._update(
            "#setup-detail-text", detail(check, local=self.options.local, roomy=self.size.width >= WIDE)
        )

    def _update(self, selector: str, content: Content) -> None:
        """Draw only what has changed."""
        if self._shown.get(selector) != content:
            self._shown[selector] = content
            self.query_one(selector, Static).update(content)

    def _say(self, text: str, tone: str = "") -> None:
        self._update("#setup-note", Content.styled(printable(text), _tone(tone)))
        self.query_one("#setup-note").set_class(not text, "hidden")

    def on_resize(self, event: events.Resize) -> None:
        """Beside the rows where there is room, below them where not."""
        self.query_one("#setup-body").set_class(event.size.width < WIDE, "stacked")

    @on(ListTable.Resized)
    def _table_resized(self) -> None:
        self._show()

    @on(DataTable.RowHighlighted)
    def _cursor_moved(self) -> None:
        self._show_detail()
        self.query_one("#setup-detail").scroll_home(animate=False)
        self._offer_keys()

    def _current(self) -> Check | None:
        return self._rows.get(self.query_one(ListTable).cursor_key or "")

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's)
        """Offer only what would do something."""
        if not self.is_mounted or action not in {"fix", "fix_all", "copy", "check"}:
            return True
        check = self._current()
        idle = self.gateway is not None and not self._busy
        match action:
            case "fix":
                return idle and check is not None and bool(check.fixes) and check.state in FIXABLE
            case "fix_all":
                return idle and bool(safe_fixes(self._rows.values()))
            case "copy":
                return check is not None and bool(check.command)
            case _:
                return idle

    def _offer_keys(self) -> None:
        """Draw the footer again if other keys work now."""
        offered = tuple(self.check_action(action, ()) for action in ("fix", "fix_all", "copy", "check"))
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def action_fix(self) -> None:
        """Fix the row under the cursor."""
        check = self._current()
        if check is not None and check.fixes:
            self._confirm_and_fix(check.fixes, single=True)

    def action_fix_all(self) -> None:
        """Fix all that is safe."""
        self._confirm_and_fix(safe_fixes(self._rows.values()), single=False)

    def action_copy(self) -> None:
        """Copy the gcloud command of the row."""
        check = self._current()
        if check is not None:
            self.app.copy_to_clipboard(check.command)
            self._say(f"Copied the gcloud command of “{check.title}”")

    def action_check(self) -> None:
        """Check everything again."""
        self._say("")
        self._run_checks()

    @work(exclusive=True, group="setup-checks", exit_on_error=False)
    async def _run_checks(self) -> None:
        if self._checks is not None:
            await self._checks.run()

    @work(exclusive=True, group="setup-fix", exit_on_error=False)
    async def _confirm_and_fix(self, fixes: tuple[Fix, ...], *, single: bool) -> None:
        checks, gateway = self._checks, self.gateway
        if checks is None or gateway is None or not fixes:
            return
        question = fix_question(fixes, gateway.target.project, local=self.options.local, single=single)
        if not await self.app.push_screen_wait(ConfirmScreen(question)):
            return
        self._busy = True
        self._say("")
        try:
            outcome = await checks.apply(fixes)
        finally:
            self._busy = False
            self._offer_keys()
        self._report(outcome)
        self.post_message(messages.SetupChanged())
        self._run_checks()
        await self._keep_bucket(outcome)

    def _report(self, outcome: Outcome) -> None:
        if outcome.refused:
            _, error = outcome.refused[0]
            self._say(f"✗ {len(outcome.refused)} not done: {error}", "error")
        else:
            self._say("✓ Done; grants act within minutes" if not self.options.local else "✓ Done", "success")

    async def _keep_bucket(self, outcome: Outcome) -> None:
        """Save a new bucket's name beside the project's, so that other tools and runs use it too.

        A project that comes from a flag or the environment has no place in the file; its bucket is found
        again by its default name.
        """
        created = [fix for fix in outcome.done if isinstance(fix, CreateBucket)]
        origin = self.options.origins.get("project")
        if not created or self.options.local or self.options.settings.bucket or origin is None:
            return
        if origin.source not in (Source.PROFILE, Source.FILE):
            return
        profile = self.options.profile if origin.source is Source.PROFILE else ""
        path = self.options.paths.config_file
        try:
            await asyncio.to_thread(config_write.save, path, "bucket", created[0].name, profile)
        except ConfigError as error:
            self._say(f"⚠ The bucket is there, but its name was not saved: {error}", "warning")


def _unreachable(facts: SetupFacts) -> bool:
    error = connection_error(facts)
    return error is not None and error.kind is ErrorKind.UNREACHABLE


def _tone(tone: str) -> str:
    return f"$text-{tone}" if tone else ""
