"""One log that is open in the Logs pane: what was read of it, which lines are rows, how it is looked at."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile

from tui.domain.jobs import Job
from tui.domain.logs import LogEntry
from tui.domain.logstore.rows import Rows
from tui.domain.logstore.rules import RowRules
from tui.domain.logstore.store import LogStore
from tui.domain.places import Place
from tui.services.follow.follower import LogFollower
from tui.services.follow.state import FollowStatus, LogBatch, Phase
from tui.services.log_finder import LogFinder
from tui.services.log_spill import LogSpill
from tui.widgets.log_stand import Shown, Stand

SLICE = 150
"""Entries taken in at a time: some milliseconds, so that keys are answered in between."""


@dataclass(slots=True, eq=False)
class OpenLog:
    """A job's log, open in a tab; all of it is changed on the event loop only."""

    job: Job
    store: LogStore
    spill: LogSpill
    """Room for lines that are too many for memory."""
    told_place: Place | None = None
    """Where the job lives, if whoever opened the log said so."""
    rows: Rows = field(init=False)
    stand: Stand = field(default_factory=Stand)
    rules: RowRules = field(default_factory=RowRules)
    status: FollowStatus = field(default_factory=lambda: FollowStatus(Phase.LOADING, older_pending=True))
    follower: LogFollower | None = None
    read_from: Place | None = None
    """Where the follower reads."""
    opened: datetime = field(default_factory=lambda: datetime.now(UTC))
    taking_in: bool = False
    told_fault: str = ""
    """The trouble with the spill that was told."""
    search: LogFinder | None = None
    """What is searched for and set off."""
    filter: LogFinder | None = None
    """What lines must have to be rows."""
    _waiting: deque[LogBatch] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.rows = Rows(self.store)

    @property
    def shown(self) -> Shown:
        """What the view needs."""
        return Shown(self.store, self.rows, self.stand)

    @property
    def started_ns(self) -> int:
        """When the job began to run, or else the first line's time; nanoseconds since the epoch."""
        if self.job.start_time is not None:
            return int(self.job.start_time.timestamp() * 1_000_000_000)
        return self.store.line(0).timestamp_ns if len(self.store) else 0

    @property
    def behind(self) -> bool:
        """Whether entries were read that are not lines yet."""
        return bool(self._waiting)

    def received(self, batch: LogBatch) -> None:
        """Entries were read; they become lines in slices."""
        if batch.entries:
            self._waiting.append(batch)

    def next_slice(self) -> tuple[Sequence[LogEntry], bool]:
        """The next entries to take in, and whether they are of a backfill."""
        batch = self._waiting.popleft()
        if len(batch.entries) > SLICE:
            rest = LogBatch(batch.entries[SLICE:], backfill=batch.backfill, shared=batch.shared)
            self._waiting.appendleft(rest)
        return batch.entries[:SLICE], batch.backfill

    def lines_shown(self, first: int) -> Iterator[int]:
        """Indices of the lines that are rows, from a line on."""
        rows = self.rows
        return (rows.row(index).line for index in range(rows.row_of(first), len(rows)))

    def selected(self, first: int) -> Iterator[int]:
        """Indices of the lines that are selected, from a line on."""
        ends = [self.store.index_of(place) for place in (self.stand.anchor, self.stand.cursor) if place]
        if not ends:
            return iter(())
        return takewhile(lambda line: line <= max(ends), self.lines_shown(max(first, min(ends))))

    def close(self) -> None:
        """End the searches, and give the room on disk back."""
        for finder in (self.search, self.filter):
            if finder is not None:
                finder.search(None)
        self.spill.close()

    @property
    def is_reading_back(self) -> bool:
        """Whether older entries are still to be read, or to be made lines."""
        return self.status.older_pending or any(batch.backfill for batch in self._waiting)

    @property
    def is_filtering(self) -> bool:
        """Whether it is not known yet what is left by the filter."""
        return self.filter is not None and not self.filter.progress.finished

    @property
    def is_complete(self) -> bool:
        """Whether nothing more is to be read."""
        return self.status.phase is Phase.COMPLETE and not self.status.older_pending
