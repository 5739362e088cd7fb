"""The app tells the ends of watched jobs, and at the next start what ended since, on a local server."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from tests.support import settle, wait_for
from tui.app import VertexApp
from tui.cloud.session import open_gateway
from tui.domain.diagnosis.model import Cause, Diagnosis
from tui.domain.gateway import Gateway
from tui.domain.insight import JobInsight
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.setup.facts import REQUIRED_APIS
from tui.domain.target import LocalEndpoint, Target
from tui.local import launcher
from tui.noticing import NEWS_TITLE
from tui.panes import jobs_ends
from tui.panes.jobs import JobsPane
from tui.panes.jobs_unseen import NewsStrip
from tui.panes.messages import JobsChanged, JobStarted, OpenLogs
from tui.services.config import load
from tui.services.options import AppOptions
from tui.services.paths import find_paths

FAST = '{"queued_seconds": 0, "pending_seconds": 0, "error_seconds": 0, "operation_seconds": 0}'


class NoticedApp(VertexApp):
    """The app, with what it writes to the terminal and the toasts it shows."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self.written: list[str] = []
        self.toasts: list[str] = []
        self.known_before: dict[str, Diagnosis | None] = {}
        """What earlier sessions found in logs."""

    def watch_insights(self, insights: Mapping[str, JobInsight]) -> None:
        for name, found in insights.items():
            if found.kept:
                self.known_before.setdefault(name, found.diagnosis)

    def write_to_terminal(self, sequence: str) -> None:
        self.written.append(sequence)

    def notify(self, message: str, **more: Any) -> None:
        self.toasts.append(f"{more.get('title', '')}: {message}")
        super().notify(message, **more)


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppOptions]:
    """Options for a server of this test's own, with a command for the end of jobs."""
    monkeypatch.setenv("VERTEX_TUI_LOCAL_SETTINGS", FAST)
    with tempfile.TemporaryDirectory() as folder:
        environ = {"VERTEX_TUI_HOME": folder}
        paths = find_paths(environ)
        found = load(paths, environ, {"region": "europe-west4"}, local=True)
        command = f'echo "$VERTEX_TUI_JOB_NAME $VERTEX_TUI_JOB_STATE" >> "{folder}/told"'
        settings = replace(
            found.settings,
            jobs_notify="osc9",
            jobs_end_command=command,
            jobs_poll_seconds=1.0,
            jobs_user="ana",
        )
        yield AppOptions(settings, found.origins, local=True, spec=None, paths=paths)
        launcher.stop(paths.local_dir)


@pytest.fixture
async def gateway(options: AppOptions) -> AsyncIterator[Gateway]:
    """A second way to the same server, beside the app's, with the APIs on."""
    record = launcher.ensure(options.paths.local_dir)
    target = Target(record.project, "europe-west4", local=LocalEndpoint(record.grpc_address, record.http_url))
    gateway = await open_gateway(target)
    await gateway.setup.enable_apis(tuple(REQUIRED_APIS))
    yield gateway
    await gateway.close()


async def start(gateway: Gateway, name: str, *command: str) -> Job:
    pool = {
        "machineSpec": {"machineType": "n1-standard-4"},
        "replicaCount": 1,
        "containerSpec": {"imageUri": "python:3.11", "command": list(command)},
    }
    return await gateway.jobs.create_job({"displayName": name, "jobSpec": {"workerPoolSpecs": [pool]}})


async def until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    await settle(cast("Pilot[object]", pilot), condition)


def told(options: AppOptions) -> list[str]:
    file = options.paths.state_dir.parent / "told"
    return file.read_text().splitlines() if file.exists() else []


async def test_the_end_of_a_started_job_is_told_once_by_all_means(
    options: AppOptions, gateway: Gateway
) -> None:
    await start(gateway, "old", "true")
    app = NoticedApp(options)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.jobs.jobs and not app.jobs.live and not app.jobs.kept)
        gate = options.paths.state_dir / "gate"
        job = await start(
            gateway, "kelp;x", "bash", "-c", f"while [ ! -e {gate} ]; do sleep 0.1; done; exit 3"
        )
        app.post_message(JobStarted(job, Place(gateway.target.project, "europe-west4")))
        app.post_message(JobsChanged())
        await until(pilot, lambda: job.name in app.noticed.watched and app.jobs.live)
        _touch(gate)
        await until(pilot, lambda: app.written)
        assert app.written == ["\x1b]9;vertex-tui: kelp,x failed\a"]
        assert [toast for toast in app.toasts if "watched" in toast] == [
            "A watched job has ended: kelp;x failed"
        ]
        await wait_for(lambda: told(options) == ["kelp;x failed"])
        assert "jobs.end_command" in options.paths.debug_log.read_text()
        assert job.name in app.noticed.unseen
        assert job.name not in app.noticed.watched
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.current_pane, JobsPane))
        pane = cast("JobsPane", app.current_pane)
        await until(pilot, lambda: pane.current and pane.current.name == job.name)
        await until(pilot, lambda: not app.noticed.unseen)
        assert not app._seen_in_front(job)
        app.post_message(OpenLogs(job))
        await until(pilot, lambda: app._seen_in_front(job))
    assert told(options) == ["kelp;x failed"]


async def test_the_next_start_opens_with_what_ended_since(
    options: AppOptions, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs_ends, "SEEN_SECONDS", 3600)  # none counts as seen while the logs are read
    await start(gateway, "old", "true")
    app = NoticedApp(options)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.jobs.jobs and not app.jobs.live and app._ends and app._ends._ends)
        assert app.noticed.unseen == ()
    await start(gateway, "bad", "false")
    odd = await start(gateway, "odd", "bash", "-c", "python3 -c 'raise KeyError(1)' || true")
    good = await start(gateway, "good", "true")
    await wait_for(lambda: _ended(gateway, good.name))
    app = NoticedApp(options)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.noticed.news)
        assert any("1 failed and 2 succeeded not read yet" in toast for toast in app.toasts)
        assert told(options) == []
        assert NEWS_TITLE in {told.title for told in app._notifications}
        await pilot.press("3")
        await until(pilot, lambda: app.query(NewsStrip))
        assert NEWS_TITLE not in {told.title for told in app._notifications}
        words = "✗ 1 failed · ⚠ 1 succeeded? · ✓ 1 succeeded"
        await until(pilot, lambda: words in str(app.query_one(NewsStrip).content))
        monkeypatch.setattr(jobs_ends, "SEEN_SECONDS", 0.1)
        await pilot.press("u")
        pane = cast("JobsPane", app.current_pane)
        await until(pilot, lambda: pane.current and pane.current.display_name == "bad")
        await until(pilot, lambda: len(app.noticed.unseen) == 2)
        assert app.noticed.news is None
        await pilot.press("u")
        await until(pilot, lambda: pane.current and pane.current.name == odd.name)
        await until(pilot, lambda: len(app.noticed.unseen) == 1)
        assert odd.name not in app.known_before
    app = NoticedApp(options)
    async with app.run_test(size=(100, 30)) as pilot:
        await until(pilot, lambda: app.noticed.unseen)
        assert list(app.noticed.unseen) == [good.name]
        found = app.known_before[odd.name]
        assert found is not None
        assert found.cause is Cause.MASKED_EXIT
        await pilot.press("3")
        await until(pilot, lambda: not app.insights[odd.name].kept)  # read again


async def _ended(gateway: Gateway, name: str) -> bool:
    return all(job.state.terminal for job in (await gateway.jobs.list_jobs()).jobs) and bool(name)


def _touch(path: Path) -> None:
    path.touch()
