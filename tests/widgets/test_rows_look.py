"""How the list looks: small, wide, hostile and in every theme."""

from __future__ import annotations

import pytest
from rich.style import Style
from textual.content import Content
from textual.strip import Strip
from textual.widgets import Input

from tests.support import settle
from tests.widgets.rows_app import COLUMNS, MANY, SIZE, RowsApp, numbered, quiet
from tui.widgets.theme import DARK, LIGHT, SIXTEEN


def style_of(strip: Strip, text: str) -> Style:
    """The style of the segment that has the text."""
    return next(segment.style for segment in strip if text in segment.text and segment.style is not None)


@pytest.mark.parametrize("size", [(20, 12), (9, 5), (3, 3), (1, 1), (20, 2)])
async def test_very_small_terminals(size: tuple[int, int]) -> None:
    app = RowsApp(MANY)
    async with app.run_test(size=size) as pilot:
        await pilot.press("j", "l", "pagedown", "G", "shift+up", "h")
        assert app.rows.cursor_row == 199_998
        app.rows.set_rows(MANY[:5])
        await pilot.pause()
        for y in range(app.rows.size.height):
            assert app.rows.render_line(y).cell_length == app.rows.scrollable_content_region.width
        await pilot.resize_terminal(60, 12)
        await settle(pilot, lambda: "job-000004" in app.drawn[5])
        assert app.rows.cursor_row == 4


async def test_a_hidden_list_asks_for_nothing_and_shows_its_row_later() -> None:
    app = RowsApp(())
    async with app.run_test(size=SIZE) as pilot:
        app.rows.display = False
        await quiet(pilot, app)
        app.rows.set_rows(MANY)
        app.rows.move_cursor(1234)
        await pilot.pause()
        app.rows.display = True
        await settle(pilot, lambda: any("job-001234" in line for line in app.drawn))


async def test_a_hidden_list_of_no_size_asks_for_nothing() -> None:
    app = RowsApp(MANY)
    app.hidden = True
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        assert not app.rows.size
        app.rows.touch_all()
        app.rows.move_cursor(777)
        assert app.asked == []
        app.rows.remove_class("hidden")
        await settle(pilot, lambda: any("job-000777" in line for line in app.drawn))


async def test_a_smaller_terminal_keeps_the_cursor_in_sight() -> None:
    app = RowsApp(MANY)
    async with app.run_test(size=(60, 30)) as pilot:
        app.rows.move_cursor(25)
        await pilot.resize_terminal(60, 8)
        await settle(pilot, lambda: any("job-000025" in line for line in app.drawn))


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("[red]x[/]", "[red]x[/]"),
        ("\x1b[31mred\x1b]0;title\x07", "␛[31mred␛]0;title"),
        ("a\nb\rc\td", "a␊b"),
        ("日本語の名前", "日本語の名前"),
        ("👩‍👩‍👧❤️", "👩👩👧❤"),
        ("a\u202ebc", "a�bc"),
    ],
)
async def test_names_of_every_kind_stay_in_their_cell(name: str, shown: str) -> None:
    app = RowsApp(numbered(3))
    app.names["job-000001"] = name
    async with app.run_test(size=SIZE) as pilot:
        await settle(pilot, lambda: len(app.asked) == 3)
        strip = app.rows.render_line(2)
        assert shown in strip.text
        assert strip.cell_length == 59
        assert strip.text.endswith(" 12m")
        assert strip.crop(0, 43).text.endswith("  ")
        assert not any(ord(character) < 32 for character in strip.text)


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name, SIXTEEN.name, "ansi-dark"])
async def test_the_cursor_and_marks_stand_out_in_every_theme(theme: str) -> None:
    app = RowsApp(numbered(5), theme=theme)
    app.names["job-000000"] = Content.styled("job-000000", "$text-error")
    async with app.run_test(size=SIZE) as pilot:
        app.rows.marked = {"job-000002"}
        await quiet(pilot, app)
        plain = style_of(app.rows.render_line(2), "job-000001")
        cursor = style_of(app.rows.render_line(1), "job-000000")
        assert cursor.bgcolor != plain.bgcolor
        assert cursor.color != cursor.bgcolor
        assert style_of(app.rows.render_line(3), "job-000002") != plain
        app.query_one(Input).focus()
        await settle(pilot, lambda: app.drawn[1].startswith("› running"))
        blurred = style_of(app.rows.render_line(1), "job-000000")
        assert blurred != plain
        assert blurred.color is not None
        assert blurred.color.is_default or blurred.color != blurred.bgcolor
        app.rows.move_cursor(2)
        assert app.drawn[3].startswith("●›running")
        assert app.drawn[1].startswith("  running")


async def test_another_theme_is_drawn_from_the_same_cells() -> None:
    app = RowsApp(numbered(5))
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        before = app.rows.render_line(2)
        app.theme = LIGHT.name
        await settle(pilot, lambda: app.rows.render_line(2) != before)
        assert app.asked == []


async def test_a_wrong_number_of_cells_is_said() -> None:
    app = RowsApp(())
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        app.rows.set_columns(COLUMNS[:2])
        with pytest.raises(ValueError, match="4 cells for 2 columns"):
            app.rows.set_rows(["a"])
        app.rows.set_columns(COLUMNS)
        app.rows.set_rows([])


async def test_the_end_is_announced_once_for_each_set_of_rows() -> None:
    app = RowsApp(numbered(1000))
    async with app.run_test(size=SIZE) as pilot:
        await quiet(pilot, app)
        app.rows.move_cursor(900)
        await pilot.pause()
        assert "near end" not in app.posted
        app.rows.move_cursor(965)
        await pilot.press("j", "j", "G")
        assert app.posted.count("near end") == 1
        app.rows.set_rows(numbered(1010))
        await pilot.pause()
        assert app.posted.count("near end") == 2
