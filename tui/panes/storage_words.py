"""The Storage pane's words that its parts share, made from domain values alone."""

from __future__ import annotations

from collections.abc import Sequence

from tui.domain.storage import GcsUri
from tui.domain.target import Target
from tui.domain.text import printable
from tui.panes.storage_cells import when

__all__ = ["failure_lines", "files", "place_name", "when", "where_line"]

FAILURES_SHOWN = 10_000
"""Failures listed one by one in a report; more than that nobody reads."""


def place_name(place: GcsUri | None) -> str:
    """A place as it is shown."""
    if place is None:
        return "all buckets"
    return printable(str(place) if place.name else f"gs://{place.bucket}")


def failure_lines(failures: Sequence[tuple[str, str]]) -> list[str]:
    """Names with their reasons, one a line."""
    lines = [f"✗ {printable(name)}: {printable(reason)}" for name, reason in failures[:FAILURES_SHOWN]]
    if len(failures) > FAILURES_SHOWN:
        lines.append(f"… and {len(failures) - FAILURES_SHOWN:,} more")
    return lines


def where_line(target: Target) -> str:
    """Whose storage it is, and whether that costs."""
    return (
        "LOCAL: on this box, nothing is billed."
        if target.is_local
        else f"Google Cloud, project {target.project}."
    )


def files(count: int) -> str:
    """`1,234 files`."""
    return f"{count:,} file{'' if count == 1 else 's'}"
