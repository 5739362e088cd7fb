"""The Logs pane: what stands there when, through a reconnection, search, saving and the ways out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePath
from typing import Any, ClassVar, cast

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widgets import Static

from tests.fake_logs import FakeJobs, FakeLogs, entry, failure, running_job
from tests.support import wait_for
from tui import assets
from tui.domain.errors import ErrorKind
from tui.domain.gateway import Gateway, LogsGateway
from tui.domain.joblist.homes import parent_of
from tui.domain.jobs import Job, JobState
from tui.domain.places import Place
from tui.domain.storage import GcsUri
from tui.domain.target import Target
from tui.panes import messages
from tui.panes.logs import LogsPane
from tui.services.jobwatch import JobsSnapshot
from tui.services.logreads import LogReaders
from tui.services.options import AppOptions
from tui.services.paths import find_paths
from tui.services.settings import Settings
from tui.widgets.log_view import LogView
from tui.widgets.state_view import StateView

LONG_AGO = datetime.now(UTC) - timedelta(days=2)


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

    def __init__(self, folder: Path) -> None:
        super().__init__()
        paths = find_paths({"VERTEX_TUI_HOME": str(folder)})
        settings = Settings(storage_download_dir=str(folder / "saved"))
        self.pane = LogsPane(AppOptions(settings, {}, local=True, spec=None, paths=paths))
        self.posted: list[object] = []
        self.seen: list[str] = []
        self.projects: list[str] = []
        self.logs = FakeLogs()
        self.fake_jobs = FakeJobs(running_job())

    def compose(self) -> ComposeResult:
        yield self.pane

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

    def words(self, selector: str) -> str:
        return str(self.query_one(selector, Static).content)

    @property
    def state(self) -> str:
        view = self.query_one(StateView)
        return "" if view.has_class("hidden") else str(view.content)

    @property
    def rows(self) -> list[str]:
        return [row.text for row in self.query_one(LogView).buffer]

    async def says(self, selector: str, words: str) -> None:
        await wait_for(lambda: words in self.words(selector), what=f"{words!r} in {selector}")


def listed_in(place: Place) -> JobsSnapshot:
    """A list that knows where the job lives."""
    return JobsSnapshot((running_job(),), homes={parent_of(running_job()): place}, read_at=LONG_AGO)


@asynccontextmanager
async def started(
    folder: Path, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[tuple[LogsApp, Pilot[Any]]]:
    app = LogsApp(folder)
    async with app.run_test(size=size) as pilot:
        await pilot.pause()
        yield app, pilot


async def test_before_a_job_is_chosen_it_says_what_it_is_for_and_opens_the_newest(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        assert "Press 3" in app.state
        app.connect()
        app.pane.jobs = JobsSnapshot((running_job(JobState.FAILED), running_job()), read_at=LONG_AGO)
        app.pane.pane_shown()
        await wait_for(lambda: "ana-tiny (running)" in app.state)
        app.logs.write(entry(1))
        await pilot.press("enter")
        await wait_for(lambda: app.rows == ["line 1"])
        assert app.state == ""
        assert app.focused is app.query_one(LogView)


async def test_lines_appear_and_the_state_of_the_reading_is_said(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.connect()
        app.pane.show_job(running_job())
        await wait_for(lambda: "No lines yet: the job is running since" in app.state)
        await app.says("#logs-head", "● live")
        app.logs.write(entry(1), entry(2))
        await wait_for(lambda: app.rows == ["line 1", "line 2"])
        assert "ana-tiny" in app.words("#logs-head")
        assert "live" in app.posted
        app.fake_jobs.end()
        await app.says("#logs-head", "complete · 2 lines")
        assert app.posted[-1] == ""


@pytest.mark.parametrize(
    ("state", "words"),
    [(JobState.QUEUED, "the job is queued since"), (JobState.PENDING, "the job is pending since")],
)
async def test_a_job_that_waits_has_no_lines_and_that_is_said(
    tmp_path: Path, state: JobState, words: str
) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.connect()
        app.fake_jobs.job = running_job(state)
        app.pane.show_job(running_job(state))
        await wait_for(lambda: words in app.state)


async def test_an_empty_log_of_a_job_that_is_over_is_explained(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.connect()
        app.pane.show_job(running_job(JobState.FAILED, ended=LONG_AGO))
        await wait_for(lambda: "roles/logging.logWriter" in app.state)


async def test_trouble_is_shown_with_the_next_try_and_can_be_retried(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        app.connect()
        trouble = failure(ErrorKind.DENIED, "You may not read logs")
        trouble.retry_after = 3600.0
        app.logs.list_errors = [trouble]
        app.logs.write(entry(1))
        app.pane.show_job(running_job())
        await wait_for(lambda: "You may not read logs" in app.state and "next try" in app.state)
        await app.says("#logs-head", "✗ You may not read logs")
        await pilot.press("r")
        await wait_for(lambda: app.rows == ["line 1"])


async def test_without_a_connection_it_waits_and_then_reads(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.pane.show_job(running_job())
        await wait_for(lambda: "Connecting" in app.state)
        app.pane.connection_trouble = failure(ErrorKind.UNREACHABLE, "No way there")
        await wait_for(lambda: "No way there" in app.state)
        app.logs.write(entry(1))
        app.connect()
        await wait_for(lambda: app.rows == ["line 1"])


async def test_a_new_connection_goes_on_without_gap_or_double(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.connect()
        app.logs.write(*(entry(n) for n in range(30)))
        app.pane.show_job(running_job())
        await wait_for(lambda: len(app.rows) == 30)
        old = app.logs
        other = FakeLogs()
        other.stored = [*old.stored, *(entry(n) for n in range(30, 45))]
        app.connect(other)
        await wait_for(lambda: len(app.rows) == 45)
        await wait_for(lambda: other.tails and not old.tails)
        other.write(entry(50))
        await wait_for(lambda: app.rows == [f"line {n}" for n in (*range(45), 50)])


async def test_another_job_has_its_own_log_and_the_same_one_stays(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.connect()
        app.logs.write(entry(1))
        app.pane.show_job(running_job())
        await wait_for(lambda: app.rows)
        view = app.query_one(LogView)
        buffer = view.buffer
        app.pane.show_job(replace(running_job(), state=JobState.CANCELLING))
        assert view.buffer is buffer
        app.pane.show_job(replace(running_job(), name=running_job().name + "8", display_name="other"))
        assert view.buffer is not buffer
        await app.says("#logs-head", "other")


async def test_search_counts_and_goes_on_and_back_leaves_it(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        app.connect()
        app.logs.write(*(entry(n, f"step {n} loss") for n in range(12)), entry(50, "An Error"))
        app.pane.show_job(running_job())
        await wait_for(lambda: len(app.rows) == 13)
        await pilot.press("slash", *"error")
        await app.says("#logs-count", "1 line")
        await pilot.press(*["backspace"] * 5, *"LOSS", "enter")
        await app.says("#logs-count", "12 lines")
        view = app.query_one(LogView)
        assert app.focused is view
        first = view.current
        await pilot.press("n")
        assert view.current is not first
        await pilot.press("N")
        assert view.current is first
        app.logs.write(entry(60, "more loss"))
        await app.says("#logs-count", "13 lines")
        assert app.pane.go_back()
        assert view.query_text == ""
        assert not app.pane.go_back()


async def test_saving_writes_every_line_also_the_folded_ones(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        app.connect()
        bars = [entry(n, f" {n}%|█ | {n}/100 [00:01<00:02]") for n in range(10)]
        app.logs.write(*bars, entry(20, "\x1b[31mend\x1b[0m"))
        job = replace(running_job(), display_name="../../etc/x y")
        app.fake_jobs.job = job
        app.pane.show_job(job)
        await wait_for(lambda: len(app.rows) == 2)
        await pilot.press("s")
        await app.says("#logs-note", "✓ Saved 11 lines")
        (path,) = (tmp_path / "saved").iterdir()
        assert path.name == "etc-x-y-77.log"
        text = path.read_text().splitlines()
        assert len(text) == 11
        assert text[-1] == "2026-11-22T18:00:00.020Z INFO     workerpool0-0 end"
        await pilot.press("s")
        await wait_for(lambda: len(list((tmp_path / "saved").iterdir())) == 2)


async def test_saving_where_one_may_not_is_said_in_place(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        app.connect()
        (tmp_path / "saved").write_text("a file is in the way")
        app.logs.write(entry(1))
        app.pane.show_job(running_job())
        await wait_for(lambda: app.rows)
        await pilot.press("s")
        await app.says("#logs-note", "✗ Not saved")


@pytest.mark.parametrize(
    ("output", "project", "uri"),
    [
        ("gs://b/runs/1", "kelp-train", GcsUri("b", "runs/1/")),
        ("", "kelp-train", GcsUri("kelp-train-outputs")),
        ("", "otter-lab", GcsUri("otter-lab-outputs")),
    ],
)
async def test_outputs_are_the_jobs_or_its_projects_bucket(
    tmp_path: Path, output: str, project: str, uri: GcsUri
) -> None:
    async with started(tmp_path) as (app, pilot):
        app.connect()
        app.pane.jobs = listed_in(Place(project, "europe-west4"))
        app.pane.show_job(replace(running_job(), output_uri=output))
        await pilot.pause()
        await pilot.press("o")
        await wait_for(lambda: uri in app.posted)


async def test_without_the_projects_id_no_bucket_is_guessed(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        app.connect()
        app.pane.show_job(running_job())
        await pilot.pause()
        await pilot.press("o")
        await app.says("#logs-note", "its project's id is not known yet")
        assert not [uri for uri in app.posted if isinstance(uri, GcsUri)]


async def test_a_job_elsewhere_is_read_there_and_what_was_read_is_told(tmp_path: Path) -> None:
    there = Place("otter-lab", "us-east1")
    name = "projects/7/locations/us-east1/customJobs/77"
    job = replace(running_job(), name=name)
    async with started(tmp_path) as (app, _pilot):
        app.connect()
        app.logs.write(entry(1))
        app.fake_jobs.job = job
        app.pane.show_job(job)
        await wait_for(lambda: app.rows)
        assert (app.projects, app.gateway.places) == (["7"], [Place("7", "us-east1")]), "told by its name"
        app.pane.jobs = JobsSnapshot((job,), homes={"projects/7/locations/us-east1": there})
        await wait_for(lambda: app.gateway.places[-1] == there)
        assert app.projects == ["7", "otter-lab"]
        app.logs.write(entry(2))
        await wait_for(lambda: app.rows == ["line 1", "line 2"])
        assert set(app.seen) == {"line 1", "line 2"}
        app.pane.show_job(replace(job, name=name + "8"), place=Place("seal-lab", "us-east1"))
        await wait_for(lambda: app.projects[-1] == "seal-lab")


async def test_a_job_whose_place_nobody_knows_is_read_nowhere(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.connect()
        app.pane.show_job(replace(running_job(), name="customJobs/77"))
        await wait_for(lambda: "project and region of this job are not known" in app.state)
        assert not app.projects


async def test_wrap_times_and_copy_say_what_they_did(tmp_path: Path) -> None:
    async with started(tmp_path, (160, 50)) as (app, pilot):
        app.connect()
        app.logs.write(entry(1, "x" * 500))
        app.pane.show_job(running_job())
        await wait_for(lambda: app.rows)
        await pilot.press("w")
        await app.says("#logs-note", "broken")
        await pilot.press("t")
        await app.says("#logs-note", "UTC")
        await pilot.press("y")
        await app.says("#logs-note", "Copied one line")
        assert app.clipboard == "x" * 500


async def test_the_job_list_brings_state_and_duration_up_to_date(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.connect()
        job: Job = running_job()
        app.pane.show_job(job)
        assert job.start_time is not None
        ended = replace(job, state=JobState.SUCCEEDED, end_time=job.start_time + timedelta(seconds=492))
        app.pane.jobs = JobsSnapshot((ended,), read_at=LONG_AGO)
        await app.says("#logs-head", "✓ succeeded 8m 12s")
