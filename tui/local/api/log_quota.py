"""What may be done in a minute: reads of the log, and entries of live tails."""

from __future__ import annotations

from collections.abc import Callable

from tui.local import names
from tui.local.clock import monotonic
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code

_WINDOW = 60.0
_HELP = "https://cloud.google.com/docs/quotas/help/request_increase"


class Meter:
    """So many units in each minute; the minute begins with the first unit."""

    def __init__(self, limit: float, clock: Callable[[], float] = monotonic) -> None:
        """Args: limit: units a minute; 0 for no limit."""
        self._limit = int(limit)
        self._clock = clock
        self._since = float("-inf")
        self._used = 0

    @property
    def limit(self) -> int:
        """Units a minute; 0 for no limit."""
        return self._limit

    def take(self) -> bool:
        """Use one unit; False when the minute has none left."""
        if not self._limit:
            return True
        now = self._clock()
        if now - self._since >= _WINDOW:
            self._since, self._used = now, 0
        if self._used >= self._limit:
            return False
        self._used += 1
        return True


def require_read(meter: Meter) -> None:
    """Count one read request of the project.

    Raises:
        ApiError: RESOURCE_EXHAUSTED: there were too many in this minute; as Logging words it.
    """
    if meter.take():
        return
    text = (
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service "
        f"'logging.googleapis.com' for consumer 'project_number:{names.PROJECT_NUMBER}'."
    )
    info = gtypes.ErrorInfo(
        reason="RATE_LIMIT_EXCEEDED",
        domain="googleapis.com",
        metadata={
            "service": "logging.googleapis.com",
            "consumer": f"projects/{names.PROJECT_NUMBER}",
            "quota_metric": "logging.googleapis.com/read_requests",
            "quota_limit": "ReadRequestsPerMinutePerProject",
            "quota_limit_value": str(meter.limit),
            "quota_location": "global",
            "quota_unit": "1/min/{project}",
        },
    )
    link = gtypes.Help.Link(description="Request a higher quota limit.", url=_HELP)
    raise ApiError(Code.RESOURCE_EXHAUSTED, text, [info, gtypes.Help(links=[link])])
