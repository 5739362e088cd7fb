"""The screen that tells what costs money now, on a gateway in memory and in the frame."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import cast

import pytest
from textual.app import App, ComposeResult
from textual.message import Message
from textual.widgets import Static

from tests.services.spend_world import DENIED, SpendWorld
from tests.support import wait_for
from tests.test_frame import make_app
from tui import assets
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job, JobPage, JobState, job_from_json
from tui.domain.places import Place
from tui.domain.storage import Amount, ContentSums
from tui.panes import messages
from tui.panes.messages import PaneId
from tui.panes.spend import SpendScreen
from tui.services.handout import copies_file
from tui.services.jobwatch import JobsSnapshot
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.placewatch import PlaceState
from tui.services.settings import Settings
from tui.widgets.confirm import ConfirmScreen
from tui.widgets.header import HeaderBar, TabBar
from tui.widgets.state_view import StateView

NOW = datetime.now(UTC)
HERE, FAR = Place("kelp-train", "europe-west4"), Place("kelp-train", "us-east5")


class SpendApp(App[None]):
    """Only the screen, and the messages it sends."""

    CSS_PATH = [assets.STYLES / "frame.tcss", assets.STYLES / "spend.tcss"]  # noqa: RUF012 (Textual's)

    def __init__(self, folder: Path, *, read_only: bool = False) -> None:
        super().__init__()
        paths = find_paths({"VERTEX_TUI_HOME": str(folder)})
        settings = Settings(project="kelp-train", read_only=read_only)
        self.view = SpendScreen(AppOptions(settings, {}, local=True, spec=None, paths=paths))
        self.sent: list[Message] = []

    def compose(self) -> ComposeResult:
        yield Static("below")

    async def on_mount(self) -> None:
        await self.push_screen(self.view)

    def on_open_jobs(self, message: messages.OpenJobs) -> None:
        self.sent.append(message)

    def on_open_logs(self, message: messages.OpenLogs) -> None:
        self.sent.append(message)

    def on_browse_outputs(self, message: messages.BrowseOutputs) -> None:
        self.sent.append(message)

    def on_jobs_changed(self, message: messages.JobsChanged) -> None:
        self.sent.append(message)

    def text(self, name: str) -> str:
        return str(self.view.query_one(f"#{name}", Static).content)


def job(place: Place, number: int, state: str = "JOB_STATE_RUNNING", **spec: object) -> Job:
    machine = {"machineType": "g2-standard-4", "acceleratorType": "NVIDIA_L4", "acceleratorCount": 1}
    return job_from_json(
        {
            "name": f"projects/1/locations/{place.region}/customJobs/{number}",
            "displayName": f"odd [red]job-{number}[/]\x1b[31m",
            "state": state,
            "createTime": (NOW - timedelta(hours=2)).isoformat(),
            "startTime": (NOW - timedelta(hours=1)).isoformat(),
            "updateTime": NOW.isoformat(),
            "jobSpec": {"workerPoolSpecs": [{"machineSpec": machine, "replicaCount": 1}], **spec},
        }
    )


@pytest.fixture
def world() -> SpendWorld:
    world = SpendWorld()
    world.jobs_in[HERE] = [job(HERE, 1)]
    world.jobs_in[FAR] = [job(FAR, 2, scheduling={"timeout": "7200s", "strategy": "SPOT"})]
    world.storage.bucket("kelp-runs")
    world.storage.put("kelp-runs", "a", b"x" * 2048)
    world.storage.deleted["kelp-runs"] = ContentSums(deleted=Amount(3, 1024), deleted_until=NOW)
    return world


def title(app: SpendApp, name: str) -> str:
    return str(app.view.query_one(f"#{name}").border_title)


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_everything_is_listed_as_it_comes(
    tmp_path: Path, world: SpendWorld, size: tuple[int, int]
) -> None:
    app = SpendApp(tmp_path)
    world.troubles[Place("kelp-train", "me-west1")] = DENIED
    world.gates[FAR] = asyncio.Event()
    async with app.run_test(size=size) as pilot:
        await wait_for(lambda: "Waiting for the connection" in str(app.view.query_one(StateView).content))
        app.view.connection_trouble = CloudError("No login")
        await wait_for(lambda: "No login" in str(app.view.query_one(StateView).content))
        app.view.gateway = cast("Gateway", world)
        await wait_for(lambda: "Reading … 36 of 38 regions (1 failed)" in app.text("spend-progress"))
        await wait_for(lambda: app.view.job_rows.row_count == 1)
        assert "Live jobs 1+ · at least ≈ $" in title(app, "spend-jobs")
        world.gates[FAR].set()
        await wait_for(
            lambda: "Read: 37 of 38 regions (1 failed), 1 of 1 buckets" in app.text("spend-progress")
        )
        await wait_for(lambda: app.view.job_rows.row_count == 2)
        assert app.view.job_rows.has_focus
        shown = "\n".join(
            strip.text for strip in app.view.job_rows.render_lines(app.view.job_rows.region.reset_offset)
        )
        assert "⚠ ≈ $" in shown
        assert "\x1b" not in shown
        assert "at least" in title(app, "spend-jobs")
        assert "3.0 KiB · 1.0 KiB of it deleted · price not known" in title(app, "spend-buckets")
        notes = app.text("spend-notes")
        assert "not read: me-west1: You may not: denied" in notes
        assert "1 job sets no time limit" in notes
        assert "Spot is without" in notes
        assert "Not looked at: persistent resources" in notes
        assert "no time limit set" in app.text("spend-about")
        await pilot.press("j")
        await wait_for(lambda: "Spot" in app.text("spend-about"))
        await pilot.press("tab")
        await wait_for(lambda: "gs://kelp-runs" in app.text("spend-about"))
        await pilot.press("y")
        await wait_for(lambda: "Copied the list" in app.text("spend-said"))
        assert "us-east5" in copies_file(app.view.options.paths).read_text()


async def test_nothing_costs_anything(tmp_path: Path) -> None:
    app = SpendApp(tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.gateway = cast("Gateway", SpendWorld())
        await wait_for(lambda: "No live job found in 38 regions." in app.text("spend-no-jobs"))
        assert app.text("spend-no-buckets") == "No bucket found."
        assert app.view.query_one(HeaderBar).local
        for key in ("enter", "c", "tab", "x", "r"):
            await pilot.press(key)
        await wait_for(lambda: "Read: 38" in app.text("spend-progress"))
        await pilot.press("escape")
        await wait_for(lambda: app.screen is not app.view)


async def test_the_list_that_is_shown_has_the_keys(tmp_path: Path, world: SpendWorld) -> None:
    app = SpendApp(tmp_path)
    world.jobs_in.clear()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.gateway = cast("Gateway", world)
        await wait_for(lambda: "No live job found in 38 regions." in app.text("spend-no-jobs"))
        await wait_for(lambda: app.view.bucket_rows.has_focus)
        await pilot.press("enter")
        await wait_for(lambda: any(isinstance(each, messages.BrowseOutputs) for each in app.sent))


@pytest.mark.parametrize(
    ("keys", "listed", "kind"),
    [
        (("enter",), True, messages.OpenJobs),
        (("j", "enter"), True, messages.OpenLogs),
        (("tab", "enter"), False, messages.BrowseOutputs),
    ],
)
async def test_enter_goes_to_where_more_is_told(
    tmp_path: Path,
    world: SpendWorld,
    keys: tuple[str, ...],
    listed: bool,  # noqa: FBT001 (a parameter of the test)
    kind: type[Message],
) -> None:
    app = SpendApp(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        app.view.gateway = cast("Gateway", world)
        app.view.jobs = JobsSnapshot(read_at=NOW, places=(PlaceState(HERE),) if listed else ())
        await wait_for(lambda: "Read: 38" in app.text("spend-progress"))
        await pilot.press(*keys)
        await wait_for(lambda: app.sent)
        assert isinstance(app.sent[0], kind)
        assert app.screen is not app.view


async def test_a_job_is_cancelled_in_its_own_place(tmp_path: Path, world: SpendWorld) -> None:
    app = SpendApp(tmp_path)
    async with app.run_test(size=(120, 30)) as pilot:
        app.view.gateway = cast("Gateway", world)
        await wait_for(lambda: "Read: 38" in app.text("spend-progress"))
        await pilot.press("j", "c")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
        question = cast("ConfirmScreen", app.screen)
        assert "--region=us-east5 --project=kelp-train" in "\n".join(map(str, question.question.lines))
        await wait_for(lambda: question.open_for_keys)
        name = world.jobs_in[FAR][0].name
        later = NOW + timedelta(minutes=1)
        world.jobs_in[FAR] = [replace(world.jobs_in[FAR][0], state=JobState.CANCELLED, update_time=later)]
        await pilot.press("y")
        await wait_for(lambda: "1 asked to cancel" in app.text("spend-said"))
        assert world.cancelled == [name]
        await wait_for(lambda: app.view.job_rows.row_count == 1)
        assert any(isinstance(message, messages.JobsChanged) for message in app.sent)


async def test_the_apps_own_list_keeps_rows_right(tmp_path: Path, world: SpendWorld) -> None:
    app = SpendApp(tmp_path)
    async with app.run_test(size=(120, 30)):
        app.view.gateway = cast("Gateway", world)
        await wait_for(lambda: app.view.job_rows.row_count == 2)
        later = datetime.now(UTC) + timedelta(minutes=1)  # after the reading, however late this test runs
        over = replace(world.jobs_in[HERE][0], state=JobState.SUCCEEDED, update_time=later)
        new = replace(job(HERE, 3), create_time=later)
        homes = {"projects/1/locations/europe-west4": HERE}
        app.view.jobs = JobsSnapshot((over, new), read_at=later, homes=homes)
        await wait_for(lambda: {key[-1] for key in app.view.job_rows.keys} == {"2", "3"})


async def test_reading_only_and_stopping(tmp_path: Path, world: SpendWorld) -> None:
    app = SpendApp(tmp_path, read_only=True)
    world.gates[FAR] = asyncio.Event()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.gateway = cast("Gateway", world)
        await wait_for(lambda: app.view.job_rows.row_count == 1)
        assert not app.view.check_action("cancel", ())
        await pilot.press("x")
        await wait_for(lambda: app.text("spend-progress").startswith("Stopped: 37 of 38"))
        assert not app.view.check_action("stop", ())


@pytest.mark.parametrize("key", ["dollar_sign", "f4"])
async def test_one_key_opens_it_and_panes_stay_within_reach(home: Path, key: str) -> None:
    app = make_app(home)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press(key)
        await wait_for(lambda: isinstance(app.screen, SpendScreen))
        await pilot.press("3")
        await wait_for(lambda: app.current_pane is not None and app.current_pane.PANE_ID is PaneId.JOBS)
        assert not isinstance(app.screen, SpendScreen)
        assert app.query_one(TabBar).active == PaneId.JOBS
        await pilot.press(key)
        await wait_for(lambda: isinstance(app.screen, SpendScreen))
        await pilot.press(key)
        await wait_for(lambda: not isinstance(app.screen, SpendScreen))


async def test_no_region_that_could_be_read_is_not_no_live_job(tmp_path: Path) -> None:
    class Refused(SpendWorld):
        async def page(self, place: Place, start: int, size: int, filter_: str) -> JobPage:  # noqa: ARG002
            raise DENIED

    app = SpendApp(tmp_path)
    async with app.run_test(size=(80, 24)):
        app.view.gateway = cast("Gateway", Refused())
        await wait_for(lambda: "No region could be read: jobs may be" in app.text("spend-no-jobs"))
