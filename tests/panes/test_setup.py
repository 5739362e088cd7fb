"""The Setup pane on a small project: from failing rows to ready, by keys."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from tests.services.setup_world import RESOURCES, USAGE, World, ready_world
from tests.support import settle
from tui import assets
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.facts import APIS
from tui.domain.setup.model import CheckState
from tui.panes.messages import BadgeChanged, SetupChanged
from tui.panes.setup import SetupPane
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.settings import Origin, Settings, Source
from tui.widgets.confirm import ConfirmScreen
from tui.widgets.table import ListTable


class SetupApp(App[object]):
    """Only the pane."""

    CSS_PATH = [assets.STYLES / "frame.tcss", assets.STYLES / "setup.tcss"]  # noqa: RUF012 (Textual's)

    def __init__(self, home: Path, source: Source = Source.FILE) -> None:
        super().__init__()
        origins = {"project": Origin(source, "a file"), "region": Origin(Source.FLAG, "flag --region")}
        settings = Settings(project="kelp-train", region="europe-west4")
        self.paths = find_paths({"VERTEX_TUI_HOME": str(home)})
        self.pane = SetupPane(AppOptions(settings, origins, local=False, spec=None, paths=self.paths))
        self.badges: list[str] = []
        self.changed = 0

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_badge_changed(self, message: BadgeChanged) -> None:
        self.badges.append(message.text)

    def on_setup_changed(self, _message: SetupChanged) -> None:
        self.changed += 1

    @property
    def table(self) -> ListTable:
        return self.query_one(ListTable)

    def text(self, selector: str) -> str:
        return str(self.query_one(selector, Static).content)

    def state(self, check_id: str) -> CheckState:
        return self.pane._rows[check_id].state


@pytest.fixture
def app(tmp_path: Path) -> SetupApp:
    return SetupApp(tmp_path)


async def show(app: SetupApp, pilot: Pilot[object], world: World) -> None:
    app.pane.gateway = world.gateway
    app.pane.pane_shown()
    await settle(pilot, lambda: all(row.state is not CheckState.RUNNING for row in app.pane._rows.values()))


async def answer(app: SetupApp, pilot: Pilot[object], *keys: str) -> None:
    await settle(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen._ready_at < float("inf"))
    await pilot.press(*keys)
    await settle(pilot, lambda: not isinstance(app.screen, ConfirmScreen))


@pytest.mark.parametrize("size", [(80, 24), (160, 50)])
async def test_a_bare_project_is_made_ready_with_two_keys(app: SetupApp, size: tuple[int, int]) -> None:
    world = World(on={USAGE, RESOURCES})
    async with app.run_test(size=size) as pilot:
        await show(app, pilot, world)
        assert "to fix" in app.text("#setup-summary")
        assert app.table.cursor_key == "apis.aiplatform.googleapis.com"
        await pilot.press("a")
        await settle(pilot, lambda: isinstance(app.screen, ConfirmScreen))
        words = " ".join(str(line) for line in app.screen.question.lines)  # type: ignore[attr-defined]
        assert "compute.googleapis.com" in words
        assert "roles/storage.objectUser" in words
        assert "gs://kelp-train-outputs in europe-west4" in words
        await answer(app, pilot, "y")
        await settle(pilot, lambda: "Ready: press 2" in app.text("#setup-summary"))
        assert app.badges[-1] == "✓"
        assert any("to fix" in badge for badge in app.badges)
        assert app.changed == 1
        assert world.on == set(APIS)
        saved = app.paths.config_file
        await settle(pilot, lambda: saved.exists() and 'bucket = "kelp-train-outputs"' in saved.read_text())


async def test_no_is_the_default_and_changes_nothing(app: SetupApp) -> None:
    world = World(on={USAGE, RESOURCES})
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        await pilot.press("a")
        await answer(app, pilot, "enter")
        assert "enable_apis" not in world.calls
        assert app.changed == 0


async def test_one_row_is_fixed_in_its_place(tmp_path: Path) -> None:
    app = SetupApp(tmp_path, Source.ENVIRONMENT)
    world = ready_world()
    world.buckets.clear()
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        assert app.table.cursor_key == "bucket"
        assert "does not exist yet" in app.text("#setup-detail-text")
        assert "gcloud storage buckets create" in app.text("#setup-detail-text")
        await pilot.press("enter")
        await answer(app, pilot, "y")
        await settle(pilot, lambda: app.state("bucket") is CheckState.OK)
        assert "deletes can be undone for 7 days" in app.text("#setup-detail-text")
        assert app.table.cursor_key == "bucket"
        assert not app.paths.config_file.exists()


async def test_a_refusal_is_shown_in_the_pane(app: SetupApp) -> None:
    world = ready_world()
    world.bindings.clear()
    world.faults["grant_roles"] = CloudError("You lack [b]it[/b]", hint="Ask Bo", kind=ErrorKind.DENIED)
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        assert app.table.cursor_key == "service-account"
        await pilot.press("f")
        await answer(app, pilot, "y")
        await settle(pilot, lambda: "not fixed: You lack [b]it[/b]" in app.text("#setup-detail-text"))
        assert "Ask Bo" in app.text("#setup-detail-text")
        assert "not done" in app.text("#setup-note")


async def test_keys_are_offered_only_where_they_do_something(app: SetupApp) -> None:
    world = ready_world()
    world.buckets.clear()
    async with app.run_test(size=(100, 30)) as pilot:
        assert app.pane.check_action("check", ()) is False
        await show(app, pilot, world)
        assert app.pane.check_action("fix", ()) is True
        app.pane.show_check("region")
        await settle(pilot, lambda: app.table.cursor_key == "region")
        assert app.pane.check_action("fix", ()) is False
        assert app.pane.check_action("copy", ()) is False
        app.pane.show_check("permissions.logs")
        await pilot.press("y")
        assert "roles/logging.viewer" in app.clipboard
        assert "Copied" in app.text("#setup-note")
        await pilot.press("tab")
        assert app.pane.go_back()
        await settle(pilot, lambda: app.table.has_focus)
        assert not app.pane.go_back()


async def test_trouble_is_shown_first_and_goes_when_the_connection_comes(app: SetupApp) -> None:
    trouble = CloudError("No Google credentials found", hint="Run: gcloud …", kind=ErrorKind.NO_CREDENTIALS)
    async with app.run_test(size=(80, 24)) as pilot:
        app.pane.connection_trouble = trouble
        await settle(pilot, lambda: "No Google credentials" in app.text("#setup-detail-text"))
        assert "Run: gcloud …" in app.text("#setup-detail-text")
        assert "tried again by itself" in app.text("#setup-summary")
        assert app.badges[-1] == "1 to fix"
        app.pane.connection_trouble = None
        await show(app, pilot, ready_world())
        await settle(pilot, lambda: "Ready" in app.text("#setup-summary"))


async def test_checking_again_finds_what_has_changed(app: SetupApp) -> None:
    world = ready_world()
    async with app.run_test(size=(100, 30)) as pilot:
        await show(app, pilot, world)
        await settle(pilot, lambda: app.badges[-1] == "✓")
        world.on.discard("logging.googleapis.com")
        await pilot.press("r")
        await settle(pilot, lambda: app.state("apis.logging.googleapis.com") is CheckState.FAILED)
        await settle(pilot, lambda: app.badges[-1] == "1 to fix")
