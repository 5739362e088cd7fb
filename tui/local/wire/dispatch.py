"""The one way from a call to its handler."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing

from tui.local.limits import is_full
from tui.local.wire.errors import ApiError, Code
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, StreamMethod

_log = logging.getLogger(__name__)

NO_SPACE = "There is no space left on this machine's disk for the local server's data; nothing was changed."

Check = Callable[[Method, Message, Call], Awaitable[None]]


class Dispatcher:
    """Runs the checks in their order, then the handler; whatever breaks inside becomes an error too."""

    def __init__(self, *checks: Check) -> None:
        self._checks = checks

    async def call(self, method: Method, request: Message, call: Call) -> Message:
        """Answer `request`.

        Raises:
            ApiError: the refusal to send.
        """
        try:
            for check in self._checks:
                await check(method, request, call)
            return await method.handler(request, call)
        except ApiError:
            raise
        except Exception as error:
            _log.exception("%s failed", method.path)
            raise _failure(error) from error

    async def stream(
        self, method: StreamMethod, requests: AsyncIterator[Message], call: Call
    ) -> AsyncGenerator[Message, None]:
        """Answer a stream, as `call` does a single request.

        Raises:
            ApiError: the refusal to send.
        """
        try:
            async with aclosing(method.handler(requests, call)) as responses:
                async for response in responses:
                    yield response
        except ApiError:
            raise
        except Exception as error:
            _log.exception("%s failed", method.path)
            raise _failure(error) from error


def _failure(error: Exception) -> ApiError:
    """What a client is told of a defect here, or of a full disk: nothing was changed then."""
    if is_full(error):
        return ApiError(Code.RESOURCE_EXHAUSTED, NO_SPACE)
    return ApiError(Code.INTERNAL, "Internal error encountered.")
