"""Times as commands print and take them."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime

import click

from tui.cli_common import CommandLineError
from tui.commands.output import safe
from tui.domain.logfind.moments import MomentError, moment_of

SECOND_NS = 1_000_000_000
_SPAN = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)([smhdw])")
UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


def rfc3339_of(when: datetime | None) -> str | None:
    """A time in UTC, as the API writes it; None where there is none."""
    if when is None:
        return None
    return when.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def span_seconds(text: str) -> float | None:
    """The seconds of `90s`, `10m`, `2h`, `1d` or `1w`; None for all else."""
    match = _SPAN.fullmatch(text.strip())
    return float(match[1]) * UNITS[match[2]] if match else None


def span_option(_ctx: click.Context, _param: click.Parameter, value: str) -> float:
    """The value of an option as seconds above 0, for `callback`."""
    seconds = span_seconds(value)
    if not seconds:
        raise click.BadParameter(f"{value!r} is no time such as 90s, 10m or 2h")
    return seconds


def since_ns(text: str, now: datetime) -> int:
    """`10m`, `2h`, a time of day or a date and time in nanoseconds since the epoch; local without a zone.

    Raises:
        CommandLineError: it is none of these.
    """
    if (seconds := span_seconds(text)) is not None:
        return int((now.timestamp() - seconds) * SECOND_NS)
    if ":" in text and "-" not in text:
        with suppress(MomentError):  # a time of day, as where the app goes to a time
            last = int(now.timestamp() * SECOND_NS)
            return moment_of(text, first_ns=0, last_ns=last, zone=now.astimezone().tzinfo or UTC)
    try:
        found = datetime.fromisoformat(text.strip())
        return int(found.timestamp() * SECOND_NS)  # a time without a zone is this box's
    except (ValueError, OverflowError, OSError):
        raise CommandLineError(
            f"--since {safe(text) or repr('')}: write a span such as 10m, 2h or 1d, a time of day such as "
            "18:00, or a time such as 2026-11-23T18:00"
        ) from None
