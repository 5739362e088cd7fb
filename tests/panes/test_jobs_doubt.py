"""A job that lives and learns nothing any more says so in the list and on a card."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from tests.panes.jobs_world import NOW, NOW_NS, DetailApp, falling, raw
from tests.support import wait_for
from tui.domain.insight import JobInsight
from tui.domain.joblist.columns import BY_KEY, Line, state_words
from tui.domain.jobs import job_from_json
from tui.domain.metrics.doubts import doubt
from tui.domain.metrics.model import JobProgress, Point, Series
from tui.domain.text import cell_width
from tui.panes.jobs_cards import DetailState
from tui.panes.jobs_summary import summary


def odd(name: str = "loss", value: float = math.nan) -> JobInsight:
    whole = falling(name)
    points = tuple(
        replace(point, value=value) if at >= 60 else point for at, point in enumerate(whole.points)
    )
    series = (Series(name, "workerpool0-0", points),)
    progress = JobProgress(step=990, total_steps=2_000, fraction=0.495, as_of_ns=NOW_NS)
    return JobInsight(progress=progress, series=series, lines=100, doubt=doubt(series))


def test_the_row_says_it_in_words_that_fit() -> None:
    running = Line(job_from_json(raw(1, "RUNNING")), NOW, odd())
    column = BY_KEY["progress"]
    assert column.show(running) == "⚠ loss is NaN"
    assert cell_width(column.show(running)) <= column.width
    assert column.order(running) == 0.495, "ordered by how far it is all the same"
    assert state_words(running.job, running.insight) == ("⚠", "running")
    ended = replace(running, job=job_from_json(raw(1, "CANCELLED")))
    assert column.show(ended) == "49%"
    assert state_words(ended.job, ended.insight) == ("⊘", "cancelled")
    assert "⚠" not in column.show(replace(running, insight=replace(odd(), doubt=None)))


def card(insight: JobInsight, width: int = 90) -> str:
    return summary(DetailState(job_from_json(raw(1, "RUNNING")), NOW, insight), width).plain


def test_the_card_says_since_when_and_what_to_do() -> None:
    shown = card(odd())
    assert "⚠ running, but: the loss is NaN · workerpool0-0" in shown
    assert "Every value of loss has been NaN since step 600 (" in shown
    assert "c Cancel it" in shown
    assert "R Run it again with a smaller learning rate" in shown
    assert "the evaluation loss is infinite" in card(odd("val_loss", math.inf))
    named = odd("loss\x1b[31m\u202e")
    assert named.doubt is not None
    assert "\x1b" not in card(named)
    bare = Point(NOW_NS, math.nan, None, 1.5)
    told = replace(odd(), doubt=replace(named.doubt, name="loss", since=bare))
    assert "since epoch 1.5 (" in card(told)
    assert "but:" not in card(replace(odd(), doubt=None))


async def test_it_stands_in_the_list_at_once(tmp_path: Path) -> None:
    app = DetailApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.show([raw(1, "RUNNING"), raw(2, "RUNNING")], {1: odd(), 2: JobInsight()})
        await wait_for(lambda: "the loss is NaN" in app.detail)
        await pilot.pause()
        rows = [app.table.render_line(y).text for y in range(app.table.size.height)]
        (row,) = [row for row in rows if "job-1" in row]
        assert "⚠ running" in row
        assert "⚠ loss is NaN" in row
        name = app.pane.jobs.jobs[0].name
        well = replace(odd(), doubt=None, series=(replace(falling(), points=falling().points),))
        app.pane.insights = {**app.pane.insights, name: well}
        await wait_for(lambda: "the loss is NaN" not in app.detail)
