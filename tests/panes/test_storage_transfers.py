"""Downloads and uploads from the Storage pane: asked once, carried behind it, seen on every pane."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.panes.storage_app import StorageApp, go, opened
from tests.services.setup_world import ready_world
from tests.services.storage_world import StorageWorld
from tests.services.transfer_world import TransferWorld
from tests.services.transfers.test_hub import kill
from tests.support import settle
from tui.app import VertexApp
from tui.domain.gateway import Gateway
from tui.leaving import LeaveScreen
from tui.panes.messages import PaneId
from tui.panes.storage import StoragePane
from tui.panes.storage_transfers_panel import TransfersScreen
from tui.panes.storage_upload_path import UploadPathScreen
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.settings import Settings
from tui.services.transfers.model import State
from tui.services.transfers.records import records_dir
from tui.widgets.confirm import ConfirmScreen
from tui.widgets.keybar import KeyBar
from tui.widgets.transfer_strip import TransferStrip


def small_world() -> TransferWorld:
    world = TransferWorld()
    world.bucket("kelp")
    world.put("kelp", "README.txt", b"hello\n" * 20)
    world.put("kelp", "runs/one/metrics.json", b'{"loss": 1.5}', "application/json")
    world.put("kelp", "runs/one/model.pt", b"PK\x03\x04" + bytes(50))
    world.put("kelp", "runs/two/odd [red]\x1b[31m", b"x")
    return world


@pytest.fixture
async def world() -> TransferWorld:
    return small_world()


async def asked(app: StorageApp, pilot: Pilot[object], *keys: str) -> str:
    await pilot.press(*keys)
    await settle(pilot, lambda: app.question, what="the question")
    return app.question


async def downloaded(app: StorageApp, pilot: Pilot[object]) -> None:
    await pilot.press("d")
    await settle(pilot, lambda: app.query_one(Input).has_focus)


async def test_marked_rows_come_home_while_the_pane_stays_free(world: TransferWorld, tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def fault(name: str, start: int) -> None:
        if name.endswith("model.pt") and start >= 8:
            await gate.wait()

    world.fault = fault
    async with opened(cast("StorageWorld", world), tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await pilot.press("asterisk")
        await downloaded(app, pilot)
        assert app.query_one(Input).value.endswith("/downloads")
        question = await asked(app, pilot, "enter")
        for part in (
            "3 objects, 68 B from 2 marked entries of gs://kelp/runs/",
            f":{tmp_path}/downloads",
            "are free there",
            "Network: nothing is billed (local)",
            "cannot stand as a file's name",
            "Same as: gcloud storage cp --no-clobber --recursive gs://kelp/runs/one ",
            "scp -r ",
            "LOCAL",
        ):
            assert part in question
        await pilot.press("c")
        await settle(
            pilot, lambda: "Copied the command" in str(app.screen.query_one("#dialog").border_subtitle)
        )
        await pilot.press("y")
        await settle(pilot, lambda: app.pane.hub.running == 1)
        assert not app.pane.busy
        assert "downloading to" in app.note
        (home := tmp_path / "downloads").joinpath("one/metrics.json").read_text()
        await go(app, pilot, "gs://kelp/README.txt", "README.txt")  # and go on elsewhere
        gate.set()
        await settle(pilot, lambda: "✓ downloaded 3 files, 68 B" in app.note)
        assert (home / "one/model.pt").stat().st_size == 54
        assert not list(home.rglob("*.part"))


async def test_the_rule_is_asked_once_and_leaving_it_downloads_nothing(
    world: TransferWorld, tmp_path: Path
) -> None:
    file = tmp_path / "downloads" / "README.txt"
    file.parent.mkdir()
    file.write_text("mine")
    async with opened(cast("StorageWorld", world), tmp_path, (80, 24)) as (app, pilot):
        await go(app, pilot, "gs://kelp/README.txt", "README.txt")
        await settle(pilot, lambda: app.pane.row is not None and app.pane.row.name == "README.txt")
        await downloaded(app, pilot)
        await pilot.press("enter")
        await settle(pilot, lambda: "1 file is there already" in str(dialog_title(app)))
        await pilot.press("escape")
        await settle(pilot, lambda: "nothing was downloaded" in app.note)
        await downloaded(app, pilot)
        await pilot.press("enter")
        await settle(pilot, lambda: "1 file is there already" in str(dialog_title(app)))
        await pilot.press(*"both", "enter")
        await settle(pilot, lambda: "1 file there already: kept, the new ones get a number" in app.question)
        assert "No gcloud command does exactly this." in app.question
        await pilot.press("y")
        await settle(pilot, lambda: "✓ downloaded 1 file" in app.note)
        await pilot.press("T")
        await settle(pilot, lambda: "1 with a number, beside what was there" in text_of(app))
        assert text_of(app).endswith("README~2.txt' .\n")
        assert file.read_text() == "mine"
        assert file.with_name("README~2.txt").read_text() == "hello\n" * 20


def dialog_title(app: StorageApp) -> object:
    found = app.screen.query("#dialog")
    return found.first().border_title if found else ""


async def test_the_panel_pauses_cancels_and_tries_again(world: TransferWorld, tmp_path: Path) -> None:
    world.broken["runs/one/model.pt"] = "Permission denied"
    gate = asyncio.Event()

    async def fault(_name: str, start: int) -> None:
        if start == 8:
            await gate.wait()

    world.fault = fault
    async with opened(cast("StorageWorld", world), tmp_path, (80, 24)) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await pilot.press("T")
        await settle(pilot, lambda: isinstance(app.screen, TransfersScreen))
        assert app.focused is None
        await pilot.press("escape")
        await downloaded(app, pilot)
        await asked(app, pilot, "enter")
        await pilot.press("y")
        hub = app.pane.hub
        await settle(pilot, lambda: hub.transfers and hub.transfers[0].failed == 1)
        (transfer,) = hub.transfers
        await pilot.press("T")
        await settle(pilot, lambda: isinstance(app.screen, TransfersScreen))
        await settle(pilot, lambda: "esc Close" in str(app.screen.query_one(KeyBar).render()))
        await pilot.press("space")
        await settle(pilot, lambda: transfer.state is State.PAUSED and not hub.running)
        await settle(pilot, lambda: "paused" in text_of(app))
        gate.set()
        await pilot.press("space")
        await settle(pilot, lambda: transfer.state is State.FAILED)
        world.broken.clear()
        await pilot.press("j", "j")
        await settle(pilot, lambda: "✗ Permission denied" in text_of(app))
        await pilot.press("R")
        await settle(pilot, lambda: transfer.state is State.DONE)
        await pilot.press("y")
        await settle(pilot, lambda: "Copied the command for your own machine" in text_of(app))
        await pilot.press("g", "x")
        await settle(pilot, lambda: not hub.transfers)
        await settle(pilot, lambda: app.screen.query_one("#transfers-list").has_class("hidden"))
        await pilot.press("escape")
        await settle(pilot, lambda: not isinstance(app.screen, TransfersScreen))


def text_of(app: StorageApp) -> str:
    parts = [app.screen.query_one(name, Static) for name in ("#transfers-about", "#transfers-said")]
    return "\n".join(str(part.visual) if part.visual else "" for part in parts)


async def test_a_folder_goes_to_the_bucket(world: TransferWorld, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.txt").write_text("new")
    (data / "link").symlink_to(tmp_path)
    async with opened(cast("StorageWorld", world), tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await pilot.press("U")
        await settle(pilot, lambda: isinstance(app.screen, UploadPathScreen))
        app.screen.query_one(Input).value = f"{data}/"
        question = await asked(app, pilot, "enter")
        for part in (
            "1 file, 3 B",
            ":/",
            "to gs://kelp/runs/data/",
            "links are not followed",
            "--no-clobber",
        ):
            assert part in question
        await pilot.press("y")
        await settle(pilot, lambda: "✓ uploaded 1 file, 3 B" in app.note)
        assert world.objects["kelp", "runs/data/a.txt"][1] == b"new"
        await settle(pilot, lambda: "data/" in app.names)


async def test_a_download_can_come_before_a_delete(world: TransferWorld, tmp_path: Path) -> None:
    """It fails, is tried again, and then the key asks for what was downloaded and nothing else."""
    world.broken["runs/one/model.pt"] = "Permission denied"
    async with opened(cast("StorageWorld", world), tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp/runs/", "one/")
        await asked(app, pilot, "x")
        await pilot.press("d")
        await settle(pilot, lambda: app.query_one(Input).has_focus and not app.question)
        await pilot.press("escape")
        await settle(pilot, lambda: "nothing was deleted" in app.note and not app.pane.busy)
        await asked(app, pilot, "x")
        await pilot.press("d")
        await settle(pilot, lambda: app.query_one(Input).has_focus and not app.question)
        await asked(app, pilot, "enter")
        await pilot.press("y")
        await settle(pilot, lambda: "1 failed · T shows why" in app.note)
        assert not app.pane.check_action("delete_home", ())
        world.broken.clear()
        app.pane.hub.retry(app.pane.hub.transfers[0])
        await settle(pilot, lambda: "✓ downloaded 2 files, 67 B · a asks for the delete" in app.note)
        world.put("kelp", "runs/one/metrics.json", b"newer")
        world.put("kelp", "runs/one/new.txt", b"new")
        question = await asked(app, pilot, "a")
        for part in (
            "Delete what was downloaded?",
            "1 object, 54 B",
            "2 objects stay",
            "replaced since stays",
        ):
            assert part in question
        await pilot.press("y")
        await settle(pilot, lambda: "✓ deleted 1 object, 54 B" in app.note)
        assert {"runs/one/metrics.json", "runs/one/new.txt"} < set(world.names("kelp"))
        assert not app.pane.check_action("delete_home", ())
        await asked(app, pilot, "x")
        await pilot.press("d")
        await settle(pilot, lambda: app.query_one(Input).has_focus and not app.question)
        await pilot.press("enter")
        await settle(pilot, lambda: "1 file is there already" in str(dialog_title(app)))
        await asked(app, pilot, "enter")
        await pilot.press("y")
        await settle(pilot, lambda: "1 kept as they were · not all of it came from there" in app.note)


async def test_what_went_wrong_takes_the_keys(world: TransferWorld, tmp_path: Path) -> None:
    """A question that ended in trouble leaves the focus on what says so, also behind another screen."""
    async with framed(world, tmp_path) as (app, pilot):
        pane = cast("StoragePane", await app.show_pane(PaneId.STORAGE))
        await settle(pilot, lambda: pane.row is not None)
        await pilot.press("d")
        await settle(pilot, lambda: pane.query_one(Input).has_focus)
        bar = app.query_one(KeyBar)
        await settle(pilot, lambda: "Take it" in str(bar.render()))
        assert "Filter" not in str(bar.render())  # its key is typed
        (tmp_path / "downloads").write_text("no folder")
        await pilot.press("enter")
        await settle(
            pilot, lambda: pane.reading and app.focused is not None and pane in app.focused.ancestors
        )
        await pilot.press("f6")
        await settle(pilot, lambda: isinstance(app.screen, TransfersScreen))
        await pilot.press("escape")
        await settle(pilot, lambda: app.screen is app.front_screen)
        assert app.focused is not None
        assert pane in app.focused.ancestors


class Whole:
    """A gateway with all services, of which storage is the test's."""

    def __init__(self, storage: TransferWorld) -> None:
        self.storage = storage
        self._rest = ready_world().gateway

    def __getattr__(self, name: str) -> Any:
        return getattr(self._rest, name)


class Unconnected(VertexApp):
    """The frame, given its connection by the test."""

    def start_connection(self) -> None:
        """Stay alone."""


@asynccontextmanager
async def framed(world: TransferWorld, folder: Path) -> AsyncIterator[tuple[Unconnected, Pilot[object]]]:
    settings = Settings(storage_download_dir=str(folder / "downloads"))
    paths = find_paths({"VERTEX_TUI_HOME": str(folder)})
    app = Unconnected(AppOptions(settings, {}, local=True, spec=None, paths=paths))
    async with app.run_test(size=(80, 24)) as pilot:
        driver = cast("Pilot[object]", pilot)
        await settle(driver, lambda: app.current_pane is not None)
        app.gateway = cast("Gateway", Whole(world))
        yield app, driver


async def test_the_line_stays_on_every_pane_and_leaving_asks(world: TransferWorld, tmp_path: Path) -> None:
    gate = asyncio.Event()

    async def fault(_name: str, start: int) -> None:
        if start == 8:
            await gate.wait()

    world.fault = fault
    async with framed(world, tmp_path) as (app, pilot):
        strip = app.query_one(TransferStrip)
        assert not strip.display
        pane = cast("StoragePane", await app.show_pane(PaneId.STORAGE))
        await settle(pilot, lambda: pane.row is not None)
        await pilot.press("d")
        await settle(pilot, lambda: pane.query_one(Input).has_focus)
        await pilot.press("enter")
        await settle(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.open_for_keys)
        await pilot.press("y")
        await settle(pilot, lambda: pane.hub.running)
        await pilot.press("1")
        await settle(pilot, lambda: strip.display and strip.words.startswith("↓ 1 of 4 files"))
        await pilot.press("q")
        await settle(pilot, lambda: isinstance(app.screen, LeaveScreen) and app.screen.open_for_keys)
        question = cast("LeaveScreen", app.screen).question
        words = "\n".join(map(str, question.lines))
        assert question.title == "Leave while files are being carried?"
        assert "• download gs://kelp/: 1 of 4 files" in words
        assert "the next start offers to go on" in words
        assert ".part files in" in words
        await pilot.press("y")
        await settle(pilot, lambda: app._exit)
    parts = list((tmp_path / "downloads").rglob("*.part"))
    assert parts
    gate.set()
    kill(records_dir(find_paths({"VERTEX_TUI_HOME": str(tmp_path)})))
    async with framed(world, tmp_path) as (app, pilot):
        strip = app.query_one(TransferStrip)
        await settle(pilot, lambda: "left unfinished by an earlier session" in strip.words)
        await pilot.press("f6")
        await settle(pilot, lambda: isinstance(app.screen, TransfersScreen))
        await pilot.press("space")
        await settle(pilot, lambda: strip.words == "")  # seen, and ended
    assert not list((tmp_path / "downloads").rglob("*.part"))
    assert (tmp_path / "downloads/kelp/README.txt").read_text() == "hello\n" * 20
