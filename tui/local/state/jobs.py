"""The table of custom jobs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from tui.local.clock import unstamp
from tui.local.filters.jobs import Condition
from tui.local.state.database import Database
from tui.local.state.job_facts import ENDED, JobFacts
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

State = gtypes.JobState
LIVE = frozenset(map(int, State)) - {*ENDED, int(State.JOB_STATE_UNSPECIFIED)}
"""States from which a job may still move; PAUSED and UPDATING are for recorded jobs only."""


@dataclass(slots=True)
class Run:
    """What the engine has to remember of a job besides the CustomJob itself."""

    said: list[str] = field(default_factory=list)
    """Service messages already written in this attempt, so that a restarted server does not repeat them."""
    error_code: int = 0
    error_message: str = ""
    """The error, from the end on until it is shown in the job itself."""
    cancel: bool = False
    """Whether the user asked to cancel."""
    attempt: int = 0
    """Attempts that have ended before this one; the rest is of the present attempt, where not said."""
    restarts: dict[str, int] = field(default_factory=dict)
    """How often the whole job was restarted, by reason (`Kind`)."""
    worker_restarts: dict[str, int] = field(default_factory=dict)
    """How often a replica was restarted in place, by its name."""
    launched: bool = False
    """Whether its processes may have been started."""
    struck: str = ""
    """What is ending its processes on request, written down before it happens: an effect, or `lost NAME`."""
    queued_until_ns: int = 0
    """Until when the job waits for quota; 0 if it never had to."""
    recorded: bool = False
    """Whether the job ran elsewhere, or never: it is shown, and nothing is done about it."""


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
        """Whether nothing is left to do: ended, and its error shown; or it ran elsewhere."""
        if self.run.recorded:
            return True
        return not self.live and not (self.run.error_code and not self.job.error.code)


class Jobs:
    """Stored jobs; the engine is the only one that changes them after they were made."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection = database.connection
        self._facts = JobFacts(database)

    def add(self, row: JobRow) -> None:
        """Store a new job."""
        self.add_many([row])

    def add_many(self, rows: Sequence[JobRow]) -> None:
        """Store new jobs, all or none."""
        values = [
            (row.job_id, row.region, unstamp(row.job.create_time), row.settled, *_blobs(row)) for row in rows
        ]
        with self._database.transaction() as connection:
            connection.executemany("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?)", values)
            self._facts.put([(row.job_id, row.region, row.job) for row in rows])

    def save(self, row: JobRow) -> None:
        """Store a job's present state; one that was deleted stays deleted."""
        with self._database.transaction() as connection:
            stored = connection.execute(
                "UPDATE jobs SET settled = ?, data = ?, run = ? WHERE id = ?",
                (row.settled, *_blobs(row), row.job_id),
            )
            if stored.rowcount:
                self._facts.change(row.job_id, row.region, row.job)

    def find(self, job_id: str, region: str) -> JobRow | None:
        """One job of a region."""
        query = "SELECT id, region, data, run FROM jobs WHERE id = ? AND region = ?"
        found = self._connection.execute(query, (job_id, region)).fetchone()
        return _row(found) if found else None

    def delete(self, job_id: str) -> None:
        """Forget a job; its log entries stay, as on Vertex AI."""
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM jobs WHERE id = ?", (job_id,))
            connection.execute("DELETE FROM positions WHERE job_id = ?", (job_id,))
            self._facts.drop(job_id)

    def unsettled(self) -> list[JobRow]:
        """Jobs the engine has to look after."""
        rows = self._connection.execute("SELECT id, region, data, run FROM jobs WHERE settled = 0")
        return [_row(found) for found in rows.fetchall()]

    def page(
        self, region: str, before: tuple[int, str] | None, condition: Condition, size: int
    ) -> list[tuple[tuple[int, str], bytes]]:
        """Up to `size` serialized CustomJobs of a region with their positions, newest first.

        Args:
            region: of the jobs.
            before: a position of `(create time, id)`; only jobs behind it.
            condition: what `job_filter` made.
            size: how many at most.
        """
        positions = self._facts.page(region, before, condition, size)
        return [(position, data) for position in positions for data in self._data(position[1])]

    def living(self, region: str) -> list[Message]:
        """The CustomJobs of a region that have not ended."""
        found = (data for job_id in self._facts.living(region) for data in self._data(job_id))
        return [gtypes.CustomJob.FromString(data) for data in found]

    def last_made_ns(self) -> int:
        """When the newest job was made; 0 if there is none."""
        return int(self._connection.execute("SELECT max(create_ns) FROM job_facts").fetchone()[0] or 0)

    def _data(self, job_id: str) -> list[bytes]:
        return [row[0] for row in self._connection.execute("SELECT data FROM jobs WHERE id = ?", (job_id,))]

    def count_live(self) -> int:
        """How many jobs have not ended."""
        return sum(1 for row in self.unsettled() if row.live)


def _blobs(row: JobRow) -> tuple[bytes, str]:
    return row.job.SerializeToString(), json.dumps(asdict(row.run))


def _row(found: tuple[str, str, bytes, str]) -> JobRow:
    job_id, region, data, run = found
    return JobRow(job_id, region, gtypes.CustomJob.FromString(data), Run(**json.loads(run)))
