"""A job's states in time: how long it was queued, being set up, and running."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tui.domain import text
from tui.domain.course.attempts import Attempt
from tui.domain.jobs import Job, JobState

ERROR_DELAY = timedelta(minutes=3)
"""`error` is written about a minute after the end; after this long it is not coming any more."""
_SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of a job's course."""

    word: str
    """`queued`, `provisioning`, `waited`, `running`, `ran`, `attempt 2 since`, `4 attempts`."""
    seconds: float | None
    """None where the word says it all."""
    now: bool = False
    """Whether it still lasts."""

    @property
    def words(self) -> str:
        """`provisioning 3m 2s`."""
        return self.word if self.seconds is None else f"{self.word} {text.duration(self.seconds)}"


def awaits_error(job: Job, now: datetime) -> bool:
    """Whether a failed job's reason has yet to appear; never for long where clocks differ."""
    return (
        job.state is JobState.FAILED
        and job.error is None
        and job.end_time is not None
        and abs(now - job.end_time) < ERROR_DELAY
    )


def phases(
    job: Job, now: datetime, *, pending_since: datetime | None = None, attempts: Sequence[Attempt] = ()
) -> tuple[Phase, ...]:
    """The stretches of a job's course up to `now`.

    The record has no time for the step from QUEUED to PENDING: `pending_since` is when the app saw it, or
    when the service first spoke of provisioning. Without it both are one stretch, `waited`. A clock that is
    behind the service's makes no stretch negative.
    """
    found: list[Phase] = []
    if job.create_time is not None:
        found += _before(job, now, job.create_time, pending_since)
    ran = job.duration(now)
    if ran is not None:
        word = "ran" if job.state.terminal else "running"
        found.append(Phase(word, ran.total_seconds(), now=not job.state.terminal))
    if len(attempts) > 1:
        found.append(_last_attempt(job, now, attempts))
    return tuple(found)


def _last_attempt(job: Job, now: datetime, attempts: Sequence[Attempt]) -> Phase:
    """How long the last attempt has lasted, or its program ran; of one that never did, their count."""
    count, last = len(attempts), attempts[-1]
    if not job.state.terminal:
        return Phase(f"attempt {count} since", max(now.timestamp() - last.start_ns / _SECOND_NS, 0.0))
    if last.running_ns is not None and job.end_time is not None:
        ran = job.end_time.timestamp() - last.running_ns / _SECOND_NS
        if ran > 0:
            return Phase(f"attempt {count} ran", ran)
    return Phase(f"{count} attempts", None)


def _before(job: Job, now: datetime, created: datetime, pending_since: datetime | None) -> list[Phase]:
    started = job.start_time or job.end_time
    until = started or now
    whole = max((until - created).total_seconds(), 0.0)
    live = started is None
    if pending_since is None or not created <= pending_since <= until:
        word = {JobState.QUEUED: "queued", JobState.PENDING: "waiting"}.get(job.state, "waited")
        return [Phase(word, whole, now=live)]
    queued = (pending_since - created).total_seconds()
    return [Phase("queued", queued), Phase("provisioning", whole - queued, now=live)]
