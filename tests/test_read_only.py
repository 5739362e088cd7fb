"""A session that only reads: every key that would change something is gone, in every pane."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast

import pytest
from textual.binding import Binding
from textual.pilot import Pilot

from tests.panes.setup_app import SetupApp, go_to, show
from tests.services.setup_world import USAGE, World
from tests.support import settle
from tui.app import PANES, VertexApp
from tui.cloud.session import open_gateway
from tui.domain.gateway import Gateway
from tui.domain.setup.model import GrantRoles
from tui.domain.target import LocalEndpoint, Target
from tui.local import launcher
from tui.panes.base import Pane
from tui.panes.jobs import JobsPane
from tui.panes.logs import LogsPane
from tui.panes.messages import PaneId
from tui.panes.setup import SetupPane
from tui.panes.spec import SpecPane
from tui.panes.storage import StoragePane
from tui.services.config import load
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.widgets.confirm import ConfirmScreen
from tui.widgets.header import HeaderBar
from tui.widgets.rows import RowList

PANE_CLASSES: dict[PaneId, type[Pane]] = {
    PaneId.SETUP: SetupPane,
    PaneId.SPEC: SpecPane,
    PaneId.JOBS: JobsPane,
    PaneId.LOGS: LogsPane,
    PaneId.STORAGE: StoragePane,
}
CHANGING = {
    "setup": {"fix", "fix_all", "undo"},
    "spec": {"start"},
    "jobs": {"cancel", "delete", "rerun_as", "rerun"},
    "logs": set(),
    "storage": {"delete", "again", "delete_home", "clean_up", "restore", "upload", "new_bucket"},
}
"""Actions that change the project, its jobs or its objects."""
KEEPING = {
    "setup": {"unfold", "fold", "verify", "copy", "request", "accept", "check", "note", "next_trouble"},
    "spec": {
        *(
            "save",
            "save_as",
            "open",
            "edit",
            "new",
            "next_problem",
            "previous_problem",
            "fix",
            "show_request",
            *("find", "find_next", "go_to_line", "external_editor", "past_job"),
            *("files", "step_file", "close", "reload", "keep_mine", "difference", "machine", "secrets"),
            *("look_again", "say_no_fix"),
        ),
    },
    "jobs": {
        *("open_logs", "open_outputs", "copy_id", "refresh", "next_view"),
        *("filter", "mine", "sort", "reverse", "columns", "mark", "mark_all"),
        *("clone", "copies", "watch", "next_unseen", "all_seen", "stop_changes"),
        *("next_step", "jump_to_evidence", "zoom_detail", "previous_view", "show_view", "scroll_detail"),
        *("chart_cursor", "chart_metric", "chart_log", "chart_zoom"),
    },
    "logs": None,
    "storage": {
        *("open", "up", "download", "filter", "go_to", "stop", "buckets", "copy", "copy_web", "refresh"),
        *("mark", "mark_all", "sort", "reverse", "columns", "count", "versions", "deleted", "deletes", "pay"),
        *("tree", "other_list", "details", "places", "show_transfers"),
    },
}
"""Actions that only look, or change this box alone; None for all others of the pane."""

FAST = '{"queued_seconds": 0, "pending_seconds": 0, "error_seconds": 0, "operation_seconds": 0}'
SPEC = """\
workerPoolSpecs:
  - machineSpec:
      machineType: n1-standard-4
    replicaCount: 1
    containerSpec:
      imageUri: python:3.11
      command: ["true"]
"""


def actions_of(pane: type[Pane]) -> set[str]:
    """The actions of a pane's own bindings."""
    found: set[str] = set()
    for base in pane.__mro__:
        for binding in base.__dict__.get("BINDINGS", ()) if issubclass(base, Pane) else ():
            assert isinstance(binding, Binding)
            found.add(binding.action.partition("(")[0])
    return found


@pytest.mark.parametrize("pane", PANES)
def test_every_action_of_every_pane_is_known_to_change_or_not(pane: PaneId) -> None:
    actions, keeping = actions_of(PANE_CLASSES[pane]), KEEPING[pane]
    assert CHANGING[pane] <= actions
    if keeping is not None:
        assert actions - CHANGING[pane] == keeping, (
            "say in this test whether the new action changes something"
        )


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppOptions]:
    """Options for a server of this test's own, with a spec to start."""
    monkeypatch.setenv("VERTEX_TUI_LOCAL_SETTINGS", FAST)
    with tempfile.TemporaryDirectory() as folder:
        environ = {"VERTEX_TUI_HOME": folder}
        paths = find_paths(environ)
        spec = Path(folder) / "run.yaml"
        spec.write_text(SPEC)
        found = load(paths, environ, {"region": "europe-west4"}, local=True)
        yield AppOptions(found.settings, found.origins, local=True, spec=spec, paths=paths)
        launcher.stop(paths.local_dir)


async def fill(options: AppOptions) -> Gateway:
    """A job that has ended, a bucket with an object, and an API that is off."""
    record = launcher.ensure(options.paths.local_dir)
    endpoint = LocalEndpoint(record.grpc_address, record.http_url)
    gateway = await open_gateway(Target(record.project, "europe-west4", local=endpoint))
    await gateway.setup.enable_apis(("aiplatform.googleapis.com", "storage.googleapis.com"))
    await gateway.storage.create_bucket("kelp-outputs", "europe-west4")
    body = {
        "displayName": "kelp",
        "jobSpec": {
            "workerPoolSpecs": [
                {
                    "machineSpec": {"machineType": "n1-standard-4"},
                    "replicaCount": 1,
                    "containerSpec": {"imageUri": "python:3.11", "command": ["true"]},
                }
            ]
        },
    }
    await gateway.jobs.create_job(body)
    return gateway


def offered(pane: Pane) -> set[str]:
    """The changing actions that would work now."""
    return {action for action in CHANGING[pane.PANE_ID] if pane.check_action(action, ()) is True}


async def seen(app: VertexApp, pilot: Pilot[int]) -> dict[PaneId, set[str]]:
    """The changing actions that each pane offers at any moment, with something under the cursor."""
    found: dict[PaneId, set[str]] = {}
    for number, pane_id in enumerate(PANES, start=1):
        await pilot.press(f"alt+{number}")
        await _until(pilot, partial(_shows, app, pane_id))
        pane = app.current_pane
        assert pane is not None
        found[pane_id] = offered(pane)
    return found


def _shows(app: VertexApp, pane_id: PaneId) -> bool:
    """Whether that pane is in front, with something under its cursor."""
    pane = app.current_pane
    if pane is None or pane.PANE_ID is not pane_id or pane.gateway is None:
        return False
    if isinstance(pane, SetupPane):
        return pane._placed and pane._checks is not None and pane._checks.settled
    if isinstance(pane, SpecPane):
        return pane._buffer is not None
    if isinstance(pane, JobsPane):
        return bool(pane.query_one(RowList).row_count) and not any(job.state.live for job in pane.jobs.jobs)
    return not isinstance(pane, StoragePane) or pane.row is not None


async def _until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    await settle(cast("Pilot[object]", pilot), condition)


@pytest.mark.parametrize("read_only", [False, True])
async def test_no_changing_action_works(options: AppOptions, read_only: bool) -> None:  # noqa: FBT001
    gateway = await fill(options)
    settings = replace(options.settings, read_only=read_only)
    app = VertexApp(replace(options, settings=settings))
    async with app.run_test(size=(120, 40)) as pilot:
        found = await seen(app, pilot)
        if read_only:
            assert not any(found.values())
        else:
            assert {pane: bool(actions) for pane, actions in found.items()} == {
                pane: bool(CHANGING[pane]) for pane in PANES
            }
        assert ("READ-ONLY" in str(app.query_one(HeaderBar).render())) is read_only
    await gateway.close()


async def test_the_keys_change_nothing(options: AppOptions) -> None:
    gateway = await fill(options)
    before = await gateway.setup.api_states(("compute.googleapis.com",))
    app = VertexApp(replace(options, settings=replace(options.settings, read_only=True)))
    async with app.run_test(size=(120, 40)) as pilot:
        await seen(app, pilot)
        jobs = ("alt+3", "c", "d", "R", "ctrl+r")
        for keys in (("alt+5", "x", "b"), jobs, ("alt+2", "ctrl+r"), ("alt+1", "f", "a", "u")):
            await pilot.press(*keys)
            await pilot.pause()
            assert not isinstance(app.screen, ConfirmScreen)
        assert app.screen.focused is not None
    assert [job.display_name for job in (await gateway.jobs.list_jobs()).jobs] == ["kelp"]
    assert (await gateway.storage.get_bucket("kelp-outputs")).name == "kelp-outputs"
    states = await gateway.setup.api_states(("compute.googleapis.com",))
    await gateway.close()
    assert states == before


async def test_a_fix_of_the_project_is_told_but_not_made(tmp_path: Path) -> None:
    app = SetupApp(tmp_path, read_only=True)
    async with app.run_test(size=(80, 24)) as pilot:
        world = World(on={USAGE, "cloudresourcemanager.googleapis.com"})
        await show(app, pilot, world)
        await go_to(app, pilot, "apis.logging.googleapis.com")
        assert "not made while read-only is on" in app.text("#setup-detail-text")
        assert "a fixes" not in app.text("#setup-summary")
        app.pane._tell(granted=(GrantRoles("user:ana@lagoon.example", ("roles/viewer",)),))
        await pilot.press("f", "enter", "a", "u")
        await settle(pilot)
        assert not isinstance(app.screen, ConfirmScreen)
        assert "enable_apis" not in world.calls
