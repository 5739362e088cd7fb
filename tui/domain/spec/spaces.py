"""What stands between a key and its value: a space that is missing, an equals sign, a blank that is none."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache

from tui.domain.spec.indentation import ODD, odd_problem
from tui.domain.spec.problems import Edit, Fix, Place, Problem, error
from tui.domain.spec.schema import custom_job_schema

_COLON = re.compile(r"(?P<before> *(?:- +)*)(?P<key>[A-Za-z_][A-Za-z0-9_]*):(?P<value>[^\s/:].*)")
_EQUALS = re.compile(r" *(?:- +)*(?P<key>[A-Za-z_][A-Za-z0-9_]*) *= *(?P<value>[^\s=].*)")
_ODD_COLON = re.compile(rf"(?P<key>[A-Za-z_][A-Za-z0-9_]*):(?P<blanks>[ {ODD}]+)")
_DASH = re.compile(r" *-(?P<item>[^\s\-0-9.].*)")
_OPTION = re.compile(r"[A-Za-z]{1,2}(?:[\s=].*)?")
"""What may well be an option, so that the item would be `- -m`."""
_LONGEST = 1_000
_BACK = 20
"""Lines above a failure that are looked at."""
_CANDIDATES = 4


@cache
def _known() -> frozenset[str]:
    fields = (field for message in custom_job_schema().messages.values() for field in message.values())
    return frozenset(name for field in fields for name in (field.name, field.snake))


def gap_in(line: str) -> int:
    """How many characters stand before the missing space of a line; 0 if none is missing for sure."""
    if len(line) > _LONGEST:
        return 0
    if (found := _COLON.fullmatch(line)) and (found["key"] in _known() or "-" not in found["before"]):
        return found.start("value")
    return found.start("item") if (found := _DASH.fullmatch(line)) else 0


def gaps_above(lines: Sequence[str], last: int) -> list[Place]:
    """Where a space may be missing at line `last` or in the lines above it, the nearest first."""
    numbers = range(min(last, len(lines)), max(last - _BACK, 0), -1)
    found = ((number, gap_in(lines[number - 1])) for number in numbers)
    return [Place(number, gap + 1) for number, gap in found if gap][:_CANDIDATES]


def ways_to_fill(gaps: Sequence[Place]) -> Iterator[tuple[Place, ...]]:
    """Sets of spaces to try: each for itself, then all those of neighbouring lines."""
    yield from ((gap,) for gap in gaps)
    for count in range(2, len(gaps) + 1):
        if gaps[0].line - gaps[count - 1].line == count - 1:
            yield tuple(reversed(gaps[:count]))


def missing_space(rest: str, places: Sequence[Place], *, dash: bool) -> Problem:
    """The problem of missing spaces at `places`, behind the first of which `rest` stands."""
    what = "dash: without it, this is no item of the list" if dash else "colon: without it, this is no key"
    certain = not (dash and _OPTION.fullmatch(rest))
    fix = Fix("Insert the space", tuple(Edit(place, place, " ") for place in places)) if certain else None
    return error(places[0], "yaml-space", f"A space is missing after the {what}.", fix)


def behind_colon(text: str, place: Place, keys: frozenset[str]) -> Problem | None:
    """The problem of a text at `place` that is one of `keys`, a colon and a value."""
    found = _COLON.fullmatch(text)
    if found is None or found["before"] or found["key"] not in keys:
        return None
    return missing_space(found["value"], [Place(place.line, place.column + found.start("value"))], dash=False)


def equals_sign(text: str, place: Place) -> Problem | None:
    """The problem of a text at `place` such as `replicaCount = 1`, which wants a colon."""
    found = _EQUALS.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or found["key"] not in _known():
        return None
    start = Place(place.line, place.column + found.end("key"))
    end = Place(place.line, place.column + found.start("value"))
    fix = Fix("Write a colon", (Edit(start, end, ": "),))
    return error(
        start, "yaml-space", f"Between {found['key']} and its value a colon is wanted, and a space.", fix
    )


def odd_behind_colon(text: str, place: Place, keys: frozenset[str]) -> Problem | None:
    """The problem of a text at `place` that is one of `keys`, a colon, and a blank that is no space."""
    found = _ODD_COLON.match(text)
    if found is None or found["key"] not in keys:
        return None
    start = Place(place.line, place.column + found.start("blanks"))
    end = Place(place.line, place.column + found.end())
    return odd_problem(start, Fix("Write a space", (Edit(start, end, " "),)))


def behind_dash(text: str, place: Place) -> Problem | None:
    """The problem of a text at `place` that was to be an item of a list."""
    found = _DASH.fullmatch(text)
    if found is None or text.startswith(" "):
        return None
    return missing_space(found["item"], [Place(place.line, place.column + 1)], dash=True)
