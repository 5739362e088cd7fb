"""Worker threads for Google's synchronous clients, which never delay the end of the program."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import queue
import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")


class Threads:
    """At most `limit` daemon threads, started on demand.

    `concurrent.futures` joins its threads at exit, so a call that hangs on a dead network would hold up
    quitting by its whole timeout; daemon threads do not.
    """

    def __init__(self, name: str, limit: int) -> None:
        self._name = name
        self._limit = limit
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._started = 0
        self._unfinished = 0
        self._lock = threading.Lock()
        self._closed = False

    async def run(self, function: Callable[[], Result]) -> Result:
        """Run `function` in a thread.

        A caller that is cancelled while `function` runs leaves it running; one that still waits for a free
        thread takes its job back.

        Raises:
            ConnectionAbortedError: the threads are closed.
        """
        if self._closed:
            raise ConnectionAbortedError("the connection was closed")
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        with self._lock:
            self._unfinished += 1
            if self._unfinished > self._started and self._started < self._limit:
                self._start()
        self._jobs.put(lambda: _work(function, future, loop))
        return await future

    def close(self) -> None:
        """Let idle threads end; a running call ends its thread when it is done."""
        self._closed = True
        for _ in range(self._started):
            self._jobs.put(None)

    def _start(self) -> None:
        self._started += 1
        name = f"{self._name}-{self._started}"
        threading.Thread(target=self._loop, name=name, daemon=True).start()

    def _loop(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()
            with self._lock:
                self._unfinished -= 1


def _work(
    function: Callable[[], Result], future: asyncio.Future[Result], loop: asyncio.AbstractEventLoop
) -> None:
    if future.cancelled():
        return
    try:
        value = function()
    except BaseException as error:  # noqa: BLE001 (carried over to the caller, whatever it is)
        outcome = functools.partial(future.set_exception, error)
    else:
        outcome = functools.partial(future.set_result, value)

    def settle() -> None:
        if not future.cancelled():
            outcome()

    with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
        loop.call_soon_threadsafe(settle)
