"""What forbids a delete: holds, retention, locks; said before anything is tried."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from tui.domain.cleanup.items import PlanItems
from tui.domain.storage import Bucket, Holds, ObjectInfo

TEMPORARY = "a temporary hold"
EVENT_BASED = "an event-based hold"
RETAINED = "a retention period"


def held_by(item: ObjectInfo, now: datetime) -> str:
    """Why the service would refuse to delete this generation now; empty if nothing is known to hold it."""
    holds = item.holds
    if holds is None:
        return ""
    if holds.temporary:
        return TEMPORARY
    if holds.event_based:
        return EVENT_BASED
    return RETAINED if _retained(holds, now) else ""


def _retained(holds: Holds, now: datetime) -> bool:
    return holds.retained_until is not None and holds.retained_until > now


@dataclass(slots=True)
class Held:
    """Objects of one bucket that cannot be deleted for the same reason."""

    why: str
    items: PlanItems = field(default_factory=PlanItems)
    until: datetime | None = None
    """When the last of them can be deleted; None where only a person can end it."""

    def add(self, item: ObjectInfo) -> None:
        """Take one more."""
        self.items.add(item)
        end = item.holds.retained_until if item.holds is not None and self.why == RETAINED else None
        if end is not None and (self.until is None or end > self.until):
            self.until = end


def policy_words(bucket: Bucket | None) -> str:
    """The bucket's retention policy in one sentence; empty if it has none or that is not known."""
    if bucket is None or not bucket.retention_seconds:
        return ""
    span = span_words(bucket.retention_seconds)
    text = f"The bucket's retention policy keeps every object for {span} after its creation"
    locked = "; it is locked, so that nobody can take it off" if bucket.retention_locked else ""
    return f"{text}{locked}."


def span_words(seconds: float) -> str:
    """`7 days`, `36 hours`, `90 seconds`: in the largest unit that it is a whole number of, days rounded."""
    for unit, length in (("day", 86_400), ("hour", 3600), ("minute", 60)):
        if seconds >= length and (seconds % length == 0 or unit == "day"):
            count = seconds / length
            return f"1 {unit}" if count == 1 else f"{count:.3g} {unit}s"
    return f"{seconds:.3g} seconds"
