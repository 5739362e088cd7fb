"""Other arguments for one start: a field of several lines, and nothing changed that was not typed."""

# ruff: noqa: ASYNC240  # small files on a disk of the test's own

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.panes.spec_world import GOOD, FakeGateway, SpecApp
from tests.panes.test_spec_preflight import TOKEN, ask, asked, lines, make
from tests.support import settle, wait_for
from tui.panes.spec_values import ArgsField, ArgsScreen

SCRIPT = """\
      args:
        - |
          set -e
          if [ -n "$HF_TOKEN" ]; then
            python train.py --name 'a b'
          fi
        - --epochs
"""
ARGS = ["set -e\nif [ -n \"$HF_TOKEN\" ]; then\n  python train.py --name 'a b'\nfi\n", "--epochs"]


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "my-run.yaml"
    path.write_text(GOOD.replace("      env:\n", f"      command: [bash, -c]\n{SCRIPT}      env:\n"))
    return path


async def field(app: SpecApp, pilot: Pilot[Any]) -> ArgsField:
    await pilot.press("A")
    await settle(pilot, lambda: isinstance(app.screen, ArgsScreen) and app.screen.query(ArgsField))
    return app.screen.query_one(ArgsField)


def sent_args(gateway: FakeGateway) -> list[str]:
    (sent,) = gateway.jobs.created
    found: list[str] = sent["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]["args"]
    return found


@pytest.mark.parametrize("size", [(80, 24), (80, 14)])
async def test_a_script_is_shown_with_its_lines_and_everything_fits(
    tmp_path: Path, spec: Path, size: tuple[int, int]
) -> None:
    app = make(tmp_path, spec, FakeGateway())
    async with app.run_test(size=size) as pilot:
        await ask(app, pilot)
        text = await field(app, pilot)
        await pilot.press("ctrl+home")
        lead = "|\n  set -e\n  if [ -n"
        assert text.text.startswith(lead)
        assert text.text.endswith("\n--epochs")
        dialog = app.screen.query_one("#dialog").region
        assert dialog.bottom <= size[1]
        assert dialog.contains_region(text.region)
        text.text = "|\n" + "  echo line\n" * 200
        await pilot.pause()
        assert app.screen.query_one("#dialog").region.bottom <= size[1]
        assert app.screen.query_one("#dialog").region.contains_region(text.region)


async def test_a_changed_script_keeps_its_line_breaks(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway)
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, pilot)
        await field(app, pilot)
        await pilot.press("ctrl+home", "down", "end", "enter", *"date")
        await pilot.press("ctrl+s")
        assert "Args ‘set -e …’ (5 lines) --epochs (for this start only)" in lines(await asked(app, pilot))
        await pilot.press("y")
        await wait_for(lambda: app.opened)
    assert sent_args(gateway) == [ARGS[0].replace("set -e\n", "set -e\ndate\n"), "--epochs"]


async def test_what_was_not_changed_stays_the_files(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway)
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, pilot)
        await field(app, pilot)
        await pilot.press("ctrl+s")
        screen = await asked(app, pilot)
        assert "this start only" not in lines(screen)
        await pilot.press("y")
        await wait_for(lambda: app.opened)
    assert sent_args(gateway) == ARGS


async def test_hidden_arguments_stay_unless_others_are_typed(tmp_path: Path, spec: Path) -> None:
    spec.write_text(spec.read_text().replace("--epochs", f"--token={TOKEN}  # vertex-tui: ignore"))
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway)
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, pilot)
        assert (await field(app, pilot)).text == ""
        assert TOKEN not in app.shown
        await pilot.press("ctrl+s")
        await asked(app, pilot)
        await pilot.press("y")
        await wait_for(lambda: app.opened)
    assert sent_args(gateway)[1] == f"--token={TOKEN}"
