"""The list of rows: asks and draws only what is in sight, and never loses the place."""

from __future__ import annotations

from textual import events
from textual.content import Content

from tests.support import settle
from tests.widgets.rows_app import COLUMNS, IN_SIGHT, MANY, SIZE, RowsApp, numbered, quiet
from tui.widgets.rows_paint import KEPT


async def test_of_200_000_rows_only_those_in_sight_are_asked_for() -> None:
    app = RowsApp(MANY)
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot, lambda: app.asked)
        assert app.asked == MANY[:IN_SIGHT]
        assert app.drawn[0] == "  STATE      NAME                          MACHINE      AGE"
        assert app.drawn[1] == "  running    job-000000                    1×L4         12m"
        await quiet(pilot, app)
        await pilot.press("j", "k", "pagedown")
        assert app.asked == []
        await pilot.press("j")
        assert app.asked == [MANY[IN_SIGHT]]
        await quiet(pilot, app)
        await pilot.press("G")
        assert app.asked == MANY[-IN_SIGHT:]
        assert app.rows.cursor_key == MANY[-1]
        await quiet(pilot, app)
        app.rows.set_rows(MANY[::2])
        await pilot.pause()
        assert len(app.asked) <= IN_SIGHT


async def test_cells_are_asked_for_once_until_they_are_touched() -> None:
    app = RowsApp(MANY)
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        app.rows.set_rows(list(MANY))
        await pilot.press("j", "j", "k")
        assert app.asked == []
        app.rows.touch([MANY[3], MANY[5000]])
        await pilot.pause()
        assert app.asked == [MANY[3]]
        app.rows.touch_all()
        await pilot.pause()
        assert sorted(app.asked[1:]) == MANY[:IN_SIGHT]


async def test_a_refresh_that_changes_nothing_writes_nothing() -> None:
    app = RowsApp(MANY)
    async with app.run_test(size=SIZE) as pilot:
        await pilot.press("j", "shift+down")
        await quiet(pilot, app)
        app.rows.set_rows(list(MANY))
        app.rows.touch_all()
        app.rows.set_columns(COLUMNS)
        app.rows.marked = set(app.rows.marked)
        await pilot.pause()
        assert app.displayed == []


async def test_one_changed_row_is_one_line_written() -> None:
    app = RowsApp(MANY)
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        app.names[MANY[3]] = "another"
        app.rows.touch_all()
        await pilot.pause()
        (written,) = app.displayed
        assert "another" in written
        assert not any(key in written for key in MANY[:IN_SIGHT])


async def test_another_colour_alone_is_drawn_too() -> None:
    app = RowsApp(MANY)
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        app.names[MANY[3]] = Content.styled(MANY[3], "$text-error")
        app.rows.touch_all()
        await pilot.pause()
        (written,) = app.displayed
        assert MANY[3] in written
        assert MANY[4] not in written


async def test_a_step_of_the_cursor_draws_two_lines() -> None:
    app = RowsApp(MANY)
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        await pilot.press("j")
        (written,) = app.displayed
        assert [key for key in MANY[:IN_SIGHT] if key in written] == MANY[:2]


async def test_rows_that_come_out_of_sight_draw_no_row_anew() -> None:
    app = RowsApp(numbered(100))
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        app.rows.set_rows(numbered(5000))
        await pilot.pause()
        assert app.rows.max_scroll_y == 5000 - IN_SIGHT
        app.rows.move_cursor(60)
        await quiet(pilot, app)
        app.rows.set_rows(["new-1", "new-2", *numbered(5000)])
        await pilot.pause()
        assert not any("job-" in written for written in app.displayed)
        assert app.drawn[IN_SIGHT].split()[1] == app.rows.cursor_key == "job-000060"


async def test_the_cursor_and_its_line_stay_through_a_refresh() -> None:
    app = RowsApp(numbered(1000))
    async with app.run_test(size=SIZE) as pilot:
        app.rows.move_cursor(500)
        await pilot.press("k", "k")
        await quiet(pilot, app)
        line = app.rows.cursor_row - app.rows.scroll_offset.y
        app.rows.set_rows(numbered(1000)[::-1])
        assert app.rows.cursor_key == "job-000498"
        assert app.rows.cursor_row - app.rows.scroll_offset.y == line
        gone = [key for key in app.rows.keys if key != "job-000498"]
        at = app.rows.cursor_row
        app.rows.set_rows(gone)
        assert app.rows.cursor_row == at
        await pilot.pause()
        assert app.posted == ["highlighted job-000497"]


async def test_a_list_at_its_top_shows_what_comes_in_there() -> None:
    app = RowsApp(numbered(1000))
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        app.rows.set_rows(["new", *numbered(1000)])
        assert app.rows.cursor_key == "job-000000"
        assert app.drawn[1].split()[1] == "new"
        app.rows.set_rows([*numbered(50, 5000), *numbered(1000)])
        assert app.rows.cursor_key == "job-000000"
        assert app.drawn[2].split()[1] == "job-000000"


async def test_what_is_read_with_the_wheel_stays_in_place_too() -> None:
    app = RowsApp(numbered(1000))
    async with app.run_test(size=SIZE) as pilot:
        app.rows.scroll_to(y=300, animate=False)
        await quiet(pilot, app)
        before = app.drawn
        assert before[1].split()[1] == "job-000300"
        app.rows.set_rows(["new", *numbered(1000)])
        await pilot.pause()
        assert app.drawn == before
        assert app.rows.cursor_key == "job-000000"


async def test_an_empty_list_remembers_its_row() -> None:
    app = RowsApp(numbered(1000))
    async with app.run_test(size=SIZE) as pilot:
        app.rows.move_cursor(700)
        await quiet(pilot, app)
        app.rows.set_rows([])
        app.rows.set_rows(())
        assert app.rows.cursor_key is None
        assert app.rows.scroll_offset.y == 0
        await pilot.press("j", "G", "pageup", "enter", "shift+down")
        app.rows.set_rows(numbered(1000))
        assert app.rows.cursor_key == "job-000700"
        await pilot.pause()
        assert app.posted == ["highlighted None", "highlighted job-000700"]
        assert any("job-000700" in line for line in app.drawn)


async def test_a_wanted_row_is_found_and_brought_into_sight() -> None:
    app = RowsApp(MANY)
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        assert app.rows.show_cursor_on("job-123456")
        assert not app.rows.show_cursor_on("none")
        assert app.rows.cursor_key == "job-123456"
        assert any("job-123456" in line for line in app.drawn)
        assert app.rows.row_count == 200_000
        assert "job-123456" in app.rows.keys_in_sight


async def test_keys_move_the_cursor() -> None:
    app = RowsApp(numbered(100))
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        for key, row in (
            ("j", 1),
            ("down", 2),
            ("k", 1),
            ("up", 0),
            ("up", 0),
            ("pagedown", 9),
            ("pagedown", 18),
            ("pageup", 9),
            ("G", 99),
            ("j", 99),
            ("g", 0),
            ("end", 99),
            ("home", 0),
        ):
            await pilot.press(key)
            assert app.rows.cursor_row == row, key
        # The moves of one burst are told as one or few, the last of them for sure.
        assert app.posted[-1] == "highlighted job-000000"


async def test_enter_and_a_double_click_choose() -> None:
    app = RowsApp(numbered(100))
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        await pilot.press("j", "enter")
        assert app.posted == ["highlighted job-000001", "chosen job-000001"]
        await quiet(pilot, app)
        await pilot.click("#rows", offset=(20, 5))
        assert app.posted == ["highlighted job-000004"]
        await pilot.double_click("#rows", offset=(20, 7))
        assert app.posted[1:] == ["highlighted job-000006", "chosen job-000006"]


async def test_enter_is_left_to_the_pane_on_demand() -> None:
    app = RowsApp(numbered(100), takes_enter=False)
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        await pilot.press("enter")
        assert app.posted == []
        assert "enter" not in app.screen.active_bindings
        await pilot.double_click("#rows", offset=(20, 7))
        assert app.posted[-1] == "chosen job-000006"


async def test_a_click_on_the_heading_names_the_column_and_one_below_the_rows_is_nothing() -> None:
    app = RowsApp(numbered(3))
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        for x in (0, 3, 14, 57):
            await pilot.click("#rows", offset=(x, 0))
        await pilot.click("#rows", offset=(20, 8))
        assert app.posted == ["heading state", "heading name", "heading age"]


async def test_the_wheel_scrolls_and_leaves_the_cursor() -> None:
    app = RowsApp(MANY)
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        await pilot._post_mouse_events([events.MouseScrollDown], "#rows", (20, 5), button=0)
        await settle(pilot, lambda: app.rows.scroll_offset.y > 0)
        top = app.rows.scroll_offset.y
        assert app.rows.cursor_key == "job-000000"
        assert app.asked == MANY[IN_SIGHT : IN_SIGHT + top]
        assert MANY[top] in app.drawn[1]
        await pilot.press("j")
        assert app.rows.scroll_offset.y == 1


async def test_in_a_box_everything_is_inside_it() -> None:
    app = RowsApp(numbered(100))
    async with app.run_test(size=SIZE) as pilot:
        app.rows.add_class("box")
        app.rows.border_title = "Jobs"
        await quiet(pilot, app)
        await pilot.click("#rows", offset=(20, 5))
        assert app.rows.cursor_key == "job-000003"
        await pilot.press("j", "pagedown", "pagedown", "k")
        await quiet(pilot, app)
        lines = app.screen_of_terminal.display
        assert lines[0].startswith("╭─ Jobs ─")
        assert [line[2:-3].rstrip() for line in lines[1:10]] == app.drawn
        assert lines[10].startswith("╰──")


async def test_scrolling_through_everything_keeps_few_rows() -> None:
    app = RowsApp(MANY[:3000])
    async with app.run_test(size=SIZE) as pilot:
        for row in range(0, 3000, IN_SIGHT):
            app.rows.move_cursor(row)
        await pilot.pause()
        painter = app.rows._painter
        assert len(painter._cells) <= KEPT + 1
        assert len(painter._rows) <= KEPT + 1


async def test_range_marking_gives_back_what_it_leaves() -> None:
    app = RowsApp(numbered(100))
    async with app.run_test(size=SIZE) as pilot:
        app.rows.marked = {"job-000003", "elsewhere"}
        await quiet(pilot, app)
        await pilot.press("shift+down", "shift+down", "shift+down", "shift+up", "shift+up")
        assert app.rows.marked == {"elsewhere", "job-000000", "job-000001", "job-000003"}
        assert app.rows.cursor_key == "job-000001"
        assert "marks" in app.posted
        assert [line[0] for line in app.drawn[1:6]] == ["●", "●", " ", "●", " "]
        await pilot.press("j", "j", "j", "shift+up")
        assert app.rows.marked == {"elsewhere", *numbered(2), "job-000003", "job-000004"}


async def test_marks_are_for_what_the_list_shows_and_survive_a_filter() -> None:
    app = RowsApp(numbered(4))
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        app.rows.marked ^= {"job-000001"}
        assert app.drawn[2].startswith("● running")
        app.rows.set_rows(["job-000000", "job-000002"])
        app.rows.mark_all_visible()
        assert app.rows.marked == {"job-000000", "job-000001", "job-000002"}
        app.rows.set_rows(numbered(4))
        app.rows.invert()
        assert app.rows.marked == {"job-000003"}
        await pilot.pause()
        assert [line[0] for line in app.drawn[1:5]] == [" ", " ", " ", "●"]


async def test_the_heading_says_the_order() -> None:
    app = RowsApp(numbered(4))
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        app.rows.set_sort("name")
        assert "NAME▲" in app.drawn[0]
        app.rows.set_sort("age", descending=True)
        assert app.drawn[0].endswith("AGE▼")
        assert "NAME " in app.drawn[0]
        await pilot.pause()
        (written,) = app.displayed
        assert "job-" not in written


async def test_columns_without_room_are_a_key_away() -> None:
    app = RowsApp(numbered(40))
    async with app.run_test(size=(40, 12)) as pilot:
        await quiet(pilot, app)
        assert app.drawn[0] == " ›STATE      NAME                   AGE"
        await pilot.press("l")
        assert app.drawn[0] == "‹ NAME                       MACHINE"
        assert app.drawn[1] == "  job-000000                 1×L4"
        await pilot.press("right")
        assert app.drawn[0] == "‹ NAME                       MACHINE"
        assert dict(app.widths) == {"state": 0, "name": 25, "machine": 10, "age": 0}
        await pilot.press("h")
        assert app.drawn[0] == " ›STATE      NAME                   AGE"
        await pilot.resize_terminal(80, 12)
        await settle(pilot, lambda: app.drawn[0].endswith("AGE"))
        assert app.drawn[0].split() == ["STATE", "NAME", "MACHINE", "AGE"]
        assert not app.rows.check_action("turn_columns", (1,))
