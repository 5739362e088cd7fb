"""One job's course: every step can be taken again after a restart, and is then not repeated."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tui.local import names
from tui.local.clock import SECOND, now_ns, stamp, unstamp
from tui.local.jobs import messages
from tui.local.jobs.environment import (
    Surroundings,
    merge,
    pool_sizes,
    spec_environment,
    vertex_environment,
)
from tui.local.jobs.output import OutputReader, service_entry
from tui.local.jobs.replica import LOST, Outcome, Replica, kill_leftovers
from tui.local.settings import Settings
from tui.local.state.entries import Entries
from tui.local.state.jobs import JobRow, Jobs, State
from tui.local.state.project import ProjectState
from tui.local.wire.errors import Code
from tui.local.wire.gtypes import Message

_DEFAULT_TIMEOUT = 7 * 24 * 3600
"""Seconds a job may run when its spec does not say (`Scheduling.timeout`)."""
MAX_REPLICAS = 64
"""Replicas of one job that this machine is asked to run at once."""
_PATIENCE_SECONDS = 10.0
"""How long a runner may take to come up, and past its grace to end, before it is given up."""
_CLAIM_POLL_SECONDS = 0.01


@dataclass(slots=True)
class Workshop:
    """What all courses share."""

    jobs: Jobs
    entries: Entries
    project: ProjectState
    settings: Settings
    folder: Path
    http_url: str = ""

    def remove(self, job_id: str) -> None:
        """Remove a job's folder."""
        shutil.rmtree(self.folder / job_id, ignore_errors=True)

    def sweep(self, live: frozenset[str]) -> None:
        """Remove what ended jobs have left when the server died before it could."""
        for folder in self.folder.glob("*"):
            if folder.name not in live:
                self.remove(folder.name)


class Course:
    """Takes one job from its stored state to its end."""

    def __init__(self, workshop: Workshop, row: JobRow) -> None:
        self._shop = workshop
        self._settings = workshop.settings
        self.row = row
        self._cancelled = asyncio.Event()
        if row.run.cancel:
            self._cancelled.set()
        self._replicas = self._make_replicas()
        self._readers = {
            replica.name: OutputReader(workshop.entries, row.job_id, replica.name, replica.output)
            for replica in self._replicas
        }

    def _make_replicas(self) -> list[Replica]:
        folder = self._shop.folder / self.row.job_id
        replica_names = (
            f"workerpool{pool}-{index}"
            for pool, size in enumerate(pool_sizes(self.row.job))
            for index in range(size)
        )
        return [Replica(name, folder / name) for name in replica_names]

    async def run(self) -> None:
        """Go on from wherever the job is."""
        if self.row.live:
            ended = await self._until_started()
            outcome = ended or await self._until_ended()
            self._finish(*outcome)
            await asyncio.to_thread(self._shop.remove, self.row.job_id)
        await self._show_error()

    def cancel(self) -> None:
        """Ask the job to end; it ends later."""
        self.row.run.cancel = True
        self._set_state(State.JOB_STATE_CANCELLING)
        self._say(messages.CANCELLING)
        self._cancelled.set()

    def break_down(self) -> None:
        """The course itself has failed: end the job truthfully."""
        for replica in self._replicas:
            replica.kill()
        if self.row.live:
            self._fail(Code.INTERNAL.number, "Internal error occurred for the current attempt.")

    # --- before the first process

    async def _until_started(self) -> tuple[Replica, Outcome] | None:
        """Wait, prepare, start; the outcome if the job ends before anything has run."""
        primary = self._replicas[0]
        if primary.started():
            return None
        if len(self._replicas) > MAX_REPLICAS:
            text = messages.TOO_MANY.format(count=len(self._replicas), most=MAX_REPLICAS)
            return primary, Outcome(-1, "TooMany", text)
        self._say(messages.WAITING)
        if await self._cancelled_within(self._settings.queued_seconds):
            return primary, Outcome(0, "Stopped")
        if self.row.job.state == State.JOB_STATE_QUEUED:
            self._set_state(State.JOB_STATE_PENDING)
        self._say(messages.PROVISIONING)
        self._say(messages.SETTING_UP)
        self._say(messages.UNUSED_IMAGE.format(image=self._image()))
        account = self.row.job.job_spec.service_account or names.CUSTOM_CODE_AGENT
        token = self._shop.project.mint_token(f"serviceAccount:{account}", self.row.job_id)
        specs, cancelled = await asyncio.gather(
            asyncio.to_thread(self._prepare, token), self._cancelled_within(self._settings.pending_seconds)
        )
        if cancelled:
            return primary, Outcome(0, "Stopped")
        self._say(messages.WAITING_FOR_PROGRAM)
        self._say(messages.PREPARING)
        return await self._start(specs)

    async def _start(self, specs: list[dict[str, Any]]) -> tuple[Replica, Outcome] | None:
        for replica, spec in zip(self._replicas, specs, strict=True):
            if not spec["argv"]:
                return replica, Outcome(128, "StartError", messages.NO_COMMAND.format(image=self._image()))
        for replica, spec in zip(self._replicas, specs, strict=True):
            if not replica.started():
                await asyncio.to_thread(replica.start, spec)
        return None

    async def _cancelled_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._cancelled.wait(), timeout=max(seconds, 0.001))
        except TimeoutError:
            return False
        return True

    def _image(self) -> str:
        pool = self.row.job.job_spec.worker_pool_specs[0]
        return str(pool.container_spec.image_uri or pool.python_package_spec.executor_image_uri)

    def _prepare(self, token: str) -> list[dict[str, Any]]:
        """Make every replica's folders; the specs for their runners. Runs in a thread."""
        specs = []
        places = [
            (pool, index) for pool, size in enumerate(pool_sizes(self.row.job)) for index in range(size)
        ]
        for replica, (pool, index) in zip(self._replicas, places, strict=True):
            specs.append(self._spec(replica, pool, index, token))
        return specs

    def _spec(self, replica: Replica, pool: int, index: int, token: str) -> dict[str, Any]:
        container = self.row.job.job_spec.worker_pool_specs[pool].container_spec
        surroundings = Surroundings(replica.folder, sys.executable)
        ours = surroundings.make(http_url=self._shop.http_url, token=token)
        ours |= vertex_environment(self.row.job, self.row.job_id, pool, index)
        theirs = spec_environment(container.env)
        return {
            "argv": [*container.command, *container.args] if container.command else [],
            "env": merge(ours, theirs),
            "cwd": str(surroundings.work),
            "timeout_seconds": self._timeout(),
            "grace_seconds": self._settings.grace_seconds,
        }

    def _timeout(self) -> float:
        timeout = self.row.job.job_spec.scheduling.timeout
        return float(timeout.seconds + timeout.nanos / SECOND) or _DEFAULT_TIMEOUT

    # --- while processes run

    async def _until_ended(self) -> tuple[Replica, Outcome]:
        await self._until_claimed()
        if self.row.job.state != State.JOB_STATE_CANCELLING:
            self._set_running()
        outcome = await self._follow_primary()
        await self._stop_all()
        self._drain()
        return self._replicas[0], outcome

    async def _until_claimed(self) -> None:
        """Wait until the runners are up; one that never comes up is lost."""
        for _ in range(int(_PATIENCE_SECONDS / _CLAIM_POLL_SECONDS)):
            if all(replica.started() for replica in self._replicas):
                return
            await asyncio.sleep(_CLAIM_POLL_SECONDS)

    def _set_running(self) -> None:
        if not self.row.job.HasField("start_time"):
            stamp(self.row.job.start_time, now_ns())
        if self.row.job.state != State.JOB_STATE_RUNNING:
            self._set_state(State.JOB_STATE_RUNNING)
        self._say(messages.RUNNING)

    async def _follow_primary(self) -> Outcome:
        """Read everybody's output until the primary replica has ended."""
        asked_at: int | None = None
        while True:
            busy = self._read_all()
            outcome = self._replicas[0].outcome()
            if outcome:
                return outcome
            if self._cancelled.is_set() and asked_at is None:
                asked_at = now_ns()
                self._each(Replica.ask_to_stop)
            if asked_at is not None and self._overdue(asked_at):
                self._each(Replica.kill)
            await asyncio.sleep(0 if busy else self._settings.poll_seconds)

    def _overdue(self, since_ns: int) -> bool:
        return now_ns() - since_ns > int((self._settings.grace_seconds + _PATIENCE_SECONDS) * SECOND)

    async def _stop_all(self) -> None:
        """The primary has ended: the others are stopped."""
        self._each(Replica.ask_to_stop)
        since = now_ns()
        while any(replica.outcome() is None for replica in self._replicas):
            if self._overdue(since):
                self._each(Replica.kill)
            await asyncio.sleep(self._settings.poll_seconds)
        for replica in self._replicas:
            if replica.outcome() == LOST:
                kill_leftovers(replica.folder)

    def _each(self, action: Callable[[Replica], None]) -> None:
        for replica in self._replicas:
            if replica.outcome() is None:
                action(replica)

    def _read_all(self) -> bool:
        return sum(reader.read() for reader in self._readers.values()) > 0

    def _drain(self) -> None:
        while self._read_all():
            pass

    # --- the end

    def _finish(self, primary: Replica, outcome: Outcome) -> None:
        self._say(messages.TEARING_DOWN)
        self._say(messages.TORN_DOWN)
        self._shop.project.drop_tokens(self.row.job_id)
        if self.row.run.cancel and (outcome.reason == "Stopped" or outcome == LOST):
            self._cancel_ended(messages.CANCELLED_ERROR)
        elif outcome.reason == "Timeout":
            self._cancel_ended(messages.TIMEOUT_ERROR.format(seconds=f"{self._timeout():g}"))
        elif outcome.reason == "Stopped":
            self._fail(Code.ABORTED.number, messages.STOPPED_ERROR)
        elif outcome == LOST:
            self._fail(Code.INTERNAL.number, messages.LOST_ERROR.format(replica=primary.name))
        elif outcome.reason == "TooMany":
            self._fail(Code.RESOURCE_EXHAUSTED.number, outcome.message)
        elif outcome.code == 0:
            self._say(messages.SUCCEEDED)
            self._end(State.JOB_STATE_SUCCEEDED)
        else:
            detail = outcome.message or self._readers[primary.name].traceback()
            text = messages.replica_error(
                primary.name, outcome.code, self.row.job_id, reason=outcome.reason, detail=detail
            )
            self._fail(Code.INVALID_ARGUMENT.number, text)

    def _cancel_ended(self, text: str) -> None:
        self.row.run.error_code, self.row.run.error_message = Code.CANCELLED.number, text
        self._say(messages.CANCELLED)
        self._end(State.JOB_STATE_CANCELLED)

    def _fail(self, code: int, text: str) -> None:
        self.row.run.error_code, self.row.run.error_message = code, text
        self._say(text, "ERROR")
        self._say(messages.FAILED, "ERROR")
        self._end(State.JOB_STATE_FAILED)

    def _end(self, state: Message) -> None:
        stamp(self.row.job.end_time, now_ns())
        self._set_state(state)

    async def _show_error(self) -> None:
        """The error appears in the job some time after its end."""
        run = self.row.run
        if run.error_code and not self.row.job.error.code:
            due = unstamp(self.row.job.end_time) + int(self._settings.error_seconds * SECOND)
            await asyncio.sleep(max(due - now_ns(), 0) / SECOND)
            self.row.job.error.code, self.row.job.error.message = run.error_code, run.error_message
            self._save()

    def _say(self, text: str, severity: str = "INFO") -> None:
        """A service message, once in the job's life."""
        if text in self.row.run.said:
            return
        self.row.run.said.append(text)
        self._shop.jobs.save(self.row)
        self._shop.entries.append([service_entry(self._shop.entries, self.row.job_id, text, severity)])

    def _set_state(self, state: Message) -> None:
        self.row.job.state = state
        self._save()

    def _save(self) -> None:
        stamp(self.row.job.update_time, now_ns())
        self._shop.jobs.save(self.row)
