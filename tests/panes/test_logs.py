"""The Logs pane: what stands there when, through a reconnection, in which place it reads, and outputs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

from tests.fake_logs import FakeLogs, entry, failure, running_job
from tests.panes.logs_world import LogsApp, started
from tests.support import wait_for
from tui.domain.errors import ErrorKind
from tui.domain.jobs import Job, JobState
from tui.domain.logstore.store import LogStore
from tui.domain.places import Place
from tui.domain.storage import GcsUri
from tui.panes.logs_words import badge, head
from tui.services.follow.state import FollowStatus, Phase
from tui.services.jobwatch import JobsSnapshot

LONG_AGO = datetime.now(UTC) - timedelta(days=2)


def says(app: LogsApp, words: str) -> bool:
    return words in app.state


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
        assert app.focused is app.view


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
        await wait_for(lambda: app.posted[-1] == "")


async def test_a_log_without_lines_says_why(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.connect()
        for number, (state, words) in enumerate(
            (
                (JobState.QUEUED, "the job is queued since"),
                (JobState.PENDING, "the job is pending since"),
                (JobState.FAILED, "roles/logging.logWriter"),
            )
        ):
            ended = LONG_AGO if state is JobState.FAILED else None
            job = replace(running_job(state, ended=ended), name=f"{running_job().name}{number}")
            app.fake_jobs.job = job
            app.pane.show_job(job)
            await wait_for(partial(says, app, words))


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


async def test_outputs_are_the_jobs_or_its_projects_bucket(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, pilot):
        app.connect()
        app.pane.show_job(running_job())
        await pilot.press("o")
        await app.says("#logs-note", "its project's id is not known yet")
        assert not [uri for uri in app.posted if isinstance(uri, GcsUri)], "no bucket is guessed"
        for output, project, uri in (
            ("", "kelp-train", GcsUri("kelp-train-outputs")),
            ("", "otter-lab", GcsUri("otter-lab-outputs")),
            ("gs://b/runs/1", "kelp-train", GcsUri("b", "runs/1/")),
        ):
            app.front.job = replace(running_job(), output_uri=output)
            app.front.told_place = Place(project, "europe-west4")
            await pilot.press("o")
            assert [each for each in app.posted if isinstance(each, GcsUri)][-1:] == [uri]


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
        assert (set(app.projects), app.gateway.places) == ({"7"}, [Place("7", "us-east1")]), "by its name"
        app.pane.jobs = JobsSnapshot((job,), homes={"projects/7/locations/us-east1": there})
        await wait_for(lambda: app.projects[-1] == "otter-lab")
        assert app.gateway.places[-1] == there
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


async def test_the_job_list_brings_state_and_duration_up_to_date(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        app.connect()
        job: Job = running_job()
        app.pane.show_job(job)
        assert job.start_time is not None
        ended = replace(job, state=JobState.SUCCEEDED, end_time=job.start_time + timedelta(seconds=492))
        app.pane.jobs = JobsSnapshot((ended,), read_at=LONG_AGO)
        await app.says("#logs-head", "✓ succeeded 8m 12s")


async def test_a_job_that_has_ended_is_not_live_while_its_last_lines_are_awaited() -> None:
    ended = running_job(JobState.SUCCEEDED, ended=LONG_AGO)
    status, store = FollowStatus(Phase.LIVE), LogStore(9)
    for job, words in ((ended, "◔ ended · waiting for last lines"), (running_job(), "● live")):
        assert head(job, status, store, 78, LONG_AGO).plain.endswith(words)
    assert badge(ended, status) == ("", "")


async def test_no_room_on_disk_for_old_lines_is_said_with_what_to_do(tmp_path: Path) -> None:
    async with started(tmp_path) as (app, _pilot):
        options = app.pane.options
        options.paths.spill_dir.parent.mkdir(parents=True)
        options.paths.spill_dir.touch()  # no folder can be made there
        app.pane.options = replace(options, settings=replace(options.settings, logs_max_lines=100))
        app.connect()
        app.pane.show_job(running_job())
        app.logs.write(*map(entry, range(2100)))
        await app.says("#logs-head", "⚠ oldest lost: ")
        assert len(app.words("#logs-head")) <= 78
        assert "No room for older lines in " in app.note
        assert app.note.endswith("then x and opening the log again read them anew.")
