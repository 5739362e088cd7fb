"""Starts a job exactly once, whatever the connection does.

Every submission carries a unique label. What is about to be sent is on disk before it is sent; after a
failure that leaves open whether the job exists, the label is looked for, and nothing is ever sent again
unasked: `CreateCustomJob` is not idempotent and has no request id.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from tui.domain.errors import CloudError
from tui.domain.jobs import OWN_LABEL, Job, JobPage
from tui.domain.target import Target
from tui.services.files import write_atomic
from tui.services.paths import private_dir

FOLDER = "submissions"
"""Below the journals' folder."""

SETTLE_SECONDS = 60.0
"""An absent label proves nothing before this has passed since the ambiguous failure."""

LOOK_SECONDS = (0.5, 1.0, 2.0, 4.0, 8.0)
"""Pauses between two looks for a job whose creation was not confirmed; the last one repeats."""

KEPT_RECORDS = 200
"""Records of confirmed submissions that are kept, once twice as many have come together."""
KEPT_FILES = 100
"""Files whose last submission is kept besides, so that another project is noticed after a long time."""


_under_way: set[str] = set()
"""Labels of the submissions that this process waits for."""


class SendsJobs(Protocol):
    """What a submission needs of the gateway (`tui.domain.gateway.JobsGateway`)."""

    async def list_jobs(self, *, page_size: int = 100, page_token: str = "", filter_: str = "") -> JobPage:
        """One page of `ListCustomJobs`."""
        ...

    async def create_job(self, custom_job: Mapping[str, Any]) -> Job:
        """`CreateCustomJob`, sent once."""
        ...


class NotRecordedError(Exception):
    """The note about a submission could not be written, so the job was not sent; the text says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """One submission as it is on disk: no spec, no secret."""

    label: str
    """The value of the label `vertex-tui-id`."""
    project: str
    region: str
    local: bool
    display_name: str
    file: str
    """The spec file, or empty."""
    sent_at: str
    """ISO 8601, UTC: just before it was sent."""
    job_name: str = ""
    """The resource name once it is known that the job exists."""
    number: int = 0
    """Which start of its file it is, from 1; 0 where that was not counted."""
    pid: int = 0
    """The process that sent it, when that began and on which host; 0 where it was not noted."""
    process_started: float = 0.0
    host: str = ""

    @property
    def is_old(self) -> bool:
        """Whether it was sent so long ago that its absence means that it never arrived."""
        return (datetime.now(UTC) - self.time).total_seconds() >= 2 * SETTLE_SECONDS

    @property
    def time(self) -> datetime:
        """When it was sent."""
        return datetime.fromisoformat(self.sent_at)

    def belongs_to(self, target: Target) -> bool:
        """Whether it was sent to that target."""
        return (self.project, self.region, self.local) == (target.project, target.region, target.is_local)


@dataclass(frozen=True, slots=True)
class Submitted:
    """The job exists, once."""

    job: Job
    record: Record


@dataclass(frozen=True, slots=True)
class NotFound:
    """Nobody answered, and no job with the label could be seen: the user decides."""

    record: Record
    trouble: CloudError | None
    """Why the last look failed; None when it answered without the job."""
    settled: bool
    """Whether long enough has passed for the absence to mean that the job never arrived."""


Outcome = Submitted | NotFound


class SubmissionStore:
    """The records of submissions, one private file each."""

    def __init__(self, journals_dir: Path) -> None:
        self._folder = journals_dir / FOLDER

    def write(self, record: Record) -> None:
        """Have the record on disk, synced, before returning.

        Raises:
            OSError: it cannot be written; then nothing may be sent.
        """
        private_dir(self._folder)
        write_atomic(self._file(record), json.dumps(asdict(record)).encode())

    def forget(self, record: Record) -> None:
        """Remove a record: it was refused, or the user has been told; one that stays is told of again."""
        with suppress(OSError):
            self._file(record).unlink()

    def pending_submissions(self) -> list[Record]:
        """Submissions that were never confirmed, oldest first."""
        return [record for record in self._all() if not record.job_name]

    def abandoned(self, target: Target) -> list[Record]:
        """Those of a target that nobody waits for any more, no task of this process either, oldest first."""
        return [
            each for each in self.pending_submissions() if each.belongs_to(target) and not self._awaited(each)
        ]

    def _awaited(self, record: Record) -> bool:
        from tui.services.processes import ProcessId  # noqa: PLC0415 (psutil; not for the first frame)

        if not record.pid:
            return False
        process = ProcessId(record.pid, record.process_started, record.host)
        if process.pid == os.getpid() and not process.elsewhere:  # this one, or one that was before it
            return record.label in _under_way
        try:
            return process.lives(self._file(record))
        except OSError:
            return True  # confirmed or refused meanwhile

    def last_for(self, file: str, *, local: bool | None = None) -> Record | None:
        """The last confirmed submission of a spec file; with `local`, to the local server or to Google."""
        if not file:
            return None
        return next(
            (
                record
                for record in reversed(self._all())
                if record.job_name and record.file == file and local in (None, record.local)
            ),
            None,
        )

    def next_number(self, file: str) -> int:
        """Which start of a spec file the next one is, from 1."""
        return max((record.number for record in self._all() if record.file == file), default=0) + 1

    def prune(self) -> None:
        """Keep only the newest confirmed records, and each file's last ones; looks only now and then."""
        if sum(1 for _ in self._folder.glob("*.json")) <= 2 * KEPT_RECORDS:
            return
        confirmed = [record for record in self._all() if record.job_name]
        last = {(record.file, record.local): record for record in confirmed if record.file}
        kept = {record.label for record in (*confirmed[-KEPT_RECORDS:], *list(last.values())[-KEPT_FILES:])}
        for record in confirmed:
            if record.label not in kept:
                self.forget(record)

    def _file(self, record: Record) -> Path:
        return self._folder / f"{record.label}.json"

    def _all(self) -> list[Record]:
        records = []
        for file in self._folder.glob("*.json"):
            with suppress(OSError, ValueError, TypeError, AttributeError):
                record = Record(**json.loads(file.read_bytes()))
                if record.label == file.stem and record.time.tzinfo is not None:
                    records.append(record)
        return sorted(records, key=lambda record: record.time)


class Submitter:
    """Sends jobs to one target."""

    def __init__(
        self,
        jobs: SendsJobs,
        target: Target,
        store: SubmissionStore,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._jobs = jobs
        self._target = target
        self._store = store
        self._clock = clock
        self._sleep = sleep

    def new_record(self, display_name: str, file: str, number: int = 0) -> Record:
        """A record with a label that no other submission has; `number` counts the starts of the file."""
        from tui.services.processes import this_process  # noqa: PLC0415 (psutil; not for the first frame)

        process = this_process()
        return Record(
            label=f"j{uuid.uuid4().hex[:15]}",  # never to be taken for a number where it stands in a filter
            project=self._target.project,
            region=self._target.region,
            local=self._target.is_local,
            display_name=display_name,
            file=file,
            sent_at=datetime.now(UTC).isoformat(),
            number=number,
            pid=process.pid,
            process_started=process.started,
            host=process.host,
        )

    async def submit(
        self, request: Mapping[str, Any], record: Record, *, on_doubt: Callable[[], object] = lambda: None
    ) -> Outcome:
        """Send a job once; `on_doubt` is called when the reply was lost and the job is looked for.

        Raises:
            CloudError: it was refused; there is no such job.
            NotRecordedError: the record cannot be written; the job was not sent.
        """
        _under_way.add(record.label)
        try:
            return await self._submit(request, record, on_doubt)
        finally:
            _under_way.discard(record.label)

    async def _submit(
        self, request: Mapping[str, Any], record: Record, on_doubt: Callable[[], object]
    ) -> Outcome:
        labelled = {**request, "labels": {**request.get("labels", {}), OWN_LABEL: record.label}}
        try:
            await asyncio.to_thread(self._store.write, record)
        except OSError as failure:
            raise NotRecordedError(failure.strerror or str(failure)) from failure
        try:
            job = await self._jobs.create_job(labelled)
        except CloudError as failure:
            if not failure.ambiguous:
                await asyncio.to_thread(self._store.forget, record)
                raise
            on_doubt()
            return await self.look_for(record)
        return await self._confirm(record, job)

    async def look_for(self, record: Record, *, seconds: float = SETTLE_SECONDS) -> Outcome:
        """Look for the job of a record until it is seen, at most `seconds` long.

        Absence is claimed only after a last look without a filter: what the service makes of a label with
        hyphens there is not documented.
        """
        end = self._clock() + seconds
        pauses = iter(LOOK_SECONDS)
        while True:
            left = end - self._clock()
            job, trouble = await self._find(record, filtered=left > 0)
            if job is not None:
                return await self._confirm(record, job)
            if left <= 0:
                return NotFound(record, trouble, settled=trouble is None)
            await self._sleep(min(next(pauses, LOOK_SECONDS[-1]), left))

    async def check_pending(
        self, on_wait: Callable[[Record, float], object] = lambda _record, _seconds: None
    ) -> list[Outcome]:
        """What became of the submissions to this target that were not confirmed and nobody waits for.

        One that was sent less than two minutes ago may still be on its way, and is looked for until they are
        over; `on_wait` is told which, and for how many seconds at most.
        """
        records = await asyncio.to_thread(self._store.abandoned, self._target)
        waits = []
        for record in records:
            age = (datetime.now(UTC) - record.time).total_seconds()
            seconds = min(max(2 * SETTLE_SECONDS - age, 0), 2 * SETTLE_SECONDS)
            if seconds:
                on_wait(record, seconds)
            waits.append(self.look_for(record, seconds=seconds))
        return list(await asyncio.gather(*waits))

    async def _find(self, record: Record, *, filtered: bool) -> tuple[Job | None, CloudError | None]:
        token = ""
        wanted = f"labels.{OWN_LABEL}={record.label}" if filtered else ""
        while True:
            try:
                page = await self._jobs.list_jobs(page_token=token, filter_=wanted)
            except CloudError as failure:
                return None, failure
            for job in page.jobs:
                if job.labels.get(OWN_LABEL) == record.label:
                    return job, None
            token = page.next_page_token
            if not token:
                return None, None

    async def _confirm(self, record: Record, job: Job) -> Submitted:
        confirmed = replace(record, job_name=job.name)
        with suppress(OSError):  # the job exists; at worst the next start finds it once more by its label
            await asyncio.to_thread(self._store.write, confirmed)
            await asyncio.to_thread(self._store.prune)
        return Submitted(job, confirmed)
