"""The log view: follows, stays where it was put, and shows hostile text as text."""

from __future__ import annotations

from pathlib import PurePath
from typing import ClassVar

import pytest
from textual.app import App, ComposeResult

from tests.fake_logs import entry
from tests.support import wait_for
from tui import assets
from tui.domain.logbuffer import LogBuffer
from tui.domain.logs import LogEntry
from tui.widgets.log_view import LogView


class ViewApp(App[None]):
    """Only the view."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [
        str(assets.STYLES / f"{name}.tcss") for name in ("frame", "logs")
    ]

    def __init__(self, *entries: LogEntry) -> None:
        super().__init__()
        self.buffer = LogBuffer(1_000_000)
        self.buffer.add(entries)

    def compose(self) -> ComposeResult:
        yield LogView(id="logs-view")

    def on_mount(self) -> None:
        self.view.show_buffer(self.buffer)
        self.view.focus()

    @property
    def view(self) -> LogView:
        return self.query_one(LogView)

    def add(self, *entries: LogEntry, backfill: bool = False) -> None:
        self.view.rows_changed(self.buffer.add(entries, backfill=backfill))

    @property
    def drawn(self) -> list[str]:
        return [self.view.render_line(y).text.rstrip() for y in range(self.view.size.height)]

    def shows(self, *texts: str) -> bool:
        return [line[12:] for line in self.drawn if line] == list(texts)


def lines(*numbers: int) -> list[LogEntry]:
    return [entry(n) for n in numbers]


async def first_frame(app: ViewApp) -> None:
    await wait_for(lambda: app.view.size.height and any(app.drawn), what="the first frame")


async def test_it_follows_the_end() -> None:
    app = ViewApp(*lines(*range(100)))
    async with app.run_test(size=(60, 10)):
        await first_frame(app)
        assert app.drawn[-1].endswith("line 99")
        app.add(*lines(100, 101))
        await wait_for(lambda: app.drawn[-1].endswith("line 101"))
        assert app.view.follow


async def test_scrolling_up_leaves_the_end_and_end_takes_it_back() -> None:
    app = ViewApp(*lines(*range(100)))
    async with app.run_test(size=(60, 10)) as pilot:
        await first_frame(app)
        await pilot.press("k", "k")
        await wait_for(lambda: app.drawn[-1].endswith("line 97"))
        assert not app.view.follow
        before = app.drawn
        app.add(*(entry(n) for n in range(100, 1334)))
        await wait_for(lambda: "+1,234 new" in str(app.view.border_subtitle))
        assert app.drawn == before
        await pilot.press("G")
        await wait_for(lambda: app.drawn[-1].endswith("line 1333"))
        assert app.view.follow
        assert str(app.view.border_subtitle) == ""


async def test_older_and_late_lines_do_not_move_what_is_read() -> None:
    app = ViewApp(*lines(*range(1000, 1100)))
    async with app.run_test(size=(60, 10)) as pilot:
        await first_frame(app)
        await pilot.press("pageup")
        await wait_for(lambda: not app.view.follow)
        before = app.drawn
        app.add(*lines(*range(500)), backfill=True)
        app.add(entry(1001, "late", insert_id="late"))
        await wait_for(lambda: app.view.max_scroll_y == 601 - app.view.size.height)
        assert app.drawn == before


async def test_a_bar_that_grows_draws_in_its_one_row() -> None:
    app = ViewApp(entry(1, "start"))
    async with app.run_test(size=(60, 10)):
        await first_frame(app)
        for n in range(0, 101, 10):
            app.add(entry(100 + n, f" {n}%|██   | {n}/100 [00:01<00:02, 9.00it/s]", severity=500))
        await wait_for(lambda: "100/100" in app.drawn[1])
        assert len([line for line in app.drawn if line]) == 2
        assert " · " in app.drawn[1]


async def test_home_and_sideways_and_long_lines() -> None:
    app = ViewApp(entry(1, "a" * 50 + "b" * 50), *lines(*range(2, 40)))
    async with app.run_test(size=(40, 10)) as pilot:
        await first_frame(app)
        await pilot.press("g")
        await wait_for(lambda: app.drawn[0].endswith("a›"))
        await pilot.press("l", "l", "l", "l", "l", "l")
        await wait_for(lambda: app.drawn[0].endswith("aabbbbbbbbbbbbbbbbbbbbbbbb›"))
        assert app.drawn[1][12:] == ""
        await pilot.press(*["l"] * 6)
        await wait_for(lambda: app.drawn[0].endswith("b"))
        await pilot.press("h")
        await wait_for(lambda: app.drawn[0].endswith("›"))


async def test_wrapped_lines_are_whole_and_stay_followed() -> None:
    app = ViewApp(*lines(*range(20)), entry(30, "x" * 60 + "語" * 20 + "end"))
    async with app.run_test(size=(40, 10)) as pilot:
        await first_frame(app)
        app.view.toggle_wrap()
        await wait_for(lambda: app.drawn[-1].endswith("end"))
        assert "".join(line[12:] for line in app.drawn[-4:]).replace(" ", "") == "x" * 60 + "語" * 20 + "end"
        app.add(entry(40, "y" * 100))
        await wait_for(lambda: app.drawn[-1].endswith("yyyy"))
        await pilot.press("g")
        app.add(entry(0, "z" * 100, insert_id="early"))
        await wait_for(lambda: app.view.max_scroll_y > 20)
        app.view.toggle_wrap()
        await wait_for(lambda: app.view.max_scroll_y == 23 - app.view.size.height)


@pytest.mark.parametrize(
    "text", ["\x1b]52;c;aGk=\x07\x1b[2J\x1b[31mred [bold]x[/] \x07\u202e", "a\x00b\x9b1m", "e\u0301語" * 40]
)
async def test_hostile_text_is_only_text(text: str) -> None:
    app = ViewApp(entry(1, text))
    async with app.run_test(size=(60, 10)):
        await first_frame(app)
        assert not any(character in "".join(app.drawn) for character in "\x1b\x07\x00\x9b\u202e")
        assert all(app.view.render_line(y).cell_length == app.view.size.width - 1 for y in range(8))


async def test_replicas_and_times_have_columns_when_they_tell_something() -> None:
    app = ViewApp(entry(1, "one"), entry(2, "says", replica="service"))
    async with app.run_test(size=(60, 10)):
        await first_frame(app)
        assert app.shows("one", "says")
        app.add(entry(3, "two", replica="workerpool1-12"))
        await wait_for(lambda: "1-12 two" in app.drawn[2])
        app.view.next_times()
        assert app.drawn[2][11:] == "I 1-12 two"
        assert "18:00:00Z" in app.drawn[2]
        app.view.next_times()
        assert app.drawn[2] == " I 1-12 two"


async def test_search_sets_off_and_goes_round() -> None:
    app = ViewApp(*lines(*range(100)), entry(200, "Here is a NEEDLE"), *lines(*range(300, 330)))
    async with app.run_test(size=(60, 10)) as pilot:
        await first_frame(app)
        await pilot.press("g")
        assert app.view.search("needle")
        await wait_for(lambda: any("NEEDLE" in line for line in app.drawn))
        assert not app.view.follow
        assert app.view.matches(0, 1000) == 1
        row = next(y for y, line in enumerate(app.drawn) if "NEEDLE" in line)
        texts = [segment.text for segment in app.view.render_line(row)]
        assert "NEEDLE" in texts
        assert app.view.search("line 5")
        first = app.view.current
        assert app.view.search_on()
        assert app.view.current is not first
        assert app.view.search_on(backwards=True)
        assert app.view.current is first
        assert not app.view.search("nowhere")


async def test_a_smaller_window_keeps_the_end_in_sight() -> None:
    app = ViewApp(*lines(*range(100)))
    async with app.run_test(size=(80, 30)) as pilot:
        await first_frame(app)
        await pilot.resize_terminal(60, 8)
        await wait_for(lambda: app.drawn[-1].endswith("line 99") and len(app.drawn) == 8)
