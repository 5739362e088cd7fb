"""Entries as programs print them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.domain.logreading.lines import read_lines
from tui.domain.logreading.model import Reading
from tui.domain.logs import LogEntry, Severity

PLAIN: Mapping[str, Any] = {"message": "", "levelname": "ERROR", "attrs": {"tag": "workerpool0-0"}}
"""What Vertex AI makes of a plain line on standard error."""


def lines(
    text: str,
    *,
    severity: int = Severity.ERROR,
    replica: str = "workerpool0-0",
    payload: Mapping[str, Any] | None = PLAIN,
) -> list[Reading]:
    return read_lines(LogEntry(1, "a", "log", severity, text, replica, payload))


def line(text: str, **keywords: Any) -> Reading:
    (reading,) = lines(text, **keywords)
    return reading
