"""Clean-up by rule: which objects go and which stay, before anything is deleted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tui.domain.cleanup.checkpoints import Run, find_runs
from tui.domain.cleanup.globs import Glob, PatternError
from tui.domain.cleanup.holding import span_words
from tui.domain.cleanup.items import UNKNOWN_TIME, PlanItems
from tui.domain.text import printable, size

_SPAN = re.compile(r"(\d{1,6})\s*(m|min|h|d|w|minutes?|hours?|days?|weeks?)?", re.IGNORECASE)
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_AMOUNT = re.compile(r"(\d{1,9}(?:\.\d{1,3})?)\s*(?:([kmgtp])i?b|b)?", re.IGNORECASE)
_UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}


class RuleError(ValueError):
    """One field of a rule that cannot be read."""

    def __init__(self, field: str, message: str) -> None:
        """`field` is that of `Rule`."""
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True)
class Rule:
    """What goes has to meet every condition that is given."""

    keep: int | None = None
    """Of each run's checkpoints so many stay, the newest; what is no checkpoint stays."""
    older: float | None = None
    """Seconds since the last update that must have passed."""
    pattern: Glob | None = None
    largest: int | None = None
    """So many objects, the largest first."""
    largest_bytes: int | None = None
    """So many bytes at least, the largest objects first."""

    @property
    def empty(self) -> bool:
        """Whether no condition is given."""
        return all(
            each is None for each in (self.keep, self.older, self.pattern, self.largest, self.largest_bytes)
        )

    def __str__(self) -> str:
        parts = []
        if self.pattern is not None:
            parts.append(f"named {printable(self.pattern.text)}")
        if self.keep is not None:
            plural = "s" if self.keep != 1 else ""
            parts.append(f"all but the newest {self.keep} checkpoint{plural} of each run")
        if self.older is not None:
            parts.append(f"older than {span_words(self.older)}")
        if self.largest is not None:
            parts.append(f"the {self.largest:,} largest")
        if self.largest_bytes is not None:
            parts.append(f"the largest, until {size(self.largest_bytes)} are reached")
        return ", ".join(parts)


def read_rule(keep: str, older: str, pattern: str, largest: str) -> Rule:
    """The rule of four fields as they are typed; an empty one is no condition.

    Raises:
        RuleError: one of them cannot be read.
    """
    count, total = _read_largest(largest.strip())
    glob = None
    if pattern:
        try:
            glob = Glob(pattern)
        except PatternError as error:
            raise RuleError("pattern", str(error)) from error
    return Rule(_read_keep(keep.strip()), _read_older(older.strip()), glob, count, total)


def _read_keep(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:9]) <= 1_000_000:  # noqa: PLR2004
        raise RuleError("keep", "how many checkpoints of each run stay: a number from 1 on")
    return int(text)


def _read_older(text: str) -> float | None:
    if not text:
        return None
    found = _SPAN.fullmatch(text)
    if found is None:
        raise RuleError("older", "a number of days, such as 30; or 12h, 90m, 2w")
    return float(int(found[1]) * _SECONDS[(found[2] or "d")[0].lower()])


def _read_largest(text: str) -> tuple[int | None, int | None]:
    if not text:
        return None, None
    if text.isascii() and text.isdecimal() and int(text[:9]) > 0:
        return int(text[:9]), None
    found = _AMOUNT.fullmatch(text)
    if found is None or not float(found[1]):
        raise RuleError("largest", "how many objects, such as 20, or how much, such as 50 GiB")
    return None, round(float(found[1]) * _UNITS.get((found[2] or "").lower(), 1))


@dataclass(frozen=True, slots=True)
class Choice:
    """What a rule chose among objects."""

    going: Sequence[int]
    """Numbers of the objects that go, ascending; where the largest were asked for, those first."""
    bytes: int = 0
    runs: tuple[Run, ...] = ()
    """The runs that were found, when checkpoints were asked for."""


def choose(rule: Rule, items: PlanItems, start: int, now: datetime) -> Choice:
    """Which of `items` the rule takes; names are read from character `start` on.

    Takes up to seconds for hundreds of thousands: for a thread.
    """
    if rule.empty:
        return Choice(())
    going: list[int] = (
        rule.pattern.numbers(items, start) if rule.pattern is not None else list(range(len(items)))
    )
    runs: tuple[Run, ...] = ()
    before = now.timestamp() - rule.older if rule.older is not None else None
    if rule.keep is not None:
        runs = tuple(find_runs(items, start, going))
        old = [each for run in runs for each in run.checkpoints[: -rule.keep]]
        # A checkpoint is as old as the newest of it: none is taken in part.
        taken = [each for each in old if before is None or UNKNOWN_TIME < each.newest < before]
        going = sorted(number for each in taken for number in each.members)
    elif before is not None:
        going = [number for number in going if UNKNOWN_TIME < items.updated(number) < before]
    going = _largest(rule, items, going)
    return Choice(going, sum(map(items.size, going)), runs)


def _largest(rule: Rule, items: PlanItems, going: list[int]) -> list[int]:
    if rule.largest is None and rule.largest_bytes is None:
        return going
    ordered = sorted(going, key=items.size, reverse=True)
    if rule.largest is not None:
        return ordered[: rule.largest]
    total, count = 0, 0
    while count < len(ordered) and total < (rule.largest_bytes or 0):
        total += items.size(ordered[count])
        count += 1
    return ordered[:count]


def emptied_folders(folders: Sequence[str], items: PlanItems, going: Sequence[int]) -> tuple[str, ...]:
    """Those folders of a hierarchical bucket in which something goes and nothing stays."""
    if not folders:
        return ()
    leaving = set(going)
    staying: set[str] = set()
    touched: set[str] = set()
    for number in range(len(items)):
        name = items.name(number)
        parents = {name[: place + 1] for place, char in enumerate(name) if char == "/"}
        (touched if number in leaving else staying).update(parents)
    return tuple(name for name in folders if name in touched and name not in staying)
