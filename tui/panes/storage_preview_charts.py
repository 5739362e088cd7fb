"""The charts of a `trainer_state.json`; imported when the first one is shown, for numpy takes its time."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content

from tui.domain.preview.model import Run
from tui.panes.jobs_chart import JobCharts
from tui.panes.jobs_curves import Source, charts_of


class PreviewCharts(JobCharts, can_focus=True):
    """What a training says of its own course, drawn as the Jobs pane draws what it reads in logs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "read(-1)", "Read back", show=False),
        Binding("right,l", "read(1)", "Read on", show=False),
        Binding(
            "L", "log_scale", "Log scale", id="storage.preview-log", show=False, tooltip="Logarithms, or not"
        ),
        Binding("right_square_bracket,down,j", "metric(1)", "Next chart", show=False),
        Binding("left_square_bracket,up,k", "metric(-1)", "Previous chart", show=False),
        Binding("greater_than_sign", "closer(1)", "Closer", id="storage.preview-closer", show=False),
        Binding("less_than_sign", "closer(-1)", "Farther", id="storage.preview-farther", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._run: Run | None = None
        self.text = ""
        """The file as it is, to be copied."""

    def show_run(self, run: Run, text: str) -> None:
        """Show the curves of a file."""
        if run is not self._run:
            self.text = text
            self._place(run)

    @work(exclusive=True, group="preview-charts", exit_on_error=False)
    async def _place(self, run: Run) -> None:
        charts = await asyncio.to_thread(charts_of, Source("", run.series, 0))
        self._run, self._charts = run, charts
        self._cursor = self._zoom = None
        self._first = min(self._first, max(len(charts.charts) - 1, 0))
        self._draw()

    # What is said

    @property
    def _is_told(self) -> bool:
        return self._run is not None

    def _late(self) -> str:
        return ""

    def _why_empty(self) -> Content:
        return Content("No numbers against steps in this file.")

    def _counted(self) -> str:
        points = sum(len(series.points) for series in self._run.series) if self._run is not None else 0
        return f"{points:,} points"

    def _zoom_keys(self) -> list[Content]:
        return [Content.assemble(("< >", "bold $accent"), " zoomed" if self._zoom else " zoom")]

    # Keys

    def action_read(self, columns: int) -> None:
        """Move the cursor that values are read at."""
        self.move_cursor(columns)

    def action_metric(self, step: int) -> None:
        """Show the next chart first."""
        self.next_metric(step)

    def action_log_scale(self) -> None:
        """Draw against logarithms, or no more."""
        self.switch_log()

    def action_closer(self, direction: int) -> None:
        """Show less or more of the axis."""
        self.zoom(direction)
