"""The Logs pane over Google's own clients on the local server: a real job's lines, none lost, none twice."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot

from tests.panes.logs_world import shown_lines
from tests.support import settle, wait_for
from tui.app import VertexApp
from tui.cloud.session import open_gateway
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job
from tui.domain.setup.facts import APIS
from tui.domain.target import LocalEndpoint, Target
from tui.local import launcher
from tui.panes.logs import LogsPane
from tui.panes.messages import OpenLogs
from tui.services.config import load
from tui.services.follow.state import Phase
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.widgets.log_paint import SERVICE

FAST = """{"queued_seconds": 0, "pending_seconds": 0, "error_seconds": 0, "operation_seconds": 0,
           "grace_seconds": 1}"""
PATIENCE = 60.0

SCRIPT = r"""
for i in $(seq 1 150); do echo "out $i"; [ $((i % 30)) = 0 ] && sleep 0.3; done
for i in $(seq 0 10 100); do
  printf '\r %d%%|####  | %d/100 [00:01<00:02, 9it/s]' $i $i >&2; sleep 0.05
done
echo >&2
echo "INFO:root:chatter" >&2
for i in $(seq 1 600); do [ -e "GO_ON" ] && break; sleep 0.1; done
echo "ValueError: bad" >&2
for i in $(seq 151 300); do echo "out $i"; done
"""


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppOptions]:
    """Options for a server of this test's own, in a folder short enough for a socket's path."""
    monkeypatch.setenv("VERTEX_TUI_LOCAL_SETTINGS", FAST)
    with tempfile.TemporaryDirectory() as folder:
        environ = {"VERTEX_TUI_HOME": folder}
        paths = find_paths(environ)
        found = load(paths, environ, {"region": "europe-west4"}, local=True)
        yield AppOptions(found.settings, found.origins, local=True, spec=None, paths=paths)
        launcher.stop(paths.local_dir)


@pytest.fixture
async def gateway(options: AppOptions) -> AsyncIterator[Gateway]:
    """A second way to the same server, beside the app's, with the APIs on."""
    record = launcher.ensure(options.paths.local_dir)
    target = Target(record.project, "europe-west4", local=LocalEndpoint(record.grpc_address, record.http_url))
    gateway = await open_gateway(target)
    await gateway.setup.enable_apis(list(APIS))
    yield gateway
    await gateway.close()


def spec(script: str) -> dict[str, Any]:
    container = {"imageUri": "python:3.11", "command": ["bash", "-c", script]}
    pool = {"machineSpec": {"machineType": "n1-standard-4"}, "replicaCount": 1, "containerSpec": container}
    return {"displayName": "counts", "jobSpec": {"workerPoolSpecs": [pool]}}


def rows(pane: LogsPane) -> list[str]:
    """The texts that are rows, without Vertex AI's own."""
    return [line.text for line in shown_lines(pane) if line.replica != SERVICE]


async def open_log(app: VertexApp, pilot: Pilot[int], job: Job) -> LogsPane:
    await settle(cast("Pilot[object]", pilot), lambda: app.gateway is not None, what="the connection")
    app.post_message(OpenLogs(job))
    await settle(cast("Pilot[object]", pilot), lambda: isinstance(app.current_pane, LogsPane))
    return cast("LogsPane", app.current_pane)


async def test_a_running_jobs_lines_come_live_whole_and_once_through_a_crash_of_the_server(
    options: AppOptions, gateway: Gateway, tmp_path: Path
) -> None:
    app = VertexApp(options)
    async with app.run_test(size=(120, 40)) as pilot:
        job = await gateway.jobs.create_job(spec(SCRIPT.replace("GO_ON", str(tmp_path / "go-on"))))
        pane = await open_log(app, pilot, job)
        await wait_for(lambda: "out 150" in rows(pane), PATIENCE, what="lines while the job runs")
        assert not (await gateway.jobs.get_job(job.name)).state.terminal
        record = launcher.ensure(options.paths.local_dir)
        os.kill(record.pid, signal.SIGKILL)
        await asyncio.to_thread(launcher.ensure, options.paths.local_dir)
        (tmp_path / "go-on").touch()
        await wait_for(lambda: "out 300" in rows(pane), PATIENCE, what="the last line")
        assert pane.front is not None
        log = pane.front
        await wait_for(lambda: log.status.phase is Phase.COMPLETE, PATIENCE, what="the end")
        shown = rows(pane)
        assert [line for line in shown if line.startswith("out")] == [f"out {n}" for n in range(1, 301)]
        assert len([line for line in shown if "it/s" in line]) == 1
        assert shown.count("INFO:root:chatter") == 1
        assert len(log.store) - len(log.rows) >= 5
        levels = {line.text: line.level for line in shown_lines(pane)}
        assert levels["ValueError: bad"] > levels["INFO:root:chatter"]
