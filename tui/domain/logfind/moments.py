"""Times to go to in a log, as one types them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo

_SECOND_NS = 1_000_000_000
_SPAN = re.compile(r"([+-])\s*((?:\d+(?:\.\d+)?\s*[dhms]\s*)+)\Z", re.IGNORECASE)
_CLOCK_SPAN = re.compile(r"([+-])\s*(?:(\d{1,4}):)?(\d{1,2}):(\d{2})\Z")
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([dhms])", re.IGNORECASE)
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d*)?)?(z?)\Z", re.IGNORECASE)


class MomentError(ValueError):
    """A text that says no time."""


def moment_of(text: str, *, first_ns: int, last_ns: int, zone: tzinfo) -> int:
    """The time that a text means, in nanoseconds since the epoch.

    `18:40` or `18:40:05` is the last such time of day until the log's end (`Z` for UTC), `2026-11-22 18:40`
    that day's, `+90s`, `+1h30m` or `+1:30:00` since the start, `-10m` before the end.

    Args:
        text: what was typed.
        first_ns: the start of the job, or the first line's time.
        last_ns: the last line's time.
        zone: of times without one.

    Raises:
        MomentError: it is none of these.
    """
    text = text.strip()
    if (span := _span(text)) is not None:
        return (first_ns if text.startswith("+") else last_ns) + span
    if match := _CLOCK.match(text):
        return _of_day(match, first_ns, last_ns, zone)
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp() * _SECOND_NS)
    except (ValueError, OverflowError):
        words = "18:40, 2026-11-22 18:40, +90s since the start, or -10m from the end"
        raise MomentError(f"no time; say {words}") from None


def _span(text: str) -> int | None:
    """A signed length of time in nanoseconds."""
    if match := _SPAN.match(text):
        parts = _PART.findall(match[2])
        seconds = sum(float(number) * _SECONDS[unit.lower()] for number, unit in parts)
    elif match := _CLOCK_SPAN.match(text):
        hours, minutes, rest = (int(each or 0) for each in match.groups()[1:])
        seconds = float(hours * 3_600 + minutes * 60 + rest)
    else:
        return None
    return int(seconds * _SECOND_NS) * (-1 if match[1] == "-" else 1)


def _of_day(match: re.Match[str], first_ns: int, last_ns: int, zone: tzinfo) -> int:
    """The last such time of day until the log's end, unless that is before it begins: then the next one."""
    place = UTC if match[4] else zone
    try:
        last = datetime.fromtimestamp(last_ns / _SECOND_NS, place)
        found = last.replace(
            hour=int(match[1]), minute=int(match[2]), second=int(match[3] or 0), microsecond=0
        )
    except (ValueError, OverflowError, OSError):
        raise MomentError(f"{match[0]} is no time of day") from None
    before = found - timedelta(days=1)
    if found > last and before.timestamp() * _SECOND_NS >= first_ns:
        found = before
    return int(found.timestamp()) * _SECOND_NS
