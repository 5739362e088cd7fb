"""A delete comes back as far as the bucket kept it, and nothing newer is ever touched."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.services.storage_world import TARGET, StorageWorld
from tui.domain.cleanup.undoing import GONE_FOR_GOOD, NEWER_LIVE, ONE_VERSION, How
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import GcsUri, ObjectInfo
from tui.services.deleteplans import Aim, plan_delete
from tui.services.deletion.journal import DeleteJournal
from tui.services.deletion.records import Record, State, past_deletes
from tui.services.deletion.run import DeleteReport, delete_plan
from tui.services.deletion.undo import UndoReport, plan_restore, plan_undo, run_undo


@pytest.fixture
def journal(tmp_path: Path) -> DeleteJournal:
    return DeleteJournal(tmp_path / "journals")


def filled(world: StorageWorld, bucket: str = "kelp", count: int = 230) -> dict[str, bytes]:
    for number in range(count):
        world.put(bucket, f"runs/{number:03}", b"%d" % number)
    return content(world, bucket)


def content(world: StorageWorld, bucket: str = "kelp") -> dict[str, bytes]:
    return {name: world.objects[bucket, name][1] for name in world.names(bucket)}


async def delete(
    world: StorageWorld, journal: DeleteJournal, uri: str, *, earlier: bool = False
) -> DeleteReport:
    plan = await plan_delete(world, [Aim(GcsUri.parse(uri))])
    plan = plan.taking_earlier(also=earlier or plan.with_earlier)
    return await delete_plan(world, plan, journal, target=TARGET, stop=asyncio.Event())


async def undo(world: StorageWorld, journal: DeleteJournal, record: Record) -> UndoReport:
    plan = await plan_undo(world, record)
    return await run_undo(world, plan, journal, target=TARGET, stop=asyncio.Event(), record=record)


async def test_soft_delete_gives_everything_back(journal: DeleteJournal) -> None:
    world = StorageWorld()
    world.bucket("kelp")
    before = filled(world)
    await delete(world, journal, "gs://kelp/runs/")
    assert not content(world)
    (record,) = past_deletes(journal)
    plan = await plan_undo(world, record)
    assert (plan.count, plan.lost, {step.how for chain in plan.chains for step in chain.steps}) == (
        230,
        [],
        {How.SOFT_DELETE},
    )
    report = await undo(world, journal, record)
    assert str(report) == f"brought back 230 objects, {sum(map(len, before.values()))} B"
    assert content(world) == before
    (record,) = past_deletes(journal)
    assert (record.undone, record.undoable) == (230, True)


async def test_versioning_gives_the_last_version_back(journal: DeleteJournal) -> None:
    world = StorageWorld()
    world.bucket("kelp", versioning=True)
    world.put("kelp", "runs/000", b"older")
    before = filled(world, count=3)
    plan = await plan_delete(world, [Aim(GcsUri("kelp", "runs/"))])
    assert (plan.live, plan.earlier, plan.with_earlier) == (3, 1, False)
    await delete(world, journal, "gs://kelp/runs/")
    assert len(world.noncurrent) == 4
    (record,) = past_deletes(journal)
    assert record.undo_until is None
    await undo(world, journal, record)
    assert content(world) == before


async def test_an_earlier_version_that_is_pointed_at_goes_alone(journal: DeleteJournal) -> None:
    world = StorageWorld()
    world.bucket("kelp", versioning=True)
    for text in (b"oldest", b"older", b"newest"):
        world.put("kelp", "a", text)
    (oldest, _), _ = world.noncurrent
    plan = await plan_delete(world, [Aim(oldest.uri, oldest)])
    assert (plan.live, plan.earlier, plan.with_earlier) == (0, 1, True)
    report = await delete_plan(world, plan, journal, target=TARGET, stop=asyncio.Event())
    assert report.gone == 1
    assert [data for _, data in world.noncurrent] == [b"older"]
    (record,) = past_deletes(journal)
    assert [lost.why for lost in (await plan_undo(world, record)).lost] == [NEWER_LIVE]


async def test_an_earlier_version_takes_the_place_of_the_live_one_when_that_is_kept(
    journal: DeleteJournal,
) -> None:
    world = StorageWorld()
    world.bucket("kelp", versioning=True)
    for text in (b"older", b"newest"):
        world.put("kelp", "a", text)
    ((older, _),) = world.noncurrent
    plan = await plan_restore(world, [Aim(older.uri, older)])
    assert (plan.over, plan.lost, plan.present) == (1, [], 0)
    world.put("kelp", "a", b"meanwhile")
    report = await run_undo(world, plan, journal, target=TARGET, stop=asyncio.Event())
    assert (report.restored, len(report.failed), content(world)) == (0, 1, {"a": b"meanwhile"})
    plan = await plan_restore(world, [Aim(older.uri, older)])
    assert (await run_undo(world, plan, journal, target=TARGET, stop=asyncio.Event())).complete
    assert (content(world), len(world.noncurrent)) == ({"a": b"older"}, 3)
    world.buckets["kelp"] = replace(world.buckets["kelp"], versioning=False)
    assert [lost.why for lost in (await plan_restore(world, [Aim(older.uri, older)])).lost] == [NEWER_LIVE]


async def test_earlier_versions_that_went_too_come_back_in_their_order(journal: DeleteJournal) -> None:
    world = StorageWorld()
    world.bucket("kelp", versioning=True)
    world.put("kelp", "runs/000", b"oldest")
    world.put("kelp", "runs/000", b"older")
    before = filled(world, count=2)
    report = await delete(world, journal, "gs://kelp/runs/", earlier=True)
    assert report.gone == 4
    assert not world.noncurrent
    (record,) = past_deletes(journal)
    assert (await undo(world, journal, record)).restored == 4
    assert content(world) == before
    assert [data for _, data in world.noncurrent] == [b"oldest", b"older"]


async def test_an_undo_that_was_cut_off_between_two_versions_goes_on(journal: DeleteJournal) -> None:
    world = StorageWorld()
    world.bucket("kelp", versioning=True)
    world.put("kelp", "runs/000", b"older")
    before = filled(world, count=1)
    await delete(world, journal, "gs://kelp/runs/", earlier=True)
    (record,) = past_deletes(journal)
    world.broken["runs/000"] = "cut off"  # the older one is live again, and cannot be deleted
    report = await undo(world, journal, record)
    assert [lost.why for lost in report.failed] == ["cut off", "cut off"]
    assert content(world) == {"runs/000": b"older"}
    world.broken.clear()
    assert (await undo(world, journal, record)).complete
    assert content(world) == before
    assert [data for _, data in world.noncurrent] == [b"older"]


async def test_a_bucket_comes_back_with_its_objects(journal: DeleteJournal) -> None:
    world = StorageWorld()
    world.bucket("kelp")
    before = filled(world, count=5)
    await delete(world, journal, "gs://kelp")
    assert not world.buckets
    (record,) = past_deletes(journal)
    plan = await plan_undo(world, record)
    assert ([bucket.name for bucket in plan.buckets], plan.pending) == (["kelp"], 5)
    report = await undo(world, journal, record)
    assert str(report) == "brought back the bucket kelp and 5 objects, 5 B"
    assert content(world) == before


async def test_what_is_newer_or_gone_for_good_is_said_and_left_alone(journal: DeleteJournal) -> None:
    world = StorageWorld()
    world.bucket("kelp")
    filled(world, count=3)
    await delete(world, journal, "gs://kelp/runs/")
    world.put("kelp", "runs/000", b"newer")
    world.soft = [entry for entry in world.soft if entry[0].name != "runs/001"]
    (record,) = past_deletes(journal)
    plan = await plan_undo(world, record)
    assert {(lost.name, lost.why) for lost in plan.lost} == {
        ("runs/000", NEWER_LIVE),
        ("runs/001", GONE_FOR_GOOD),
    }
    await undo(world, journal, record)
    assert content(world) == {"runs/000": b"newer", "runs/002": b"2"}


async def test_an_interrupted_delete_is_looked_up(journal: DeleteJournal) -> None:
    world = StorageWorld()
    world.bucket("kelp")
    before = filled(world)
    await delete(world, journal, "gs://kelp/runs/")
    (path,) = journal.folder.iterdir()
    lines = path.read_text().splitlines()
    begin = json.loads(lines[0]) | {"pid": 1, "started": 1.0}
    sends = [line for line in lines if '"event":"send"' in line]
    path.write_text("\n".join([json.dumps(begin), *sends[:2], sends[2][:40]]))
    # The third request was never sent: its line is torn.
    torn = {name for name, _, _ in json.loads(sends[2])["items"]}
    for name in torn:
        world.put("kelp", name, before[name])
    (record,) = past_deletes(journal)
    assert record.state is State.INTERRUPTED
    assert (await undo(world, journal, record)).restored == 200
    assert content(world) == before


async def test_failures_are_listed_and_stopping_is_told(journal: DeleteJournal) -> None:
    class Odd(StorageWorld):
        async def restore_object(
            self, bucket: str, name: str, generation: int, *, restore_token: str = ""
        ) -> ObjectInfo:
            if name == "runs/001":
                raise CloudError("Permission denied", kind=ErrorKind.DENIED)
            found = await super().restore_object(bucket, name, generation, restore_token=restore_token)
            if name == "runs/002":
                raise CloudError("The answer was lost", kind=ErrorKind.TIMEOUT, ambiguous=True)
            return found

    world = Odd()
    world.bucket("kelp")
    filled(world)
    await delete(world, journal, "gs://kelp/runs/")
    (record,) = past_deletes(journal)
    stop = asyncio.Event()
    report = await run_undo(
        world,
        await plan_undo(world, record),
        journal,
        target=TARGET,
        stop=stop,
        record=record,
        on_progress=lambda _: stop.set(),
    )
    assert [(lost.name, lost.why) for lost in report.failed] == [("runs/001", "Permission denied")]
    assert (report.restored, report.left, report.stopped) == (99, 130, True)


async def test_restoring_by_hand_takes_the_last_generation_below_a_prefix(journal: DeleteJournal) -> None:
    world = StorageWorld()
    world.bucket("kelp")
    world.put("kelp", "runs/000", b"older")
    before = filled(world, count=2)
    await delete(world, journal, "gs://kelp/runs/")
    plan = await plan_restore(world, [Aim(GcsUri("kelp", "runs/"))])
    assert plan.count == 2
    older = next(item for item, data in world.soft if data == b"older")
    both = await plan_restore(world, [Aim(older.uri, older), Aim(GcsUri("kelp", "runs/"))])
    assert (both.count, [lost.why for lost in both.lost]) == (2, [ONE_VERSION])
    await run_undo(world, plan, journal, target=TARGET, stop=asyncio.Event())
    assert content(world) == before
    assert len(past_deletes(journal)) == 1
