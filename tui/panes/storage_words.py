"""The Storage pane's words that its parts share, made from domain values alone."""

from __future__ import annotations

from collections.abc import Sequence

from tui.domain.gateway import Gateway
from tui.domain.text import printable

LOCAL = "the local server"
GOOGLE = "Google Cloud"

FAILURES_SHOWN = 10_000
"""Failures listed one by one in a report; more than that nobody reads."""


def failure_lines(failures: Sequence[tuple[str, str]]) -> list[str]:
    """Names with their reasons, one a line."""
    lines = [f"✗ {printable(name)}: {printable(reason)}" for name, reason in failures[:FAILURES_SHOWN]]
    if len(failures) > FAILURES_SHOWN:
        lines.append(f"… and {len(failures) - FAILURES_SHOWN:,} more")
    return lines


def where_of(gateway: Gateway) -> str:
    """Whose storage it is; a transfer goes on with no other."""
    return LOCAL if gateway.target.is_local else GOOGLE


def files(count: int) -> str:
    """`1,234 files`."""
    return f"{count:,} file{'' if count == 1 else 's'}"
