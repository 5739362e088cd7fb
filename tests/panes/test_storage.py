"""The Storage pane over a small storage in memory: finding one's way, previews, and every state."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.panes.storage_app import StorageApp, go, opened, said, small_world
from tests.services.storage_world import UNREACHABLE, StorageOnly, StorageWorld
from tests.support import settle
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.panes import storage_levels, storage_list
from tui.panes.storage_side import StorageSide
from tui.widgets.help import HelpScreen


@pytest.fixture
async def world() -> StorageWorld:
    return small_world()


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_down_to_an_object_and_up_again(
    world: StorageWorld, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with opened(world, tmp_path, size) as (app, pilot):
        await settle(pilot, lambda: app.names == ["final", "kelp"])
        assert {"CLASS", "UNDO", "LOCATION"} <= {*app.line(0).split()}
        help_screen = HelpScreen(app.screen)
        await app.push_screen(help_screen)
        words = "\n".join(said(part) for part in help_screen.query(Static))
        assert words.index("Open – Go in") < words.index("Copy path") < words.index("Clean up – By a rule")
        app.pop_screen()
        await pilot.press("j", "enter")
        await settle(pilot, lambda: app.names == ["runs/", "README.txt"])
        assert app.where == "gs://kelp/ · 2 entries"
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
        assert app.on == "kelp"
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
        await settle(pilot, lambda: app.on == "model.pt")
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
        await pilot.press("escape", "escape")
        await settle(pilot, lambda: app.pane.place is None)
        assert app.left == 0, "a typed path is left upwards, not out of the pane"


async def test_the_filter_works_as_one_types(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/one/", "model.pt")
        await pilot.press("slash", "M", "E", "T")
        await settle(pilot, lambda: app.names == ["metrics.json"])
        assert "1 with “MET”" in app.heading
        await pilot.press("q")
        await settle(pilot, lambda: "No name here holds" in app.state)
        await pilot.press("backspace", "enter")
        await settle(pilot, lambda: app.table.has_focus and app.names == ["metrics.json"])
        await pilot.press("escape")
        await settle(pilot, lambda: len(app.names) == 2)


async def test_hostile_names_are_only_text(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/two/", "odd [red]␛[31m")
        assert app.line(1).strip().startswith("odd [red]␛[31m")
        assert "odd [red]␛[31m" in app.side


def long_world(count: int) -> StorageWorld:
    world = StorageWorld(page=100)
    world.bucket("kelp")
    for number in range(count):
        world.put("kelp", f"{number:04}", b"x" * (number % 7))
    return world


@pytest.fixture
def frugal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is read that nobody asked for."""
    monkeypatch.setattr(storage_levels, "BACKGROUND", 1)
    monkeypatch.setattr(storage_levels, "AHEAD", 100)
    monkeypatch.setattr(storage_list, "AHEAD", 100)


@pytest.mark.usefixtures("frugal")
async def test_pages_are_read_when_they_are_wanted(tmp_path: Path) -> None:
    async with opened(long_world(650), tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp", "0000")
        await settle(pilot, lambda: len(app.names) == 100 and not app.pane.reads_on)
        assert "100 entries so far, G reads on" in app.where
        app.table.move_cursor(70)
        await settle(pilot, lambda: len(app.names) == 200 and not app.pane.reads_on)
        assert app.on == "0070"
        await pilot.press("G")
        await settle(pilot, lambda: len(app.names) == 650)
        await settle(pilot, lambda: app.where == "gs://kelp/ · 650 entries")
        await pilot.press("G")
        assert app.on == "0649"


@pytest.mark.usefixtures("frugal")
@pytest.mark.parametrize("inline", [5_000, 10])
async def test_order_and_filter_are_of_everything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inline: int
) -> None:
    monkeypatch.setattr(storage_list, "INLINE", inline)
    async with opened(long_world(650), tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp", "0000")
        await pilot.press("s")
        await settle(pilot, lambda: len(app.names) == 650 and app.names[0] == "0006")
        assert "SIZE▼" in app.line(0)
        await pilot.press("S")
        await settle(pilot, lambda: app.names[0] == "0000" and "SIZE▲" in app.line(0))
        await pilot.press("slash", "6", "4")
        await settle(pilot, lambda: app.names[-1] == "0643" and "64" in app.heading)
        assert all("64" in name for name in app.names)
        await pilot.press("enter", "escape")
        await settle(pilot, lambda: len(app.names) == 650)


@pytest.mark.usefixtures("frugal")
async def test_reading_on_can_be_stopped_and_trouble_keeps_what_there_is(tmp_path: Path) -> None:
    world = long_world(650)
    async with opened(world, tmp_path, (160, 50)) as (app, pilot):
        await go(app, pilot, "gs://kelp", "0000")
        await settle(pilot, lambda: not app.pane.reads_on)
        world.gate.clear()
        await pilot.press("G")
        await settle(pilot, lambda: "100 entries so far" in app.where and app.pane.reads_on)
        await pilot.press("c")
        world.gate.set()
        await settle(pilot, lambda: len(app.names) == 200 and not app.pane.reads_on)
        world.trouble = UNREACHABLE
        await pilot.press("G")
        await settle(pilot, lambda: "✗ Cloud Storage cannot be reached · as of" in app.where)
        assert len(app.names) == 200
        world.trouble = None
        app.pane._try_again()
        await settle(pilot, lambda: len(app.names) == 650 and "✗" not in app.where)


async def test_a_refresh_keeps_the_cursor_and_the_marks(tmp_path: Path) -> None:
    world = long_world(250)
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp", "0000")
        await settle(pilot, lambda: len(app.names) == 250)
        await pilot.press("G", "k", "k", "space", "shift+down")
        await settle(pilot, lambda: "3 marked, 9 B" in app.heading)
        assert [row.name for row in app.pane.targets()] == ["0247", "0248", "0249"]
        kept = app.on
        world.put("kelp", "0000a")
        del world.objects["kelp", "0248"]
        await pilot.press("r")
        await settle(pilot, lambda: "0000a" in app.names)
        assert app.on == kept
        await settle(pilot, lambda: "2 marked" in app.heading)
        await pilot.press("escape")
        assert "marked" not in app.heading
        assert [row.name for row in app.pane.targets()] == [kept]


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


async def test_a_preview_under_way_is_given_up_for_the_next_row(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/one/", "metrics.json")
        world.gate.clear()
        await pilot.press("enter")
        await settle(pilot, lambda: "reading up to" in app.side)
        await pilot.press("j")
        await settle(pilot, lambda: not app.pane.reading)
        assert not [each for each in app.pane.workers if each.group == "storage-preview" and each.is_running]
        await pilot.resize_terminal(80, 24)
        await pilot.press("enter")
        await settle(pilot, lambda: app.pane.reading and app.focused is app.query_one(StorageSide))
        world.gate.set()
        await settle(pilot, lambda: "binary" in app.side and app.focused is app.query_one(StorageSide).text)


async def test_copying_the_path(world: StorageWorld, tmp_path: Path) -> None:
    async with opened(world, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/one/model.pt", "model.pt")
        await settle(pilot, lambda: app.on == "model.pt")
        await pilot.press("y")
        await settle(pilot, lambda: "Copied gs://kelp/runs/one/model.pt" in app.note)
        assert app.clipboard == "gs://kelp/runs/one/model.pt"
