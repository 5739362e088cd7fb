"""Jobs, logs and setup through Google's real clients against the local server, over gRPC and over REST."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from tests.cloud.conftest import REGION, MakeTarget
from tests.support import wait_for
from tui.cloud.session import open_gateway
from tui.domain.access import ApiState
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job, JobState
from tui.domain.logs import LogEntry, job_filter
from tui.domain.target import LocalEndpoint, Target, Transport

APIS = ("aiplatform.googleapis.com", "storage.googleapis.com", "logging.googleapis.com")


def spec(script: str, name: str = "ana-tiny") -> dict[str, Any]:
    """A CustomJob that runs `script` in one replica."""
    container = {"imageUri": "docker.io/library/python:3.11-slim", "command": ["bash", "-c", script]}
    pool = {
        "machineSpec": {"machineType": "n1-standard-4"},
        "replicaCount": "1",
        "containerSpec": container,
    }
    return {"displayName": name, "labels": {"vertex-tui-id": "t1"}, "jobSpec": {"workerPoolSpecs": [pool]}}


async def ended(gateway: Gateway, job: Job) -> Job:
    """The job in its last state."""

    async def look() -> Job | None:
        now = await gateway.jobs.get_job(job.name)
        return now if now.state.terminal else None

    found = await wait_for(look, 60, what="the end of the job")
    assert found is not None
    return found


async def texts(gateway: Gateway, job: Job) -> list[LogEntry]:
    """All entries of the job's replica."""
    page = await gateway.logs.list_entries(job_filter(job.job_id))
    return [entry for entry in page.entries if entry.replica != "service"]


async def test_job_from_submission_to_deletion(gateway: Gateway) -> None:
    await gateway.setup.enable_apis(APIS)
    job = await gateway.jobs.create_job(spec("echo one; echo two >&2"))
    assert job.display_name == "ana-tiny"
    assert job.state in {JobState.QUEUED, JobState.PENDING}
    assert job.region == REGION
    assert job.pools[0].summary == "1 × n1-standard-4"
    assert job.labels == {"vertex-tui-id": "t1"}
    assert job.create_time is not None
    job = await ended(gateway, job)
    assert job.state is JobState.SUCCEEDED
    listed = await gateway.jobs.list_jobs()
    assert job.name in [one.name for one in listed.jobs]
    filtered = await gateway.jobs.list_jobs(filter_='labels.vertex-tui-id="other"')
    assert filtered.jobs == ()

    async def both_lines() -> list[LogEntry] | None:
        found = await texts(gateway, job)
        return found if len(found) >= 2 else None

    entries = await wait_for(both_lines, what="both lines")
    assert entries is not None
    assert {entry.text for entry in entries} == {"one", "two"}
    assert all(entry.replica == "workerpool0-0" and entry.insert_id for entry in entries)
    await gateway.jobs.delete_job(job.name)
    with pytest.raises(CloudError) as caught:
        await gateway.jobs.get_job(job.name)
    assert caught.value.kind is ErrorKind.NOT_FOUND
    assert caught.value.message


async def test_lists_and_logs_come_in_pages(gateway: Gateway) -> None:
    await gateway.setup.enable_apis(APIS)
    for number in range(3):
        job = await gateway.jobs.create_job(spec("seq 5", f"ana-{number}"))
    first = await gateway.jobs.list_jobs(page_size=2)
    assert len(first.jobs) == 2
    second = await gateway.jobs.list_jobs(page_size=2, page_token=first.next_page_token)
    names = [one.display_name for one in (*first.jobs, *second.jobs)]
    assert sorted(names) == ["ana-0", "ana-1", "ana-2"]
    assert second.next_page_token == ""
    await ended(gateway, job)

    async def five() -> bool:
        return len(await texts(gateway, job)) == 5

    await wait_for(five, what="five lines")
    filter_ = f'{job_filter(job.job_id)} AND resource.labels.task_name="workerpool0-0"'
    page = await gateway.logs.list_entries(filter_, page_size=3)
    rest = await gateway.logs.list_entries(filter_, page_size=3, page_token=page.next_page_token)
    assert [entry.text for entry in (*page.entries, *rest.entries)] == list("12345")
    newest = await gateway.logs.list_entries(filter_, page_size=1, newest_first=True)
    assert [entry.text for entry in newest.entries] == ["5"]


async def test_cancel(gateway: Gateway) -> None:
    await gateway.setup.enable_apis(APIS)
    job = await gateway.jobs.create_job(spec("sleep 600"))

    async def running() -> bool:
        return (await gateway.jobs.get_job(job.name)).state is JobState.RUNNING

    await wait_for(running, what="the running job")
    await gateway.jobs.cancel_job(job.name)
    assert (await ended(gateway, job)).state is JobState.CANCELLED


async def test_submission_before_the_api_is_on(gateway: Gateway) -> None:
    with pytest.raises(CloudError) as caught:
        await gateway.jobs.create_job(spec("true"))
    error = caught.value
    assert error.kind is ErrorKind.API_DISABLED
    assert error.reason == "SERVICE_DISABLED"
    assert error.metadata["service"] == "aiplatform.googleapis.com"
    assert not error.ambiguous
    assert "Setup (alt+1)" in error.hint


async def test_a_spec_that_the_service_refuses(gateway: Gateway) -> None:
    await gateway.setup.enable_apis(APIS)
    with pytest.raises(CloudError) as caught:
        await gateway.jobs.create_job({"displayName": "", "jobSpec": {}})
    assert caught.value.kind is ErrorKind.INVALID
    assert caught.value.violations
    assert not caught.value.ambiguous


async def test_the_local_quota_is_raised_on_this_box(gateway: Gateway) -> None:
    await gateway.setup.enable_apis(APIS)
    wanted = spec("true")
    wanted["jobSpec"]["workerPoolSpecs"][0]["machineSpec"] = {
        "machineType": "g2-standard-4",
        "acceleratorType": "NVIDIA_L4",
        "acceleratorCount": 1,
    }
    with pytest.raises(CloudError) as caught:
        await gateway.jobs.create_job(wanted)
    assert caught.value.kind is ErrorKind.QUOTA
    assert "vertex-tui local quota set nvidia_l4_gpus" in caught.value.hint


async def test_setup_reads_and_fixes(gateway: Gateway) -> None:
    identity = await gateway.setup.identity()
    assert (identity.account.partition("@")[2], identity.source) == ("localhost", "local")
    project = await gateway.setup.get_project()
    assert project.project_id == gateway.target.project
    assert project.number.isdigit()
    assert project.state == "ACTIVE"
    before = await gateway.setup.api_states(APIS)
    assert before["aiplatform.googleapis.com"] is ApiState.DISABLED
    await gateway.setup.enable_apis(APIS)
    assert set((await gateway.setup.api_states(APIS)).values()) == {ApiState.ENABLED}
    wanted = [f"aiplatform.customJobs.{verb}" for verb in ("create", "get")]
    assert await gateway.setup.test_permissions([*wanted, "no.such.permission"]) == frozenset(wanted)


async def test_grants_that_meet_lose_nothing(gateway: Gateway) -> None:
    members = [f"user:{name}@kelp.example" for name in ("ana", "ben", "cho", "dee")]
    roles = ("roles/storage.objectUser", "roles/logging.logWriter")
    granted = await asyncio.gather(*(gateway.setup.grant_roles(member, roles) for member in members))
    assert granted == [roles] * len(members)
    policy = await gateway.setup.get_policy()
    assert policy.etag
    for member in members:
        assert policy.roles_of(member) == frozenset(roles)
    assert await gateway.setup.grant_roles(members[0], roles) == ()


async def test_tail_brings_lines_as_they_are_printed(grpc_gateway: Gateway) -> None:
    gateway = grpc_gateway
    assert gateway.logs.can_tail
    await gateway.setup.enable_apis(APIS)
    job = await gateway.jobs.create_job(spec("for i in 1 2 3; do echo line $i; sleep 0.3; done"))
    seen: list[str] = []
    async with contextlib.aclosing(gateway.logs.tail(job_filter(job.job_id))) as batches:
        async with asyncio.timeout(60):
            async for batch in batches:
                seen += [entry.text for entry in batch.entries if entry.replica != "service"]
                if len(seen) >= 3:
                    break
    assert seen == ["line 1", "line 2", "line 3"]


async def test_a_tail_can_be_cancelled_while_it_waits(grpc_gateway: Gateway) -> None:
    await grpc_gateway.setup.enable_apis(APIS)

    async def follow() -> None:
        async for _ in grpc_gateway.logs.tail('resource.labels.job_id="none"'):
            pass

    for _ in range(12):  # more than the sessions the service allows at a time
        task = asyncio.create_task(follow())
        await asyncio.wait([task], timeout=0.1)
        assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_rest_has_no_tail(target: MakeTarget) -> None:
    gateway = await open_gateway(target(Transport.REST))
    try:
        assert not gateway.logs.can_tail
        with pytest.raises(CloudError, match="need gRPC"):
            await anext(aiter(gateway.logs.tail("x")))
    finally:
        await gateway.close()


@pytest.mark.parametrize(
    "first", [lambda gateway: gateway.jobs.list_jobs(), lambda gateway: gateway.setup.get_project()]
)
async def test_auto_takes_rest_where_grpc_does_not_get_through(
    target: MakeTarget, first: Callable[[Gateway], Any]
) -> None:
    there = target(Transport.AUTO)
    assert there.local is not None
    endpoint = LocalEndpoint("127.0.0.1:9", there.local.http_url)
    gateway = await open_gateway(Target(there.project, there.region, Transport.AUTO, endpoint))
    try:
        assert gateway.logs.can_tail
        with contextlib.suppress(CloudError):  # an answer all the same: the API is off
            await first(gateway)
        assert not gateway.logs.can_tail
        await gateway.setup.enable_apis(APIS)
        job = await gateway.jobs.create_job(spec("true"))
        assert job.display_name == "ana-tiny"
    finally:
        await gateway.close()


async def test_auto_decides_by_a_read_before_the_first_change(target: MakeTarget) -> None:
    there = target(Transport.AUTO)
    assert there.local is not None
    endpoint = LocalEndpoint("127.0.0.1:9", there.local.http_url)
    gateway = await open_gateway(Target(there.project, there.region, Transport.AUTO, endpoint))
    try:
        with pytest.raises(CloudError) as caught:
            await gateway.jobs.create_job(spec("true"))
        assert caught.value.kind is ErrorKind.API_DISABLED
        assert not caught.value.ambiguous
        assert not gateway.logs.can_tail
    finally:
        await gateway.close()


async def test_auto_keeps_grpc_where_it_does(target: MakeTarget) -> None:
    gateway = await open_gateway(target(Transport.AUTO))
    try:
        await gateway.setup.get_project()
        assert gateway.logs.can_tail
    finally:
        await gateway.close()
