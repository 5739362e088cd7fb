"""The lists of the screen that tells what costs money now: composition and drawing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, Self

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Static

from tui.domain.course.cost import SoFar, cost_so_far
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job
from tui.domain.spend import BucketUse, LiveJob, Spend
from tui.panes.spend_words import (
    BUCKET_COLUMNS,
    JOB_COLUMNS,
    JobLine,
    about_bucket,
    about_job,
    bucket_cells,
    buckets_title,
    job_cells,
    jobs_title,
    notes,
    progress,
)
from tui.services.jobwatch import JobsSnapshot
from tui.services.options import AppOptions
from tui.widgets.header import HeaderBar
from tui.widgets.keybar import KeyBar
from tui.widgets.rows import RowList
from tui.widgets.state_view import StateView

if TYPE_CHECKING:
    from tui.domain.catalog.skus import PriceBook
    from tui.domain.insight import JobInsight

PAINT_SECONDS = 0.1
"""What arrives within this time is painted together."""
AGE_SECONDS = 10.0
"""Amounts of running jobs are painted again so often."""
FRAME = 3
"""Lines of a list that are not rows: its border and its heading."""
LEAST = 5
"""Lines that a list keeps, however long the other one is."""


class SpendLists(Screen[None]):
    """What has been found, drawn as it comes."""

    AUTO_FOCUS: ClassVar[str | None] = ""  # a list that has rows takes it

    gateway: reactive[Gateway | None] = reactive[Gateway | None](None, init=False, repaint=False)
    connection_trouble: reactive[CloudError | None] = reactive[CloudError | None](
        None, init=False, repaint=False
    )
    jobs: reactive[JobsSnapshot] = reactive(JobsSnapshot(), init=False, repaint=False)
    prices: reactive[PriceBook | None] = reactive["PriceBook | None"](None, init=False, repaint=False)
    insights: reactive[Mapping[str, JobInsight]] = reactive["Mapping[str, JobInsight]"](
        dict, init=False, repaint=False
    )

    def __init__(self, options: AppOptions) -> None:
        super().__init__()
        self.options = options
        self.spend = Spend()
        self.lines: dict[str, JobLine] = {}
        self.uses: dict[str, BucketUse] = {}
        self.again: dict[str, Job] = {}
        self._due = False
        self._height: int | None = None
        self._opened = datetime.now(UTC)

    def compose(self) -> ComposeResult:
        yield HeaderBar()
        yield Static(id="spend-progress")
        yield StateView(id="spend-state")
        with Vertical(id="spend-body", classes="hidden"):
            yield RowList(id="spend-jobs", cells=self._job_cells, takes_enter=False)
            yield Static(id="spend-no-jobs", classes="box spend-none")
            yield RowList(id="spend-buckets", cells=self._bucket_cells, takes_enter=False)
            yield Static(id="spend-no-buckets", classes="box spend-none")
        yield Static(id="spend-about")
        yield Static(id="spend-notes")
        yield Static(id="spend-said", classes="hidden")
        yield KeyBar()

    def on_mount(self) -> None:
        """Lay the lists out."""
        for rows, columns in ((self.job_rows, JOB_COLUMNS), (self.bucket_rows, BUCKET_COLUMNS)):
            rows.add_class("box")
            rows.set_columns(columns)
        self.set_interval(AGE_SECONDS, self._age)
        self.paint_soon()

    # State from above

    def watch_connection_trouble(self) -> None:
        """Say why nothing is read."""
        self.paint_soon()

    def watch_jobs(self, old: JobsSnapshot, new: JobsSnapshot) -> None:
        """Jobs that ended or changed meanwhile."""
        if old.jobs is not new.jobs:
            self.paint_soon()

    def watch_prices(self) -> None:
        """Other prices, other costs."""
        self.paint_soon()

    # Drawing

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Draw again; not for a pane beneath, which asks with regions: nothing shows through here."""
        if regions:
            return self
        return super().refresh(repaint=repaint, layout=layout, recompose=recompose)

    def paint_soon(self) -> None:
        """Paint what is new, together with what comes at once after it."""
        if not self._due and self.is_mounted:
            self._due = True
            self.set_timer(PAINT_SECONDS, self._paint)

    def _age(self) -> None:
        if any(line.found.job.start_time for line in self.lines.values()):
            self.paint_soon()

    def _paint(self) -> None:
        self._due = False
        self._paint_header()
        begun = self.spend.began is not None
        self.query_one("#spend-body").set_class(not begun, "hidden")
        view = self.query_one(StateView)
        view.set_class(begun, "hidden")
        if not begun:
            if self.connection_trouble is not None:
                view.show_trouble(self.connection_trouble)
            else:
                view.show_loading("Waiting for the connection", self._opened)
            return
        self._paint_lists()
        _update(self.query_one("#spend-progress", Static), Content(progress(self.spend)))
        found = notes(list(self.lines.values()), self.spend, local=self.is_local)
        _update(self.query_one("#spend-notes", Static), Content("\n").join(found))
        self._paint_about()
        self.refresh_bindings()

    def _paint_header(self) -> None:
        header, options = self.query_one(HeaderBar), self.options
        header.project = ", ".join(self.spend.projects) or options.settings.project
        header.local = options.local or options.diverted
        header.read_only = options.settings.read_only
        header.status = "what costs money now"

    def _paint_lists(self) -> None:
        now = datetime.now(UTC)
        several = len(self.spend.projects) > 1
        self.lines = {
            found.job.name: JobLine(found, self._cost(found.job, now), now, several)
            for found in self._live_jobs()
        }
        self.uses = {use.bucket.name: use for use in self.spend.buckets}
        _fill(self.job_rows, list(self.lines))
        _fill(self.bucket_rows, list(self.uses))
        self._paint_titles()
        self._share_room()
        tried = self.spend.places_done == self.spend.places or self.spend.stopped
        if self.lines or tried:
            self.call_after_refresh(self._place_focus)  # what was hidden until now cannot have it yet

    def _place_focus(self) -> None:
        if self.lists and self.list_in_focus not in self.lists:
            self.lists[0].focus()

    def _paint_titles(self) -> None:
        jobs = jobs_title(list(self.lines.values()), self.spend)
        buckets = buckets_title(self.spend)
        missing = "in the regions that were read" if self.spend.jobs_missing else ""
        tried = "so far" if self.spend.reading else missing or f"in {self.spend.places} regions"
        refused = self.spend.places_failed and self.spend.places_failed == self.spend.places_done
        none_read = (
            "" if self.spend.reading or not refused else "No region could be read: jobs may be running."
        )
        listed = "" if self.spend.buckets_listed and not self.spend.buckets_missing else " so far"
        for which, title, nothing in (
            ("jobs", jobs, none_read or f"No live job found {tried}."),
            ("buckets", buckets, f"No bucket found{listed}."),
        ):
            rows, none = (
                self.query_one(f"#spend-{which}", RowList),
                self.query_one(f"#spend-no-{which}", Static),
            )
            for box in (rows, none):
                if box.border_title != Content(title).markup:
                    box.border_title = Content(title)
            rows.set_class(not rows.row_count, "hidden")
            none.set_class(bool(rows.row_count), "hidden")
            _update(none, Content(nothing))

    def _share_room(self) -> None:
        """Each list gets what it needs, or half and what the other leaves."""
        room = self.query_one("#spend-body").size.height
        rows, others = self.job_rows, self.bucket_rows
        needs = rows.row_count + FRAME
        rest = others.row_count + FRAME
        half = max(room // 2, LEAST)
        height = min(needs, max(room - rest, half)) if others.row_count else None
        if height != self._height:
            self._height = height
            rows.styles.height = "1fr" if height is None else height

    def _paint_about(self) -> None:
        words = ""
        if self.list_in_focus is self.bucket_rows and (
            use := self.uses.get(self.bucket_rows.cursor_key or "")
        ):
            words = about_bucket(use)
        elif (line := self.lines.get(self.job_rows.cursor_key or "")) is not None:
            words = about_job(line)
        _update(self.query_one("#spend-about", Static), Content(words))

    def _live_jobs(self) -> list[LiveJob]:
        """What was found, as the app's own list knows it now; and jobs begun since."""
        known = {} if self.jobs.kept else {job.name: job for job in self.jobs.jobs}
        known |= {
            name: job for name, job in self.again.items() if name not in known or _newer(job, known[name])
        }
        found = {one.job.name: one for one in self.spend.jobs}
        for name, one in found.items():
            newer = known.get(name)
            if newer is not None and _newer(newer, one.job):
                found[name] = replace(one, job=newer)
        for name, job in known.items():
            began, home = self.spend.began, self.jobs.home(job)
            if name not in found and home and job.create_time and began and job.create_time > began:
                found[name] = LiveJob(job, home)
        return [one for one in found.values() if one.job.state.live]

    def _cost(self, job: Job, now: datetime) -> SoFar:
        insight = self.insights.get(job.name)
        return cost_so_far(job, now, book=self.prices, attempts=insight.attempts if insight else ())

    def _job_cells(self, key: str, _widths: Mapping[str, int]) -> tuple[Content, ...]:
        line = self.lines.get(key)
        return job_cells(line) if line else tuple(Content("") for _ in JOB_COLUMNS)

    def _bucket_cells(self, key: str, _widths: Mapping[str, int]) -> tuple[Content, ...]:
        use = self.uses.get(key)
        return bucket_cells(use) if use else tuple(Content("") for _ in BUCKET_COLUMNS)

    # What is where

    @property
    def job_rows(self) -> RowList:
        """The list of jobs."""
        return self.query_one("#spend-jobs", RowList)

    @property
    def bucket_rows(self) -> RowList:
        """The list of buckets."""
        return self.query_one("#spend-buckets", RowList)

    @property
    def lists(self) -> list[RowList]:
        return [rows for rows in (self.job_rows, self.bucket_rows) if rows.row_count]

    @property
    def list_in_focus(self) -> RowList | None:
        return self.focused if isinstance(self.focused, RowList) else None

    @property
    def job(self) -> LiveJob | None:
        """The job under the cursor, if the jobs have the focus."""
        line = self.lines.get(self.job_rows.cursor_key or "") if self.list_in_focus is self.job_rows else None
        return line.found if line else None

    @property
    def is_local(self) -> bool:
        return self.gateway is not None and self.gateway.target.is_local

    def say(self, content: Content | str) -> None:
        """Show a note below the lists; an empty one takes it away."""
        note = self.query_one("#spend-said", Static)
        note.update(content if isinstance(content, Content) else Content(content))
        note.set_class(not content, "hidden")

    def on_resize(self, _event: events.Resize) -> None:
        """The lists share other room."""
        self.paint_soon()

    @on(RowList.Highlighted)
    @on(events.DescendantFocus)
    def _cursor_moved(self) -> None:
        self._paint_about()
        self.refresh_bindings()


def _fill(rows: RowList, keys: list[str]) -> None:
    """Show the rows of `keys`; a cursor that was never moved stays on the first one."""
    if list(rows.keys) != keys:
        first = rows.cursor_row == 0
        rows.set_rows(keys)
        if first:
            rows.move_cursor(0)
    rows.touch_all()


def _newer(job: Job, other: Job) -> bool:
    if job.update_time is None or other.update_time is None:
        return job.state.terminal
    return job.update_time > other.update_time


def _update(static: Static, content: Content) -> None:
    """Draw only what is not there already."""
    if static.content != content:
        static.update(content)
