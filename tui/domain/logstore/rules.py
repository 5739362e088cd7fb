"""Which lines are rows: the choices of the one who looks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tui.domain.logstore.model import Block, LinePlace

Matches = Callable[[Block], Sequence[int] | None]
"""The lines of a block that match what is asked for, ascending; None while it has not been searched."""


@dataclass(frozen=True, slots=True)
class RowRules:
    """What makes a line a row; all of it must hold."""

    least_level: int = 0
    """Lines of a lower level are left out, those of tracebacks by the level of their end."""
    own_levels: bool = False
    """Go by the severities that the entries have, each line for itself, not by what the texts sound like."""
    replicas: frozenset[str] | None = None
    """Only these; None for all."""
    fold_bars: bool = True
    """Of the states of a bar only the last is a row."""
    fold_traces: bool = False
    """Of a traceback only its end is a row."""
    unfolded: frozenset[LinePlace] = frozenset()
    """Rows whose folded lines are shown all the same: the last state of a bar, the end of a traceback."""
    matches: Matches | None = None
    """Only lines that match, and those around them."""
    context: int = 0
    """Lines before and after each match that are rows as well."""


class Row(NamedTuple):
    """One row of the view."""

    line: int
    """Index of the line in the store."""
    folded: int = 0
    """Lines that stand behind this one and are not shown."""
    is_match: bool = True
    """False for lines that are there only as context."""
    gap: bool = False
    """Whether lines were left out between the row before and this one by the filter for matches."""
