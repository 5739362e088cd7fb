"""Text for a terminal: untrusted text made harmless, and numbers as people read them."""

from __future__ import annotations

import re
import unicodedata

ELLIPSIS = "…"
"""Stands for what was cut."""

_CONTROL = {code: chr(0x2400 + code) for code in range(0x20)} | {0x7F: "␡"}
_HIDDEN = {
    *range(0x80, 0xA0),  # C1: a terminal may obey these like escapes
    0x00AD,
    0x061C,
    0x180E,
    0x200B,
    *range(0x200E, 0x2010),  # marks of direction
    *range(0x2028, 0x202F),  # line and paragraph separators, embeddings and overrides
    *range(0x2060, 0x2070),  # isolates and invisible operators
    *range(0xD800, 0xE000),  # lone surrogates cannot be written as UTF-8
    0xFEFF,
    *range(0xFFF9, 0xFFFC),
    *range(0xE0000, 0xE0080),  # tags
}
_ONE_LINE = _CONTROL | dict.fromkeys(_HIDDEN, "\N{REPLACEMENT CHARACTER}")
_MANY_LINES = {code: shown for code, shown in _ONE_LINE.items() if code != ord("\n")}

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves, modes
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x90\x98\x9c-\x9f]*(?:\x07|\x1b\\|\x9c|\Z)"  # OSC, DCS …
    r"|\x1b[ -/]+[0-~]"  # character sets and the like
    r"|\x1b[0-Z\\^_`-~]"  # two-character escapes
)

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


def printable(text: str, *, multiline: bool = False) -> str:
    """`text` with nothing in it that a terminal obeys or that hides what is there.

    Controls become their pictures (`␛`, `␊`), characters that are invisible or turn the direction of
    reading become `�`, tabs become spaces; with `multiline` the line ends stay.
    """
    if text.isascii() and text.isprintable():
        return text
    if "\t" in text:
        text = text.expandtabs(8) if multiline or "\n" not in text else text.replace("\t", " ")
    return text.translate(_MANY_LINES if multiline else _ONE_LINE)


def strip_escapes(text: str) -> str:
    """`text` without its ANSI escape sequences; what is no whole sequence is left for `printable`."""
    if "\x1b" in text or not text.isascii():
        return _ESCAPES.sub("", text)
    return text


def cell_width(text: str) -> int:
    """Columns that `text` takes on a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(char_cells, text))


def slice_cells(text: str, start: int, width: int) -> str:
    """The part of `text` in `width` columns from `start` on; a wide character cut at an edge is a space."""
    if text.isascii():
        return text[start : start + width]
    shown: list[str] = []
    left, end = 0, start + width
    for character in text:
        cells = char_cells(character)
        right = left + cells
        if left >= end and cells:
            break
        if left < start < right or left < end < right:
            shown.append(" ")
        elif left >= start and (cells or left > start):
            shown.append(character)
        left = right
    return "".join(shown)


def char_range(text: str, start: int, width: int) -> tuple[int, int]:
    """The characters that lie wholly within `width` columns from column `start` on: from and to."""
    if text.isascii():
        return min(start, len(text)), min(start + width, len(text))
    first: int | None = None
    left, end = 0, start + width
    for index, character in enumerate(text):
        if first is None and left >= start:
            first = index
        left += char_cells(character)
        if left > end:
            return (index if first is None else first), index
    return (len(text) if first is None else first), len(text)


def wrap_cells(text: str, width: int) -> list[str]:
    """`text` broken after at most `width` (at least 2) columns, nothing lost; one piece at least."""
    if text.isascii():
        return [text[start : start + width] for start in range(0, len(text), width)] or [""]
    pieces: list[str] = []
    start = used = 0
    for index, character in enumerate(text):
        cells = char_cells(character)
        if used + cells > width:
            pieces.append(text[start:index])
            start, used = index, 0
        used += cells
    return [*pieces, text[start:]]


def middle_cut(text: str, width: int) -> str:
    """`text` in at most `width` columns, with `…` for what was cut out of its middle."""
    if cell_width(text) <= width:
        return text
    if width <= 1:
        return ELLIPSIS[:width] if width > 0 else ""
    tail_room = (width - 1) // 2
    return _head(text, width - 1 - tail_room) + ELLIPSIS + _head(text[::-1], tail_room)[::-1]


def duration(seconds: float) -> str:
    """A length of time in its two largest units: `45s`, `8m 12s`, `2h 5m`, `3d 4h`."""
    whole = max(int(seconds), 0)
    if whole < MINUTE:
        return f"{whole}s"
    if whole < HOUR:
        return f"{whole // MINUTE}m {whole % MINUTE}s"
    if whole < DAY:
        return f"{whole // HOUR}h {whole % HOUR // MINUTE}m"
    return f"{whole // DAY}d {whole % DAY // HOUR}h"


def age(seconds: float) -> str:
    """How long ago, in one unit and never in seconds, so that it is repainted seldom: `now`, `12m`, `3h`."""
    whole = max(int(seconds), 0)
    if whole < MINUTE:
        return "now"
    if whole < HOUR:
        return f"{whole // MINUTE}m"
    if whole < DAY:
        return f"{whole // HOUR}h"
    return f"{whole // DAY}d"


def size(count: int) -> str:
    """Bytes in binary units with one decimal: `812 B`, `1.4 GiB`."""
    if count < 1024:  # noqa: PLR2004 (below a KiB)
        return f"{count} B"
    value = float(count)
    for unit in ("KiB", "MiB", "GiB", "TiB"):
        value /= 1024
        if round(value, 1) < 1024:  # noqa: PLR2004 (else it reads 1024.0 of the smaller unit)
            return f"{value:.1f} {unit}"
    return f"{value / 1024:.1f} PiB"


def char_cells(character: str) -> int:
    """Columns that one character takes on a terminal."""
    if unicodedata.east_asian_width(character) in "WF":
        return 2
    return 0 if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me") else 1


def _head(text: str, width: int) -> str:
    used = 0
    for index, character in enumerate(text):
        used += char_cells(character)
        if used > width:
            return text[:index]
    return text
