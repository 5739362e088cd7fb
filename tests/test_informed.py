"""The app tells what the logs say of its jobs: over Google's own clients on a local server."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from functools import partial
from typing import cast

import pytest
from textual.pilot import Pilot

from tests.services.insight_wire import FRAMEWORK, program, spec
from tests.support import settle, wait_for
from tui.app import VertexApp
from tui.cloud.session import open_gateway
from tui.domain.diagnosis.model import Cause
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job
from tui.domain.logs import job_filter
from tui.domain.secrets import HIDDEN
from tui.domain.setup.facts import APIS
from tui.domain.target import LocalEndpoint, Target, Transport
from tui.local import launcher
from tui.panes.jobs import JobsPane
from tui.panes.messages import OpenJobs
from tui.services.config import load
from tui.services.logreads import Urgency
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.secrets import SecretStore

FAST = """{"queued_seconds": 0, "pending_seconds": 0, "error_seconds": 0, "operation_seconds": 0,
           "grace_seconds": 1}"""
PATIENCE = 60.0
OUTPUTS = "gs://local-project-outputs/run-1"


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


async def open_jobs(app: VertexApp, pilot: Pilot[int], job: Job) -> JobsPane:
    """The list with the cursor on a job."""
    waiting = cast("Pilot[object]", pilot)
    await settle(waiting, lambda: any(each.name == job.name for each in app.jobs.jobs), what="the list")
    app.post_message(OpenJobs(job.name))
    await settle(waiting, lambda: isinstance(app.current_pane, JobsPane))
    pane = cast("JobsPane", app.current_pane)
    await settle(waiting, lambda: pane.current is not None and pane.current.name == job.name)
    return pane


async def test_the_list_is_told_how_a_job_trains_and_why_it_failed(
    options: AppOptions, gateway: Gateway
) -> None:
    app = VertexApp(options)
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_for(lambda: app.gateway is not None, PATIENCE, what="the connection")
        assert app.gateway is not None
        assert app.gateway.target.transport is Transport.GRPC  # a slow start never costs the live logs
        script = program(FRAMEWORK + "time.sleep(4)\nraise KeyError('labels')")
        job = await gateway.jobs.create_job(spec(script))
        # Followed by itself, whatever pane is shown, and whatever has the focus.
        await wait_for(lambda: (each := app.insights.get(job.name)) and each.series, PATIENCE, what="metrics")
        app.on_app_blur()
        app.on_app_focus()
        pane = await open_jobs(app, pilot, job)
        assert pane.insights is app.insights
        await wait_for(
            lambda: (each := app.insights.get(job.name)) and each.diagnosis and each.complete,
            PATIENCE,
            what="the diagnosis",
        )
        found = app.insights[job.name]
        assert found.diagnosis is not None
        assert found.diagnosis.cause is Cause.TRACEBACK
        keys = {entry.key for entry in (await gateway.logs.list_entries(job_filter(job.job_id))).entries}
        assert any(each.key in keys for each in found.diagnosis.evidence)
        # The same turns serve whoever else reads logs.
        before = app.log_readers.turns("local-project").rate.left
        page = await app.log_readers.of("local-project", Urgency.SHOWN).list_entries(job_filter(job.job_id))
        assert page.entries
        assert app.log_readers.turns("local-project").rate.left < before


async def test_a_success_without_outputs_is_doubted(options: AppOptions, gateway: Gateway) -> None:
    await gateway.storage.create_bucket("local-project-outputs", "europe-west4")
    jobs = [
        await gateway.jobs.create_job(
            spec(script, baseOutputDirectory={"outputUriPrefix": f"{OUTPUTS}/{number}"})
        )
        for number, script in enumerate(
            ("echo done", f"echo result > result; gsutil cp result {OUTPUTS}/1/result")
        )
    ]
    app = VertexApp(options)
    async with app.run_test(size=(120, 40)) as pilot:
        for job, cause in zip(jobs, (Cause.NO_OUTPUTS, Cause.NONE), strict=True):
            await open_jobs(app, pilot, job)
            await wait_for(partial(_told, app, job, cause), PATIENCE, what=f"{cause}")


def _told(app: VertexApp, job: Job, cause: Cause) -> bool:
    found = app.insights.get(job.name)
    return bool(found and found.complete and found.diagnosis and found.diagnosis.cause is cause)


async def test_a_place_that_cannot_be_read_says_nothing_of_outputs(
    options: AppOptions, gateway: Gateway
) -> None:
    app = VertexApp(options)
    job = await gateway.jobs.create_job(spec("true"))
    with pytest.raises(CloudError) as refused:
        app.log_readers.of("local-project", Urgency.SHOWN)
    assert refused.value.kind is ErrorKind.UNREACHABLE
    assert app.project_of(job) == job.name.split("/")[1], "its number, never the session's id for it"
    assert await app._outputs_empty(job) is None
    async with app.run_test(size=(120, 40)):
        await wait_for(lambda: app.gateway is not None, PATIENCE, what="the connection")
        await wait_for(lambda: app.jobs.read_at, PATIENCE, what="the list")
        assert app.project_of(job) == "local-project"
        for odd in ("gs://no-such-bucket-here/x", "s3://x", ""):
            assert await app._outputs_empty(replace(job, output_uri=odd)) is None
        assert app.log_readers.of("reef-lab", Urgency.SHOWN).can_tail


async def test_secrets_that_a_job_prints_are_not_repeated_and_a_bug_is_told_once(
    options: AppOptions, gateway: Gateway
) -> None:
    token, stored = "hf_" + "aB3x" * 9, "kelp-forest-42"
    SecretStore(options.paths.secrets_file).set("DB_PASSWORD", stored)
    app = VertexApp(options)
    job = await gateway.jobs.create_job(spec(program(f"raise ValueError('{token} of {stored}')")))
    async with app.run_test(size=(120, 40)) as pilot:
        await open_jobs(app, pilot, job)
        await wait_for(partial(_told, app, job, Cause.TRACEBACK), PATIENCE, what="the diagnosis")
        card = repr(app.insights[job.name].diagnosis)
        assert HIDDEN in card
        assert token not in card
        assert stored not in card
        assert app._informer is not None
        for _ in range(3):
            app._informer._book.fault(ZeroDivisionError("odd"))
        await wait_for(lambda: list(app._notifications), what="the word of it")
        await pilot.pause()
        faults = [each.message for each in app._notifications if each.title == "A fault in vertex-tui"]
        assert faults == ["ZeroDivisionError in insights: the debug log has the details."]
