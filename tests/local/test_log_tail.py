"""`entries:tail`: order within the window, suppression, limits, and clients that leave or do not read."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.logging_v2.types import LogEntry, TailLogEntriesRequest

from tests.local.clients import Server, until
from tui.local import launcher
from tui.local.api import tail as tail_module
from tui.local.api.log_quota import Meter
from tui.local.api.tail import Tail
from tui.local.clock import SECOND, stamp
from tui.local.filters.logs import LogFilter
from tui.local.state.database import Database
from tui.local.state.entries import Entries
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code

PROJECT = "projects/local-project"
BEGIN = int(time.time()) - 3600


def made(at: int, text: str = "x", **fields: Any) -> Any:
    """An entry as the server stores it, `at` seconds after `BEGIN`."""
    entry = gtypes.LogEntry(text_payload=text, insert_id=f"i{at:05}", log_name=f"{PROJECT}/logs/t", **fields)
    stamp(entry.timestamp, (BEGIN + at) * SECOND)
    return entry


class Session:
    """A tail session within this process."""

    def __init__(
        self,
        entries: Entries,
        *,
        window: float = 0.0,
        meter: Meter | None = None,
        filter_: str = "",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        request = gtypes.TailLogEntriesRequest(resource_names=[PROJECT], filter=filter_)
        request.buffer_window.FromNanoseconds(int(window * SECOND))
        self._requests: asyncio.Queue[Any] = asyncio.Queue()
        self.tail = Tail(entries, LogFilter(filter_), request, meter or Meter(0), clock=clock)
        self.responses = self.tail.responses(self._read(), 3600.0)

    async def _read(self) -> AsyncIterator[Any]:
        while request := await self._requests.get():
            yield request

    def send(self, request: Any) -> None:
        """Another request, or None for the end of the client's side."""
        self._requests.put_nowait(request)

    async def next(self) -> Any:
        async with asyncio.timeout(20):
            return await anext(self.responses)


@pytest.fixture
def entries(tmp_path: Path) -> Iterator[Entries]:
    database = Database(tmp_path / "state.db")
    yield Entries(database)
    database.close()


def ats(response: Any) -> list[int]:
    return [entry.timestamp.seconds - BEGIN for entry in response.entries]


async def test_a_window_puts_late_ones_in_their_place(entries: Entries) -> None:
    now = 100.0
    session = Session(entries, window=3, clock=lambda: now)
    entries.append([made(3), made(1)])
    now = 101.0
    entries.append([made(2), made(9)])
    now = 103.0
    assert ats(await session.next()) == [1, 2, 3]
    now = 104.0
    assert ats(await session.next()) == [9]


async def test_equal_times_are_ordered_by_insert_id(entries: Entries) -> None:
    session = Session(entries)
    same = [made(1) for _ in range(3)]
    for entry, insert_id in zip(same, "cab", strict=True):
        entry.insert_id = insert_id
    entries.append(same)
    assert [entry.insert_id for entry in (await session.next()).entries] == ["a", "b", "c"]


async def test_what_is_over_the_rate_is_counted(entries: Entries) -> None:
    meter = Meter(3)
    sessions = [Session(entries, meter=meter), Session(entries, meter=meter, filter_="nothing")]
    entries.append([made(at) for at in range(5)])
    response = await sessions[0].next()
    assert ats(response) == [0, 1, 2]
    (info,) = response.suppression_info
    assert (info.reason, info.suppressed_count) == (info.Reason.RATE_LIMIT, 2)
    entries.append([made(9)])
    response = await sessions[0].next()
    assert not response.entries
    assert response.suppression_info[0].suppressed_count == 1


async def test_a_client_that_does_not_read_costs_no_memory(
    entries: Entries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tail_module, "MAX_WAITING", 10)
    slow, quick = Session(entries), Session(entries)
    for at in range(15):
        entries.append([made(at)])
        assert ats(await quick.next()) == [at]
    response = await slow.next()
    assert ats(response) == list(range(10))
    (info,) = response.suppression_info
    assert (info.reason, info.suppressed_count) == (info.Reason.NOT_CONSUMED, 5)
    entries.append([made(20)])
    response = await slow.next()
    assert ats(response) == [20]
    assert not response.suppression_info


async def test_large_entries_count_by_their_size(entries: Entries, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tail_module, "MAX_WAITING_BYTES", 1_000_000)
    session = Session(entries)
    entries.append([made(at, "x" * 200_000) for at in range(10)])
    response = await session.next()
    assert len(response.entries) == 5
    assert response.suppression_info[0].suppressed_count == 5
    entries.append([made(at, "y" * 200_000) for at in range(20, 25)])
    assert ats(await session.next()) == list(range(20, 25))


async def test_a_response_stays_below_what_clients_take(entries: Entries) -> None:
    session = Session(entries)
    entries.append([made(at, "x" * 200_000) for at in range(30)])
    first = await session.next()
    assert first.ByteSize() < 4 * 1024 * 1024
    rest = [at for _ in range(2) for at in ats(await session.next())]
    assert [*ats(first), *rest] == list(range(30))


async def test_later_requests_ask_for_nothing_else(entries: Entries) -> None:
    session = Session(entries, filter_="x")
    session.send(gtypes.TailLogEntriesRequest(resource_names=[PROJECT], filter="x"))
    session.send(gtypes.TailLogEntriesRequest())
    entries.append([made(1)])
    assert ats(await session.next()) == [1]
    session.send(gtypes.TailLogEntriesRequest(filter="y"))
    with pytest.raises(ApiError) as caught:
        await session.next()
    assert caught.value.code is Code.INVALID_ARGUMENT


async def test_a_slow_pattern_ends_the_session_and_nothing_else(entries: Entries) -> None:
    slow = Session(entries, filter_='textPayload=~"([a-f]|[0-9])*a([a-f0-9]){900}!"')
    other = Session(entries)
    entries.append([made(1, "".join(uuid.uuid4().hex for _ in range(2000)))])
    assert ats(await other.next()) == [1]
    with pytest.raises(ApiError, match="takes too long"):
        await slow.next()


async def test_a_session_ends_with_the_clients_side(entries: Entries) -> None:
    session = Session(entries)
    session.send(None)
    with pytest.raises(StopAsyncIteration):
        await session.next()


# Over the wire


class Reader:
    """A tail session of Google's client in a thread."""

    def __init__(self, server: Server, **fields: Any) -> None:
        self._done = threading.Event()
        self.texts: list[str] = []
        self.error: BaseException | None = None
        self._call: Any = None
        self._thread = threading.Thread(target=self._read, args=(server, self._requests(fields)))
        self._thread.start()

    def _requests(self, fields: dict[str, Any]) -> Iterator[TailLogEntriesRequest]:
        yield TailLogEntriesRequest({"resource_names": [PROJECT], "buffer_window": {"seconds": 0}, **fields})
        self._done.wait()

    def _read(self, server: Server, requests: Iterator[TailLogEntriesRequest]) -> None:
        try:
            # The client waits for the first response before it returns.
            self._call = server.logs.tail_log_entries(requests=requests)
            for response in self._call:
                self.texts += [entry.text_payload for entry in response.entries]
        except exceptions.GoogleAPICallError as error:
            self.error = error

    def cancel(self) -> None:
        """Leave, after some response, as a client does whose program ends."""
        self._call.cancel()
        self.close()

    def close(self) -> None:
        self._done.set()
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()


def write(server: Server, text: str) -> bool:
    entry = LogEntry(log_name=f"{PROJECT}/logs/tail", text_payload=text, resource={"type": "global"})
    server.logs.write_log_entries(entries=[entry])
    return True


def test_a_client_that_leaves_makes_room_at_once(local_server: Server) -> None:
    launcher.stop(local_server.data_dir)
    local_server.start(tail_sessions=2)
    local_server.enable("logging")
    stays, leaves = (Reader(local_server) for _ in range(2))
    until(lambda: write(local_server, "x") and stays.texts and leaves.texts, "both sessions")
    refused = Reader(local_server)
    until(lambda: refused.error, "the refusal")
    refused.close()
    assert isinstance(refused.error, exceptions.ResourceExhausted)
    leaves.cancel()

    def joined() -> Reader | None:
        reader = Reader(local_server, filter="newcomer")
        until(lambda: write(local_server, "newcomer") and (reader.texts or reader.error), "an answer")
        if reader.error is None:
            return reader
        reader.close()
        return None

    newcomer = until(joined, "a session for a newcomer")
    newcomer.cancel()
    stays.cancel()
    assert isinstance(stays.error, exceptions.Cancelled)


def test_a_session_lasts_only_so_long(local_server: Server) -> None:
    launcher.stop(local_server.data_dir)
    local_server.start(tail_seconds=0.5)
    local_server.enable("logging")
    reader = Reader(local_server)
    until(lambda: reader.error, "the end of the session")
    reader.close()
    assert isinstance(reader.error, exceptions.OutOfRange)
    assert "maximum duration" in str(reader.error)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"buffer_window": {"seconds": 61}}, exceptions.InvalidArgument),
        ({"buffer_window": {"seconds": -1}}, exceptions.InvalidArgument),
        ({"filter": "a ="}, exceptions.InvalidArgument),
        ({"resource_names": []}, exceptions.InvalidArgument),
        ({"resource_names": ["folders/1"]}, exceptions.PermissionDenied),
    ],
)
def test_sessions_that_are_refused(
    shared_server: Server, fields: dict[str, Any], error: type[Exception]
) -> None:
    reader = Reader(shared_server, **fields)
    until(lambda: reader.error, "the refusal")
    reader.close()
    assert isinstance(reader.error, error)
