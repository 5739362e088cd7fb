"""Where a text is broken into a screen's lines: between words, and within words that are too long for one."""

from __future__ import annotations

from typing import AnyStr

from tui.domain.text import cell_width, char_cells


def word_ends(text: str, width: int) -> list[int]:
    """Where the pieces of `text` end that is broken after at most `width` (at least 2) columns; one at least.

    Nothing is lost. A blank at which it is broken ends its piece, where it may stand one column too far:
    nobody sees it there. A word that is longer than a line, or that only its indent keeps from a line of its
    own, is broken where the line ends.
    """
    return ascii_ends(text, " ", 0, len(text), width) if text.isascii() else _uneven_ends(text, width)


def ascii_ends(text: AnyStr, blank: AnyStr, begin: int, end: int, width: int) -> list[int]:
    """The same of ASCII, text or bytes, from one place to another; `blank` is a space."""
    ends: list[int] = []
    while end - begin > width:
        edge = begin + width
        cut = text.rfind(blank, begin, edge + 1) + 1
        if cut <= edge and (
            not cut
            or (end - cut > width and text.find(blank, edge, cut + width + 1) < 0)
            or (text.startswith(blank, begin) and text[begin:cut].isspace())
        ):
            cut = edge
        ends.append(cut)
        begin = cut
    if begin < end or not ends:
        ends.append(end)
    return ends


def _uneven_ends(text: str, width: int) -> list[int]:
    """The same of characters that take no column, one or two."""
    ends: list[int] = []
    begin = cut = used = used_before = 0
    for index, character in enumerate(text):
        cells = char_cells(character)
        if used + cells > width:
            if character == " ":
                ends.append(index + 1)
                begin = cut = index + 1
                used = 0
                continue
            if cut > begin and not text[begin:cut].isspace() and _fits(text, cut, index, width):
                begin, used = cut, used - used_before
            else:
                begin, used = index, 0
            ends.append(begin)
            cut = begin
        used += cells
        if character == " ":
            cut, used_before = index + 1, used
    if begin < len(text) or not ends:
        ends.append(len(text))
    return ends


def _fits(text: str, begin: int, inside: int, width: int) -> bool:
    """Whether the word that begins at one place and goes on at another has room on a line."""
    most = begin + 2 * width + 1  # more characters are too many, whatever combines with them
    end = text.find(" ", inside, most)
    if end < 0:
        end = len(text)
    return end < most and cell_width(text[begin:end]) <= width
