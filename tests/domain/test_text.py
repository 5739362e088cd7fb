"""Untrusted text and numbers for people."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.domain.text import (
    age,
    cell_width,
    duration,
    middle_cut,
    printable,
    size,
    slice_cells,
    strip_escapes,
    wrap_cells,
)

anything = st.text(st.characters())
wild = st.text(st.sampled_from("\x1b[]0;m1?25hP\\\x07\x9b\x9d\x9c\n\r\tab語e\u0301\u202e\u200b"), max_size=60)


@given(anything | wild)
def test_printable_leaves_nothing_that_a_terminal_obeys(text: str) -> None:
    shown = printable(text)
    assert not any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in shown)
    assert not any(unicodedata.bidirectional(character) in BIDI_CONTROLS for character in shown)
    shown.encode()


BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(anything | wild)
def test_printable_is_stable(text: str) -> None:
    assert printable(printable(text)) == printable(text)
    assert printable(printable(text, multiline=True), multiline=True) == printable(text, multiline=True)


@given(wild)
def test_lines_survive_when_asked(text: str) -> None:
    assert printable(text, multiline=True).count("\n") == text.count("\n")
    assert "\n" not in printable(text)


def test_printable_shows_what_was_there() -> None:
    assert printable("a\x1b[31mb\x07") == "a␛[31mb␇"
    assert printable("x\ty") == "x       y"
    assert printable("abc\u202edef") == "abc�def"
    assert printable("naïve 語 👍🏽") == "naïve 語 👍🏽"
    assert printable("[bold]plain[/]") == "[bold]plain[/]"


@pytest.mark.parametrize(
    ("raw", "plain"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b[2K\x1b[1Aup", "up"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://x.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;aGk=\x1b\\copied", "copied"),
        ("\x1b[?1049hscreen", "screen"),
        ("\x1b(Bset", "set"),
        ("\x9b31mred", "red"),
        ("\x1bPq#0\x1b\\sixel", "sixel"),
        ("\x1b]0;never ended", ""),
        ("plain [31m", "plain [31m"),
    ],
)
def test_escape_sequences_go(raw: str, plain: str) -> None:
    assert strip_escapes(raw) == plain


@given(anything | wild)
def test_escapes_and_controls_together_are_harmless(text: str) -> None:
    assert "\x1b" not in printable(strip_escapes(text))


@given(anything | wild, st.integers(0, 30))
def test_middle_cut_fits(text: str, width: int) -> None:
    assert cell_width(middle_cut(text, width)) <= width


@given(anything | wild, st.integers(2, 30))
def test_broken_text_fits_and_is_whole(text: str, width: int) -> None:
    pieces = wrap_cells(text, width)
    assert "".join(pieces) == text
    assert all(cell_width(piece) <= width for piece in pieces)


@given(anything | wild, st.integers(0, 30), st.integers(0, 30))
def test_a_slice_fits(text: str, start: int, width: int) -> None:
    assert cell_width(slice_cells(text, start, width)) <= width


def test_a_slice_is_what_is_in_those_columns() -> None:
    assert slice_cells("abcdef", 2, 3) == "cde"
    assert slice_cells("語語語", 1, 4) == " 語 "
    assert slice_cells("語語語", 2, 2) == "語"
    assert slice_cells("e\u0301x", 0, 1) == "e\u0301"
    assert slice_cells("abc", 9, 3) == ""


def test_middle_cut_keeps_both_ends() -> None:
    assert middle_cut("ana-gemma-lora-1840", 11) == "ana-g…-1840"
    assert middle_cut("short", 11) == "short"
    assert middle_cut("語語語語", 5) == "語…語"
    assert middle_cut("abc", 1) == "…"
    assert middle_cut("abc", 0) == ""


def test_cell_width_is_the_terminals() -> None:
    for text in ("abc", "語", "e\u0301", "a│b", "…"):
        assert cell_width(text) == cell_len(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (45.9, "45s"), (492, "8m 12s"), (7500, "2h 5m"), (273600, "3d 4h"), (-5, "0s")],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "now"), (59, "now"), (60, "1m"), (10800, "3h"), (86400 * 40, "40d"), (-1, "now")],
)
def test_age(seconds: float, text: str) -> None:
    assert age(seconds) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 B"), (1023, "1023 B"), (1024, "1.0 KiB"), (1024**2 - 1, "1.0 MiB"), (1503238553, "1.4 GiB")],
)
def test_size(count: int, text: str) -> None:
    assert size(count) == text


def test_size_of_what_is_huge() -> None:
    assert size(3 * 1024**5) == "3.0 PiB"


def test_a_hostile_line_of_the_largest_size_costs_no_more_than_its_length() -> None:
    assert strip_escapes("\x9d" * 262_144 + "\x1b").endswith("\x1b")
    assert strip_escapes("\x1b[" * 131_072)
