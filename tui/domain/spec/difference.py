"""The difference between two texts, for reading; detected secrets are hidden."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from tui.domain.secrets import HIDDEN, hide_found

MOST = 2_000
"""Lines of a difference that are shown."""


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
    shown = 0
    for group in difflib.SequenceMatcher(None, old, new, autojunk=True).get_grouped_opcodes(context):
        yield Line(Side.PLACE, f"line {group[0][3] + 1}")
        for kind, old_start, old_end, new_start, new_end in group:
            if kind == "equal":
                found = [Line(Side.BOTH, text) for text in old[old_start:old_end]]
            else:
                found = [Line(Side.FIRST, text) for text in old[old_start:old_end]]
                found += [Line(Side.SECOND, text) for text in new[new_start:new_end]]
            yield from found
            shown += len(found)
        if shown > MOST:
            yield Line(Side.PLACE, "more lines differ")
            return
