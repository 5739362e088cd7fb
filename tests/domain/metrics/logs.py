"""Entries for the tests of series and progress."""

from __future__ import annotations

from tui.domain.logs import LogEntry, Severity

SECOND = 1_000_000_000


def entry(seconds: float, text: str, replica: str = "workerpool0-0", ident: str = "") -> LogEntry:
    return LogEntry(
        round(seconds * SECOND), ident or f"i{seconds:012.3f}", "log", Severity.INFO, text, replica
    )


def entries(text: str, every: float = 1, start: float = 0, replica: str = "workerpool0-0") -> list[LogEntry]:
    """One entry for each line, `every` seconds apart."""
    return [entry(start + number * every, line, replica) for number, line in enumerate(text.splitlines())]
