"""What the Storage pane does to things: never unasked, and with a true account afterwards."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Button, Input

from tests.panes.storage_app import StorageApp, go, opened, small_world
from tests.services.storage_world import UNREACHABLE, StorageWorld
from tests.support import settle
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import Job, JobState
from tui.domain.storage import Bucket
from tui.services.jobwatch import JobsSnapshot


@pytest.fixture
async def world() -> StorageWorld:
    return small_world()


async def asked(app: StorageApp, pilot: Pilot[object], *keys: str) -> str:
    await pilot.press(*keys)
    await settle(pilot, lambda: app.question, what="the question")
    return app.question


async def test_a_prefix_is_deleted_after_its_count_was_seen(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        question = await asked(app, pilot, "x")
        for part in (
            "Delete this prefix?",
            "gs://kelp/runs/one/",
            "2 objects, 67 B",
            "Can be undone for 7 days",
            "gcloud storage rm --recursive gs://kelp/runs/one/",
            "LOCAL",
        ):
            assert part in question
        assert "delete_objects" not in world.calls
        await pilot.press("y")
        await settle(pilot, lambda: "✓ deleted 2 objects, 67 B" in app.note)
        await settle(pilot, lambda: app.names == ["two/"])
        journal = app.pane.options.paths.journals_dir / "deletes.jsonl"
        events = [json.loads(line)["event"] for line in journal.read_text().splitlines()]
        assert events == ["begin", "send", "gone", "gone", "end"]


async def test_no_means_no(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/one/", "metrics.json")
        assert "Delete this object?" in await asked(app, pilot, "delete")
        await pilot.press("enter")
        await settle(pilot, lambda: "nothing was deleted" in app.note)
        assert "delete_objects" not in world.calls
        assert len(world.names("kelp")) == 4


async def test_a_bucket_needs_its_name_typed(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await settle(pilot, lambda: "final" in app.names)
        question = await asked(app, pilot, "x")
        assert "The bucket is empty" in question
        assert "Cannot be undone" in question
        await pilot.press("y")
        assert app.question
        app.screen.query_one(Input).value = "final"
        await settle(pilot, lambda: not app.screen.query_one("#yes", Button).disabled)
        await pilot.press("enter", "enter")
        await settle(pilot, lambda: app.names == ["kelp"])
        assert "deleted the bucket final" in app.note


async def test_many_objects_need_the_name_typed(world: StorageWorld, tmp_path: Path) -> None:
    for number in range(101):
        world.put("kelp", f"runs/many/{number}")
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "many/")
        await asked(app, pilot, "x")
        assert app.screen.query_one("#yes", Button).disabled
        await pilot.press("m", "a", "n", "y")
        await settle(pilot, lambda: not app.screen.query_one("#yes", Button).disabled)
        await pilot.press("enter", "enter")
        await settle(pilot, lambda: "✓ deleted 101 objects" in app.note)


async def test_counting_can_be_stopped(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        world.gate.clear()
        await pilot.press("x")
        await settle(pilot, lambda: "counting gs://kelp/runs/one/" in app.note)
        assert app.pane.check_action("stop", ())
        assert not app.pane.check_action("delete", ())
        await pilot.press("escape")
        await settle(pilot, lambda: "stopped counting · nothing was deleted" in app.note)
        world.gate.set()
        assert app.left == 0
        await settle(pilot, lambda: bool(app.pane.check_action("delete", ())))


async def test_what_was_replaced_meanwhile_stays_and_is_listed(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path, (80, 24)) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await asked(app, pilot, "x")
        world.put("kelp", "runs/one/model.pt", b"newer")
        await pilot.press("y")
        await settle(pilot, lambda: "✗ deleted 1 object, 13 B · 1 failed" in app.note)
        await settle(pilot, lambda: "✗ runs/one/model.pt: it has been replaced meanwhile" in app.side)
        assert app.pane.reading
        await pilot.press("escape")
        await settle(pilot, lambda: app.names == ["one/", "two/"] and not app.pane.reading)
        assert app.table.has_focus


async def test_a_live_job_that_writes_there_is_named(world: StorageWorld, tmp_path: Path) -> None:
    job = Job(
        "projects/1/locations/r/customJobs/1", "ana-lora", JobState.RUNNING, output_uri="gs://kelp/runs/one"
    )
    async with opened(world, tmp_path) as (app, pilot):
        app.pane.jobs = JobsSnapshot((job,))
        await go(app, pilot, "gs://kelp/runs/", "one/")
        assert "The job ana-lora is running and writes there" in await asked(app, pilot, "x")


async def test_trouble_while_counting_deletes_nothing(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        world.trouble = UNREACHABLE
        await pilot.press("x")
        await settle(pilot, lambda: "Nothing was deleted" in app.note)
        world.trouble = None


async def test_a_tree_comes_home(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await pilot.press("d")
        await settle(pilot, lambda: app.query_one(Input).has_focus)
        assert app.query_one(Input).value.endswith("/downloads")
        question = await asked(app, pilot, "enter")
        assert "2 objects, 67 B from gs://kelp/runs/one/" in question
        assert f":{tmp_path}/downloads/one" in question
        assert "gcloud storage cp --recursive gs://kelp/runs/one" in question
        await pilot.press("y")
        await settle(pilot, lambda: "✓ downloaded 2 objects, 67 B" in app.note)
        assert (tmp_path / "downloads/one/metrics.json").read_text() == '{"loss": 1.5}'
        assert app.table.has_focus


@pytest.mark.parametrize(("answer", "kept"), [("n", "mine"), ("y", "hello\n" * 20)])
async def test_what_is_there_already_is_asked_about(
    world: StorageWorld, tmp_path: Path, answer: str, kept: str
) -> None:
    file = tmp_path / "downloads" / "README.txt"
    file.parent.mkdir()
    file.write_text("mine")
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/README.txt", "README.txt")
        await settle(pilot, lambda: app.table.row is not None and app.table.row.name == "README.txt")
        await pilot.press("d")
        await settle(pilot, lambda: app.query_one(Input).has_focus)
        assert "Replace what is there already (1 file)?" in await asked(app, pilot, "enter")
        await pilot.press(answer)
        await settle(pilot, lambda: app.question.startswith("Download?"))
        assert f"already: {'replaced' if answer == 'y' else 'kept as they are'}" in app.question
        await pilot.press("y")
        await settle(pilot, lambda: "✓ downloaded" in app.note)
        assert file.read_text() == kept


async def test_a_failed_download_is_listed_with_its_reason(world: StorageWorld, tmp_path: Path) -> None:
    world.broken["runs/one/model.pt"] = "Permission denied"
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await pilot.press("d")
        await settle(pilot, lambda: app.query_one(Input).has_focus)
        await asked(app, pilot, "enter")
        await pilot.press("y")
        await settle(pilot, lambda: "✗ downloaded 1 object, 13 B · 1 failed" in app.note)
        assert "✗ runs/one/model.pt: Permission denied" in app.side


async def test_a_download_can_be_stopped(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await pilot.press("d")
        await settle(pilot, lambda: app.query_one(Input).has_focus)
        await asked(app, pilot, "enter")
        world.gate.clear()
        await pilot.press("y")
        await settle(pilot, lambda: world.calls.count("download") == 2)
        await pilot.press("c")
        await settle(pilot, lambda: "stopped: downloaded 0 objects, 0 B · 2 not written" in app.note)
        world.gate.set()


async def test_leaving_the_prompt_downloads_nothing(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await pilot.press("d")
        await settle(pilot, lambda: app.query_one(Input).has_focus)
        await pilot.press("escape")
        await settle(pilot, lambda: app.table.has_focus and not app.pane.busy)
        assert "download" not in world.calls


async def test_a_bucket_is_created_in_the_region_of_the_jobs(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await settle(pilot, lambda: "kelp" in app.names)
        await pilot.press("b")
        await settle(pilot, lambda: app.query_one(Input).has_focus)
        assert app.query_one(Input).value == "kelp-train-training"
        question = await asked(app, pilot, "enter")
        assert "gs://kelp-train-training in europe-west4" in question
        await pilot.press("y")
        await settle(pilot, lambda: "kelp-train-training" in app.names)
        await settle(pilot, lambda: app.table.row is not None and app.table.row.name == "kelp-train-training")
        await pilot.press("b")
        await settle(pilot, lambda: app.query_one(Input).has_focus)
        app.query_one(Input).value = "Not A Name"
        await pilot.press("enter")
        await settle(pilot, lambda: "3 to 63" in app.note)


async def test_a_name_that_is_taken_is_said(tmp_path: Path) -> None:
    class Taken(StorageWorld):
        async def create_bucket(self, name: str, location: str, *, kms_key: str = "") -> Bucket:  # noqa: ARG002
            raise CloudError("The name is taken", f"{name} {location}", kind=ErrorKind.CONFLICT)

    async with opened(Taken(), tmp_path) as (app, pilot):
        await settle(pilot, lambda: "b creates one" in app.state)
        await pilot.press("b")
        await settle(pilot, lambda: app.query_one(Input).has_focus)
        await asked(app, pilot, "enter")
        await pilot.press("y")
        await settle(pilot, lambda: "The name is taken · No bucket was created." in app.note)
