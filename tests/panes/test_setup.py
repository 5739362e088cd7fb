"""The Setup pane on a small project: from failing rows to ready, by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.content import Content
from textual.widgets import Static

from tests.panes.setup_app import Rows, SetupApp, answer, app, asked, go_to, rows, show
from tests.services.setup_world import RESOURCES, USAGE, World, ready_world
from tests.support import settle
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.facts import APIS
from tui.domain.setup.model import Check, CheckState, EnableApis, GrantRoles, Group
from tui.panes.messages import JobsChanged, SetupChanged
from tui.panes.setup_detail import NOTE_CUT, NOTE_LINES, short_note
from tui.panes.setup_rows import EVERYTHING
from tui.services.settings import Source
from tui.widgets.text_screen import TextScreen

__all__ = ["app", "rows"]

LOGGING = "apis.logging.googleapis.com"


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_bare_project_is_made_ready_with_two_keys(app: SetupApp, size: tuple[int, int]) -> None:
    world = World(on={USAGE, RESOURCES})
    async with app.run_test(size=size) as pilot:
        await show(app, pilot, world)
        assert "to fix" in app.text("#setup-summary")
        assert any(check.id.startswith("apis.") for check in app.pane._line.checks)  # type: ignore[union-attr]
        await pilot.press("a")
        words = await asked(app, pilot)
        assert "compute.googleapis.com" in words
        assert "gs://kelp-train-outputs in europe-west4" in words
        await answer(app, pilot, "y")
        await settle(pilot, lambda: "Ready: press 2" in app.text("#setup-summary"))
        assert app.badges[-1] == "✓"
        assert any("to fix" in badge for badge in app.badges)
        assert len(app.heard(SetupChanged)) == 1
        assert world.on >= set(APIS)
        saved = app.paths.config_file
        await settle(pilot, lambda: saved.exists() and 'bucket = "kelp-train-outputs"' in saved.read_text())


async def test_the_first_screen_shows_all_that_needs_attention(app: SetupApp) -> None:
    world = World(on={USAGE, RESOURCES}, held=frozenset())
    async with app.run_test(size=(80, 24)) as pilot:
        await show(app, pilot, world)
        table = app.table
        assert table.row_count <= table.size.height
        seen = {
            check.id for line in app.pane._lines.values() if line.key != EVERYTHING for check in line.checks
        }
        assert {row.id for row in app.pane._rows.values() if row.to_fix} <= seen


async def test_no_is_the_default_and_changes_nothing(app: SetupApp) -> None:
    world = World(on={USAGE, RESOURCES})
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        await pilot.press("a")
        await answer(app, pilot, "enter")
        assert "enable_apis" not in world.calls
        assert not app.heard(SetupChanged)


async def test_one_row_is_fixed_in_its_place_and_keeps_its_line(tmp_path: Path) -> None:
    app = SetupApp(tmp_path, Source.ENVIRONMENT)
    world = ready_world()
    world.buckets.clear()
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        assert app.table.cursor_key == "bucket"
        assert "does not exist yet" in app.text("#setup-detail-text")
        assert "gcloud storage buckets create" in app.text("#setup-detail-text")
        await pilot.press("enter")
        await answer(app, pilot, "y")
        await settle(pilot, lambda: app.state("bucket") is CheckState.OK)
        assert app.table.cursor_key == "bucket"
        assert "Done" in app.text("#setup-note")
        assert not app.paths.config_file.exists()


async def test_a_refusal_is_shown_in_the_pane(app: SetupApp) -> None:
    world = ready_world()
    world.faults["enable_apis"] = CloudError("You lack [b]it[/b]", hint="Ask Bo", kind=ErrorKind.DENIED)
    world.on.discard("logging.googleapis.com")
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        await go_to(app, pilot, LOGGING)
        await pilot.press("f")
        await answer(app, pilot, "y")
        await settle(pilot, lambda: "not fixed: You lack [b]it[/b]" in app.text("#setup-detail-text"))
        assert "Ask Bo" in app.text("#setup-detail-text")
        assert "not done" in app.text("#setup-note")


async def test_a_long_refusal_leaves_the_rows_their_room_and_is_read_with_a_key(app: SetupApp) -> None:
    world = ready_world()
    told = CloudError("You lack it", "many words " * 60 + "and the end", hint="Ask Bo", kind=ErrorKind.DENIED)
    world.faults["enable_apis"] = told
    world.on.discard("logging.googleapis.com")
    async with app.run_test(size=(80, 24)) as pilot:
        await show(app, pilot, world)
        assert not app.offers("note")
        await go_to(app, pilot, LOGGING)
        app.pane._say(f"✗ not done: {told.message}\n✓ 2 changes made", "error")
        await settle(pilot, lambda: app.query_one("#setup-note").size.height == 3)
        assert app.text("#setup-note").endswith("… m shows all of it")
        await pilot.resize_terminal(200, 24)
        await settle(pilot, lambda: app.query_one("#setup-note").size.width > 150)
        await pilot.resize_terminal(80, 24)
        await settle(pilot, lambda: app.offers("note"))
        await pilot.press("m")
        await settle(pilot, lambda: isinstance(app.screen, TextScreen))
        shown = str(app.screen.query(Static).last().content)
        assert "and the end\n✓ 2 changes made" in shown
        await pilot.press("escape")
        await settle(pilot, lambda: not isinstance(app.screen, TextScreen))
        app.pane._say("short")
        assert app.text("#setup-note") == "short"
        assert not app.offers("note")


@pytest.mark.parametrize(
    "text", ["", "one", "one\ntwo\nthree", "x" * 90, "a\nb\nc\nd", "ｗ" * 400, "y" * 400]
)
@pytest.mark.parametrize("width", [1, 30, 76])
def test_a_note_is_cut_only_where_it_is_too_long(text: str, width: int) -> None:
    shown = short_note(text, width)
    if len(Content(text).wrap(width)) <= NOTE_LINES or width <= len(NOTE_CUT):
        assert shown == text
    else:
        assert len(Content(shown).wrap(width)) == NOTE_LINES
        assert shown.endswith(NOTE_CUT)


async def test_keys_are_offered_only_where_they_do_something(app: SetupApp, rows: Rows) -> None:
    rows.extra = [Check("x.plain", Group.TERMINAL, "plain", CheckState.FAILED, "nothing helps")]
    async with app.run_test(size=(100, 30)) as pilot:
        assert not app.offers("check")
        await show(app, pilot, ready_world())
        assert app.offers("check")
        await go_to(app, pilot, "x.plain")
        assert not app.offers("fix")
        assert not app.offers("copy")
        assert app.offers("accept")
        await go_to(app, pilot, "permissions.logs")
        await pilot.press("y")
        await settle(pilot, lambda: "Copied" in app.text("#setup-note"))
        assert "gcloud projects add-iam-policy-binding" in app.clipboard


async def test_groups_open_and_close_by_keys_and_escape_goes_out_step_by_step(app: SetupApp) -> None:
    async with app.run_test(size=(100, 40)) as pilot:
        await show(app, pilot, ready_world())
        await go_to(app, pilot, "permissions.logs")
        await pilot.press("h")
        await settle(pilot, lambda: app.table.cursor_key == "group:PERMISSIONS")
        assert "permissions.logs" not in app.pane._lines
        assert "read logs" in app.text("#setup-detail-text")
        for key in ("enter", "l", "right"):
            await pilot.press(key)
            await settle(pilot, lambda: app.table.cursor_key == "permissions.submit")
            await pilot.press("tab")
            assert app.pane.go_back()
            await settle(pilot, lambda: app.table.has_focus)
            assert app.pane.go_back()
            await settle(pilot, lambda: app.table.cursor_key == "group:PERMISSIONS")
        assert not app.pane.go_back()


async def test_the_cursor_follows_its_row_into_the_line_that_takes_it_in(app: SetupApp) -> None:
    world = ready_world()
    world.on.discard("logging.googleapis.com")
    async with app.run_test(size=(100, 40)) as pilot:
        await show(app, pilot, world)
        await go_to(app, pilot, LOGGING)
        world.on.add("logging.googleapis.com")
        await pilot.press("r")
        await settle(pilot, lambda: app.state(LOGGING) is CheckState.OK)
        assert app.table.cursor_key == LOGGING
        await pilot.press("down", "up")
        await pilot.press("r")
        await settle(pilot, lambda: LOGGING not in app.pane._lines)
        assert app.table.cursor_key == "group:APIS"


async def test_n_goes_from_one_trouble_to_the_next(app: SetupApp, rows: Rows) -> None:
    rows.alone = True
    fix = (EnableApis(("a.googleapis.com",)),)
    rows.extra = [
        Check("a", Group.CONNECTION, "a", CheckState.OK, "fine"),
        Check("b", Group.APIS, "b", CheckState.FAILED, "off", fixes=fix),
        Check("c", Group.BUCKET, "c", CheckState.OK, "fine"),
        Check("d", Group.QUOTA, "d", CheckState.FAILED, "none left"),
    ]
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, ready_world())
        assert app.table.cursor_key == "b"
        for key, reached in (("n", "d"), ("n", "b"), ("N", "d")):
            await pilot.press(key)
            await settle(pilot, lambda reached=reached: app.table.cursor_key == reached)  # type: ignore[misc]


async def test_trouble_is_shown_first_and_goes_when_the_connection_comes(app: SetupApp) -> None:
    trouble = CloudError("No Google credentials found", hint="Run: gcloud …", kind=ErrorKind.NO_CREDENTIALS)
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.connection_trouble = trouble
        await settle(pilot, lambda: "No Google credentials" in app.text("#setup-summary"))
        assert "tried again by itself" in app.text("#setup-summary")
        assert "to fix" in app.badges[-1]
        app.pane.connection_trouble = None
        await show(app, pilot, ready_world())
        await settle(pilot, lambda: "Ready" in app.text("#setup-summary"))


async def test_this_box_is_looked_at_without_a_connection(app: SetupApp) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        await settle(pilot, lambda: app.pane._facts.terminal)
        assert app.pane._facts.secret_names is not None
        assert app.pane._facts.terminal.columns == 100  # type: ignore[union-attr]
        await pilot.resize_terminal(120, 40)
        await settle(pilot, lambda: app.pane._facts.terminal.columns == 120)  # type: ignore[union-attr]
        assert not app.heard(JobsChanged)


async def test_checking_again_finds_what_has_changed(app: SetupApp) -> None:
    world = ready_world()
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        await settle(pilot, lambda: app.badges[-1] == "✓")
        world.on.discard("logging.googleapis.com")
        await pilot.press("r")
        await settle(pilot, lambda: app.state(LOGGING) is CheckState.FAILED)
        await settle(pilot, lambda: app.badges[-1] == "1 to fix")


async def test_an_unchanged_project_draws_nothing(app: SetupApp, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[object] = []
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, ready_world())
        monkeypatch.setattr(type(app.table), "update_cell", lambda *_args, **_more: drawn.append("cell"))
        monkeypatch.setattr(type(app.table), "clear", lambda *_args, **_more: drawn.append("table"))
        monkeypatch.setattr(type(app.pane), "refresh_bindings", lambda _pane: drawn.append("keys"))
        app.pane._shown.clear()
        app.pane._take(app.pane._facts)
        shown = dict(app.pane._shown)
        app.pane._take(app.pane._facts)
        assert shown == app.pane._shown
        assert not drawn


async def test_a_folded_line_of_troubles_is_fixed_as_one(app: SetupApp) -> None:
    world = World(on={USAGE, RESOURCES})
    async with app.run_test(size=(80, 18)) as pilot:
        await show(app, pilot, world)
        lines = app.pane._lines.values()
        line = next(line for line in lines if line.groups == {Group.APIS} and line.folded and line.fixes)
        app.table.show_cursor_on(line.key)
        await settle(pilot)
        assert "f fixes all of them" in app.text("#setup-detail-text")
        await pilot.press("f")
        assert "logging.googleapis.com" in await asked(app, pilot)
        await answer(app, pilot, "y")
        await settle(pilot, lambda: "logging.googleapis.com" in world.on)
        assert not [fix for fix in line.fixes if isinstance(fix, GrantRoles)]
