"""The log view: follows, stays where it was put, and shows hostile text as text."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import PurePath
from typing import ClassVar

from textual.app import App, ComposeResult

from tests.fake_logs import entry
from tests.support import wait_for
from tui import assets
from tui.domain.logs import LogEntry
from tui.domain.logstore.rows import Rows
from tui.domain.logstore.store import LogStore
from tui.widgets.log_scroll import LogView
from tui.widgets.log_stand import Shown


class ViewApp(App[None]):
    """Only the view."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [
        str(assets.STYLES / f"{name}.tcss") for name in ("frame", "logs")
    ]

    def __init__(self, *entries: LogEntry) -> None:
        super().__init__()
        self.store = LogStore(1_000_000)
        self.store.add(entries)
        self.rows = Rows(self.store)

    def compose(self) -> ComposeResult:
        yield LogView(id="logs-view")

    def on_mount(self) -> None:
        self.view.now = lambda: datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
        self.view.show(Shown(self.store, self.rows))
        self.view.focus()

    @property
    def view(self) -> LogView:
        return self.query_one(LogView)

    def add(self, *entries: LogEntry, backfill: bool = False) -> None:
        change = self.store.add(entries, backfill=backfill)
        self.rows.update(change)
        self.view.note_change(change)

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
        await wait_for(lambda: app.drawn[-3].startswith("❯"))
        assert app.drawn[-3].endswith("line 97")
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
        assert " ·▸ 100%" in app.drawn[1]


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


HOSTILE = (
    "\x1b]52;c;aGk=\x07\x1b[2J\x1b[31mred [bold]x[/] \x07\u202e",
    "\x1b]0;title\x1b\\\x1b]8;;https://kelp.example\x1b\\link\x1b]8;;\x1b\\ \x1b[?1049h\x1b[5;5Hmoved",
    "a\x00b\x9b1m \udcff\ufeff",
    "e\u0301語" * 40,
    "[/bold] [@click=app.quit]x[/]",
    "k" * 262_144,
    "語" * 87_000,
    "\x1b[31mr\x1b[32mg" * 20_000,
)


async def test_hostile_text_is_only_text_cut_or_wrapped() -> None:
    app = ViewApp(*(entry(n, text) for n, text in enumerate(HOSTILE)))
    async with app.run_test(size=(60, 12)) as pilot:
        await first_frame(app)
        assert "red [bold]x[/]" in app.drawn[0]
        assert "[@click=app.quit]x[/]" in app.drawn[4]
        for _ in range(2):
            for key in ("g", "l", "pagedown", "G"):
                await pilot.press(key)
                await pilot.pause()
                assert not set("".join(app.drawn)) & set("\x1b\x07\x00\x9b\u202e\ufeff\udcff")
                for y in range(app.view.size.height):
                    assert app.view.render_line(y).cell_length == app.view.scrollable_content_region.width
            app.view.toggle_wrap()
        await wait_for(lambda: not app.view.workers._workers, what="the end of the measuring")


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
        app.view.columns = replace(app.view.columns, origin_ns=app.store.line(0).timestamp_ns - 3_700 * 10**9)
        app.view.next_times()
        assert app.drawn[2] == " +1:01:40  I 1-12 two"
        app.view.next_times()
        assert app.drawn[2] == " I 1-12 two"


async def test_the_date_is_shown_where_it_is_not_clear() -> None:
    app = ViewApp(entry(1, "one"))
    async with app.run_test(size=(60, 10)):
        await first_frame(app)
        app.view.next_times()
        assert app.drawn[0].startswith(" 18:00:00Z")
        app.view.now = lambda: datetime(2026, 11, 23, 19, 0, tzinfo=UTC)
        app.view.redraw()
        assert app.drawn[0].startswith(" 11-22 18:00:00Z I one")
        app.add(entry(int(timedelta(days=1).total_seconds()) * 1000, "two"))
        await wait_for(lambda: "two" in app.drawn[1])
        assert [line[1:7] for line in app.drawn[:2]] == ["11-22 ", "11-23 "], "the job goes over midnight"


async def test_a_smaller_window_keeps_the_end_in_sight() -> None:
    app = ViewApp(*lines(*range(100)))
    async with app.run_test(size=(80, 30)) as pilot:
        await first_frame(app)
        await pilot.resize_terminal(60, 8)
        await wait_for(lambda: app.drawn[-1].endswith("line 99") and len(app.drawn) == 8)


async def test_older_lines_that_come_move_nothing_even_if_it_is_drawn_at_once() -> None:
    app = ViewApp(*lines(*range(1000, 1100)))
    async with app.run_test(size=(60, 10)) as pilot:
        await first_frame(app)
        before = app.drawn
        for first in (0, 300, 600):
            app.add(*lines(*range(first, first + 300)), backfill=True)
            assert app.drawn == before
        await pilot.press("k", "k")
        before = app.drawn
        app.add(*lines(*range(900, 1000)), backfill=True)
        assert app.drawn == before


async def test_a_broken_row_is_gone_through_by_screen_lines_and_its_hit_brought_into_sight() -> None:
    long = "x" * 4000 + "here" + "y" * 4000
    app = ViewApp(entry(1), entry(2, long), entry(3), *lines(*range(10, 40)))
    async with app.run_test(size=(60, 10)) as pilot:
        await first_frame(app)
        view = app.view
        view.find = lambda text, _first, _last: [(4000, 4004)] if "here" in text else []
        view.go_to(1, hit=True)
        await wait_for(lambda: any("here" in line for line in app.drawn), what="the hit, sideways")
        view.toggle_wrap()
        view.go_to(1, hit=True)
        await wait_for(lambda: any("here" in line for line in app.drawn), what="the hit, broken")
        top = view.scroll_offset.y
        await pilot.press("pagedown")
        await wait_for(lambda: view.scroll_offset.y == top + view.size.height - 1)
        await pilot.press("j", "k")
        await wait_for(lambda: view.scroll_offset.y == top + view.size.height - 1)
        assert view.cursor_row == 1
