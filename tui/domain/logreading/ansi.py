"""Colours of a program's output: what of its escape sequences is kept, and as what it is drawn.

Of all escape sequences only those for colour and weight (SGR) are kept, and of these only what a view can
draw: nothing that hides text, blinks or changes fonts. The others go, and what is no whole sequence is shown
as pictures of its characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from tui.domain.text import printable

_STRING = r"[^\x07\x1b]*(?:\x07|\x1b\\|\Z)"
_ESCAPE = re.compile(
    r"\x1b(?:\[(?:(?P<sgr>[\d;:]{0,80})m|[0-?]*[ -/]*[@-~])"  # CSI: colours, cursor moves, modes
    rf"|[\]PX^_]{_STRING}"  # OSC, DCS …
    r"|[ -/]+[0-~]"  # character sets and the like
    r"|[0-Z\\^_`-~])"  # two-character escapes
)
_EIGHT_BITS = {
    0x9B: "\x1b[",
    0x9D: "\x1b]",
    0x90: "\x1bP",
    0x98: "\x1bX",
    0x9E: "\x1b^",
    0x9F: "\x1b_",
    0x9C: "\x1b\\",
}
"""The same sequences begin with one character as well."""
_SGR = re.compile(r"\x1b\[([\d;]*)m")
_FLAGS = {1: "bold", 2: "dim", 3: "italic", 4: "underline", 7: "reverse"}
_FLAGS_OFF = {22: ("bold", "dim"), 23: ("italic",), 24: ("underline",), 27: ("reverse",)}
_ENDING = frozenset({0, *_FLAGS_OFF, 39, 49})
_KNOWN = _ENDING | {*_FLAGS, *range(30, 38), *range(40, 48), *range(90, 98), *range(100, 108)}
_EXTENDED = frozenset({38, 48})
_BY_RGB, _BY_NUMBER = 2, 5
_FIELDS = {_BY_RGB: 4, _BY_NUMBER: 2}
"""Fields after 38 or 48, by the first of them."""
_RGB_FIELDS = 4
_FOREGROUND = (3, 9)
_UNDERLINE, _NO_UNDERLINE = 4, 24
_MOST = 255
_C1 = re.compile(r"[\x90\x98\x9b-\x9f]")


class Style(NamedTuple):
    """How a run of characters is drawn; `Style()` is plain text."""

    fg: str = ""
    """`0` to `255` in the terminal's palette, `#rrggbb`, or empty for the usual colour."""
    bg: str = ""
    bold: bool = False
    dim: bool = False
    italic: bool = False
    underline: bool = False
    reverse: bool = False


PLAIN = Style()


def clean(raw: str) -> tuple[str, str]:
    """One line's text, safe to draw and without blanks at its end, and the same with its colours.

    The second is empty if the line has no colours.
    """
    if raw.isprintable():
        return raw.rstrip(), ""
    if not raw.isascii() and _C1.search(raw):
        raw = raw.translate(_EIGHT_BITS)
    if "\x1b" not in raw:
        return printable(raw).rstrip(), ""
    runs, codes = _runs(raw)
    if "\t" in raw:
        runs = _expanded(runs)
    texts = [printable(run) for run in runs]
    text = "".join(texts).rstrip()
    if len(texts) == 1:
        return text, ""
    parts: list[str] = []
    left, coloured = len(text), False
    for run, (code, starts) in zip(texts, codes, strict=True):
        if left <= 0:
            break
        if starts or coloured:
            parts.append(code)
            coloured = True
        parts.append(run[:left])
        left -= len(run)
    return text, "".join(parts) if coloured else ""


def spans(coloured: str) -> list[tuple[str, Style]]:
    """The runs of a `Reading.coloured`, each with its style; joined they are the line's text."""
    found: list[tuple[str, Style]] = []
    style = PLAIN
    parts = _SGR.split(coloured)
    for index, part in enumerate(parts):
        if index % 2:
            style = _styled(style, part)
        elif part:
            found.append((part, style))
    return found


def _runs(raw: str) -> tuple[list[str], list[tuple[str, bool]]]:
    """The text between escape sequences, and what colours each run of it begins with."""
    runs: list[str] = []
    codes = [("", False)]
    held: list[str] = []
    last = 0
    for match in _ESCAPE.finditer(raw):
        held.append(raw[last : match.start()])
        last = match.end()
        params = match["sgr"]
        if params is None:
            continue
        code = _normal(params)
        if code[0]:
            runs.append("".join(held))
            held = []
            codes.append(code)
    held.append(raw[last:])
    runs.append("".join(held))
    return runs, codes


def _expanded(runs: list[str]) -> list[str]:
    """The same with spaces for tabs: to columns of the whole line."""
    found = []
    column = 0
    for run in runs:
        expanded = (" " * column + run).expandtabs(8)[column:]
        found.append(expanded)
        column = (column + len(expanded)) % 8
    return found


@lru_cache(maxsize=1024)
def _normal(params: str) -> tuple[str, bool]:
    """A sequence with only what is drawn, and whether it begins anything; empty if nothing is left of it."""
    kept: list[tuple[int, ...]] = []
    fields = [[_value(part) for part in field.split(":")] for field in params.split(";")]
    at = 0
    while at < len(fields):
        first, *rest = fields[at]
        at += 1
        if first in _EXTENDED:
            if rest:
                colour = rest if rest[0] != _BY_RGB or len(rest) <= _RGB_FIELDS else [rest[0], *rest[2:]]
            else:
                colour = [field[0] for field in fields[at:]]
            colour = colour[: _FIELDS.get(colour[0], 1)] if colour else []
            at += 0 if rest else len(colour)
            if colour and len(colour) == _FIELDS.get(colour[0]) and max(colour) <= _MOST:
                kept.append((first, *colour))
        elif first == _UNDERLINE and rest:
            kept.append((_UNDERLINE if rest[0] else _NO_UNDERLINE,))
        elif first in _KNOWN and not rest:
            kept.append((first,))
    starts = any(code[0] not in _ENDING for code in kept)
    text = ";".join(str(part) for code in kept for part in code)
    return (f"\x1b[{text}m" if kept else ""), starts


def _value(digits: str) -> int:
    """A field; an empty one is 0, and one too long is none that there is."""
    return int(digits[:4] or 0)


def _styled(style: Style, params: str) -> Style:
    """The style after a normalised sequence."""
    codes = iter([int(digits or 0) for digits in params.split(";")])
    for code in codes:
        if code == 0:
            style = PLAIN
        elif flag := _FLAGS.get(code):
            style = Style(**{**style._asdict(), flag: True})
        elif flags := _FLAGS_OFF.get(code):
            style = Style(**{**style._asdict(), **dict.fromkeys(flags, False)})
        else:
            style = _dyed(style, code, codes)
    return style


def _dyed(style: Style, code: int, rest: Iterator[int]) -> Style:
    """The style with another colour; takes what belongs to it from `rest`."""
    tens, unit = divmod(code, 10)
    if code in _EXTENDED:
        if next(rest, 0) == _BY_NUMBER:
            colour = str(next(rest, 0))
        else:
            colour = "#" + "".join(f"{next(rest, 0):02x}" for _ in range(3))
    elif unit > 7:  # noqa: PLR2004 (39 and 49: the usual colour)
        colour = ""
    else:
        colour = str(unit + 8 if tens > 8 else unit)  # noqa: PLR2004 (90 to 107: the bright ones)
    return style._replace(fg=colour) if tens in _FOREGROUND else style._replace(bg=colour)
