"""Deletes in the Storage pane: seen counted, asked for, stoppable, with a true account and an undo."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input, Static

from tests.panes.storage_app import StorageApp, go, opened, said, small_world
from tests.services.storage_world import UNREACHABLE, UPDATED, StorageWorld
from tests.support import settle
from tui.domain.jobs import Job, JobState
from tui.domain.storage import Holds
from tui.panes.storage_cleanup import CleanupScreen, PreviewLines
from tui.panes.storage_undo import DeletesScreen
from tui.services.deletion.records import past_deletes
from tui.services.jobwatch import JobsSnapshot
from tui.widgets.table import ListTable
from tui.widgets.text_screen import TextScreen


@pytest.fixture
async def world() -> StorageWorld:
    return small_world()


async def asked(app: StorageApp, pilot: Pilot[object], *keys: str) -> str:
    await pilot.press(*keys)
    await settle(pilot, lambda: app.question, what="the question")
    return app.question


async def test_a_prefix_is_deleted_after_its_count_was_seen_and_comes_back(
    world: StorageWorld, tmp_path: Path
) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await pilot.press("space")
        question = await asked(app, pilot, "x")
        for part in (
            "Delete this prefix?",
            "gs://kelp/runs/one/",
            "2 objects, 67 B",
            "Can be undone for 7 days",
            "still billed for 7 days",
            "gcloud storage rm --recursive gs://kelp/runs/one/",
            "LOCAL",
        ):
            assert part in question
        assert "delete_objects" not in world.calls
        await pilot.press("y")
        await settle(pilot, lambda: "✓ deleted 2 objects, 67 B · Z undoes" in app.note)
        await settle(pilot, lambda: app.names == ["two/"] and "marked" not in app.heading)
        (record,) = past_deletes(app.pane.journal)
        assert record.gone == 2

        await pilot.press("Z")
        await settle(pilot, lambda: isinstance(app.screen, DeletesScreen))
        await pilot.press("enter")
        await settle(pilot, lambda: isinstance(app.screen, TextScreen))
        text = "\n".join(said(part) for part in app.screen.query(Static))
        assert "sent       2 gone" in text
        assert "gone           54 B  model.pt" in text
        await pilot.press("escape")
        await settle(pilot, lambda: isinstance(app.screen, DeletesScreen))
        question = await asked(app, pilot, "u")
        assert "2 objects, 67 B come back: 2 by soft delete" in question
        await pilot.press("y")
        await settle(pilot, lambda: "✓ brought back 2 objects, 67 B" in app.note)
        await settle(pilot, lambda: app.names == ["one/", "two/"])
        await pilot.press("Z")
        await settle(pilot, lambda: isinstance(app.screen, DeletesScreen))
        table = app.screen.query_one(ListTable)
        await settle(pilot, lambda: table.row_count and "is back" in str(table.get_row_at(0)[-1]))


async def test_no_means_no_and_counting_can_be_stopped(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/one/", "metrics.json")
        assert "Delete this object?" in await asked(app, pilot, "delete")
        await pilot.press("enter")
        await settle(pilot, lambda: "nothing was deleted" in app.note and not app.pane.busy)
        world.gate.clear()
        await pilot.press("x")
        await settle(pilot, lambda: "counting gs://kelp/runs/one/metrics.json" in app.note)
        assert app.pane.check_action("stop", ())
        assert not app.pane.check_action("delete", ())
        await pilot.press("escape")
        await settle(pilot, lambda: "stopped counting · nothing was deleted" in app.note)
        world.gate.set()
        world.trouble = UNREACHABLE
        await settle(pilot, lambda: not app.pane.busy)
        await pilot.press("x")
        await settle(pilot, lambda: "Nothing was deleted" in app.note)
        world.trouble = None
        assert "delete_objects" not in world.calls
        assert app.left == 0


async def test_buckets_and_many_objects_need_the_name_typed(world: StorageWorld, tmp_path: Path) -> None:
    for number in range(101):
        world.put("kelp", f"runs/many/{number}")
    async with opened(world, tmp_path) as (app, pilot):
        await settle(pilot, lambda: "final" in app.names)
        question = await asked(app, pilot, "x")
        assert "The bucket is empty" in question
        assert "Cannot be undone" in question
        await pilot.press("y")
        assert app.question
        app.screen.query_one(Input).value = "gs://final"
        await pilot.press("enter")
        told = app.screen.query_one("#dialog-ask", Static)
        await settle(pilot, lambda: said(told) == "That is something else. Type final to go on:")
        app.screen.query_one(Input).value = "final"
        await settle(pilot, lambda: not app.screen.query_one("#yes", Button).disabled)
        assert said(told) == "Type final to go on:"
        await pilot.press("enter", "enter")
        await settle(pilot, lambda: app.names == ["kelp"])
        assert "deleted the bucket final" in app.note
        await go(app, pilot, "gs://kelp/runs/", "many/")
        await asked(app, pilot, "x")
        assert app.screen.query_one("#yes", Button).disabled
        await pilot.press("m", "a", "n", "y")
        await settle(pilot, lambda: not app.screen.query_one("#yes", Button).disabled)
        await pilot.press("enter", "enter")
        await settle(pilot, lambda: "✓ deleted 101 objects" in app.note)


async def test_marked_rows_go_by_one_plan_and_failures_are_tried_again(
    world: StorageWorld, tmp_path: Path
) -> None:
    async with opened(world, tmp_path, (80, 24)) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await pilot.press("asterisk")
        question = await asked(app, pilot, "x")
        assert "Delete these 2?" in question
        assert "3 objects, 68 B" in question
        world.put("kelp", "runs/one/model.pt", b"newer")
        world.broken["runs/one/metrics.json"] = "Permission denied"
        await pilot.press("y")
        await settle(pilot, lambda: "✗ deleted 1 object, 1 B · 1 failed · 1 replaced meanwhile" in app.note)
        await settle(pilot, lambda: "✗ runs/one/model.pt: it has been replaced meanwhile" in app.side)
        assert "✗ runs/one/metrics.json: Permission denied" in app.side
        world.broken.clear()
        question = await asked(app, pilot, "escape", "a")
        assert "1 object, 13 B that could not be deleted before" in question
        await pilot.press("y")
        await settle(pilot, lambda: "✓ deleted 1 object, 13 B" in app.note)
        await settle(pilot, lambda: not app.pane.reading, what="the account that does not hold any more")
        assert world.names("kelp") == ["README.txt", "runs/one/model.pt"]
        assert not app.pane.check_action("again", ())


async def test_what_holds_it_is_said_beforehand(world: StorageWorld, tmp_path: Path) -> None:
    item, data = world.objects["kelp", "runs/one/model.pt"]
    world.objects["kelp", "runs/one/model.pt"] = replace(item, holds=Holds(temporary=True)), data
    world.buckets["kelp"] = replace(
        world.buckets["kelp"], versioning=True, retention_seconds=86_400, retention_locked=True
    )
    world.put("kelp", "runs/one/metrics.json", b"again")
    job = Job(
        "projects/1/locations/r/customJobs/1",
        "ana-lora",
        JobState.RUNNING,
        raw={"jobSpec": {"workerPoolSpecs": [{"containerSpec": {"args": ["--out=gs://kelp/runs/one"]}}]}},
    )
    async with opened(world, tmp_path) as (app, pilot):
        app.pane.jobs = JobsSnapshot((job,))
        await go(app, pilot, "gs://kelp/runs/", "one/")
        question = await asked(app, pilot, "x")
        for part in (
            "1 object, 5 B",
            "⚠ 1 cannot be deleted and is left out: a temporary hold (such as runs/one/model.pt)",
            "keeps every object for 1 day after its creation; it is locked",
            "1 earlier version, 13 B, stay and are billed; v takes them too.",
            "That frees nothing",
            "⚠ The job ana-lora is running, and its spec names this place.",
        ):
            assert part in question
        await pilot.press("v")
        await settle(pilot, lambda: "With it goes 1 earlier version, 13 B." in app.question)
        await pilot.press("y")
        await settle(pilot, lambda: "✓ deleted 2 objects, 18 B" in app.note)
        assert not world.noncurrent


async def test_a_rule_shows_what_goes_before_anything_is_asked(world: StorageWorld, tmp_path: Path) -> None:
    for step in (500, 1000, 1500):
        world.put("kelp", f"runs/one/checkpoint-{step}/model.pt", b"x" * step)
    async with opened(world, tmp_path, (80, 24)) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await pilot.press("K")
        await settle(pilot, lambda: isinstance(app.screen, CleanupScreen))

        def told() -> str:
            return said(app.screen.query_one("#cleanup-count", Static))

        assert "5 objects, 3.0 KiB here" in told()
        await pilot.press("0")
        await settle(pilot, lambda: "✗ Keep newest checkpoints: how many" in told())
        await pilot.press("backspace", "1")
        await settle(pilot, lambda: "2 objects, 1.5 KiB go, 3 stay · checkpoints: 2 go, 1 stay" in told())
        await pilot.press("tab", "tab", *"[x")
        await settle(pilot, lambda: "“[” is not closed, at character 1" in told())
        assert not app.screen.query_one(PreviewLines).virtual_size.height
        await pilot.press("backspace", "backspace", *"**/*500/*")
        await settle(pilot, lambda: "1 object, 500 B go, 4 stay" in told())
        question = await asked(app, pilot, "enter")
        assert "By the rule: named **/*500/*, all but the newest 1 checkpoint of each run" in question
        assert "4 objects stay" in question
        await pilot.press("y")
        await settle(pilot, lambda: "✓ deleted 1 object, 500 B" in app.note)
        assert "runs/one/checkpoint-500/model.pt" not in world.names("kelp")


async def test_soft_deleted_rows_are_restored(world: StorageWorld, tmp_path: Path) -> None:
    world.bucket("gone")
    world.put("gone", "a/b", b"1")
    async with opened(world, tmp_path) as (app, pilot):
        await settle(pilot, lambda: "gone" in app.names)
        await asked(app, pilot, "j", "x")
        assert "The bucket gs://gone itself is deleted too." in app.question
        await pilot.press(*"gone", "enter", "enter")
        await settle(pilot, lambda: "deleted 1 object, 1 B and the bucket gone" in app.note)
        await settle(pilot, lambda: "gone" not in app.names)
        await pilot.press("D")
        await settle(pilot, lambda: app.names == ["gone"])
        question = await asked(app, pilot, "R")
        assert "The bucket gs://gone comes back first." in question
        await pilot.press("y")
        await settle(pilot, lambda: "1 object, 1 B come back" in app.question)
        await pilot.press("y")
        await settle(pilot, lambda: "✓ brought back 1 object, 1 B" in app.note)
        assert world.objects["gone", "a/b"][0].updated == UPDATED
        world.put("gone", "a/b", b"2")
        await pilot.press("D")
        await go(app, pilot, "gs://gone", "a/")
        await pilot.press("D")
        await settle(pilot, lambda: "a/" in app.names and bool(app.pane.check_action("restore", ())))
        await pilot.press("R")
        await settle(pilot, lambda: "nothing can come back" in app.note)
        await settle(pilot, lambda: "a newer object of that name is there, and is left alone" in app.side)
        model = world.objects["kelp", "runs/one/model.pt"]
        world._delete("kelp", "runs/one/model.pt", model[0].generation, noncurrent=False)
        await go(app, pilot, "gs://kelp/runs/one/", "metrics.json")
        await pilot.press("D")
        await settle(pilot, lambda: app.names == ["model.pt"])
        await asked(app, pilot, "space", "R")
        assert "1 marked" in app.heading
        await pilot.press("y")
        await settle(pilot, lambda: "the deleted copies stay listed" in app.note)
        await settle(pilot, lambda: "marked" not in app.heading)


async def test_an_earlier_version_is_named_as_such(world: StorageWorld, tmp_path: Path) -> None:
    world.bucket("kelp", versioning=True, soft_delete_days=0)
    for text in (b"one", b"two"):
        world.put("kelp", "a.txt", text)
    (item, _), *_ = world.noncurrent
    async with opened(world, tmp_path, (80, 24)) as (app, pilot):
        await go(app, pilot, "gs://kelp", "a.txt")
        while app.on != "a.txt":
            await pilot.press("j")
        await asked(app, pilot, "x")
        await pilot.press("v")
        await settle(pilot, lambda: "With it goes 1 earlier version" in app.question)
        await settle(pilot, lambda: app.screen.query_one("#dialog-buttons").has_class("tight"))
        room = app.screen.query_one("#dialog").content_region
        await settle(pilot, lambda: app.screen.query_one("#yes").region.right <= room.right)
        await pilot.press("n")
        await settle(pilot, lambda: "nothing was deleted" in app.note and not app.pane.busy)
        await pilot.press("v")
        await settle(pilot, lambda: app.names.count("a.txt") == 2)
        while app.pane.row is None or app.pane.row.item != item:
            await pilot.press("j")
        question = await asked(app, pilot, "R")
        for part in (
            "Make it live again?",
            f"generation {item.generation}",
            "A copy takes the place of the live object, kept as an earlier version: nothing is lost.",
            f"gcloud storage cp --if-generation-match={world.objects['kelp', 'a.txt'][0].generation} ",
        ):
            assert part in question
        await pilot.press("y")
        await settle(pilot, lambda: "✓ brought back 1 object, 3 B" in app.note and not app.pane.busy)
        assert world.objects["kelp", "a.txt"][1] == b"one"
        await settle(pilot, lambda: app.names.count("a.txt") == 3)
        while app.pane.row is None or app.pane.row.item != item:
            await pilot.press("j")
        question = await asked(app, pilot, "x")
        for part in (
            "Delete this earlier version?",
            f"gs://kelp/a.txt\ngeneration {item.generation}, written ",
            "what is live under its name stays",
            "Cannot be undone",
            f"gcloud storage rm 'gs://kelp/a.txt#{item.generation}'",
        ):
            assert part in question
        await pilot.press("y")
        await settle(pilot, lambda: app.note == "✓ deleted 1 object, 3 B")
