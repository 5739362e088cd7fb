"""Time as the API gives it: nanoseconds since the epoch, and protobuf timestamps."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

from tui.local.wire.gtypes import Message

SECOND = 1_000_000_000
_RFC3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,18}))?)?\s*(Z|z|[+-]\d\d:?\d\d)?)?"
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def now_ns() -> int:
    """Now, in nanoseconds since the epoch."""
    return time.time_ns()


def stamp(target: Message, ns: int) -> None:
    """Set a `google.protobuf.Timestamp`."""
    target.seconds, target.nanos = divmod(ns, SECOND)


def unstamp(source: Message) -> int:
    """Read a `google.protobuf.Timestamp`."""
    return int(source.seconds) * SECOND + int(source.nanos)


def parse_ns(text: str) -> int:
    """Read an RFC 3339 time, also without a colon in its zone, or a date alone.

    Raises:
        ValueError: it is neither.
    """
    found = _RFC3339.fullmatch(text.strip())
    if not found:
        raise ValueError(f"not a timestamp: {text!r}")
    year, month, day, hour, minute, second, fraction, zone = found.groups()
    whole = datetime(int(year), int(month), int(day), int(hour or 0), int(minute or 0), tzinfo=UTC)
    seconds = (whole - _EPOCH) // timedelta(seconds=1) + int(second or 0) - _offset(zone)
    return seconds * SECOND + int((fraction or "0")[:9].ljust(9, "0"))


def _offset(zone: str | None) -> int:
    if not zone or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "")
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds
