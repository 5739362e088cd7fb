"""Cancelling and deleting in the Jobs pane, on a gateway in memory: where, how many, and what is said."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from textual.app import App
from textual.geometry import Region
from textual.pilot import Pilot
from textual.widgets import Static

from tests.panes.jobs_world import NOW, DetailApp, raw
from tests.support import wait_for
from tests.test_leaving import Unconnected, listening
from tui.domain.access import QuotaLimits
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job, JobState, job_from_json
from tui.domain.places import Place
from tui.domain.target import Target
from tui.leaving import LeaveScreen
from tui.panes.jobs import JobsPane
from tui.panes.jobs_rerun import RerunScreen
from tui.services import jobchanges
from tui.services.jobwatch import JobsSnapshot
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.settings import Settings
from tui.widgets.confirm import ConfirmScreen
from tui.widgets.state_view import StateView

HERE = Place("kelp-train", "europe-west4")
EVIL = "\x1b]0;pwned\x07\x1b[31mred\u202e \x9b1m"


class World:
    """All places, as the session's gateway."""

    def __init__(self) -> None:
        self.target = Target("kelp-train", "europe-west4")
        self.done: list[tuple[Place, str, str]] = []
        self.errors: dict[str, CloudError] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.records: dict[str, Job] = {}
        self.limits: dict[str, QuotaLimits] = {}
        self.asked: list[tuple[Place, tuple[str, ...]]] = []

    def elsewhere(self, place: Place) -> Gateway:
        return cast("Gateway", _There(self, place))


class _There:
    def __init__(self, world: World, place: Place) -> None:
        self._world = world
        self._place = place
        self.jobs = self.setup = self
        self.target = replace(world.target, project=place.project, region=place.region)

    async def _do(self, what: str, name: str) -> None:
        await self._world.gate.wait()
        self._world.done.append((self._place, what, name.rpartition("/")[2]))
        if error := self._world.errors.get(name.rpartition("/")[2]):
            raise error

    async def cancel_job(self, name: str) -> None:
        await self._do("cancel", name)

    async def delete_job(self, name: str) -> None:
        await self._do("delete", name)

    async def get_job(self, name: str) -> Job:
        await asyncio.sleep(0)
        if name in self._world.records:
            return self._world.records[name]
        raise CloudError("There is no such job", kind=ErrorKind.NOT_FOUND)

    async def quota_limits(self, metrics: tuple[str, ...]) -> dict[str, QuotaLimits]:
        self._world.asked.append((self._place, tuple(metrics)))
        return self._world.limits


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def app(tmp_path: Path) -> DetailApp:
    return DetailApp(tmp_path)


ENDED = [job_from_json(raw(number, "SUCCEEDED", minutes=number)) for number in range(1, 6)]


async def listed(
    app: DetailApp, world: World, jobs: list[Job], *, homes: dict[str, Place] | None = None
) -> None:
    app.pane.gateway = cast("Gateway", world)
    app.show(jobs, {})
    app.pane.jobs = replace(
        app.pane.jobs, homes=homes if homes is not None else {"projects/123/locations/europe-west4": HERE}
    )
    await wait_for(lambda: app.table.row_count == len(jobs))


async def say_yes(app: App[None], pilot: Pilot[None]) -> ConfirmScreen:
    await wait_for(lambda: isinstance(app.screen, ConfirmScreen) and app.screen.open_for_keys)
    screen = cast("ConfirmScreen", app.screen)
    await pilot.press("y")
    await wait_for(lambda: app.screen is not screen)
    return screen


def deleted(world: World) -> list[str]:
    return [name for _, what, name in world.done if what == "delete"]


async def test_a_second_change_waits_for_its_turn_and_the_first_is_accounted_for(
    app: DetailApp, world: World
) -> None:
    live = job_from_json(raw(9, "RUNNING", minutes=0.5))
    async with app.run_test(size=(100, 30)) as pilot:
        await listed(app, world, [live, *ENDED])
        world.gate.clear()
        await pilot.press("j", "space", "space", "space", "space", "space", "d")
        await say_yes(app, pilot)
        await wait_for(lambda: "Deleting 1 of 5: job-1" in app.note)
        assert app.pane.under_way == ("Deleting 1 of 5: job-1",)
        assert app.pane.check_action("stop_changes", ())
        for key in ("d", "c"):
            app.table.marked = {live.name} if key == "c" else app.table.marked
            await pilot.press(key)
            await wait_for(lambda: "Nothing else is changed meanwhile; X stops it" in app.note)
            assert not isinstance(app.screen, ConfirmScreen)
        world.gate.set()
        await wait_for(lambda: app.note == "5 deleted")
        assert deleted(world) == ["1", "2", "3", "4", "5"]
        assert not app.pane.under_way
        assert not app.pane.check_action("stop_changes", ())
        assert app.table.marked == {live.name}
        await pilot.press("c")
        await say_yes(app, pilot)
        await wait_for(lambda: "1 asked to cancel" in app.note)


async def test_two_presses_ask_once(app: DetailApp, world: World) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        await listed(app, world, ENDED)
        app.pane.action_delete()
        app.pane.action_delete()
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen) and app.screen.open_for_keys)
        await pilot.press("n")
        await wait_for(lambda: not isinstance(app.screen, ConfirmScreen))
        await pilot.press("d")
        await wait_for(lambda: isinstance(app.screen, ConfirmScreen))
        assert not world.done


async def test_stopped_it_says_what_was_not_begun(app: DetailApp, world: World) -> None:
    async with app.run_test(size=(100, 30)) as pilot:
        await listed(app, world, ENDED)
        world.gate.clear()
        await pilot.press("asterisk", "d")
        await say_yes(app, pilot)
        await wait_for(lambda: app.pane.under_way)
        await pilot.press("X")
        world.gate.set()
        await wait_for(lambda: app.note == "1 deleted, 4 not begun")
        assert app.table.marked == {job.name for job in ENDED[1:]}


async def test_too_many_requests_are_waited_out_in_sight(app: DetailApp, world: World) -> None:
    slow = CloudError("Too many requests", kind=ErrorKind.RATE, retry_after=0.2)
    async with app.run_test(size=(100, 30)) as pilot:
        await listed(app, world, ENDED)
        world.errors["1"] = slow
        await pilot.press("asterisk", "d")
        await say_yes(app, pilot)
        await wait_for(lambda: "Deleting 1 of 5: too many requests, going on at " in app.note)
        del world.errors["1"]
        await wait_for(lambda: app.note == "5 deleted")


async def test_what_the_service_says_cannot_steer_the_terminal(app: DetailApp, world: World) -> None:
    evil = CloudError(f"No {EVIL}", f"{EVIL}\nsecond line", hint=EVIL)
    async with app.run_test(size=(100, 40)) as pilot:
        await listed(app, world, ENDED)
        world.errors["1"] = evil
        await pilot.press("d")
        await say_yes(app, pilot)
        await wait_for(lambda: "0 deleted, 1 failed" in app.note)
        note = app.query_one("#jobs-note", Static)
        await wait_for(lambda: note.size.height)
        _harmless(note)
        view = app.query_one(StateView)
        app.pane.jobs = JobsSnapshot(trouble=evil, trouble_since=NOW)
        await wait_for(lambda: view.size.height)
        assert "second line" in _harmless(view)


def _harmless(widget: Static) -> str:
    strips = widget.render_lines(Region(0, 0, widget.size.width, widget.size.height))
    shown = "\n".join(strip.text for strip in strips)
    assert "red" in shown
    assert not set(shown) & {"\x1b", "\x07", "\x9b", "\u202e"}
    return shown


async def test_a_change_goes_to_the_jobs_own_place_also_when_only_its_name_tells(
    app: DetailApp, world: World
) -> None:
    far = job_from_json(raw(2, "RUNNING", name="projects/9/locations/us-east1/customJobs/2"))
    async with app.run_test(size=(100, 30)) as pilot:
        await listed(app, world, [far], homes={})
        await pilot.press("c")
        screen = await say_yes(app, pilot)
        assert "--region=us-east1 --project=9" in "\n".join(map(str, screen.question.lines))
        await wait_for(lambda: world.done == [(Place("9", "us-east1"), "cancel", "2")])
        lost = replace(far, name="odd")
        app.show([lost], {})
        await wait_for(lambda: app.table.cursor_key == "odd")
        await pilot.press("c")
        await say_yes(app, pilot)
        await wait_for(lambda: "0 asked to cancel, 1 failed" in app.note and "nothing was sent" in app.note)
        assert len(world.done) == 1


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_two_projects_in_one_region_are_told_apart(
    app: DetailApp, world: World, size: tuple[int, int]
) -> None:
    other = "projects/7/locations/europe-west4"
    jobs = [ENDED[0], job_from_json(raw(2, "SUCCEEDED", name=f"{other}/customJobs/2"))]
    homes = {"projects/123/locations/europe-west4": HERE, other: Place("otter-lab", "europe-west4")}
    async with app.run_test(size=size) as pilot:
        await listed(app, world, jobs, homes=homes)
        await wait_for(lambda: "kelp-train" in _shown(app) and "otter-lab" in _shown(app))
        assert "REGION" not in _shown(app)
        await pilot.press("slash", *"project:otter", "enter")
        await wait_for(lambda: app.table.row_count == 1)
        assert app.pane.go_back()
        await wait_for(lambda: app.table.row_count == 2)
        await pilot.press("asterisk", "d")
        screen = await say_yes(app, pilot)
        lines = "\n".join(map(str, screen.question.lines))
        assert "kelp-train/europe-west4" in lines
        assert "otter-lab/europe-west4" in lines


def _shown(app: DetailApp) -> str:
    """The list as it is drawn."""
    table = app.table
    strips = table.render_lines(Region(0, 0, table.size.width, table.size.height))
    return "\n".join(strip.text for strip in strips)


async def test_leaving_meanwhile_is_asked_about(home: Path, world: World) -> None:
    settings = Settings(project="kelp-train", region="europe-west4")
    paths = find_paths({"VERTEX_TUI_HOME": str(home)})
    app = Unconnected(AppOptions(settings, {}, local=False, spec=None, paths=paths))
    async with app.run_test(size=(100, 30)) as pilot:
        app.gateway = cast("Gateway", world)
        app.jobs = JobsSnapshot(tuple(ENDED), read_at=NOW)
        await pilot.press("3")
        await wait_for(
            lambda: isinstance(app.current_pane, JobsPane) and app.current_pane.table.row_count == 5
        )
        world.gate.clear()
        await pilot.press("asterisk", "d")
        await listening(app, pilot)
        await pilot.press("y")
        pane = cast("JobsPane", app.current_pane)
        await wait_for(lambda: pane.under_way)
        await pilot.press("q")
        await wait_for(lambda: isinstance(app.screen, LeaveScreen) and app.screen.open_for_keys)
        lines = cast("LeaveScreen", app.screen).question.lines
        assert any("Deleting 1 of 5" in str(line) for line in lines)
        await pilot.press("y")
        await wait_for(lambda: app._exit)


# Jobs that wait


QUEUED = job_from_json(raw(1, "QUEUED", minutes=22))
L4 = "aiplatform.googleapis.com/custom_model_training_preemptible_nvidia_l4_gpus"


async def test_the_waiting_card_knows_the_limits_and_only_jobs_of_its_own_project_hold_them(
    app: DetailApp, world: World
) -> None:
    other = "projects/7/locations/europe-west4"
    mine = job_from_json(raw(2, "RUNNING"))
    theirs = job_from_json(raw(3, "RUNNING", name=f"{other}/customJobs/3"))
    world.limits = {L4: QuotaLimits(L4, {"europe-west4": 1})}
    async with app.run_test(size=(120, 40)) as pilot:
        await listed(app, world, [mine, QUEUED, theirs])
        await pilot.press("j")
        await wait_for(lambda: app.table.cursor_key == QUEUED.name)
        words = "the limit in europe-west4 is 1 and 1 is held by 1 other job"
        await wait_for(lambda: words in " ".join(app.detail.split()))
        assert "Held by   job-2\n" in app.detail
        assert "likely reason" not in app.detail
        (asked,) = world.asked
        assert asked[0] == HERE
        assert L4 in asked[1]
        app.pane.jobs = replace(app.pane.jobs, jobs=(QUEUED, theirs))
        await wait_for(lambda: "Held by" not in app.detail)
        assert len(world.asked) == 1, "limits are kept for some minutes"


@pytest.mark.parametrize(
    ("state", "in_front", "words"),
    [
        (JobState.CANCELLED, True, ""),
        (JobState.CANCELLED, False, "R starts it in another region"),
        (JobState.SUCCEEDED, True, "succeeded before it could be cancelled"),
        (None, True, "has not ended: nothing was started"),
    ],
)
async def test_f_cancels_a_job_that_waits_and_then_asks_where_to_start_it(
    app: DetailApp,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    state: JobState | None,
    in_front: bool,  # noqa: FBT001 (a parameter of the test)
    words: str,
) -> None:
    monkeypatch.setattr(jobchanges, "LOOK_SECONDS", 0.01)
    async with app.run_test(size=(120, 40)) as pilot:
        await listed(app, world, [QUEUED])
        await wait_for(lambda: "f Cancel it and start it" in app.detail)
        assert app.pane.check_action("next_step", ())
        world.records[QUEUED.name] = QUEUED
        await pilot.press("f")
        screen = await say_yes(app, pilot)
        assert "europe-west4" in "\n".join(map(str, screen.question.lines))
        await wait_for(lambda: app.pane.under_way == ("Waiting until job-1 has ended",))
        assert [what for _, what, _ in world.done] == ["cancel"]
        app.pane.display = in_front
        await pilot.pause()
        if state is None:
            app.pane.action_stop_changes()
        else:
            world.records[QUEUED.name] = replace(QUEUED, state=state)
        if words:
            await wait_for(lambda: words in app.note)
            assert not isinstance(app.screen, RerunScreen)
        else:
            await wait_for(lambda: isinstance(app.screen, RerunScreen))
            await wait_for(lambda: app.focused is not None and app.focused.id == "again-region")
        assert not app.pane.under_way


async def test_what_is_deleted_leaves_the_list_and_the_marks_as_it_goes(app: DetailApp, world: World) -> None:
    async with app.run_test(size=(120, 40)) as pilot:
        await listed(app, world, ENDED)
        await pilot.press("asterisk", "d")
        started: list[int] = []
        rows, pane = app.table, app.pane
        tell = pane.tell_doing

        def told(words: str) -> None:
            started.append(rows.row_count - len(rows.marked))
            tell(words)

        pane.tell_doing = told  # type: ignore[method-assign]
        await say_yes(app, pilot)
        await wait_for(lambda: not rows.row_count and not pane.doing)
        assert set(started) == {0}, "rows and marks fall together"
        assert not rows.marked
        pane.jobs = replace(pane.jobs, jobs=tuple(ENDED[:1]))
        pane.jobs = replace(pane.jobs, jobs=())
        assert not pane.deleted, "the list has noticed"
