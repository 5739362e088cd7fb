"""Recorded jobs in the server: taken over from staged files at once, or shown as time goes on.

None of them is ever run. What was asked for is written down before anything of it shows, so that a server
that was killed takes it up where it was: a record is served whole or not at all.
"""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from pathlib import Path

from tui.local.clock import now_ns, stamp, unstamp
from tui.local.jobs import messages
from tui.local.jobs.output import service_entry
from tui.local.recordings.show import Recording, Show
from tui.local.recordings.staging import FOLDER, Staged, StagedJob, sweep
from tui.local.state.database import Database
from tui.local.state.entries import Entries
from tui.local.state.jobs import JobRow, Jobs, State
from tui.local.wire import gtypes
from tui.local.wire.errors import Code

_log = logging.getLogger(__name__)
_GOODBYE = (messages.CANCELLING, messages.CANCELLED)


class RecordingError(Exception):
    """A record is not taken over; the text is for the user."""


class Replays:
    """The recorded jobs that are not served whole yet, each with its task."""

    def __init__(self, database: Database, jobs: Jobs, entries: Entries, data_dir: Path) -> None:
        self._database = database
        self._jobs = jobs
        self._entries = entries
        self._data_dir = data_dir
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def open(self) -> None:
        """Take up what an earlier server left."""
        recordings = self._recordings()
        sweep(self._data_dir, frozenset(each.staged for each in recordings.values()))
        for recording in recordings.values():
            self._start(recording)

    def _recordings(self) -> dict[str, Recording]:
        rows = self._database.connection.execute("SELECT * FROM recordings").fetchall()
        return {row[0]: Recording(*row) for row in rows}

    def replaying(self) -> dict[str, float]:
        """The speed of each replay that goes on, by job id."""
        return {each.job_id: each.speed for each in self._recordings().values() if each.speed}

    async def close(self) -> None:
        """Stop for now."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def exists(self, job_id: str) -> bool:
        """Whether there is, or will be, a job of this id."""
        return job_id in self._tasks or self._find(job_id) is not None

    def _find(self, job_id: str) -> JobRow | None:
        query = "SELECT region FROM jobs WHERE id = ?"
        found = self._database.connection.execute(query, (job_id,)).fetchone()
        return self._jobs.find(job_id, found[0]) if found else None

    async def take(self, name: str, *, speed: float, now: bool, replace: bool) -> None:
        """Take over a staged record; returns when it is served, or when its replay has begun.

        Args:
            name: of the staged file, which is removed when it is no longer needed.
            speed: 0 to serve it at once, else how many times as fast as it was.
            now: move all times so that the job was created now.
            replace: in place of a job of the same id.

        Raises:
            RecordingError: there is such a job, and it is not to be or cannot be replaced.
        """
        job = self._read(name)
        earlier = self._find(job.job_id)
        if earlier and not earlier.settled:
            raise RecordingError(f"job {job.job_id} is at work on this machine; cancel it first")
        if self.exists(job.job_id) and not replace:
            raise RecordingError(f"there is a job {job.job_id} already; --replace puts this one in its place")
        begin = now_ns()
        shift = begin - unstamp(gtypes.CustomJob.FromString(job.data).create_time) if now else 0
        recording = Recording(job.job_id, name, speed, begin, shift, replace)
        await self.forget(job.job_id)
        with self._database.transaction() as connection:
            self._jobs.delete(job.job_id)
            values = dataclasses.astuple(recording)
            connection.execute("INSERT INTO recordings VALUES (?, ?, ?, ?, ?, ?)", values)
        task = self._start(recording)
        if not speed:
            await asyncio.shield(task)

    def _read(self, name: str) -> StagedJob:
        try:
            staged = Staged(self._data_dir, name)
        except ValueError as error:
            raise RecordingError(str(error)) from error
        job = next(staged.jobs(), None)
        staged.close()
        if job is None:
            raise RecordingError(f"the staged file {name!r} holds no job")
        return job

    def _start(self, recording: Recording) -> asyncio.Task[None]:
        task = asyncio.create_task(self._serve(recording), name=f"recording {recording.job_id}")
        self._tasks[recording.job_id] = task
        task.add_done_callback(lambda task: self._ended(recording, task))
        return task

    def _ended(self, recording: Recording, task: asyncio.Task[None]) -> None:
        if self._tasks.get(recording.job_id) is task:
            del self._tasks[recording.job_id]
        error = None if task.cancelled() else task.exception()
        if error:
            _log.error("recording of job %s broke down", recording.job_id, exc_info=error)

    async def _serve(self, recording: Recording) -> None:
        staged = Staged(self._data_dir, recording.staged)
        forget = ("DELETE FROM recordings WHERE job_id = ?", (recording.job_id,))
        try:
            if recording.replaced:
                await self._entries.delete_of_jobs([recording.job_id])
                gone = "UPDATE recordings SET replaced = 0 WHERE job_id = ?"
                self._database.connection.execute(gone, (recording.job_id,))
            show = Show(self._database, self._jobs, self._entries, recording, staged)
            await show.run(lambda connection: connection.execute(*forget))
        finally:
            staged.close()
        staged.remove()

    # --- what users do with recorded jobs

    def cancel(self, job_id: str) -> None:
        """End a recorded job that is still live, at once; the rest of a replay does not come any more."""
        row = self._find(job_id)
        if row is None or not row.live or not row.run.recorded:
            return
        task = self._tasks.pop(job_id, None)
        if task:
            task.cancel()
        now = self._time_of(row)
        row.job.state = State.JOB_STATE_CANCELLED
        row.job.error.code, row.job.error.message = Code.CANCELLED.number, messages.CANCELLED_ERROR
        stamp(row.job.end_time, now)
        stamp(row.job.update_time, now)
        said = [service_entry(self._entries, job_id, text) for text in _GOODBYE]
        for entry in said:
            stamp(entry.timestamp, now)
        with self._database.transaction():
            self._jobs.save(row)
            self._entries.append(said)
            left = self._drop(job_id)
        self._remove(left)

    def _time_of(self, row: JobRow) -> int:
        """Now, in the times of a job: a replay is as far as it was shown."""
        recording = self._recordings().get(row.job_id)
        now = now_ns()
        if recording and recording.speed:
            created = unstamp(row.job.create_time)
            now = recording.position(created, now)
        return max(now, unstamp(row.job.update_time))

    async def forget(self, job_id: str) -> None:
        """Nothing more is to come of a job."""
        task = self._tasks.pop(job_id, None)
        if task:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        self._remove(self._drop(job_id))

    def _drop(self, job_id: str) -> list[str]:
        """Forget a recording; its staged file."""
        query = "DELETE FROM recordings WHERE job_id = ? RETURNING staged"
        return [row[0] for row in self._database.connection.execute(query, (job_id,)).fetchall()]

    def _remove(self, names: list[str]) -> None:
        for name in names:
            (self._data_dir / FOLDER / name).unlink(missing_ok=True)
