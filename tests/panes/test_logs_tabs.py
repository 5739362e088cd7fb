"""Several jobs' logs in the Logs pane, one a tab."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tests.fake_logs import entry, running_job
from tests.panes.logs_world import LogsApp, ask, started
from tests.support import wait_for
from tui.domain.jobs import Job, JobState


def numbered(number: int) -> Job:
    name = running_job().name
    return replace(running_job(), name=f"{name}{number}", display_name=f"{number}-kelp-with-a-long-name")


async def opened(app: LogsApp, *numbers: int) -> None:
    for number in numbers:
        app.pane.show_job(numbered(number))
        await wait_for(lambda: len(app.rows) == len(app.logs.stored), what="the lines")


async def test_each_log_keeps_its_place_its_search_and_its_rules(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(*(entry(n, severity=600 if n == 9 else 200) for n in range(90)), job=numbered(1))
        assert app.words("#logs-tabs") == ""
        await pilot.press("g", "j", "j")
        await ask(app, pilot, "slash", "line 1")
        await pilot.press("m", "m")
        await wait_for(lambda: app.rows == ["line 9"])
        first = app.front
        await opened(app, 2)
        assert (app.view.follow, app.field, app.cursor) == (True, None, "line 89")
        assert "WARNING" not in str(app.view.border_title)
        assert "▸▶ 2-kelp-with-a" in app.words("#logs-tabs")
        await pilot.press("less_than_sign")
        assert app.front is first
        assert (app.rows, app.field, app.view.follow) == (["line 9"], "line 1", False)
        assert "WARNING and worse" in str(app.view.border_title)
        await pilot.press("m", "m")
        await wait_for(lambda: app.cursor == "line 10")
        app.logs.write(*(replace(entry(100 + n, "both"), job_id=numbered(n).job_id) for n in (2, 1)))
        await wait_for(lambda: app.rows[-1] == "both")
        await pilot.press("right_parenthesis")
        await wait_for(lambda: app.cursor == "both", what="the other log, which follows its end")
        app.pane.show_job(replace(numbered(1), state=JobState.CANCELLING))
        assert app.front is first
        assert [app.pane.shows_end_of(numbered(n).name) for n in (1, 2)] == [True, False]
        assert app.cursor == "line 10"


async def test_a_closed_tab_gives_way_to_its_neighbour_and_nothing_of_it_is_read(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(entry(1), job=numbered(1))
        await opened(app, 2, 3)
        await pilot.press("greater_than_sign")
        assert app.front.job == numbered(1), "round the end"
        await pilot.press("x")
        assert [log.job for log in app.pane.logs] == [numbered(2), numbered(3)]
        assert app.front.job == numbered(2)
        app.pane.show_job(replace(numbered(2), name=numbered(2).name + "9"))
        assert "name 7729" in app.words("#logs-tabs"), "two of the same name"
        await pilot.press("x", "x", "x")
        assert app.pane.front is None
        assert "Press 3" in app.state
        await wait_for(lambda: not app.logs.tails, what="the end of the reading")
        await opened(app, 1)
        assert app.rows == ["line 1"]


async def test_many_tabs_show_those_around_the_front_at_any_width(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        app.connect()
        for number in range(10, 22):
            app.pane.show_job(numbered(number))
        for size in ((80, 24), (160, 50)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            for _ in range(4):
                app.pane.action_tab(3)
                tabs = app.words("#logs-tabs")
                assert len(tabs) <= size[0] - 2
                assert f"▸▶ {app.front.job.display_name[:3]}" in tabs
