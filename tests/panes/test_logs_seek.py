"""The Logs pane opened at one entry: at once when it is there, else as soon as it has been read."""

from __future__ import annotations

from pathlib import Path

from tests.fake_logs import entry, running_job
from tests.panes.test_logs import started
from tests.support import wait_for
from tui.domain.logs import EntryKey
from tui.widgets.log_view import LogView


async def test_a_log_opens_at_the_entry_that_was_quoted(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        entries = [entry(number) for number in range(1, 200)]
        app.logs.write(*entries)
        app.connect()
        wanted = entries[20]
        app.pane.show_job(running_job(), wanted.key)
        view = app.query_one(LogView)
        await wait_for(lambda: view.current is not None and view.current.key == wanted.key)
        await wait_for(lambda: view.size.height, what="the first layout")
        assert not view.follow
        assert view.scroll_y <= view.buffer.position(view.buffer[20]) < view.scroll_y + view.size.height
        later = entries[150]
        app.pane.show_job(running_job(), later.key)
        await wait_for(lambda: view.current is not None and view.current.key == later.key)


async def test_an_entry_that_comes_later_is_gone_to_then(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.logs.write(*(entry(number) for number in range(1, 60)))
        app.connect()
        wanted = entry(60)
        app.pane.show_job(running_job(), wanted.key)
        view = app.query_one(LogView)
        await wait_for(lambda: len(view.buffer) == 59)
        assert view.follow
        app.logs.write(wanted, *(entry(number) for number in range(61, 130)))
        await wait_for(lambda: view.current is not None and view.current.key == wanted.key)
        assert not view.follow


async def test_one_that_never_comes_leaves_the_log_at_its_end(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.logs.write(*(entry(number) for number in range(1, 60)))
        app.connect()
        app.pane.show_job(running_job(), EntryKey(1, "gone", "log"))
        view = app.query_one(LogView)
        await wait_for(lambda: len(view.buffer) == 59)
        assert view.follow
