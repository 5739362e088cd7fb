"""What git leaves in a file whose versions it could not join: `<<<<<<<`, `=======`, `>>>>>>>`."""

from __future__ import annotations

import re
from itertools import islice

from tui.domain.spec.problems import Place, Problem, error

_BEGIN = re.compile(r"^<{7} ", re.MULTILINE)
_MARK = re.compile(r"^(?:<{7} |\|{7}(?: |$)|={7}\r?$|>{7} )", re.MULTILINE)
_MEANING = {
    "<": "git left a conflict here: keep one of the two versions, and delete the lines that hold "
    "“<<<<<<<”, “=======” and “>>>>>>>”.",
    "|": "What both versions were made of begins here: a part of the conflict that git left.",
    "=": "The other version begins here: a part of the conflict that git left.",
    ">": "The conflict that git left ends here.",
}
_MOST = 20
"""Lines that are told."""


def conflict_problems(text: str) -> tuple[Problem, ...]:
    """One error for each line that git put into the text where it found a conflict."""
    if "<<<<<<<" not in text or not _BEGIN.search(text):
        return ()
    return tuple(
        error(Place(text.count("\n", 0, found.start()) + 1, 1), "git-conflict", _MEANING[found.group()[0]])
        for found in islice(_MARK.finditer(text), _MOST)
    )
