"""Levels as letters and words."""

from __future__ import annotations

from tui.domain.logs import Severity

_LETTERS = (
    (Severity.EMERGENCY, "!"),
    (Severity.ALERT, "A"),
    (Severity.CRITICAL, "C"),
    (Severity.ERROR, "E"),
    (Severity.WARNING, "W"),
    (Severity.NOTICE, "N"),
    (Severity.INFO, "I"),
    (Severity.DEBUG, "D"),
)


def level_letter(level: int) -> str:
    """One letter for a level, blank for none."""
    return next((letter for severity, letter in _LETTERS if level >= severity), " ")


def level_word(level: int) -> str:
    """The name of a level: `WARNING`; of a number between two, the lower one's."""
    return max((severity for severity in Severity if severity <= level), default=Severity.DEFAULT).name
