"""Places are read page by page and counted to the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.storage_world import UNREACHABLE, UPDATED, StorageWorld
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import Bucket, GcsUri
from tui.services.listing import (
    find_place,
    is_within,
    list_all,
    parent_of,
    plan_delete,
    read_level,
    read_more,
)


@pytest.fixture
async def world() -> StorageWorld:
    world = StorageWorld(page=3)
    world.bucket("kelp")
    for name in ("a.txt", "b/1", "b/2", "c.txt", "d/x", "e.txt", "f.txt", "runs/", "runs/m.json"):
        world.put("kelp", name, b"12345" if not name.endswith("/") else b"")
    return world


async def test_buckets_come_in_order(world: StorageWorld) -> None:
    world.bucket("alga")
    level = await read_level(world, None)
    assert [bucket.name for bucket in level.buckets] == ["alga", "kelp"]
    assert level.read_at is not None


async def test_a_level_grows_page_by_page(world: StorageWorld) -> None:
    level = await read_level(world, GcsUri("kelp"))
    assert (level.prefixes, [item.name for item in level.objects]) == (("b/",), ["a.txt", "c.txt"])
    level = await read_more(world, level)
    level = await read_more(world, level)
    assert level.prefixes == ("b/", "d/", "runs/")
    assert [item.name for item in level.objects] == ["a.txt", "c.txt", "e.txt", "f.txt"]
    assert not level.next_page_token
    assert await read_more(world, level) is level


async def test_a_refresh_reads_as_far_as_before(world: StorageWorld) -> None:
    level = await read_level(world, GcsUri("kelp"), at_least=6)
    assert level.count == 6
    assert level.next_page_token


async def test_the_marker_of_a_folder_is_not_shown_but_counted(world: StorageWorld) -> None:
    level = await read_level(world, GcsUri("kelp", "runs/"))
    assert [item.name for item in level.objects] == ["runs/m.json"]
    plan = await plan_delete(world, GcsUri("kelp", "runs/"))
    assert [item.name for item in plan.items] == ["runs/", "runs/m.json"]


async def test_a_plan_counts_every_page_with_a_running_total(world: StorageWorld) -> None:
    totals: list[str] = []
    plan = await plan_delete(world, GcsUri("kelp"), on_tally=lambda tally: totals.append(str(tally)))
    assert totals == ["3 objects, 15 B", "6 objects, 30 B", "9 objects, 40 B"]
    assert (plan.count, plan.bytes, plan.newest) == (9, 40, UPDATED)
    assert plan.bucket == world.buckets["kelp"]
    assert len(await list_all(world, GcsUri("kelp", "b/"))) == 2


async def test_a_plan_for_one_object_takes_only_it(world: StorageWorld) -> None:
    item = world.put("kelp", "b", b"1")
    plan = await plan_delete(world, item.uri, item=item)
    assert [(found.name, found.generation) for found in plan.items] == [("b", item.generation)]


async def test_a_bucket_without_readable_settings_can_be_counted(world: StorageWorld) -> None:
    class Closed(StorageWorld):
        async def get_bucket(self, name: str) -> Bucket:
            raise CloudError("denied", name, kind=ErrorKind.DENIED)

    closed = Closed()
    closed.buckets, closed.objects = world.buckets, world.objects
    plan = await plan_delete(closed, GcsUri("kelp"))
    assert plan.bucket is None
    assert plan.count == 9


async def test_trouble_while_counting_is_told(world: StorageWorld) -> None:
    world.trouble = UNREACHABLE
    with pytest.raises(CloudError):
        await plan_delete(world, GcsUri("kelp"))


@pytest.mark.parametrize(
    ("path", "place", "name"),
    [
        ("gs://kelp", "gs://kelp/", ""),
        ("gs://kelp/runs", "gs://kelp/runs/", ""),
        ("gs://kelp/runs/", "gs://kelp/runs/", ""),
        ("gs://kelp/runs/m.json", "gs://kelp/runs/", "runs/m.json"),
        ("gs://kelp/a.txt", "gs://kelp/", "a.txt"),
        ("gs://kelp/nothing", "gs://kelp/nothing/", ""),
    ],
)
async def test_a_path_finds_its_place(world: StorageWorld, path: str, place: str, name: str) -> None:
    assert await find_place(world, GcsUri.parse(path)) == (GcsUri.parse(place), name)


@given(st.lists(st.sampled_from(["a", "", "b c"]), min_size=1, max_size=5))
def test_going_up_ends_at_the_buckets(parts: list[str]) -> None:
    place: GcsUri | None = GcsUri("kelp", "/".join(parts) + "/")
    steps = 0
    while place is not None:
        above = parent_of(place)
        assert is_within(place, above)
        assert above is None or len(above.name) < len(place.name)
        place = above
        steps += 1
    assert steps == len(parts) + 1


def test_what_lies_within_what() -> None:
    assert is_within(GcsUri("a", "b/"), None)
    assert not is_within(None, GcsUri("a"))
    assert not is_within(GcsUri("b"), GcsUri("a"))
    assert not is_within(GcsUri("a", "c/"), GcsUri("a", "b/"))
