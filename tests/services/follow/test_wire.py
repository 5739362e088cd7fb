"""Following over Google's own clients on the local server: faults, restarts, other resources, and silence."""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, suppress
from dataclasses import replace

import pytest

from tests.local.clients import REGION, Server
from tests.local.conftest import fresh_server
from tests.services.follow.trial import FollowTrial
from tests.services.insight_wire import gateway_of, spec
from tests.support import wait_for
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.logs import job_filter
from tui.domain.target import LocalEndpoint, Target
from tui.services.follow.state import LOCAL_TIMING

VIEW = "projects/{project}/locations/global/buckets/_Default/views/_AllLogs"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_server() as made:
        made.enable("aiplatform", "logging")
        yield made


@pytest.fixture
async def gateway(server: Server) -> AsyncIterator[Gateway]:
    opened = await gateway_of(server)
    yield opened
    await opened.close()


async def test_no_line_is_lost_and_none_comes_twice_whatever_goes_wrong(server: Server) -> None:
    timing = replace(LOCAL_TIMING, afterwards=(4.0,), requery=3.0)
    outcome = await FollowTrial(server, timing).case(1, lines=1000, seconds=2.0)
    assert not outcome.problems
    assert outcome.restarts == 3
    assert "Traceback" not in (server.data_dir / "server.log").read_text()


async def test_logs_are_read_where_the_setting_says(server: Server, gateway: Gateway) -> None:
    job = await gateway.jobs.create_job(spec("echo here; sleep 300"))
    await wait_for(lambda: _found(server, VIEW, job.job_id), what="the first line")
    assert not await _found(server, VIEW.replace("_Default", "_Required"), job.job_id)
    for wrong in ("folders/12", VIEW.replace("_AllLogs", "none")):
        with pytest.raises(CloudError) as caught:
            await _found(server, wrong, job.job_id)
        assert caught.value.kind in (ErrorKind.DENIED, ErrorKind.NOT_FOUND)
    await gateway.jobs.cancel_job(job.name)


async def _found(server: Server, resource: str, job_id: str) -> bool:
    """Whether a job's log is there, for the list and for the tail."""
    record = server.record
    endpoint = LocalEndpoint(record.grpc_address, record.http_url)
    gateway = await open_gateway(Target(record.project, REGION, local=endpoint, log_resources=(resource,)))
    try:
        async with aclosing(gateway.logs.tail(job_filter(job_id))) as batches:
            with suppress(TimeoutError):
                async with asyncio.timeout(0.1):
                    await anext(batches)
        return bool((await gateway.logs.list_entries(job_filter(job_id))).entries)
    finally:
        await gateway.close()


@pytest.mark.parametrize("way", ["cancelled at once", "cancelled", "closed"])
async def test_a_tail_leaves_no_noise_behind(
    server: Server, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str], way: str
) -> None:
    caplog.set_level(logging.DEBUG, logger="grpc")
    troubles: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: troubles.append(context))
    hook, sys.unraisablehook = sys.unraisablehook, troubles.append
    try:
        gateway = await gateway_of(server)

        async def read() -> None:
            with suppress(CloudError):
                async for _ in gateway.logs.tail(job_filter("1")):
                    pass

        reading = asyncio.create_task(read())
        before = set(asyncio.all_tasks())
        await asyncio.sleep(0 if way == "cancelled at once" else 0.3)
        if way != "closed":
            reading.cancel()
        await gateway.close()
        await asyncio.wait({reading})
        gc.collect()
        await wait_for(lambda: set(asyncio.all_tasks()) <= before)
    finally:
        sys.unraisablehook = hook
    assert not troubles
    assert not [record.getMessage() for record in caplog.records if "exception" in record.getMessage()]
    assert not capfd.readouterr().err
