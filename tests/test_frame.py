"""The frame: header, tabs, help, palette, going back, and the dialog that spends or deletes."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Button, Static

from tests.support import wait_for
from tui.app import PANES, VertexApp
from tui.panes.messages import PaneId
from tui.panes.setup_table import FoldTable
from tui.panes.storage_transfers_panel import TransfersScreen
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.settings import Settings
from tui.widgets.confirm import ConfirmScreen, Question
from tui.widgets.header import HeaderBar, TabBar
from tui.widgets.help import HelpScreen
from tui.widgets.keybar import KeyBar


class Unconnected(VertexApp):
    """The frame without a connection."""

    def start_connection(self) -> None:
        """Stay alone."""


def make_app(home: Path, *, local: bool = True, project: str = "kelp-train") -> Unconnected:
    settings = Settings(project=project, region="europe-west4")
    return Unconnected(AppOptions(settings, {}, local, None, find_paths({"VERTEX_TUI_HOME": str(home)})))


@pytest.mark.parametrize("width", [80, 160])
@pytest.mark.parametrize(("local", "words"), [(True, " LOCAL "), (False, "GOOGLE CLOUD · BILLED")])
async def test_the_header_says_where_the_money_goes(home: Path, width: int, local: bool, words: str) -> None:  # noqa: FBT001
    app = make_app(home, local=local)
    async with app.run_test(size=(width, 24)) as pilot:
        await pilot.pause()
        header = app.query_one(HeaderBar)
        header.account = "a-person-with-a-long-name@a-long-domain.example"
        header.status = "✗ " + "something long happened " * 5
        line = str(header.render())
        assert words in line
        assert len(line) <= width


def _in_front(app: VertexApp, pane: PaneId) -> bool:
    return app.current_pane is not None and app.current_pane.PANE_ID is pane


@pytest.mark.parametrize("prefix", ["", "alt+"])
async def test_each_pane_has_its_key_and_escape_goes_back(home: Path, prefix: str) -> None:
    app = make_app(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        for number, pane in enumerate(PANES, start=1):
            await pilot.press(f"{prefix}{number}")
            await wait_for(partial(_in_front, app, pane))
            assert app.query_one(TabBar).active == pane
            await pilot.press("escape")
            await pilot.press("escape")


async def test_escape_returns_to_the_pane_one_came_from(home: Path) -> None:
    app = make_app(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "escape")
        await wait_for(partial(_in_front, app, PaneId.SETUP))


async def test_help_lists_the_keys_that_work_here(home: Path) -> None:
    app = make_app(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "question_mark")
        await wait_for(lambda: isinstance(app.screen, HelpScreen))
        text = "\n".join(str(widget.content) for widget in app.screen.query(Static))
        assert "Filter – Words, state:failed" in text
        assert "alt+1 works inside the editor" in text
        assert "Next part – " in text
        assert "Focus Next" not in text
        await pilot.press("escape")
        await wait_for(lambda: not isinstance(app.screen, HelpScreen))


QUESTION = Question("Start?", ["[b]markup stays text[/b]"], yes="Start", danger=True)


async def test_keys_typed_before_the_question_was_drawn_do_nothing(home: Path) -> None:
    app = make_app(home)
    async with app.run_test(size=(80, 24)) as pilot:
        answers: list[bool | None] = []
        app.push_screen(ConfirmScreen(QUESTION), answers.append)
        await pilot.press("y", "enter", "escape")
        assert isinstance(app.screen, ConfirmScreen)
        assert answers == []
        screen = app.screen
        await wait_for(lambda: screen.open_for_keys)
        await pilot.press("enter")
        await wait_for(lambda: answers == [False])


async def test_what_has_to_be_typed_has_to_be_typed(home: Path) -> None:
    app = make_app(home)
    async with app.run_test(size=(80, 24)) as pilot:
        answers: list[bool | None] = []
        screen = ConfirmScreen(Question("Delete?", ["all of it"], yes="Delete", must_type="my-bucket"))
        app.push_screen(screen, answers.append)
        await wait_for(lambda: screen.open_for_keys)
        await pilot.press(*"my-buck", "enter")
        assert screen.query_one("#yes", Button).disabled
        await pilot.press(*"et", "enter", "enter")
        await wait_for(lambda: answers == [True])


async def test_only_the_pane_in_front_gets_keys(home: Path) -> None:
    """A pane behind asks for the focus, what has it goes, or a screen over the panes: never Setup's keys."""
    app = make_app(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        jobs = await app.show_pane(PaneId.JOBS)
        setup = app.query_one("#setup")

        def focused() -> bool:
            return app.focused is not None and jobs in app.focused.ancestors

        await wait_for(focused)
        app.query_one(FoldTable).focus()
        await pilot.pause()
        assert focused()
        app.screen.set_focus(None)
        await wait_for(focused)
        await pilot.press("f6")
        await wait_for(lambda: isinstance(app.screen, TransfersScreen))
        await pilot.pause()
        assert app.focused is None, "no transfer, so no list"
        app.front_screen.query_one("#jobs-table").display = False
        await pilot.press("escape")
        await wait_for(lambda: app.screen is app.front_screen)
        await pilot.pause()
        assert app.focused is None or setup not in app.focused.ancestors
        assert "fix" not in {active.binding.action for active in app.screen.active_bindings.values()}


async def test_the_bottom_line_keeps_its_keys_while_the_terminal_has_no_focus(home: Path) -> None:
    app = make_app(home)
    async with app.run_test(size=(80, 24)) as pilot:
        bar = app.query_one(KeyBar)
        await pilot.press("3")
        await wait_for(lambda: "Filter" in str(bar.render()))
        app.post_message(events.AppBlur())
        await wait_for(lambda: app.focused is None)
        await pilot.pause()
        assert "Filter" in str(bar.render())
        app.post_message(events.AppFocus())
        await wait_for(lambda: app.focused is not None)
        await pilot.press("slash")
        await wait_for(lambda: "⏎ Take it" in str(bar.render()) and "esc Leave" in str(bar.render()))
        await pilot.press("escape")
        await wait_for(lambda: "Filter" in str(bar.render()))


async def test_the_bottom_line_tells_the_keys_of_a_dialog(home: Path) -> None:
    app = make_app(home)
    async with app.run_test(size=(80, 24)) as pilot:
        bar = app.query_one(KeyBar)
        await wait_for(lambda: "All actions" in str(bar.render()) and "Help" in str(bar.render()))
        screen = ConfirmScreen(QUESTION)
        app.push_screen(screen)
        await wait_for(lambda: str(bar.render()).split() == ["esc", "No"])
        await wait_for(lambda: screen.open_for_keys)
        front = app.current_pane
        await pilot.press("alt+4", "escape")
        await wait_for(lambda: "All actions" in str(bar.render()) and "Help" in str(bar.render()))
        assert app.current_pane is front
