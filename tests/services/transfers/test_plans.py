"""Where things land and what they are called, before a byte is carried."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.services.transfer_world import TransferWorld
from tui.domain.errors import CloudError
from tui.domain.storage import GcsUri, ObjectInfo, Past
from tui.domain.transfers.overwrite import Overwrite
from tui.services.listing import list_all
from tui.services.transfers.disk import IS_FOLDER, NO_FOLDER, NOWHERE
from tui.services.transfers.downloads import DownloadPlan, Source, check_space, plan_download
from tui.services.transfers.uploads import UploadPlan, find_files, look_there, plan_upload

HOSTILE = (
    "runs/a/../../../up",
    "runs/a//etc/passwd",
    "runs/a/x\\y\n\x1b[31m",
    "runs/a/" + "n" * 1000,
    "runs/a/both",
    "runs/a/both/inner",
    "runs/a/Case",
    "runs/a/case",
    "runs/a/slash/",
)


async def planned(world: TransferWorld, folder: Path, *uris: str) -> DownloadPlan:
    sources = []
    for text in uris:
        uri = GcsUri.parse(text)
        items = await list_all(world, uri) if uri.is_prefix else (world.objects[uri.bucket, uri.name][0],)
        sources.append(Source(uri, items))
    return plan_download(sources, folder)


def bucket() -> TransferWorld:
    world = TransferWorld()
    world.bucket("kelp")
    return world


async def test_several_things_land_beside_each_other(tmp_path: Path) -> None:
    world = bucket()
    for name in ("runs/one/a", "runs/one/deep/b", "runs/two/a", "notes.txt", "runs/one/"):
        world.put("kelp", name, b"" if name.endswith("/") else b"xy")
    plan = await planned(
        world, tmp_path / "home", "gs://kelp/runs/one/", "gs://kelp/runs/two/", "gs://kelp/notes.txt"
    )
    home = tmp_path / "home"
    assert [str(landing.path.relative_to(home)) for landing in plan.landings] == [
        "one/a",
        "one/deep/b",
        "two/a",
        "notes.txt",
    ]
    assert plan.tops == (home / "one", home / "two", home / "notes.txt")
    assert (plan.target, plan.bytes, plan.existing) == (home, 8, 0)
    assert "1 empty or deleted entries" in plan.notes[0]
    assert not home.exists()
    check_space(plan)
    with pytest.raises(CloudError, match=r"8 B are needed, 1000 B are free .* 64\.0 MiB of them are left"):
        check_space(replace(plan, free=1000))


async def test_hostile_names_each_have_a_place_inside_and_a_note(tmp_path: Path) -> None:
    world = bucket()
    for name in HOSTILE:
        world.put("kelp", name, b"!")
    plan = await planned(world, tmp_path, "gs://kelp/runs/a/")
    paths = [landing.path for landing in plan.landings]
    assert len(set(paths)) == len(HOSTILE)
    for path in paths:
        assert path.is_relative_to(tmp_path / "a")
        assert ".." not in path.parts
        assert all(len(part.encode()) <= 255 for part in path.parts)
    notes = " ".join(plan.notes)
    for words in ("cannot stand as a file's name", "would fall on another's place", "differ only in case"):
        assert words in notes
    assert "\x1b" not in notes


async def test_links_in_the_target_are_noted_and_never_followed_outside(tmp_path: Path) -> None:
    world = bucket()
    world.put("kelp", "runs/a/deep/model.bin", b"x")
    world.put("kelp", "runs/a/link.txt", b"x")
    outside = tmp_path / "outside"
    outside.mkdir()
    home = tmp_path / "home"
    (home / "a").mkdir(parents=True)
    (home / "a" / "deep").symlink_to(outside)
    (home / "a" / "link.txt").symlink_to(outside / "mine")
    plan = await planned(world, home, "gs://kelp/runs/a/")
    assert [bool(landing.refused) for landing in plan.landings] == [True, False]
    assert (plan.bytes, plan.existing) == (1, 1)
    assert "(e.g. a/deep/model.bin) would land outside the folder, through a link in it" in plan.notes[0]
    assert "1 files that are there are links" in plan.notes[1]


async def test_what_stands_in_the_way_is_noted(tmp_path: Path) -> None:
    world = bucket()
    for name in ("file/x", "folder", "nothing/x"):
        world.put("kelp", f"runs/a/{name}", b"x")
    home = tmp_path / "a"
    (home / "folder").mkdir(parents=True)
    (home / "file").touch()
    (home / "nothing").symlink_to(home / "none")
    plan = await planned(world, tmp_path, "gs://kelp/runs/a/")
    assert [landing.refused for landing in plan.landings] == [NO_FOLDER, IS_FOLDER, NOWHERE]
    assert (plan.bytes, plan.existing) == (0, 0)
    assert [note.partition(")")[2] for note in plan.notes] == [
        " would need a folder where a file stands: not written.",
        " would be a file where a folder stands: not written.",
        " would need a folder where a link to nothing stands: not written.",
    ]
    with pytest.raises(CloudError, match="that is a link to nothing"):
        plan_download(plan.sources, home / "nothing" / "below")


def test_what_is_soft_deleted_is_left_out_and_a_file_is_no_folder(tmp_path: Path) -> None:
    gone = ObjectInfo("kelp", "a", 5, 1, past=Past(deleted_at=None))
    assert plan_download([Source(gone.uri, (gone,))], tmp_path).landings
    (tmp_path / "file").write_text("")
    with pytest.raises(CloudError, match="That folder cannot be used"):
        plan_download([Source(GcsUri("kelp", "a/"), ())], tmp_path / "file" / "below")


async def upload_plan(world: TransferWorld, path: Path, place: str) -> UploadPlan:
    uri = GcsUri.parse(place)
    found = find_files(path, uri)
    return plan_upload(found, uri, await look_there(world, found, uri))


async def test_a_folder_is_looked_through_and_what_cannot_go_is_said(tmp_path: Path) -> None:
    world = bucket()
    seen = world.put("kelp", "in/data/a.txt", b"old")
    data = tmp_path / "data"
    (data / "deep").mkdir(parents=True)
    (data / "a.txt").write_text("new")
    (data / "deep" / "b.txt").write_text("bb")
    (data / "deep" / "up").symlink_to(tmp_path)
    (data / "bad\nname").write_text("x")
    (data / "worse\udcff").write_text("x")
    (data / "deep" / "empty").mkdir()
    (data / ".model.pt.12345678.7.part").write_text("half")
    plan = await upload_plan(world, data, "gs://kelp/in/")
    assert [file.name for file in plan.files] == ["in/data/a.txt", "in/data/deep/b.txt"]
    assert (plan.bytes, plan.existing, plan.target) == (5, 1, GcsUri("kelp", "in/data/"))
    notes = " ".join(plan.notes)
    assert "1 (e.g. data/deep/up) skipped: links are not followed" in notes
    assert "cannot be uploaded: its name holds a line break" in notes
    assert "cannot be uploaded: its name is not valid UTF-8" in notes
    assert "1 (e.g. data/deep/empty) skipped: empty folders" in notes
    assert "1 unfinished downloads" in notes
    replaces = {rule: plan.transfer(rule, "x").files[0].replaces for rule in Overwrite}
    assert replaces[Overwrite.REPLACE] == replaces[Overwrite.DIFFERENT] == seen.generation
    assert replaces[Overwrite.BOTH] == 0
    assert plan.transfer(Overwrite.BOTH, "x").files[0].uri.name == "in/data/a~2.txt"


async def test_one_file_looks_only_at_its_own_name(tmp_path: Path) -> None:
    world = bucket()
    for name in ("in/a.txt", "in/a~2.txt", "in/b.txt"):
        world.put("kelp", name, b"old")
    (tmp_path / "a.txt").write_text("new")
    plan = await upload_plan(world, tmp_path / "a.txt", "gs://kelp/in/")
    assert plan.existing == 1
    assert plan.transfer(Overwrite.BOTH, "x").files[0].uri.name == "in/a~3.txt"
    with pytest.raises(CloudError, match="That cannot be uploaded"):
        find_files(tmp_path / "none", GcsUri("kelp"))
