"""The Storage pane's other sides: versions, deletes, sizes, the tree, who pays, and where jobs write."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.widgets import Button, Input, Static

from tests.panes.storage_app import go, opened, said, small_world
from tests.services.storage_world import UPDATED, StorageWorld
from tests.support import settle
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import Job, JobState
from tui.domain.storage import Bucket, GcsUri, Listing, ObjectDetail
from tui.panes.storage_bucket_form import BucketScreen, Choice
from tui.panes.storage_tree import StorageTree


@pytest.fixture
async def world() -> StorageWorld:
    return small_world()


async def test_earlier_and_deleted_generations(world: StorageWorld, tmp_path: Path) -> None:
    world.buckets["kelp"] = replace(world.buckets["kelp"], versioning=True)
    world.put("kelp", "runs/one/metrics.json", b"newer")
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/one/", "metrics.json")
        await pilot.press("v")
        await settle(pilot, lambda: app.names == ["metrics.json", "metrics.json", "model.pt"])
        assert "with earlier versions" in app.heading
        assert "live" in app.line(1)
        assert "└ metrics.json" in app.line(2)
        await pilot.press("j", "space", "space")
        rows = app.pane.targets()
        assert [(row.name, row.past) for row in rows] == [("metrics.json", True), ("model.pt", False)]
        await pilot.press("escape", "escape")
        await settle(pilot, lambda: app.names == ["metrics.json", "model.pt"])
        world.buckets["kelp"] = replace(world.buckets["kelp"], versioning=False)
        model = world.objects["kelp", "runs/one/model.pt"]
        world._delete("kelp", "runs/one/model.pt", model[0].generation, noncurrent=False)
        await pilot.press("D")
        await settle(pilot, lambda: app.names == ["model.pt"])
        assert "deleted, can be restored" in app.heading
        await settle(pilot, lambda: "goes for good" in app.side)
        await pilot.press("enter")
        await settle(pilot, lambda: "has to be restored" in app.note)
        assert not app.pane.check_action("download", ())
        await pilot.press("h")
        await settle(pilot, lambda: app.names == ["one/"] and "deleted" in app.heading)


async def test_deleted_buckets_stand_on_their_own(world: StorageWorld, tmp_path: Path) -> None:
    world.soft_buckets.append(Bucket("lost", "US", generation=7, deleted_at=UPDATED, gone_at=UPDATED))
    async with opened(world, tmp_path) as (app, pilot):
        await settle(pilot, lambda: "kelp" in app.names)
        await pilot.press("D")
        await settle(pilot, lambda: app.names == ["lost"])
        assert app.pane.targets()[0].past
        await settle(pilot, lambda: "goes for good" in app.side and "brings the bucket back" in app.side)
        app.pane.go(GcsUri("kelp"))
        await settle(pilot, lambda: "Nothing deleted can be restored" in app.state)


async def test_what_lies_below_is_counted(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        world.gate.clear()
        await pilot.press("C")
        await settle(pilot, lambda: "0 B…" in app.line(1) and app.pane.check_action("stop", ()))
        await pilot.press("c")
        world.gate.set()
        await settle(pilot, lambda: "0 B+" in app.line(1) and "stopped" in app.side)
        await pilot.press("asterisk", "C")
        await settle(pilot, lambda: "67 B" in app.line(1) and "1 B" in app.line(2))
        await settle(pilot, lambda: "2 marked, 68 B" in app.heading)
        await pilot.press("s")
        await settle(pilot, lambda: app.names == ["one/", "two/"])
        await pilot.press("S")
        await settle(pilot, lambda: app.names == ["two/", "one/"])
        assert "2 objects, 67 B" in app.side
        await pilot.press("r")
        await settle(pilot, lambda: "67 B" not in app.line(2))


async def test_all_metadata_after_a_rest(world: StorageWorld, tmp_path: Path) -> None:
    class Telling(StorageWorld):
        async def get_object(self, uri: GcsUri, *, generation: int = 0) -> ObjectDetail:
            found = await super().get_object(uri, generation=generation)
            raw = {"metageneration": "3", "metadata": {"epoch\x1b": "7"}, "componentCount": 2}
            return replace(found, raw=raw)

    telling = Telling()
    telling.buckets, telling.objects = world.buckets, world.objects
    async with opened(telling, tmp_path, (80, 24)) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/one/", "metrics.json")
        await settle(pilot, lambda: "metageneration" in app.side)
        for part in ("· epoch␛  ", "parts", "put together from parts"):
            assert part in app.side
        await pilot.press("i")
        await settle(pilot, lambda: app.query_one("#storage-side").display)
        await pilot.press("i", "j")
        await settle(pilot, lambda: app.on == "model.pt" and app.table.has_focus)
        await pilot.press("Y")
        await settle(
            pilot, lambda: app.clipboard == "https://storage.cloud.google.com/kelp/runs/one/model.pt"
        )


async def test_the_tree_follows_and_leads(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await pilot.press("t")
        tree = app.query_one(StorageTree)
        await settle(pilot, lambda: tree.cursor_node is not None and tree.cursor_node.data == app.pane.place)
        await settle(pilot, lambda: tree.cursor_node is not None and len(tree.cursor_node.children) == 2)
        assert app.table.has_focus
        await pilot.press("tab", "l", "enter")
        await settle(pilot, lambda: app.pane.place == GcsUri("kelp", "runs/one/"))
        assert tree.has_focus
        await pilot.press("tab")
        assert app.table.has_focus
        await pilot.press("t")
        await settle(pilot, lambda: not tree.parent.display if tree.parent else False)


async def test_keys_in_the_tree_are_about_its_node(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path, (160, 34)) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await pilot.press("t")
        tree = app.query_one(StorageTree)
        await settle(pilot, lambda: tree.cursor_node is not None and len(tree.cursor_node.children) == 2)
        await pilot.press("space", "tab", "j", "j")
        two = GcsUri("kelp", "runs/two/")
        await settle(pilot, lambda: [row.uri for row in app.pane.targets()] == [two])
        await settle(pilot, lambda: "gs://kelp/runs/two/" in app.side)
        assert app.pane.upload_place == app.pane.rule_place == two
        assert not app.pane.check_action("mark_all", ())
        await pilot.press("C")
        await settle(pilot, lambda: "gs://kelp/runs/two/: 1 object, 1 B" in app.note)
        await pilot.press("x")
        await settle(pilot, lambda: "gs://kelp/runs/two/" in app.question)
        assert "runs/one/" not in app.question
        await pilot.press("y")
        await settle(pilot, lambda: app.names == ["one/"] and tree.has_focus)
        await settle(pilot, lambda: tree.pointed == GcsUri("kelp", "runs/"))
        assert tree.cursor_node is not None
        assert [child.data for child in tree.cursor_node.children] == [GcsUri("kelp", "runs/one/")]
        await pilot.press("tab")
        assert [row.uri for row in app.pane.targets()] == [GcsUri("kelp", "runs/one/")]
        await pilot.press("tab")
        await go(app, pilot, "gs://kelp/", "README.txt")
        await settle(pilot, lambda: app.table.has_focus and not app.pane.at_tree)
        await pilot.resize_terminal(112, 34)
        await settle(pilot, lambda: not app.pane.has_class("wider"))
        await pilot.press("tab", "i")
        await settle(pilot, lambda: app.pane.reading and not tree.is_on_screen)
        assert not app.pane.check_action("other_list", ())
        assert app.pane.row != app.pane.table_row
        await pilot.press("i", "t")
        await settle(pilot, lambda: app.table.has_focus)
        assert app.pane.row == app.pane.table_row


async def test_who_pays_is_asked(world: StorageWorld, tmp_path: Path) -> None:
    world.buckets["kelp"] = replace(world.buckets["kelp"], requester_pays=True)
    async with opened(world, tmp_path) as (app, pilot):
        app.pane.browse(GcsUri("kelp", "runs/"))
        await settle(pilot, lambda: "P reads it at the expense of kelp-train" in app.state)
        assert not world.paid
        await pilot.press("P")
        await settle(pilot, lambda: app.names == ["one/", "two/"])
        assert world.paid == {"kelp"}
        assert not app.pane.check_action("pay", ())


async def test_an_object_that_may_be_read_but_not_found_by_listing(
    world: StorageWorld, tmp_path: Path
) -> None:
    class Closed(StorageWorld):
        async def list_objects(self, prefix: GcsUri, **_wishes: object) -> Listing:
            raise CloudError("Permission denied", str(prefix), kind=ErrorKind.DENIED)

    closed = Closed()
    closed.buckets, closed.objects = world.buckets, world.objects
    async with opened(closed, tmp_path) as (app, pilot):
        app.pane.browse(GcsUri("kelp", "runs/one/metrics.json"))
        await settle(pilot, lambda: app.names == ["metrics.json"])
        assert "only this object" in app.where
        app.pane.browse(GcsUri("kelp", "runs/one/none.json"))
        await settle(pilot, lambda: "Permission denied" in app.state and "whole path: press o" in app.state)


async def test_a_job_with_several_places_lets_one_choose(world: StorageWorld, tmp_path: Path) -> None:
    container = {"args": ["gsutil cp -r out gs://kelp/runs/two"]}
    raw = {"jobSpec": {"workerPoolSpecs": [{"containerSpec": container}]}}
    job = Job("j", "ana-lora", JobState.SUCCEEDED, output_uri="gs://kelp/runs/one", raw=raw)
    async with opened(world, tmp_path) as (app, pilot):
        app.pane.browse_job(job, GcsUri("kelp", "runs/one"))
        await settle(pilot, lambda: len(app.screen_stack) > 1)
        await pilot.press("down", "enter")
        await settle(pilot, lambda: app.pane.place == GcsUri("kelp", "runs/two/") and bool(app.names))
        await pilot.press("H")
        await settle(pilot, lambda: len(app.screen_stack) > 1)
        await pilot.press("enter")
        await settle(pilot, lambda: app.pane.place == GcsUri("kelp", "runs/") and "one/" in app.names)


async def test_names_that_are_both_and_slashes_without_names(world: StorageWorld, tmp_path: Path) -> None:
    for name in ("both", "both/in.txt", "/lead", "a//b", "tail/", "x" * 1_000 + "é" * 12):
        world.put("final", name, b"x")
    async with opened(world, tmp_path, (80, 24)) as (app, pilot):
        await go(app, pilot, "gs://final/", "both")
        assert app.table.keys[2] == "p:both/"
        assert app.names == ["/", "a/", "both/", "tail/", "both", "x" * 1_000 + "é" * 12]
        await pilot.press("enter")
        await settle(pilot, lambda: app.names == ["lead"] and app.where.startswith("gs://final//"))
        await pilot.press("h", "j", "enter")
        await settle(pilot, lambda: app.names == ["/"])
        await pilot.press("enter")
        await settle(pilot, lambda: app.names == ["b"])
        assert app.where.startswith("gs://final/a//")


async def test_a_bucket_is_made_with_what_was_chosen(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path, (80, 24)) as (app, pilot):
        await settle(pilot, lambda: "kelp" in app.names)
        await pilot.press("b")
        await settle(pilot, lambda: isinstance(app.screen, BucketScreen))
        form = app.screen
        name = form.query_one("#bucket-name", Input)
        assert name.value == "kelp-train-outputs"
        name.value = "Not A Name"
        await settle(pilot, lambda: form.query_one("#yes", Button).disabled)
        name.value = "kelp-new"
        place, about = form.query_one("#bucket-location", Input), form.query_one("#bucket-about", Static)
        place.value = "mars"
        await settle(pilot, lambda: "Cloud Storage has no location of this name" in said(about))
        place.value = "europe-west44"
        await settle(pilot, lambda: "not a location that is known here, perhaps a new one" in said(about))
        place.value = "eu"
        form.query_one("#bucket-class", Choice).focus()
        await pilot.press("right", "down", "l", "down", "right")
        for part in ("a single region", "30 days", "billed until deleted", "gone at once"):
            assert part in said(about)
        assert "--default-storage-class=NEARLINE --soft-delete-duration=0d" in said(about).replace("\n", " ")
        form.query_one("#yes", Button).focus()
        await pilot.press("enter")
        await settle(pilot, lambda: app.on == "kelp-new")
        made = world.buckets["kelp-new"]
        assert (made.location, made.storage_class, made.versioning) == ("EU", "NEARLINE", True)
        assert made.soft_delete_seconds == 0


async def test_a_bucket_name_that_is_taken_is_said(tmp_path: Path) -> None:
    class Taken(StorageWorld):
        async def create_bucket(self, name: str, location: str, **_wishes: object) -> Bucket:
            raise CloudError("The name is taken", f"{name} {location}", kind=ErrorKind.CONFLICT)

    world = Taken()
    async with opened(world, tmp_path) as (app, pilot):
        await settle(pilot, lambda: "b creates one" in app.state)
        await pilot.press("b")
        first = await settle(pilot, lambda: isinstance(app.screen, BucketScreen) and app.screen)
        await pilot.press("enter", "enter")
        await settle(pilot, lambda: isinstance(app.screen, BucketScreen) and app.screen is not first)
        form = app.screen
        about = form.query_one("#bucket-about", Static)
        await settle(pilot, lambda: "✗ this name is taken: bucket names are unique in all" in said(about))
        form.query_one("#bucket-name", Input).value = "kelp-own"
        await settle(pilot, lambda: "✗" not in said(about))
        world.bucket("kelp-own")
        await pilot.press("enter", "enter")
        await settle(pilot, lambda: "gs://kelp-own exists already" in app.note and app.on == "kelp-own")
