"""The Jobs pane's parts and what they share: the jobs chosen, where each lives, and the note."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from datetime import UTC, datetime

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from tui.domain.gateway import Gateway
from tui.domain.joblist.homes import place_of
from tui.domain.joblist.query import EXAMPLES
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.panes.base import Pane
from tui.panes.jobs_detail import JobDetail
from tui.panes.messages import PaneId
from tui.services.options import AppOptions
from tui.widgets.prompt_field import PromptField
from tui.widgets.rows import RowList
from tui.widgets.state_view import StateView

_MOVING = (*RowList.BINDINGS, *JobDetail.BINDINGS)
MOVES = frozenset(
    key for binding in _MOVING if isinstance(binding, Binding) for key in binding.key.split(",")
) - {"enter"}
"""Keys that only move the cursor or scroll."""


class JobsBase(Pane):
    """Composition, and the jobs that an action is about."""

    PANE_ID = PaneId.JOBS

    def compose(self) -> ComposeResult:
        field = PromptField(placeholder=EXAMPLES, id="jobs-filter", compact=True, classes="hidden")
        field.cursor_blink = False  # a steady cursor writes nothing to the terminal
        yield field
        yield StateView(id="jobs-state")
        with Horizontal(id="jobs-body", classes="hidden"):
            table = RowList(id="jobs-table", cells=self.cells, takes_enter=False)
            table.add_class("box")
            yield table
            yield JobDetail(id="jobs-detail", classes="box")
        yield Static(id="jobs-note", classes="hidden")

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._note_stays = False
        self.opened = datetime.now(UTC)

    @abstractmethod
    def cells(self, key: str, widths: Mapping[str, int]) -> tuple[Content, ...]:
        """The cells of one job's row."""

    @property
    def table(self) -> RowList:
        """The list."""
        return self.query_one(RowList)

    @property
    def panel(self) -> JobDetail:
        """The detail."""
        return self.query_one(JobDetail)

    @property
    def field(self) -> Input:
        """The filter."""
        return self.query_one("#jobs-filter", Input)

    @property
    def current(self) -> Job | None:
        """The job under the cursor."""
        key = self.table.cursor_key
        return self.job_named(key) if key else None

    @property
    def chosen(self) -> list[Job]:
        """The marked jobs, or the one under the cursor."""
        if marked := self.table.marked:
            return [job for job in self.jobs.jobs if job.name in marked]
        return [job] if (job := self.current) else []

    def gateway_of(self, job: Job) -> Gateway | None:
        """The services of the project and region that a job lives in; None if there are none to be had."""
        place = self.place_of(job)
        return self.gateway.elsewhere(place) if self.gateway is not None and place is not None else None

    def place_of(self, job: Job) -> Place | None:
        """The project and region that a job lives in; None when its name does not tell."""
        return place_of(job, self.jobs.homes)

    def project_of(self, job: Job) -> str:
        """The id of a job's project; its number where the id is not known."""
        place = self.place_of(job)
        return place.project if place is not None else ""

    def say(self, content: Content | str, *, stays: bool = False) -> None:
        """Show a note below the list until the next key, or until one that does more than move if it stays.

        Nothing takes it away at once.
        """
        self._note_stays = stays
        note = self.query_one("#jobs-note", Static)
        note.update(content if isinstance(content, Content) else Content(content))
        note.set_class(not content, "hidden")

    def on_key(self, event: events.Key) -> None:
        """A note that was read goes; while something is being changed, it says how far that is."""
        if self.under_way or (self._note_stays and event.key in MOVES):
            return
        why = self.why_not(event.key)
        if why or not self.query_one("#jobs-note").has_class("hidden"):
            self.say(why)

    def why_not(self, key: str) -> str:  # noqa: ARG002 (for those who know)
        """Why a key does nothing to the jobs chosen; empty if it does, or is none of this pane's."""
        return ""
