"""The Jobs pane: the live list and one job's detail."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.widgets import DataTable, Input, Static

from tui.domain import joblist, text
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job, JobState
from tui.domain.outputs import output_place
from tui.domain.setup.bucket import default_bucket
from tui.panes import messages
from tui.panes.base import Pane
from tui.panes.jobs_detail import TONES, detail
from tui.panes.messages import PaneId
from tui.services.jobwatch import JobsSnapshot
from tui.widgets.confirm import ConfirmScreen, Question
from tui.widgets.state_view import StateView, local_clock
from tui.widgets.table import FILL, Column, ListTable

REPAINT_SECONDS = 60.0
"""Ages change once a minute on screen, so that an idle list writes nothing in between."""
COLUMNS = (
    Column("state", "  STATE", 13),
    Column("name", "NAME", FILL),
    Column("machine", "MACHINE", 14),
    Column("age", " AGE", 4),
    Column("ran", "    RAN", 7),
)
WIDE = 110
"""Columns from which the detail stands beside the list."""


class JobsPane(Pane):
    """Every custom job of the project and region, newest first."""

    PANE_ID = PaneId.JOBS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open_logs", "Logs", id="jobs.logs", tooltip="Follow the log of this job"),
        Binding("o", "open_outputs", "Outputs", id="jobs.outputs", tooltip="Browse what the job wrote"),
        Binding(
            "c",
            "cancel",
            "Cancel",
            id="jobs.cancel",
            tooltip="Ask the service to stop this job, or the marked ones",
        ),
        Binding(
            "d",
            "delete",
            "Delete",
            id="jobs.delete",
            tooltip="Delete the record of this job, or of the marked ones",
        ),
        Binding("slash", "filter", "Filter", id="jobs.filter", tooltip="Words, state:failed, label:team=a"),
        Binding("s", "sort", "Sort", id="jobs.sort", tooltip="Order by newest, state, name or duration"),
        Binding("space", "mark", "Mark", id="jobs.mark", show=False, tooltip="Mark for cancel or delete"),
        Binding(
            "v", "toggle_json", "JSON", id="jobs.json", show=False, tooltip="The job in the API's JSON form"
        ),
        Binding("y", "copy_id", "Copy id", id="jobs.copy", show=False, tooltip="Copy the job's id"),
        Binding("r", "refresh", "Refresh", id="jobs.refresh", show=False, tooltip="Read the list now"),
    ]

    def compose(self) -> ComposeResult:
        yield Input(
            placeholder="words, state:failed, label:team=a", id="jobs-filter", compact=True, classes="hidden"
        )
        yield StateView(id="jobs-state")
        with Horizontal(id="jobs-body", classes="hidden"):
            table = ListTable(id="jobs-table")
            table.add_class("box")
            yield table
            with VerticalScroll(id="jobs-detail", classes="box", can_focus=False):
                yield Static(id="jobs-detail-text")
        yield Static(id="jobs-note", classes="hidden")

    def on_mount(self) -> None:
        """Set up the columns and the slow repaint of ages."""
        self._marked: set[str] = set()
        self._sort = joblist.SortKey.NEWEST
        self._json = False
        self._wanted = ""
        self._offered: tuple[bool | None, ...] = ()
        self._opened = datetime.now(UTC)
        table = self.query_one(ListTable)
        table.border_title = "Jobs"
        self.set_interval(REPAINT_SECONDS, self._show)
        self._show()

    # State from above

    def watch_gateway(self, _gateway: Gateway | None) -> None:
        """The list follows by itself; say that it is awaited."""
        self._show()

    def watch_connection_trouble(self, _trouble: CloudError | None) -> None:
        """Say why there is no list."""
        self._show()

    def watch_jobs(self, _snapshot: JobsSnapshot) -> None:
        """Show the newest list."""
        known = {job.name for job in self.jobs.jobs}
        self._marked &= known
        self._show()
        if self._wanted and self.query_one(ListTable).show_cursor_on(self._wanted):
            self._wanted = ""

    def show_job(self, name: str) -> None:
        """Put the cursor on a job, as soon as the list has it."""
        self._set_filter("")
        self._wanted = "" if not name or self.query_one(ListTable).show_cursor_on(name) else name

    def pane_shown(self) -> None:
        """The list takes the keys."""
        self.query_one(ListTable).focus()

    def go_back(self) -> bool:
        """Close the JSON view, then the filter."""
        if self._json:
            self.action_toggle_json()
            return True
        field = self.query_one(Input)
        if field.has_focus or field.value:
            self._set_filter("")
            return True
        return False

    # Drawing

    def _show(self) -> None:
        snapshot = self.jobs
        self.query_one("#jobs-body").set_class(not snapshot.jobs, "hidden")
        view = self.query_one(StateView)
        view.set_class(bool(snapshot.jobs), "hidden")
        if snapshot.jobs:
            self._show_table()
        elif self.connection_trouble is not None:
            view.show_trouble(self.connection_trouble)
        elif snapshot.trouble is not None:
            view.show_trouble(snapshot.trouble, since=snapshot.trouble_since, next_try=snapshot.next_try)
        elif snapshot.read_at is not None:
            view.show_empty(
                f"No custom jobs in {self.options.settings.region} yet.",
                "A job appears here within seconds of its start. Press 2 to open or write a spec.",
            )
        else:
            view.show_loading("Reading the job list", self._opened)

    def _visible_jobs(self) -> list[Job]:
        words = self.query_one(Input).value
        now = datetime.now(UTC)
        return joblist.in_order(
            [job for job in self.jobs.jobs if joblist.matches(job, words)], self._sort, now
        )

    def _show_table(self) -> None:
        table = self.query_one(ListTable)
        now = datetime.now(UTC)
        if not table.size:
            return  # nothing is known of the room before the first layout; `Resized` follows it
        width = table.set_columns(COLUMNS)
        shown = self._visible_jobs()
        table.show_rows(
            [
                (job.name, self._cells(joblist.job_row(job, now), job.name in self._marked, width))
                for job in shown
            ]
        )
        counts = (
            f"{len(shown)} of {len(self.jobs.jobs)}" if len(shown) != len(self.jobs.jobs) else f"{len(shown)}"
        )
        marked = f" · {len(self._marked)} marked" if self._marked else ""
        sort = f" · by {self._sort.value}" if self._sort is not joblist.SortKey.NEWEST else ""
        table.border_title = f"Jobs {counts}{sort}{marked}"
        table.border_subtitle = Content(self._staleness())
        self._show_detail()
        self._offer_keys()

    @staticmethod
    def _cells(row: joblist.JobRow, marked: bool, width: int) -> tuple[Content, ...]:  # noqa: FBT001 (one caller)
        state = Content.styled(f"{row.state.glyph} {row.state.word}", TONES.get(row.state, ""))
        name = Content.styled(text.middle_cut(row.name, width), "bold $accent" if marked else "")
        return (
            Content("● ") + state if marked else Content("  ") + state,
            name,
            Content(text.middle_cut(row.machine, 14)),
            Content(f"{row.age:>4}"),
            Content(f"{row.duration:>7}"),
        )

    def _staleness(self) -> str:
        snapshot = self.jobs
        if snapshot.trouble is None or snapshot.read_at is None:
            return ""
        again = f" · next try {local_clock(snapshot.next_try)}" if snapshot.next_try else ""
        return f"✗ {snapshot.trouble.title} · as of {local_clock(snapshot.read_at)}{again}"

    def _show_detail(self) -> None:
        job = self._current()
        panel = self.query_one("#jobs-detail", VerticalScroll)
        if job is None:
            self.query_one("#jobs-detail-text", Static).update("")
            panel.border_title = "No job matches the filter" if self.query_one(Input).value else ""
            return
        title = text.middle_cut(text.printable(job.display_name), max(panel.size.width - 6, 12))
        panel.border_title = Content(title)
        body = (
            Content(text.printable(joblist.as_json(job), multiline=True))
            if self._json
            else detail(job, datetime.now(UTC))
        )
        self.query_one("#jobs-detail-text", Static).update(body)

    def on_resize(self, event: events.Resize) -> None:
        """Beside the list where there is room, below it where not."""
        self.query_one("#jobs-body").set_class(event.size.width < WIDE, "stacked")

    @on(ListTable.Resized)
    def _table_resized(self) -> None:
        self._show()

    @on(DataTable.RowHighlighted)
    def _cursor_moved(self) -> None:
        self._show_detail()
        self._offer_keys()

    def _offer_keys(self) -> None:
        """Draw the footer again if other keys work now."""
        offered = tuple(self.check_action(action, ()) for action in ("cancel", "delete", "open_logs"))
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def _current(self) -> Job | None:
        key = self.query_one(ListTable).cursor_key
        return self.job_named(key) if key else None

    def _chosen(self) -> list[Job]:
        """The marked jobs, or the one under the cursor."""
        if self._marked:
            return [job for job in self.jobs.jobs if job.name in self._marked]
        current = self._current()
        return [current] if current else []

    def _say(self, content: Content | str) -> None:
        note = self.query_one("#jobs-note", Static)
        note.update(content if isinstance(content, Content) else Content(content))
        note.set_class(not content, "hidden")

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's)
        """Offer only what the jobs under the cursor or the marks allow."""
        if action in {"cancel", "delete", "open_logs", "open_outputs", "mark", "toggle_json", "copy_id"}:
            chosen = self._chosen()
            if action in {"cancel", "delete"} and self.read_only:
                return False
            if action == "cancel":
                return any(job.state.live and job.state is not JobState.CANCELLING for job in chosen)
            if action == "delete":
                return any(not job.state.live for job in chosen)
            return bool(chosen)
        return True

    def action_open_logs(self) -> None:
        """Follow the log of the job under the cursor."""
        if (job := self._current()) is not None:
            self.post_message(messages.OpenLogs(job))

    def action_open_outputs(self) -> None:
        """Browse the job's output directory, or the bucket when the spec names none."""
        job = self._current()
        if job is None or self.gateway is None:
            return
        bucket = self.options.settings.bucket or default_bucket(self.gateway.target.project)
        self.post_message(messages.BrowseOutputs(output_place(job, bucket)))

    def action_filter(self) -> None:
        """Narrow the list as one types."""
        field = self.query_one(Input)
        field.remove_class("hidden")
        field.focus()

    def _set_filter(self, words: str) -> None:
        field = self.query_one(Input)
        field.value = words
        field.set_class(not words, "hidden")
        self.query_one(ListTable).focus()

    @on(Input.Changed, "#jobs-filter")
    def _filter_changed(self) -> None:
        self._show()

    @on(Input.Submitted, "#jobs-filter")
    def _filter_done(self) -> None:
        self._set_filter(self.query_one(Input).value)

    def action_sort(self) -> None:
        """Order by the next key."""
        self._sort = self._sort.next()
        self._show()

    def action_mark(self) -> None:
        """Mark or unmark the job under the cursor and go on to the next."""
        if (job := self._current()) is not None:
            self._marked ^= {job.name}
            self.query_one(ListTable).action_cursor_down()
            self._show()

    def action_toggle_json(self) -> None:
        """Show the API's JSON in place of the summary."""
        self._json = not self._json
        self._show_detail()

    def action_copy_id(self) -> None:
        """Copy the job's id."""
        if (job := self._current()) is not None:
            self.app.copy_to_clipboard(job.job_id)
            self._say(f"Copied {job.job_id}")

    def action_refresh(self) -> None:
        """Read the list now."""
        self._say("")
        self.post_message(messages.JobsChanged())

    def action_cancel(self) -> None:
        """Ask, then cancel."""
        self._cancel([job for job in self._chosen() if job.state.live])

    @work(exclusive=True, group="jobs-change", exit_on_error=False)
    async def _cancel(self, jobs: list[Job]) -> None:
        if not jobs or self.gateway is None:
            return
        project = self.gateway.target.project
        lines = [
            *(f"  {text.printable(job.display_name)}  {job.state.word}" for job in jobs),
            "",
            "A cancelled job cannot be resumed. What it has written stays; what ran is billed."
            if not self.gateway.target.is_local
            else "A cancelled job cannot be resumed. What it has written stays.",
            "",
            *(f"$ {joblist.cancel_command(job, project)}" for job in jobs),
        ]
        title = "Cancel this job?" if len(jobs) == 1 else f"Cancel {len(jobs)} jobs?"
        if await self.app.push_screen_wait(
            ConfirmScreen(Question(title, lines, yes="Cancel job", danger=True))
        ):
            await self._each(jobs, self.gateway.jobs.cancel_job, "asked to cancel")

    def action_delete(self) -> None:
        """Ask, then delete the records of ended jobs."""
        self._delete([job for job in self._chosen() if not job.state.live])

    @work(exclusive=True, group="jobs-change", exit_on_error=False)
    async def _delete(self, jobs: list[Job]) -> None:
        if not jobs or self.gateway is None:
            return
        lines = [
            *(f"  {text.printable(job.display_name)}  {job.state.word}" for job in jobs),
            "",
            "The record goes for good. Logs and outputs are not touched.",
            "gcloud has no command for this; the request is",
            *(f"$ {joblist.delete_command(job)}" for job in jobs[:3]),
        ]
        title = "Delete this job's record?" if len(jobs) == 1 else f"Delete {len(jobs)} records?"
        if await self.app.push_screen_wait(ConfirmScreen(Question(title, lines, yes="Delete", danger=True))):
            await self._each(jobs, self.gateway.jobs.delete_job, "deleted")

    async def _each(self, jobs: list[Job], call: Callable[[str], Awaitable[None]], done: str) -> None:
        """Apply a change to each job and account for every one of them."""
        failures: list[str] = []
        for number, job in enumerate(jobs, start=1):
            self._say(f"{number} of {len(jobs)}: {text.printable(job.display_name)} …")
            try:
                await call(job.name)
            except CloudError as error:
                failures.append(f"{text.printable(job.display_name)}: {error}. {error.hint}")
        self._marked.clear()
        self.post_message(messages.JobsChanged())
        summary = f"{len(jobs) - len(failures)} {done}"
        self._say(
            Content("\n").join(
                [Content(summary), *(Content.styled(f"✗ {line}", "$text-error") for line in failures)]
            )
        )
