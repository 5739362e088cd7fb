"""Writes to the terminal only what it does not show already, and each change of style in few bytes.

Textual draws whole widgets anew when their focus, their size or a title changes, several times over for one
key, and begins each piece with a whole style. Over a slow line that is what an answer waits for.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from textual import events
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.driver import Driver
from textual.screen import Screen
from textual.strip import Strip

Result = TypeVar("Result")

REMEMBERED = 30.0
"""Seconds after which everything is taken to be unknown: others may have written to the terminal, too."""
_SGR = re.compile(r"\x1b\[([\d;]*)m")
_MOVES = re.compile(r"(?:\n|\x1b\[\d+;\d+H)*\Z")
_RESET = "\x1b[0m"
_LINK = "\x1b]"
_DOUBTFUL = re.compile(r"[^\0-\u02ff\u2010-\u25ff]")
"""Characters of which terminals may think that they are wider or narrower than Textual does."""
_TRUE_COLOUR, _PALETTE = "2", "5"


class Look(NamedTuple):
    """A style as the codes that set it."""

    attributes: str = ""
    fore: str = "39"
    back: str = "49"


PLAIN = Look()


class Glass:
    """What the terminal shows, as far as it was written here."""

    def __init__(self) -> None:
        self._rows: dict[int, dict[int, tuple[int, str]]] = {}
        """Of each row what begins at a column: where it ends, and what was written."""
        self._until = 0.0

    def forget(self) -> None:
        """Others have written, or the window is another."""
        self._rows.clear()

    def sequence(self, update: CompositorUpdate, console: Console) -> str | None:
        """What is to be written for an update; None if it is one of a kind that is not known here."""
        if (now := time.monotonic()) > self._until:
            self.forget()
            self._until = now + REMEMBERED
        if isinstance(update, LayoutUpdate):
            pieces = _pieces_of_layout(update)
        elif isinstance(update, ChopsUpdate):
            pieces = _pieces_of_chops(update)
        else:
            self.forget()
            return None
        found: list[str] = []
        doubtful = -1
        for x, y, strip in pieces:
            text = strip.render(console)
            old = self._take(x, y, x + strip.cell_length, text)
            if doubtful == y:
                old = None
            if old == text:
                continue
            if _DOUBTFUL.search(text):
                doubtful = y  # it may reach beyond its end: what is behind it is written again
            elif old is not None:
                skipped, text = difference(old, text)
                x += skipped  # noqa: PLW2901
            found.append(f"\x1b[{y + 1};{x + 1}H{text}")
        return shorter("".join(found))

    def _take(self, x: int, y: int, end: int, text: str) -> str | None:
        """What stands where a piece is to be, if just that is known; the piece is known from then on."""
        row = self._rows.setdefault(y, {})
        old = row.get(x)
        if old is not None and old[0] == end:
            row[x] = end, text
            return old[1]
        for begin in [begin for begin, (until, _) in row.items() if begin < end and until > x]:
            del row[begin]
        row[x] = end, text
        return None


Piece = tuple[int, int, Strip]
"""Column, row, and what is to stand from there on."""


def _pieces_of_layout(update: LayoutUpdate) -> Iterator[Piece]:
    left, top = update.region.offset
    for y, strips in enumerate(update.strips, top):
        x = left
        for strip in strips:
            yield x, y, strip
            x += strip.cell_length


def _pieces_of_chops(update: ChopsUpdate) -> Iterator[Piece]:
    for y, first, last in update.spans:
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x <= last and end > first:
                whole = last > x >= first and end <= last
                yield x, y, strip if whole else strip.crop(0, min(end, last) - x)


def difference(old: str, new: str) -> tuple[int, str]:
    """How many columns of a piece are as they were, and what is to be written behind them.

    Blanks at the end are left out as far as they were there before in the same style. Each style in both is
    a whole one, and each character one column wide, else nothing is left out.
    """
    if _LINK in old or _LINK in new or _DOUBTFUL.search(old):
        return 0, new
    (old_style, old_blanks), (style, blanks) = _end_of(old), _end_of(new)
    if style == old_style and (left_out := min(blanks, old_blanks)):
        new = new[: -len(_RESET) - left_out] + _RESET
    same = 0
    for one, other in zip(old, new, strict=False):
        if one != other:
            break
        same += 1
    begin = new.rfind("\x1b", 0, same)
    if begin >= 0 and "m" not in new[begin:same]:
        same = begin
    style, columns = "", 0
    for number, part in enumerate(_SGR.split(new[:same])):
        if number % 2:
            style = part
        else:
            columns += len(part)
    return columns, f"\x1b[{style}m{new[same:]}"


def _end_of(piece: str) -> tuple[str, int]:
    """The style at the end of a piece, and how many blanks stand there in it."""
    body = piece.removesuffix(_RESET)
    style = body[body.rfind("\x1b") :].partition("m")[0] if body != piece else ""
    return style, len(body) - len(body.rstrip(" ")) if style else 0


def shorter(sequence: str) -> str:
    """The same for the terminal with as few changes of style as need be; each style in it is a whole one."""
    found: list[str] = []
    has = wants = PLAIN
    for number, part in enumerate(_SGR.split(sequence)):
        if number % 2:
            wants = look_of(part)
        elif part:
            if wants != has and not _MOVES.match(part):
                found.append(_change(has, wants))
                has = wants
            found.append(part)
    if has != PLAIN:
        found.append(_RESET)
    return "".join(found)


@lru_cache(maxsize=1024)
def look_of(codes: str) -> Look:
    """The style that codes set after a reset."""
    attributes: list[str] = []
    fore, back = PLAIN.fore, PLAIN.back
    parts = iter(codes.split(";"))
    for code in parts:
        if code in ("38", "48"):
            kind = next(parts, "")
            count = {_TRUE_COLOUR: 3, _PALETTE: 1}.get(kind, 0)
            code = ";".join((code, kind, *(next(parts, "0") for _ in range(count))))  # noqa: PLW2901
        number = int(code.partition(";")[0] or 0)
        if number in range(30, 40) or number in range(90, 98):
            fore = code
        elif number in range(40, 50) or number in range(100, 108):
            back = code
        elif number:
            attributes.append(code)
        else:
            attributes, fore, back = [], PLAIN.fore, PLAIN.back
    return Look(";".join(attributes), fore, back)


@lru_cache(maxsize=4096)
def _change(has: Look, wants: Look) -> str:
    """The sequence from one style to another."""
    if has.attributes == wants.attributes:
        codes = [new for old, new in zip(has[1:], wants[1:], strict=True) if old != new]
        return f"\x1b[{';'.join(codes)}m"
    plain = (PLAIN.fore, PLAIN.back)
    return f"\x1b[{';'.join(['0', *(code for code in wants if code and code not in plain)])}m"


class _Trimmed(CompositorUpdate):
    """An update without what is there already."""

    def __init__(self, sequence: str) -> None:
        self._sequence = sequence

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        raise AssertionError("it is for the terminal only")

    def render_segments(self, console: Console) -> str:  # noqa: ARG002 (Textual's)
        return self._sequence


class FrugalApp(App[Result]):
    """An app that remembers what its terminal shows."""

    _glass: Glass | None = None

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Write what is new; as Textual does it if it is not certain that it is written."""
        glass = self._glass = self._glass or Glass()
        if (
            isinstance(renderable, CompositorUpdate)
            and not (self._batch_count or self._closed or self.is_headless or self.is_inline)
            and self._running
            and self._driver is not None
        ):
            sequence = glass.sequence(renderable, self.console)
            super()._display(screen, renderable if sequence is None else _Trimmed(sequence))
        else:
            super()._display(screen, renderable)

    def _forget_glass(self) -> None:
        if self._glass is not None:
            self._glass.forget()

    def _resume_signal(self) -> None:
        """Another program had the terminal."""
        self._forget_glass()
        super()._resume_signal()

    async def on_event(self, event: events.Event) -> None:
        """After another size, or when the user comes back, nothing is taken to be there."""
        if isinstance(event, (events.Resize, events.AppFocus, Driver.SignalResume)):
            self._forget_glass()
        await super().on_event(event)
