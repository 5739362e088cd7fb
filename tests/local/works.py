"""The engine alone, without listeners: jobs are put in by hand, faults by the book, time by the settings."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from google.cloud.aiplatform_v1 import CustomJob

from tests.local.clients import FAST, REGION, script_job
from tests.support import wait_for
from tui.local.clock import now_ns, stamp
from tui.local.faults.book import FaultBook, Rule
from tui.local.jobs.engine import Engine
from tui.local.settings import Settings
from tui.local.state.database import Database
from tui.local.state.entries import Entries
from tui.local.state.jobs import JobRow, Jobs, Run, State
from tui.local.state.project import ProjectState
from tui.local.wire import gtypes

_NUMBERS = itertools.count(1)


class Works:
    """An engine with its tables, in a folder."""

    def __init__(self, folder: Path, **settings: float) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.database = Database(folder / "state.db")
        self.jobs = Jobs(self.database)
        self.entries = Entries(self.database)
        self.faults = FaultBook()
        self.settings = Settings(**(FAST | settings))  # type: ignore[arg-type]
        self.project = ProjectState(self.database)
        self.engine = Engine(
            self.jobs, self.entries, self.project, self.settings, folder / "jobs", faults=self.faults
        )
        self.engine.open("http://127.0.0.1:9")

    def start(self, job: CustomJob, job_id: str = "") -> JobRow:
        """Put a job in."""
        stored = gtypes.CustomJob.FromString(CustomJob.serialize(job))
        stored.state = State.JOB_STATE_QUEUED
        stamp(stored.create_time, now_ns())
        row = JobRow(job_id or f"{next(_NUMBERS):019}", REGION, stored, Run())
        self.jobs.add(row)
        self.engine.start(row)
        return row

    async def run(self, job: CustomJob) -> JobRow:
        """Put a job in and wait for its end."""
        return await self.ended(self.start(job))

    async def script(self, script: str, **spec: Any) -> JobRow:
        """Run a script as a job to its end."""
        return await self.run(script_job(script, **spec))

    async def ended(self, row: JobRow) -> JobRow:
        """Wait for a job's end, its error told and its folder removed."""
        await wait_for(lambda: row.settled and self.engine.row(row.job_id) is None, what="the job's end")
        return row

    async def reached(self, row: JobRow, state: Any) -> None:
        """Wait for a state."""
        await wait_for(lambda: row.job.state == state, what=f"state {state}")

    def fault(self, effect: str, times: int | None = None, **options: Any) -> Rule:
        """Let something go wrong with jobs."""
        return self.faults.add(Rule("job", "*", effect, options, times=times))

    def lines(self, row: JobRow, task: str = "workerpool0-0") -> list[str]:
        """What a replica printed, or the service said."""
        query = "SELECT data FROM entries WHERE job_id = ? ORDER BY ts, insert_id"
        found = self.database.connection.execute(query, (row.job_id,)).fetchall()
        entries = [gtypes.LogEntry.FromString(data) for (data,) in found]
        return [
            str(entry.text_payload or entry.json_payload["message"])
            for entry in entries
            if entry.resource.labels["task_name"] == task
        ]

    def place(self, row: JobRow, name: str = "workerpool0-0") -> Path:
        """A replica's folder."""
        return self.folder / "jobs" / row.job_id / name

    async def close(self) -> None:
        """Stop as a server stops: its jobs run on."""
        await self.engine.close()
        await asyncio.sleep(0)
        self.database.close()


@asynccontextmanager
async def works(folder: Path, **settings: float) -> AsyncIterator[Works]:
    """An engine that leaves no job running."""
    made = Works(folder, **settings)
    try:
        yield made
    finally:
        for row in made.jobs.unsettled():
            made.engine.cancel(row.job_id)
        await wait_for(lambda: not any(row.live for row in made.jobs.unsettled()), what="the end of all jobs")
        await made.close()


def state(row: JobRow) -> str:
    """Its state without the prefix: `SUCCEEDED`, `FAILED`."""
    return str(State(row.job.state).name).removeprefix("JOB_STATE_")
