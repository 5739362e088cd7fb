"""Reading what costs money: every region asked once, few at a time, and failures told."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from tests.services.spend_world import DENIED, SpendWorld
from tests.services.storage_world import StorageWorld
from tests.support import wait_for
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.jobs import JobState
from tui.domain.places import Place
from tui.domain.regions import TRAINING_REGIONS
from tui.domain.spend import Count, Spend
from tui.domain.storage import Amount, ContentSums
from tui.services import spend as service
from tui.services.spend import AT_ONCE, MOST_CALLS, SpendReader

HERE = Place("kelp-train", "europe-west4")
FAR = Place("kelp-train", "us-east5")
REGIONS = len(TRAINING_REGIONS)


def reader(world: SpendWorld, *places: Place, seen: list[Spend] | None = None) -> SpendReader:
    states = seen if seen is not None else []
    return SpendReader(cast("Gateway", world), (HERE, *places), states.append)


async def read(world: SpendWorld, *places: Place) -> Spend:
    found = reader(world, *places)
    await found.run()
    assert not found.spend.reading
    return found.spend


async def test_live_jobs_of_every_region_are_found_as_they_come() -> None:
    world, seen = SpendWorld(), list[Spend]()
    world.put(HERE, 1, JobState.QUEUED)
    world.put(FAR, 2)
    world.put(FAR, 3, JobState.SUCCEEDED)
    found = reader(world, seen=seen)
    await found.run()
    assert [(one.job.display_name, one.place) for one in found.spend.jobs] == [
        ("job-2", FAR),
        ("job-1", HERE),
    ]
    assert found.spend.home(found.spend.jobs[0].job.name) == FAR
    assert (found.spend.places_done, found.spend.places) == (REGIONS, REGIONS)
    assert not found.spend.jobs_partial
    assert len(world.calls) == REGIONS <= MOST_CALLS
    assert world.most_at_once <= AT_ONCE
    done = [spend.places_done for spend in seen]
    assert done == sorted(done)
    assert set(done) == set(range(REGIONS + 1))


async def test_every_configured_project_is_read() -> None:
    world = SpendWorld()
    other = Place("reef-lab", "us-west1")
    world.put(other, 1)
    spend = await read(world, other, Place("kelp-train", "us-east1"))
    assert spend.projects == ("kelp-train", "reef-lab")
    assert spend.places == 2 * REGIONS
    assert [one.place for one in spend.jobs] == [other]


async def test_a_refused_filter_is_left_out() -> None:
    world = SpendWorld()
    world.filters = False
    world.put(HERE, 1, JobState.FAILED)
    world.put(FAR, 2)
    spend = await read(world)
    assert [one.job.display_name for one in spend.jobs] == ["job-2"]
    assert not spend.unread
    assert len(world.calls) == REGIONS + 1


async def test_a_region_that_cannot_be_read_is_told_and_the_sums_are_at_least() -> None:
    world = SpendWorld()
    world.troubles[FAR] = DENIED
    world.put(HERE, 1)
    spend = await read(world)
    assert [(one.what, one.reason) for one in spend.unread] == [("us-east5", "You may not: denied")]
    assert spend.places_failed == 1
    assert spend.jobs_partial
    assert len(spend.jobs) == 1


async def test_an_api_that_is_off_is_asked_once() -> None:
    world = SpendWorld()
    world.troubles[HERE] = CloudError("The Vertex AI API is off", kind=ErrorKind.API_DISABLED)
    spend = await read(world)
    assert world.calls == [HERE]
    assert len(spend.unread) == REGIONS == spend.places_done


async def test_a_region_that_hangs_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "REGION_SECONDS", 0.5)  # time enough for the others
    world = SpendWorld()
    world.gates[FAR] = asyncio.Event()
    world.put(HERE, 1)
    spend = await read(world)
    assert [one.what for one in spend.unread] == ["us-east5"]
    assert "No answer within" in spend.unread[0].reason
    assert len(spend.jobs) == 1


async def test_a_first_region_that_hangs_does_not_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "FIRST_SECONDS", 0.01)
    world = SpendWorld()
    world.gates[HERE] = asyncio.Event()
    world.put(FAR, 1)
    found = reader(world)
    task = asyncio.create_task(found.run())
    await wait_for(lambda: found.spend.places_done == REGIONS - 1)
    assert len(found.spend.jobs) == 1
    world.gates[HERE].set()
    await task
    assert not found.spend.jobs_partial


async def test_many_pages_stop_at_the_budget() -> None:
    world = SpendWorld()
    world.page_size = 1
    for number in range(100):
        world.put(HERE, number)
    spend = await read(world)
    assert len(world.calls) == MOST_CALLS
    assert len(spend.jobs) == MOST_CALLS - REGIONS + 1
    assert [(one.what, one.reason) for one in spend.unread] == [
        ("europe-west4", "there is more than was read")
    ]


async def test_buckets_are_counted_one_by_one() -> None:
    world = SpendWorld()
    world.storage.page = 2
    for name in ("b-kelp", "a-kelp"):
        world.storage.bucket(name)
        for number in range(5):
            world.storage.put(name, f"{number}", b"1234")
    world.storage.deleted["a-kelp"] = ContentSums(deleted=Amount(2, 9))
    spend = await read(world)
    assert [use.bucket.name for use in spend.buckets] == ["a-kelp", "b-kelp"]
    assert [use.live for use in spend.buckets] == [Amount(5, 20)] * 2
    assert spend.buckets[0].deleted == Amount(2, 9)
    assert spend.bytes == 49
    assert not spend.bytes_partial


async def test_a_large_bucket_is_counted_up_to_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST_OBJECTS", 4)
    world = SpendWorld()
    world.storage.page = 2
    world.storage.bucket("kelp")
    for number in range(9):
        world.storage.put("kelp", f"{number}", b"1")
    spend = await read(world)
    assert spend.buckets[0].live == Amount(4, 4)
    assert not spend.buckets[0].whole
    assert spend.bytes_partial


@pytest.mark.parametrize(("days", "kind", "told"), [(0, ErrorKind.INVALID, 0), (7, ErrorKind.DENIED, 1)])
async def test_what_is_deleted_may_be_refused(days: int, kind: ErrorKind, told: int) -> None:
    class Refusing(StorageWorld):
        async def sum_content(
            self, bucket: str, *, soft_deleted: bool = False, page_token: str = ""
        ) -> ContentSums:
            if soft_deleted:
                raise CloudError("No", kind=kind)
            return await super().sum_content(bucket, page_token=page_token)

    world = SpendWorld()
    world.storage = Refusing()
    world.storage.bucket("kelp", soft_delete_days=days)
    spend = await read(world)
    assert len(spend.unread) == told
    assert spend.bytes_partial == bool(told)
    assert spend.buckets[0].count is Count.DONE


async def test_buckets_that_cannot_be_listed_are_told() -> None:
    world = SpendWorld()
    world.storage.trouble = DENIED
    spend = await read(world)
    assert [one.what for one in spend.unread] == ["the list of buckets"]
    assert spend.bytes_partial
    assert not spend.jobs_partial


async def test_stopping_leaves_what_was_found() -> None:
    world = SpendWorld()
    world.storage.bucket("kelp")
    world.put(HERE, 1)
    world.gates[FAR] = asyncio.Event()
    found = reader(world)
    task = asyncio.create_task(found.run())
    await wait_for(lambda: found.spend.places_done == REGIONS - 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(found.spend.jobs) == 1
    assert found.spend.jobs_partial
