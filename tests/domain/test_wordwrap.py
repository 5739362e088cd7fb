"""Text broken between words: nothing is lost, no piece is too wide, and ASCII is no special case."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tui.domain.text import cell_width
from tui.domain.wordwrap import _uneven_ends, ascii_ends, word_ends

TEXTS = st.text(st.sampled_from("abc  \u4e2d\u0301é-"), max_size=60)


def pieces(text: str, width: int) -> list[str]:
    return [text[begin:end] for begin, end in pairwise([0, *word_ends(text, width)])]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("one two three", ["one two ", "three"]),
        ("one two4 three", ["one two4 ", "three"]),
        ("to abcdefghijklm or", ["to abcde", "fghijklm ", "or"]),
        ("to abcdefghijklmn or", ["to abcde", "fghijklm", "n or"]),
        ("    abcdefg", ["    abcd", "efg"]),
        ("中文 中文中文", ["中文 ", "中文中文"]),
        ("eight888 ", ["eight888 "]),
    ],
)
def test_words_stay_whole_where_they_fit(text: str, expected: list[str]) -> None:
    assert pieces(text, 8) == expected


@given(TEXTS, st.integers(2, 20))
@example("a" * 7 + " bb", 7)
def test_nothing_is_lost_and_no_piece_is_too_wide(text: str, width: int) -> None:
    found = pieces(text, width)
    assert "".join(found) == text
    assert all(cell_width(piece.removesuffix(" ")) <= width for piece in found)
    assert all(found) or found == [""]


@given(st.text(st.sampled_from("ab  -"), max_size=60), st.integers(2, 20))
def test_ascii_is_broken_as_any_text(text: str, width: int) -> None:
    expected = _uneven_ends(text, width)
    assert word_ends(text, width) == expected
    data = f"x\n{text}\ny".encode()
    assert [end - 2 for end in ascii_ends(data, b" ", 2, len(data) - 2, width)] == expected
