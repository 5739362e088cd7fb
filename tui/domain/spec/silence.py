"""Comments that silence rules: `# vertex-tui: ignore CODE` for a line, `ignore-file` for the file."""

from __future__ import annotations

import difflib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from tui.domain.spec.codes import RULES
from tui.domain.spec.problems import Edit, Fix, Place, Problem, Severity, info

_MARK = "vertex-tui:"
_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
_COMMENT = re.compile(
    r"(?:^|(?<=\s))#[ \t]*vertex-tui:[ \t]*(?P<what>ignore-file|ignore)[ \t]+"
    r"(?P<codes>[\w-]+(?:[ \t]*,[ \t]*[\w-]+)*)"
)
_CODE = re.compile(r"[\w-]+")
_MOST = 200
"""Comments that are read."""


class _Named(NamedTuple):
    """A code in a comment, and where."""

    code: str
    place: Place
    whole_file: bool
    line: int
    """The line that it is about."""


def silence(text: str, problems: Iterable[Problem]) -> list[Problem]:
    """The problems without those that comments of the file silence, and what is wrong with the comments.

    Errors stay: they stop a submission, which no comment can make succeed.
    """
    kept = list(problems)
    if _MARK not in text:
        return kept
    everywhere: set[str] = set()
    on_line: dict[int, set[str]] = defaultdict(set)
    told: list[Problem] = []
    for named in _comments(text):
        if named.whole_file:
            everywhere.add(named.code)
        else:
            on_line[named.line].add(named.code)
            on_line[named.place.line].add(named.code)
        told += _told(named)
    return [
        problem
        for problem in (*kept, *told)
        if problem.severity is Severity.ERROR
        or not (problem.code in everywhere or problem.code in on_line.get(problem.line, ()))
    ]


def _comments(text: str) -> Iterator[_Named]:
    lines = _BREAK.split(text)
    left = _MOST
    for number, line in enumerate(lines):
        if _MARK not in line:
            continue
        found = _COMMENT.search(line)
        left -= 1
        if not found or left < 0:
            continue
        own_line = not line[: found.start()].strip()
        about = _next_line(lines, number) if own_line else number
        for code in _CODE.finditer(line, *found.span("codes")):
            place = Place(number + 1, code.start() + 1)
            yield _Named(code.group(), place, found["what"] == "ignore-file", about + 1)


def _next_line(lines: list[str], number: int) -> int:
    """The line below that a comment is about: the next that is neither blank nor a comment."""
    for below in range(number + 1, min(number + _MOST, len(lines))):
        if lines[below].strip() and not lines[below].lstrip().startswith("#"):
            return below
    return number


def _told(named: _Named) -> list[Problem]:
    rule = RULES.get(named.code)
    if rule is None:
        near = difflib.get_close_matches(named.code[:60], RULES, n=1, cutoff=0.6)
        if not near:
            return [info(named.place, "unknown-ignore", f"No rule has the code “{named.code[:60]}”.")]
        end = Place(named.place.line, named.place.column + len(named.code))
        fix = Fix(f"Write {near[0]}", (Edit(named.place, end, near[0]),))
        message = f"No rule has the code “{named.code[:60]}”; did you mean {near[0]}?"
        return [info(named.place, "unknown-ignore", message, fix)]
    if not rule.can_be_silenced:
        message = f"{named.code} is an error: it stops a submission and cannot be silenced."
        return [info(named.place, "ignore-error", message)]
    return []
