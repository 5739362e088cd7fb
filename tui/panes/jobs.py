"""The Jobs pane: the live list of every place, and one job's detail."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from tui.domain.text import printable
from tui.panes import messages
from tui.panes.jobs_changes import REFUSED, why_refused
from tui.panes.jobs_detail import DetailState
from tui.panes.jobs_elsewhere import JobsElsewhere
from tui.panes.jobs_work import cancellable
from tui.services.jobwatch import JobsSnapshot
from tui.services.options import AppOptions

ABOUT_A_JOB = frozenset(
    {"cancel", "delete", "open_logs", "open_outputs", "mark", "next_view", "copy_id", "jump_to_evidence"}
)
"""Actions that need a job under the cursor or marks."""
OFFERED = ("cancel", "delete", "open_logs", "next_step", "jump_to_evidence", "rerun_as", "watch")
"""Actions that come and go with the job under the cursor."""


class JobsPane(JobsElsewhere):
    """Every custom job of the configured projects and regions."""

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
        Binding(
            "slash",
            "filter",
            "Filter",
            id="jobs.filter",
            tooltip="Words, state:failed,expired (either), label:team=a, age<2d; all must hold",
        ),
        Binding("v", "next_view", "View", id="jobs.view", tooltip="Summary, charts, spec, JSON, commands"),
        Binding("s", "sort", "Sort", id="jobs.sort", tooltip="Order by the next column"),
        Binding("S", "reverse", "Reverse", id="jobs.reverse", show=False, tooltip="Turn the order round"),
        Binding("C", "columns", "Columns", id="jobs.columns", show=False, tooltip="Choose the columns"),
        Binding("m", "mine", "Mine", id="jobs.mine", show=False, tooltip="Only the jobs that you started"),
        Binding("space", "mark", "Mark", id="jobs.mark", show=False, tooltip="Mark for cancel or delete"),
        Binding("asterisk", "mark_all", "Mark all", id="jobs.mark-all", show=False, tooltip="Mark all"),
        Binding("y", "copy_id", "Copy id", id="jobs.copy", show=False, tooltip="Copy the job's id"),
        Binding("r", "refresh", "Refresh", id="jobs.refresh", show=False, tooltip="Read the list now"),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._promised = ""
        """The job of which the note says that its end will be told."""
        self._offered: tuple[bool | None, ...] = ()
        self._detail_due = False
        """Whether the detail was not drawn because another pane is in front."""

    def pane_shown(self) -> None:
        """Draw what has changed behind another pane."""
        if self._detail_due:
            self.show_detail()
        super().pane_shown()

    def give_focus(self) -> None:
        """The list takes the keys, or the detail while it has the whole pane."""
        (self.panel if self.zoomed else self.table).focus()

    def go_back(self) -> bool:
        """Out of the filter's field, back to the summary, then drop the filter, then let the marks go."""
        typing = self.field.has_focus
        if not typing and (self.views_back() or self.wave_news_away()):
            return True
        if typing or self.field.value:
            self.set_filter("")
            return True
        if self.table.marked:
            self.table.marked = set()
            self.show_list()
            return True
        return False

    def show_detail(self) -> None:
        """Show the job under the cursor beside the list; later, while another pane is in front."""
        self._detail_due = not self.display
        if self._detail_due:
            return
        job = self.current
        if job is None:
            self.panel.show(None, "No job matches the filter" if self.field.value else "")
            return
        line = self.line(job, self.painted)
        self.panel.show(
            DetailState(
                job,
                self.painted,
                line.insight,
                self.cost_of(job),
                self.why_it_waits(job, self.painted),
                line.project,
                self.rivals,
                self.options.local,
            )
        )
        self.offer_keys()

    def offer_keys(self) -> None:
        """Draw the footer again if other keys work now."""
        offered = tuple(self.check_action(action, ()) for action in OFFERED)
        if offered != self._offered:
            self._offered = offered
            self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's)
        """Offer only what the jobs under the cursor or the marks allow."""
        for offers in (self.change_offers, self.view_offers, self.again_offers, self.ends_offer):
            if (offered := offers(action)) is not None:
                return offered
        if action not in ABOUT_A_JOB:
            return True
        chosen = self.chosen
        if action == "cancel":
            return any(map(cancellable, chosen))
        if action == "delete":
            return any(not job.state.live for job in chosen)
        return bool(chosen)

    def why_not(self, key: str) -> str:
        """Why a key does nothing to the jobs chosen."""
        bindings = self._bindings.key_to_bindings.get(key, ())
        action = next((each.action for each in bindings if each.action in REFUSED), "")
        chosen = self.chosen if action != "watch" else [job for job in (self.current,) if job is not None]
        if not action or not chosen or self.read_only or self.check_action(action, ()):
            return ""
        return why_refused(action, chosen)

    def action_watch(self) -> None:
        """Watch the job; what is said of it goes once it has ended."""
        super().action_watch()
        job = self.current
        self._promised = job.name if job is not None and job.state.live else ""

    def say(self, content: Content | str, *, stays: bool = False) -> None:
        """Show a note below the list."""
        self._promised = ""
        super().say(content, stays=stays)

    def watch_jobs(self, old: JobsSnapshot, new: JobsSnapshot) -> None:
        """A promise to tell of an end is over with that end."""
        super().watch_jobs(old, new)
        if self._promised and ((job := self.job_named(self._promised)) is None or not job.state.live):
            self.say("")

    def action_open_logs(self) -> None:
        """Follow the log of the job under the cursor."""
        if (job := self.current) is not None:
            self.post_message(messages.OpenLogs(job, place=self.jobs.home(job)))

    def action_copy_id(self) -> None:
        """Copy the job's id."""
        if (job := self.current) is not None:
            self.copy(job.job_id, f"the id {printable(job.job_id)}", self.say)

    def action_refresh(self) -> None:
        """Read the list now."""
        self.say("")
        self.post_message(messages.JobsChanged())
