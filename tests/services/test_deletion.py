"""Exactly what was counted is deleted, and the account and the journal say what became of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from tests.services.storage_world import UNREACHABLE, StorageWorld
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import DeleteResult, GcsUri
from tui.services.deletion import DeleteJournal, DeleteReport, delete_plan
from tui.services.listing import plan_delete


@pytest.fixture
async def world() -> StorageWorld:
    world = StorageWorld()
    world.bucket("kelp")
    for number in range(250):
        world.put("kelp", f"runs/{number:03}", b"1234")
    world.put("kelp", "other", b"1")
    return world


@pytest.fixture
def journal(tmp_path: Path) -> DeleteJournal:
    return DeleteJournal(tmp_path / "journals")


def lines(journal: DeleteJournal) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.path.read_text().splitlines()]


async def run(
    world: StorageWorld, uri: str, journal: DeleteJournal, stop: asyncio.Event | None = None
) -> DeleteReport:
    plan = await plan_delete(world, GcsUri.parse(uri))
    return await delete_plan(world, plan, journal, project="p", stop=stop or asyncio.Event())


async def test_a_prefix_goes_and_nothing_else(world: StorageWorld, journal: DeleteJournal) -> None:
    report = await run(world, "gs://kelp/runs/", journal)
    assert report.complete
    assert str(report) == "deleted 250 objects, 1000 B"
    assert world.names("kelp") == ["other"]
    written = lines(journal)
    assert [line["event"] for line in written if line["event"] != "gone"] == [
        "begin",
        *["send"] * 3,
        "end",
    ]
    assert sum(line["event"] == "gone" for line in written) == 250
    assert len({line["delete"] for line in written}) == 1
    assert journal.path.stat().st_mode & 0o777 == 0o600


async def test_a_newer_version_stays_and_is_listed(world: StorageWorld, journal: DeleteJournal) -> None:
    plan = await plan_delete(world, GcsUri("kelp", "runs/"))
    world.put("kelp", "runs/007", b"newer")
    report = await delete_plan(world, plan, journal, project="p", stop=asyncio.Event())
    assert world.names("kelp") == ["other", "runs/007"]
    assert [item.name for item in report.failed] == ["runs/007"]
    assert not report.complete
    assert str(report).endswith("· 1 failed")
    assert [line["name"] for line in lines(journal) if line["event"] == "failed"] == ["runs/007"]


async def test_stopping_leaves_an_exact_account(world: StorageWorld, journal: DeleteJournal) -> None:
    stop = asyncio.Event()
    plan = await plan_delete(world, GcsUri("kelp", "runs/"))
    report = await delete_plan(world, plan, journal, project="p", stop=stop, on_progress=lambda _: stop.set())
    assert report.stopped
    assert (len(report.gone), report.left) == (100, 150)
    assert len(world.names("kelp")) == 151
    assert str(report) == "stopped: deleted 100 objects, 400 B · 150 not touched"


async def test_no_answer_means_unknown_and_ends_it(world: StorageWorld, journal: DeleteJournal) -> None:
    plan = await plan_delete(world, GcsUri("kelp", "runs/"))
    world.trouble = CloudError("The answer was lost", kind=ErrorKind.TIMEOUT, ambiguous=True)
    report = await delete_plan(world, plan, journal, project="p", stop=asyncio.Event())
    assert report.trouble is world.trouble
    assert (len(report.gone), len(report.failed), report.left) == (0, 100, 150)
    assert report.failed[0].error == "The answer was lost; it may be gone"
    assert [line["event"] for line in lines(journal)] == ["begin", "send", "no answer", "end"]


async def test_an_object_that_the_answer_forgets_is_not_called_gone(
    world: StorageWorld, journal: DeleteJournal
) -> None:
    class Forgetful(StorageWorld):
        async def delete_objects(self, bucket: str, items: object) -> tuple[DeleteResult, ...]:  # noqa: ARG002
            return ()

    forgetful = Forgetful()
    forgetful.buckets, forgetful.objects = world.buckets, world.objects
    report = await run(forgetful, "gs://kelp/runs/", journal)
    assert len(report.failed) == 250


async def test_a_bucket_goes_after_its_objects(world: StorageWorld, journal: DeleteJournal) -> None:
    report = await run(world, "gs://kelp", journal)
    assert report.bucket_gone
    assert not world.buckets
    assert str(report) == "deleted 251 objects, 1001 B and the bucket kelp"
    assert lines(journal)[-2]["event"] == "gone"


async def test_an_empty_bucket_goes(world: StorageWorld, journal: DeleteJournal) -> None:
    world.bucket("empty")
    assert str(await run(world, "gs://empty", journal)) == "deleted the bucket empty"


async def test_a_bucket_stays_when_an_object_stays(world: StorageWorld, journal: DeleteJournal) -> None:
    world.broken["other"] = "a retention policy holds it"
    report = await run(world, "gs://kelp", journal)
    assert not report.bucket_gone
    assert "kelp" in world.buckets
    assert report.failed[0].error == "a retention policy holds it"


async def test_a_bucket_that_filled_meanwhile_stays(world: StorageWorld, journal: DeleteJournal) -> None:
    plan = await plan_delete(world, GcsUri("kelp"))
    world.put("kelp", "new", b"1")
    report = await delete_plan(world, plan, journal, project="p", stop=asyncio.Event())
    assert report.trouble is not None
    assert world.names("kelp") == ["new"]
    assert lines(journal)[-2]["event"] == "failed"


async def test_without_a_journal_nothing_is_deleted(world: StorageWorld, tmp_path: Path) -> None:
    (tmp_path / "journals").write_text("in the way")
    report = await run(world, "gs://kelp/runs/", DeleteJournal(tmp_path / "journals"))
    assert report.trouble is not None
    assert report.trouble.kind is ErrorKind.LOCAL
    assert len(world.names("kelp")) == 251
    assert report.left == 250


async def test_unreachable_from_the_start(world: StorageWorld, journal: DeleteJournal) -> None:
    plan = await plan_delete(world, GcsUri("kelp", "runs/"))
    world.trouble = UNREACHABLE
    report = await delete_plan(world, plan, journal, project="p", stop=asyncio.Event())
    assert "may be gone" not in report.failed[0].error
    assert not report.gone
