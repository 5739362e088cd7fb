"""Exactly what was counted is deleted, and the account and the journal say what became of it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.services.storage_world import TARGET, UNREACHABLE, StorageWorld
from tui.domain.deleteplan import DeletePlan
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import DeleteResult, GcsUri, Holds
from tui.services.deleteplans import Aim, plan_delete
from tui.services.deletion import run as running
from tui.services.deletion import words
from tui.services.deletion.journal import DeleteJournal
from tui.services.deletion.records import Outcome, State, fates, past_deletes
from tui.services.deletion.run import DeleteReport, delete_plan


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "PAUSES", (0.0, 0.0, 0.0))


@pytest.fixture
async def world() -> StorageWorld:
    world = StorageWorld()
    world.bucket("kelp")
    for number in range(950):
        world.put("kelp", f"runs/{number:03}", b"1234")
    world.put("kelp", "other", b"1")
    return world


@pytest.fixture
def journal(tmp_path: Path) -> DeleteJournal:
    return DeleteJournal(tmp_path / "journals")


def lines(journal: DeleteJournal) -> list[dict[str, Any]]:
    (path,) = journal.folder.iterdir()
    return [json.loads(line) for line in path.read_text().splitlines()]


async def planned(world: StorageWorld, *uris: str) -> DeletePlan:
    return await plan_delete(world, [Aim(GcsUri.parse(uri)) for uri in uris])


async def run(
    world: StorageWorld, plan: DeletePlan, journal: DeleteJournal, stop: asyncio.Event | None = None
) -> DeleteReport:
    report = await delete_plan(world, plan, journal, target=TARGET, stop=stop or asyncio.Event())
    groups = (report.gone, report.absent, len(report.kept), len(report.failed), len(report.unknown))
    assert sum(groups) + report.left >= plan.count
    return report


async def test_a_prefix_goes_and_nothing_else(world: StorageWorld, journal: DeleteJournal) -> None:
    report = await run(world, await planned(world, "gs://kelp/runs/"), journal)
    assert report.complete
    assert str(report) == "deleted 950 objects, 3.7 KiB"
    assert world.names("kelp") == ["other"]
    written = lines(journal)
    assert [line["event"] for line in (written[0], written[-1])] == ["begin", "end"]
    assert sorted(line["event"] for line in written[1:-1]) == ["done"] * 10 + ["send"] * 10
    (path,) = journal.folder.iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    (record,) = past_deletes(journal)
    assert (record.state, record.gone, record.count) == (State.COMPLETE, 950, 950)
    assert record.undo_until is not None
    assert {fate.outcome for fate in fates(record.path)} == {Outcome.GONE}


async def test_newer_held_and_vanished_ones_are_told_apart(
    world: StorageWorld, journal: DeleteJournal
) -> None:
    plan = await planned(world, "gs://kelp/runs/")
    world.put("kelp", "runs/007", b"newer")
    del world.objects["kelp", "runs/008"]
    world.broken["runs/009"] = "a hold was set meanwhile"
    report = await run(world, plan, journal)
    assert world.names("kelp") == ["other", "runs/007", "runs/009"]
    assert [item.name for item in report.kept] == ["runs/007"]
    assert [(item.name, item.reason) for item in report.failed] == [("runs/009", "a hold was set meanwhile")]
    assert str(report).endswith(
        "deleted 947 objects, 3.7 KiB · 1 gone already · 1 failed · 1 replaced meanwhile, kept"
    )
    (record,) = past_deletes(journal)
    outcomes = {fate.name: fate.outcome for fate in fates(record.path) if fate.outcome is not Outcome.GONE}
    assert outcomes == {
        "runs/007": Outcome.KEPT,
        "runs/008": Outcome.ABSENT,
        "runs/009": Outcome.FAILED,
    }
    world.broken.clear()
    again = report.again()
    assert again is not None
    assert [item.name for request in again.requests() for item in request.items] == ["runs/009"]
    assert (await run(world, again, journal)).complete


async def test_stopping_leaves_an_exact_account(world: StorageWorld, journal: DeleteJournal) -> None:
    stop = asyncio.Event()
    plan = await planned(world, "gs://kelp/runs/")
    report = await delete_plan(
        world, plan, journal, target=TARGET, stop=stop, on_progress=lambda _: stop.set()
    )
    assert report.stopped
    assert report.gone == 950 - report.left == 951 - len(world.names("kelp"))
    assert str(report).startswith("stopped: deleted ")
    assert report.again() is None
    assert past_deletes(journal)[0].state is State.STOPPED


async def test_a_lost_answer_is_asked_again_and_counted_rightly(
    world: StorageWorld, journal: DeleteJournal
) -> None:
    class Losing(StorageWorld):
        lost = 0

        async def delete_objects(
            self, bucket: str, items: Any, *, noncurrent: bool = False
        ) -> tuple[DeleteResult, ...]:
            results = await super().delete_objects(bucket, items, noncurrent=noncurrent)
            self.lost += 1
            if self.lost % 2:
                raise CloudError(
                    "The answer was lost", kind=ErrorKind.TIMEOUT, retryable=True, ambiguous=True
                )
            return results

    losing = Losing()
    losing.buckets, losing.objects = world.buckets, world.objects
    report = await run(losing, await planned(losing, "gs://kelp/runs/"), journal)
    assert report.complete
    assert report.gone == 950


async def test_single_objects_that_are_told_to_come_later_are_tried_again(
    world: StorageWorld, journal: DeleteJournal
) -> None:
    class Busy(StorageWorld):
        sent: list[int]

        async def delete_objects(
            self, bucket: str, items: Any, *, noncurrent: bool = False
        ) -> tuple[DeleteResult, ...]:
            self.sent.append(len(items))
            done = await super().delete_objects(bucket, items[::2], noncurrent=noncurrent)
            return (*done, *(DeleteResult(key[0], key[1], "Too busy", retryable=True) for key in items[1::2]))

    busy = Busy()
    busy.sent, busy.buckets, busy.objects = [], world.buckets, world.objects
    plan = await planned(busy, "gs://kelp/runs/")
    seen: list[int] = []
    report = await delete_plan(
        busy,
        plan,
        journal,
        target=TARGET,
        stop=asyncio.Event(),
        on_progress=lambda each: seen.append(each.done),
    )
    assert sorted(busy.sent, reverse=True)[::10] == [100, 50, 25, 12]
    assert len(report.failed) == len(busy.objects) - 1 == 9 * 6 + 3
    assert (report.gone, seen[-1]) == (950 - 57, 950)
    assert report.failed[0].reason == "Too busy"


async def test_no_answer_means_unknown_and_ends_it(world: StorageWorld, journal: DeleteJournal) -> None:
    plan = await planned(world, "gs://kelp/runs/")
    world.trouble = CloudError("The answer was lost", kind=ErrorKind.TIMEOUT, ambiguous=True)
    report = await run(world, plan, journal)
    assert report.trouble is world.trouble
    assert (report.gone, len(report.unknown), report.left) == (0, 400, 550)
    assert report.unknown[0].reason == "The answer was lost; it may be gone"
    (record,) = past_deletes(journal)
    assert record.state is State.ENDED_EARLY
    assert {fate.outcome for fate in fates(record.path)} == {Outcome.UNKNOWN}
    again = report.again()
    assert again is not None
    assert again.count == 950
    world.trouble = None
    assert (await run(world, again, journal)).complete


async def test_an_object_that_the_answer_forgets_is_not_called_gone(
    world: StorageWorld, journal: DeleteJournal
) -> None:
    class Forgetful(StorageWorld):
        async def delete_objects(
            self,
            bucket: str,
            items: object,
            *,
            noncurrent: bool = False,
        ) -> tuple[DeleteResult, ...]:
            del bucket, items, noncurrent
            return ()

    forgetful = Forgetful()
    forgetful.buckets, forgetful.objects = world.buckets, world.objects
    report = await run(forgetful, await planned(forgetful, "gs://kelp/runs/"), journal)
    assert len(report.unknown) == 950


async def test_a_bucket_goes_after_its_objects(world: StorageWorld, journal: DeleteJournal) -> None:
    report = await run(world, await planned(world, "gs://kelp"), journal)
    assert report.buckets_gone == ["kelp"]
    assert not world.buckets
    assert str(report) == "deleted 951 objects, 3.7 KiB and the bucket kelp"


async def test_several_places_go_by_one_plan(world: StorageWorld, journal: DeleteJournal) -> None:
    world.bucket("empty")
    plan = await plan_delete(
        world,
        [
            Aim(GcsUri("empty")),
            Aim(GcsUri("kelp", "runs/")),
            Aim(GcsUri("kelp", "runs/00")),
            Aim(GcsUri("kelp", "other"), world.objects["kelp", "other"][0]),
            Aim(GcsUri("kelp", "runs/001"), world.objects["kelp", "runs/001"][0]),
        ],
    )
    assert (plan.count, plan.must_type, plan.buckets) == (951, "951 objects", ("empty",))
    assert str(await run(world, plan, journal)) == "deleted 951 objects, 3.7 KiB and the bucket empty"


async def test_a_bucket_stays_when_an_object_stays(world: StorageWorld, journal: DeleteJournal) -> None:
    plan = await planned(world, "gs://kelp")
    world.put("kelp", "new", b"1")
    report = await run(world, plan, journal)
    assert report.trouble is not None
    assert world.names("kelp") == ["new"]
    world.broken["new"] = "a retention policy holds it"
    report = await run(world, await planned(world, "gs://kelp"), journal)
    assert not report.buckets_gone
    assert report.failed[0].reason == "a retention policy holds it"


async def test_what_is_held_is_left_out_beforehand(world: StorageWorld, journal: DeleteJournal) -> None:
    later = datetime.now(UTC) + timedelta(days=3)
    for name, holds in {
        "runs/000": Holds(temporary=True),
        "runs/001": Holds(event_based=True),
        "runs/002": Holds(retained_until=later),
        "runs/003": Holds(retained_until=datetime(2026, 1, 1, tzinfo=UTC)),
    }.items():
        item, data = world.objects["kelp", name]
        world.objects["kelp", name] = replace(item, holds=holds), data
    plan = await planned(world, "gs://kelp")
    assert {held.why: held.until for held in plan.held} == {
        "a temporary hold": None,
        "an event-based hold": None,
        "a retention period": later,
    }
    assert (plan.count, plan.buckets) == (948, ())
    assert (await run(world, plan, journal)).complete
    assert world.names("kelp") == ["runs/000", "runs/001", "runs/002"]


async def test_folders_of_a_hierarchical_bucket_go_too(world: StorageWorld, journal: DeleteJournal) -> None:
    world.buckets["kelp"] = replace(world.buckets["kelp"], hierarchical=True)
    world.folders["kelp"] = ["runs/", "runs/empty/"]
    report = await run(world, await planned(world, "gs://kelp/runs/"), journal)
    assert str(report) == "deleted 950 objects, 3.7 KiB and 2 folders"
    assert not world.folders["kelp"]


async def test_folders_that_trouble_left_are_tried_again(world: StorageWorld, journal: DeleteJournal) -> None:
    world.buckets["kelp"] = replace(world.buckets["kelp"], hierarchical=True)
    world.folders["kelp"] = ["runs/", *(f"runs/{number}/" for number in range(150))]
    world.managed = ["runs/", "runs/7/"]
    plan = await planned(world, "gs://kelp/runs/")
    told = " ".join(plan.undo_lines(datetime.now(UTC)))
    assert "An undo makes its folders again" in told
    assert "Managed folders and their access rules go for good" in told
    world.trouble = UNREACHABLE
    report = await run(world, plan, journal)
    again = report.again()
    assert again is not None
    assert (again.count, again.folders, again.managed, report.complete) == (950, 151, 2, False)
    world.trouble = None
    stop = asyncio.Event()

    def stop_early(report: DeleteReport) -> None:
        if report.folders_gone > 2:
            stop.set()

    stopped = await delete_plan(world, again, journal, target=TARGET, stop=stop, on_progress=stop_early)
    assert (world.managed, world.folders["kelp"]) == ([], ["runs/", *(f"runs/{n}/" for n in range(100, 150))])
    assert (stopped.stopped, stopped.complete, stopped.folders_gone) == (True, False, 102)
    assert str(stopped).endswith("51 folders not touched")


async def test_managed_folders_that_may_not_be_seen_are_told(world: StorageWorld) -> None:
    world.managed = None
    plan = await planned(world, "gs://kelp/runs/")
    assert "storage.managedFolders.list" in words.left_out(plan)[0]


async def test_without_a_journal_nothing_is_deleted(world: StorageWorld, tmp_path: Path) -> None:
    (tmp_path / "journals").write_text("in the way")
    plan = await planned(world, "gs://kelp/runs/")
    report = await run(world, plan, DeleteJournal(tmp_path / "journals"))
    assert report.trouble is not None
    assert report.trouble.kind is ErrorKind.LOCAL
    assert len(world.names("kelp")) == 951
    assert report.left == 950


async def test_a_full_disk_ends_it_before_the_next_request(
    world: StorageWorld, journal: DeleteJournal, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os  # noqa: PLC0415

    real, room = os.write, 20_000

    def write(descriptor: int, data: bytes) -> int:
        nonlocal room
        if room <= 0:
            raise OSError(28, "No space left on device")
        taken = min(len(data), room)
        room -= taken
        return real(descriptor, data[:taken])

    plan = await planned(world, "gs://kelp/runs/")
    monkeypatch.setattr(os, "write", write)
    report = await run(world, plan, journal)
    monkeypatch.undo()
    assert report.trouble is not None
    assert report.trouble.kind is ErrorKind.LOCAL
    written = {item[0] for line in lines(journal) if line["event"] == "send" for item in line["items"]}
    assert {f"runs/{number:03}" for number in range(950)} - set(world.names("kelp")) == written
    assert past_deletes(journal)[0].state is State.RUNNING  # this very process has not ended


async def test_unreachable_from_the_start(world: StorageWorld, journal: DeleteJournal) -> None:
    plan = await planned(world, "gs://kelp/runs/")
    world.trouble = UNREACHABLE
    report = await run(world, plan, journal)
    assert "may be gone" not in report.failed[0].reason
    assert not report.gone
