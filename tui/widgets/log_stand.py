"""Which log is shown, and where one looks in it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tui.domain.logs import EntryKey
from tui.domain.logstore.model import LinePlace, Lines
from tui.domain.logstore.rows import Rows


@dataclass(slots=True)
class Stand:
    """Where one looks in a log, kept while another log is in front."""

    follow: bool = True
    cursor: LinePlace | None = None
    top: LinePlace | None = None
    top_part: int = 0
    """Which screen line of the top row is the first in sight, where long rows are broken."""
    last_seen: LinePlace | None = None
    """The last line when the view left the end: what comes after it is new."""
    anchor: LinePlace | None = None
    """Where a selection begins; it ends at the cursor."""
    hit: LinePlace | None = None
    """The line that was found or gone to."""
    sought: EntryKey | None = None
    """The entry to go to as soon as it is read."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A log and which of its lines are rows."""

    lines: Lines
    rows: Rows
    stand: Stand = field(default_factory=Stand)
