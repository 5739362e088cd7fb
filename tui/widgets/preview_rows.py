"""Rows of a preview: only those on screen are drawn; moving, marking, finding are the same for all kinds."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

_KEPT = 500
"""Lines that are kept as they were drawn."""

ROW_KEYS: list[BindingType] = [
    Binding("up,k", "step(-1)", "Up", show=False),
    Binding("down,j", "step(1)", "Down", show=False),
    Binding("pageup", "page(-1)", "Page up", show=False),
    Binding("pagedown", "page(1)", "Page down", show=False),
    Binding("home,g", "end(-1)", "First", show=False),
    Binding("end,G", "end(1)", "Last", show=False),
]


class PreviewRows(ScrollView, can_focus=True):
    """Rows that scroll; `space` marks from a row to another, `mark` shows where words stand."""

    BINDINGS: ClassVar[list[BindingType]] = ROW_KEYS
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "preview--marked",
        "preview--match",
        "preview--hit",
        "preview--header",
    }
    HEADER = 0
    """Rows above that stay."""

    def __init__(self, *, id: str, classes: str = "") -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self.words = ""
        self.hit: int | None = None
        """The row that was found last."""
        self.mark_from: int | None = None
        """Where marking began; None when nothing is marked."""
        self.cursor = 0
        """Where marking ends."""
        self._drawn: dict[int, Strip] = {}

    # What the kinds of rows say

    @property
    @abstractmethod
    def count(self) -> int:
        """Rows that there are."""

    @property
    @abstractmethod
    def text(self) -> str:
        """All of it, to be copied."""

    @abstractmethod
    def row_text(self, number: int) -> str:
        """The text of a row, in which words are looked for; asked in a thread."""

    @abstractmethod
    def segments(self, number: int) -> list[Segment]:
        """A whole row in its colours."""

    def place_of(self, number: int) -> int:
        """The first line on the screen of a row."""
        return number

    def row_at(self, place: int) -> tuple[int, int, int] | None:
        """The row of a line on the screen, and the columns of it that are seen; None below the last."""
        if not 0 <= place < self.count:
            return None
        x = self.scroll_offset.x
        return place, x, x + self.size.width

    # Marking

    @property
    def marked(self) -> range:
        """The rows that are marked."""
        if self.mark_from is None:
            return range(0)
        first, last = sorted((self.mark_from, self.cursor))
        return range(first, min(last + 1, self.count))

    @property
    def marked_text(self) -> str:
        """The text of the marked rows."""
        return "\n".join(map(self.row_text, self.marked))

    def toggle_mark(self) -> bool:
        """Begin to mark at what was found, else at the first row on screen; or give it up."""
        if self.mark_from is not None or not self.count:
            self.mark_from = None
        else:
            seen = self.row_at(self.scroll_offset.y)
            first = seen[0] if seen is not None else 0
            shown = self.hit is not None and first <= self.hit < first + self._page
            self.mark_from = self.cursor = self.hit if shown and self.hit is not None else first
        self.refresh()
        return self.mark_from is not None

    # Finding

    def mark(self, words: str) -> None:
        """Show where words stand; none shows nothing."""
        if words != self.words:
            self.words, self.hit = words, None
            self.forget()

    def go_to(self, number: int) -> None:
        """Bring a row into view and show that it was found."""
        self.hit = number
        place = self.place_of(number)
        if not self.scroll_offset.y <= place < self.scroll_offset.y + self._page:
            self.scroll_to(y=max(place - self._page // 3, 0), animate=False, immediate=True)
        if self.mark_from is not None:
            self.cursor = number
        self.forget()

    def forget(self) -> None:
        """Draw again."""
        self._drawn.clear()
        self.refresh()

    # Moving

    def action_step(self, rows: int) -> None:
        """Scroll by rows, or move the end of what is marked."""
        if self.mark_from is None:
            self.scroll_relative(y=rows, animate=False, immediate=True)
            return
        self.cursor = max(min(self.cursor + rows, self.count - 1), 0)
        place = self.place_of(self.cursor)
        top = self.scroll_offset.y
        if not top <= place < top + self._page:
            self.scroll_to(y=place if rows < 0 else place - self._page + 1, animate=False, immediate=True)
        self.refresh()

    def action_page(self, pages: int) -> None:
        """By what fits on the screen."""
        self.action_step(pages * max(self._page - 1, 1))

    def action_end(self, direction: int) -> None:
        """To the first or the last row."""
        if self.mark_from is not None:
            self.action_step(direction * self.count)
        self.scroll_to(y=0 if direction < 0 else self.virtual_size.height, animate=False, immediate=True)

    @property
    def _page(self) -> int:
        return max(self.size.height - self.HEADER, 1)

    # Drawing

    def fit_to(self, width: int, height: int) -> None:
        """Say how much there is to scroll through."""
        self.virtual_size = Size(width, height + self.HEADER)
        self.forget()

    def header(self) -> Strip:
        """The row above that stays."""
        return Strip.blank(self.size.width, self.rich_style)

    def render_line(self, y: int) -> Strip:
        """One line of the screen."""
        width, base = self.size.width, self.rich_style
        if y < self.HEADER:
            return self.header()
        found = self.row_at(self.scroll_offset.y + y - self.HEADER)
        if found is None:
            return Strip.blank(width, base)
        number, start, end = found
        strip = self._whole(number).crop_extend(start, end, base).extend_cell_length(width, base)
        strip = strip.crop(0, width)
        if number in self.marked:
            strip = self._marked_strip(strip, base)
        return strip.apply_offsets(start, number)

    def _marked_strip(self, strip: Strip, base: Style) -> Strip:
        """On the ground of what is marked, but for what has a ground of its own."""
        ground = Style(bgcolor=self.get_component_rich_style("preview--marked").bgcolor)
        pieces = ((text, style or base) for text, style, _ in strip)
        made = (
            Segment(text, style + ground if style.bgcolor == base.bgcolor else style)
            for text, style in pieces
        )
        return Strip(made, strip.cell_length)

    def _whole(self, number: int) -> Strip:
        selection = self.text_selection
        if selection is None and (known := self._drawn.get(number)) is not None:
            return known
        segments = self.segments(number)
        if self.words:
            segments = self._matches(number, segments)
        if selection is not None and (span := selection.get_span(number)) is not None:
            style = self.screen.get_component_rich_style("screen--selection")
            end = span[1] if span[1] >= 0 else 1 << 30
            segments = restyled(segments, [(span[0], end)], style)
        strip = Strip(segments)
        if selection is None:
            while len(self._drawn) >= _KEPT:
                del self._drawn[next(iter(self._drawn))]
            self._drawn[number] = strip
        return strip

    def _matches(self, number: int, segments: list[Segment]) -> list[Segment]:
        text = "".join(segment.text for segment in segments)
        name = "preview--hit" if number == self.hit else "preview--match"
        return restyled(segments, places(text, self.words), self.get_component_rich_style(name))

    def selection_updated(self, selection: Selection | None) -> None:
        """The mouse marks text."""
        super().selection_updated(selection)
        self.forget()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """The text that the mouse has marked."""
        last = selection.end.y if selection.end is not None else self.count - 1
        rows = [self.row_text(number) for number in range(min(last + 1, self.count))]
        return selection.extract("\n".join(rows)), "\n"


def folds(words: str) -> bool:
    """Whether capitals do not matter: when there are none in the words."""
    return words == words.lower()


def places(text: str, words: str) -> list[tuple[int, int]]:
    """Where words stand in a text."""
    if folds(words):
        text = text.lower()
    found: list[tuple[int, int]] = []
    at = text.find(words) if words else -1
    while at >= 0:
        found.append((at, at + len(words)))
        at = text.find(words, at + len(words))
    return found


def restyled(segments: Sequence[Segment], spans: Sequence[tuple[int, int]], style: Style) -> list[Segment]:
    """The segments with a style over some of their characters; the spans follow each other."""
    if not spans:
        return list(segments)
    made: list[Segment] = []
    start, at = 0, 0
    for segment in segments:
        end = start + len(segment.text)
        here = start
        while here < end:
            while at < len(spans) and spans[at][1] <= here:
                at += 1
            first, last = spans[at] if at < len(spans) else (end, end)
            inside = first <= here
            until = min(last if inside else first, end)
            own = segment.style or Style.null()
            made.append(Segment(segment.text[here - start : until - start], own + style if inside else own))
            here = until
        start = end
    return made
