"""The one way from a call to its handler."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Awaitable, Callable

from tui.local.wire.errors import ApiError, Code
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, StreamMethod

_log = logging.getLogger(__name__)

Check = Callable[[Method, Message, Call], Awaitable[None]]


class Dispatcher:
    """Runs the checks in their order, then the handler; whatever breaks inside becomes INTERNAL."""

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
            raise _internal_error() from error

    async def stream(
        self, method: StreamMethod, requests: AsyncIterator[Message], call: Call
    ) -> AsyncIterator[Message]:
        """Answer a stream, as `call` does a single request.

        Raises:
            ApiError: the refusal to send.
        """
        try:
            async for response in method.handler(requests, call):
                yield response
        except ApiError:
            raise
        except Exception as error:
            _log.exception("%s failed", method.path)
            raise _internal_error() from error


def _internal_error() -> ApiError:
    """What a client is told of a defect here."""
    return ApiError(Code.INTERNAL, "Internal error encountered.")
