"""The table of custom jobs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

from tui.local.clock import unstamp
from tui.local.state.database import Database
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

State = gtypes.JobState
LIVE = frozenset(
    int(state)
    for state in (
        State.JOB_STATE_QUEUED,
        State.JOB_STATE_PENDING,
        State.JOB_STATE_RUNNING,
        State.JOB_STATE_CANCELLING,
    )
)
"""States from which a job may still move."""


@dataclass(slots=True)
class Run:
    """What the engine has to remember of a job besides the CustomJob itself."""

    said: list[str] = field(default_factory=list)
    """Service messages already written, so that a restart does not repeat them."""
    error_code: int = 0
    error_message: str = ""
    """The error, from the end on until it is shown in the job itself."""
    cancel: bool = False
    """Whether the user asked to cancel."""


@dataclass(slots=True)
class JobRow:
    """One stored job."""

    job_id: str
    region: str
    job: Message
    """`google.cloud.aiplatform.v1.CustomJob`."""
    run: Run

    @property
    def live(self) -> bool:
        """Whether the job may still change its state."""
        return int(self.job.state) in LIVE

    @property
    def settled(self) -> bool:
        """Whether nothing is left to do: ended, and its error shown."""
        return not self.live and not (self.run.error_code and not self.job.error.code)


class Jobs:
    """Stored jobs; the engine is the only one that changes them after they were made."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connection

    def add(self, row: JobRow) -> None:
        """Store a new job."""
        values = (row.job_id, row.region, unstamp(row.job.create_time), row.settled, *_blobs(row))
        self._connection.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?)", values)

    def save(self, row: JobRow) -> None:
        """Store a job's present state."""
        self._connection.execute(
            "UPDATE jobs SET settled = ?, data = ?, run = ? WHERE id = ?",
            (row.settled, *_blobs(row), row.job_id),
        )

    def find(self, job_id: str, region: str) -> JobRow | None:
        """One job of a region."""
        query = "SELECT id, region, data, run FROM jobs WHERE id = ? AND region = ?"
        found = self._connection.execute(query, (job_id, region)).fetchone()
        return _row(found) if found else None

    def delete(self, job_id: str) -> None:
        """Forget a job; its log entries stay, as on Vertex AI."""
        self._connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
        self._connection.execute("DELETE FROM positions WHERE job_id = ?", (job_id,))

    def unsettled(self) -> list[JobRow]:
        """Jobs the engine has to look after."""
        rows = self._connection.execute("SELECT id, region, data, run FROM jobs WHERE settled = 0")
        return [_row(found) for found in rows.fetchall()]

    def newest_first(self, region: str, before: tuple[int, str] | None) -> Iterator[Message]:
        """CustomJobs of a region, those created before a position of `(create time, id)`."""
        create_ns, job_id = before or (2**62, "")
        cursor = self._connection.execute(
            "SELECT data FROM jobs WHERE region = ? AND (create_ns, id) < (?, ?)"
            " ORDER BY create_ns DESC, id DESC",
            (region, create_ns, job_id),
        )
        for (data,) in cursor:
            yield gtypes.CustomJob.FromString(data)

    def count_live(self) -> int:
        """How many jobs have not ended."""
        return sum(1 for row in self.unsettled() if row.live)


def _blobs(row: JobRow) -> tuple[bytes, str]:
    return row.job.SerializeToString(), json.dumps(asdict(row.run))


def _row(found: tuple[str, str, bytes, str]) -> JobRow:
    job_id, region, data, run = found
    return JobRow(job_id, region, gtypes.CustomJob.FromString(data), Run(**json.loads(run)))
