"""What a log follower is told and what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from tui.domain.errors import CloudError
from tui.domain.logs import LogEntry
from tui.domain.readrate import ReadMeter

SECOND_NS = 1_000_000_000
NO_READS = ReadMeter()


def utc_now() -> datetime:
    """The time, UTC."""
    return datetime.now(UTC)


class Phase(StrEnum):
    """How the log is being read."""

    LOADING = "loading"
    """What there is already is being read."""
    LIVE = "live"
    """New entries are pushed to us."""
    POLLING = "polling"
    """New entries are asked for every few seconds."""
    TROUBLE = "trouble"
    """Nothing can be read now; it is tried again."""
    COMPLETE = "complete"
    """The job is over and so is its log; only older pages may still be unread."""


class Missing(StrEnum):
    """Why a log may be without lines; a pane has the words."""

    DENIED = "no permission to read logs"
    API_OFF = "the Logging API is off"
    RETENTION = "kept for 30 days only"
    NO_WRITER = "the job's service account may not write logs"
    EXCLUDED = "an exclusion filter drops them"
    ELSEWHERE = "a sink routes them elsewhere"
    NOT_THERE = "they are not in logging.resource_names"
    NOT_YET = "the job has not begun"


@dataclass(frozen=True, slots=True)
class FollowStatus:
    """The state of the reading."""

    phase: Phase
    error: CloudError | None = None
    """What is in the way: of all in TROUBLE, of the tail when POLLING, of the re-reading when LIVE."""
    since: datetime | None = None
    """When the trouble began, UTC."""
    next_try: datetime | None = None
    """When it is tried again, UTC."""
    older_pending: bool = False
    """Whether pages before the newest one are still to come."""
    older_unread: bool = False
    """Whether the oldest entries were left unread because there is no room for more."""
    older_waits: bool = False
    """Whether those to come are read only slowly, until they are wanted (`want_older`, `want_all`)."""
    older_error: CloudError | None = None
    """Why a page of those to come was refused the last time, until one is read."""
    older_next: datetime | None = None
    """When that is tried again, UTC; None while it is being tried."""
    lag: float | None = None
    """Seconds from the newest lines' time until they were received; None while no new ones come."""
    reads: ReadMeter = NO_READS
    """How much the project's quota of reads is used, by all who read logs in this app."""
    missing: tuple[Missing, ...] = ()
    """Why the job's own lines may be missing, the likeliest first; empty while there are some."""


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Some entries; those that were read before may be among them again."""

    entries: tuple[LogEntry, ...]
    backfill: bool = False
    """Whether they were read from before the newest page, so that being old is no wonder."""
    suppressed: int = 0
    """Entries that the service left out of the tail; they are found by re-reading."""
    shared: bool = False
    """Whether the job's insights were given these entries already."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a follower came, so that another can go on from there."""

    listed_ns: int | None = None
    """Everything from `oldest_ns` up to this time was listed, late entries aside."""
    oldest_ns: int | None = None
    """Older entries are still to be read, from this time back; unless all of them were."""
    backfilled: bool = False
    """Whether everything from the first entry on was listed."""
    all_wanted: bool = False
    """Whether somebody waits for all of it."""


@dataclass(frozen=True, slots=True)
class FollowTiming:
    """Seconds, and the bounds that keep the project's 60 reads a minute for others too."""

    batch: float = 0.1
    """New entries are handed on together, at most this late."""
    batch_entries: int = 2_000
    """So many are handed on at once."""
    gather: float = 0.3
    """The set of jobs must be still for so long before a tail is opened for it."""
    overlap: float = 45.0
    """How far a re-read looks back for entries that were not to be found yet."""
    poll_overlap: float = 10.0
    """The same for most reads without a tail, which come every few seconds."""
    late: float = 300.0
    """Entries may be received this much later than they were written, and be found by a re-read."""
    last_late: float = 3600.0
    """The same for the last list of a job that is over."""
    requery: float = 30.0
    """Between two re-reads while the tail is healthy."""
    requery_entries: int = 800
    """If more would be read again, only late ones are: a page has 1,000."""
    settle: float = 3.0
    """A tail that has been open so long without a word counts as healthy."""
    poll: float = 5.0
    """Between two reads without a tail, while entries come."""
    idle_poll: float = 10.0
    """The same, while none come."""
    active: float = 60.0
    """After an entry, reading counts as active for so long."""
    refused: float = 15.0
    """First rest after the service refused another tail session (10 a project); doubles to two minutes."""
    job: float = 10.0
    """Between two looks at the job, which says whether more can come."""
    grace: float = 90.0
    """The last lines come late: reading goes on for so long after the job's end."""
    afterwards: tuple[float, ...] = (60.0, 600.0)
    """So long after all that it is looked once more for stragglers."""
    older_burst: int = 20
    """Older pages read at once, 1,000 entries each."""
    older_step: int = 5
    """Older pages read each time that some are wanted."""
    older_pace: float = 10.0
    """Between two older pages after those, while nobody wants them and the quota has room."""
    retry: float = 2.0
    """First rest after a failure; it doubles up to two minutes."""
    tick: float = 1.0
    """How often lag and meter are told anew, if they have changed."""


LOCAL_TIMING = FollowTiming(
    overlap=5.0, poll_overlap=5.0, settle=0.5, job=1.0, grace=2.0, afterwards=(12.0, 60.0), retry=0.5
)
"""For the local server, which keeps the same quota of reads and lists what it has received at once."""
