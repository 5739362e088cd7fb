"""One chart on the screen: a plot with a frame of its own ticks. Imports numpy: only for the charts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual_plot import HiResMode, PlotWidget
from textual_plot.axis_formatter import AxisFormatter

from tui.panes.jobs_curves import Axis, Curve, pieces
from tui.panes.jobs_ticks import LABEL, SMALLEST, below, log_ticks, ticks

MARKS = ("", "o", "x", "+", "*", "#", "@", "%")
"""What stands on the lines of the curves, so that they are told apart without colours."""
TONES = ("$accent", "$primary", "$foreground", "$secondary")
"""Colours of the curves, over and over."""
LABELS = LABEL + 1
"""Columns beside the plot for the values of its ticks."""
LEAST_WIDTH, LEAST_HEIGHT = 24, 5
"""Smaller plots are not drawn: their ticks would not fit."""
_MARK_EVERY = 12
"""Columns between two marks of one curve."""
_PAD = 0.04


@dataclass(frozen=True, slots=True)
class Window:
    """What of the curves is shown, and how."""

    low: float
    high: float
    axis: Axis
    log: bool = False
    cursor: float | None = None


class _Ticks(AxisFormatter):
    """Ticks that were worked out beforehand."""

    def __init__(self, ticks: Sequence[tuple[float, str]]) -> None:
        self._ticks = dict(ticks)

    def get_ticks(self, min_: float, max_: float, max_ticks: int = 8) -> list[float]:  # noqa: ARG002
        return list(self._ticks)

    def get_labels_for_ticks(self, ticks: Sequence[float]) -> list[str]:
        return [self._ticks.get(tick, "") for tick in ticks]


class Plot(PlotWidget, can_focus=False):
    """Draws curves; what is the same as before is not drawn again."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chart--cursor",
        "chart--attempt",
        *(f"chart--line-{number}" for number in range(len(TONES))),
    }

    def __init__(self) -> None:
        super().__init__(allow_pan_and_zoom=False)
        self._key: object = None
        self._wanted: tuple[tuple[Curve, ...], Window] | None = None

    def on_mount(self) -> None:
        """Leave no more room around the frame than labels need."""
        super().on_mount()
        # The same for all charts: one axis goes through them.
        self.margin_top, self.margin_bottom, self.margin_left = 0, 1, LABELS
        if self._wanted is not None:
            self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        """Draw for the new size."""
        self._key = None
        self.refresh(layout=True)
        self.call_after_refresh(self._draw)

    def show(self, curves: tuple[Curve, ...], window: Window) -> None:
        """Show curves."""
        self._wanted = (curves, window)
        if self.is_mounted and self.size:
            self._draw()

    def _draw(self) -> None:
        if self._wanted is None or not self.is_attached:
            return
        if self.size.width < LEAST_WIDTH or self.size.height < LEAST_HEIGHT:
            return
        curves, window = self._wanted
        key = (curves, window, self.size, self.app.theme)
        if key == self._key:
            return
        self._key = key
        with self.app.batch_update():
            self._paint(curves, window)

    def _paint(self, curves: Sequence[Curve], window: Window) -> None:
        columns = max(self.size.width - self.margin_left - 2, 8)
        drawn = [pieces(curve, window.low, window.high, 2 * columns, log=window.log) for curve in curves]
        inside = [
            y
            for parts in drawn
            for xs, ys in parts
            for x, y in zip(xs, ys, strict=True)
            if window.low <= x <= window.high
        ] or [y for parts in drawn for _, ys in parts for y in ys]
        low, high = _padded(min(inside, default=0.0), max(inside, default=1.0))
        rows = max(self.size.height - 3, 2)
        y_ticks = (
            log_ticks(low, high, rows) if window.log else ticks(low, high, max(self.size.height // 3, 2))
        )
        pad = (window.high - window.low) / columns / 2
        x_ticks = ticks(window.low, window.high, max(columns // 12, 2), axis=window.axis)
        x_ticks = below(x_ticks, window.axis, window.low - pad, window.high + pad, columns)
        self.clear()
        self.set_xlimits(window.low - pad, window.high + pad)
        self.set_ylimits(low, high)
        for setter, formatter, found in (
            (self.set_xticks, self.set_x_formatter, x_ticks),
            (self.set_yticks, self.set_y_formatter, y_ticks),
        ):
            setter([tick for tick, _ in found])
            formatter(_Ticks(found))
        self._attempt_lines(curves, window)
        for number, (parts, _) in enumerate(zip(drawn, curves, strict=True)):
            self._line(number, parts, columns, window)
        if window.cursor is not None:
            self.add_v_line(window.cursor, self._style("chart--cursor"))

    def _line(
        self, number: int, parts: list[tuple[list[float], list[float]]], columns: int, window: Window
    ) -> None:
        style, mark = self._style(f"chart--line-{number % len(TONES)}"), MARKS[number % len(MARKS)]
        every = (window.high - window.low) / columns * _MARK_EVERY
        following = window.low + every * (number % 4) / 4
        marked: list[tuple[float, float]] = []
        for xs, ys in parts:
            if len(xs) > 1:
                self.plot(xs, ys, style, HiResMode.BRAILLE)
            else:
                self.scatter(xs, ys, "•", style)
            for x, y in zip(xs, ys, strict=True):
                if mark and window.low <= x <= window.high and x >= following:
                    marked.append((x, y))
                    following = x + every
        if marked:
            self.scatter([x for x, _ in marked], [y for _, y in marked], mark, style)

    def _attempt_lines(self, curves: Sequence[Curve], window: Window) -> None:
        style = self._style("chart--attempt")
        starts = {curve.xs[start] for curve in curves if curve.own for start in curve.starts}
        for x in sorted(starts)[:20]:
            if window.low <= x <= window.high:
                self.add_v_line(x, style)

    def _style(self, name: str) -> str:
        return str(self.get_component_rich_style(name))


def _padded(low: float, high: float) -> tuple[float, float]:
    """Limits with some room around the values, never empty."""
    room = (high - low) * _PAD
    largest = max(abs(low), abs(high))
    least = largest * 1e-6 if largest > SMALLEST else 0.5
    room = room if room > least else max(least, abs(high) * 0.02)
    return low - room, high + room
