"""libyaml's events of a text, and its complaints in the words of a sentence, at the line that is to blame."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import yaml

from tui.domain.spec.indentation import odd_blanks, tab_problem
from tui.domain.spec.problems import START, Edit, Fix, Place, Problem, apply_fix, error
from tui.domain.spec.slips import in_quotes
from tui.domain.spec.spaces import equals_sign, gaps_above, missing_space, ways_to_fill

BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What ends a line to YAML."""
_SLOWLY = 200_000
"""Characters that are read at most without libyaml."""
_AGAIN = 500_000
"""Longer texts are not read again to find out what is missing."""
_PAIR = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NO_VALUE = "a value is missing, or a character stands here that needs quotes around its text"
_IN_OTHER_WORDS = {
    "mapping values are not allowed in this context": "a “: ” does not belong here; "
    "check the indentation, or put the text in quotes",
    "mapping keys are not allowed in this context": "a “? ” does not belong here; put the text in quotes",
    "block sequence entries are not allowed in this context": "a list cannot begin here; "
    "begin it on a line of its own",
    "could not find expected ':'": "a “:” is missing after a key",
    "did not find expected key": "the indentation does not fit the lines above",
    "did not find expected '-' indicator": "the indentation does not fit the list above",
    "did not find expected <document start>": "the indentation does not fit the lines above",
    "did not find expected node content": _NO_VALUE,
    "did not find expected alphabetic or numeric character": "a text beginning with “&” or “*” needs quotes",
    "did not find expected comment or line break": "behind “|” or “>” the text begins on the next line",
    "found character that cannot start any token": "a text that begins with this character needs quotes",
    "found unexpected end of stream": "a quote is not closed",
    "found unexpected document indicator": "a quote is not closed",
    "found unexpected ':'": "a value that ends in “:” needs quotes here",
    "found undefined tag handle": "a text that begins with “!” needs quotes",
    "found unknown escape character": "between double quotes “\\” needs another “\\” before it",
    "did not find expected hexdecimal number": "between double quotes “\\x” needs two digits from 0 to f",
    "did not find the expected '>'": "a text that begins with “!” needs quotes",
}
_BRACKETS = {"did not find expected ',' or ']'": "]", "did not find expected ',' or '}'": "}"}
_NEEDS_QUOTES = frozenset(
    {
        "mapping values are not allowed in this context",
        "found character that cannot start any token",
        "did not find expected alphabetic or numeric character",
    }
)
_TEXT = re.compile(r"[ \t]*(?:- +)*(?:[A-Za-z_][A-Za-z0-9_]*: +)?(?P<text>[^\s'\"\[\]{}|>&!#,?:-][^#\t]*?) *")
_SLASHES = re.compile(r"[ ]*//(?=[ \w])")
_AT_THE_BEGINNING = frozenset({"found unexpected end of stream", "found unexpected document indicator"})


def events(text: str) -> Iterator[Any]:
    """What libyaml finds; PyYAML reads JSON's way to write characters beyond the first 65,536.

    Raises:
        yaml.YAMLError: the text is not YAML.
    """
    slowly = len(text) <= _SLOWLY and _PAIR.search(text)
    yield from yaml.parse(text, Loader=yaml.SafeLoader if slowly else _LOADER)


def syntax_problem(text: str, failure: yaml.YAMLError) -> Problem:
    """What stopped the reading of a text."""
    place = _place(failure, "problem_mark") or START
    lines = BREAK.split(text)
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if line[place.column - 1 : place.column] == "\t" or line[: place.column].lstrip(" ").startswith("\t"):
        return tab_problem(text, place, _meaning)
    if len(text) <= _AGAIN and (odd := odd_blanks(text, place, _meaning)) is not None:
        return odd
    if (other := _of_another_language(lines, place)) is not None:
        return other
    if (missing := _missing_space(text, lines, place)) is not None:
        return missing
    problem = str(getattr(failure, "problem", None) or "")
    began = _place(failure, "context_mark")
    if (bracket := _BRACKETS.get(problem)) is not None:
        late = began is not None and began.line < place.line
        words = f"a “{bracket}” is missing at the end of what begins here" if late else ""
        words = words or f"a comma or a “{bracket}” is missing"
        return error(began if began and late else place, "yaml-syntax", f"Not readable as YAML: {words}.")
    if began is not None and problem in _AT_THE_BEGINNING:
        place = began
    words = _IN_OTHER_WORDS.get(problem, "something is written here that YAML does not know")
    fix = _in_quotes(text, line, place) if problem in _NEEDS_QUOTES else None
    return error(place, "yaml-syntax", f"Not readable as YAML: {words}.", fix)


def _of_another_language(lines: Sequence[str], failed: Place) -> Problem | None:
    """A comment that begins with `//`, or `key = value`, at the line that cannot be read or just above."""
    for number in range(min(failed.line, len(lines)), max(failed.line - 2, 0), -1):
        line = lines[number - 1]
        if found := _SLASHES.match(line):
            place, end = Place(number, found.end() - 1), Place(number, found.end() + 1)
            fix = Fix("Write #", (Edit(place, end, "#"),))
            return error(place, "yaml-syntax", "Not readable as YAML: a comment begins with “#”.", fix)
        if (told := equals_sign(line, Place(number, 1))) is not None:
            return told
    return None


def _in_quotes(text: str, line: str, failed: Place) -> Fix | None:
    """The fix that puts the text of a line in quotes, if it can be read, or read further, then."""
    found = _TEXT.fullmatch(line)
    if found is None or failed.column <= found.start("text") or len(text) > _AGAIN:
        return None
    start = Place(failed.line, found.start("text") + 1)
    edit = Edit(start, Place(failed.line, found.end("text") + 1), in_quotes(found["text"]))
    fix = Fix("Put it in quotes", (edit,))
    return fix if _reads_further(apply_fix(text, fix), failed) else None


def _place(failure: yaml.YAMLError, which: str) -> Place | None:
    mark = getattr(failure, which, None)
    return Place(mark.line + 1, mark.column + 1) if mark is not None else None


def _missing_space(text: str, lines: Sequence[str], failed: Place) -> Problem | None:
    """The problem at its own line, if a space there lets the text be read, or read further than before."""
    if len(text) > _AGAIN or len(lines) != text.count("\n") + 1:
        return None
    for places in ways_to_fill(gaps_above(lines, failed.line)):
        first = places[0]
        line = lines[first.line - 1]
        dash = line[: first.column - 1].strip() == "-"
        found = missing_space(line[first.column - 1 :], places, dash=dash)
        certain = found.fix or missing_space("", places, dash=False).fix
        if certain is not None and _reads_further(apply_fix(text, certain), failed):
            return found
    return None


def _reads_further(text: str, failed: Place) -> bool:
    stopped = _meaning(text)
    return not isinstance(stopped, Place) or stopped.line > failed.line


def _meaning(text: str) -> Sequence[object] | Place:
    """The kinds and words of a text's parts, or where reading it stops."""
    parts: list[object] = []
    try:
        for event in events(text):
            value = getattr(event, "value", None)
            parts.append((type(event).__name__, value.split() if value else None))
    except yaml.YAMLError as failure:
        return _place(failure, "problem_mark") or START
    return parts
