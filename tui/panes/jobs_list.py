"""The list of the Jobs pane: rows, filter, order, columns, and what is said when there are none."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast

from textual import events, on
from textual.app import App
from textual.content import Content
from textual.widgets import Input

from tui.domain import text
from tui.domain.course.cost import SoFar, cost_so_far
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.insight import JobInsight
from tui.domain.joblist.columns import (
    BY_KEY,
    JobColumn,
    Line,
    chosen_columns,
    doubtful,
    idle_columns,
    state_words,
)
from tui.domain.joblist.listing import Known, Listing, ordered
from tui.domain.joblist.query import Query, read_query
from tui.domain.jobs import Job
from tui.panes import messages
from tui.panes.jobs_base import JobsBase
from tui.panes.jobs_detail import TONES
from tui.panes.jobs_titles import contents, count_words, staleness, table_columns, without_room
from tui.services.jobwatch import JobsSnapshot
from tui.services.options import AppOptions
from tui.widgets.rows import RowList
from tui.widgets.rows_paint import GUTTER
from tui.widgets.state_view import StateView

REPAINT_SECONDS = 60.0
"""Ages change once a minute on screen, so that an idle list writes nothing in between."""
LIVE_REPAINT_SECONDS = 10.0
"""Durations of running jobs change so often."""
WIDE = 110
"""Columns from which the detail stands beside the list."""
FEWEST_ROWS, MANY_ROWS, AROUND_ROWS = 3, 100, 3
"""Rows that a list above the detail keeps, those from which the stylesheet decides, frame and heading."""


class JobsListPart(JobsBase):
    """What of the snapshot is shown, and how."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._query = Query()
        self._sort = ("age", True)
        self._columns: tuple[JobColumn, ...] = ()
        self._listing = Listing()
        self._idle: frozenset[str] = frozenset()
        self._needs: dict[str, int] = {}
        self._opening = True
        """Whether the first fresh list of the session is still to come or being read."""
        self.deleted: frozenset[str] = frozenset()
        """Resource names of records that are gone although the list still has them."""
        self._by_name: dict[str, Job] = {}
        self._wanted = ""
        self._before_filter = ""
        self._painted = datetime.now(UTC)
        self._most_rows: int | None = None

    def on_mount(self) -> None:
        """Begin the slow repaint of ages."""
        self.set_interval(LIVE_REPAINT_SECONDS, self._age)
        self.show_list()

    # State from above

    def watch_gateway(self, _gateway: Gateway | None) -> None:
        """The list follows by itself; say that it is awaited."""
        self.show_list()

    def watch_connection_trouble(self, _trouble: CloudError | None) -> None:
        """Say why there is no list."""
        self.show_list()

    def watch_prices(self) -> None:
        """Other prices, other costs."""
        self._repaint_rows()

    def watch_jobs(self, old: JobsSnapshot, new: JobsSnapshot) -> None:
        """Show the newest list."""
        if old.jobs is not new.jobs:
            self._by_name = {job.name: job for job in new.jobs}
            self._idle, self._needs = idle_columns(new.jobs), contents(new.jobs)
            self.deleted &= self._by_name.keys()
            self._listing.forget_all_but(self._by_name)
            if gone := self.table.marked - self._by_name.keys():
                self.table.marked = self.table.marked - gone
        same = old.trouble is new.trouble and (old.kept, old.whole) == (new.kept, new.whole)
        if old.jobs is new.jobs and old.jobs and same:
            return
        self.show_list()
        self._opening = self._opening and (
            new.kept or any(not state.whole and state.trouble is None for state in new.places)
        )
        if self._wanted and self.table.show_cursor_on(self._wanted):
            self._wanted = ""

    def watch_insights(self, old: Mapping[str, JobInsight], new: Mapping[str, JobInsight]) -> None:
        """Rows of which the log says something else now."""
        changed = [name for name in self.table.keys_in_sight if old.get(name) is not new.get(name)]
        self.table.touch(changed)
        if (job := self.current) is not None and old.get(job.name) is not new.get(job.name):
            self.show_detail()

    def job_named(self, name: str) -> Job | None:
        """The job of the last list that has this resource name."""
        return self._by_name.get(name)

    def show_job(self, name: str) -> None:
        """Put the cursor on a job, as soon as the list has it."""
        self.set_filter("")
        self._wanted = "" if not name or self.table.show_cursor_on(name) else name

    # Drawing

    def show_list(self) -> None:
        """Draw everything that may have changed."""
        snapshot = self.jobs
        self.query_one("#jobs-body").set_class(not snapshot.jobs, "hidden")
        view = self.query_one(StateView)
        view.set_class(bool(snapshot.jobs), "hidden")
        if snapshot.jobs:
            self._show_rows()
        elif self.connection_trouble is not None:
            view.show_trouble(self.connection_trouble)
        elif snapshot.trouble is not None:
            view.show_trouble(snapshot.trouble, since=snapshot.trouble_since, next_try=snapshot.next_try)
        elif snapshot.read_at is not None:
            where = self.options.settings.region if len(snapshot.places) < 2 else "these places"  # noqa: PLR2004
            view.show_empty(
                f"No custom jobs in {where} yet.",
                "A job appears here within seconds of its start. Press 2 to open or write a spec.",
            )
        else:
            view.show_loading("Reading the job list", self.opened)

    def _show_rows(self) -> None:
        self._painted = now = datetime.now(UTC)
        self._show_columns()
        known = Known(self.jobs.jobs, self.insights, self.project_of, self.prices, now)
        found = ordered(self._listing.found(self._query, known), self._sort[0], known, reverse=self._sort[1])
        if self.deleted:
            found = [job for job in found if job.name not in self.deleted]
        before, at_first = self.table.cursor_key, self.table.cursor_row == 0
        self._leave_room(len(found))
        self.table.set_rows([job.name for job in found], anew=True)
        if self._opening and at_first:
            self.table.move_cursor(0)
        self._show_titles(len(found))
        if self.table.cursor_key in (before, None):  # else the table says that the cursor moved
            self.show_detail()
            self.offer_keys()
        self.call_after_refresh(self._look_into)  # other rows may be in sight although the cursor stays

    def _leave_room(self, rows: int) -> None:
        """Above the detail, a short list leaves it the rows that it does not need."""
        stacked = self.query_one("#jobs-body").has_class("stacked")
        most = max(rows, FEWEST_ROWS) + AROUND_ROWS if stacked and rows < MANY_ROWS else None
        if most != self._most_rows:
            self._most_rows = most
            self.table.styles.max_height = most

    def _show_columns(self) -> None:
        keys = [key.strip() for key in self.options.settings.jobs_columns.split(",")]
        self._columns = chosen_columns(keys, idle=self._idle)
        self.table.set_columns(table_columns(self._columns, self._needs))
        self.table.set_sort(self._sort[0], descending=self._sort[1])

    def _show_titles(self, shown: int) -> None:
        counts = count_words(self.jobs, shown)
        marked = f" · {len(self.table.marked)} marked" if self.table.marked else ""
        words = f" · {text.printable(self._query.text)}" if self._query.text else ""
        self.table.border_title = Content(f"Jobs {counts}{words}{marked}")
        self.table.border_subtitle = Content(
            self._query.problem or staleness(self.jobs, self.connection_trouble)
        )

    @property
    def painted(self) -> datetime:
        """The time that ages on the screen are of."""
        return self._painted

    def cost_of(self, job: Job) -> SoFar:
        """What a job has cost so far."""
        return self._cost(job, self.insights.get(job.name), self._painted)

    def _cost(self, job: Job, insight: JobInsight | None, now: datetime) -> SoFar:
        return cost_so_far(job, now, book=self.prices, attempts=insight.attempts if insight else ())

    def line(self, job: Job, now: datetime) -> Line:
        """What the row of a job is made of."""
        insight = self.insights.get(job.name)
        wants_cost = any(column.key == "cost" for column in self._columns)
        cost = self._cost(job, insight, now) if wants_cost else None
        return Line(job, now, insight, cost, self.project_of(job))

    def cells(self, key: str, widths: Mapping[str, int]) -> tuple[Content, ...]:
        """The cells of one job's row."""
        job = self._by_name.get(key)
        if job is None:
            return tuple(Content("") for _ in widths)
        line = self.line(job, datetime.now(UTC))
        return tuple(self._cell(column, line) for column in self._columns)

    @staticmethod
    def _cell(column: JobColumn, line: Line) -> Content:
        if column.key == "state":
            tone = "$text-warning" if doubtful(line.job, line.insight) else TONES.get(line.job.state, "")
            return Content.styled(" ".join(state_words(line.job, line.insight)), tone)
        return Content(text.printable(column.show(line)))

    def _age(self) -> None:
        """Ages change each minute, and durations of running jobs more often."""
        old = (datetime.now(UTC) - self._painted) >= timedelta(seconds=REPAINT_SECONDS)
        if self.jobs.jobs and (old or self.jobs.live):
            self._repaint_rows()

    def _repaint_rows(self) -> None:
        self._painted = datetime.now(UTC)
        self.table.touch_all()
        self.show_detail()

    @abstractmethod
    def show_detail(self) -> None:
        """Show the job under the cursor beside the list."""

    @abstractmethod
    def offer_keys(self) -> None:
        """Draw the footer again if other keys work now."""

    def on_resize(self, event: events.Resize) -> None:
        """Beside the list where there is room, below it where not."""
        self.query_one("#jobs-body").set_class(event.size.width < WIDE, "stacked")
        self._leave_room(self.table.row_count)
        self.call_after_refresh(self._look_into)

    @on(RowList.Highlighted)
    def _cursor_moved(self) -> None:
        self.show_detail()
        self.offer_keys()
        self._look_into()

    @on(RowList.MarksChanged)
    def _marks_changed(self) -> None:
        self._show_titles(self.table.row_count)
        self.offer_keys()
        self.show_detail()  # the charts compare those that are marked

    @on(RowList.HeadingChosen)
    def _heading_chosen(self, message: RowList.HeadingChosen) -> None:
        self._order_by(message.column)

    def _look_into(self) -> None:
        """Ask for what the logs of the jobs in sight say."""
        names = self.table.keys_in_sight
        jobs = tuple(job for name in names if (job := self._by_name.get(name)))
        self.post_message(messages.LookInto(jobs, self.current))

    # Filter, order, columns

    def action_filter(self) -> None:
        """Narrow the list as one types."""
        self._before_filter = self.table.cursor_key or ""
        self.field.remove_class("hidden")
        self.field.focus()

    def set_filter(self, words: str) -> None:
        """Filter by these words and go back to the list."""
        self.field.value = words
        self.field.set_class(not words, "hidden")
        self.table.focus()

    @on(Input.Changed, "#jobs-filter")
    def _filter_changed(self, event: Input.Changed) -> None:
        self._query = read_query(event.value, me=self.me)
        self.show_list()
        # Not where an earlier, shorter text has left it: on the job of before, or on the first match.
        if self.field.has_focus and not self.table.show_cursor_on(self._before_filter):
            self.table.move_cursor(0)

    @on(Input.Submitted, "#jobs-filter")
    def _filter_done(self) -> None:
        self.set_filter(self.field.value)

    @property
    def me(self) -> str:
        """What the label `submitted-by` of this user's jobs says."""
        from tui.services.submitter import submitter  # noqa: PLC0415 (asks the system; not for the first frame)

        return submitter(self.options.settings.jobs_user)

    def action_mine(self) -> None:
        """Show only the jobs that this user started, or all again."""
        words = [word for word in self.field.value.split() if word != "by:me"]
        self.set_filter(" ".join(words if len(words) < len(self.field.value.split()) else [*words, "by:me"]))

    def action_sort(self) -> None:
        """Order by the next column."""
        keys = [column.key for column in self._columns]
        place = keys.index(self._sort[0]) if self._sort[0] in keys else -1
        key = keys[(place + 1) % len(keys)]
        self._sort = (key, BY_KEY[key].descending)
        self.show_list()

    def action_reverse(self) -> None:
        """Turn the order round."""
        self._sort = (self._sort[0], not self._sort[1])
        self.show_list()

    def _order_by(self, key: str) -> None:
        same = key == self._sort[0]
        self._sort = (key, not self._sort[1] if same else BY_KEY[key].descending)
        self.show_list()

    def action_columns(self) -> None:
        """Choose the columns."""
        from tui.panes.jobs_columns import ColumnsScreen  # noqa: PLC0415 (seldom used)

        keys = [column.key for column in self._columns]
        cast("App[object]", self.app).push_screen(
            ColumnsScreen(keys, self._without_room), self._columns_chosen
        )

    def _without_room(self, keys: Sequence[str]) -> frozenset[str]:
        """Which of these columns would not fit beside the others."""
        columns = chosen_columns(keys, idle=self._idle)
        return without_room(columns, self._needs, self.table.scrollable_content_region.width - GUTTER)

    def _columns_chosen(self, keys: tuple[str, ...] | None) -> None:
        if keys is not None:
            settings = replace(self.options.settings, jobs_columns=",".join(keys))
            self.options = replace(self.options, settings=settings)
            self.show_list()
            self.post_message(messages.SaveSetting("jobs.columns", ",".join(keys)))

    def action_mark(self) -> None:
        """Mark or unmark the job under the cursor and go on to the next."""
        if (job := self.current) is not None:
            self.table.marked = self.table.marked ^ {job.name}
            self.table.action_cursor_down()
            self._marks_changed()

    def action_mark_all(self) -> None:
        """Mark all jobs of the list, or none if all are."""
        keys, marked = set(self.table.keys), self.table.marked
        self.table.marked = marked - keys if keys <= marked else marked | keys
        self._marks_changed()
