"""What ended without being looked at, and the stretches in which nobody could look."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.jobs import Job, JobState

if TYPE_CHECKING:
    from tui.domain.insight import JobInsight

MOST_SEEN = 2_000
"""Jobs whose end was looked at that are kept for each place; older ends count as looked at."""
MOST_WATCHED = 500
"""Jobs that are watched, and ends that were told, for each place."""
BLIND = timedelta(minutes=5)
"""A list that was not read for so long is told of."""
MOST_STRETCHES = 5
NEVER = datetime(1970, 1, 1, tzinfo=UTC)

BAD = (JobState.FAILED, JobState.EXPIRED)
_READ = (JobState.FAILED, JobState.SUCCEEDED, JobState.PARTIALLY_SUCCEEDED)
"""States of which the log says what the record does not."""
_LOGIN = (ErrorKind.EXPIRED_CREDENTIALS, ErrorKind.NO_CREDENTIALS)


@dataclass(frozen=True, slots=True)
class Ends:
    """What is kept of the jobs of one place, by their ids."""

    since: datetime = NEVER
    """What ended up to then counts as looked at."""
    seen: Mapping[str, datetime] = field(default_factory=dict)
    """Jobs whose end was looked at, with the time of that end."""
    watched: tuple[str, ...] = ()
    """Jobs whose end is to be told, the newest last."""
    told: tuple[str, ...] = ()
    """Watched jobs whose end was told, once for all sessions."""
    looked_at: datetime | None = None
    """When the list was last read by a session that kept this."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which the list of a place was not read."""

    start: datetime
    end: datetime
    why: str
    """In a few words."""


@dataclass(frozen=True, slots=True)
class News:
    """What ended while nobody looked."""

    names: tuple[str, ...]
    """The jobs' resource names."""
    stretches: tuple[Stretch, ...] = ()


@dataclass(frozen=True, slots=True)
class Noticed:
    """What the app knows of ends, for the panes."""

    watched: frozenset[str] = frozenset()
    """Resource names of jobs whose end will be told."""
    unseen: tuple[str, ...] = ()
    """Resource names of ended jobs that were not looked at, failed ones first, then the last ended first."""
    news: News | None = None
    """What is told until it is waved away."""


def ended_at(job: Job) -> datetime | None:
    """When a job ended, as far as its record says; None for one that has not."""
    if not job.state.terminal:
        return None
    return job.end_time or job.update_time or job.create_time


def first_ends(jobs: Iterable[Job], *, but: frozenset[str] = frozenset()) -> Ends:
    """What is kept of a place that is looked at for the first time: all that ended before is old.

    `but` are resource names of jobs whose end is not old, because they were started just now.
    """
    times = [when for job in jobs if job.name not in but and (when := ended_at(job)) is not None]
    return Ends(since=max(times, default=NEVER))


def is_unseen(job: Job, ends: Ends, me: str) -> bool:
    """Whether a job's end waits to be looked at: of one's own jobs, of watched ones, of jobs of nobody."""
    when = ended_at(job)
    if when is None or when <= ends.since or job.job_id in ends.seen:
        return False
    return job.submitter in ("", me) or job.job_id in ends.watched or job.job_id in ends.told


def in_turn(jobs: Iterable[Job], insights: Mapping[str, JobInsight] | None = None) -> tuple[Job, ...]:
    """Ended jobs in the order in which they are looked at.

    Failed ones come first, then those whose log speaks against their success, the last ended first.
    """
    known = insights or {}

    def rank(job: Job) -> tuple[int, datetime]:
        bad = 2 if job.state in BAD else int(is_odd(job, known.get(job.name)))
        return bad, ended_at(job) or NEVER

    return tuple(sorted(jobs, key=rank, reverse=True))


def is_odd(job: Job, insight: JobInsight | None) -> bool:
    """Whether the log of a job that succeeded speaks against that."""
    diagnosis = insight.diagnosis if insight is not None else None
    return job.state is JobState.SUCCEEDED and diagnosis is not None and not diagnosis.healthy


def with_seen(ends: Ends, jobs: Iterable[Job]) -> Ends:
    """With the ends of these jobs looked at; the oldest are forgotten by moving `since`."""
    seen = dict(ends.seen)
    seen.update((job.job_id, when) for job in jobs if (when := ended_at(job)) is not None)
    if len(seen) <= MOST_SEEN:
        return replace(ends, seen=seen)
    ordered = sorted(seen.items(), key=lambda item: item[1])
    dropped, kept = ordered[: len(seen) - MOST_SEEN], ordered[len(seen) - MOST_SEEN :]
    return replace(ends, seen=dict(kept), since=max(ends.since, dropped[-1][1]))


def with_watch(ends: Ends, job_id: str, *, on: bool) -> Ends:
    """With a job watched, or not any more."""
    others = tuple(known for known in ends.watched if known != job_id)
    return replace(ends, watched=(*others, job_id)[-MOST_WATCHED:] if on else others)


def with_told(ends: Ends, job_id: str) -> Ends:
    """With the end of a watched job told."""
    others = tuple(known for known in ends.told if known != job_id)
    return replace(with_watch(ends, job_id, on=False), told=(*others, job_id)[-MOST_WATCHED:])


class Sight:
    """Notices when the list of a place was not read for long."""

    def __init__(self, blind: timedelta = BLIND) -> None:
        self._blind = blind
        self._read: dict[str, datetime] = {}
        self._why: dict[str, str] = {}

    def note(self, place: str, read_at: datetime | None, trouble: CloudError | None) -> Stretch | None:
        """Take how reading a place goes; a stretch that has just ended is returned once."""
        if trouble is not None:
            if place not in self._why or trouble.kind in _LOGIN:
                self._why[place] = why_blind(trouble)
            return None
        if read_at is None:
            return None
        before, self._read[place] = self._read.get(place), read_at
        why = self._why.pop(place, "this box slept, or the app was stopped")
        if before is None or read_at - before < self._blind:
            return None
        return Stretch(before, read_at, why)


def why_blind(trouble: CloudError) -> str:
    """Why a list could not be read, in a few words."""
    if trouble.kind is ErrorKind.EXPIRED_CREDENTIALS:
        return "the sign-in had expired"
    if trouble.kind is ErrorKind.NO_CREDENTIALS:
        return "nobody was signed in"
    return trouble.title


@dataclass(frozen=True, slots=True)
class Tally:
    """How many jobs ended in one way."""

    state: JobState
    count: int
    odd: bool = False
    """Whether their logs speak against their success."""
    read: bool = True
    """Whether their logs were read, where these say more than the state."""


def tallies(jobs: Iterable[Job], insights: Mapping[str, JobInsight]) -> tuple[Tally, ...]:
    """How many ended how, failures first, and last those of which the log is still to be read."""
    found: dict[tuple[JobState, bool, bool], int] = {}
    for job in in_turn(jobs, insights):
        insight = insights.get(job.name)
        read = job.state not in _READ or (insight is not None and insight.diagnosis is not None)
        kind = (job.state, is_odd(job, insight), read)
        found[kind] = found.get(kind, 0) + 1
    told = [Tally(state, count, odd, read) for (state, odd, read), count in found.items()]
    return tuple(sorted(told, key=lambda tally: not tally.read))


def unread_words(told: Iterable[Tally]) -> str:
    """`1 failed and 3 succeeded not read yet`; empty when the logs of all were read."""
    words = [f"{tally.count} {tally.state.word}" for tally in told if not tally.read]
    return f"{' and '.join(words)} not read yet" if words else ""
