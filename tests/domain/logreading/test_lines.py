"""Entries as lines: harmless text, colours kept apart, whatever a program prints."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.domain.logreading.printed import line, lines
from tui.domain.logreading.ansi import PLAIN, Style, clean, spans
from tui.domain.logreading.lines import read_lines
from tui.domain.logreading.links import links
from tui.domain.logreading.model import Mark
from tui.domain.logs import LogEntry
from tui.domain.text import printable

SGR = re.compile(r"\x1b\[[\d;]*m")
HOSTILE = st.text(
    st.sampled_from(
        "a \t\x1b[]0;38:25mMhlAJKH?7\x07\\\x9b\x9d\x00\r\n\b\u202e\u2066\u0301漢\U0001f600\ud800\u00ad%|━"
    ),
    max_size=80,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [""]),
        ("\n", [""]),
        ("one", ["one"]),
        ("one  \n", ["one"]),
        ("one\n\ntwo\r\n", ["one", "", "two"]),
        ("\r\ra\rb\r\r\nc", ["a", "b", "c"]),
        ("a\r      \rb", ["a", "b"]),
        ("a\r\n\r\nb", ["a", "", "b"]),
        ("a\tb\n\tc", ["a       b", "        c"]),
        ("gone\b\b\b\b", ["gone"]),
        ("\x1b[32mgreen\x1b[0m \x1b]0;x\x07\x07", ["green ␇"]),
        ("\x1b]52;c;ZXZpbA==\x07ok \x1b]8;;http://e.example\x1b\\there\x1b]8;;\x1b\\", ["ok there"]),
        ("\x1b[2J\x1b[H\x1b[?1049hx\x1b[10;10Hy\x1bcz\x9b31mw", ["xyzw"]),
        ("a\u202eb\u2066c\u200bd\ud800e", ["a�b�c�d�e"]),
        ("漢字 e\u0301 😀", ["漢字 e\u0301 😀"]),
        ("\x00\x01bin\x7f", ["␀␁bin␡"]),
        ("bin\r\x00\rend\r\na\rb", ["bin␍␀␍end", "a", "b"]),
    ],
)
def test_an_entry_is_its_lines(text: str, expected: list[str]) -> None:
    assert [reading.text for reading in lines(text)] == expected


@settings(max_examples=60)
@given(
    st.one_of(st.text(max_size=120), HOSTILE), st.integers(-5, 1000), st.sampled_from(["", "service", "w"])
)
def test_no_entry_fails_is_lost_or_does_harm(text: str, severity: int, replica: str) -> None:
    found = read_lines(LogEntry(1, "a", "log", severity, text, replica))
    assert found
    for reading in found:
        assert printable(reading.text) == reading.text
        assert reading.text == reading.text.rstrip()
        assert reading.text.encode() is not None
        if reading.coloured:
            assert SGR.sub("", reading.coloured) == reading.text
            assert "".join(part for part, _ in spans(reading.coloured)) == reading.text
        assert bool(reading.bar) == bool(reading.marks & Mark.BAR)
        assert bool(links(reading.text)) == bool(reading.marks & Mark.LINK)
        assert bool(reading.marks & Mark.REINFERRED) == (reading.level != severity)


def test_what_is_printable_needs_no_cleaning() -> None:
    """The quick way in `read_lines` rests on it."""
    risky = [chr(code) for code in range(0x110000) if printable(chr(code)) != chr(code)]
    assert risky
    assert not any(character.isprintable() for character in risky)


@pytest.mark.parametrize(
    ("raw", "coloured"),
    [
        ("\x1b[31mred\x1b[0m", "\x1b[31mred"),
        ("\x1b[31mred\x1b[m on", "\x1b[31mred\x1b[0m on"),
        ("\x1b[0mplain\x1b[39m", ""),
        ("\x1b[8mhidden\x1b[5mblinks\x1b[10m", ""),
        ("\x1b[1;5;31mx", "\x1b[1;31mx"),
        ("\x1b[38;5;208mx\x1b[48;2;1;2;3my", "\x1b[38;5;208mx\x1b[48;2;1;2;3my"),
        ("\x1b[38:2::1:2:3mx\x1b[38:5:9my\x1b[4:3mz", "\x1b[38;2;1;2;3mx\x1b[38;5;9my\x1b[4mz"),
        ("\x1b[38;2;1;2mx\x1b[38;5;999my\x1b[38mz", ""),
        ("\x1b[2Ja\x1b[31m\tb \x1b[0m  ", "a\x1b[31m       b"),
        ("\x1b[" + "1;" * 90 + "mx", ""),
    ],
)
def test_only_colours_and_weight_are_kept(raw: str, coloured: str) -> None:
    text, found = clean(raw)
    assert found == coloured
    assert "\x1b" not in text


def test_colours_are_told_apart() -> None:
    coloured = "\x1b[1;31ma\x1b[92mb\x1b[22;44mc\x1b[38;5;208md\x1b[48;2;1;2;255me\x1b[39;49;3;4;7mf\x1b[0mg"
    assert spans("plain " + coloured) == [
        ("plain ", PLAIN),
        ("a", Style(fg="1", bold=True)),
        ("b", Style(fg="10", bold=True)),
        ("c", Style(fg="10", bg="4")),
        ("d", Style(fg="208", bg="4")),
        ("e", Style(fg="208", bg="#0102ff")),
        ("f", Style(italic=True, underline=True, reverse=True)),
        ("g", PLAIN),
    ]
    assert spans("") == []


UNITS = (
    *(
        "%|",
        "it [",
        "━ ",
        "[=",
        "% (",
        "a" * 50 + "Error",
        "\\|/ [1 files]",
        " File",
        "gs://",
        "https://",
        "/gcs/a",
    ),
    *(
        "\x1b[31m",
        "\x1b]0;",
        "\x1b]8;;x\x1b",
        "\x9b",
        "\x00\xff",
        "\t",
        "\u202e",
        "e\u0301",
        "1",
        " ",
        ".",
        "at a.",
        "│",
    ),
    *(
        "a.",
        "A.b:",
        "no error ",
        "level=",
        "12:00 ",
        "[rank0]: ",
        "(x pid=1",
        "failed ",
        "1 ",
        "-",
        "1K .......... ",
    ),
    *(
        "\r",
        "x\r",
        "\b",
        "{",
        '"',
        "| ",
        "1/1 ",
        "Traceback (most recent call last): ",
        'File "',
        "Warning: ",
        "[1:",
    ),
)


@pytest.mark.parametrize("unit", UNITS)
def test_the_largest_line_of_anything_is_soon_read(unit: str) -> None:
    # An entry of many lines takes as long as that many entries: that is not asked here.
    text = unit * ((16_384 if "\r" in unit else 262_144) // len(unit))
    began = time.process_time()
    for hostile in (text, "9" * 100 + text[:-1] + "%|", " " + text + ":"):
        found = lines(hostile)
        links(found[0].text)
        spans(found[0].coloured)
    # Generous: what is not linear takes minutes here.
    assert time.process_time() - began < 4


def test_marks_of_a_line_add_up() -> None:
    reading = line("  see gs://kelp/run and https://example.org.")
    assert reading.marks == Mark.REINFERRED | Mark.INDENTED | Mark.LINK
