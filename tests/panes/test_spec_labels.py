"""Labels of one start, and the label that names who started it."""

# ruff: noqa: ASYNC240  # small files on a disk of the test's own

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.panes.spec_world import GOOD, FakeGateway, SpecApp
from tests.panes.test_spec_preflight import ask, asked, lines, make
from tests.support import wait_for
from tui.domain.jobs import OWN_LABEL
from tui.domain.spec.labels_text import labels_text, parse_labels
from tui.domain.spec.override import OverrideError
from tui.panes.spec_values import ValueScreen
from tui.services.submitter import submitter, submitter_labels

JOB = f"""\
labels:
  team: kelp
jobSpec:
{"".join(f"  {line}" for line in GOOD.splitlines(keepends=True))}"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "my-run.yaml"
    path.write_text(JOB)
    return path


async def sent(app: SpecApp, pilot: Pilot[Any], gateway: FakeGateway) -> dict[str, str]:
    """Answer with yes; the labels that were sent, without the app's own."""
    await pilot.press("y")
    await wait_for(lambda: gateway.jobs.created)
    await wait_for(lambda: app.opened)
    (job,) = gateway.jobs.created
    return {key: value for key, value in job["labels"].items() if key != OWN_LABEL}


@pytest.mark.parametrize(
    ("user", "labels"), [("ana", {"team": "kelp", "submitted-by": "ana"}), ("-", {"team": "kelp"})]
)
async def test_every_start_says_who_made_it(
    tmp_path: Path, spec: Path, user: str, labels: dict[str, str]
) -> None:
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway, jobs_user=user)
    async with app.run_test(size=(100, 40)) as pilot:
        screen = await ask(app, pilot)
        assert ("submitted-by=ana" in lines(screen)) is (user == "ana")
        assert await sent(app, pilot, gateway) == labels


async def test_a_label_of_the_file_stays(tmp_path: Path, spec: Path) -> None:
    spec.write_text(JOB.replace("team: kelp", "submitted-by: crew"))
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway, jobs_user="ana")
    async with app.run_test(size=(100, 40)) as pilot:
        await ask(app, pilot)
        assert await sent(app, pilot, gateway) == {"submitted-by": "crew"}


async def test_labels_are_changed_for_one_start(tmp_path: Path, spec: Path) -> None:
    gateway = FakeGateway()
    app = make(tmp_path, spec, gateway, jobs_user="ana")
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, pilot)
        await pilot.press("b")
        await wait_for(lambda: isinstance(app.screen, ValueScreen) and app.screen.query(Input))
        field = app.screen.query_one(Input)
        assert field.value == "team=kelp, submitted-by=ana"
        field.value = "Team=x"
        await pilot.press("enter")
        await wait_for(lambda: "lower-case" in app.shown)
        field.value = "run=3,submitted-by=ana"
        await pilot.press("enter")
        screen = await asked(app, pilot)
        assert "run=3, submitted-by=ana" in lines(screen)
        assert await sent(app, pilot, gateway) == {"run": "3", "submitted-by": "ana"}
        assert spec.read_text() == JOB


@pytest.mark.parametrize(
    ("text", "labels"),
    [("", {}), ("a=1", {"a": "1"}), (" a = 1 , b=\n", {"a": "1", "b": ""}), ("größe=ä", {"größe": "ä"})],
)
def test_labels_are_read_as_they_are_shown(text: str, labels: dict[str, str]) -> None:
    assert parse_labels(text) == labels
    assert parse_labels(labels_text(labels)) == labels


@pytest.mark.parametrize("text", ["a", "=1", "A=1", "a=B", f"a={'x' * 65}", f"{OWN_LABEL}=1", "a=b=c"])
def test_what_no_job_takes_is_said(text: str) -> None:
    with pytest.raises(OverrideError):
        parse_labels(text)


def test_who_starts_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "Ana Lúcia@LAGOON")
    assert submitter("") == "ana-l-cia-lagoon"
    assert submitter("crew") == "crew"
    assert submitter("-") == ""
    assert submitter_labels("-", {}) == {}
    monkeypatch.setattr("getpass.getuser", lambda: "昆布")
    assert submitter_labels("", {}) == {}
