"""Columns of a list: which are shown in what width, and texts cut to fit them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from textual.content import Content, Span

from tui.domain.text import ELLIPSIS, cell_width, printable

GAP = 2
"""Cells between two columns."""
MIN_FILL = 12
"""What the filling column keeps before others give way, if it names no minimum of its own."""

_JOINING = {
    0x200C,
    0x200D,  # joins emoji into one
    *range(0xFE00, 0xFE10),  # ask for the text or the emoji form
    *range(0x1F3FB, 0x1F400),  # colour the emoji before
    *range(0xE0100, 0xE01F0),
}
"""What changes the look of the character before: terminals disagree about how wide the two are together."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a list; widths are in cells."""

    key: str
    label: str
    width: int = 0
    align: Literal["left", "right"] = "left"
    minimum: int = 0
    """How narrow it may become before columns are dropped; 0 keeps `width` (MIN_FILL if it fills)."""
    priority: int = 0
    """Columns of the lowest priority are dropped first, of equal ones the last."""
    fill: bool = False
    """Takes the room left over and is never dropped; without one such column the first is never dropped."""

    @property
    def least(self) -> int:
        """The narrowest it is shown, unless it stands alone."""
        return self.minimum or (MIN_FILL if self.fill else self.width) or 1


@dataclass(frozen=True, slots=True)
class Layout:
    """What is shown of the columns: page 0 the most important ones, the pages after it those left out."""

    shown: tuple[tuple[int, int], ...] = ()
    """The number of each column on this page, with its width."""
    widths: Mapping[str, int] = field(default_factory=dict)
    """The width of every column by key, 0 for one that is not on this page."""
    page: int = 0
    pages: int = 1


def lay_out(columns: Sequence[Column], room: int, page: int = 0) -> Layout:
    """The columns in `room` cells; a page that there is not becomes the last."""
    if not columns:
        return Layout()
    fixed = next((number for number, column in enumerate(columns) if column.fill), 0)
    first = _first_page(columns, room, fixed)
    pages = [first, *_more_pages(columns, room, fixed, first)]
    page = max(min(page, len(pages) - 1), 0)
    widths = _share(columns, pages[page], room, fixed)
    shown = tuple((number, widths[number]) for number in pages[page])
    by_key = {column.key: widths.get(number, 0) for number, column in enumerate(columns)}
    return Layout(shown, MappingProxyType(by_key), page, len(pages))


def fit(content: Content, width: int, *, right: bool = False) -> Content:
    """`content` on one line in exactly `width` cells, made harmless, cut in the middle if it is too long."""
    content = harmless(content)
    text = content.plain
    used = cell_width(text)
    if used > width:
        content = _cut(content, width)
        used = cell_width(content.plain)
    space = " " * (width - used)
    if not space:
        return content
    return Content(space) + content if right else content + Content(space)


def harmless(content: Content) -> Content:
    """`content` with only characters that stay on the line and have one width, and with its colours."""
    text = content.plain
    if text.isascii() and text.isprintable():
        return content
    kept = [place for place, character in enumerate(text) if ord(character) not in _JOINING]
    # Tabs become one space each here, so that places in the text still fit the spans.
    shown = printable("".join(text[place] for place in kept).replace("\t", " "))
    if len(kept) == len(text):
        return Content(shown, list(content.spans))
    spans = [
        Span(bisect_left(kept, span.start), bisect_left(kept, span.end), span.style) for span in content.spans
    ]
    return Content(shown, [span for span in spans if span.end > span.start])


def _first_page(columns: Sequence[Column], room: int, fixed: int) -> list[int]:
    shown = list(range(len(columns)))
    while len(shown) > 1 and _needed(columns, shown) > room:
        shown.remove(min((n for n in shown if n != fixed), key=lambda n: (columns[n].priority, -n)))
    left = [number for number in range(len(columns)) if number not in shown]
    for number in sorted(left, key=lambda n: (-columns[n].priority, n)):
        if _needed(columns, [*shown, number]) <= room:  # it went before a wider one did
            shown = sorted([*shown, number])
    return shown


def _more_pages(columns: Sequence[Column], room: int, fixed: int, first: list[int]) -> list[list[int]]:
    """What the first page left out, as much on each page as fits, one at least."""
    pages: list[list[int]] = []
    for number in range(len(columns)):
        if number in first:
            continue
        if pages and _needed(columns, [*pages[-1], number]) <= room:
            pages[-1] = sorted([*pages[-1], number])
        else:
            pages.append(sorted([fixed, number]))
    return pages


def _needed(columns: Sequence[Column], shown: Sequence[int]) -> int:
    return sum(columns[number].least for number in shown) + GAP * (len(shown) - 1)


def _share(columns: Sequence[Column], shown: Sequence[int], room: int, fixed: int) -> dict[int, int]:
    """Each column's least, then its width, the most important first; the rest to the one that fills."""
    left = room - GAP * (len(shown) - 1)
    order = sorted(shown, key=lambda number: (number != fixed, -columns[number].priority, number))
    widths = dict.fromkeys(shown, 1)
    left -= len(shown)
    wanted = [(number, columns[number].least) for number in order]
    wanted += [(number, columns[number].width) for number in order]
    for number, width in wanted:
        more = max(min(width - widths[number], left), 0)
        widths[number] += more
        left -= more
    if columns[fixed].fill:
        widths[fixed] += max(left, 0)
    return widths


def _cut(content: Content, width: int) -> Content:
    if width <= 1:
        return Content(ELLIPSIS[: max(width, 0)])
    text = content.plain
    tail_room = (width - 1) // 2
    head = _count(text, width - 1 - tail_room)
    tail = len(text) - _count(text[::-1], tail_room)
    while tail < len(text) and not cell_width(text[tail]):
        tail += 1  # an accent whose letter was cut
    return content[:head] + Content(ELLIPSIS) + content[tail:]


def _count(text: str, width: int) -> int:
    """How many characters fit in `width` cells."""
    if text.isascii():
        return min(width, len(text))
    used = 0
    for place, character in enumerate(text):
        used += cell_width(character)
        if used > width:
            return place
    return len(text)
