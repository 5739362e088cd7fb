"""What lists filter by, apart from the jobs themselves: a list must not read 10,000 jobs to show a page."""

from __future__ import annotations

from collections.abc import Sequence

from tui.domain.jobs import JobState
from tui.local.clock import unstamp
from tui.local.filters.jobs import Condition
from tui.local.state.database import Database
from tui.local.wire import gtypes
from tui.local.wire.gtypes import Message

ENDED = tuple(int(gtypes.JobState[state.wire]) for state in JobState if state.terminal)
"""Numbers of the states that a job does not leave."""
_INSERT = "INSERT OR REPLACE INTO job_facts VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
_COLUMNS = ("update_time", "start_time", "end_time")
_BATCH = 500


class JobFacts:
    """The tables `job_facts` and `job_labels`: they follow the table of jobs, in its transactions."""

    def __init__(self, database: Database) -> None:
        self._connection = database.connection
        self._database = database
        self._repair()

    def _repair(self) -> None:
        """Add what a server without these tables has left out."""
        counts = "SELECT (SELECT count(*) FROM jobs), (SELECT count(*) FROM job_facts)"
        jobs, facts = self._connection.execute(counts).fetchone()
        if jobs == facts:
            return
        with self._database.transaction() as connection:
            connection.execute("DELETE FROM job_facts")
            connection.execute("DELETE FROM job_labels")
            rows = connection.execute("SELECT id, region, data FROM jobs")
            while batch := rows.fetchmany(_BATCH):
                self.put(
                    [(job_id, region, gtypes.CustomJob.FromString(data)) for job_id, region, data in batch]
                )

    def put(self, jobs: Sequence[tuple[str, str, Message]]) -> None:
        """Note jobs as they are now: id, region, `CustomJob`."""
        self._connection.executemany(_INSERT, [_facts(*job) for job in jobs])
        self._connection.executemany("DELETE FROM job_labels WHERE job_id = ?", [(job[0],) for job in jobs])
        labels = [(job_id, key, value) for job_id, _, job in jobs for key, value in job.labels.items()]
        self._connection.executemany("INSERT INTO job_labels VALUES (?, ?, ?)", labels)

    def change(self, job_id: str, region: str, job: Message) -> None:
        """Note a job that has changed; its name and labels do not."""
        self._connection.execute(_INSERT, _facts(job_id, region, job))

    def drop(self, job_id: str) -> None:
        """Forget a job."""
        self._connection.execute("DELETE FROM job_facts WHERE id = ?", (job_id,))
        self._connection.execute("DELETE FROM job_labels WHERE job_id = ?", (job_id,))

    def page(
        self, region: str, before: tuple[int, str] | None, condition: Condition, size: int
    ) -> list[tuple[int, str]]:
        """Create time and id of up to `size` jobs, newest first, those before a position."""
        create_ns, job_id = before or (2**62, "")
        query = (
            "SELECT create_ns, id FROM job_facts WHERE region = ? AND (create_ns, id) < (?, ?)"  # noqa: S608 (fixed parts)
            f" AND {condition.sql} ORDER BY create_ns DESC, id DESC LIMIT ?"
        )
        values = (region, create_ns, job_id, *condition.values, size)
        return self._connection.execute(query, values).fetchall()

    def living(self, region: str) -> list[str]:
        """Ids of the jobs of a region that have not ended, without those that ran elsewhere."""
        marks = ", ".join("?" * len(ENDED))
        query = (
            f"SELECT id FROM job_facts WHERE region = ? AND state NOT IN ({marks})"  # noqa: S608 (fixed parts)
            " AND id IN (SELECT id FROM jobs WHERE settled = 0)"
        )
        return [row[0] for row in self._connection.execute(query, (region, *ENDED))]


def _facts(job_id: str, region: str, job: Message) -> tuple[str | int | None, ...]:
    times = (unstamp(getattr(job, name)) if job.HasField(name) else None for name in _COLUMNS)
    return region, unstamp(job.create_time), job_id, int(job.state), job.display_name, *times
