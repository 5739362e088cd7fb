"""The light gateway says the same as the whole one, without the generated client of jobs."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from tests.cloud.conftest import MakeTarget
from tests.cloud.test_local_wire import spec
from tests.local.clients import Server, script_job
from tests.support import wait_for
from tui.cloud.session import open_gateway, open_lightly
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import HeadlessGateway
from tui.domain.jobs import JobState
from tui.domain.logs import job_filter
from tui.domain.target import Transport

LOADED = """
import sys
import tui.cloud.light
heavy = ("google.cloud.aiplatform_v1", "google.cloud.logging_v2", "google.cloud.storage")
print(*(name for name in heavy if name in sys.modules))
"""


async def test_jobs_are_the_same_as_by_the_generated_client(local_server: Server, target: MakeTarget) -> None:
    local_server.enable("aiplatform", "logging")
    ended = local_server.run(script_job("exit 3"))
    whole, light = await open_gateway(target(Transport.GRPC)), await open_lightly(target(Transport.AUTO))
    try:
        by_client, by_rest = await whole.jobs.get_job(ended.name), await light.jobs.get_job(ended.name)
        assert replace(by_rest, raw={}) == replace(by_client, raw={})
        assert dict(by_rest.raw) == {key: by_client.raw[key] for key in by_client.raw}
        (listed,) = (await light.jobs.list_jobs(filter_='state="JOB_STATE_FAILED"')).jobs
        assert listed == by_rest
        (brief,) = (await light.jobs.list_jobs(brief=True)).jobs
        assert "containerSpec" not in str(brief.raw)
        assert brief.machine == by_rest.machine
        assert (brief.name, brief.labels, brief.error) == (by_rest.name, by_rest.labels, by_rest.error)
        await _change(light)
        await _records(light, ended.name)
    finally:
        await whole.close()
        await light.close()


async def _change(light: HeadlessGateway) -> None:
    job = await light.jobs.create_job(spec("sleep 100", "to-be-stopped"))
    assert job.display_name == "to-be-stopped"
    with pytest.raises(CloudError) as live:
        await light.jobs.delete_job(job.name)
    assert live.value.kind is ErrorKind.PRECONDITION
    await light.jobs.cancel_job(job.name)

    async def is_cancelled() -> bool:
        return (await light.jobs.get_job(job.name)).state is JobState.CANCELLED

    await wait_for(is_cancelled, what="the end of the job")
    await light.jobs.delete_job(job.name)
    with pytest.raises(CloudError) as gone:
        await light.jobs.get_job(job.name)
    assert gone.value.kind is ErrorKind.NOT_FOUND


async def _records(light: HeadlessGateway, name: str) -> None:
    record = await light.records.job(name)
    assert record["state"] == "JOB_STATE_FAILED"
    entries, token = await light.records.entries(job_filter(name.rpartition("/")[2]))
    assert token == ""
    assert entries[0]["resource"]["type"] == "ml_job"
    assert [each["timestamp"] for each in entries] == sorted(each["timestamp"] for each in entries)


async def test_a_front_end_that_refuses_the_fields_gives_whole_records(
    local_server: Server, target: MakeTarget, monkeypatch: pytest.MonkeyPatch
) -> None:
    local_server.enable("aiplatform")
    local_server.run(script_job("true"))
    monkeypatch.setattr("tui.cloud.plain_jobs.BRIEF", "nosuchfield")
    light = await open_lightly(target(Transport.AUTO))
    try:
        (job,) = (await light.jobs.list_jobs(brief=True)).jobs
        assert "containerSpec" in str(job.raw)
    finally:
        await light.close()


def test_nothing_heavy_is_loaded_for_a_list() -> None:
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
