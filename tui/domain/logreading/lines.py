"""One log entry as the lines it is kept as: safe text, level, marks, bar, colours; all of a log comes by.

What is looked for stands near the beginning of a line, so no more than that is looked at; only what is
kept (the text, its colours, whether it names an address) is read to the end, in time that is its length.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from tui.domain.logreading.ansi import clean
from tui.domain.logreading.levels import guess, named_by
from tui.domain.logreading.links import has_link
from tui.domain.logreading.model import Mark, Reading
from tui.domain.logreading.progress import bar_of
from tui.domain.logreading.traces import trace_marks
from tui.domain.logs import LogEntry, Severity

SERVICE = "service"
"""The task name under which Vertex AI itself writes; what it calls an error is one."""
SEEN = 2_000
"""Characters of a line that are looked at for what it is."""

_BINARY = re.compile(r"[\x00-\x06\x0e-\x1a\x1c-\x1f\x7f]")
"""What no text has in it, not even a bar: other controls move the cursor, ring or begin escapes."""
_MARKS = tuple(Mark(bits) for bits in range(128))
_REINFERRED, _BAR, _LINK = int(Mark.REINFERRED), int(Mark.BAR), int(Mark.LINK)
_OF_TRACE = int(Mark.TRACE_HEAD | Mark.TRACE_BODY)
_INFO, _ERROR = int(Severity.INFO), int(Severity.ERROR)


def read_lines(entry: LogEntry) -> list[Reading]:
    """The entry's lines in order; one at least, so that an empty entry is seen too."""
    severity = entry.severity
    text = entry.text
    # Only plain ERROR of a replica is in doubt: that is what everything on standard error gets.
    doubtful = severity == _ERROR and entry.replica != SERVICE
    if doubtful and (payload := entry.payload) is not None and (named := named_by(payload)):
        return _named(text, named)
    if text.isprintable():
        return [_read(text.rstrip(), "", severity, _INFO if doubtful else 0)]
    found: list[Reading] = []
    # What says nothing of itself belongs to the line before it in the same entry.
    before = _INFO if doubtful else 0
    for piece in pieces(text):
        plain, coloured = clean(piece)
        reading = _read(plain, coloured, severity, before)
        found.append(reading)
        if doubtful:
            before = _INFO if reading.bar else reading.level
    return found


def pieces(text: str) -> Iterable[str]:
    """The lines of a text; one at least.

    A carriage return ends a line as well (what it would have overwritten is kept and folded if it was a
    bar), and backspaces before it are of no more use; blanks that only wiped a line are left out. Among
    bytes that are no text it is one of them, and stays where it is.
    """
    if "\n" not in text and "\r" not in text:
        return (text.rstrip("\b"),)
    lines = text.rstrip("\r\n").split("\n")
    if "\r" not in text:
        return lines
    found: list[str] = []
    for line in lines:
        if _BINARY.search(line):
            found.append(line.rstrip("\r"))
            continue
        kept = [piece for piece in line.split("\r") if piece.strip(" \b")]
        found += [piece.strip("\b") for piece in kept] or [""]
    return found


def _named(text: str, level: int) -> list[Reading]:
    """The lines of a record whose program says itself how bad it is."""
    return [_read(*clean(piece), _ERROR, 0, level) for piece in pieces(text)]


def _read(text: str, coloured: str, severity: int, otherwise: int, named: int = 0) -> Reading:
    """One line; `otherwise` is the level of a doubtful line that says nothing of itself, 0 of others."""
    head = text if len(text) <= SEEN else text[:SEEN]
    bar = bar_of(head)
    marks = _BAR if bar else trace_marks(head)
    if ("://" in text or "/gcs/" in text) and has_link(text):
        marks |= _LINK
    level = named or severity
    if otherwise:
        if bar:
            level = _INFO
        elif not marks & _OF_TRACE:
            level = guess(head) or otherwise
    if level != severity:
        marks |= _REINFERRED
    return Reading(text, level, _MARKS[marks], bar, coloured)
