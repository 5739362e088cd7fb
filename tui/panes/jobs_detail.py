"""One job's detail: what it is, how it went, its charts, its spec and its record."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from tui.domain import text
from tui.panes.jobs_cards import DetailState
from tui.panes.jobs_summary import TONES, summary

if TYPE_CHECKING:
    from tui.panes.jobs_chart import JobCharts

__all__ = ["TONES", "DetailState", "JobDetail", "View"]


class View(Enum):
    """What the detail shows of a job."""

    SUMMARY = "summary"
    CHARTS = "charts"
    SPEC = "spec"
    JSON = "JSON"
    COMMANDS = "gcloud"


class JobDetail(VerticalScroll, can_focus=True, inherit_bindings=False):
    """The detail of the job under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("g,home", "scroll_home", "Top", show=False),
        Binding("G,end", "scroll_end", "End", show=False),
    ]

    def __init__(self, *, id: str, classes: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self._state: DetailState | None = None
        self._view = View.SUMMARY
        self._title = ""
        self._frame: tuple[str, View, bool] | None = None
        self._shown = Content("")
        self._made: tuple[object, View, Content] | None = None
        self._charts: JobCharts | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="jobs-detail-text")

    @property
    def view(self) -> View:
        """What is shown of the job."""
        return self._view

    @property
    def state(self) -> DetailState | None:
        """The job that is shown."""
        return self._state

    @property
    def charts(self) -> JobCharts | None:
        """The charts while they are shown."""
        return self._charts if self._view is View.CHARTS and self._state is not None else None

    def show(self, state: DetailState | None, title: str = "") -> None:
        """Show a job, or nothing under a title that says why."""
        other = state is None or self._state is None or state.job.name != self._state.job.name
        self._state = state
        self._title = title
        self._draw()
        if other:
            self.scroll_home(animate=False)

    def show_view(self, view: View) -> None:
        """Show another view of the same job."""
        if view is not self._view:
            self._view = view
            self._draw()
            self.scroll_home(animate=False)

    def next_view(self, step: int = 1) -> None:
        """Show the next view of the same job."""
        members = list(View)
        self.show_view(members[(members.index(self._view) + step) % len(members)])

    def go_back(self) -> bool:
        """Back to the summary; False if it is there."""
        if self._view is View.SUMMARY:
            return False
        self.show_view(View.SUMMARY)
        return True

    @property
    def as_text(self) -> str:
        """What is shown, as text to copy; empty without a job."""
        if self._state is None:
            return ""
        if self._view in {View.SUMMARY, View.CHARTS}:
            return summary(self._state, 100).plain
        from tui.panes import jobs_spec_view  # noqa: PLC0415 (seldom used)

        return jobs_spec_view.whole_text(self._view.value, self._state)

    def on_resize(self, _event: events.Resize) -> None:
        """Fit the lines into the new width."""
        self.call_after_refresh(self._draw)

    def _choices(self) -> Content:
        parts = [
            Content.styled(view.value, "bold $accent" if view is self._view else "$text-muted")
            for view in View
        ]
        return Content(" ").join(parts) if self._state else Content("")

    def _draw(self) -> None:
        title = self._title
        if self._state is not None:
            name = text.printable(self._state.job.display_name or self._state.job.job_id)
            title = text.middle_cut(name, max(self.size.width - 4, 12))
        frame = (title, self._view, self._state is None)
        if frame != self._frame:  # else a frame that is the same would be drawn again
            self._frame = frame
            self.border_title = Content(title)
            self.border_subtitle = self._choices()
        charts = self._view is View.CHARTS and self._state is not None
        label = self.query_one("#jobs-detail-text", Static)
        label.set_class(charts, "hidden")
        if charts or self._charts is not None:
            self._draw_charts(shown=charts)
        if charts:
            return
        body = self._body(self._state) if self._state is not None else Content("")
        if not body.is_same(self._shown):
            self._shown = body
            label.update(body)

    def _draw_charts(self, *, shown: bool) -> None:
        if self._charts is None:
            from tui.panes.jobs_chart import JobCharts  # noqa: PLC0415 (numpy takes 0.3 s)

            self._charts = JobCharts(id="jobs-charts")
            self.mount(self._charts)
        self._charts.set_class(not shown, "hidden")
        if shown and self._state is not None:
            self._charts.show(self._state)

    def _body(self, state: DetailState) -> Content:
        width = self.scrollable_content_region.width or self.size.width
        if self._view is View.SUMMARY:
            return summary(state, width)
        from tui.panes import jobs_spec_view  # noqa: PLC0415 (seldom used)

        key = (state.job.raw, state.project, state.job.state, width)
        if self._made is None or self._made[1] is not self._view or self._made[0] != key:
            self._made = (key, self._view, jobs_spec_view.body(self._view.value, state, width))
        return self._made[2]
