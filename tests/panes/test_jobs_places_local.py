"""Jobs of another region in the whole app, over Google's own clients, against the local server.

The server has one address for all regions; `each_region_has_a_host` refuses what Google's host of another
region would not know.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any, cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Static

from tests.panes.logs_world import shown_lines
from tests.support import settle, wait_for
from tui.app import VertexApp
from tui.cloud.jobs import CloudJobs
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job, JobState
from tui.domain.places import Place
from tui.domain.setup.facts import APIS
from tui.domain.storage import GcsUri
from tui.domain.target import LocalEndpoint, Target
from tui.local import launcher
from tui.panes import messages
from tui.panes.jobs import JobsPane
from tui.panes.jobs_rerun import RerunScreen
from tui.panes.logs import LogsPane
from tui.panes.spec_preflight import StartScreen
from tui.panes.spend import SpendScreen
from tui.panes.storage import StoragePane
from tui.services import jobchanges
from tui.services.config import load
from tui.services.follow.state import Phase
from tui.services.jobchanges import Patience
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.widgets.confirm import ConfirmScreen
from tui.widgets.log_paint import SERVICE

HERE, THERE = "europe-west4", "us-central1"
PATIENCE = 60.0
FAST = """{"queued_seconds": 0, "pending_seconds": 0, "error_seconds": 0, "operation_seconds": 0,
           "grace_seconds": 0, "job_submissions_per_minute": 4}"""
OUTPUTS = "local-project-outputs"


Call = Callable[[CloudJobs, str], Awaitable[Any]]


@pytest.fixture(autouse=True)
def each_region_has_a_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a gateway know the jobs of its own region only, as Google's hosts do."""

    def strict(call: Call) -> Call:
        async def checked(jobs: CloudJobs, name: str) -> Any:
            if f"/locations/{jobs._target.region}/" not in name:
                raise CloudError("There is no such job", name, kind=ErrorKind.NOT_FOUND)
            return await call(jobs, name)

        return checked

    for name in ("get_job", "cancel_job", "delete_job"):
        monkeypatch.setattr(CloudJobs, name, strict(getattr(CloudJobs, name)))


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppOptions]:
    """Options for a server of this test's own; the list looks into two regions."""
    monkeypatch.setenv("VERTEX_TUI_LOCAL_SETTINGS", FAST)
    with tempfile.TemporaryDirectory() as folder:
        environ = {"VERTEX_TUI_HOME": folder}
        paths = find_paths(environ)
        found = load(paths, environ, {"region": HERE}, local=True)
        settings = replace(found.settings, jobs_places=THERE)
        yield AppOptions(settings, found.origins, local=True, spec=None, paths=paths)
        launcher.stop(paths.local_dir)


@pytest.fixture
async def gateway(options: AppOptions) -> AsyncIterator[Gateway]:
    """A second way to the same server, beside the app's, with the APIs on."""
    record = launcher.ensure(options.paths.local_dir)
    target = Target(record.project, HERE, local=LocalEndpoint(record.grpc_address, record.http_url))
    gateway = await open_gateway(target)
    await gateway.setup.enable_apis(list(APIS))
    yield gateway
    await gateway.close()


def spec(script: str, name: str = "far") -> dict[str, Any]:
    container = {"imageUri": "python:3.11", "command": ["bash", "-c", script]}
    pool = {"machineSpec": {"machineType": "n1-standard-4"}, "replicaCount": 1, "containerSpec": container}
    return {"displayName": name, "jobSpec": {"workerPoolSpecs": [pool]}}


def there(gateway: Gateway, region: str = THERE) -> Gateway:
    return gateway.elsewhere(Place(gateway.target.project, region))


async def until(pilot: Pilot[int], condition: Callable[[], object], what: str = "the screen") -> None:
    await settle(cast("Pilot[object]", pilot), condition, PATIENCE, what=what)


async def on_job(app: VertexApp, pilot: Pilot[int], job: Job) -> JobsPane:
    """The Jobs pane with the cursor on a job."""
    await until(pilot, lambda: any(each.name == job.name for each in app.jobs.jobs), "the job in the list")
    app.post_message(messages.OpenJobs(job.name))
    await until(pilot, lambda: isinstance(app.current_pane, JobsPane))
    pane = cast("JobsPane", app.current_pane)
    await until(pilot, lambda: pane.current is not None and pane.current.name == job.name)
    return pane


def note(pane: JobsPane) -> str:
    return str(pane.query_one("#jobs-note", Static).content)


def current(pane: JobsPane) -> Job:
    assert pane.current is not None
    return pane.current


def lines(pane: LogsPane) -> list[str]:
    """The texts that are rows, without Vertex AI's own."""
    return [line.text for line in shown_lines(pane) if line.replica != SERVICE]


async def say_yes(app: VertexApp, pilot: Pilot[int]) -> None:
    await until(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.open_for_keys)
    await pilot.press("y")
    await until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))


async def is_gone(gateway: Gateway, job: Job) -> bool:
    try:
        await gateway.jobs.get_job(job.name)
    except CloudError as error:
        return error.kind is ErrorKind.NOT_FOUND
    return False


async def test_logs_outputs_cancel_and_delete_of_a_job_in_another_region(
    options: AppOptions, gateway: Gateway
) -> None:
    await gateway.storage.create_bucket(OUTPUTS, HERE)
    job = await there(gateway).jobs.create_job(spec("for i in 1 2 3; do echo line $i; done; sleep 600"))
    assert await is_gone(gateway, job), "the session's region does not know it"
    app = VertexApp(options)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await on_job(app, pilot, job)
        await until(pilot, lambda: current(pane).state is JobState.RUNNING)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.current_pane, LogsPane))
        logs = cast("LogsPane", app.current_pane)
        await until(pilot, lambda: lines(logs) == ["line 1", "line 2", "line 3"], "the lines")
        await until(pilot, lambda: (each := app.insights.get(job.name)) and each.lines, "what was read")
        log = logs.front
        assert log is not None
        follower = log.follower
        assert follower is not None
        assert (await follower._jobs.get_job(job.name)).state is JobState.RUNNING, "looked for where it is"
        assert log.status.phase is not Phase.COMPLETE
        await pilot.press("o")
        await until(pilot, lambda: isinstance(app.current_pane, StoragePane))
        assert cast("StoragePane", app.current_pane).place == GcsUri(OUTPUTS)
        await on_job(app, pilot, job)
        await pilot.press("c")
        await say_yes(app, pilot)
        await until(pilot, lambda: "1 asked to cancel" in note(pane))
        await until(pilot, lambda: current(pane).state is JobState.CANCELLED, "the end")
        await until(pilot, lambda: log.status.phase is Phase.COMPLETE, "the end of the log")
        await pilot.press("d")
        await say_yes(app, pilot)
        await until(pilot, lambda: "1 deleted" in note(pane))
        assert await is_gone(there(gateway), job)


async def test_a_job_of_a_region_that_is_not_listed_is_followed_and_cancelled_from_the_list_of_costs(
    options: AppOptions, gateway: Gateway
) -> None:
    region = "asia-east1"
    job = await there(gateway, region).jobs.create_job(spec("echo hello from far; sleep 600"))
    app = VertexApp(options)
    async with app.run_test(size=(140, 40)) as pilot:
        await until(pilot, lambda: app.gateway)
        await pilot.press("dollar_sign")
        await until(pilot, lambda: isinstance(app.screen, SpendScreen))
        screen = cast("SpendScreen", app.screen)
        await until(pilot, lambda: screen.job is not None and screen.job.job.name == job.name)
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.current_pane, LogsPane) and app.screen is not screen)
        logs = cast("LogsPane", app.current_pane)
        await until(pilot, lambda: lines(logs) == ["hello from far"], "the line")
        assert logs.front is not None
        assert logs.place_of(logs.front) == Place(gateway.target.project, region)
        await pilot.press("dollar_sign")
        await until(pilot, lambda: isinstance(app.screen, SpendScreen))
        again = cast("SpendScreen", app.screen)
        await until(pilot, lambda: again.job is not None)
        await pilot.press("c")
        await say_yes(app, pilot)
        await wait_for(lambda: _is_over(there(gateway, region), job), PATIENCE, what="the end of the job")
        await until(pilot, lambda: not again.under_way)


async def _is_over(gateway: Gateway, job: Job) -> bool:
    return (await gateway.jobs.get_job(job.name)).state is JobState.CANCELLED


async def test_deleting_faster_than_the_service_allows_waits_and_then_accounts_for_the_rest(
    options: AppOptions, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four records may be made and deleted in a minute here; three are made, so that one can be deleted."""
    far = there(gateway)
    jobs = [await far.jobs.create_job(spec("true", f"far-{number}")) for number in range(3)]
    monkeypatch.setattr(jobchanges, "Patience", lambda: Patience(first=0.05, longest=0.1, most=0.5))
    app = VertexApp(options)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await on_job(app, pilot, jobs[0])
        await until(pilot, lambda: all(job.state.terminal for job in app.jobs.jobs))
        await pilot.press("asterisk", "d")
        await say_yes(app, pilot)
        await until(pilot, lambda: "deleted" in note(pane) and not pane.under_way, "the account")
        left = (await far.jobs.list_jobs()).jobs
        counts = f"{3 - len(left)} deleted, 1 failed, {len(left) - 1} not begun"
        assert counts in note(pane)
        assert "Too many requests" in note(pane)
        assert {job.name for job in left} == pane.table.marked


async def test_rerun_of_a_job_in_another_region_starts_there_and_nowhere_else(
    options: AppOptions, gateway: Gateway
) -> None:
    job = await there(gateway).jobs.create_job(spec("true"))
    app = VertexApp(options)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await on_job(app, pilot, job)
        await until(pilot, lambda: current(pane).state.terminal)
        await pilot.press("ctrl+r")
        await until(pilot, lambda: isinstance(app.screen, StartScreen) and app.screen.open_for_keys)
        await pilot.press("y")
        await pilot.pause()
        if isinstance(app.screen, StartScreen):
            await pilot.press("tab", "enter")
        await until(pilot, lambda: "Started" in note(pane))
        assert len((await there(gateway).jobs.list_jobs()).jobs) == 2
        assert not (await gateway.jobs.list_jobs()).jobs


async def test_a_job_that_waits_there_is_cancelled_and_then_asked_about(
    options: AppOptions, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobchanges, "LOOK_SECONDS", 0.1)
    job = await there(gateway).jobs.create_job(spec("sleep 600"))
    app = VertexApp(options)
    async with app.run_test(size=(120, 40)) as pilot:
        pane = await on_job(app, pilot, job)
        pane.start_elsewhere(job)
        await say_yes(app, pilot)
        await until(pilot, lambda: isinstance(app.screen, RerunScreen), "the dialog")
        await until(pilot, lambda: app.focused is not None and app.focused.id == "again-region")
        assert (await there(gateway).jobs.get_job(job.name)).state is JobState.CANCELLED
