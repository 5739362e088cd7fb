"""What is not kept for ever, and what deleting much costs: slices, between which the server goes on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support import wait_for
from tui.local.clock import now_ns, stamp
from tui.local.state import retention
from tui.local.state.database import Database
from tui.local.state.entries import Entries, rows_like
from tui.local.state.entry_pages import Bounds
from tui.local.state.jobs import JobRow, Jobs, Run
from tui.local.state.operations import Operations
from tui.local.state.retention import DAY, Retention
from tui.local.wire import gtypes


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(tmp_path / "state.db")
    yield made
    made.close()


async def fill(
    entries: Entries, job_id: str, *days: float, log: str = "workerpool0-0", count: int = 1
) -> None:
    """`count` entries of a job for each age in days."""
    template = gtypes.LogEntry(log_name=log, text_payload="x")
    template.resource.type = "ml_job"
    if job_id:
        template.resource.labels["job_id"] = job_id
    now = now_ns()
    times = [now - int(age * DAY) + number for age in days for number in range(count)]
    await entries.append_many(rows_like(template, ((at, entries.insert_id(), None) for at in times)))


async def left(entries: Entries, **bounds: Any) -> int:
    page = await entries.page(Bounds(**bounds), None, after=None, newest_first=False, size=50_000)
    return len(page.entries)


async def counts(database: Database, until: asyncio.Task[bool]) -> AsyncIterator[int]:
    """How many entries there are, each time the loop comes round, until something is done."""
    while not until.done():
        yield database.connection.execute("SELECT count(*) FROM entries").fetchone()[0]
        await asyncio.sleep(0)


def recorded(jobs: Jobs, job_id: str, *, really: bool = True) -> None:
    job = gtypes.CustomJob(display_name="x", state=gtypes.JobState.JOB_STATE_SUCCEEDED)
    stamp(job.create_time, now_ns() - 90 * DAY)
    jobs.add(JobRow(job_id, "us-east1", job, Run(recorded=really)))


async def test_old_entries_go_but_for_those_of_recorded_jobs(database: Database) -> None:
    entries, jobs = Entries(database), Jobs(database)
    recorded(jobs, "1")
    recorded(jobs, "2", really=False)
    database.connection.execute("INSERT INTO recordings VALUES ('3', 'file', 0, 0, 0, 0)")
    for job_id in ("1", "2", "3", "gone", ""):
        await fill(entries, job_id, 90, 31, 29, 0, log=f"log-{job_id}")
    await fill(entries, "2", 31, log="only-old", count=1200)
    assert await Retention(database, entries, Operations(database, 0)).look() == 1206
    kept = {job_id: await left(entries, job_id=job_id) for job_id in ("1", "2", "3", "gone", "")}
    assert kept == {"1": 4, "2": 2, "3": 4, "gone": 2, "": 2}
    assert "only-old" not in entries.log_names()
    assert len(entries.log_names()) == 5
    assert await Retention(database, entries, Operations(database, 0)).look() == 0


async def test_operations_that_are_long_done_are_forgotten(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    operations = Operations(database, 0)
    made = [operations.add("operations/", gtypes.Empty(), gtypes.Empty()).name for _ in range(3)]
    query = "UPDATE operations SET due_ns = ? WHERE name = ?"
    for name, days in zip(made, (30, 8, 6), strict=True):
        database.connection.execute(query, (now_ns() - days * DAY, name))
    monkeypatch.setattr(retention, "_SLICE", 1)
    assert await Retention(database, Entries(database), operations).look() == 2
    assert [operations.find(name) is not None for name in made] == [False, False, True]


async def test_much_deleted_cuts_the_log_of_the_database(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "_BIG", 100)
    entries = Entries(database)
    await fill(entries, "1", 40, count=2000)
    log = tmp_path / "state.db-wal"
    assert log.stat().st_size > 0
    await Retention(database, entries, Operations(database, 0)).look()
    assert log.stat().st_size == 0
    assert await left(entries) == 0


async def test_it_looks_at_once_and_ends_with_the_server(database: Database) -> None:
    entries = Entries(database)
    await fill(entries, "1", 40)
    task = Retention(database, entries, Operations(database, 0))
    await task.close()
    task.open()
    await wait_for(lambda: not entries.log_names(), what="the first look")
    await task.close()
    assert await left(entries) == 0


async def test_a_log_is_deleted_while_others_go_on_writing(database: Database) -> None:
    entries = Entries(database)
    await fill(entries, "1", 1, count=3000)
    await fill(entries, "1", 2, log="other")
    deleting = asyncio.create_task(entries.delete_log("workerpool0-0"))
    seen = {number async for number in counts(database, deleting)}
    assert await deleting
    assert len(seen) > 5, "it was deleted in one go"
    assert entries.log_names() == ["other"]
    assert not await entries.delete_log("workerpool0-0")


async def test_what_comes_while_a_log_is_deleted_stays(database: Database) -> None:
    entries = Entries(database)
    await fill(entries, "1", 1, count=1200)
    deleting = asyncio.create_task(entries.delete_log("workerpool0-0"))
    async for number in counts(database, deleting):
        if number < 1200:
            break
    await fill(entries, "1", 0)
    assert not deleting.done()
    await deleting
    assert await left(entries) == 1
    assert entries.log_names() == ["workerpool0-0"]


async def test_logs_whose_entries_went_with_their_jobs_are_not_listed(database: Database) -> None:
    entries = Entries(database)
    await fill(entries, "1", 1, count=2)
    await fill(entries, "1", 1, log="ml.googleapis.com%2F1")
    await fill(entries, "2", 1, log="workerpool1-0")
    assert await entries.delete_of_jobs(["1"]) == 3
    assert entries.log_names() == ["workerpool1-0"]
