"""What is wrong with a spec, where, and how it can be put right."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Place(NamedTuple):
    """A position in the text, both parts counted from 1; columns count characters."""

    line: int
    column: int


START = Place(1, 1)
"""Where a problem of the whole file is shown."""


class Severity(StrEnum):
    """Errors block a submission, warnings are listed before it, infos only tell."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"

    @property
    def rank(self) -> int:
        """0 for the gravest."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace what stands between two places by `text`."""

    start: Place
    end: Place
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A change that certainly puts a problem right.

    Attributes:
        title: what it does, as an order: `Put it in quotes`.
        edits: the changes to the text, none overlapping another.
        secret: a `(name, value)` pair to be stored among the secrets before the text is changed.
    """

    title: str
    edits: tuple[Edit, ...]
    secret: tuple[str, str] | None = None

    def __repr__(self) -> str:
        """Without the secret's value, which must not reach a log."""
        return f"Fix({self.title!r})"


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding, in one sentence, under a code that stays the same between versions."""

    line: int
    column: int
    severity: Severity
    code: str
    message: str
    fix: Fix | None = None

    @property
    def place(self) -> Place:
        """Line and column."""
        return Place(self.line, self.column)


def error(place: Place, code: str, message: str, fix: Fix | None = None) -> Problem:
    """A problem that blocks a submission."""
    return Problem(*place, Severity.ERROR, code, message, fix)


def warning(place: Place, code: str, message: str, fix: Fix | None = None) -> Problem:
    """A problem the user should know before a submission."""
    return Problem(*place, Severity.WARNING, code, message, fix)


def info(place: Place, code: str, message: str, fix: Fix | None = None) -> Problem:
    """Something worth knowing."""
    return Problem(*place, Severity.INFO, code, message, fix)


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """By place in the file, at one place the gravest first, nothing twice."""
    return tuple(
        sorted(dict.fromkeys(problems), key=lambda item: (item.place, item.severity.rank, item.code))
    )


def apply_fix(text: str, fix: Fix) -> str:
    """`text` (lines ended by a line feed) with the fix's edits made."""
    lines = text.split("\n")
    for edit in sorted(fix.edits, key=lambda item: item.start, reverse=True):
        first, last = edit.start.line - 1, edit.end.line - 1
        head = lines[first][: edit.start.column - 1]
        tail = lines[last][edit.end.column - 1 :]
        lines[first : last + 1] = (head + edit.text + tail).split("\n")
    return "\n".join(lines)
