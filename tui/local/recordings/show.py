"""One recorded job on its way into view: its log and its states, at once or as time goes on."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

from tui.local import clock
from tui.local.clock import SECOND, now_ns
from tui.local.recordings.script import ENTRY_TIMES, JOB_TIMES, Step, script, shifted
from tui.local.recordings.staging import Staged, StagedJob
from tui.local.state.database import Database
from tui.local.state.entries import Entries, Row
from tui.local.state.jobs import JobRow, Jobs, Run
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

_BATCH = 500
"""Entries that a replay shows in one go."""
_LEAST_SECONDS = 0.02
"""Real time between two looks of a replay; what is due by then comes together."""
_POSITION = "recording"
"""In place of a replica's name: how many entries of a recording were shown."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What was asked for; a row of the table `recordings`."""

    job_id: str
    staged: str
    """Name of the staged file."""
    speed: float
    """0 for at once."""
    begin_ns: int
    """When the replay began, in the server's time."""
    shift_ns: int
    """What is added to all times."""
    replaced: bool
    """Whether entries of an earlier job with the id have still to go."""

    def position(self, created_ns: int, now: int) -> int:
        """How far a replay is, in recorded time, for a job with this recorded `createTime`."""
        return created_ns + int((now - self.begin_ns) * self.speed)


class Show:
    """Goes on from wherever the recording is."""

    def __init__(
        self, database: Database, jobs: Jobs, entries: Entries, recording: Recording, staged: Staged
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._entries = entries
        self._recording = recording
        self._staged = staged
        self._job: StagedJob = next(staged.jobs())
        self._created = clock.unstamp(gtypes.CustomJob.FromString(self._job.data).create_time)

    async def run(self, done: Callable[[sqlite3.Connection], object]) -> None:
        """Serve the whole record; `done` is called in the transaction that completes it."""
        whole = gtypes.CustomJob.FromString(self._job.data)
        if self._recording.speed:
            await self._replay(script(whole, self._staged.about.get("said", {})))
        else:
            await self._entries.append_many(self._staged.entries())
        with self._database.transaction() as connection:
            self._show_job(whole)
            done(connection)

    async def _replay(self, steps: list[Step]) -> None:
        self._show_job(steps[0].job)
        shown = self._entries.offset(self._job.job_id, _POSITION)
        rows = self._staged.entries(shown)
        row = next(rows, None)
        while row or steps:
            position = self._position()
            batch: list[Row] = []
            while row and row[0] <= position and len(batch) < _BATCH:
                batch.append(row)
                row = next(rows, None)
            if batch:
                shown += len(batch)
                self._show_entries(batch, shown)
                await asyncio.sleep(0)
                continue
            due = [step for step in steps if step.ns <= position]
            steps = steps[len(due) :]
            if due:
                self._show_job(due[-1].job)
            await self._until([row[0]] if row else [], [step.ns for step in steps])

    def _position(self) -> int:
        """How far the replay is, in recorded time."""
        return self._recording.position(self._created, now_ns())

    async def _until(self, entries: list[int], steps: list[int]) -> None:
        """Wait for the first of these times."""
        coming = [*entries, *steps[:1]]
        if coming:
            seconds = (min(coming) - self._position()) / SECOND / self._recording.speed
            if clock.real_seconds(seconds) > _LEAST_SECONDS:
                await clock.sleep(seconds)
            else:
                await asyncio.sleep(_LEAST_SECONDS)

    def _show_entries(self, rows: list[Row], shown: int) -> None:
        batch = [self._moved(gtypes.LogEntry.FromString(row[-1]), ENTRY_TIMES) for row in rows]
        self._entries.append(batch, position=(self._job.job_id, _POSITION, shown))

    def _show_job(self, job: Message) -> None:
        found = self._jobs.find(self._job.job_id, self._job.region)
        shown = gtypes.CustomJob()
        shown.CopyFrom(job)
        row = JobRow(self._job.job_id, self._job.region, self._moved(shown, JOB_TIMES), Run(recorded=True))
        if found:
            self._jobs.save(row)
        else:
            self._jobs.add(row)

    def _moved(self, message: Message, fields: tuple[str, ...]) -> Message:
        return shifted(message, fields, self._recording.shift_ns)
