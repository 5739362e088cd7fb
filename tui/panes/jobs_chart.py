"""The charts of a job's metrics; imported when they are first opened, for numpy takes its time."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from tui.domain import text
from tui.domain.insight import JobInsight, Older
from tui.domain.jobs import Job, JobState
from tui.panes.jobs_cards import DetailState
from tui.panes.jobs_curves import Axis, Chart, Charts, Source, charts_of, value_words
from tui.panes.jobs_plot import LEAST_HEIGHT, LEAST_WIDTH, MARKS, TONES, Plot, Window

BOX_HEIGHT = 12
"""Lines that a chart takes at least where there are several."""
_MOST_BOXES = 8
_WIDE = 100
_SECOND_NS = 1_000_000_000
_NAME = 24
_AGAINST = {Axis.EPOCH: "by epoch", Axis.TIME: "by time"}
_ZOOM = 2.0
_LINE = "⠒"
_VALUE, _LEAST_LABEL = 14, 8
"""Columns that the mark and the value of a curve take in a heading, and the least for its name."""
UNDERSTOOD = (
    "{'loss': 1.92, 'epoch': 0.5}      Hugging Face Trainer",
    "step 100 | loss 1.92 | lr 2e-05   names beside numbers",
    " 34%|███▍      | 340/1000          progress bars (tqdm)",
    "Epoch 2/5 … loss: 0.31 - val_…    Keras, and tables",
    '{"step": 100, "loss": 1.92}       JSON, also structured',
)
"""What lines with metrics may look like."""


class ChartBox(Vertical):
    """One chart under a line that says what its curves are."""

    def compose(self) -> ComposeResult:
        yield Static(classes="chart-head")
        yield Plot()

    def show(self, chart: Chart, window: Window) -> None:
        """Show a chart."""
        self._wanted = (chart, window)
        if self.is_mounted and self._nodes:
            self._fill()

    def on_mount(self) -> None:
        """Show what was asked for before."""
        self._fill()

    def _fill(self) -> None:
        chart, window = self._wanted
        width = max(self.size.width, LEAST_WIDTH)
        _write(self.query_one(Static), heading(chart, window, width).truncate(width, ellipsis=True))
        self.query_one(Plot).show(chart.curves, window)

    def on_resize(self) -> None:
        """Fit the line above."""
        self._fill()


class JobCharts(Vertical):
    """As many charts as there is room for, over one axis, with one cursor through all of them."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._state: DetailState | None = None
        self._charts = Charts(Axis.STEP, ())
        self._made_of: object = None
        self._first = 0
        self._log = False
        self._cursor: float | None = None
        self._zoom: tuple[float, float] | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="charts-empty", classes="hidden")
        yield Vertical(id="charts-boxes")
        yield Static(id="charts-note", classes="hidden")
        yield Static(id="charts-foot")

    def show(self, state: DetailState) -> None:
        """Show the metrics of a job and of those that it is compared with."""
        before, self._state = self._state, state
        if before is None or before.job.name != state.job.name:
            self._cursor = self._zoom = None
        made_of = (
            state.job.name,
            _series_of(state.insight),
            state.insight.older if state.insight else None,
            *((one.job.name, one.insight) for one in state.rivals),
        )
        if made_of != self._made_of:
            self._made_of = made_of
            others = [_source(one.job, one.insight) for one in state.rivals]
            self._charts = charts_of(_source(state.job, state.insight), others)
            self._first = min(self._first, max(len(self._charts.charts) - 1, 0))
        self._draw()

    def on_mount(self) -> None:
        """Show what was asked for before."""
        self._draw()

    def on_resize(self, _event: events.Resize) -> None:
        """Show as many charts as there is room for now."""
        self.call_after_refresh(self._draw)

    # Keys

    def move_cursor(self, columns: int) -> None:
        """Move the cursor by columns, to a value of the job under the list's cursor."""
        low, high = self._window_span()
        chart = self._charts.charts[self._first] if self._charts.charts else None
        xs = sorted({x for curve in chart.curves if curve.own for x in curve.xs}) if chart else []
        xs = xs[bisect_left(xs, low) : bisect_right(xs, high)]
        if not xs:
            return
        if self._cursor is None:
            self._cursor = xs[-1]
        else:
            column = (high - low) / max(self.size.width - 10, 10)
            wished = self._cursor + columns * column
            here = bisect_left(xs, self._cursor)
            if columns > 0:
                index = max(bisect_left(xs, wished), bisect_right(xs, self._cursor))
            else:
                index = min(bisect_right(xs, wished) - 1, here - 1)
            self._cursor = xs[min(max(index, 0), len(xs) - 1)]
        self._draw()

    def next_metric(self, step: int) -> None:
        """Go to the next chart."""
        if count := len(self._charts.charts):
            self._first = (self._first + step) % count
            self._draw()

    def switch_log(self) -> None:
        """Draw against logarithms, or no more."""
        self._log = not self._log
        self._draw()

    def zoom(self, closer: int) -> None:
        """Show less or more of the axis; 0 shows all of it."""
        span = self._charts.span
        if span is None or not closer:
            self._zoom = None
        else:
            low, high = self._window_span()
            middle = self._cursor if self._cursor is not None else high
            factor = 1 / _ZOOM if closer > 0 else _ZOOM
            share = (middle - low) / (high - low)
            width = min((high - low) * factor, span[1] - span[0])
            start = min(max(middle - share * width, span[0]), span[1] - width)
            whole = width >= span[1] - span[0]
            far = width < (span[1] - span[0]) / 1e5
            self._zoom = None if whole else self._zoom if far else (start, start + width)
        self._draw()

    def leave_cursor(self) -> bool:
        """Take the cursor away; False if there is none."""
        had, self._cursor = self._cursor is not None, None
        if had:
            self._draw()
        return had

    # Drawing

    def _window_span(self) -> tuple[float, float]:
        low, high = self._zoom or self._charts.span or (0.0, 1.0)
        return (low, high) if high > low else (low - 0.5, low + 0.5)

    def _draw(self) -> None:
        if not self._is_told or not self.is_mounted or not self._nodes:
            return
        empty, foot = self.query_one("#charts-empty", Static), self.query_one("#charts-foot", Static)
        boxes = self.query_one("#charts-boxes")
        charts = self._charts.charts
        small = self.size.width < LEAST_WIDTH + 2 or self.size.height < LEAST_HEIGHT + 2
        empty.set_class(bool(charts) and not small, "hidden")
        boxes.set_class(not charts or small, "hidden")
        foot.set_class(not charts or small, "hidden")
        self._draw_note("" if not charts or small else self._late())
        if not charts or small:
            words = self._why_empty() if not charts else Content("Too small for charts: z makes room.")
            _write(empty, words)
            return
        count = min(max((self.size.height - 1) // BOX_HEIGHT, 1), len(charts), _MOST_BOXES)
        first = min(self._first, len(charts) - count) if count > 1 else self._first
        low, high = self._window_span()
        window = Window(low, high, self._charts.axis, self._log, self._cursor)
        known = list(boxes.query(ChartBox))
        for number, chart in enumerate(charts[first : first + count]):
            if number < len(known):
                known[number].remove_class("hidden")
                known[number].show(chart, window)
            else:
                box = ChartBox(classes="chart-box")
                box.show(chart, window)
                boxes.mount(box)
        for box in known[count:]:
            box.add_class("hidden")
        _write(foot, self._foot().truncate(max(self.size.width, LEAST_WIDTH), ellipsis=True))

    def _draw_note(self, late: str) -> None:
        note = self.query_one("#charts-note", Static)
        note.set_class(not late, "hidden")
        _write(note, Content.styled(late, "$text-warning"))

    # What is said of a job; other owners of curves say other things

    @property
    def _is_told(self) -> bool:
        return self._state is not None

    def _late(self) -> str:
        return late_words(self._state, self._charts) if self._state is not None else ""

    def _why_empty(self) -> Content:
        return why_empty(self._state) if self._state is not None else Content()

    def _counted(self) -> str:
        wide = self.size.width >= _WIDE
        return counted(self._state, self._charts, wide=wide) if self._state is not None else ""

    def _zoom_keys(self) -> list[Content]:
        return [_key("+ - 0", "zoomed" if self._zoom else "zoom")]

    def _foot(self) -> Content:
        charts = self._charts
        parts = [Content.styled(self._counted(), "$text-muted")]
        if self._cursor is not None:
            parts.insert(0, Content.styled(place_words(self._cursor, charts.axis), "bold"))
        if len(charts.charts) > 1:
            parts.append(_key("[ ]", f"{self._first + 1} of {len(charts.charts)}"))
        parts += [
            _key("← →", "read"),
            _key("L", "linear" if self._log else "log"),
            *self._zoom_keys(),
        ]
        return Content("  ").join(parts)


def heading(chart: Chart, window: Window, width: int) -> Content:
    """What a chart shows: its name and each curve with its mark and its value at the cursor, or the last."""
    title = f"{chart.kind.heading}{' (log)' if window.log else ''}"
    parts = [Content.styled(title, "bold")]
    room = max((width - len(title)) // max(len(chart.curves), 1) - _VALUE, _LEAST_LABEL)
    for number, curve in enumerate(chart.curves):
        mark = MARKS[number % len(MARKS)] or _LINE
        tone = TONES[number % len(TONES)]
        at = curve.nearest(window.cursor) if window.cursor is not None else len(curve.xs) - 1
        value = value_words(curve.ys[at]) if at is not None else "–"
        other = at is not None and window.cursor is not None and curve.xs[at] != window.cursor
        where = f" at {place_words(curve.xs[at], window.axis, bare=True)}" if other and at is not None else ""
        if curve.late and window.cursor is None:
            where = f" from {place_words(min(curve.xs), window.axis, bare=True)}"
        label = text.middle_cut(curve.label, room)
        parts.append(Content.assemble((f"{_LINE}{mark}{_LINE}", tone), f" {label} ", (value, "bold"), where))
    if chart.left_out:
        parts.append(Content.styled(f"and {chart.left_out} more", "$text-muted"))
    hidden = sum(1 for curve in chart.curves for y in curve.ys if y <= 0) if window.log else 0
    if hidden:
        parts.append(Content.styled(f"{hidden} not above 0 left out", "$text-warning"))
    if odd := sum(1 for curve in chart.curves for y in curve.ys if not math.isfinite(y)):
        parts.append(Content.styled(f"{odd} NaN", "$text-warning"))
    return Content("  ").join(parts)


def place_words(x: float, axis: Axis, *, bare: bool = False) -> str:
    """`step 1,200` or `8m 12s`."""
    if axis is Axis.TIME:
        return text.duration(x) if bare else f"{text.duration(x)} after its start"
    if axis is Axis.EPOCH:
        return f"{x:.4g}" if bare else f"epoch {x:.4g}"
    return f"{x:,.0f}" if bare else f"step {x:,.0f}"


def counted(state: DetailState, charts: Charts, *, wide: bool) -> str:
    """How many points there are and where they come from."""
    insight = state.insight
    if insight is None:
        return ""
    own = [curve for chart in charts.charts for curve in chart.curves if curve.own]
    points = sum(len(curve.xs) for curve in own)
    replicas = sorted({series.replica for series in insight.series})
    who = text.printable(replicas[0]) if len(replicas) == 1 else f"{len(replicas)} replicas"
    of = f" of {who}" if wide or len(replicas) > 1 else ""
    rest = "" if insight.complete or not state.job.state.terminal else ", more to come"
    why = "not all print steps" if state.rivals else "no steps"
    axis = "" if charts.axis is Axis.STEP else f" · {_AGAINST[charts.axis]}: {why}"
    return f"{points:,} points from {insight.lines:,} lines{of}{rest}{axis}"


def late_words(state: DetailState, charts: Charts) -> str:
    """Which jobs' curves go back farther than their logs were read, and what reads the rest."""
    insights = [(state.job, state.insight), *((one.job, one.insight) for one in state.rivals)]
    late: dict[str, list[str]] = {}
    for number, (job, insight) in enumerate(insights):
        begin = charts.begins[number] if number < len(charts.begins) else None
        if insight is None or insight.older is Older.READ or begin is None:
            continue
        name = text.middle_cut(text.printable(job.display_name or job.job_id), _NAME)
        who = f"{name} from {place_words(begin, charts.axis)}"
        late.setdefault(_why_late(insight, own=number == 0), []).append(who)
    return " · ".join(f"{', '.join(who)}: {why}" for why, who in late.items())


def _why_late(insight: JobInsight, *, own: bool) -> str:
    if insight.older is Older.LEFT_OUT:
        return "older log too long, left out"
    if not own:
        return "older log not read, the list's cursor on it reads it"
    return "older log not read" if insight.trouble is not None else "older log is being read"


def why_empty(state: DetailState) -> Content:
    """Why there is no chart."""
    job, insight = state.job, state.insight
    if insight is not None and insight.trouble is not None:
        first = f"The log could not be read: {insight.trouble.title}"
    elif insight is None or not (insight.lines or insight.complete):
        first = "The log has not been read yet."
        if job.state in {JobState.QUEUED, JobState.PENDING}:
            first = "The job has not started: there is no log yet."
    elif insight.lines:
        more = "" if insight.complete else " so far"
        first = f"No metric in the {insight.lines:,} log entries looked at{more}."
    else:
        first = "The log is empty so far." if job.state.live else "The log is empty."
    lines = [Content.styled(text.printable(first), "bold"), Content("")]
    lines.append(Content("The app draws what programs print, for instance:"))
    lines += [Content.styled(f"  {line}", "$text-muted") for line in UNDERSTOOD]
    return Content("\n").join(lines)


def _write(label: Static, content: Content) -> None:
    """Change a text; one that is the same is not drawn again."""
    shown = label.content
    if not (isinstance(shown, Content) and shown.is_same(content)):
        label.update(content)


def _key(key: str, words: str) -> Content:
    return Content.assemble((key, "bold $accent"), f" {words}")


def _series_of(insight: JobInsight | None) -> object:
    return insight.series if insight else ()


def _source(job: Job, insight: JobInsight | None) -> Source:
    series = insight.series if insight else ()
    start = job.start_time or job.create_time
    first = min((one.points[0].time_ns for one in series if one.points), default=0)
    return Source(
        job.display_name or job.job_id,
        series,
        int(start.timestamp() * _SECOND_NS) if start else first,
        late=insight is not None and insight.older is not Older.READ,
    )
