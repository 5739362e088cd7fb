"""Finding a text and going to a line in the Spec pane."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.panes.spec_world import GOOD, SpecApp
from tests.support import wait_for


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "job.yaml"
    path.write_text(GOOD)
    return path


async def test_a_text_is_found_while_it_is_typed(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("ctrl+f", *"name")
        await wait_for(lambda: "1 of 4" in app.shown)
        assert app.editor.selected_text == "name"
        assert app.editor.cursor_location == (7, 10)
        await pilot.press("enter", "ctrl+f")
        await wait_for(lambda: "3 of 4" in app.shown)
        await pilot.press("up", "up", "up")
        await wait_for(lambda: "4 of 4" in app.shown)
        await pilot.press(*"zz")
        await wait_for(lambda: "not found" in app.shown)
        await pilot.press("backspace", "backspace", "escape")
        await wait_for(lambda: app.editor.has_focus)
        assert app.editor.selected_text == ""
        row, _ = app.editor.cursor_location
        await pilot.press("x")
        assert "xname" in app.editor.document.get_line(row).lower()


async def test_a_capital_makes_capitals_count_and_f3_goes_on(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("ctrl+f", *"NAME")
        await wait_for(lambda: "1 of 2" in app.shown)
        await pilot.press("escape", "f3")
        assert app.editor.cursor_location == (10, 26)
        await pilot.press("shift+f3")
        assert app.editor.cursor_location == (9, 23)


async def test_a_line_is_gone_to_or_left(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("ctrl+l", *"5:3")
        assert app.editor.cursor_location == (4, 2)
        await pilot.press("enter")
        await wait_for(lambda: app.editor.has_focus)
        await pilot.press("ctrl+l", *"999")
        assert app.editor.cursor_location == (11, 0)
        await pilot.press("escape")
        await wait_for(lambda: app.editor.has_focus)
        assert app.editor.cursor_location == (4, 2)


async def test_the_open_line_takes_what_is_typed_when_the_pane_comes_back(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        text = app.editor.text
        await pilot.press("ctrl+f", *"name")
        await wait_for(lambda: "1 of 4" in app.shown)
        app.editor.focus()
        app.pane.pane_shown()
        await pilot.press(*"zz")
        await wait_for(lambda: "not found" in app.shown)
        app.editor.focus()
        await pilot.press("ctrl+f", *"name")
        await wait_for(lambda: "1 of 4" in app.shown)
        assert app.editor.text == text
