"""What a log follower is told and what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from tui.domain.errors import CloudError
from tui.domain.logs import LogEntry

SECOND_NS = 1_000_000_000


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
    """The job is over and so is its log."""


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


@dataclass(frozen=True, slots=True)
class LogBatch:
    """Some entries; those that were read before may be among them again."""

    entries: tuple[LogEntry, ...]
    backfill: bool = False
    """Whether they were read from before the newest page, so that being old is no wonder."""
    suppressed: int = 0
    """Entries that the service left out of the tail; they are found by re-reading."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a follower came, so that another can go on from there."""

    listed_ns: int | None = None
    """Everything up to this time was listed, late entries aside."""
    backfilled: bool = False
    """Whether everything from the first entry on was listed."""


@dataclass(frozen=True, slots=True)
class FollowTiming:
    """Seconds, and the bounds that keep the project's 60 reads a minute for others too."""

    batch: float = 0.15
    """New entries are handed on together, at most this late."""
    batch_entries: int = 2_000
    """So many are handed on at once."""
    overlap: float = 45.0
    """How far a re-read looks back for entries that came late."""
    requery: float = 30.0
    """Between two re-reads while the tail is healthy."""
    settle: float = 3.0
    """A tail that has been open so long without a word counts as healthy."""
    poll: float = 5.0
    """Between two reads without a tail, while entries come."""
    idle_poll: float = 10.0
    """The same, while none come."""
    active: float = 60.0
    """After an entry, reading counts as active for so long."""
    refused: float = 60.0
    """Rest after the service refused another tail session (10 a project)."""
    job: float = 10.0
    """Between two looks at the job, which says whether more can come."""
    grace: float = 60.0
    """The last lines come late: reading goes on for so long after the job's end."""
    older_burst: int = 20
    """Older pages read at once, 1,000 entries each."""
    older_pace: float = 2.0
    """Between two older pages after those."""
    retry: float = 2.0
    """First rest after a failure; it doubles up to two minutes."""


LOCAL_TIMING = FollowTiming(requery=10.0, settle=0.5, job=1.0, grace=2.0, retry=0.5)
"""For the local server, which keeps the same quota of reads and delivers promptly."""
