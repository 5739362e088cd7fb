"""Running a past job again in the whole app, over Google's own clients, against the local server."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.support import settle
from tui.app import VertexApp
from tui.cloud.session import open_gateway
from tui.domain.gateway import Gateway
from tui.domain.jobs import OWN_LABEL, SUBMITTER_LABEL, Job
from tui.domain.setup.facts import REQUIRED_APIS
from tui.domain.target import LocalEndpoint, Target
from tui.local import launcher
from tui.panes.jobs import JobsPane
from tui.panes.jobs_rerun import RerunScreen
from tui.panes.spec import SpecPane
from tui.panes.spec_preflight import StartScreen
from tui.services.config import load
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.secrets import SecretStore

FAST = '{"queued_seconds": 0, "pending_seconds": 0, "error_seconds": 0, "operation_seconds": 0}'
TOKEN = "hf_" + "aB3" * 12
KEY = "0123456789abcdef0123456789abcdef01234567"
"""Not stored, as DB_PASS is not: both are had from the past job."""
ENV = [{"name": "HF_TOKEN", "value": TOKEN}, {"name": "DB_PASS", "value": "hunter2secret"}]
PAST = {
    "displayName": "kelp",
    "labels": {"team": "kelp", OWN_LABEL: "jold", SUBMITTER_LABEL: "bob"},
    "jobSpec": {
        "workerPoolSpecs": [
            {
                "machineSpec": {"machineType": "n1-standard-4"},
                "replicaCount": 1,
                "containerSpec": {
                    "imageUri": "python:3.11-slim",
                    "command": ["echo"],
                    "args": ["--epochs", "1", "--wandb-key", KEY],
                    "env": ENV,
                },
            }
        ],
        "scheduling": {"timeout": "3600s"},
    },
}


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppOptions]:
    """Options for a server of this test's own, and the secret that the past job had."""
    monkeypatch.setenv("VERTEX_TUI_LOCAL_SETTINGS", FAST)
    with tempfile.TemporaryDirectory() as folder:
        environ = {"VERTEX_TUI_HOME": folder}
        paths = find_paths(environ)
        found = load(paths, environ, {"region": "europe-west4"}, local=True)
        SecretStore(paths.secrets_file).set("HF_TOKEN", TOKEN)
        yield AppOptions(found.settings, found.origins, local=True, spec=None, paths=paths)
        launcher.stop(paths.local_dir)


async def _past_job(options: AppOptions) -> None:
    record = launcher.ensure(options.paths.local_dir)
    endpoint = LocalEndpoint(record.grpc_address, record.http_url)
    gateway = await open_gateway(Target(record.project, "europe-west4", local=endpoint))
    await gateway.setup.enable_apis(tuple(REQUIRED_APIS))
    await gateway.jobs.create_job(PAST)
    await gateway.close()


async def _until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    await settle(cast("Pilot[object]", pilot), condition)


async def _listed(app: VertexApp, pilot: Pilot[int]) -> JobsPane:
    """The Jobs pane with the past job, ended, under the cursor."""
    await _until(pilot, lambda: app.gateway)
    await pilot.press("3")
    await _until(pilot, lambda: isinstance(app.current_pane, JobsPane) and app.current_pane.current)
    pane = cast("JobsPane", app.current_pane)
    await _until(pilot, lambda: not pane.jobs.kept and pane.current and pane.current.state.terminal)
    return pane


async def _say_yes(app: VertexApp, pilot: Pilot[int]) -> None:
    """Answer the question before the start, a second time where something speaks against it."""
    await _until(pilot, lambda: isinstance(app.screen, StartScreen) and app.screen.open_for_keys)
    await pilot.press("y")
    await pilot.pause()
    if isinstance(app.screen, StartScreen):
        await pilot.press("tab", "enter")
    await _until(pilot, lambda: not isinstance(app.screen, StartScreen))


async def _all(gateway: Gateway) -> list[Job]:
    return list((await gateway.jobs.list_jobs()).jobs)


def _container(job: Job) -> dict[str, Any]:
    found: dict[str, Any] = job.raw["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]
    return found


async def test_rerun_as_creates_exactly_one_job_with_what_was_changed(options: AppOptions) -> None:
    await _past_job(options)
    app = VertexApp(options)
    async with app.run_test(size=(100, 40)) as pilot:
        pane = await _listed(app, pilot)
        await pilot.press("R")
        await _until(pilot, lambda: isinstance(app.screen, RerunScreen))
        screen = cast("RerunScreen", app.screen)
        field = screen.query_one("#again-args")
        await _until(pilot, lambda: field.has_focus)
        await pilot.press(*" --lr 0.1")
        screen.query_one("#again-way").focus()
        await pilot.press("enter")
        differs = screen.query_one("#again-differs", Static)
        await _until(pilot, lambda: "--lr 0.1" in str(differs.content) and "Spot" in str(differs.content))
        await pilot.press("ctrl+s")
        await _say_yes(app, pilot)
        await _until(pilot, lambda: "Started" in str(pane.query_one("#jobs-note", Static).content))
        assert app.gateway is not None
        jobs = await _all(app.gateway)
        assert len(jobs) == 2
        new = next(job for job in jobs if job.display_name != "kelp")
        assert _container(new)["args"] == ["--epochs", "1", "--wandb-key", KEY, "--lr", "0.1"]
        assert _container(new)["env"] == ENV
        assert new.raw["jobSpec"]["scheduling"] == {"timeout": "3600s", "strategy": "SPOT"}
        assert new.labels["team"] == "kelp"
        assert new.labels[OWN_LABEL] != "jold"
        assert new.submitter == pane.me != "bob"
        await _until(pilot, lambda: pane.current and pane.current.name == new.name)
        await _until(pilot, lambda: app._type_ahead._kept is None)
        await pilot.press("m")
        assert pane.table.row_count == 1


async def test_rerun_asks_first_and_clone_opens_the_editor(options: AppOptions) -> None:
    await _past_job(options)
    app = VertexApp(options)
    async with app.run_test(size=(100, 40)) as pilot:
        pane = await _listed(app, pilot)
        await pilot.press("ctrl+r")
        await _until(pilot, lambda: isinstance(app.screen, StartScreen) and app.screen.open_for_keys)
        await pilot.press("n")
        note = pane.query_one("#jobs-note", Static)
        await _until(pilot, lambda: "Nothing was started" in str(note.content))
        assert app.gateway is not None
        assert len(await _all(app.gateway)) == 1
        await _until(pilot, lambda: app._type_ahead._kept is None)
        await pilot.press("e")
        await _until(pilot, lambda: isinstance(app.current_pane, SpecPane))
        editor = cast("SpecPane", app.current_pane).editor
        await _until(pilot, lambda: "${HF_TOKEN}" in editor.text)
        assert not any(secret in editor.text for secret in (TOKEN, KEY, "hunter2secret"))
        said = str(cast("SpecPane", app.current_pane).query_one("#spec-notice", Static).content)
        assert "${HF_TOKEN}, ${DB_PASS} and ${WANDB_KEY} stand for secrets" in said
        assert SUBMITTER_LABEL not in editor.text


async def test_rerun_in_another_region_lists_that_region(options: AppOptions) -> None:
    await _past_job(options)
    app = VertexApp(options)
    async with app.run_test(size=(100, 40)) as pilot:
        pane = await _listed(app, pilot)
        pane.rerun_as(cast("Job", pane.current), "region")
        await _until(pilot, lambda: isinstance(app.screen, RerunScreen) and app.screen.focused)
        await pilot.press("enter")
        await _until(pilot, lambda: not isinstance(app.screen, RerunScreen))
        await pilot.press(*"us-east1", "enter")
        await _until(pilot, lambda: isinstance(app.screen, RerunScreen))
        await pilot.press("ctrl+s")
        await _say_yes(app, pilot)
        await _until(pilot, lambda: any(job.region == "us-east1" for job in app.jobs.jobs))
        assert app.options.settings.jobs_places == "us-east1"
        assert {job.region for job in app.jobs.jobs} == {"us-east1", "europe-west4"}
        await _until(pilot, lambda: Path(options.paths.config_file).exists())
        assert "us-east1" in options.paths.config_file.read_text()
