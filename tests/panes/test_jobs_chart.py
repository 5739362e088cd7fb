"""The charts of a job's metrics: what is drawn, read, compared and zoomed, and what stands there else."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Static
from textual_hires_canvas import Canvas

from tests.panes.jobs_world import NOW_NS, SECOND, DetailApp, falling, raw
from tests.support import wait_for
from tui.domain.errors import CloudError
from tui.domain.insight import JobInsight, Older
from tui.domain.metrics.model import Point, Series
from tui.panes.jobs_curves import Axis
from tui.panes.jobs_plot import Plot
from tui.panes.jobs_ticks import log_ticks, ticks

LOSS = JobInsight(series=(falling(), falling("learning_rate", rate=0.1)), lines=120)


def head(app: DetailApp, number: int = 0) -> str:
    heads = [label for label in app.query(".chart-head").results(Static) if label.display]
    return str(heads[number].content) if number < len(heads) else ""


def foot(app: DetailApp) -> str:
    found = app.query("#charts-foot").results(Static)
    return "".join(str(label.content) for label in found)


def drawn(app: DetailApp, number: int = 0) -> str:
    canvas = list(app.query(Plot))[number].query_one("#plot", Canvas)
    return "\n".join(canvas.render_line(y).text for y in range(canvas.size.height))


def braille(text: str) -> int:
    return sum(0x2800 < ord(character) < 0x2900 for character in text)


async def charted(app: DetailApp) -> None:
    await wait_for(lambda: bool(app.query(Plot)) and braille(drawn(app)) > 10, what="a curve")
    seen = [""]

    def stays() -> bool:
        seen.append(drawn(app))
        return seen[-1] == seen[-2]

    await wait_for(stays, what="the size to settle")


@pytest.mark.parametrize("size", [(80, 24), (160, 50), (200, 60)])
async def test_one_chart_a_kind_as_many_as_there_is_room_for(tmp_path: Path, size: tuple[int, int]) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=size) as pilot:
        app.show([raw(1, "RUNNING")], {1: LOSS})
        await pilot.press("t")
        await charted(app)
        assert head(app).startswith("Loss  ⠒⠒⠒ loss 0.")
        assert "200 points from 120 lines" in foot(app)
        boxes = [box for box in app.query(".chart-box") if box.display]
        assert len(boxes) == (1 if size == (80, 24) else 2)
        if len(boxes) == 1:
            assert "1 of 2" in foot(app)
            await pilot.press("right_square_bracket")
            await wait_for(lambda: head(app).startswith("Learning rate"))
            await pilot.press("left_square_bracket")
            await wait_for(lambda: head(app).startswith("Loss"))
        assert app.focused is app.table


async def test_the_cursor_reads_values_and_the_arrows_are_the_list_s_again(tmp_path: Path) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.show([raw(1, "RUNNING")], {1: LOSS})
        await pilot.press("t")
        await charted(app)
        await pilot.press("left")
        await wait_for(lambda: foot(app).startswith("step 990"))
        await pilot.press("h", "left")
        await wait_for(lambda: foot(app).startswith("step 9") and not foot(app).startswith("step 990"))
        before = foot(app)
        await pilot.press("right")
        await wait_for(lambda: foot(app) != before)
        assert app.pane.go_back(), "first the cursor goes"
        await wait_for(lambda: foot(app).startswith("200 points"))
        assert app.pane.go_back()
        assert app.table.takes_sideways
        assert not app.pane.check_action("chart_cursor", ())


async def test_log_scale_and_zoom(tmp_path: Path) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.show([raw(1, "RUNNING")], {1: LOSS})
        await pilot.press("t")
        await charted(app)
        whole = drawn(app)
        await pilot.press("L")
        await wait_for(lambda: "Loss (log)" in head(app) and drawn(app) != whole)
        await pilot.press("L")
        await wait_for(lambda: drawn(app) == whole)
        await pilot.press("plus", "plus")
        await wait_for(lambda: "zoomed" in foot(app) and drawn(app) != whole)
        await pilot.press("minus", "minus")
        await wait_for(lambda: drawn(app) == whole)
        await pilot.press("plus", "0")
        await wait_for(lambda: drawn(app) == whole and "zoomed" not in foot(app))


async def test_marked_jobs_are_compared_by_name(tmp_path: Path) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(100, 24)) as pilot:
        other = JobInsight(series=(falling(rate=0.01),), lines=9)
        app.show([raw(1, "RUNNING"), raw(2, "RUNNING")], {1: LOSS, 2: other})
        await pilot.press("j", "space", "g", "t")
        await charted(app)
        await wait_for(lambda: "job-1 0." in head(app) and "⠒o⠒ job-2 1." in head(app))
        await wait_for(lambda: "o" in drawn(app), what="the mark of the other curve")
        await pilot.press("space")
        await pilot.press("g")
        await wait_for(lambda: "job-2" in head(app), what="still compared while it is marked")


def late(older: Older) -> JobInsight:
    whole = falling(count=400)
    return JobInsight(series=(replace(whole, points=whole.points[300:]),), lines=100, older=older)


def note(app: DetailApp) -> str:
    label = app.query_one("#charts-note", Static)
    return str(label.content) if label.display else ""


async def test_a_curve_whose_beginning_was_not_read_says_so(tmp_path: Path) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(120, 24)) as pilot:
        jobs = [raw(1, "RUNNING"), raw(2, "SUCCEEDED"), raw(3, "SUCCEEDED")]
        app.show(jobs, {1: LOSS, 2: late(Older.UNREAD), 3: late(Older.LEFT_OUT)})
        await pilot.press("t")
        await charted(app)
        assert note(app) == ""
        await pilot.press("*")
        await wait_for(lambda: "job-2 from step 3,000" in note(app))
        assert "job-2 from step 3,000: older log not read, the list's cursor on it reads it" in note(app)
        await pilot.press("z")
        await pilot.resize_terminal(180, 24)
        await wait_for(lambda: "job-3 from step 3,000: older log too long" in note(app))
        await wait_for(lambda: "job-2 0.5007 from 3,000" in head(app), what="the legend")
        await pilot.press("left")
        await wait_for(lambda: " from 3,000" not in head(app), what="the values at the cursor instead")
        name = app.pane.jobs.jobs[1].name
        app.pane.insights = {**app.pane.insights, name: replace(late(Older.READ), series=(falling(),))}
        await wait_for(lambda: "job-2" not in note(app), what="read from its beginning")


async def test_labels_are_whole_and_the_axis_says_what_it_counts(tmp_path: Path) -> None:
    app = DetailApp(tmp_path)
    points = [Point(NOW_NS + at * SECOND, at * 10_000.0, at * 10_000, at / 50) for at in range(101)]
    steps = JobInsight(series=(Series("loss", "", tuple(points)),), lines=101)
    bare = tuple(replace(point, step=None) for point in points)
    async with app.run_test(size=(80, 30)) as pilot:
        app.show([raw(1, "RUNNING")], {1: steps})
        await pilot.press("t")
        await charted(app)

        def below() -> str:
            return app.query_one(Plot).query_one("#margin-bottom", Canvas).render_line(0).text

        def beside() -> list[str]:
            canvas = app.query_one(Plot).query_one("#margin-left", Canvas)
            return [words for y in range(canvas.size.height) if (words := canvas.render_line(y).text.strip())]

        assert below().split()[:3] == ["step", "0", "0.2M"]
        assert below().split()[-1] == "1.0M"
        assert beside()[0] == "1.0M"
        await pilot.press("L")
        await wait_for(lambda: beside() == ["1M", "100,000", "10,000"])
        await pilot.press("L")
        app.show([raw(1, "RUNNING")], {1: JobInsight(series=(Series("loss", "", bare),), lines=101)})
        await wait_for(lambda: below().split()[:2] == ["epoch", "0"] and "by epoch: no steps" in foot(app))


async def test_new_points_are_drawn_and_what_is_the_same_is_not(tmp_path: Path) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.show([raw(1, "RUNNING")], {1: LOSS})
        await pilot.press("t")
        await charted(app)
        plot = app.query_one(Plot)
        painted: list[object] = []
        paint = plot._paint
        plot._paint = lambda curves, window: (painted.append(window), paint(curves, window))  # type: ignore[method-assign, func-returns-value, assignment]
        name = app.pane.jobs.jobs[0].name
        app.pane.insights = {name: replace(LOSS, series=(falling(), *LOSS.series[1:]), lines=121)}
        await wait_for(lambda: "121 lines" in foot(app))
        assert painted == [], "the same points"
        app.pane.insights = {name: replace(LOSS, series=(falling(count=150), *LOSS.series[1:]), lines=170)}
        await wait_for(lambda: len(painted) == 1 and "250 points" in foot(app))


async def test_attempts_and_nan_are_seen(tmp_path: Path) -> None:
    whole = falling()
    points = [
        replace(point, value=math.nan) if 30 < at < 40 else point for at, point in enumerate(whole.points)
    ]
    again = [replace(point, time_ns=point.time_ns + 500 * SECOND) for point in points[50:]]
    odd = Series("loss", "workerpool0-0", (*points[:80], *again), (80,))
    app = DetailApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.show([raw(1, "RUNNING")], {1: JobInsight(series=(odd,), lines=130)})
        await pilot.press("t")
        await charted(app)
        assert "9 NaN" in head(app)
        assert "│" in drawn(app), "the line of the second attempt"


@pytest.mark.parametrize(
    ("state", "insight", "words"),
    [
        ("QUEUED", None, "has not started"),
        ("RUNNING", None, "has not been read yet"),
        ("RUNNING", JobInsight(lines=1_234), "No metric in the 1,234 log entries looked at so far"),
        ("SUCCEEDED", JobInsight(complete=True), "The log is empty."),
        ("FAILED", JobInsight(trouble=CloudError("No permission")), "could not be read: No permission"),
    ],
)
async def test_no_chart_says_why_and_what_is_understood(
    tmp_path: Path, state: str, insight: JobInsight | None, words: str
) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.show([raw(1, state)], {1: insight} if insight else {})
        await pilot.press("t")
        await wait_for(
            lambda: any(words in str(label.content) for label in app.query("#charts-empty").results(Static))
        )
        shown = str(app.query_one("#charts-empty", Static).content)
        assert "Hugging Face" in shown
        await pilot.press("left", "L", "plus", "right_square_bracket", "0")


@pytest.mark.parametrize("value", [0.0, 1e-300, 5e-324, 1e12, -5.0, 1e99, 1e300, math.nan, math.inf])
async def test_one_value_alone_and_very_large_ones_are_drawn_or_left_out(
    tmp_path: Path, value: float
) -> None:
    points = tuple(Point(NOW_NS + at * SECOND, value, 10**15 + at) for at in range(3))
    app = DetailApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.show([raw(1, "RUNNING")], {1: JobInsight(series=(Series("loss", "", points),), lines=3)})
        await pilot.press("t")
        await wait_for(lambda: "3 points" in foot(app))
        await pilot.press("L", "left", "left", "plus", "plus", "minus", "0", "z")
        await pilot.resize_terminal(30, 8)
        await pilot.resize_terminal(120, 40)
        await wait_for(lambda: "3 points" in foot(app))


@given(st.floats(-1e99, 1e99), st.floats(0, 1e99), st.integers(1, 30), st.sampled_from([None, *Axis]))
def test_ticks_are_few_in_order_and_within(low: float, span: float, most: int, axis: Axis | None) -> None:
    found = ticks(low, low + span, most, axis=axis)
    values = [value for value, _ in found]
    assert len(values) <= 4 * most + 4
    assert values == sorted(values)
    assert all("[" not in label for _, label in found)
    assert len(log_ticks(max(low, -300) % 100, max(low, -300) % 100 + min(span, 200))) <= 130


def test_ticks_are_round() -> None:
    assert [label for _, label in ticks(0, 3_500, 4, axis=Axis.STEP)] == ["0", "1,000", "2,000", "3,000"]
    assert [label for _, label in ticks(0, 900, 3, axis=Axis.TIME)] == ["0s", "5m", "10m", "15m"]
    assert [label for _, label in ticks(0.1, 0.5, 4)] == ["0.1", "0.2", "0.3", "0.4", "0.5"]
    assert [label for _, label in log_ticks(-1, 1)] == ["0.1", "0.2", "0.5", "1", "2", "5", "10"]


def test_numpy_is_not_loaded_until_charts_are_opened() -> None:
    heavy = "('numpy', 'textual_plot', 'yaml')"
    code = f"import sys, tui.panes.jobs; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.strip() == "[]"
