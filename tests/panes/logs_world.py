"""The Logs pane in an app of its own, over a log behind our own Protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePath
from typing import Any, ClassVar, cast
from unittest.mock import patch

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.fake_logs import FakeJobs, FakeLogs, running_job
from tests.support import wait_for
from tui import assets
from tui.domain.gateway import Gateway, LogsGateway
from tui.domain.jobs import Job
from tui.domain.logs import LogEntry
from tui.domain.logstore.model import LogLine
from tui.domain.places import Place
from tui.domain.target import Target
from tui.panes import logs_base, messages
from tui.panes.logs import LogsPane
from tui.panes.logs_entry import EntryView
from tui.panes.logs_open import OpenLog
from tui.services.follow.state import FollowTiming
from tui.services.logreads import LogReaders
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.settings import Settings
from tui.widgets.log_scroll import LogView
from tui.widgets.state_view import StateView

TODAY = datetime(2026, 11, 22, 19, 0, tzinfo=UTC)
"""The day of all entries of the tests."""
QUICK = FollowTiming(batch=0.01, gather=0.01, settle=0.05, job=0.05, grace=0.1, retry=0.1)


class ManyJobs(FakeJobs):
    """Knows every job that is asked for."""

    async def get_job(self, name: str) -> Job:
        assert self.job is not None
        return self.job if name == self.job.name else replace(running_job(), name=name)


class FakeGateway:
    """The two services that the pane uses, and a target."""

    def __init__(self, logs: FakeLogs, jobs: FakeJobs) -> None:
        self.logs = logs
        self.jobs = jobs
        self.target = Target("kelp-train", "europe-west4")
        self.places: list[Place] = []

    def elsewhere(self, place: Place) -> FakeGateway:
        self.places.append(place)
        return self


class LogsApp(App[None]):
    """Only the pane."""

    CSS_PATH: ClassVar[list[str | PurePath]] = [
        str(assets.STYLES / f"{name}.tcss") for name in ("frame", "logs")
    ]

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "back")]

    def __init__(self, folder: Path) -> None:
        super().__init__()
        paths = find_paths({"VERTEX_TUI_HOME": str(folder)})
        settings = Settings(storage_download_dir=str(folder / "saved"))
        self.pane = LogsPane(AppOptions(settings, {}, local=True, spec=None, paths=paths))
        self.posted: list[object] = []
        self.seen: list[str] = []
        self.projects: list[str] = []
        self.logs = FakeLogs(page=1000)
        self.fake_jobs = ManyJobs(running_job())

    def compose(self) -> ComposeResult:
        yield self.pane

    async def action_back(self) -> None:
        self.posted.append(self.pane.go_back())

    def on_browse_outputs(self, message: messages.BrowseOutputs) -> None:
        self.posted.append(message.uri)

    def on_badge_changed(self, message: messages.BadgeChanged) -> None:
        self.posted.append(message.text)

    def on_entries_seen(self, message: messages.EntriesSeen) -> None:
        self.seen += [entry.text for entry in message.entries]

    def connect(self, logs: FakeLogs | None = None) -> None:
        self.logs = logs or self.logs
        self.gateway = FakeGateway(self.logs, self.fake_jobs)
        self.pane.log_readers = LogReaders(self._logs_of)
        self.pane.gateway = cast("Gateway", self.gateway)

    def _logs_of(self, project: str) -> LogsGateway:
        self.projects.append(project)
        return self.logs

    @property
    def view(self) -> LogView:
        return self.query_one(LogView)

    @property
    def front(self) -> OpenLog:
        assert self.pane.front is not None
        return self.pane.front

    def words(self, selector: str) -> str:
        """What stands in a part of the pane; nothing if it is hidden."""
        widget = self.query_one(selector, Static)
        hidden = any(each.has_class("hidden") for each in widget.ancestors_with_self if each is not self)
        return "" if hidden else str(widget.content)

    @property
    def note(self) -> str:
        return self.words("#logs-note")

    @property
    def counts(self) -> str:
        return self.words("#logs-count")

    @property
    def field(self) -> str | None:
        """What stands in the field below the log; None if there is none."""
        row = self.query_one("#logs-search-row")
        return None if row.has_class("hidden") else self.query_one("#logs-search", Input).value

    @property
    def entry(self) -> str:
        """The box with the entry."""
        box = self.query_one(EntryView)
        return "" if box.has_class("hidden") else str(box.query_one(Static).content)

    @property
    def state(self) -> str:
        view = self.query_one(StateView)
        return "" if view.has_class("hidden") else str(view.content)

    @property
    def rows(self) -> list[str]:
        return [line.text for line in shown_lines(self.pane)]

    @property
    def cursor(self) -> str:
        """The text under the cursor."""
        line = self.view.cursor_line
        return "" if line is None else self.front.store.line(line).text

    @property
    def drawn(self) -> list[str]:
        return [self.view.render_line(y).text.rstrip() for y in range(self.view.size.height)]

    async def says(self, selector: str, words: str) -> None:
        await wait_for(lambda: words in self.words(selector), what=f"{words!r} in {selector}")

    async def follow(self, *entries: LogEntry, job: Job | None = None) -> None:
        """Connect and show a job's log, until it is there as it is."""
        self.logs.write(*entries)
        self.fake_jobs.job = job or running_job()
        self.connect()
        self.pane.show_job(self.fake_jobs.job)
        await wait_for(lambda: self.front.store.entries == len(self.logs.stored), what="the entries")
        await wait_for(lambda: not entries or self.view.size.height, what="the first layout")


def with_payload(entry: LogEntry, **payload: Any) -> LogEntry:
    return replace(entry, payload={"message": entry.text, **payload})


@asynccontextmanager
async def started(
    folder: Path, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[LogsApp, Pilot[Any]]]:
    app = LogsApp(folder)
    with patch.object(logs_base, "LOCAL_TIMING", QUICK):
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            app.view.now = lambda: TODAY
            yield app, pilot


def shown_lines(pane: LogsPane) -> list[LogLine]:
    """The lines that are rows."""
    log = pane.front
    return [log.store.line(log.rows.row(row).line) for row in range(len(log.rows))] if log else []


async def ask(app: LogsApp, pilot: Pilot[Any], key: str, text: str) -> None:
    """Open the field with a key, fill it in at once, and press enter."""
    await pilot.press(key)
    app.query_one("#logs-search", Input).value = text
    await pilot.press("enter")
