"""Follows a job's log to its end, in order as far as a stream can be."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import replace

from tui.commands.find import Found
from tui.commands.loglines import Ordered
from tui.commands.logprint import LogPrinter
from tui.commands.logread import FOR_GOOD
from tui.commands.output import note, progress, progress_done
from tui.commands.session import going_on
from tui.commands.times import SECOND_NS
from tui.commands.waiting import Waiting
from tui.domain.diagnosis.exits import exits_in
from tui.domain.errors import CloudError
from tui.domain.logs import LogEntry
from tui.services.follow.follower import LogFollower
from tui.services.follow.outlet import SERVICE
from tui.services.follow.state import (
    LOCAL_TIMING,
    FollowStatus,
    FollowTiming,
    LogBatch,
    Mark,
    Phase,
    utc_now,
)
from tui.services.logreads import LogReaders
from tui.services.options import AppOptions

SETTLE, LOCAL_SETTLE = 3.0, 1.0
"""Seconds that a line waits for older ones that come later."""
OLD_NS = 10 * SECOND_NS
"""Lines that are so old when they come wait for none."""
_TICK = 0.2
UNSEEN = "The job's state could not be read"
"""Said with since when."""
END = "its end"
"""What is waited for then."""


class Following:
    """One log that is followed and printed."""

    def __init__(
        self,
        readers: LogReaders,
        found: Found,
        options: AppOptions,
        lines: Ordered,
        printer: LogPrinter,
        *,
        since_ns: int = 0,
    ) -> None:
        """Describe it; from `since_ns` on it is read, and printed as `lines` choose."""
        local = found.gateway.target.is_local
        timing = LOCAL_TIMING if local else FollowTiming()
        self._settle = LOCAL_SETTLE if local else SETTLE
        self._lines = lines
        self._printer = printer
        self._arrived: deque[tuple[float, int]] = deque()
        """When a batch came (loop time), and the newest time in it."""
        self._until_ns = 0
        self._status = FollowStatus(Phase.LOADING)
        self._told: CloudError | None = None
        self._read = 0
        self._unseen = Waiting(UNSEEN)
        self._exits: list[tuple[int, int]] = []
        """When the service told of the end of a replica, and with which code."""
        self._follower = LogFollower(
            readers,
            found.place.project,
            found.gateway.jobs,
            found.job,
            on_batch=self._took,
            on_status=self._stands,
            timing=replace(timing, afterwards=timing.afterwards[:1]),
            mark=Mark(listed_ns=since_ns, backfilled=True) if since_ns else None,
            named=bool(options.settings.logging_resource_names),
        )

    @property
    def exit_code(self) -> int | None:
        """With what the replica ended that failed first in the last attempt, as far as the log tells."""
        return min(self._exits)[1] if self._exits else None

    async def run(self) -> None:
        """Print until the log is complete; every line that is there has been printed then.

        Raises:
            CloudError: the log cannot be read, and waiting does not change that.
            BrokenPipeError: nobody reads what is printed.
        """
        self._follower.want_all()
        reading = asyncio.create_task(self._follower.run())
        try:
            while not reading.done() and not self._over:
                await asyncio.wait([reading], timeout=_TICK)
                self._give_up_if_hopeless()
                self._look_for_job()
                if self._whole:
                    self._print(self._horizon())
            if reading.done():
                reading.result()
        finally:
            reading.cancel()
            await asyncio.wait([reading])
            progress_done()
        self._print(None)
        if self._lines.late:
            count = self._lines.late
            what = "1 entry came late and stands" if count == 1 else f"{count:,} entries came late and stand"
            note(f"{what} after newer ones")

    @property
    def _over(self) -> bool:
        """Whether nothing more is awaited; where entries came late, one more look for others is."""
        complete = self._status.phase is Phase.COMPLETE and not self._status.older_pending
        if complete and self._lines.late:
            progress("entries came late: looking once more for others …", plain="")
        return complete and not self._lines.late

    @property
    def _whole(self) -> bool:
        """Whether everything from the beginning up to now was read, so that it can be printed in order."""
        return not self._status.older_pending and self._status.phase is not Phase.LOADING

    def _took(self, batch: LogBatch) -> None:
        if not batch.entries:
            return
        self._lines.add(batch.entries)
        self._read += len(batch.entries)
        newest = max(entry.timestamp_ns for entry in batch.entries)
        self._arrived.append((asyncio.get_running_loop().time(), newest))
        for entry in batch.entries:
            if entry.replica == SERVICE:
                self._note_exit(entry)
        if not self._whole:
            progress(f"reading the log: {self._read:,} entries so far …", plain="")

    def _note_exit(self, entry: LogEntry) -> None:
        if entry.text.startswith("Waiting for job to be provisioned"):
            self._exits = [each for each in self._exits if each[0] > entry.timestamp_ns]
        self._exits += [(entry.timestamp_ns, end.code) for end in exits_in(entry.text) if end.code]

    def _stands(self, status: FollowStatus) -> None:
        before, self._status = self._status, status
        if status.phase is Phase.TROUBLE and status.error is not None:
            if status.error.kind in FOR_GOOD:
                return  # it ends, with that error
            if self._told is None or str(status.error) != str(self._told):
                self._told = status.error
                note(going_on(status.error))
        elif before.phase is Phase.TROUBLE:
            self._told = None
            note("the log is read again")

    def _give_up_if_hopeless(self) -> None:
        error = self._status.error
        if self._status.phase is Phase.TROUBLE and error is not None and error.kind in FOR_GOOD:
            raise error

    def _look_for_job(self) -> None:
        trouble = self._follower.job_trouble
        if trouble is None:
            self._unseen.came()
        else:
            self._unseen.look(END, str(trouble))

    def _horizon(self) -> int:
        """The time up to which lines are printed now."""
        settled = asyncio.get_running_loop().time() - self._settle
        while self._arrived and self._arrived[0][0] <= settled:
            self._until_ns = max(self._until_ns, self._arrived.popleft()[1])
        old = int(utc_now().timestamp() * SECOND_NS) - OLD_NS
        until, unbroken = max(self._until_ns, old), self._follower.unbroken_ns
        return until if unbroken is None else min(until, unbroken)

    def _print(self, until_ns: int | None) -> None:
        self._printer.put(self._lines.ready(until_ns))
