"""What the tests of the Setup pane share: a small app round the pane, and rows of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widgets import Static

from tests.services.setup_world import World
from tests.support import settle
from tui import assets
from tui.domain.setup.assess import assess
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check, CheckState, part_of
from tui.panes import messages, setup_view
from tui.panes.setup import SetupPane
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.settings import Origin, Settings, Source
from tui.widgets.confirm import ConfirmScreen
from tui.widgets.table import ListTable


class SetupApp(App[object]):
    """Only the pane, and what it tells the app."""

    CSS_PATH = [assets.STYLES / f"{name}.tcss" for name in ("frame", "setup", "spec")]  # noqa: RUF012

    def __init__(self, home: Path, source: Source = Source.FILE, *, read_only: bool = False) -> None:
        super().__init__()
        origins = {"project": Origin(source, "a file"), "region": Origin(Source.FLAG, "flag --region")}
        settings = Settings(project="kelp-train", region="europe-west4", read_only=read_only)
        self.paths = find_paths({"VERTEX_TUI_HOME": str(home)})
        self.pane = SetupPane(AppOptions(settings, origins, local=False, spec=None, paths=self.paths))
        self.told: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.pane

    def on_badge_changed(self, message: messages.BadgeChanged) -> None:
        self.told.append(message)

    on_setup_changed = on_settings_changed = on_set_service_account = on_jobs_changed = on_badge_changed

    def heard(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.told if type(message) is kind]

    @property
    def badges(self) -> list[str]:
        return [message.text for message in self.told if isinstance(message, messages.BadgeChanged)]

    @property
    def table(self) -> ListTable:
        return self.query_one(ListTable)

    def text(self, selector: str) -> str:
        return str(self.query_one(selector, Static).content)

    def state(self, check_id: str) -> CheckState:
        return self.pane._rows[check_id].state

    def offers(self, action: str) -> bool:
        return self.pane.check_action(action, ()) is True


class Rows:
    """Rows of a test's own beside those of the project."""

    def __init__(self) -> None:
        self.extra: list[Check] = []
        self.alone = False
        """Whether they are the only ones."""

    def assess(self, facts: SetupFacts) -> tuple[Check, ...]:
        done = [
            check
            for check in self.extra
            if not any(part_of(fix, grant) for fix in check.fixes for grant in facts.granted)
        ]
        return (*(() if self.alone else assess(facts)), *done)


@pytest.fixture
def app(tmp_path: Path) -> SetupApp:
    return SetupApp(tmp_path)


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> Rows:
    found = Rows()
    monkeypatch.setattr(setup_view, "assess", found.assess)
    return found


def is_settled(pane: SetupPane) -> bool:
    """Whether every check could be made, and what it told is drawn."""
    return pane._checks is not None and pane._checks.settled and not pane._to_draw


async def show(app: SetupApp, pilot: Pilot[object], world: World) -> None:
    app.pane.gateway = world.gateway
    app.pane.pane_shown()
    await settle(pilot, lambda: app.pane._rows and is_settled(app.pane) and app.pane._facts.terminal)
    await settle(pilot)


async def asked(app: SetupApp, pilot: Pilot[object]) -> str:
    """The lines of the question on screen, as soon as it listens."""
    await settle(pilot, lambda: isinstance(app.screen, ConfirmScreen) and app.screen.open_for_keys)
    assert isinstance(app.screen, ConfirmScreen)
    return "\n".join(map(str, app.screen.question.lines))


async def answer(app: SetupApp, pilot: Pilot[object], *keys: str) -> None:
    await asked(app, pilot)
    await pilot.press(*keys)
    await settle(pilot, lambda: not isinstance(app.screen, ConfirmScreen))


async def go_to(app: SetupApp, pilot: Pilot[object], check_id: str) -> None:
    app.pane.show_check(check_id)
    await settle(pilot, lambda: app.table.cursor_key == check_id)
    await settle(pilot)
