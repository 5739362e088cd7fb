"""One row of the log as styled pieces: time, level, replica, text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from tui.domain.logs import Severity
from tui.domain.logs_lines import LogLine, level_letter
from tui.domain.text import middle_cut

WIDE = 110
"""Columns from which the date and the replica's whole name are shown."""
MORE = "›"
"""Stands at the right edge where a text goes on."""

CHATTER = "·"
"""Stands where the level is, for harmless words on standard error."""


class Times(StrEnum):
    """What is shown of an entry's time."""

    LOCAL = "local time"
    UTC = "UTC"
    OFF = "no times"

    def next(self) -> Times:
        """The following one, round and round."""
        members = list(Times)
        return members[(members.index(self) + 1) % len(members)]


class Piece(NamedTuple):
    """Text in one style, named by a component class of `LogView`."""

    text: str
    style: str


@dataclass(frozen=True, slots=True)
class Columns:
    """What stands before the texts."""

    times: Times
    wide: bool
    replica_width: int
    """0 when there is one replica only."""

    @property
    def width(self) -> int:
        """Columns before the text."""
        return 1 + self._time_width + 2 + (self.replica_width + 1 if self.replica_width else 0)

    @property
    def _time_width(self) -> int:
        if self.times is Times.OFF:
            return 0
        return len("18:40:12 ") + (len("11-22 ") if self.wide else 0) + (self.times is Times.UTC)

    def prefix(self, line: LogLine, style: str) -> list[Piece]:
        """The pieces before the text of a row."""
        grave = line.level >= Severity.WARNING
        letter = CHATTER if line.reinferred and not grave else level_letter(line.level)
        pieces = [Piece("▌" if grave else " ", style)]
        if self.times is not Times.OFF:
            pieces.append(Piece(f"{self.clock(line):<{self._time_width}}", "log--dim"))
        pieces.append(Piece(f"{letter} ", style if grave else "log--dim"))
        if self.replica_width:
            name = middle_cut(replica_name(line.replica, wide=self.wide), self.replica_width)
            pieces.append(Piece(f"{name:<{self.replica_width}} ", "log--replica"))
        return pieces

    def clock(self, line: LogLine) -> str:
        """The entry's time of day, with the date where there is room."""
        form = "%m-%d %H:%M:%S" if self.wide else "%H:%M:%S"
        try:
            moment = datetime.fromtimestamp(line.key.timestamp_ns // 1_000_000_000, UTC)
            if self.times is Times.UTC:
                return f"{moment:{form}}Z"
            return f"{moment.astimezone():{form}}"
        except (ValueError, OverflowError, OSError):
            return "?"


def columns_for(times: Times, width: int, replicas: tuple[str, ...]) -> Columns:
    """The columns for a view of that width and a job with those replicas."""
    wide = width >= WIDE
    names = [replica_name(name, wide=wide) for name in replicas]
    longest = max((len(name) for name in names), default=0) if len(names) > 1 else 0
    return Columns(times, wide, min(longest, 16))


def replica_name(name: str, *, wide: bool) -> str:
    """`workerpool0-1`, or `0-1` where room is short."""
    return name if wide else name.removeprefix("workerpool")


def style_of(line: LogLine) -> str:
    """The component class for the text of a row."""
    if line.level >= Severity.ERROR:
        return "log--error"
    if line.level >= Severity.WARNING:
        return "log--warning"
    if line.from_service:
        return "log--service"
    if line.progress is not None:
        return "log--progress"
    return "log--dim" if line.level == Severity.DEBUG else "log--text"


def text_pieces(shown: str, style: str, query: str, hit_style: str) -> list[Piece]:
    """A text with what is searched for (lower case) set off."""
    if not query:
        return [Piece(shown, style)]
    pieces: list[Piece] = []
    lower = shown.lower()
    if len(lower) != len(shown):
        # A few letters have lower-case forms of another length; then places would not fit.
        return [Piece(shown, style)]
    begin = 0
    while (found := lower.find(query, begin)) >= 0:
        pieces += [
            Piece(shown[begin:found], style),
            Piece(shown[found : found + len(query)], hit_style),
        ]
        begin = found + len(query)
    pieces.append(Piece(shown[begin:], style))
    return [piece for piece in pieces if piece.text]
