"""Places are read page by page and counted to the end."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.services.storage_world import UNREACHABLE, UPDATED
from tests.services.transfer_world import TransferWorld
from tui.domain.errors import CloudError
from tui.domain.storage import Amount, Bucket, GcsUri
from tui.domain.storagelist.entries import Entries, Mode
from tui.services.listing import (
    find_place,
    is_within,
    list_all,
    lone_object,
    measure,
    parent_of,
    read_page,
)


@pytest.fixture
async def world() -> TransferWorld:
    world = TransferWorld()
    world.page = 3
    world.bucket("kelp")
    for name in ("a.txt", "b/1", "b/2", "c.txt", "d/x", "e.txt", "f.txt", "runs/", "runs/m.json"):
        world.put("kelp", name, b"12345" if not name.endswith("/") else b"")
    return world


async def test_buckets_come_in_order(world: TransferWorld) -> None:
    world.bucket("alga")
    world.soft_buckets.append(Bucket("lost", generation=3, deleted_at=UPDATED))
    level = await whole(world, None)
    assert [bucket.name for bucket in level.buckets] == ["alga", "kelp"]
    assert level.read_at is not None
    deleted = await whole(world, None, Mode.DELETED)
    assert [deleted.bucket_key(0)] == ["b3:lost"]


async def whole(world: TransferWorld, place: GcsUri | None, mode: Mode = Mode.LIVE) -> Entries:
    entries = Entries(place, mode)
    while not entries.whole:
        await read_page(world, entries)
    return entries


async def test_a_level_grows_page_by_page(world: TransferWorld) -> None:
    level = Entries(GcsUri("kelp"))
    await read_page(world, level)
    assert (level.prefixes, level.names) == (["b/"], ["a.txt", "c.txt"])
    assert not level.whole
    await read_page(world, level)
    await read_page(world, level)
    assert level.prefixes == ["b/", "d/", "runs/"]
    assert level.names == ["a.txt", "c.txt", "e.txt", "f.txt"]
    assert level.whole
    calls = len(world.calls)
    await read_page(world, level)
    assert len(world.calls) == calls


async def test_the_marker_of_a_folder_is_not_shown_but_counted(world: TransferWorld) -> None:
    assert (await whole(world, GcsUri("kelp", "runs/"))).names == ["m.json"]
    assert await measure(world, GcsUri("kelp", "runs/")) == Amount(2, 5)


async def test_a_measure_tells_every_page(world: TransferWorld) -> None:
    totals: list[Amount] = []
    assert await measure(world, GcsUri("kelp"), totals.append) == Amount(9, 40)
    assert totals == [Amount(3, 15), Amount(6, 30), Amount(9, 40)]
    assert len(await list_all(world, GcsUri("kelp", "b/"))) == 2
    world.trouble = UNREACHABLE
    with pytest.raises(CloudError):
        await measure(world, GcsUri("kelp"))


async def test_one_object_is_found_without_a_list(world: TransferWorld) -> None:
    found = await lone_object(world, GcsUri("kelp", "b/1"))
    assert found is not None
    assert (found.place, found.names, found.alone) == (GcsUri("kelp", "b/"), ["1"], True)
    assert await lone_object(world, GcsUri("kelp", "b/")) is None
    assert await lone_object(world, GcsUri("kelp", "none")) is None


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
async def test_a_path_finds_its_place(world: TransferWorld, path: str, place: str, name: str) -> None:
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
