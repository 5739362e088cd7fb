"""The Setup pane over Google's own clients against the local server: from fresh to ready, by keys."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from time import monotonic
from typing import cast

import pytest
from textual.pilot import Pilot

from tests.support import settle, wait_for
from tui.app import VertexApp
from tui.cloud.session import open_gateway
from tui.domain.gateway import Gateway
from tui.domain.setup.facts import APIS, REQUIRED_APIS
from tui.domain.setup.model import CheckState
from tui.domain.target import LocalEndpoint, Target
from tui.local import launcher
from tui.panes.setup import SetupPane
from tui.services.config import load
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.widgets.confirm import ConfirmScreen
from tui.widgets.header import TabBar
from tui.widgets.table import ListTable

FAST = '{"queued_seconds": 0, "pending_seconds": 0, "error_seconds": 0, "operation_seconds": 0}'


@pytest.fixture
def options(monkeypatch: pytest.MonkeyPatch) -> Iterator[AppOptions]:
    """Options for a server of this test's own, in a folder short enough for a socket's path."""
    monkeypatch.setenv("VERTEX_TUI_LOCAL_SETTINGS", FAST)
    with tempfile.TemporaryDirectory() as folder:
        environ = {"VERTEX_TUI_HOME": folder}
        paths = find_paths(environ)
        found = load(paths, environ, {"region": "europe-west4"}, local=True)
        yield AppOptions(found.settings, found.origins, local=True, spec=None, paths=paths)
        launcher.stop(paths.local_dir)


@pytest.fixture
async def gateway(options: AppOptions) -> AsyncIterator[Gateway]:
    """A second look at the same server, beside the app's."""
    record = launcher.ensure(options.paths.local_dir)
    target = Target(record.project, "europe-west4", local=LocalEndpoint(record.grpc_address, record.http_url))
    gateway = await open_gateway(target)
    yield gateway
    await gateway.close()


async def _until(pilot: Pilot[int], condition: Callable[[], object]) -> None:
    await settle(cast("Pilot[object]", pilot), condition)


def _pane(app: VertexApp) -> SetupPane:
    pane = app.current_pane
    assert isinstance(pane, SetupPane)
    return pane


async def _fix(app: VertexApp, pilot: Pilot[int], key: str) -> None:
    """Press a fixing key and say yes, as soon as the question listens."""
    await pilot.press(key)
    await _until(pilot, lambda: isinstance(app.screen, ConfirmScreen))
    question = app.screen
    assert isinstance(question, ConfirmScreen)
    await wait_for(lambda: monotonic() > question._ready_at)
    await pilot.press("y")
    await _until(pilot, lambda: not isinstance(app.screen, ConfirmScreen))


def _state(app: VertexApp, check_id: str) -> CheckState:
    return _pane(app)._rows[check_id].state


async def _first_checks(app: VertexApp, pilot: Pilot[int]) -> None:
    await _until(pilot, lambda: isinstance(app.current_pane, SetupPane) and app.current_pane._facts.connected)
    rows = _pane(app)._rows
    await _until(pilot, lambda: all(row.state is not CheckState.RUNNING for row in _pane(app)._rows.values()))
    assert rows


async def test_from_a_fresh_server_to_ready_with_two_keys(options: AppOptions, gateway: Gateway) -> None:
    app = VertexApp(options)
    async with app.run_test(size=(80, 24)) as pilot:
        await _first_checks(app, pilot)
        assert _state(app, "apis.aiplatform.googleapis.com") is CheckState.FAILED
        assert _state(app, "bucket") is CheckState.FAILED
        assert "to fix" in app.query_one(TabBar).badges["setup"][0]
        await _fix(app, pilot, "a")
        await _until(pilot, lambda: app.query_one(TabBar).badges["setup"][0] == "✓")
    assert set((await gateway.setup.api_states(tuple(REQUIRED_APIS))).values()) == {"ENABLED"}
    bucket = await gateway.storage.get_bucket("local-project-outputs")
    assert (bucket.location, bucket.location_type) == ("EUROPE-WEST4", "region")
    assert not options.paths.config_file.exists()


async def test_one_row_at_a_time_and_what_others_change_is_found(
    options: AppOptions, gateway: Gateway
) -> None:
    await gateway.setup.enable_apis(tuple(APIS))
    app = VertexApp(options)
    async with app.run_test(size=(160, 50)) as pilot:
        await _first_checks(app, pilot)
        assert _state(app, "bucket") is CheckState.FAILED
        assert app.query_one(ListTable).cursor_key == "bucket"
        await gateway.storage.create_bucket("local-project-outputs", "us-central1")
        await pilot.press("r")
        await _until(pilot, lambda: _state(app, "bucket") is CheckState.WARNING)
        assert "us-central1" in _pane(app)._rows["bucket"].finding
        await _until(pilot, lambda: app.query_one(ListTable).cursor_key == "bucket")
        await pilot.press("s")
        await _until(pilot, lambda: _state(app, "bucket") is CheckState.ACCEPTED)


async def test_the_bucket_is_made_with_one_key_in_its_place(options: AppOptions, gateway: Gateway) -> None:
    await gateway.setup.enable_apis(tuple(APIS))
    app = VertexApp(options)
    async with app.run_test(size=(100, 30)) as pilot:
        await _first_checks(app, pilot)
        await _until(pilot, lambda: app.query_one(ListTable).cursor_key == "bucket")
        await _fix(app, pilot, "f")
        await _until(pilot, lambda: _state(app, "bucket") is CheckState.OK)
    assert (await gateway.storage.get_bucket("local-project-outputs")).location == "EUROPE-WEST4"


async def test_a_server_that_is_gone_is_named_and_comes_back(options: AppOptions) -> None:
    app = VertexApp(options)
    async with app.run_test(size=(100, 30)) as pilot:
        await _first_checks(app, pilot)
        launcher.stop(options.paths.local_dir)
        await pilot.press("r")
        await _until(pilot, lambda: _state(app, "connection") is not CheckState.OK)
        await _until(pilot, lambda: _state(app, "connection") is CheckState.OK)
        await _until(pilot, lambda: _state(app, "apis.aiplatform.googleapis.com") is CheckState.FAILED)
