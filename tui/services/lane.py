"""A thread of one's own for calls that must neither wait for others' nor hold up the end of the app."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

Args = ParamSpec("Args")
Value = TypeVar("Value")


class Lane:
    """Calls run one at a time, in order; one whose caller was cancelled before its turn never runs.

    The thread is a daemon's: unlike a pool's, it does not keep the process until a slow call has ended.
    """

    def __init__(self, name: str) -> None:
        """`name` is the thread's."""
        self._name = name
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    async def run(self, function: Callable[Args, Value], /, *args: Args.args, **kwargs: Args.kwargs) -> Value:
        """What the function returns or raises, once its turn has come."""
        future: Future[Value] = Future()
        self._calls.put((future, lambda: function(*args, **kwargs)))
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        return await asyncio.wrap_future(future)

    def close(self, patience: float = 0.0) -> bool:
        """Let the thread end after the calls that wait; whether it has within `patience` seconds."""
        thread, self._thread = self._thread, None
        if thread is None:
            return True
        self._calls.put(None)
        thread.join(patience)
        return not thread.is_alive()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            future, function = call
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(function())
            except BaseException as failure:  # noqa: BLE001  # it is raised where the call came from
                future.set_exception(failure)
            del call, future, function
