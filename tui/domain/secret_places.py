"""Where in a text hidden secrets stand: under which name, in which line."""

from __future__ import annotations

import re
import string
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tui.domain.secret_kinds import is_telling
from tui.domain.secret_layout import Layout

Place = tuple[str, ...]
"""What a place is known by; where two texts have the same, the same secret belongs there."""

_BEFORE, _AFTER = 300, 100
"""Characters of a line or a value that count, on either side."""
_ABOVE = 2_000
"""Characters in which the line above is looked for."""
_VALUE_KEY = re.compile(r"\bvalue[\"']?\s{0,40}:(?:\s|[&!]\S{0,80}\s|[|>][-+0-9]{0,2})*[\"']?$")
_IN_NAME = f"{string.ascii_letters}{string.digits}_.-"


def places(parts: Sequence[str], mark: str) -> list[tuple[Place, ...]]:
    """For each mark between the parts of a text the places it may be known by, the surest first."""
    text, starts, position = mark.join(parts), [], 0
    for part in parts[:-1]:
        starts.append(position + len(part))
        position += len(part) + len(mark)
    variables = _of_variables(text, starts, len(mark))
    return [
        tuple(variables[number]) if number in variables else tuple(_in_line(text, start, start + len(mark)))
        for number, start in enumerate(starts)
    ]


def _of_variables(text: str, starts: list[int], length: int) -> dict[int, set[Place]]:
    """Places of the marks in values of environment variables; none of one with several names."""
    found: dict[int, set[Place]] = defaultdict(set)
    for variable in Layout(text).variables():
        for value in variable.values if variable.names else ():
            inside = range(bisect_left(starts, value.start), bisect_left(starts, value.end))
            for number in inside:
                start, end = starts[number], starts[number] + length
                before = text[max(value.start, start - _BEFORE) : start]
                after = text[end : min(value.end, end + _AFTER)].rstrip(",}]")
                found[number] |= {("variable", name, before, after) for name in variable.names}
    return {number: known if len(known) == 1 else set() for number, known in found.items()}


def _in_line(text: str, start: int, end: int) -> Iterator[Place]:
    before = text[max(start - _BEFORE, 0) : start].rpartition("\n")[2].strip()
    after = text[end : end + _AFTER].partition("\n")[0].rstrip()
    if _is_value(before):
        return  # of a variable without a name
    if re.search(r"\w", before):
        yield ("line", before, after)
        bare = before.rstrip(" \t:=,\"'")
        name = bare[len(bare.rstrip(_IN_NAME)) :]
        if is_telling(name):
            yield ("name", name)
        return
    above = text[max(start - _ABOVE, 0) : start].rpartition("\n")[0].rstrip().rpartition("\n")[2].strip()
    if re.search(r"\w", above) and not above.startswith("#") and not _is_value(above):
        yield ("below", above, before, after)


def _is_value(before: str) -> bool:
    return "value" in before and _VALUE_KEY.search(before[-_AFTER:]) is not None
