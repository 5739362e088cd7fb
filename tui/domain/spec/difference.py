"""The difference between two texts, for reading; detected secrets are hidden."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from tui.domain.secrets import HIDDEN, hide_found

_COMPARED = 2_000
"""Lines of each text that are compared, from the first difference on: the time grows with their square."""


class Side(StrEnum):
    """To which of the two texts a line belongs."""

    BOTH = " "
    FIRST = "-"
    SECOND = "+"
    PLACE = "@"
    """A heading: the line where a part begins."""


class Line(NamedTuple):
    """One line of the difference."""

    side: Side
    text: str


def difference(first: str, second: str, context: int = 2) -> list[Line]:
    """What has to be taken from `first` and added to it to have `second`; empty if they are the same."""
    if first == second:
        return []
    # Where only what is hidden differs, the lines look alike.
    return list(_lines(first, second, context)) or [Line(Side.PLACE, "Only hidden values differ.")]


def _lines(first: str, second: str, context: int) -> Iterator[Line]:
    old, new = hide_found(first, HIDDEN).split("\n"), hide_found(second, HIDDEN).split("\n")
    same = next((number for number, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), len(old))
    skipped = max(min(same, len(new)) - context, 0)
    some_old, some_new = old[skipped : skipped + _COMPARED], new[skipped : skipped + _COMPARED]
    matcher = difflib.SequenceMatcher(None, some_old, some_new, autojunk=True)
    for group in matcher.get_grouped_opcodes(context):
        yield Line(Side.PLACE, f"line {skipped + group[0][3] + 1}")
        for kind, old_start, old_end, new_start, new_end in group:
            if kind == "equal":
                yield from (Line(Side.BOTH, text) for text in some_old[old_start:old_end])
                continue
            yield from (Line(Side.FIRST, text) for text in some_old[old_start:old_end])
            yield from (Line(Side.SECOND, text) for text in some_new[new_start:new_end])
    if old[skipped + _COMPARED :] != new[skipped + _COMPARED :]:
        yield Line(Side.PLACE, "more lines differ")
