"""Text of a preview: scrolled or wrapped, in its own colours, of any length."""

from __future__ import annotations

import asyncio
import re
from bisect import bisect_right
from itertools import accumulate
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events, work
from textual.binding import Binding, BindingType

from tui.domain.logreading.ansi import spans as colour_spans
from tui.domain.preview.model import Lines
from tui.domain.text import cell_width
from tui.domain.wordwrap import word_ends
from tui.widgets.log_paint import rich_look
from tui.widgets.preview_rows import PreviewRows

COLOURED_LINES = 50_000
"""Longest text of which YAML's blocks are looked for."""

_AT_ONCE = 100_000
"""Columns of text, all of its lines as wide as the widest, that are wrapped without a thread."""

_JSON_PART = re.compile(
    r'(?P<key>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<number>-?\b[0-9][0-9.eE+-]*)|(?P<word>\b(?:true|false|null|NaN|Infinity)\b)"
)
_JSON_NAMES = {"word": "number"}


class PreviewText(PreviewRows):
    """Text to read, mark and copy."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "sideways(-1)", "Left", show=False),
        Binding("right,l", "sideways(1)", "Right", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "preview--key",
        "preview--string",
        "preview--number",
        "preview--comment",
    }

    def __init__(self, *, id: str, classes: str = "") -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self._body = Lines()
        self._language = ""
        self._blocks: frozenset[int] | None = None
        self._starts: list[int] = []
        """The first line on the screen of each row, and one more; empty when nothing is wrapped."""
        self._wrapped_to = 0
        """Columns that `_starts` were counted for: a line may be asked for before they are counted again."""
        self._wrap = self._prose = False

    @property
    def wraps(self) -> bool:
        """Whether long lines are broken: where the user wants it, and sentences always."""
        return self._wrap or self._prose

    def show(self, body: Lines, language: str = "", *, keep: bool = False, prose: bool = False) -> None:
        """Show a text from its beginning, or from where it is; `prose` is read in sentences."""
        if body is self._body:
            return
        self._body, self._language, self._blocks, self._prose = body, language, None, prose
        self.mark_from = None
        self._starts = []
        if not keep:
            self.words, self.hit = "", None
            self.scroll_to(0, 0, animate=False, immediate=True)
        self._lay()

    def set_wrap(self, wrap: bool) -> None:  # noqa: FBT001 (what it is set to)
        """Break long lines, or scroll sideways."""
        top = self.row_at(self.scroll_offset.y)
        self._wrap, self._prose = wrap, False
        self._lay(top[0] if top is not None else None)

    @property
    def count(self) -> int:
        return len(self._body.lines)

    @property
    def text(self) -> str:
        return self._body.text

    @property
    def marked_text(self) -> str:
        """What is marked, with the line ends that it had."""
        rows = self.marked
        joined = frozenset(number - rows.start for number in self._body.joined if number in rows)
        return Lines(self._body.lines[rows.start : rows.stop], joined).text

    def row_text(self, number: int) -> str:
        return self._body.lines[number]

    def on_resize(self, event: events.Resize) -> None:
        """Wrap for the new width."""
        if self.wraps and event.size.width:
            self._lay()

    # Lines on the screen

    def _lay(self, top: int | None = None) -> None:
        if not self.wraps or not self.size.width:
            self._starts = []
        elif self.count * self._body.width <= _AT_ONCE:
            width = self._wrap_width
            self._take(starts_of(self._body, width), width, top)
            return
        else:
            self._lay_long(self._body, top)
        if not self._starts:
            self.fit_to(self._body.width, self.count)
            self._restore(top)

    @work(exclusive=True, group="preview-wrap", exit_on_error=False)
    async def _lay_long(self, body: Lines, top: int | None) -> None:
        width = self._wrap_width
        starts = await asyncio.to_thread(starts_of, body, width)
        if body is self._body and self.wraps:
            self._take(starts, width, top)

    def _take(self, starts: list[int], width: int, top: int | None) -> None:
        self._starts, self._wrapped_to = starts, width
        self.fit_to(width, starts[-1])
        self._restore(top)

    def _restore(self, top: int | None) -> None:
        if top is not None:
            self.scroll_to(0, self.place_of(top), animate=False, immediate=True)

    @property
    def _wrap_width(self) -> int:
        return max(self.size.width - self.styles.scrollbar_size_vertical, 2)

    def place_of(self, number: int) -> int:
        return self._starts[number] if number < len(self._starts) else number

    def row_at(self, place: int) -> tuple[int, int, int] | None:
        if not self._starts:
            return super().row_at(place)
        if not 0 <= place < self._starts[-1]:
            return None
        number = bisect_right(self._starts, place) - 1
        line, piece = self._body.lines[number], place - self._starts[number]
        ends = [0, *word_ends(line, self._wrapped_to)]
        begin = cell_width(line[: ends[piece]])
        return number, begin, begin + cell_width(line[ends[piece] : ends[piece + 1]])

    # Drawing

    def segments(self, number: int) -> list[Segment]:
        line, base = self._body.lines[number], self.rich_style
        if coloured := self._body.coloured.get(number):
            return [Segment(text, base + rich_look(look)) for text, look in colour_spans(coloured)]
        spans = self._spans(number, line)
        made: list[Segment] = []
        here = 0
        for start, end, name in spans:
            if start < here:
                continue
            made.append(Segment(line[here:start], base))
            made.append(Segment(line[start:end], base + self._style(name)))
            here = end
        made.append(Segment(line[here:], base))
        return [segment for segment in made if segment.text]

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"preview--{name}", partial=True)

    def _spans(self, number: int, line: str) -> list[tuple[int, int, str]]:
        if self._language == "json":
            return json_spans(line)
        if self._language == "yaml":
            return self._yaml_spans(number, line)
        return []

    def _yaml_spans(self, number: int, line: str) -> list[tuple[int, int, str]]:
        from tui.domain.spec.highlight import Token, block_lines, spans  # noqa: PLC0415 (for YAML only)

        if self._blocks is None:
            self._blocks = block_lines(self._body.lines) if self.count <= COLOURED_LINES else frozenset()
        names = {Token.KEY: "key", Token.STRING: "string", Token.NUMBER: "number", Token.COMMENT: "comment"}
        found = spans(line, in_block=number in self._blocks)
        return [(span.start, span.end, names[span.token]) for span in found if span.token in names]

    def action_sideways(self, direction: int) -> None:
        """Scroll to the side by half of what is seen."""
        self.scroll_relative(x=direction * max(self.size.width // 2, 1), animate=False, immediate=True)


def starts_of(body: Lines, width: int) -> list[int]:
    """The first line on a screen of that width of each row, and one more."""
    return list(accumulate((len(word_ends(line, width)) for line in body.lines), initial=0))


def json_spans(line: str) -> list[tuple[int, int, str]]:
    """The coloured parts of one line of JSON."""
    found = (match for match in _JSON_PART.finditer(line))
    return [(*match.span(), _JSON_NAMES.get(match.lastgroup or "", match.lastgroup or "")) for match in found]
