"""What all jobs share, and how one job's progress is written down and told."""

from __future__ import annotations

import asyncio
import logging
import shutil
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tui.local import names
from tui.local.clock import now_ns, stamp
from tui.local.faults.book import FaultBook
from tui.local.jobs import messages
from tui.local.jobs.google import Door
from tui.local.jobs.output import service_entry
from tui.local.jobs.turns import Turns
from tui.local.settings import Settings
from tui.local.state.entries import Entries
from tui.local.state.jobs import JobRow, Jobs, State
from tui.local.state.project import ProjectState
from tui.local.wire.gtypes import Message

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Workshop:
    """What all jobs share."""

    jobs: Jobs
    entries: Entries
    project: ProjectState
    settings: Settings
    folder: Path
    faults: FaultBook
    http_url: str = ""
    """Where jobs find the storage."""
    proxy_url: str = ""
    """Where they find all else of Google's; empty for nowhere."""
    turns: Turns = field(default_factory=Turns)
    _door: Door | None = None
    _door_lock: threading.Lock = field(default_factory=threading.Lock)

    def door(self) -> Door | None:
        """The way to Google's own names. Blocking when it is first asked for."""
        with self._door_lock:
            if self._door is None and self.proxy_url:
                try:
                    self._door = Door.prepare(self.folder.parent, self.proxy_url)
                except ValueError:
                    _log.exception("damaged certificates: jobs reach nothing of Google's but the storage")
            return self._door

    def remove(self, job_id: str) -> None:
        """Remove a job's folder."""
        shutil.rmtree(self.folder / job_id, ignore_errors=True)

    async def sweep(self, left: Sequence[str]) -> None:
        """Remove what ended jobs have left when the server died before it could; there may be much of it."""
        for job_id in left:
            await asyncio.to_thread(self.remove, job_id)

    def left(self, live: frozenset[str]) -> list[str]:
        """Jobs whose folders are there although they have ended."""
        return [folder.name for folder in self.folder.glob("*") if folder.name not in live]


class Progress:
    """One job's stored state as it changes; every change is safe before anybody can see it."""

    def __init__(self, shop: Workshop, row: JobRow) -> None:
        self._shop = shop
        self.row = row

    def say(self, text: str, severity: str = "INFO") -> None:
        """A service message, once in an attempt, also across restarts of the server."""
        if text in self.row.run.said:
            return
        self.row.run.said.append(text)
        entries = self._shop.entries
        entry = service_entry(entries, self.row.job_id, text, severity)
        entries.append([entry], along=lambda: self._shop.jobs.save(self.row))

    def set_state(self, state: Message) -> None:
        """Change the job's state."""
        self.row.job.state = state
        self.save()

    def set_running(self) -> None:
        """All workers are up; `startTime` is when that was so for the first time."""
        if self.row.job.state != State.JOB_STATE_RUNNING:
            if not self.row.job.HasField("start_time"):
                stamp(self.row.job.start_time, now_ns())
            self.set_state(State.JOB_STATE_RUNNING)
        self.say(messages.RUNNING)

    def next_attempt(self, reason: str) -> None:
        """The attempt is over and all of it has ended: prepare for another."""
        run = self.row.run
        run.restarts[reason] = run.restarts.get(reason, 0) + 1
        run.attempt += 1
        run.said, run.worker_restarts = [], {}
        run.launched, run.struck = False, ""
        if self.row.job.state != State.JOB_STATE_CANCELLING:
            self.row.job.state = State.JOB_STATE_PENDING
        self.save()

    def end(self, state: Message) -> None:
        """The job has ended."""
        stamp(self.row.job.end_time, now_ns())
        self.set_state(state)

    def save(self) -> None:
        """Write the job down."""
        stamp(self.row.job.update_time, now_ns())
        self._shop.jobs.save(self.row)

    def mint_token(self) -> str:
        """A token for the job's service account."""
        account = self.row.job.job_spec.service_account or names.CUSTOM_CODE_AGENT
        return self._shop.project.mint_token(f"serviceAccount:{account}", self.row.job_id)
