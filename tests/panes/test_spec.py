"""The Spec pane by keys: opening, checking, fixing, saving, and nothing typed is ever lost."""

# ruff: noqa: ASYNC240  # small files on a disk of the test's own

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.panes.spec_world import GOOD, SpecApp
from tests.support import wait_for
from tui.panes.spec_dialogs import RequestScreen
from tui.panes.spec_lists import Welcome
from tui.panes.spec_path import PathScreen
from tui.services.secrets import SecretStore
from tui.widgets.confirm import ConfirmScreen

DATA = Path(__file__).parents[1] / "data"
TOKEN = "hf_" + "aB3" * 12


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "job.yaml"
    path.write_text(GOOD)
    return path


async def type_over(app: SpecApp, pilot: Pilot[Any], text: str) -> None:
    """Replace the whole text as an edit."""
    app.editor.swap_text(text)
    await pilot.pause()


async def begin_new(app: SpecApp, pilot: Pilot[Any]) -> None:
    """Take the first template."""
    await pilot.press("n")
    await wait_for(lambda: "One CPU machine" in app.shown)
    await pilot.press("enter")
    await wait_for(lambda: app.editor.has_focus)


async def test_first_use_says_what_this_is_for_and_how_to_begin(tmp_path: Path) -> None:
    app = SpecApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: "Begin a new spec" in app.shown)
        assert "A job spec says what Vertex AI runs for you" in app.shown
        await pilot.press("n")
        await wait_for(lambda: "One CPU machine" in app.shown)
        await pilot.press("enter")
        await wait_for(lambda: "new job spec" in app.shown)
        assert app.editor.has_focus
        assert app.editor.text.startswith("# A Vertex AI custom job")


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_the_tutorials_spec_shows_its_problems_and_f_fixes_them(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    app = SpecApp(tmp_path, DATA / "tutorial_job.yaml")
    async with app.run_test(size=size) as pilot:
        await wait_for(lambda: {(line, "placeholder") for line in (23, 25, 27, 29)} <= set(app.found))
        await wait_for(lambda: ("4 errors", "error") in app.badges)
        app.editor.move_cursor((21, 0))
        await pilot.press("ctrl+g")
        assert app.editor.cursor_location == (22, 17)
        await pilot.press("alt+a")
        await wait_for(lambda: (23, "unset-reference") in app.found)
        assert "value: ${HF_TOKEN}" in app.editor.text
        await wait_for(lambda: ("● 3 errors", "error") in app.badges)
        await pilot.press("ctrl+z")
        await wait_for(lambda: ("4 errors", "error") in app.badges[-1:])


async def test_a_fix_is_made_only_in_the_text_it_was_found_in(tmp_path: Path) -> None:
    app = SpecApp(tmp_path, DATA / "tutorial_job.yaml")
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: (23, "placeholder") in app.found)
        app.editor.move_cursor((21, 0))
        await pilot.press("ctrl+g")
        before = app.editor.text
        app.editor.insert("# one\n# two\n", (0, 0))
        app.pane.action_fix()
        await wait_for(lambda: "has just changed" in app.notice)
        assert app.editor.text == "# one\n# two\n" + before


async def test_bad_yaml_is_said_on_its_line_and_the_text_stays(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: app.editor.text == GOOD)
        await pilot.press("ctrl+end", *"a: 'b")
        await wait_for(lambda: app.found == [(12, "yaml-syntax")])
        await pilot.press("ctrl+r")
        await wait_for(lambda: "Waiting for the connection" in app.shown)
        await pilot.press("escape")
        assert app.editor.text == GOOD + "a: 'b"


async def test_the_editor_is_left_and_entered_by_keys(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.editor.has_focus)
        await wait_for(lambda: "esc leaves the editor" in app.shown)
        await pilot.press("escape")
        await wait_for(lambda: not app.editor.has_focus)
        await wait_for(lambda: "i edits" in app.shown)
        assert not app.pane.go_back()
        await pilot.press("x")
        await wait_for(lambda: isinstance(app.screen, RequestScreen))
        await wait_for(lambda: "gcloud ai custom-jobs create" in app.shown)
        await pilot.press("escape", "i")
        await wait_for(lambda: app.editor.has_focus)
        assert app.pane.go_back()
        await pilot.press("enter")
        await wait_for(lambda: app.editor.has_focus)


async def test_saving_keeps_bytes_and_marks_what_is_unsaved(tmp_path: Path) -> None:
    path = tmp_path / "job.yaml"
    raw = b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()
    path.write_bytes(raw)
    app = SpecApp(tmp_path, path)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: app.editor.text == GOOD)
        await pilot.press("ctrl+s")
        await wait_for(lambda: "Saved job.yaml" in app.notice)
        assert path.read_bytes() == raw
        await pilot.press("#")
        await wait_for(lambda: "job.yaml ●" in app.shown)
        await pilot.press("ctrl+s")
        await wait_for(lambda: "job.yaml ●" not in app.shown)
        assert path.read_bytes() == raw[:3] + b"#" + raw[3:]


async def test_a_file_changed_by_others_is_not_written_over_unasked(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: app.editor.text == GOOD)
        spec.write_text("other: 1\n")
        await pilot.press("#", "ctrl+s")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("escape")
        await wait_for(lambda: app.screen is app.screen_stack[0])
        assert spec.read_text() == "other: 1\n"
        await pilot.press("ctrl+s")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
        await pilot.press("y")
        await wait_for(lambda: spec.read_text() == "#" + GOOD)


async def test_a_new_text_asks_for_a_name(tmp_path: Path) -> None:
    app = SpecApp(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "Begin a new spec" in app.shown)
        await begin_new(app, pilot)
        await pilot.press("ctrl+s")
        await wait_for(lambda: isinstance(app.screen, PathScreen))
        app.screen.query_one(Input).value = str(tmp_path / "mine.yaml")
        await pilot.press("enter")
        await wait_for(lambda: "Saved mine.yaml" in app.notice)
        assert (tmp_path / "mine.yaml").read_text() == app.editor.text


async def test_a_path_is_completed_and_a_wrong_one_is_said(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path)
    (tmp_path / "sub").mkdir()
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "Begin a new spec" in app.shown)
        await pilot.press("o")
        await wait_for(lambda: isinstance(app.screen, PathScreen))
        app.screen.query_one(Input).value += f"/{tmp_path}/"
        await pilot.press(*"zzz", "enter")
        await wait_for(lambda: "Cannot read zzz" in app.notice)
        await pilot.press("o")
        await wait_for(lambda: isinstance(app.screen, PathScreen))
        app.screen.query_one(Input).value += f"/{tmp_path}/"
        await pilot.press(*"jo", "enter")
        await wait_for(lambda: app.editor.text == GOOD)
        assert spec.name in app.shown


async def test_a_literal_secret_is_covered_and_moved_in_one_key(tmp_path: Path, spec: Path) -> None:
    spec.write_text(GOOD.replace("${HF_TOKEN}", TOKEN))
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(160, 50)) as pilot:
        await wait_for(lambda: (9, "literal-secret") in app.found)
        assert TOKEN not in app.shown
        app.editor.move_cursor((8, 0))
        await pilot.press("escape", "f")
        await wait_for(lambda: app.editor.text == GOOD)
        assert SecretStore(app.paths.secrets_file).get("HF_TOKEN") == TOKEN
        assert "HF_TOKEN is among your secrets now" in app.notice


async def test_controls_in_a_file_do_not_reach_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "evil.yaml"
    path.write_text("# \x1b]0;evil\x07 [red]\x9b31m\nworkerPoolSpecs: []\n")
    app = SpecApp(tmp_path, path)
    async with app.run_test(size=(100, 30)):
        await wait_for(lambda: (1, "yaml-character") in app.found)
        assert "\x1b" not in app.shown
        assert "\x9b" not in app.shown
        assert "[red]" in app.shown


async def test_unsaved_text_survives_and_is_offered_back(tmp_path: Path, spec: Path) -> None:
    spec.write_text(GOOD.replace("${HF_TOKEN}", TOKEN))
    first = SpecApp(tmp_path, spec)
    async with first.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: TOKEN in first.editor.text)
        await pilot.press(*"# typed", "enter")
        typed = first.editor.text
    journals = list((first.paths.journals_dir / "spec").iterdir())
    assert len(journals) == 1
    assert TOKEN not in journals[0].read_text()

    second = SpecApp(tmp_path)
    async with second.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "Restore the unsaved text of job.yaml" in second.shown)
        await pilot.press("enter")
        await wait_for(lambda: second.editor.text == typed)
        assert "is back" in second.notice
        assert spec.read_text() != typed
        await pilot.press("ctrl+z")
        await wait_for(lambda: second.editor.text == spec.read_text())
        await pilot.press("ctrl+y", "ctrl+s")
        await wait_for(lambda: spec.read_text() == typed)
    assert not list((second.paths.journals_dir / "spec").iterdir())


async def test_a_text_without_a_file_is_offered_back_or_discarded(tmp_path: Path) -> None:
    first = SpecApp(tmp_path)
    async with first.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "Begin a new spec" in first.shown)
        await begin_new(first, pilot)
        await pilot.press(*"# mine")
        typed = first.editor.text
        await wait_for(lambda: list((first.paths.journals_dir / "spec").glob("*.json")))
    second = SpecApp(tmp_path)
    async with second.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "Restore the unsaved text of a new spec" in second.shown)
        await pilot.press("enter")
        await wait_for(lambda: second.editor.text == typed)
    third = SpecApp(tmp_path)
    async with third.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "Restore the unsaved text" in third.shown)
        third.query_one(Welcome).focus()
        await pilot.press("d")
        await wait_for(lambda: isinstance(third.screen, ConfirmScreen))
        await pilot.press("y")
        await wait_for(lambda: not list((third.paths.journals_dir / "spec").iterdir()))


async def test_opening_another_file_keeps_what_was_typed_in_the_first(tmp_path: Path, spec: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(GOOD)
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: app.editor.text == GOOD)
        await pilot.press("#")
        await app.pane.open_file(other)
        await wait_for(lambda: app.editor.text == GOOD)
        await app.pane.open_file(spec)
        await wait_for(lambda: app.editor.text == "#" + GOOD)


async def test_the_example_of_an_installed_package_is_never_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spec: Path
) -> None:
    monkeypatch.setattr("tui.assets.PACKAGE", tmp_path)
    monkeypatch.setattr("tui.panes.spec_text.EXAMPLE", spec)
    app = SpecApp(tmp_path)
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(lambda: "Open the example" in app.shown)
        await pilot.press("e", "ctrl+s")
        await wait_for(lambda: isinstance(app.screen, PathScreen))
        assert not app.screen.query_one(Input).value.startswith(str(tmp_path) + os.sep)
