"""Pictures of the screen that must not change unseen: `pytest --snapshot-update` after a wanted change."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.support import wait_for
from tests.test_frame import QUESTION, make_app
from tui.widgets.confirm import ConfirmScreen

Compare = Callable[..., bool]
SIZES = [(80, 24), (160, 50)]


@pytest.mark.parametrize("size", SIZES)
def test_first_use(snap_compare: Compare, home: Path, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(home), terminal_size=size)


@pytest.mark.parametrize("size", SIZES)
def test_spec_first_use(snap_compare: Compare, home: Path, size: tuple[int, int]) -> None:
    assert snap_compare(make_app(home), terminal_size=size, press=["2"])


def test_help(snap_compare: Compare, home: Path) -> None:
    assert snap_compare(make_app(home), terminal_size=(80, 24), press=["3", "question_mark"])


@pytest.mark.parametrize("size", SIZES)
def test_a_question_that_costs_money(snap_compare: Compare, home: Path, size: tuple[int, int]) -> None:
    async def ask(pilot: Pilot[Any]) -> None:
        screen = ConfirmScreen(QUESTION)
        pilot.app.push_screen(screen)
        await wait_for(lambda: screen.open_for_keys)

    assert snap_compare(make_app(home, local=False), terminal_size=size, run_before=ask)


def test_the_light_theme(snap_compare: Compare, home: Path) -> None:
    app = make_app(home)
    app.theme = "vertex-light"
    assert snap_compare(app, terminal_size=(80, 24))
