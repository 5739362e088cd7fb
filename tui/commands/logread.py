"""Reading logs for commands: within the quota that the project's readers share, with patience for outages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

from tui.commands.output import note, progress
from tui.commands.session import going_on
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway, LogsGateway
from tui.domain.logs import LogEntry
from tui.domain.places import Place
from tui.domain.polling import PollPace
from tui.domain.readrate import SHARE, UNLIMITED, ReadRate
from tui.services.logreads import LogReaders, Urgency

FOR_GOOD = frozenset(
    {
        ErrorKind.NO_CREDENTIALS,
        ErrorKind.EXPIRED_CREDENTIALS,
        ErrorKind.DENIED,
        ErrorKind.API_DISABLED,
        ErrorKind.BILLING,
        ErrorKind.NOT_FOUND,
        ErrorKind.INVALID,
        ErrorKind.LOCAL,
    }
)
"""Troubles that waiting does not end."""
_TRIES = 8
"""Reads of one page before its trouble ends the command; with the pauses between them some minutes."""
_PAUSE = 2.0


def log_readers(gateway: Gateway) -> LogReaders:
    """The logs of all projects, at the pace that is fit for them."""
    target = gateway.target

    def logs_of(project: str) -> LogsGateway:
        return gateway.elsewhere(Place(project, target.region)).logs

    def rate() -> ReadRate:
        if target.local is None:
            return ReadRate()
        allowed = target.local.log_reads
        return ReadRate(most=UNLIMITED if allowed == 0 else allowed * SHARE)

    readers = LogReaders(logs_of)
    readers.rate_of = rate
    return readers


async def pages(readers: LogReaders, project: str, filter_: str) -> AsyncIterator[Sequence[LogEntry]]:
    """What a filter lets through, page after page, the oldest first.

    Raises:
        CloudError: a page cannot be read, also after some waiting.
    """
    token, read = "", 0
    pace = PollPace(_PAUSE, _PAUSE)
    while True:
        logs = readers.of(project, Urgency.SHOWN)
        try:
            page = await logs.list_entries(filter_, page_token=token)
        except CloudError as error:
            pace.failed(error.retry_after)
            if error.kind in FOR_GOOD or pace.failures >= _TRIES:
                raise
            note(going_on(error))
            await asyncio.sleep(pace.delay(live=True))
            continue
        pace.succeeded()
        read += len(page.entries)
        yield page.entries
        token = page.next_page_token
        if not token:
            return
        progress(f"reading the log: {read:,} entries so far …", plain="")
