"""Keys typed while something opens or closes reach what they were typed for, or nothing."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any, cast

import pytest
from textual import events
from textual.app import ComposeResult
from textual.pilot import Pilot
from textual.widgets import Button, Input

from tests.panes.spec_world import FakeGateway
from tests.panes.test_spec_preflight import GPU, L4
from tests.support import settle, subprocess_environment, wait_for
from tests.terminal import Terminal
from tests.test_frame import QUESTION, Unconnected
from tui.domain.access import QuotaLimits
from tui.panes import spec_preflight
from tui.panes.jobs import JobsPane
from tui.panes.messages import PaneId
from tui.panes.spec import SpecPane
from tui.panes.spec_preflight import StartScreen
from tui.panes.spec_values import ValueScreen
from tui.services.journal import Journal
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.secrets import SecretStore
from tui.services.settings import Settings
from tui.widgets.confirm import SETTLE_SECONDS, ConfirmScreen
from tui.widgets.header import TabBar


class Typed(Unconnected):
    """The frame, with a gateway that records."""

    def __init__(
        self, home: Path, spec: Path | None, gateway: FakeGateway | None = None, **settings: Any
    ) -> None:
        paths = find_paths({"VERTEX_TUI_HOME": str(home)})
        chosen = Settings(project="kelp-train", region="europe-west4", **settings)
        super().__init__(AppOptions(chosen, {}, local=gateway is None, spec=spec, paths=paths))
        SecretStore(paths.secrets_file).set("HF_TOKEN", "typed")
        self.fake = gateway
        self.early: tuple[str, ...] = ()
        """Keys typed while the app starts."""

    def compose(self) -> ComposeResult:
        self.type(*self.early)
        yield from super().compose()

    def start_connection(self) -> None:
        if self.fake is not None:
            self.gateway = self.fake.as_gateway()

    @property
    def pane(self) -> SpecPane:
        return self.query_one(SpecPane)

    @property
    def text(self) -> str:
        return self.screen_stack[0].query_one(SpecPane).editor.text

    @property
    def front(self) -> PaneId | None:
        return self.current_pane.PANE_ID if self.current_pane is not None else None

    def type(self, *keys: str) -> None:
        """All at once, as from a fast typist or a slow line."""
        for key in keys:
            self.post_message(events.Key(key, key if len(key) == 1 else None))


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "my-run.yaml"
    path.write_text(GPU)
    return path


@pytest.fixture
def app(tmp_path: Path, spec: Path) -> Typed:
    gateway = FakeGateway(local=False)
    gateway.world.limits[L4] = QuotaLimits(L4, {}, 0)
    return Typed(tmp_path, spec, gateway, jobs_price_limit=1.0)


async def ask(app: Typed, pilot: Pilot[Any]) -> StartScreen:
    await wait_for(lambda: app.gateway is not None and app.pane.editor.has_focus)
    await pilot.press("ctrl+r")
    await settle(pilot, lambda: isinstance(app.screen, StartScreen) and app.screen.open_for_keys)
    return cast("StartScreen", app.screen)


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the box takes to close a question, the keys behind it are not let go before."""
    monkeypatch.setattr(spec_preflight, "_HEEDED", 60.0)


async def passes(seconds: float) -> None:
    """For so long, nothing is expected to happen."""
    await asyncio.sleep(seconds)


async def test_keys_typed_before_the_file_is_open_are_kept(tmp_path: Path, spec: Path) -> None:
    app = Typed(tmp_path, spec)
    app.early = ("ctrl+end", *"# abc 12")
    async with app.run_test(size=(80, 24)):
        await wait_for(lambda: app.text == GPU + "# abc 12")
        assert app.current_pane is app.pane


async def test_a_file_that_cannot_be_opened_keeps_no_keys(tmp_path: Path) -> None:
    app = Typed(tmp_path, tmp_path)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        await wait_for(lambda: app.front is PaneId.JOBS)


async def test_text_does_not_overtake_the_keys_before_it(tmp_path: Path, spec: Path) -> None:
    app = Typed(tmp_path, spec)
    async with app.run_test(size=(80, 24)):
        await wait_for(lambda: app.screen_stack and app.query(SpecPane) and app.text == GPU)
        await wait_for(lambda: app.pane.editor.has_focus)
        app.type("ctrl+end", *"ab", "backspace", *"cd", "left", "x", "enter", "tab", "y", "ctrl+home", "#")
        await wait_for(lambda: app.text == f"#{GPU}acx\n  yd")
        app.type("alt+3")
        await wait_for(lambda: app.front is PaneId.JOBS)


async def test_leaving_waits_for_nothing(tmp_path: Path, spec: Path) -> None:
    app = Typed(tmp_path, spec)
    async with app.run_test(size=(80, 24)):
        await wait_for(lambda: app.query(SpecPane) and app.pane.takes_keys and app._type_ahead._kept is None)
        app._type_ahead.keep()
        assert not app._type_ahead._keeps(events.Key("ctrl+q", None))
        assert app._type_ahead._keeps(events.Key("q", "q"))


async def test_digits_of_an_answer_never_lead_to_setup(app: Typed) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ask(app, pilot)
        await pilot.press("tab")
        assert isinstance(screen.focused, Button)
        app.type("1", "7")
        await wait_for(lambda: screen.query_one(Input).value == "17")
        assert app.screen is screen
        await pilot.press("escape")
        await wait_for(lambda: app.screen is not screen)
        assert app.text == GPU


@pytest.mark.usefixtures("slow")
async def test_what_is_typed_behind_a_digit_that_leads_to_setup_is_dropped(app: Typed) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ask(app, pilot)
        field = screen.query_one(Input)
        await pilot.press("3")
        assert screen._unanswered is None, field.value
        await pilot.press("tab")
        app.type("1", "7", "3", "f", "3")
        await wait_for(lambda: app.front is PaneId.SETUP)
        await passes(2 * SETTLE_SECONDS)
        assert app.front == "setup"
        assert not isinstance(app.screen, ConfirmScreen)
        assert app.text == GPU
        await pilot.press("3")
        await wait_for(lambda: app.front is PaneId.JOBS)


@pytest.mark.usefixtures("slow")
async def test_a_second_answer_reaches_nothing(app: Typed) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        await ask(app, pilot)
        app.type("escape", "n", "n", "n", "ctrl+end")
        await wait_for(lambda: not isinstance(app.screen, StartScreen))
        await passes(2 * SETTLE_SECONDS)
        assert app.text == GPU
        app.type("#")
        await wait_for(lambda: app.text == GPU + "#")


@pytest.mark.usefixtures("slow")
async def test_a_value_typed_right_behind_its_key_reaches_its_dialog(
    app: Typed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spec_preflight, "SETTLE_SECONDS", 60.0)  # however long the dialog takes to open
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await ask(app, pilot)
        await pilot.press("tab")
        app.type("M", "end", *(["backspace"] * 9), *"45m", "enter", *"17")
        await wait_for(lambda: isinstance(app.screen, StartScreen) and app.screen is not screen)
        again = cast("StartScreen", app.screen)
        assert "stopped after 45m" in " ".join(str(line) for line in again.question.lines)
        await wait_for(lambda: again.open_for_keys)
        assert app.text == GPU
        await pilot.press("escape")
        assert not isinstance(app.screen, ValueScreen)


async def test_a_key_on_its_way_through_a_screen_means_nothing_to_the_next(
    tmp_path: Path, spec: Path
) -> None:
    app = Typed(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.text == GPU)
        answers: list[bool | None] = []
        screen = ConfirmScreen(QUESTION)
        app.push_screen(screen, answers.append)
        await wait_for(lambda: screen.open_for_keys)
        app.type("n", "3")
        await wait_for(lambda: answers == [False])
        await pilot.pause()
        assert app.current_pane is app.pane


async def test_unsaved_text_of_an_earlier_session_is_told_while_setup_is_in_front(
    tmp_path: Path, spec: Path
) -> None:
    app = Typed(tmp_path, None)
    Journal(app.options.paths.journals_dir).write("k", spec, "# kept\n")
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.screen_stack and app.query(TabBar))
        await wait_for(lambda: app.tabs.badges.get("spec") == ("●", "warning"))
        assert app.front == "setup"
        (told,) = app._notifications
        assert told.message == "Unsaved text of my-run.yaml was kept. Press 2 to have it back."
        await pilot.press("2")
        await wait_for(lambda: app.front == "spec")
        await pilot.press("enter")
        await wait_for(lambda: app.text == "# kept\n")


async def test_an_error_in_the_open_spec_is_no_readiness(tmp_path: Path, spec: Path) -> None:
    app = Typed(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.open_needs is not None and app.open_needs.quota)
        known = app.open_needs
        assert known is not None
        assert not known.trouble
        app.type(*"workerPoolSpecs: [")
        await wait_for(lambda: app.open_needs is not None and app.open_needs.unread)
        assert app.open_needs is not None
        assert app.open_needs.quota == known.quota
        assert app.open_needs.trouble == "the open spec cannot be read: press 2"
        for _ in range(18):
            await pilot.press("backspace")
        await wait_for(lambda: app.open_needs == known)


async def test_text_behind_a_key_that_leads_into_a_field_is_for_the_field(tmp_path: Path) -> None:
    app = Typed(tmp_path, None)
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3")
        await wait_for(lambda: app.front is PaneId.JOBS)
        app.type("slash", *"mine")
        pane = app.query_one(JobsPane)
        await wait_for(lambda: pane.field.value == "mine")
        app.post_message(events.Key("alt+slash", "/"))  # as escape and / arrive
        app.type(*"cds")
        await wait_for(lambda: pane.field.value == "cds")
        app.post_message(events.Key("alt+shift+m", "M"))
        app.type("slash", "x")
        await wait_for(lambda: pane.field.value == "x", what="no key is called M")
        app.post_message(events.Key("alt+5", "5"))
        await wait_for(lambda: app.front is PaneId.STORAGE)
        app.type("o", *"kelp")
        await wait_for(lambda: app.query_one("#storage-prompt-input", Input).value == "kelp")
        app.post_message(events.Key("alt+2", "2"))
        await wait_for(lambda: app.front is PaneId.SPEC)
        app.post_message(events.Key("alt+q", None))  # a terminal that tells alt from escape
        await pilot.pause()
        assert app.is_running


async def test_a_slip_with_alt_is_no_way_out_of_a_text(tmp_path: Path, spec: Path) -> None:
    app = Typed(tmp_path, spec)
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(lambda: app.query(SpecPane) and app.pane.editor.has_focus)
        app.post_message(events.Key("alt+q", "q"))
        app.type("#")
        await wait_for(lambda: app.text.startswith("#"))
        assert app.pane.editor.has_focus
        await pilot.press("escape")
        assert not app.pane.editor.has_focus


def test_keys_in_one_burst_of_a_terminal_mean_what_they_mean_alone(tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "tui", "--project", "kelp-train"]
    with Terminal(argv, subprocess_environment(tmp_path)) as terminal:
        terminal.wait("Setup")
        for burst, shown in (
            (b"3/first", "\nfirst\n"),
            (
                b"\x1b/state:failed and what is typed on and on",
                "\nstate:failed and what is typed on and on\n",
            ),
            (b"\x1b/\x1b/0\x1b[D1", "\n10\n"),
        ):
            os.write(terminal._fd, burst)
            terminal.until(lambda shown=shown: shown in terminal.text, what=shown)  # type: ignore[misc]
        os.write(terminal._fd, b"\x1bq")
        assert terminal.wait_exit() == 0
