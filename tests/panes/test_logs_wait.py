"""What waits until older pages are read: a time to go to, a file; said meanwhile, and given up with esc."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from tests.fake_logs import FakeLogs, entry, failure, running_job
from tests.panes.logs_world import LogsApp, ask, started
from tests.panes.test_logs_take import offered, saved
from tests.support import wait_for
from tui.domain.errors import ErrorKind
from tui.domain.jobs import JobState
from tui.domain.logs import LogPage


class SlowLogs(FakeLogs):
    """Pages of 20 entries; after some the reading waits to be let go on."""

    def __init__(self, pages: int) -> None:
        super().__init__(page=20)
        self.pages = pages
        self.go_on = asyncio.Event()

    async def list_entries(
        self, filter_: str, *, page_size: int = 1000, page_token: str = "", newest_first: bool = False
    ) -> LogPage:
        if newest_first:
            self.pages -= 1
            if self.pages < 0:
                await self.go_on.wait()
        return await super().list_entries(
            filter_, page_size=page_size, page_token=page_token, newest_first=newest_first
        )


async def follow(app: LogsApp, pages: int) -> SlowLogs:
    """Show a log of 200 lines, 10 s apart from 18:00:00 UTC on, of which so many pages are read."""
    logs = SlowLogs(pages)
    logs.write(*(entry(10_000 * n, f"line {n}") for n in range(200)))
    app.connect(logs)
    app.pane.show_job(running_job())
    await wait_for(lambda: len(app.rows) == 20 * pages)
    await wait_for(lambda: app.view.size.height, what="the first layout")
    return logs


def wants_all(app: LogsApp) -> bool:
    """Whether the whole log is being read."""
    return app.front.follower is not None and app.front.follower.mark.all_wanted


async def test_a_time_that_is_not_read_yet_is_gone_to_when_it_is(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        logs = await follow(app, 3)
        await pilot.press("t")
        await ask(app, pilot, "at", "18:05")
        await app.says("#logs-note", "Going to 18:05: reading on, 60 lines, back to 18:23:20Z; esc stops")
        assert app.cursor == "line 199"
        await pilot.press("escape")
        await app.says("#logs-note", "stopped")
        await ask(app, pilot, "at", "18:05")
        await app.says("#logs-note", "esc stops")
        logs.go_on.set()
        await wait_for(lambda: app.cursor == "line 30")
        assert app.note == ""
        await ask(app, pilot, "at", "17:00")
        await app.says("#logs-note", "its first line")


async def test_older_lines_that_are_refused_are_said_with_the_next_try(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        logs = SlowLogs(1)
        logs.write(*(entry(10_000 * n, f"line {n}") for n in range(200)))
        app.connect(logs)
        app.pane.show_job(running_job(JobState.SUCCEEDED, ended=datetime(2026, 11, 22, 18, 40, tzinfo=UTC)))
        await wait_for(lambda: len(app.rows) == 20)
        refused = failure(ErrorKind.UNREACHABLE, "Too many requests")
        refused.retry_after = 300.0
        logs.list_errors = [refused]
        logs.go_on.set()
        await app.says("#logs-head", "✗ older: Too many requests · next try ")
        assert len(app.words("#logs-head")) <= 78
        await pilot.press("r")
        await wait_for(lambda: len(app.rows) == 200)
        await app.says("#logs-head", "✓ complete")


async def test_saving_waits_for_all_or_writes_nothing(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        logs = await follow(app, 2)
        await pilot.press("s")
        assert (await offered(app))[0].startswith("all lines as text (40")
        await pilot.press("enter")
        await app.says("#logs-note", "Saving all lines: reading on, 40 lines, back to ")
        await pilot.press("escape")
        await app.says("#logs-note", "nothing was written")
        assert not saved(app)
        assert not app.pane.is_waiting
        assert not wants_all(app)
        await pilot.press("b")
        await app.says("#logs-note", "To the log's beginning: reading on, 40 lines")
        assert wants_all(app)
        await pilot.press("escape")
        await app.says("#logs-note", "Stopped")
        assert not wants_all(app)
        await pilot.press("s")
        await offered(app)
        await pilot.press("enter")
        await app.says("#logs-note", "esc stops")
        logs.go_on.set()
        await app.says("#logs-note", "✓ Saved 200 lines")
        (path,) = saved(app)
        assert len(path.read_text().splitlines()) == 200
