"""Insights over Google's own clients: a job that trains and fails, one that succeeds, many at once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from tests.local.clients import Server
from tests.local.conftest import fresh_server
from tests.services.insight_wire import FRAMEWORK, Watch, gateway_of, program, spec
from tui.domain.diagnosis.model import Cause
from tui.domain.gateway import Gateway
from tui.domain.logs import job_filter
from tui.services.insight_reads import METRIC_LIKE, around, metrics_of, newest, service_of, several

RAISES = FRAMEWORK + "batch = {}\nprint('training on', batch['labels'])\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_server() as made:
        made.enable("aiplatform", "logging", "storage")
        yield made


@pytest.fixture
async def gateway(server: Server) -> AsyncIterator[Gateway]:
    opened = await gateway_of(server)
    yield opened
    await opened.close()


async def test_a_job_that_trains_and_fails(gateway: Gateway, server: Server) -> None:
    async with Watch(gateway) as watch:
        job = await gateway.jobs.create_job(spec(program(RAISES)))
        found = await watch.card(job)
        assert found.diagnosis is not None
        assert found.diagnosis.cause is Cause.TRACEBACK
        assert found.diagnosis.exception == "KeyError: 'labels'"
        assert (found.diagnosis.replica, found.diagnosis.exit_code) == ("workerpool0-0", 1)
        keys = {entry.key for entry in (await gateway.logs.list_entries(job_filter(job.job_id))).entries}
        assert found.lines == len(keys)
        assert found.diagnosis.evidence
        assert all(each.key in keys for each in found.diagnosis.evidence if each.time_ns is not None)
        assert any(each.key in keys for each in found.diagnosis.evidence)
        by_name = {series.name: [point.value for point in series.points] for series in found.series}
        assert by_name["loss"] == [2.3, 2.1, 1.9, 1.7, 1.5]
        assert found.progress is not None
        assert found.progress.fraction == 1.0
        assert [attempt.number for attempt in found.attempts] == [1]
        assert found.pending_ns is not None
    assert "Traceback" not in (server.data_dir / "server.log").read_text()


async def test_a_running_job_is_followed_while_it_runs(gateway: Gateway) -> None:
    script = program(FRAMEWORK, after="echo copying to gs://kelp/run-1/; sleep 300")
    async with Watch(gateway) as watch:
        job = await gateway.jobs.create_job(spec(script))
        found = await watch.insight(job, lambda each: each.paths and each.progress)
        assert found.progress is not None
        assert found.progress.fraction == 1.0
        assert found.diagnosis is None
        await gateway.jobs.cancel_job(job.name)
        ended = await watch.card(job)
        assert ended.diagnosis is not None
        assert ended.diagnosis.cause is Cause.CANCELLED


async def test_several_jobs_share_one_list_and_keep_their_lines_apart(gateway: Gateway) -> None:
    async with Watch(gateway) as watch:
        jobs = [
            await gateway.jobs.create_job(spec(f"echo \"{{'loss': {number}.5, 'epoch': 1}}\"; sleep 300"))
            for number in range(4)
        ]
        for number, job in enumerate(jobs):
            found = await watch.insight(job, lambda each: each.series)
            assert [point.value for series in found.series for point in series.points] == [number + 0.5]
        for job in jobs:
            await gateway.jobs.cancel_job(job.name)


async def test_the_filters_mean_what_they_should(gateway: Gateway) -> None:
    script = """echo "{'loss': 1.5}"; echo '{"loss": 2.5, "message": "a step"}'; echo '{"eval_loss": 2.5}'
echo plain; echo ' 10%|#  | 1/10 [00:01<00:09,  1.00it/s]' >&2"""
    async with Watch(gateway) as watch:
        jobs = [await gateway.jobs.create_job(spec(script)) for _ in range(2)]
        for job in jobs:
            await watch.card(job)
    first = jobs[0].job_id

    async def texts(filter_: str) -> list[str]:
        page = await newest(gateway.logs, filter_)
        return [entry.text for entry in page.entries]

    assert len(METRIC_LIKE) < 2000
    metrics = await texts(metrics_of(first, None))
    assert len(metrics) == 4
    assert "plain" not in metrics
    assert await texts(metrics_of(first, 1)) == []
    assert "Job is running." in await texts(service_of(first))
    assert "plain" not in await texts(service_of(first))
    near = await texts(around(first, "workerpool7-0", 2**62))
    assert near == [" 10%|#  | 1/10 [00:01<00:09,  1.00it/s]"]
    (both,) = several([job.job_id for job in jobs])
    page = await newest(gateway.logs, both)
    assert {entry.job_id for entry in page.entries} == {job.job_id for job in jobs}
