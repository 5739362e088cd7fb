"""Leaving the app while a change of the project is under way, and while none is."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.services.setup_world import ready_world
from tests.support import settle
from tui.app import VertexApp
from tui.domain.setup.model import CheckState
from tui.leaving import LeaveScreen
from tui.panes.setup import SetupPane
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.settings import Settings
from tui.widgets.confirm import ConfirmScreen

LOGGING = "logging.googleapis.com"


class Unconnected(VertexApp):
    """The frame, given its connection by the test."""

    def start_connection(self) -> None:
        """Stay alone."""


@pytest.fixture
def app(home: Path) -> Unconnected:
    settings = Settings(project="kelp-train", region="europe-west4")
    paths = find_paths({"VERTEX_TUI_HOME": str(home)})
    return Unconnected(AppOptions(settings, {}, local=False, spec=None, paths=paths))


async def until(pilot: Pilot[int], condition: object) -> None:
    await settle(pilot, condition)  # type: ignore[arg-type]  # of an app with a result


async def begin_a_fix(app: VertexApp, pilot: Pilot[int]) -> SetupPane:
    """Enabling an API that never answers."""
    world = ready_world()
    world.on.discard(LOGGING)
    world.hangs.add("enable_apis")
    await until(pilot, lambda: isinstance(app.current_pane, SetupPane))
    pane = app.current_pane
    assert isinstance(pane, SetupPane)
    app.gateway = world.gateway
    row = f"apis.{LOGGING}"
    await until(pilot, lambda: row in pane._rows and pane._rows[row].state is CheckState.FAILED)
    pane.show_check(row)
    await until(pilot, lambda: pane._table.cursor_key == row)
    await pilot.press("f")
    await listening(app, pilot)
    await pilot.press("y")
    await until(pilot, lambda: "enable_apis" in world.calls)
    return pane


async def listening(app: VertexApp, pilot: Pilot[int]) -> ConfirmScreen:
    await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.open_for_keys)
    assert isinstance(app.screen, ConfirmScreen)
    return app.screen


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_nothing_is_asked_while_nothing_is_under_way(app: Unconnected, key: str) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await until(pilot, lambda: app.current_pane is not None)
        await pilot.press(key)
        await until(pilot, lambda: app._exit)
        assert not isinstance(app.screen, LeaveScreen)


@pytest.mark.parametrize("key", ["q", "ctrl+q"])
async def test_a_fix_under_way_is_named_and_can_be_waited_for(app: Unconnected, key: str) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        pane = await begin_a_fix(app, pilot)
        await pilot.press(key)
        question = await listening(app, pilot)
        assert isinstance(question, LeaveScreen)
        words = "\n".join(map(str, question.question.lines))
        assert LOGGING in words
        assert "goes on at Google's side" in words
        await pilot.press("ctrl+q")  # asked once
        await pilot.press("enter")  # Stay has the focus
        await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))
        assert not app._exit
        assert pane.under_way
        await pilot.press("ctrl+q")
        await listening(app, pilot)
        await pilot.press("y")
        await until(pilot, lambda: app._exit)
    assert not pane.under_way


@pytest.mark.parametrize("asked", [False, True])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
async def test_signals_leave_without_asking(app: Unconnected, number: signal.Signals, asked: bool) -> None:  # noqa: FBT001
    async with app.run_test(size=(80, 24)) as pilot:
        await begin_a_fix(app, pilot)
        if asked:
            await pilot.press("ctrl+q")
            await listening(app, pilot)
        os.kill(os.getpid(), number)
        await until(pilot, lambda: app._exit)
        assert isinstance(app.screen, LeaveScreen) is asked
    assert app.return_value == 128 + number
