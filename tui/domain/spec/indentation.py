"""Blanks that YAML does not take for spaces: tabs, and those that come with text copied from a page."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from tui.domain.spec.problems import Edit, Fix, Place, Problem, apply_fix, error

_WIDTHS = (2, 4, 8)
_TABS_AT_FIRST = re.compile(r"\t[ \t]*")
_INDENT = re.compile(r"[ \t]*")
_LONGEST = 100_000
"""Characters of a text that is read again to find out how deep a tab is."""
_MORE = 20
"""Lines with a tab behind spaces that one fix changes."""
ODD = "\xa0\u2002\u2003\u2007\u2009\u200b\u202f\u3000\ufeff"
"""Blanks that look like spaces, or like nothing."""
_ODD_INDENT = re.compile(rf" *[{ODD}][ {ODD}]*")
_ODD_BEHIND = re.compile(rf" *(?:- +)*(?:[A-Za-z_][A-Za-z0-9_]*:|-)(?P<blanks> *[{ODD}][ {ODD}]*)")

Read = Callable[[str], Sequence[object] | Place]
"""What a text means, without places, or where reading it stops."""


def tab_problem(text: str, place: Place, read: Read) -> Problem:
    """The problem of a tab that indents a line, with the spaces that are meant if that is certain."""
    fixes = [fix for width in _WIDTHS if (fix := _with_spaces(text, place, width, read)) is not None]
    meanings = [read(apply_fix(text, fix)) for fix in fixes]
    certain = bool(fixes) and all(meaning == meanings[0] for meaning in meanings)
    return error(place, "yaml-tab", "A tab cannot indent YAML: use spaces.", fixes[0] if certain else None)


def _with_spaces(text: str, place: Place, width: int, read: Read) -> Fix | None:
    """The fix with so many spaces for each tab, if the text can be read then."""
    lines = text.split("\n")
    if place.line > len(lines) or len(text) > _LONGEST:
        return None
    numbers = {number for number, line in enumerate(lines) if _TABS_AT_FIRST.match(line)} | {place.line - 1}
    for _ in range(_MORE):
        fix = Fix(
            "Indent with spaces", tuple(_edit(lines[number], number, width) for number in sorted(numbers))
        )
        stopped = read(apply_fix(text, fix))
        if not isinstance(stopped, Place):
            return fix
        number = stopped.line - 1
        if number in numbers or number >= len(lines) or "\t" not in _indent(lines[number]):
            return None
        numbers.add(number)
    return None


def _edit(line: str, number: int, width: int) -> Edit:
    blanks = _indent(line)
    start, end = Place(number + 1, 1), Place(number + 1, len(blanks) + 1)
    return Edit(start, end, blanks.replace("\t", " " * width))


def _indent(line: str) -> str:
    found = _INDENT.match(line)
    return found.group() if found else ""


def odd_blanks(text: str, failed: Place, read: Read) -> Problem | None:
    """The problem of blanks that are no spaces, if with spaces the text can be read, or read further."""
    lines = text.split("\n")
    edits = [edit for number, line in enumerate(lines) for edit in _spaces(line, number)]
    if not edits or edits[0].start.line > failed.line:
        return None
    fix = Fix("Write spaces", tuple(edits))
    stopped = read(apply_fix(text, fix))
    if isinstance(stopped, Place) and stopped.line <= failed.line:
        return None
    return odd_problem(edits[0].start, fix)


def odd_problem(place: Place, fix: Fix | None) -> Problem:
    """The problem of blanks at a place that are no spaces."""
    text = "The blanks here are no spaces but characters that look so, as in text copied from a page."
    return error(place, "yaml-blank", text, fix)


def _spaces(line: str, number: int) -> list[Edit]:
    if line.isascii():
        return []
    found = _ODD_INDENT.match(line)
    span = found.span() if found else None
    if span is None and (behind := _ODD_BEHIND.match(line)):
        span = behind.span("blanks")
    if span is None:
        return []
    blanks = re.sub("[\u200b\ufeff]", "", line[span[0] : span[1]])
    place = Place(number + 1, span[0] + 1)
    return [Edit(place, Place(number + 1, span[1] + 1), " " * len(blanks))]
