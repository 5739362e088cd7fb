"""A session that only reads: every change is refused before it is sent, every read works."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.cloud.conftest import MakeTarget
from tests.local.clients import Server, script_job, storage_client
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.target import Transport

JOB = "projects/local-project/locations/europe-west4/customJobs/7"
SPEC = {"displayName": "x", "jobSpec": {"workerPoolSpecs": []}}
ACCOUNT = "123456789012-compute@developer.gserviceaccount.com"
MEMBER = "user:ana@lagoon.example"


@pytest.fixture(params=[Transport.AUTO, Transport.REST])
async def reader(
    request: pytest.FixtureRequest, target: MakeTarget, local_server: Server
) -> AsyncIterator[Gateway]:
    local_server.enable("aiplatform")
    gateway = await open_gateway(replace(target(request.param), read_only=True))
    yield gateway
    await gateway.close()


async def test_changes_are_refused_and_reads_are_not(reader: Gateway, local_server: Server) -> None:
    storage_client(local_server).bucket("kelp-runs").create(location="europe-west4")
    (owner,) = (await reader.setup.get_policy()).bindings[0].members
    changes: list[Callable[[], Any]] = [
        lambda: reader.jobs.create_job(SPEC),
        lambda: reader.jobs.cancel_job(JOB),
        lambda: reader.jobs.delete_job(JOB),
        lambda: reader.storage.create_bucket("kelp-new", "europe-west4"),
        lambda: reader.storage.delete_bucket("kelp-new"),
        lambda: reader.storage.delete_objects("kelp-new", [("a", 1)]),
        lambda: reader.setup.enable_apis(["cloudbilling.googleapis.com"]),
        lambda: reader.setup.grant_roles(MEMBER, ["roles/viewer"]),
        lambda: reader.setup.revoke_roles(owner, ["roles/owner"]),
        reader.setup.make_agents,
        lambda: reader.setup.grant_on_account(ACCOUNT, MEMBER, "roles/iam.serviceAccountUser"),
        lambda: reader.setup.grant_on_bucket("kelp-runs", MEMBER, "roles/storage.objectViewer"),
    ]
    for change in changes:
        with pytest.raises(CloudError) as caught:
            await change()
        assert caught.value.title == "Read-only: nothing was changed"
        assert caught.value.kind is ErrorKind.PRECONDITION
        assert "--read-only" in caught.value.hint
        assert not caught.value.ambiguous
    local_server.jobs.create_custom_job(
        parent="projects/local-project/locations/europe-west4", custom_job=script_job("true")
    )
    assert [job.display_name for job in (await reader.jobs.list_jobs()).jobs] == ["a job"]
    assert [bucket.name for bucket in await reader.storage.list_buckets()] == ["kelp-runs"]
    for policy in (await reader.setup.get_policy(), await reader.setup.get_bucket_policy("kelp-runs")):
        assert MEMBER not in {member for binding in policy.bindings for member in binding.members}
    assert (await reader.setup.get_project()).state == "ACTIVE"
