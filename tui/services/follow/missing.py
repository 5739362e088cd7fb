"""Why a job's lines may be missing from its log."""

from __future__ import annotations

from datetime import datetime, timedelta

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import Job, JobState
from tui.services.follow.state import Missing

KEPT = timedelta(days=30)
"""How long the `_Default` bucket keeps entries unless it is told otherwise (FACTS 3.5)."""
SILENT = timedelta(minutes=2)
"""A job that has run for so long should have said something."""
_BY_KIND = {ErrorKind.DENIED: (Missing.DENIED,), ErrorKind.API_DISABLED: (Missing.API_OFF,)}
_WAITING = frozenset({JobState.QUEUED, JobState.PENDING})


def why_missing(
    job: Job, now: datetime, *, error: CloudError | None, service_spoke: bool, named: bool
) -> tuple[Missing, ...]:
    """Reasons, the likeliest first; none where nothing is to be expected yet.

    Args:
        job: whose log has no line of the job's own.
        now: the time, UTC.
        error: why the log cannot be read, if it cannot.
        service_spoke: whether there are messages of the service.
        named: whether logs are read elsewhere than in the job's project (`logging.resource_names`).
    """
    if error is not None:
        return _BY_KIND.get(error.kind, ())
    if job.state in _WAITING:
        return (Missing.NOT_YET,)
    if not job.state.terminal and (job.start_time is None or now - job.start_time < SILENT):
        return ()
    old = job.end_time is not None and now - job.end_time > KEPT
    if service_spoke:
        return (Missing.NO_WRITER, Missing.EXCLUDED)
    found = [Missing.RETENTION] if old else []
    found += [Missing.NOT_THERE] if named else []
    return (*found, Missing.EXCLUDED, Missing.ELSEWHERE, *(() if old else (Missing.NO_WRITER,)))
