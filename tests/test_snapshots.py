"""Pictures of the screen that must not change unseen: `pytest --snapshot-update` after a wanted change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.panes.start_facts import a_start
from tests.support import wait_for
from tests.test_frame import QUESTION, make_app
from tui.domain.setup.facts import Box, Terminal
from tui.panes import setup_sources
from tui.panes.setup import SetupPane
from tui.panes.spec_preflight import StartScreen
from tui.panes.spec_words import question
from tui.widgets.confirm import ConfirmScreen

Compare = Callable[..., bool]
SIZES = [(80, 24), (160, 50)]


@pytest.fixture(autouse=True)
def one_box(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures show the same box and terminal wherever they are made."""

    def terminal(_environ: object, columns: int, rows: int, *_more: object) -> Terminal:
        return Terminal(columns, rows, 16_777_216, utf8=True, clipboard=True, name="xterm-256color")

    monkeypatch.setattr(setup_sources, "read_terminal", terminal)
    monkeypatch.setattr(setup_sources, "read_box", lambda _environ: Box())


async def looked_at(pilot: Pilot[Any]) -> None:
    """Until the Setup pane knows the box."""
    await wait_for(lambda: pilot.app.query(SetupPane))
    await wait_for(lambda: pilot.app.query_one(SetupPane)._facts.terminal is not None)
    await pilot.pause()


@pytest.mark.parametrize("size", SIZES)
def test_first_use(snap_compare: Compare, home: Path, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(home), terminal_size=size, run_before=looked_at)


@pytest.mark.parametrize("size", SIZES)
def test_spec_first_use(snap_compare: Compare, home: Path, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(home), terminal_size=size, press=["2"])


def test_help(snap_compare: Compare, home: Path) -> None:
    assert snap_compare(make_app(home), terminal_size=(80, 24), press=["3", "question_mark"])


@pytest.mark.parametrize("size", SIZES)
def test_a_question_that_costs_money(snap_compare: Compare, home: Path, size: tuple[int, int]) -> None:
    async def ask(pilot: Pilot[Any]) -> None:
        await looked_at(pilot)
        screen = ConfirmScreen(QUESTION)
        pilot.app.push_screen(screen)
        await wait_for(lambda: screen.open_for_keys)

    assert snap_compare(make_app(home, local=False), terminal_size=size, run_before=ask)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", ["first", "hard"])
def test_the_question_before_a_start(
    snap_compare: Compare, home: Path, size: tuple[int, int], kind: str
) -> None:
    async def ask(pilot: Pilot[Any]) -> None:
        await looked_at(pilot)
        screen = StartScreen(question(a_start(hard=kind == "hard")))
        pilot.app.push_screen(screen)
        await wait_for(lambda: screen.open_for_keys)

    assert snap_compare(make_app(home, local=False), terminal_size=size, run_before=ask)


def test_the_light_theme(snap_compare: Compare, home: Path) -> None:
    app = make_app(home)
    app.theme = "vertex-light"
    assert snap_compare(app, terminal_size=(80, 24), run_before=looked_at)
