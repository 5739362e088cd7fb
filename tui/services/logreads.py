"""One governor for all reads of logs: whoever looks at a log waits here for a turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from enum import IntEnum
from typing import TYPE_CHECKING

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import LogsGateway
from tui.domain.logs import LogPage, TailBatch
from tui.domain.readrate import ReadMeter, ReadRate

if TYPE_CHECKING:
    from tui.services.follow.hub import LogHub

_REFUSED = frozenset({ErrorKind.RATE, ErrorKind.QUOTA})
_EACH = 4
"""Of so many turns, one goes to whoever waits longest, so that nobody waits for ever."""
_MOST_PAGE = 1000
_LEAST_PAGE = 60
_LIMIT = "quota_limit_value"
"""Where a refusal's `ErrorInfo.metadata` names the limit."""


class Urgency(IntEnum):
    """Who goes first."""

    SHOWN = 0
    """What the user looks at."""
    LIVE = 1
    """What keeps live jobs right."""
    BACKGROUND = 2
    """What may be looked at later."""


class ReadTurns:
    """Gives out turns to read one project's logs: the most urgent first, but none waits for ever."""

    def __init__(self, rate: ReadRate | None = None) -> None:
        self.rate = rate or ReadRate()
        self.page_size = _MOST_PAGE
        """Entries that an answer may have: fewer where the network is too slow for more."""
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        """Urgency, number, and the turn."""
        self._count = 0
        self._served = 0
        self._timer: asyncio.TimerHandle | None = None

    @property
    def waiting(self) -> int:
        """Reads that wait for their turn."""
        return sum(1 for _, _, turn in self._waiting if not turn.done())

    @property
    def spare(self) -> bool:
        """Whether a read for later takes a turn from nobody."""
        return not self.waiting and self.rate.spare(asyncio.get_running_loop().time())

    @property
    def meter(self) -> ReadMeter:
        """How much of the quota is used."""
        made = self.rate.made(asyncio.get_running_loop().time())
        return ReadMeter(made, round(self.rate.per_minute), self.waiting)

    async def turn(self, urgency: Urgency) -> float:
        """Wait until a read may be made, and count it; the time of that."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        self._count += 1
        self._waiting.append((urgency, self._count, turn))
        self._serve()
        await turn
        return loop.time()

    def succeeded(self) -> None:
        """A read came through."""
        self.rate.succeeded()

    def refused(self, error: CloudError, begun: float) -> None:
        """The service refused a read, made at that time, for its rate."""
        now = asyncio.get_running_loop().time()
        named = error.metadata.get(_LIMIT, "")
        limit = float(named) if named.isascii() and named.isdecimal() else None
        self.rate.refused(now, error.retry_after, begun=begun, limit=limit)

    def _serve(self) -> None:
        """Let those go whose turn it is, and come back when the next one's is."""
        loop = asyncio.get_running_loop()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while True:
            self._waiting = [each for each in self._waiting if not each[2].done()]  # some went away
            if not self._waiting:
                return
            wait = self.rate.wait(loop.time())
            if wait > 0:
                self._timer = loop.call_later(wait, self._serve)
                return
            self._served += 1
            longest = self._served % _EACH == 0
            first = min(self._waiting, key=lambda each: each[1] if longest else each[:2])
            self._waiting.remove(first)
            self.rate.take(loop.time())
            first[2].set_result(None)


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
        begun = await self._turns.turn(self._urgency)
        size = min(page_size, self._turns.page_size)
        try:
            page = await self._logs.list_entries(
                filter_, page_size=size, page_token=page_token, newest_first=newest_first
            )
        except CloudError as error:
            if error.kind in _REFUSED:
                self._turns.refused(error, begun)
            elif error.kind is ErrorKind.TIMEOUT:
                self._turns.page_size = max(self._turns.page_size // 2, _LEAST_PAGE)
            raise
        self._turns.succeeded()
        self._turns.page_size = min(self._turns.page_size * 2, _MOST_PAGE)
        return page

    def tail(self, filter_: str) -> AsyncGenerator[TailBatch, None]:
        """`TailLogEntries`, which has a quota of its own."""
        return self._logs.tail(filter_)


class LogReaders:
    """The logs of several projects, each with its own turns and its own hub."""

    def __init__(self, logs_of: Callable[[str], LogsGateway]) -> None:
        """`logs_of` gives the logs of a project id."""
        self._logs_of = logs_of
        self._turns: dict[str, ReadTurns] = {}
        self._hubs: dict[str, LogHub] = {}
        self.rate_of: Callable[[], ReadRate] = ReadRate
        """Makes the rate of a project that is read for the first time."""

    def turns(self, project: str) -> ReadTurns:
        """The turns of one project."""
        if project not in self._turns:
            self._turns[project] = ReadTurns(self.rate_of())
        return self._turns[project]

    def of(self, project: str, urgency: Urgency) -> LogsGateway:
        """The project's logs for a reader of that urgency.

        Raises:
            CloudError: there is no connection.
        """
        return GovernedLogs(self._logs_of(project), self.turns(project), urgency)

    def hub(self, project: str) -> LogHub:
        """What all share who follow logs of that project."""
        if project not in self._hubs:
            from tui.services.follow.hub import LogHub  # noqa: PLC0415 (after the first frame)

            def logs(urgent: bool) -> LogsGateway:  # noqa: FBT001 (its only meaning)
                return self.of(project, Urgency.SHOWN if urgent else Urgency.LIVE)

            self._hubs[project] = LogHub(logs)
        return self._hubs[project]
