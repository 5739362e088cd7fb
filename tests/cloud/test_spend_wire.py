"""What costs money, through Google's real clients against the local server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.cloud.conftest import REGION, target_at
from tests.cloud.test_local_wire import spec
from tests.local.clients import Server, storage_client
from tests.local.faulty import Faults, faults_of, server_of_faults
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.jobs import JobState
from tui.domain.places import Place
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.spend import LIVE_FILTER, Spend
from tui.domain.storage import Amount
from tui.domain.target import Transport
from tui.services.spend import SpendReader

FAR = "us-east5"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    yield from server_of_faults()


@pytest.fixture
def faults(server: Server) -> Iterator[Faults]:
    yield from faults_of(server)


@pytest.fixture(params=[Transport.GRPC, Transport.REST])
async def gateway(request: pytest.FixtureRequest, server: Server) -> AsyncIterator[Gateway]:
    opened = await open_gateway(target_at(server.record, request.param))
    yield opened
    await opened.close()


def fill(server: Server, name: str) -> None:
    """Two live objects, one earlier version and one soft-deleted one."""
    client = storage_client(server)
    bucket = client.bucket(name)
    bucket.versioning_enabled = True
    client.create_bucket(bucket, location="europe-west4")
    for size in (3, 5):
        bucket.blob("a").upload_from_string(b"x" * size)
    bucket.blob("b").upload_from_string(b"x" * 7)
    gone = bucket.blob("c")
    gone.upload_from_string(b"x" * 11)
    bucket.delete_blob("c", generation=gone.generation)
    client.close()


async def look(gateway: Gateway) -> Spend:
    here = Place(gateway.target.project, gateway.target.region)
    reader = SpendReader(gateway, [here], lambda _spend: None)
    await reader.run()
    return reader.spend


async def test_a_buckets_content_is_added_up(server: Server, gateway: Gateway) -> None:
    name = f"kelp-{gateway.target.transport}"
    await asyncio.to_thread(fill, server, name)
    page = await gateway.storage.sum_content(name)
    assert (page.live, page.noncurrent, page.deleted) == (Amount(2, 12), Amount(1, 3), Amount())
    assert page.next_page_token == ""
    page = await gateway.storage.sum_content(name, soft_deleted=True)
    assert (page.live, page.deleted) == (Amount(), Amount(1, 11))
    assert page.deleted_until is not None
    bucket = await gateway.storage.get_bucket(name)
    assert bucket.soft_delete_seconds == 604_800
    with pytest.raises(CloudError) as caught:
        await gateway.storage.sum_content("kelp-that-is-not-there")
    assert caught.value.kind is ErrorKind.NOT_FOUND


async def test_live_jobs_of_all_regions_and_buckets_are_found(server: Server, gateway: Gateway) -> None:
    far = gateway.elsewhere(Place(gateway.target.project, FAR))
    ended = await gateway.jobs.create_job(spec("true", "ana-over"))
    await asyncio.to_thread(server.ended, ended.name)
    live = [
        await gateway.jobs.create_job(spec("sleep 60", "ana-here")),
        await far.jobs.create_job(spec("sleep 60", "ana-far")),
    ]
    page = await gateway.jobs.list_jobs(filter_=LIVE_FILTER)
    assert [job.name for job in page.jobs] == [live[0].name]
    spend = await look(gateway)
    assert {one.job.name for one in spend.jobs} == {job.name for job in live}
    assert {one.place.region for one in spend.jobs} == {REGION, FAR}
    assert spend.places_done == spend.places == len(TRAINING_REGIONS)
    assert not spend.unread
    assert not spend.jobs_partial
    assert not spend.bytes_partial
    for one, home in zip(live, (gateway, far), strict=True):
        await home.jobs.cancel_job(one.name)
        await asyncio.to_thread(server.ended, one.name)
        assert (await home.jobs.get_job(one.name)).state is JobState.CANCELLED


async def test_regions_and_buckets_that_are_refused_are_told(gateway: Gateway, faults: Faults) -> None:
    faults.add("ListCustomJobs", "error", code="PERMISSION_DENIED", times=2)
    faults.add("ListCustomJobs", "error", code="INVALID_ARGUMENT")
    faults.add("storage.buckets.list", "error", code=403)
    spend = await look(gateway)
    assert len(spend.unread) == 3
    assert spend.jobs_partial
    assert spend.bytes_partial
    assert spend.places_done == spend.places
    assert [one.what for one in spend.unread].count("the list of buckets") == 1
    assert all(one.reason for one in spend.unread)
