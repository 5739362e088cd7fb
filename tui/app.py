"""The frame: composition, and the routing of messages between panes."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import sys
import traceback
from collections import defaultdict
from collections.abc import Iterable
from pathlib import PurePath
from typing import ClassVar, cast

from rich.text import Text
from textual import events, on, work
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.screen import Screen
from textual.widgets import ContentSwitcher
from textual.worker import Worker

from tui import assets
from tui.domain.gateway import Gateway
from tui.domain.text import printable
from tui.front import FramedApp
from tui.leaving import LeaveScreen
from tui.panes import messages
from tui.panes.base import Pane
from tui.panes.messages import PaneId
from tui.services.keptspecs import has_kept
from tui.services.options import AppOptions
from tui.services.paths import private_dir, show_path
from tui.services.submission import SubmissionStore
from tui.widgets import theme
from tui.widgets.bugs import report_bug
from tui.widgets.commands import KeyCommands
from tui.widgets.header import HeaderBar, TabBar
from tui.widgets.help import HelpScreen
from tui.widgets.keybar import KeyBar
from tui.widgets.transfer_strip import TransferStrip
from tui.widgets.type_ahead import TypeAhead

PANES: dict[PaneId, tuple[str, str]] = {
    PaneId.SETUP: ("Setup", "tui.panes.setup:SetupPane"),
    PaneId.SPEC: ("Spec", "tui.panes.spec:SpecPane"),
    PaneId.JOBS: ("Jobs", "tui.panes.jobs:JobsPane"),
    PaneId.LOGS: ("Logs", "tui.panes.logs:LogsPane"),
    PaneId.STORAGE: ("Storage", "tui.panes.storage:StoragePane"),
}
"""Title and class of each pane; a class is imported when its pane is first shown."""


def _pane_keys(number: int, pane: PaneId, title: str) -> tuple[Binding, Binding]:
    """The digit, and a key with priority that works while the editor takes digits as text."""
    action, tip = f"show_pane('{pane}')", f"Show the {title} pane; alt+{number} works inside the editor too"
    return (
        Binding(f"{number}", action, title, id=f"app.{pane}", show=False, tooltip=tip),
        Binding(f"alt+{number}", action, id=f"app.{pane}.anywhere", show=False, priority=True),
    )


class VertexApp(FramedApp):
    """The whole loop on one screen."""

    TITLE = "vertex-tui"
    CSS_PATH: ClassVar[list[str | PurePath]] = [
        assets.STYLES / f"{name}.tcss"
        for name in ("frame", "setup", "spec", "jobs", "logs", "storage", "spend")
    ]
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[set[type[Provider]]] = App.COMMANDS | {KeyCommands}  # type: ignore[assignment]
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            binding
            for number, (pane, (title, _)) in enumerate(PANES.items(), start=1)
            for binding in _pane_keys(number, pane, title)
        ),
        Binding(
            "dollar_sign,f4",
            "spend",
            "What costs me now",
            id="app.spend",
            show=False,
            tooltip="Live jobs of all training regions, and buckets; f4 works inside the editor too",
        ),
        Binding("escape", "back", "Back", id="app.back", show=False, tooltip="Undo the last step inwards"),
        Binding(
            "question_mark,f1",
            "help",
            "Help",
            id="app.help",
            tooltip="The keys that work here",
        ),
        Binding(
            "q",
            "quit",
            "Quit",
            id="app.quit",
            show=False,
            tooltip="Leave; jobs and transfers on Google's side go on",
        ),
        Binding("ctrl+q", "quit", "Quit", id="app.quit.anywhere", show=False, priority=True),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._history: list[PaneId] = []
        self._building: defaultdict[PaneId, asyncio.Lock] = defaultdict(asyncio.Lock)
        """Each pane is built once, whoever asks for it meanwhile."""
        self._type_ahead = TypeAhead(self, self.on_event)
        if options.spec is not None:
            self._type_ahead.keep()  # until there is an editor with the file in it
        # Before the first frame: a theme set later has every stylesheet parsed again.
        self.register_theme(theme.DARK)
        self.register_theme(theme.LIGHT)
        self.register_theme(theme.SIXTEEN)
        self.theme = theme.choose(options.settings.ui_theme, self.available_themes, self.console.color_system)

    # Composition

    def compose(self) -> ComposeResult:
        settings = self.options.settings
        header = self.header = HeaderBar()
        header.project = "" if self.options.local else settings.project
        header.location = settings.region
        header.local = self.options.local or self.options.diverted
        header.read_only = settings.read_only
        header.status = "starting the local server …" if self.options.local else "connecting …"
        yield header
        self.tabs = TabBar([(pane.value, title) for pane, (title, _) in PANES.items()])
        yield self.tabs
        yield ContentSwitcher(id="panes")
        yield TransferStrip()
        yield KeyBar()

    async def on_mount(self) -> None:
        """Show the first pane, then load Google's libraries behind it."""
        self.set_keymap(dict(self.options.settings.keys))
        self._listen_for_signals()
        if self.options.spec is not None:
            self._type_ahead.release_when(self._takes_keys)
        await self.show_pane(PaneId.SPEC if self.options.spec else PaneId.SETUP)
        self.call_after_refresh(self.start_connection)
        self.call_after_refresh(self._find_kept_texts)

    def _listen_for_signals(self) -> None:
        """A dropped SSH session or a polite kill ends the app in order, with everything flushed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGHUP, signal.SIGTERM):
            loop.add_signal_handler(number, self.exit, 128 + number)

    def connected(self, gateway: Gateway) -> None:  # noqa: ARG002 (the hook's)
        """Tell what became of starts that an earlier session could not confirm."""
        self._settle_doubtful_starts()

    @work(exclusive=True, group="pending", exit_on_error=False)
    async def _settle_doubtful_starts(self) -> None:
        """The Spec pane tells what became of starts that an earlier session could not confirm."""
        store = SubmissionStore(self.options.paths.journals_dir)
        if await asyncio.to_thread(store.pending_submissions):
            await self._pane(PaneId.SPEC)

    @work(exclusive=True, group="kept", exit_on_error=False)
    async def _find_kept_texts(self) -> None:
        """The Spec pane says that an earlier session left unsaved text, also while another is in front."""
        if await asyncio.to_thread(has_kept, self.options.paths):
            await self._pane(PaneId.SPEC)

    # Panes

    def _takes_keys(self) -> bool:
        """Whether the pane in front has what it needs to take what the user types."""
        pane = self.current_pane
        return pane is not None and pane.takes_keys

    async def show_pane(self, pane_id: PaneId, *, remember: bool = True) -> Pane:
        """Bring a pane to the front, building it if this is the first time."""
        switcher = self.query_one("#panes", ContentSwitcher)
        if remember and switcher.current and switcher.current != pane_id:
            self._history = [*self._history[-20:], PaneId(switcher.current)]
        pane = await self._pane(pane_id)
        switcher.current = pane_id
        self.tabs.active = pane_id
        pane.pane_shown()
        self.front_screen.find_focus()
        return pane

    async def _pane(self, pane_id: PaneId) -> Pane:
        """The pane, built behind the one in front if it was not there yet."""
        switcher = self.query_one("#panes", ContentSwitcher)
        async with self._building[pane_id]:
            found = next((child for child in switcher.children if child.id == pane_id), None)
            if found is not None:
                return cast("Pane", found)
            pane = self._build(pane_id)
            await switcher.add_content(pane)
            return pane

    def _build(self, pane_id: PaneId) -> Pane:
        module_name, _, class_name = PANES[pane_id][1].partition(":")
        pane_class = cast("type[Pane]", getattr(importlib.import_module(module_name), class_name))
        pane = pane_class(self.options)
        if pane_id is PaneId.LOGS:
            pane.data_bind(VertexApp.log_readers)
        pane.data_bind(
            VertexApp.gateway,
            VertexApp.connection_trouble,
            VertexApp.jobs,
            VertexApp.open_needs,
            VertexApp.prices,
            VertexApp.insights,
            VertexApp.noticed,
        )
        return pane

    async def action_show_pane(self, pane_id: str) -> None:
        """Show a pane by its key; a full screen over the panes makes way, a question is answered first."""
        if self.screen.is_modal:
            return
        if len(self.screen_stack) > 1:
            self.pop_screen()
        await self.show_pane(PaneId(pane_id))

    async def action_back(self) -> None:
        """`esc`: back out of the pane's last step, then to where the user came from."""
        pane = self.current_pane
        if pane is not None and pane.go_back():
            return
        if self._history:
            await self.show_pane(self._history.pop(), remember=False)

    def action_spend(self) -> None:
        """Show what costs money now, over the panes."""
        from tui.panes.spend import SpendScreen  # noqa: PLC0415 (seldom used)

        screen = SpendScreen(self.options)
        screen.data_bind(
            VertexApp.gateway,
            VertexApp.connection_trouble,
            VertexApp.jobs,
            VertexApp.prices,
            VertexApp.insights,
        )
        self.push_screen(screen)

    async def action_quit(self) -> None:
        """Leave; while a change is under way only after a question. Signals leave without it."""
        question = self.leave_screen()
        if question is None:
            self.exit()
        elif not any(isinstance(screen, LeaveScreen) for screen in self.screen_stack):
            self.push_screen(question, self._left)

    def _left(self, answer: bool | None) -> None:  # noqa: FBT001 (a screen's result)
        if answer:
            self.exit()

    def action_help(self) -> None:
        """Show the keys that work now."""
        self.push_screen(HelpScreen(self.screen))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Textual's own commands, without those that our keys replace."""
        replaced = {"Keys", "Quit", "Screenshot", "Maximize", "Minimize"}
        return (command for command in super().get_system_commands(screen) if command.title not in replaced)

    async def on_event(self, event: events.Event) -> None:
        """Keep keys typed for another screen away from the one in front."""
        if not isinstance(event, (events.Key, events.Paste)):
            await super().on_event(event)
        elif self._type_ahead.lets_go(event):
            await super().on_event(event)
            self._type_ahead.went(event)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker of the frame that died of a bug says so."""
        report_bug(self, event)

    def _fatal_error(self) -> None:
        """Textual's traceback shows local variables, which may hold secrets: name the fault and the log."""
        os.write(2, traceback.format_exc().encode())
        kind = getattr(sys.exc_info()[0], "__name__", "error")
        log = show_path(self.options.paths.debug_log)
        words = f"vertex-tui ended by a fault of its own ({kind}); the details are in {log}.\n"
        self._exit_renderables.append(Text(words + "Unsaved text was kept and is offered at the next start."))
        self._close_messages_no_wait()

    # Messages between panes

    @on(TabBar.Chosen)
    async def _tab_chosen(self, message: TabBar.Chosen) -> None:
        await self.show_pane(PaneId(message.pane_id))

    @on(messages.BadgeChanged)
    def _badge_changed(self, message: messages.BadgeChanged) -> None:
        self.tabs.set_badge(message.pane, message.text, message.tone)

    @on(messages.DataFresh)
    def _data_fresh(self, message: messages.DataFresh) -> None:
        self._say_fresh(message.source, message.when)

    @on(messages.DataTrouble)
    def _data_trouble(self, message: messages.DataTrouble) -> None:
        self._say_trouble(message.source, message.error)

    @on(messages.SettingsChanged)
    def _settings_changed(self, message: messages.SettingsChanged) -> None:
        self.use_settings(message.values)
        self.settings_changed()

    def settings_changed(self) -> None:
        """Hand the options in force to all panes."""
        for pane in self.query(Pane):
            pane.options = self.options

    @on(messages.NeedsChanged)
    def _needs_changed(self, message: messages.NeedsChanged) -> None:
        self.open_needs = message.needs

    @on(messages.SetServiceAccount)
    async def _set_service_account(self, message: messages.SetServiceAccount) -> None:
        from tui.panes.spec import SpecPane  # noqa: PLC0415 (panes are imported when first shown)

        cast("SpecPane", await self._pane(PaneId.SPEC)).set_service_account(message.account)

    @on(messages.TryHere)
    @work(group="trial", exit_on_error=False)
    async def _try_here(self, message: messages.TryHere) -> None:
        """Run a job on this box, and say how it ended."""
        from tui.trial import run_trial  # noqa: PLC0415 (seldom used)

        told = await run_trial(self.options, message.request)
        self.notify(
            printable(told.message),
            title=printable(told.title),
            severity="information" if told.good else "warning",
            timeout=60,
            markup=False,
        )

    @on(messages.OpenSetup)
    async def _open_setup(self, message: messages.OpenSetup) -> None:
        pane = await self.show_pane(PaneId.SETUP)
        if message.check_id:
            from tui.panes.setup import SetupPane  # noqa: PLC0415 (built by now)

            cast("SetupPane", pane).show_check(message.check_id)

    @on(messages.OpenJobs)
    async def _open_jobs(self, message: messages.OpenJobs) -> None:
        from tui.panes.jobs import JobsPane  # noqa: PLC0415 (panes are imported when first shown)

        cast("JobsPane", await self.show_pane(PaneId.JOBS)).show_job(message.job_name)

    @on(messages.CloneJob)
    async def _clone_job(self, message: messages.CloneJob) -> None:
        from tui.panes.spec import SpecPane  # noqa: PLC0415 (panes are imported when first shown)

        cast("SpecPane", await self.show_pane(PaneId.SPEC)).open_job(message.job, message.at)

    @on(messages.EditSpec)
    async def _edit_spec(self, message: messages.EditSpec) -> None:
        from tui.panes.spec import SpecPane  # noqa: PLC0415 (panes are imported when first shown)

        await cast("SpecPane", await self.show_pane(PaneId.SPEC)).open_file(message.path)

    @on(messages.OpenLogs)
    async def _open_logs(self, message: messages.OpenLogs) -> None:
        from tui.panes.logs import LogsPane  # noqa: PLC0415 (panes are imported when first shown)

        pane = cast("LogsPane", await self.show_pane(PaneId.LOGS))
        pane.show_job(message.job, message.at, message.place)

    @on(messages.BrowseOutputs)
    async def _browse_outputs(self, message: messages.BrowseOutputs) -> None:
        from tui.panes.storage import StoragePane  # noqa: PLC0415 (panes are imported when first shown)

        pane = cast("StoragePane", await self.show_pane(PaneId.STORAGE))
        if message.job is None:
            pane.browse(message.uri)
        else:
            pane.browse_job(message.job, message.uri)


def run_app(options: AppOptions) -> int:
    """Run until the user leaves; the process's exit status."""
    from tui.terminal import private_terminal, read_alt_keys  # noqa: PLC0415 (only a real terminal needs it)

    private_dir(options.paths.state_dir)
    read_alt_keys()
    with private_terminal(options.paths.debug_log):
        result = VertexApp(options).run()
    return result or 0
