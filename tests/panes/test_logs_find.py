"""Search, filter and times in the Logs pane."""

from __future__ import annotations

from pathlib import Path

from tests.fake_logs import entry
from tests.panes.logs_world import ask, started
from tests.support import wait_for
from tui.widgets.log_scroll import SIDEWAYS


async def test_search_finds_while_one_types_counts_and_goes_round(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(*(entry(n, f"step {n} loss") for n in range(60)), entry(70, "An Error"))
        await pilot.press("slash", *"error")
        await wait_for(lambda: app.counts == "1 line · n N")
        assert app.cursor == "An Error"
        await pilot.press("ctrl+u", *"LOSS")
        await wait_for(lambda: app.counts == "no line matches")
        assert app.view.follow, "back where it was"
        await ask(app, pilot, "ctrl+u", "step .[05] ")
        await wait_for(lambda: app.counts == "10 lines · n N")
        assert app.focused is app.view
        assert app.cursor == "step 55 loss", "upwards from the end that was followed"
        assert not app.view.follow
        await pilot.press("n")
        assert app.cursor == "step 10 loss", "round the end"
        await pilot.press("N", "N")
        assert app.cursor == "step 50 loss"
        row = next(y for y, text in enumerate(app.drawn) if "step 50" in text)
        assert "step 50 " in [segment.text for segment in app.view.render_line(row)]
        app.logs.write(entry(80, "step 90 more"))
        await wait_for(lambda: app.counts == "11 lines · n N")
        await pilot.press("escape")
        assert (app.field, app.view.find) == (None, None)
        await pilot.press("escape")
        assert app.posted[-2:] == [True, False]


async def test_search_begins_at_the_cursor_and_says_what_cannot_be_shown(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(*(entry(n, f"step {n}", severity=200 if n == 20 else 400) for n in range(40)))
        await pilot.press("g", "pagedown")
        here = app.cursor
        await ask(app, pilot, "slash", "step")
        await wait_for(lambda: app.counts.startswith("40 lines"))
        assert app.cursor == here
        await ask(app, pilot, "slash", "step 20")
        await wait_for(lambda: app.cursor == "step 20")
        await pilot.press("m", "m")
        await wait_for(lambda: len(app.rows) == 39)
        await wait_for(lambda: app.counts == "1 line, 0 shown · n N")
        await pilot.press("n")
        await app.says("#logs-note", "no line that is shown")
        await pilot.press("j")
        assert app.note == "", "a note goes with the next key"


async def test_a_search_gives_back_how_far_the_log_was_scrolled_sideways(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(*(entry(n, f"begins {'-' * 200} s{n}") for n in range(5)))
        await pilot.press("slash", *"s4")
        await wait_for(lambda: app.view.scroll_x > 0)
        await pilot.press("x")
        await wait_for(lambda: app.counts == "no line matches")
        await wait_for(lambda: app.view.scroll_x == 0)
        await pilot.press("backspace")
        await wait_for(lambda: app.view.scroll_x > 0)
        await pilot.press("escape")
        await wait_for(lambda: app.view.scroll_x == 0)
        await pilot.press("right", "slash", *"s4", "enter", "n", "escape")
        await wait_for(lambda: app.view.scroll_x == SIDEWAYS)


async def test_a_pattern_that_is_wrong_is_said_with_its_place(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(entry(1, "a(b"))
        await pilot.press("slash", *"a(b")
        await app.says("#logs-note", "column 2")
        await pilot.press("enter")
        assert app.pane.is_asking
        await pilot.press("home", "right", "backslash")
        assert app.note == "", "what was wrong is not said any more"
        await wait_for(lambda: app.counts == "1 line · n N")
        await pilot.press("escape")
        assert app.field is None
        assert app.focused is app.view


async def test_filter_shows_matching_lines_and_those_around_them(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(*(entry(n, "saved" if n % 10 == 4 else f"line {n}") for n in range(30)))
        await ask(app, pilot, "ampersand", "saved")
        await wait_for(lambda: app.rows == ["saved"] * 3)
        await wait_for(lambda: app.counts == "3 lines · + - 0 around")
        await pilot.press("plus")
        around = [text for n in (4, 14, 24) for text in (f"line {n - 1}", "saved", f"line {n + 1}")]
        await wait_for(lambda: app.rows == around)
        await wait_for(lambda: app.drawn[3].startswith("┄"))
        assert app.counts == "3 lines · + - 1 around"
        assert "filtered" in str(app.view.border_title)
        app.logs.write(entry(40, "saved"))
        await wait_for(lambda: app.rows[-2:] == ["line 29", "saved"])
        await pilot.press("minus")
        await wait_for(lambda: app.rows == ["saved"] * 4)
        # A search within the filter; esc leaves one after the other.
        await ask(app, pilot, "slash", "sav")
        await wait_for(lambda: app.counts == "4 lines · n N")
        await pilot.press("escape")
        assert app.field == "saved"
        assert app.counts == "4 lines · + - 0 around"
        await pilot.press("escape")
        await wait_for(lambda: len(app.rows) == 31)
        assert app.field is None


async def test_what_hides_all_lines_is_said_without_a_break(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        await app.follow(*(entry(n, f"line {n}") for n in range(30)))
        await ask(app, pilot, "ampersand", "WARN")
        await wait_for(lambda: any("30 lines are hidden" in line for line in app.drawn))
        for _ in range(3):
            await pilot.press("plus")
            assert any("30 lines are hidden" in line for line in app.drawn)


async def test_a_time_is_gone_to_in_the_ways_one_says_it(tmp_path: Path) -> None:
    """The job began at 18:01:00 UTC, the lines from 18:00:00 on are 10 s apart."""
    async with started(tmp_path) as (app, pilot):
        await app.follow(*(entry(10_000 * n, f"line {n}") for n in range(60)))
        await pilot.press("t")
        for said, text in (("18:05", "line 30"), ("+20s", "line 8"), ("-1m", "line 53"), ("-1h", "line 0")):
            await ask(app, pilot, "at", said)
            assert (app.cursor, app.field, app.focused) == (text, None, app.view)
        await ask(app, pilot, "at", "noon")
        await app.says("#logs-note", "+90s since the start")
        await pilot.press("escape")
        assert app.field is None
        await ask(app, pilot, "slash", "line")
        await ask(app, pilot, "at", "18:02")
        assert app.cursor == "line 12"
        assert app.field == "line", "the search stays"
        await ask(app, pilot, "at", "23:00")
        assert app.cursor == "line 59"
        await app.says("#logs-note", "The log ends at 18:09:50Z")
