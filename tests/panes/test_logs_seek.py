"""The Logs pane opened at one entry: at once when it is there, else as soon as it has been read."""

from __future__ import annotations

from pathlib import Path

from tests.fake_logs import entry, running_job
from tests.panes.logs_world import started
from tests.support import wait_for
from tui.domain.logs import EntryKey


async def test_a_log_opens_at_the_entry_that_was_quoted(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        entries = [entry(number) for number in range(1, 200)]
        app.logs.write(*entries)
        app.connect()
        app.pane.show_job(running_job(), entries[20].key)
        await wait_for(lambda: app.cursor == "line 21")
        await wait_for(lambda: any("line 21" in text for text in app.drawn), what="the first layout")
        assert not app.view.follow
        app.pane.show_job(running_job(), entries[150].key)
        await wait_for(lambda: app.cursor == "line 151")
        assert any("line 151" in text for text in app.drawn)


async def test_an_entry_that_comes_later_is_gone_to_then(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.logs.write(*(entry(number) for number in range(1, 60)))
        app.connect()
        wanted = entry(60)
        app.pane.show_job(running_job(), wanted.key)
        await wait_for(lambda: len(app.rows) == 59)
        assert app.view.follow
        app.logs.write(wanted, *(entry(number) for number in range(61, 130)))
        await wait_for(lambda: app.cursor == "line 60")
        assert not app.view.follow


async def test_one_that_never_comes_leaves_the_log_at_its_end(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.logs.write(*(entry(number) for number in range(1, 60)))
        app.connect()
        app.pane.show_job(running_job(), EntryKey(1, "gone", "log"))
        await wait_for(lambda: len(app.rows) == 59)
        assert app.view.follow
