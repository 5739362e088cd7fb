"""One tail session for all jobs that are followed, opened anew whenever it ends or the jobs change."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Collection, Sequence
from contextlib import aclosing

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import LogsGateway
from tui.domain.logs import TailBatch, fitting, jobs_filter
from tui.domain.polling import PollPace
from tui.services.follow.state import FollowTiming

REFUSED = frozenset({ErrorKind.RATE, ErrorKind.QUOTA})
"""What too many sessions, or too many reads, are refused with."""
LONGEST_GATHER = 1.0
"""Seconds after which a session is opened although the jobs still change."""
NO_TAIL_REST = 60.0
"""Seconds until it is looked again whether there is a tail now."""
NO_TAIL = CloudError(
    "Live logs need gRPC",
    "This session goes over REST, so the log is read again every few seconds instead.",
    kind=ErrorKind.PRECONDITION,
)


def fault(error: Exception) -> CloudError:
    """A fault of the app's own: the details go to the debug log, where descriptor 2 leads."""
    traceback.print_exception(error)
    return CloudError("The log could not be read", f"A fault of the app: {type(error).__name__}.")


class Session:
    """One call of `TailLogEntries`."""

    def __init__(
        self,
        logs: Callable[[], LogsGateway],
        ids: Sequence[str],
        settle: float,
        take: Callable[[Collection[str], TailBatch], None],
        over: Callable[[], None],
    ) -> None:
        """Open it.

        Args:
            logs: the logs by the connection that stands.
            ids: of the jobs.
            settle: so many seconds without a word count as success.
            take: given what comes.
            over: told that it ended.
        """
        loop = asyncio.get_running_loop()
        self.ids = frozenset(ids)
        self.error: CloudError | None = None
        self.since = loop.time()
        self.opened: asyncio.Future[bool] = loop.create_future()
        """Whether it has opened; False if it ended before."""
        self.ended = asyncio.Event()
        self._logs = logs
        self._filter = jobs_filter(tuple(ids))
        self._take = take
        self._over = over
        self._timer = loop.call_later(settle, self._open)
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            async with aclosing(self._logs().tail(self._filter)) as batches:
                async for batch in batches:
                    self._open()
                    self._take(self.ids, batch)
        except CloudError as error:
            self.error = error
        except Exception as error:  # noqa: BLE001 (told, and tried again: reading never ends)
            self.error = fault(error)
        finally:
            self._timer.cancel()
            self.ended.set()
            if not self.opened.done():
                self.opened.set_result(False)
            self._over()

    def _open(self) -> None:
        if not self.opened.done():
            self.opened.set_result(True)

    async def close(self) -> None:
        """End it."""
        self._task.cancel()
        await asyncio.wait((self._task,))


class Tails:
    """Keeps a session open for the jobs that are wanted; never ends by itself."""

    def __init__(
        self,
        logs: Callable[[], LogsGateway],
        timing: FollowTiming,
        *,
        take: Callable[[Collection[str], TailBatch], None],
        changed: Callable[[], None],
    ) -> None:
        """Describe it.

        Args:
            logs: the logs by the connection that stands; may raise CloudError.
            timing: how long to wait for what.
            take: given what comes, with the ids of the jobs that were asked for.
            changed: told when other jobs are covered than before, or none.
        """
        self.error: CloudError | None = None
        """Why there is no session; None while there is one, and where there can be none."""
        self.undecided = True
        """Whether the first try is still under way."""
        self._logs = logs
        self._timing = timing
        self._take = take
        self._changed = changed
        self._wanted: tuple[str, ...] = ()
        self._session: Session | None = None
        self._wake = asyncio.Event()
        self._broken = PollPace(timing.retry, timing.retry)
        self._refused = PollPace(timing.refused, timing.refused)

    @property
    def covered(self) -> frozenset[str]:
        """Ids of the jobs whose entries are pushed to us."""
        session = self._session
        return session.ids if session is not None and not session.ended.is_set() else frozenset()

    def want(self, ids: Sequence[str]) -> None:
        """Take the jobs to be covered, the most important first: only so many as one filter holds."""
        wanted = tuple(ids[: fitting(ids)])
        if wanted != self._wanted:
            self._wanted = wanted
            self._wake.set()

    def retry_now(self) -> None:
        """Try at once, unless the service refused for too many sessions."""
        if self.error is not None and self.error.kind not in REFUSED:
            self._wake.set()

    async def run(self) -> None:
        """Keep it until cancelled."""
        try:
            while True:
                await self._keep()
        finally:
            if self._session is not None:
                await self._session.close()
                self._session = None

    async def _keep(self) -> None:
        """One session until it ends or others are wanted."""
        await self._gathered()
        if not self._wanted:
            await self._replace(None)
            await self._wake.wait()
        elif not self._can_tail():
            self.undecided = False
            self.error = NO_TAIL
            self._changed()
            await self._rest(NO_TAIL_REST)
        elif self._session is None or self._session.ids != frozenset(self._wanted):
            await self._open()
        else:
            await self._until_ended_or_woken(self._session)

    async def _gathered(self) -> None:
        """Wait until the jobs are still: several tabs opened at once make one session."""
        loop = asyncio.get_running_loop()
        end = loop.time() + LONGEST_GATHER
        while self._wake.is_set() and loop.time() < end:
            self._wake.clear()
            await asyncio.sleep(self._timing.gather)

    def _can_tail(self) -> bool:
        try:
            return self._logs().can_tail
        except CloudError:
            return True  # there is no connection now; the session tells

    async def _open(self) -> None:
        """Open a session beside the old one, which goes when the new one stands: so there is no gap."""
        session = Session(self._logs, self._wanted, self._timing.settle, self._take, self._changed)
        try:
            opened = await session.opened
        except asyncio.CancelledError:
            await session.close()
            raise
        self.undecided = False
        if opened:
            self.error = None
            self._refused.succeeded()
            await self._replace(session)
            return
        refused = session.error is not None and session.error.kind in REFUSED
        if refused and self._session is not None:
            # There is no room for a second one: the first makes it. The lists find what comes between.
            await self._replace(None)
            return
        await self._failed(session, refused=refused)

    async def _replace(self, session: Session | None) -> None:
        before, self._session = self._session, session
        if before is not session:
            self._changed()
        if before is not None:
            await before.close()

    async def _until_ended_or_woken(self, session: Session) -> None:
        ended, woken = (asyncio.ensure_future(each.wait()) for each in (session.ended, self._wake))
        try:
            await asyncio.wait((ended, woken), return_when=asyncio.FIRST_COMPLETED)
        finally:
            ended.cancel()
            woken.cancel()
        if session.ended.is_set():
            await self._replace(None)
            await self._failed(session, refused=session.error is not None and session.error.kind in REFUSED)

    async def _failed(self, session: Session, *, refused: bool) -> None:
        """Rest before the next one: long if refused, not at all after the longest duration of a session."""
        self.error = session.error
        pace = self._refused if refused else self._broken
        lived = asyncio.get_running_loop().time() - session.since
        if lived > self._timing.requery:
            pace.succeeded()
        if session.error is not None or lived <= self._timing.requery:
            pace.failed(session.error.retry_after if session.error else None)
            self._changed()
            await self._rest(pace.delay(live=True), wake=not refused)

    async def _rest(self, seconds: float, *, wake: bool = True) -> None:
        """Wait; other jobs do not help against a refusal."""
        if not wake:
            await asyncio.sleep(seconds)
            return
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
