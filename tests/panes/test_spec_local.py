"""The Spec pane in the whole app, over Google's own clients, against the local server."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.support import settle
from tui.app import VertexApp
from tui.domain.jobs import JobState
from tui.domain.spec.rules import OWN_LABEL
from tui.local import launcher
from tui.panes.messages import PaneId
from tui.panes.spec import SpecPane
from tui.services.config import load
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.secrets import SecretStore
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


async def _start(app: VertexApp, pilot: Pilot[int]) -> None:
    """Press the start key, and yes as soon as the question listens."""
    await pilot.press("ctrl+r")
    await _until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.open_for_keys)
    await pilot.press("y")
    await _until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))


async def test_refused_while_the_api_is_off_then_started_once_and_run(options: AppOptions) -> None:
    app = VertexApp(options)
    async with app.run_test(size=(100, 30)) as pilot:
        await _until(pilot, lambda: isinstance(app.current_pane, SpecPane) and app.gateway)
        pane = app.current_pane
        assert isinstance(pane, SpecPane)
        assert app.gateway is not None
        await _start(app, pilot)
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
