"""Quota limits of projects, read when somebody asks why a job waits, and kept for some minutes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence

from tui.domain.access import QuotaLimits
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.places import Place

KEPT_SECONDS = 300.0
"""Limits seldom change, and reading one takes a call for each metric."""


class KnownLimits:
    """Limits by project and metric; one answer tells those of all regions."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[tuple[str, str], tuple[float, QuotaLimits | None]] = {}

    def of(self, place: Place, metrics: Sequence[str]) -> Mapping[str, int | None]:
        """The limits there that are known; a metric without a limit has None, an unknown one is left out."""
        found: dict[str, int | None] = {}
        for metric in metrics:
            _, limits = self._known.get((place.project, metric), (0.0, None))
            limit = limits.of(place.region) if limits is not None else None
            if limit is not None:
                found[metric] = None if limit < 0 else limit
        return found

    def take_due(self, place: Place, metrics: Sequence[str]) -> tuple[str, ...]:
        """Those of the metrics that are to be read now; they are not due again until some minutes later."""
        now = self._clock()
        due = []
        for metric in metrics:
            at, limits = self._known.get((place.project, metric), (float("-inf"), None))
            if now - at >= KEPT_SECONDS:
                self._known[place.project, metric] = (now, limits)
                due.append(metric)
        return tuple(due)

    async def read(self, gateway: Gateway, place: Place, metrics: Sequence[str]) -> None:
        """Read limits; where that fails, none is known until it is tried again."""
        try:
            found = await gateway.setup.quota_limits(metrics)
        except CloudError:
            found = {}  # a right to read quotas is not needed for jobs: the card then says what is likely
        for metric in metrics:
            self._known[place.project, metric] = (self._clock(), found.get(metric))
