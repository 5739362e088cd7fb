"""One row of the log as segments: what stands before it, its text with colours, and what was found in it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate

from rich.color import Color
from rich.segment import Segment
from rich.style import Style

from tui.domain.logreading.ansi import Style as Look
from tui.domain.logreading.ansi import spans as colour_spans
from tui.domain.logreading.model import Mark
from tui.domain.logs import Severity
from tui.domain.logstore.model import LogLine
from tui.domain.logstore.rules import Row
from tui.domain.wordwrap import word_ends
from tui.widgets.log_columns import Columns, Piece

SERVICE = "service"
"""The task name under which Vertex AI itself writes."""
MORE = "›"
"""Stands at the right edge where a text goes on."""
CURSOR = "❯"
"""Stands at the left edge of the row with the cursor."""
NO_TEXT = "(no text)"
"""Stands for what a warning or an error does not say."""
GAP = "┄"
"""Stands at the left edge of a row before which others are left out."""

Spans = Sequence[tuple[int, int]]
"""Pieces of a text, from and to, in characters."""


@dataclass(frozen=True, slots=True)
class Paint:
    """How a row is drawn."""

    style: Callable[[str], Style]
    """The style of a component class."""
    columns: Columns
    width: int
    """Columns of the whole row."""
    colours: bool = True
    """Whether the program's own colours are shown."""
    find: Callable[[str, int, int], Spans] | None = None
    """Where in a text, from one character to another, what is searched for stands."""

    @property
    def room(self) -> int:
        """Columns for the text."""
        return max(self.width - self.columns.width, 2)


@dataclass(frozen=True, slots=True)
class Spot:
    """Which part of a row is drawn, and what is with it."""

    chars: tuple[int, int]
    """The text from one character to another."""
    is_first: bool = True
    """Whether it is the row's first screen line."""
    is_wrapped: bool = False
    is_cursor: bool = False
    is_hit: bool = False
    """Whether it is the row that was found or gone to."""
    ground: str = ""
    """The component class whose background it has: of the cursor or of the selection."""


@lru_cache(maxsize=16)
def breaks(text: str, width: int) -> list[int]:
    """Where the pieces of a text begin that is broken after so many columns, and where the last one ends."""
    return [0, *word_ends(text, width)]


def style_of(line: LogLine, level: int) -> str:
    """The component class for the text of a row."""
    if level >= Severity.ERROR:
        return "log--error"
    if level >= Severity.WARNING:
        return "log--warning"
    if line.replica == SERVICE:
        return "log--service"
    if line.marks & Mark.BAR:
        return "log--progress"
    return "log--dim" if level == Severity.DEBUG else "log--text"


def segments(line: LogLine, row: Row, spot: Spot, paint: Paint) -> list[Segment]:
    """The segments of one screen line; their width may be less than the row's."""
    name = style_of(line, paint.columns.level(line)) if row.is_match else "log--dim"
    found = _prefix(line, row, spot, paint, name)
    text = _text(line, name, spot, paint)
    if not (line.text or line.place.part or line.trace) and line.level >= Severity.WARNING:
        text = [Segment(NO_TEXT, paint.style("log--dim"))]
    if not spot.is_wrapped and spot.chars[1] < len(line.text):
        found += Segment.adjust_line_length(text, paint.room - 1)
        found.append(Segment(MORE, paint.style("log--dim")))
    else:
        found += text
    # Blanks in the style of the text before them cost no change of style on the way to the terminal.
    found = Segment.adjust_line_length(found, paint.width, style=paint.style(name))
    found = list(Segment.simplify(found))
    if not spot.ground:
        return found
    return _grounded(found, paint.style(name).bgcolor, paint.style(spot.ground).bgcolor)


def _grounded(found: list[Segment], plain: Color | None, ground: Color | None) -> list[Segment]:
    """The segments on another ground, but what has one of its own: a hit, the program's own colours."""
    over = Style(bgcolor=ground)
    return [
        Segment(each.text, (each.style or Style()) + over)
        if each.style is None or each.style.bgcolor in (None, plain)
        else each
        for each in found
    ]


def _prefix(line: LogLine, row: Row, spot: Spot, paint: Paint, name: str) -> list[Segment]:
    if not spot.is_first:
        return [Segment(" " * paint.columns.width, paint.style(name))]
    pieces = paint.columns.prefix(line, name, folded=row.folded > 0)
    if spot.is_cursor:
        pieces[0] = Piece(CURSOR, "log--cursor-mark")
    elif row.gap:
        pieces[0] = Piece(GAP, "log--dim")
    return [Segment(text, paint.style(style)) for text, style in pieces]


def _text(line: LogLine, name: str, spot: Spot, paint: Paint) -> list[Segment]:
    """The text from one character to another, in runs of one style each."""
    start, end = spot.chars
    base = paint.style(name)
    runs = _coloured(line, base, spot.chars) if paint.colours and line.coloured else [(start, end, base)]
    hits = paint.find(line.text, start, end) if paint.find is not None else ()
    if spot.is_hit and paint.find is None:
        return [Segment(line.text[start:end], paint.style("log--match-current"))]
    mark = paint.style("log--match-current" if spot.is_hit else "log--match")
    found: list[Segment] = []
    for first, last, style in _marked(runs, hits, mark):
        found.append(Segment(line.text[first:last], style))
    return found


def _coloured(line: LogLine, base: Style, chars: tuple[int, int]) -> Iterable[tuple[int, int, Style]]:
    """The runs of one colour from one character to another, and their styles."""
    start, end = chars
    ends, looks = _runs(line.coloured)
    for at in range(bisect_right(ends, start), len(ends)):
        if start >= end:
            return
        yield start, min(ends[at], end), base + rich_look(looks[at])
        start = ends[at]


@lru_cache(maxsize=4)
def _runs(coloured: str) -> tuple[list[int], list[Look]]:
    """Where runs of one colour end, and their looks; of a long line wanted for each of its screen lines."""
    runs = [(len(text), look) for text, look in colour_spans(coloured)]
    return list(accumulate(length for length, _ in runs)), [look for _, look in runs]


def _marked(
    runs: Iterable[tuple[int, int, Style]], hits: Spans, mark: Style
) -> Iterable[tuple[int, int, Style]]:
    """The runs, cut where what was found begins and ends."""
    for first, last, style in runs:
        here = first
        for begin, end in hits:
            if end <= here or begin >= last:
                continue
            if begin > here:
                yield here, begin, style
            yield max(begin, here), min(end, last), mark
            here = min(end, last)
        if here < last:
            yield here, last, style


@lru_cache(maxsize=512)
def rich_look(look: Look) -> Style:
    """What a program's own colours are to Rich."""
    return Style(
        color=_colour(look.fg),
        bgcolor=_colour(look.bg),
        bold=look.bold or None,
        dim=look.dim or None,
        italic=look.italic or None,
        underline=look.underline or None,
        reverse=look.reverse or None,
    )


def _colour(name: str) -> Color | None:
    if not name:
        return None
    return Color.parse(name) if name.startswith("#") else Color.from_ansi(int(name))
