"""One governor for all reads of logs: whoever looks at a log waits here for a turn."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncGenerator, Callable
from enum import IntEnum

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import LogsGateway
from tui.domain.logs import LogPage, TailBatch
from tui.domain.readrate import ReadRate

_REFUSED = frozenset({ErrorKind.RATE, ErrorKind.QUOTA})


class Urgency(IntEnum):
    """Who goes first."""

    SHOWN = 0
    """What the user looks at."""
    LIVE = 1
    """What keeps live jobs right."""
    BACKGROUND = 2
    """What may be looked at later."""


class ReadTurns:
    """Gives out turns to read one project's logs, the most urgent first."""

    def __init__(self, rate: ReadRate | None = None) -> None:
        self.rate = rate or ReadRate()
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._count = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Reads that wait for their turn."""
        return sum(1 for _, _, turn in self._waiting if not turn.done())

    async def turn(self, urgency: Urgency) -> None:
        """Wait until a read may be made, and count it."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._count += 1
        heapq.heappush(self._waiting, (urgency, self._count, turn))
        self._serve()
        await turn

    def succeeded(self) -> None:
        """A read came through."""
        self.rate.succeeded()

    def refused(self, retry_after: float | None) -> None:
        """The service refused a read for its rate."""
        self.rate.refused(asyncio.get_running_loop().time(), retry_after)

    def _serve(self) -> None:
        """Let those go whose turn it is, and come back when the next one's is."""
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while self._waiting:
            _, _, turn = self._waiting[0]
            if turn.done():  # its reader went away
                heapq.heappop(self._waiting)
                continue
            wait = self.rate.wait(loop.time())
            if wait > 0:
                self._timer = loop.call_later(wait, self._serve)
                return
            heapq.heappop(self._waiting)
            self.rate.take(loop.time())
            turn.set_result(None)


class GovernedLogs:
    """`tui.domain.gateway.LogsGateway` that waits for its turn before each list."""

    def __init__(self, logs: LogsGateway, turns: ReadTurns, urgency: Urgency) -> None:
        self._logs = logs
        self._turns = turns
        self._urgency = urgency

    @property
    def can_tail(self) -> bool:
        """Whether `tail` exists on this transport (it has no REST form)."""
        return self._logs.can_tail

    async def list_entries(
        self, filter_: str, *, page_size: int = 1000, page_token: str = "", newest_first: bool = False
    ) -> LogPage:
        """One page of `ListLogEntries`, when it is this reader's turn."""
        await self._turns.turn(self._urgency)
        try:
            page = await self._logs.list_entries(
                filter_, page_size=page_size, page_token=page_token, newest_first=newest_first
            )
        except CloudError as error:
            if error.kind in _REFUSED:
                self._turns.refused(error.retry_after)
            raise
        self._turns.succeeded()
        return page

    def tail(self, filter_: str) -> AsyncGenerator[TailBatch, None]:
        """`TailLogEntries`, which has a quota of its own."""
        return self._logs.tail(filter_)


class LogReaders:
    """The logs of several projects, each with its own turns."""

    def __init__(self, logs_of: Callable[[str], LogsGateway]) -> None:
        """`logs_of` gives the logs of a project id."""
        self._logs_of = logs_of
        self._turns: dict[str, ReadTurns] = {}

    def turns(self, project: str) -> ReadTurns:
        """The turns of one project."""
        return self._turns.setdefault(project, ReadTurns())

    def of(self, project: str, urgency: Urgency) -> LogsGateway:
        """The project's logs for a reader of that urgency."""
        return GovernedLogs(self._logs_of(project), self.turns(project), urgency)
