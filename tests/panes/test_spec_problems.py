"""The list of problems: the gravest first, on to the next after a fix, and a word where there is none."""

# ruff: noqa: ASYNC240  # small files on a disk of the test's own

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.panes.spec_world import GOOD, SpecApp
from tests.panes.test_spec_preflight import until
from tests.support import wait_for
from tui.domain.spec.problems import Severity
from tui.panes.spec_lists import ProblemList

BAD = """\
workerPoolSpecs:
  - machineSpec:
      machineTyp: n1-standard-4
    replicaCont: 1
    containerSpec:
      imageUri: python:3.11
      comand: [bash, -c]
      args:
        - python a.py || true
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "my-run.yaml"
    path.write_text(BAD)
    return path


def problems(app: SpecApp) -> ProblemList:
    return app.query_one(ProblemList)


def has_text(app: SpecApp, text: str) -> bool:
    return text in app.editor.text


def is_fixed(app: SpecApp, line: int) -> bool:
    return (line, "unknown-key") not in app.found


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_errors_come_first_and_the_list_grows_with_the_focus(
    tmp_path: Path, spec: Path, size: tuple[int, int]
) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: (3, "unknown-key") in app.found and app.editor.has_focus)
        listed = problems(app)
        ranks = [item.severity.rank for item in listed.problems]
        assert ranks == sorted(ranks)
        assert len(set(ranks)) > 1
        for severity in Severity:
            places = [item.place for item in listed.problems if item.severity is severity]
            assert places == sorted(places)
        before = listed.size.height
        await pilot.press("escape")
        await until(pilot, lambda: listed.size.height >= min(before + 3, len(listed.problems)))
        assert app.editor.size.height >= 3


async def test_the_next_error_is_chosen_after_a_fix(tmp_path: Path, spec: Path) -> None:
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: (3, "unknown-key") in app.found and app.editor.has_focus)
        await pilot.press("escape")
        for line, word, following in ((3, "machineType:", 4), (4, "replicaCount:", 7)):
            listed = problems(app)
            listed.highlighted = [(item.line, item.code) for item in listed.problems].index(
                (line, "unknown-key")
            )
            await pilot.press("f")
            await until(pilot, partial(has_text, app, word))
            await until(pilot, partial(is_fixed, app, line))
            assert listed.current is not None
            assert (listed.current.line, listed.current.severity) == (following, Severity.ERROR)


async def test_without_a_certain_fix_the_key_says_so(tmp_path: Path, spec: Path) -> None:
    spec.write_text(GOOD)
    app = SpecApp(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: (9, "env-stored") in app.found and app.editor.has_focus)
        listed = problems(app)
        listed.highlighted = [item.code for item in listed.problems].index("env-stored")
        await pilot.press("alt+a")
        await wait_for(lambda: "No certain fix. Line 9 is for you to change" in app.notice)
        assert app.editor.text == GOOD
        assert not app.pane.check_action("fix", ())
