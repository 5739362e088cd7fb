"""The Storage pane over a small storage in memory: finding one's way, previews, and every state."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from tests.panes.storage_app import StorageApp, go, opened, small_world
from tests.services.storage_world import UNREACHABLE, StorageOnly, StorageWorld
from tests.support import settle
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.panes.storage_table import RowKind


@pytest.fixture
async def world() -> StorageWorld:
    return small_world()


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_down_to_an_object_and_up_again(
    world: StorageWorld, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(world, tmp_path, size) as (app, pilot):
        await settle(pilot, lambda: app.names == ["final", "kelp"])
        await pilot.press("j", "enter")
        await settle(pilot, lambda: app.names == ["runs/", "README.txt"])
        assert app.where == "gs://kelp · 2 entries"
        await pilot.press("enter")
        await settle(pilot, lambda: app.names == ["one/", "two/"])
        await pilot.press("enter")
        await settle(pilot, lambda: app.names == ["metrics.json", "model.pt"])
        await pilot.press("enter")
        await settle(pilot, lambda: '  "loss": 1.5' in app.side)
        assert app.query_one("#storage-main").display is (size[0] >= 110)
        await pilot.press("escape")
        await settle(pilot, lambda: not app.pane.reading)
        assert app.table.has_focus
        await pilot.press("backspace")
        await settle(pilot, lambda: app.names == ["one/", "two/"])
        await pilot.press("escape", "h")
        await settle(pilot, lambda: app.names == ["final", "kelp"])
        assert app.table.row is not None
        assert app.table.row.name == "kelp"
        assert app.left == 0
        await pilot.press("escape")
        assert app.left == 1


async def test_escape_goes_up_only_to_where_one_came_in(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs", "one/")
        await pilot.press("enter")
        await settle(pilot, lambda: "metrics.json" in app.names)
        await pilot.press("escape")
        await settle(pilot, lambda: "one/" in app.names)
        assert app.left == 0
        await pilot.press("escape")
        assert app.left == 1
        await pilot.press("backspace")
        await settle(pilot, lambda: "README.txt" in app.names)
        await pilot.press("escape")
        assert app.left == 2


async def test_a_path_of_an_object_puts_the_cursor_on_it(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/one/model.pt", "model.pt")
        await settle(pilot, lambda: app.table.row is not None and app.table.row.name == "model.pt")
        await pilot.press("enter")
        await settle(pilot, lambda: "a zip archive" in app.side)


async def test_a_typed_path(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await pilot.press("o")
        await settle(pilot, lambda: app.query_one(Input).has_focus)
        app.query_one(Input).value = "kelp/runs/"
        await pilot.press("enter")
        await settle(pilot, lambda: app.names == ["one/", "two/"])
        await pilot.press("colon")
        await settle(pilot, lambda: app.query_one(Input).has_focus)
        assert app.query_one(Input).value == "gs://kelp/runs/"
        app.query_one(Input).value = "http://x"
        await pilot.press("enter")
        await settle(pilot, lambda: "not a path" in app.note)
        assert app.table.has_focus


async def test_the_filter_works_as_one_types(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/one/", "model.pt")
        await pilot.press("slash", "M", "E", "T")
        await settle(pilot, lambda: app.names == ["metrics.json"])
        assert "filter: MET" in app.where
        await pilot.press("q")
        await settle(pilot, lambda: "No name here holds" in app.state)
        await pilot.press("backspace", "enter")
        await settle(pilot, lambda: app.table.has_focus and app.names == ["metrics.json"])
        await pilot.press("escape")
        await settle(pilot, lambda: len(app.names) == 2)


async def test_hostile_names_are_only_text(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/two/", "odd [red]␛[31m")
        line = "".join(segment.text for segment in app.table.render_line(1))
        assert line.startswith("odd [red]␛[31m")
        assert "odd [red]␛[31m" in app.side


async def test_pages_load_when_the_cursor_comes_near_the_end(tmp_path: Path) -> None:
    world = StorageWorld(page=100)
    world.bucket("kelp")
    for number in range(250):
        world.put("kelp", f"{number:03}")
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp", "000")
        assert app.table.rows[-1].kind is RowKind.MORE
        assert "100+ entries" in app.where
        await pilot.press("G")
        await settle(pilot, lambda: len(app.names) == 201)
        assert app.table.row is not None
        assert app.table.cursor == 100
        await pilot.press("G")
        await settle(pilot, lambda: len(app.names) == 250)
        await pilot.press("G")
        assert app.table.row.name == "249" if app.table.row else False
        assert app.table.scroll_offset.y + app.table.size.height >= 250


async def test_a_refresh_keeps_the_cursor_and_what_was_read(tmp_path: Path) -> None:
    world = StorageWorld(page=100)
    world.bucket("kelp")
    for number in range(250):
        world.put("kelp", f"{number:03}")
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp", "000")
        await pilot.press("G")
        await settle(pilot, lambda: len(app.names) == 201)
        await pilot.press("k", "k")
        kept = app.table.row
        world.put("kelp", "000a")
        await pilot.press("r")
        await settle(pilot, lambda: "000a" in app.names)
        assert kept is not None
        assert app.table.row is not None
        assert app.table.row.uri == kept.uri


async def test_before_and_without_a_connection(world: StorageWorld, tmp_path: Path) -> None:
    app = StorageApp(tmp_path)
    async with app.run_test() as test:
        pilot = cast("Pilot[object]", test)
        assert "Connecting" in app.state
        app.pane.connection_trouble = CloudError("No credentials", hint="Run gcloud auth login")
        await settle(pilot, lambda: "No credentials" in app.state and "gcloud auth login" in app.state)
        app.pane.gateway = cast("Gateway", StorageOnly(world))
        app.pane.connection_trouble = None
        await settle(pilot, lambda: "kelp" in app.names)
        assert not app.state


async def test_loading_is_said(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        world.gate.clear()
        app.pane.browse(GcsUri.parse("gs://kelp/runs/"))
        await settle(pilot, lambda: "Reading gs://kelp/runs/" in app.state)
        world.gate.set()
        await settle(pilot, lambda: app.names == ["one/", "two/"])


async def test_a_project_without_buckets_says_how_to_begin(tmp_path: Path) -> None:
    async with opened(StorageWorld(), tmp_path) as (app, pilot):
        await settle(pilot, lambda: "b creates one in europe-west4" in app.state)


async def test_an_empty_place_says_the_next_step(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        app.pane.browse(GcsUri.parse("gs://kelp/gone/run"))
        await settle(pilot, lambda: "Nothing lies under gs://kelp/gone/run/" in app.state)
        assert app.table.has_focus
        await pilot.press("u")
        await settle(pilot, lambda: "kelp" in app.names)


async def test_a_bucket_that_is_gone_says_the_next_step(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        del world.buckets["kelp"]
        await pilot.press("r")
        await settle(
            pilot, lambda: "gs://kelp is gone" in app.state and "Press u for all buckets" in app.state
        )
        assert not app.names
        await pilot.press("u")
        await settle(pilot, lambda: app.names == ["final"])


async def test_trouble_keeps_what_was_read_and_says_how_old_it_is(
    world: StorageWorld, tmp_path: Path
) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        world.trouble = UNREACHABLE
        await pilot.press("r")
        await settle(pilot, lambda: "✗ Cloud Storage cannot be reached · as of" in app.where)
        assert app.names == ["one/", "two/"]
        world.trouble = None
        await pilot.press("r")
        await settle(pilot, lambda: "✗" not in app.where)


async def test_denied_at_first_sight_says_so_in_place(world: StorageWorld, tmp_path: Path) -> None:
    world.trouble = CloudError("Permission denied", "storage.buckets.list", kind=ErrorKind.DENIED)
    async with opened(world, tmp_path) as (app, pilot):
        await settle(pilot, lambda: "Permission denied" in app.state and "press o" in app.state)
        world.trouble = None
        await pilot.press("r")
        await settle(pilot, lambda: "kelp" in app.names)


async def test_a_preview_that_cannot_be_read_says_why(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/one/", "metrics.json")
        del world.objects["kelp", "runs/one/metrics.json"]
        await pilot.press("enter")
        await settle(pilot, lambda: "It is gone" in app.side)
        await pilot.press("escape")
        await settle(pilot, lambda: not app.pane.reading)


async def test_copying_the_path(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/one/model.pt", "model.pt")
        await settle(pilot, lambda: app.table.row is not None and app.table.row.name == "model.pt")
        await pilot.press("y")
        await settle(pilot, lambda: "Copied gs://kelp/runs/one/model.pt" in app.note)
        assert app.clipboard == "gs://kelp/runs/one/model.pt"
