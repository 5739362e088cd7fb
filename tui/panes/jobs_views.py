"""What the Jobs pane does with the detail: its views, the charts' keys, jumps and steps."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, cast

from textual.app import App
from textual.binding import Binding, BindingType
from textual.content import Content

from tui.domain.diagnosis.model import Action, NextStep
from tui.domain.jobs import Job
from tui.domain.outputs import NO_OUTPUTS, outputs_of
from tui.domain.text import printable
from tui.panes import messages
from tui.panes.jobs_cards import Rival
from tui.panes.jobs_choice import ChoiceScreen
from tui.panes.jobs_detail import View
from tui.panes.jobs_summary import first_evidence
from tui.panes.jobs_work import JobsWork

MOST_RIVALS = 7
"""Marked jobs that are compared in the charts."""
_OF_CHARTS = frozenset({"chart_cursor", "chart_metric", "chart_log", "chart_zoom"})
_OF_VIEWS = _OF_CHARTS | {
    "next_view",
    "previous_view",
    "show_view",
    "scroll_detail",
    "zoom_detail",
    "jump_to_evidence",
    "next_step",
}


def _key(key: str, action: str, title: str, name: str, tip: str) -> Binding:
    """A key for which the footer has no room."""
    return Binding(key, action, title, id=f"jobs.{name}", show=False, tooltip=tip)


class JobsViews(JobsWork):
    """The detail's keys; they work while the list has the focus."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "next_step", "Next step", id="jobs.step", tooltip="Do what the card advises"),
        _key("E", "jump_to_evidence", "Evidence", "evidence", "Open the log at the quoted line"),
        _key("z", "zoom_detail", "Zoom", "zoom", "The whole pane for the detail, or not"),
        _key("V", "previous_view", "View before", "view-back", "The view before this one"),
        _key("i", "show_view('SUMMARY')", "Summary", "summary", "What it is and how it went"),
        _key("t", "show_view('CHARTS')", "Charts", "charts", "The courses of its metrics"),
        _key("x", "show_view('SPEC')", "Spec", "spec", "Its spec as YAML, values hidden"),
        _key("J", "scroll_detail(1)", "Scroll detail", "scroll-down", "Scroll the detail down"),
        _key("K", "scroll_detail(-1)", "Scroll detail back", "scroll-up", "Scroll the detail up"),
        _key("left,h", "chart_cursor(-1)", "Value before", "chart-left", "Read the charts to the left"),
        _key("right,l", "chart_cursor(1)", "Next value", "chart-right", "Read the charts to the right"),
        _key("right_square_bracket", "chart_metric(1)", "Next chart", "chart-next", "The chart after it"),
        _key("left_square_bracket", "chart_metric(-1)", "Chart before", "chart-back", "The chart before it"),
        _key("L", "chart_log", "Log scale", "chart-log", "Against logarithms, or not"),
        _key("plus", "chart_zoom(1)", "Closer", "chart-closer", "Show less of the charts' axis"),
        _key("minus", "chart_zoom(-1)", "Farther", "chart-farther", "Show more of the charts' axis"),
        _key("0", "chart_zoom(0)", "Whole chart", "chart-whole", "Show all of the charts' axis"),
    ]

    @property
    def zoomed(self) -> bool:
        """Whether the detail has the whole pane."""
        return self.query_one("#jobs-body").has_class("zoomed")

    def view_offers(self, action: str) -> bool | None:
        """Whether one of the detail's actions makes sense now; None for an action of others."""
        if action not in _OF_VIEWS:
            return None
        state = self.panel.state
        if state is None:
            return False
        if action in _OF_CHARTS:
            return self.panel.view is View.CHARTS
        if action == "jump_to_evidence":
            return first_evidence(state) is not None
        if action == "next_step":
            return bool(self._steps) or self.waits_elsewhere
        return True

    @property
    def rivals(self) -> tuple[Rival, ...]:
        """Marked jobs whose log says something, without the one under the cursor."""
        current = self.current
        names = [name for name in self.table.marked if current is None or name != current.name]
        found = [
            Rival(job, insight)
            for name in sorted(names)
            if (job := self.job_named(name)) and (insight := self.insights.get(name)) and insight.series
        ]
        return tuple(found[:MOST_RIVALS])

    # Views

    def action_next_view(self) -> None:
        """Show the next of the detail's views."""
        self.panel.next_view()
        self.view_changed()

    def action_previous_view(self) -> None:
        """Show the view before."""
        self.panel.next_view(-1)
        self.view_changed()

    def action_show_view(self, name: str) -> None:
        """Show one of the views."""
        self.panel.show_view(View[name])
        self.view_changed()

    def view_changed(self) -> None:
        """Make room for the view, and leave the arrows to the charts while they are shown."""
        self.query_one("#jobs-body").set_class(self.panel.view is not View.SUMMARY, "tall")
        self.table.takes_sideways = self.panel.view is not View.CHARTS
        self.refresh_bindings()

    def action_scroll_detail(self, step: int) -> None:
        """Scroll the detail by half of what is in sight."""
        self.panel.scroll_relative(y=step * max(self.panel.size.height // 2, 1), animate=False)

    def action_zoom_detail(self) -> None:
        """Give the whole pane to the detail, or bring the list back."""
        self.set_zoom(zoomed=not self.zoomed)

    def set_zoom(self, *, zoomed: bool) -> None:
        """Give the whole pane to the detail, or bring the list back, with the focus where the keys belong."""
        had_focus = self.table.has_focus or self.panel.has_focus
        if zoomed:
            self.panel.focus()
        self.query_one("#jobs-body").set_class(zoomed, "zoomed")
        if had_focus and not zoomed:
            self.call_after_refresh(self.table.focus)  # hidden until then

    def views_back(self) -> bool:
        """One step out of the views; False if there is none."""
        charts = self.panel.charts
        if charts is not None and charts.leave_cursor():
            return True
        if self.zoomed:
            self.set_zoom(zoomed=False)
            return True
        if self.panel.go_back():
            self.view_changed()
            return True
        return False

    def set_filter(self, words: str) -> None:
        """Filter by these words and go back to the list, which has to be there."""
        self.set_zoom(zoomed=False)
        super().set_filter(words)

    # Charts

    def action_chart_cursor(self, columns: int) -> None:
        """Read values further on."""
        if (charts := self.panel.charts) is not None:
            charts.move_cursor(columns)

    def action_chart_metric(self, step: int) -> None:
        """Show another chart."""
        if (charts := self.panel.charts) is not None:
            charts.next_metric(step)

    def action_chart_log(self) -> None:
        """Draw against logarithms, or not."""
        if (charts := self.panel.charts) is not None:
            charts.switch_log()

    def action_chart_zoom(self, closer: int) -> None:
        """Show less or more of the axis."""
        if (charts := self.panel.charts) is not None:
            charts.zoom(closer)

    # Evidence and steps

    def action_jump_to_evidence(self) -> None:
        """Open the log at the quoted line."""
        state = self.panel.state
        if state is not None and (key := first_evidence(state)) is not None:
            self.post_message(messages.OpenLogs(state.job, key))

    @property
    def _steps(self) -> tuple[NextStep, ...]:
        state = self.panel.state
        diagnosis = state.insight.diagnosis if state and state.insight else None
        if diagnosis is None or diagnosis.healthy:
            return ()
        steps = [*diagnosis.steps, *(step for other in diagnosis.also for step in other.steps)]
        return tuple({step.words: step for step in steps if step.action is not None}.values())

    def action_next_step(self) -> None:
        """Do the step that the card advises; of several, let the user choose."""
        state, steps = self.panel.state, self._steps
        if state is None:
            return
        job = state.job
        if not steps:
            if self.waits_elsewhere:
                self.start_elsewhere(job)
            return
        if len(steps) == 1:
            self.take_step(job, steps[0])
            return

        def chosen(number: int | None) -> None:
            if number is not None:
                self.take_step(job, steps[number])

        choices = [
            Content.assemble(
                printable(step.words), (f"  {step.action.value}" if step.action else "", "$text-muted")
            )
            for step in steps
        ]
        self._app.push_screen(ChoiceScreen("What to do about it", choices, "does it"), chosen)

    def take_step(self, job: Job, step: NextStep) -> None:
        """Do a step; what this pane cannot do is said."""
        match step.action:
            case Action.OPEN_LOGS:
                state = self.panel.state
                at = first_evidence(state) if state is not None and state.job.name == job.name else None
                self.post_message(messages.OpenLogs(job, at))
            case Action.OPEN_OUTPUTS:
                self.action_open_outputs()
            case Action.OPEN_SETUP | Action.REQUEST_QUOTA:
                self.post_message(messages.OpenSetup(step.check_id))
            case Action.SET_SECRET:
                self.post_message(messages.OpenSetup(step.check_id or f"secrets.{step.secret}"))
            case _:
                self.say(f"Not while nothing may be changed: {printable(step.words)}")

    def action_open_outputs(self) -> None:
        """Browse the job's output directory, or the bucket when the spec names none."""
        job = self.current
        if job is None:
            return
        if self.gateway is None:
            self.say("Not connected yet: o opens the outputs as soon as that is done.")
            return
        found = outputs_of(job, self.place_of(job), self.gateway.target, self.options.settings.bucket)
        if found is None:
            self.say(NO_OUTPUTS)
        else:
            self.post_message(messages.BrowseOutputs(found, job))

    @property
    @abstractmethod
    def waits_elsewhere(self) -> bool:
        """Whether the waiting card advises to start the job elsewhere, and that can be done."""

    @abstractmethod
    def start_elsewhere(self, job: Job) -> None:
        """Cancel a job that waits, and start it elsewhere."""

    @property
    def _app(self) -> App[object]:
        return cast("App[object]", self.app)
