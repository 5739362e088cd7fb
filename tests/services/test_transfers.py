"""Downloads land inside the chosen folder, whole or not at all, and every failure is listed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from tests.services.storage_world import StorageWorld
from tests.support import wait_for
from tui.domain.errors import CloudError
from tui.domain.storage import GcsUri
from tui.services.listing import list_all
from tui.services.transfers import (
    DownloadPlan,
    DownloadReport,
    check_space,
    download_all,
    host_path,
    plan_download,
)


@pytest.fixture
async def world() -> StorageWorld:
    world = StorageWorld()
    world.bucket("kelp")
    world.put("kelp", "runs/a/metrics.json", b"{}")
    world.put("kelp", "runs/a/deep/model.bin", b"x" * 100)
    world.put("kelp", "runs/a/", b"")
    return world


async def planned(world: StorageWorld, uri: str, folder: Path) -> DownloadPlan:
    place = GcsUri.parse(uri)
    items = await list_all(world, place)
    return plan_download(place, items, folder)


async def run(world: StorageWorld, plan: DownloadPlan, *, replace_: bool = False) -> DownloadReport:
    return await download_all(world, plan, replace=replace_, stop=asyncio.Event())


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_a_prefix_becomes_a_folder(world: StorageWorld, tmp_path: Path) -> None:
    plan = await planned(world, "gs://kelp/runs/a/", tmp_path / "home")
    assert (plan.bytes, plan.existing, plan.target) == (102, 0, tmp_path / "home" / "a")
    seen: list[int] = []
    report = await download_all(
        world, plan, replace=False, stop=asyncio.Event(), on_progress=lambda now: seen.append(now.bytes_done)
    )
    assert report.complete
    assert files(tmp_path / "home") == {"a/metrics.json": b"{}", "a/deep/model.bin": b"x" * 100}
    assert seen[-1] == report.bytes_done == 102
    assert str(report) == "downloaded 2 objects, 102 B"
    assert host_path(plan.target).endswith(f":{plan.target}")


async def test_an_object_becomes_a_file(world: StorageWorld, tmp_path: Path) -> None:
    item = world.objects["kelp", "runs/a/metrics.json"][0]
    plan = plan_download(item.uri, [item], tmp_path)
    assert plan.target == tmp_path / "metrics.json"
    await run(world, plan)
    assert files(tmp_path) == {"metrics.json": b"{}"}


async def test_a_bucket_becomes_a_folder(world: StorageWorld, tmp_path: Path) -> None:
    await run(world, await planned(world, "gs://kelp", tmp_path))
    assert set(files(tmp_path)) == {"kelp/runs/a/metrics.json", "kelp/runs/a/deep/model.bin"}


async def test_hostile_names_stay_inside(world: StorageWorld, tmp_path: Path) -> None:
    for name in ("runs/a/../../../up", "runs/a//etc/passwd", "runs/a/x\\y\n", "runs/a/" + "n" * 900):
        world.put("kelp", name, b"!")
    home = tmp_path / "one" / "home"
    report = await run(world, await planned(world, "gs://kelp/runs/a/", home))
    assert report.complete
    assert all(name.startswith("one/home/a/") for name in files(tmp_path))
    assert len(files(home)) == 6


async def test_a_link_does_not_lead_outside(world: StorageWorld, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    home = tmp_path / "home"
    (home / "a").mkdir(parents=True)
    (home / "a" / "deep").symlink_to(outside)
    report = await run(world, await planned(world, "gs://kelp/runs/a/", home))
    assert not files(outside)
    assert [reason for _, reason in report.failed] == [
        "a link there leads outside the chosen folder: not written"
    ]
    assert len(report.done) == 1


async def test_files_that_are_there_are_kept_unless_told(world: StorageWorld, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "metrics.json").write_text("mine")
    plan = await planned(world, "gs://kelp/runs/a/", tmp_path)
    assert plan.existing == 1
    report = await run(world, plan)
    assert (tmp_path / "a" / "metrics.json").read_text() == "mine"
    assert report.complete
    assert "1 kept as they were" in str(report)
    await run(world, plan, replace_=True)
    assert (tmp_path / "a" / "metrics.json").read_text() == "{}"


async def test_a_folder_in_the_way_is_a_failure(world: StorageWorld, tmp_path: Path) -> None:
    (tmp_path / "a" / "metrics.json").mkdir(parents=True)
    report = await run(world, await planned(world, "gs://kelp/runs/a/", tmp_path), replace_=True)
    assert [reason for _, reason in report.failed] == ["a folder of that name is there already"]


async def test_one_failure_does_not_stop_the_rest(world: StorageWorld, tmp_path: Path) -> None:
    world.broken["runs/a/metrics.json"] = "denied"
    report = await run(world, await planned(world, "gs://kelp/runs/a/", tmp_path))
    assert [(landing.item.name, reason) for landing, reason in report.failed] == [
        ("runs/a/metrics.json", "denied")
    ]
    assert str(report) == "downloaded 1 object, 100 B · 1 failed"
    assert not report.complete


async def test_stopping_says_what_was_not_written(world: StorageWorld, tmp_path: Path) -> None:
    plan = await planned(world, "gs://kelp/runs/a/", tmp_path)
    world.gate.clear()
    stop = asyncio.Event()
    task = asyncio.create_task(download_all(world, plan, replace=False, stop=stop))
    await wait_for(lambda: world.calls.count("download") == 2, what="both downloads under way")
    stop.set()
    report = await task
    assert report.stopped
    assert (report.left, len(report.done)) == (2, 0)
    assert not files(tmp_path)


async def test_what_does_not_fit_is_refused(world: StorageWorld, tmp_path: Path) -> None:
    plan = await planned(world, "gs://kelp/runs/a/", tmp_path)
    check_space(plan)
    with pytest.raises(CloudError, match="Not enough room"):
        check_space(replace(plan, free=1000))


def test_a_file_for_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CloudError, match="That folder cannot be used"):
        plan_download(GcsUri("kelp", "a/"), [], tmp_path / "file" / "below")
