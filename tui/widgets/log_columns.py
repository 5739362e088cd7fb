"""What stands before the text of a log's row: level, time, replica."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from tui.domain.logreading.level_words import level_letter
from tui.domain.logreading.model import Mark
from tui.domain.logs import Severity
from tui.domain.logstore.model import LogLine
from tui.domain.text import middle_cut

WIDE = 110
"""Columns from which the replica's whole name is shown."""
CHATTER = "·"
"""Stands where the level is, for harmless words on standard error."""
FOLDED = "▸"
"""Stands behind the level where lines are folded into this one."""
_LONGEST_REPLICA = 16
_SECOND_NS = 1_000_000_000


class Times(StrEnum):
    """What is shown of an entry's time."""

    LOCAL = "local time"
    UTC = "UTC"
    SINCE = "time since the job's start"
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

    times: Times = Times.LOCAL
    wide: bool = False
    replica_width: int = 0
    """0 when there is one replica only."""
    origin_ns: int = 0
    """When the job began, for times since then."""
    own_levels: bool = False
    """Show the levels that the entries have, not those that their texts sound like."""
    dated: bool = False
    """Whether the date is shown with the time."""

    @property
    def width(self) -> int:
        """Columns before the text."""
        return 1 + self._time_width + 2 + (self.replica_width + 1 if self.replica_width else 0)

    @property
    def _time_width(self) -> int:
        match self.times:
            case Times.OFF:
                return 0
            case Times.SINCE:
                return len("+00:00:00 ")
        return len("18:40:12 ") + (len("11-22 ") if self.dated else 0) + (self.times is Times.UTC)

    def level(self, line: LogLine) -> int:
        """The level that is shown of a line."""
        return line.severity if self.own_levels else line.level

    def prefix(self, line: LogLine, style: str, *, folded: bool) -> list[Piece]:
        """The pieces before the text of a row."""
        level = self.level(line)
        grave = level >= Severity.WARNING
        chatter = bool(line.marks & Mark.REINFERRED) and not grave and not self.own_levels
        letter = CHATTER if chatter else level_letter(level)
        pieces = [Piece("▌", style) if grave else Piece(" ", "log--dim")]
        if self.times is not Times.OFF:
            clock = f"{self.clock(line.timestamp_ns):<{self._time_width - 1}}"
            pieces.append(Piece(f"{clock} ", "log--dim"))
        pieces.append(Piece(letter, style if grave else "log--dim"))
        pieces.append(Piece(FOLDED, "log--fold") if folded else Piece(" ", "log--dim"))
        if self.replica_width:
            name = middle_cut(replica_name(line.replica, wide=self.wide), self.replica_width)
            pieces.append(Piece(f"{name:<{self.replica_width}} ", "log--replica"))
        return pieces

    def clock(self, timestamp_ns: int) -> str:
        """An entry's time of day, with the date where it is not clear, or the time since the job began."""
        if self.times is Times.SINCE:
            return since(timestamp_ns - self.origin_ns)
        form = "%m-%d %H:%M:%S" if self.dated else "%H:%M:%S"
        try:
            moment = datetime.fromtimestamp(timestamp_ns // _SECOND_NS, UTC)
            if self.times is Times.UTC:
                return f"{moment:{form}}Z"
            return f"{moment.astimezone():{form}}"
        except (ValueError, OverflowError, OSError):
            return "?"


def since(nanoseconds: int) -> str:
    """A time since the start: `+1:02:03`, or `-0:10` before it; days are hours here."""
    sign = "-" if nanoseconds < 0 else "+"
    seconds = abs(nanoseconds) // _SECOND_NS
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    return f"{sign}{hours}:{minutes:02}:{seconds:02}" if hours else f"{sign}{minutes}:{seconds:02}"


def needs_date(first_ns: int, last_ns: int, now: datetime, times: Times) -> bool:
    """Whether lines from one time to another are of more than one day, or not of today."""
    if times not in (Times.LOCAL, Times.UTC):
        return False
    zone = UTC if times is Times.UTC else None
    try:
        days = {
            datetime.fromtimestamp(ns // _SECOND_NS, UTC).astimezone(zone).date()
            for ns in (first_ns, last_ns)
        }
    except (ValueError, OverflowError, OSError):
        return True
    return days != {now.astimezone(zone).date()}


def columns_for(columns: Columns, width: int, replicas: tuple[str, ...], *, dated: bool) -> Columns:
    """The columns for a view of that width and a job with those replicas of its own."""
    wide = width >= WIDE
    names = [replica_name(name, wide=wide) for name in replicas]
    longest = max((len(name) for name in names), default=0) if len(names) > 1 else 0
    return replace(columns, wide=wide, replica_width=min(longest, _LONGEST_REPLICA), dated=dated)


def replica_name(name: str, *, wide: bool) -> str:
    """`workerpool0-1`, or `0-1` where room is short."""
    return name if wide else name.removeprefix("workerpool")
