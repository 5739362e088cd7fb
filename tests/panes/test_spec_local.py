"""The Spec pane in the whole app, over Google's own clients, against the local server."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.support import settle
from tui.app import VertexApp
from tui.domain.jobs import OWN_LABEL, JobState
from tui.domain.setup.facts import REQUIRED_APIS
from tui.local import launcher
from tui.local.admin.client import AdminClient
from tui.panes.messages import PaneId, TryHere
from tui.panes.spec import SpecPane
from tui.panes.spec_preflight import StartScreen
from tui.services.config import load
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.secrets import SecretStore
from tui.services.submission import SubmissionStore
from tui.trial import run_trial
from tui.widgets.confirm import ConfirmScreen

FAST = '{"queued_seconds": 0, "pending_seconds": 0, "error_seconds": 0, "operation_seconds": 0}'

SPEC = """\
workerPoolSpecs:
  - machineSpec:
      machineType: n1-standard-4
    replicaCount: 1
    containerSpec:
      imageUri: python:3.11-slim
      command: [bash, -c]
      args:
        - test "$GREETING" = hello && echo greeted
      env:
        - name: GREETING
          value: ${GREETING}
"""


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppOptions]:
    """Options for a server of this test's own, in a folder short enough for a socket's path."""
    monkeypatch.setenv("VERTEX_TUI_LOCAL_SETTINGS", FAST)
    with tempfile.TemporaryDirectory() as folder:
        environ = {"VERTEX_TUI_HOME": folder}
        paths = find_paths(environ)
        found = load(paths, environ, {"region": "europe-west4"}, local=True)
        spec = Path(folder) / "greet.yaml"
        spec.write_text(SPEC)
        SecretStore(paths.secrets_file).set("GREETING", "hello")
        yield AppOptions(found.settings, found.origins, local=True, spec=spec, paths=paths)
        launcher.stop(paths.local_dir)


async def _until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    await settle(cast("Pilot[object]", pilot), condition)


async def _asked(app: VertexApp, pilot: Pilot[int]) -> StartScreen:
    """Press the start key, and wait until the question listens."""
    await pilot.press("ctrl+r")
    await _until(pilot, lambda: isinstance(app.screen, StartScreen) and app.screen.open_for_keys)
    assert isinstance(app.screen, StartScreen)
    return app.screen


async def _start(app: VertexApp, pilot: Pilot[int], *, all_the_same: bool = False) -> None:
    """Press the start key, and yes; where something speaks against it, a second time."""
    await _asked(app, pilot)
    await pilot.press("y", *(["tab", "enter"] if all_the_same else []))
    await _until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))


async def _ready(app: VertexApp, pilot: Pilot[int]) -> Static:
    """Until the spec is open in a project whose APIs are on; the notice."""
    await _until(pilot, lambda: isinstance(app.current_pane, SpecPane) and app.gateway)
    assert app.gateway is not None
    await app.gateway.setup.enable_apis(list(REQUIRED_APIS))
    assert app.current_pane is not None
    return app.current_pane.query_one("#spec-notice", Static)


def _fault(app_options: AppOptions, effect: str, call: str = "*CreateCustomJob", **more: Any) -> None:
    """Let calls of the local server go wrong."""
    record = launcher.ensure(app_options.paths.local_dir)
    rule = {"kind": "call", "pattern": call, "effect": effect, "options": {}, **more}
    AdminClient(record).call("POST", "faults", rule)


async def _count(app: VertexApp) -> int:
    assert app.gateway is not None
    return len((await app.gateway.jobs.list_jobs()).jobs)


async def test_refused_while_the_api_is_off_then_started_once_and_run(options: AppOptions) -> None:
    app = VertexApp(options)
    async with app.run_test(size=(100, 30)) as pilot:
        await _until(pilot, lambda: isinstance(app.current_pane, SpecPane) and app.gateway)
        pane = app.current_pane
        assert isinstance(pane, SpecPane)
        assert app.gateway is not None
        await _start(app, pilot, all_the_same=True)
        notice = pane.query_one("#spec-notice", Static)
        await _until(pilot, lambda: "Not started: Vertex AI API" in str(notice.content))
        assert pane.editor.text == SPEC

        await app.gateway.setup.enable_apis(["aiplatform.googleapis.com"])
        await _start(app, pilot)
        await _until(pilot, lambda: app.current_pane is not None and app.current_pane.id == PaneId.JOBS)
        await _until(pilot, lambda: app.jobs.jobs and app.jobs.jobs[0].state.terminal)
        (job,) = app.jobs.jobs
        assert job.state is JobState.SUCCEEDED, job.error
        assert job.labels[OWN_LABEL]
        assert "greet" in job.display_name


async def test_a_lost_reply_ends_with_the_one_job_that_was_made(options: AppOptions) -> None:
    app = VertexApp(options)
    async with app.run_test(size=(100, 30)) as pilot:
        await _ready(app, pilot)
        _fault(options, "drop", times=1)
        await _start(app, pilot)
        await _until(pilot, lambda: app.current_pane is not None and app.current_pane.id == PaneId.JOBS)
        assert await _count(app) == 1
        assert not SubmissionStore(options.paths.journals_dir).pending_submissions()


async def test_no_clear_answer_is_never_followed_by_a_second_try(options: AppOptions) -> None:
    app = VertexApp(options)
    async with app.run_test(size=(100, 30)) as pilot:
        notice = await _ready(app, pilot)
        _fault(options, "error", options={"code": "UNAVAILABLE"}, times=1)
        await _start(app, pilot)
        await _until(pilot, lambda: "s more" in str(notice.content) or "Not started" in str(notice.content))
        assert await _count(app) == 0
        pending = SubmissionStore(options.paths.journals_dir).pending_submissions()
        assert len(pending) == ("s more" in str(notice.content))


async def test_what_the_checks_and_the_service_refuse_is_the_same(options: AppOptions) -> None:
    assert options.spec is not None
    with_gpu = "n1-standard-4\n      acceleratorType: NVIDIA_TESLA_T4\n      acceleratorCount: 4"
    await asyncio.to_thread(options.spec.write_text, SPEC.replace("n1-standard-4", with_gpu))
    app = VertexApp(options)
    async with app.run_test(size=(80, 24)) as pilot:
        notice = await _ready(app, pilot)
        screen = await _asked(app, pilot)
        assert any("T4 GPUs: needs 4, the limit here is 2" in words for words in screen._asked.refusals)
        await pilot.press("y", "tab", "enter")
        await _until(pilot, lambda: "Not started" in str(notice.content))
        assert await _count(app) == 0
        assert not SubmissionStore(options.paths.journals_dir).pending_submissions()
        await _asked(app, pilot)
        await pilot.press("1")
        await _until(pilot, lambda: app.current_pane is not None and app.current_pane.id == PaneId.SETUP)


async def test_a_trial_runs_the_same_work_in_a_project_made_ready_for_it(options: AppOptions) -> None:
    container = {
        "imageUri": "python:3.11",
        "command": ["bash", "-c"],
        "args": ["echo out > o.txt && gsutil cp o.txt gs://kelp-tried/"],
        "env": [{"name": "BUCKET_NAME", "value": "kelp-tried"}],
    }
    machine = {"machineType": "a3-highgpu-8g", "acceleratorType": "NVIDIA_H100_80GB", "acceleratorCount": 8}
    pool = {"machineSpec": machine, "replicaCount": 1, "containerSpec": container}
    request = {"displayName": "tried", "jobSpec": {"workerPoolSpecs": [pool], "serviceAccount": "a@b.c"}}
    told = await run_trial(options, request)
    assert told.good, told
    assert "tried succeeded on this box" in told.title
    failing = {**container, "args": ["echo no >&2; exit 3"]}
    told = await run_trial(
        options,
        {"displayName": "tried", "jobSpec": {"workerPoolSpecs": [{**pool, "containerSpec": failing}]}},
    )
    assert not told.good
    assert "tried failed on this box" in told.title
    assert "vertex-tui --local" in told.message


async def test_the_app_says_how_a_trial_ended(options: AppOptions) -> None:
    container = {"imageUri": "python:3.11", "command": ["true"]}
    machine = {"machineType": "n1-standard-4"}
    pool = {"machineSpec": machine, "replicaCount": 1, "containerSpec": container}
    app = VertexApp(options)
    async with app.run_test(size=(80, 24)) as pilot:
        await _ready(app, pilot)
        app.post_message(TryHere({"displayName": "tried", "jobSpec": {"workerPoolSpecs": [pool]}}))
        await _until(pilot, lambda: any("tried succeeded" in told.title for told in app._notifications))
