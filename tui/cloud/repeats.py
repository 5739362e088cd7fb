"""Quick repeats of calls that change nothing, the same for every service."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from tui.domain.errors import CloudError, ErrorKind

Result = TypeVar("Result")

TRIES = 3
"""Times a read is sent before its failure is shown."""

_WORTH_REPEATING = frozenset({ErrorKind.UNREACHABLE, ErrorKind.INTERNAL})


async def repeated(call: Callable[[], Awaitable[Result]]) -> Result:
    """Make a call that changes nothing, again where that helps, after short pauses.

    Raises:
        CloudError: the last failure.
    """
    for attempt in range(1, TRIES):
        try:
            return await call()
        except CloudError as error:
            if not error.retryable or error.kind not in _WORTH_REPEATING:
                raise
        await asyncio.sleep(random.uniform(0.5, 1.0) * 0.2 * attempt)  # noqa: S311 (jitter)
    return await call()
