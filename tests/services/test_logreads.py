"""All readers of a project's logs share its quota, and the most urgent goes first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import pytest

from tests.support import wait_for
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.logs import LogPage, TailBatch
from tui.domain.readrate import UNLIMITED, ReadRate
from tui.services.logreads import LogReaders, ReadTurns, Urgency


class FakeLogs:
    """Counts reads; refuses them when told to."""

    can_tail = True

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.refuses = False
        self.sizes: list[int] = []
        self.most = 1000

    async def list_entries(
        self, filter_: str, *, page_size: int = 1000, page_token: str = "", newest_first: bool = False
    ) -> LogPage:
        del page_token, newest_first
        self.calls.append(filter_)
        self.sizes.append(page_size)
        if page_size > self.most:
            raise CloudError("No answer in time", kind=ErrorKind.TIMEOUT)
        if self.refuses:
            raise CloudError("Too many reads", kind=ErrorKind.RATE, retry_after=30.0)
        return LogPage(())

    async def tail(self, filter_: str) -> AsyncGenerator[TailBatch, None]:
        yield TailBatch((), suppressed=len(filter_))


async def test_the_most_urgent_reader_goes_first() -> None:
    turns = ReadTurns(ReadRate())
    order: list[str] = []

    async def read(urgency: Urgency, name: str) -> None:
        await turns.turn(urgency)
        order.append(name)

    turns.rate.refused(asyncio.get_running_loop().time(), retry_after=0.05)
    readers = [
        asyncio.create_task(read(Urgency.BACKGROUND, "background")),
        asyncio.create_task(read(Urgency.LIVE, "live")),
        asyncio.create_task(read(Urgency.SHOWN, "shown")),
    ]
    await wait_for(lambda: turns.waiting == 3, what="all to wait")
    turns.rate = ReadRate()
    turns._serve()
    await asyncio.gather(*readers)
    assert order == ["shown", "live", "background"]


async def test_the_least_urgent_gets_a_turn_now_and_then_and_the_meter_tells() -> None:
    turns = ReadTurns(ReadRate(most=UNLIMITED))
    turns.rate.refused(asyncio.get_running_loop().time(), retry_after=0.05)
    order: list[str] = []

    async def read(urgency: Urgency) -> None:
        await turns.turn(urgency)
        order.append(urgency.name)

    waiting = [asyncio.create_task(read(Urgency.BACKGROUND)) for _ in range(2)]
    await wait_for(lambda: turns.waiting == 2, what="those who can wait")
    waiting += [asyncio.create_task(read(Urgency.SHOWN)) for _ in range(8)]
    await wait_for(lambda: turns.waiting == 10, what="all to wait")
    assert not turns.spare
    assert turns.meter.waiting == 10
    await asyncio.gather(*waiting)
    assert [place for place, name in enumerate(order, 1) if name == "BACKGROUND"] == [4, 8]
    assert (turns.meter.made, turns.meter.waiting) == (10, 0)


async def test_readers_of_one_project_share_a_refusal_and_others_do_not() -> None:
    logs = FakeLogs()
    readers = LogReaders(lambda _project: logs)
    shown = readers.of("kelp-train", Urgency.SHOWN)
    await shown.list_entries("one")
    logs.refuses = True
    before = readers.turns("kelp-train").rate.per_minute
    with pytest.raises(CloudError):
        await shown.list_entries("two")
    assert readers.turns("kelp-train").rate.per_minute == before / 2
    assert readers.turns("reef-lab").rate.per_minute > before / 2
    waiting = asyncio.create_task(readers.of("kelp-train", Urgency.LIVE).list_entries("three"))
    await wait_for(lambda: readers.turns("kelp-train").waiting == 1, what="a reader that waits")
    assert logs.calls == ["one", "two"]
    waiting.cancel()
    logs.refuses = False
    await readers.of("reef-lab", Urgency.LIVE).list_entries("four")
    assert logs.calls[-1] == "four"
    assert readers.turns("kelp-train").waiting == 0


async def test_where_the_network_is_slow_pages_are_smaller_for_a_while() -> None:
    logs = FakeLogs()
    logs.most = 300
    shown = LogReaders(lambda _project: logs).of("kelp-train", Urgency.SHOWN)
    for _ in range(2):
        with pytest.raises(CloudError):
            await shown.list_entries("one")
    await shown.list_entries("one")
    logs.most = 1000
    await shown.list_entries("two")
    await shown.list_entries("three")
    assert logs.sizes == [1000, 500, 250, 500, 1000]


async def test_a_tail_needs_no_turn() -> None:
    readers = LogReaders(lambda _project: FakeLogs())
    logs = readers.of("kelp-train", Urgency.SHOWN)
    assert logs.can_tail
    assert [batch.suppressed async for batch in logs.tail("four")] == [4]
