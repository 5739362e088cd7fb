"""What the commands print with: tables, JSON, notes and progress, on a terminal and elsewhere."""

from __future__ import annotations

import io
import json
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui.commands import output
from tui.commands.table import Cell, Column, table_lines
from tui.domain.text import cell_width, printable

SHAPE = (Column("STATE"), Column("NAME", give=True), Column("AGE", right=True))
ROWS = [("ok", "a-long-name-for-a-job", "3d"), ("failed", "b", "12m")]


class Terminal(io.StringIO):
    """Text written to what says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_a_table_is_aligned_and_never_cut_where_nobody_looks() -> None:
    assert table_lines(SHAPE, ROWS, None) == [
        "STATE   NAME                   AGE",
        "ok      a-long-name-for-a-job   3d",
        "failed  b                      12m",
    ]


@given(
    st.lists(st.tuples(*(st.text(max_size=30),) * 3), max_size=5),
    st.integers(min_value=12, max_value=60),
)
@settings(max_examples=30)
def test_on_a_terminal_no_line_is_wider_and_nothing_moves_the_cursor(
    rows: list[tuple[str, str, str]], room: int
) -> None:
    for line in table_lines(SHAPE, rows, room):
        assert cell_width(line) <= room
        assert printable(line) == line


def test_columns_that_can_be_left_out_go_before_others_are_cut() -> None:
    shape = (
        Column("NAME", give=True),
        Column("MACHINE", give=True, drop=1),
        Column("AGE", drop=2),
        Column("ID"),
    )
    row = [("a-name-of-a-job", "g2-standard-24", "12 min", "4711")]
    lines = {room: table_lines(shape, row, room, header=False)[0] for room in (60, 40, 30, 22, 12)}
    assert lines[60] == "a-name-of-a-job  g2-standard-24  12 min  4711"
    assert lines[40].startswith("a-name-of-a-job  g2-")
    assert lines[30] == "a-name-of-a-job  12 min  4711"
    assert lines[22] == "a-name-of-a-job  4711"
    assert lines[12].endswith("4711")


def test_columns_that_give_are_cut_before_others() -> None:
    lines = table_lines(SHAPE, ROWS, 26, header=False)
    assert [line.split()[0] for line in lines] == ["ok", "failed"]
    assert [line[-4:].strip() for line in lines] == ["3d", "12m"]
    assert "…" in lines[0]
    told = table_lines((Column("X", give=True, prose=True),), [("a long finding",)], 8, header=False)
    assert told == ["a long…"]
    assert table_lines((Column("X"),), [(Cell("red", "red"),)], None)[1] == "\x1b[31mred\x1b[0m"


@given(st.text(max_size=40))
@settings(max_examples=30)
def test_json_is_exact_and_has_nothing_in_it_that_a_terminal_obeys(text: str) -> None:
    shown = output.json_text({text: [text]})
    assert json.loads(shown) == {text: [text]}
    assert printable(shown) == shown
    shown.encode()


def test_json_is_ascii_where_the_output_is_not_utf_8(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="latin-1"))
    output.say_json({"name": "昆布"})
    output.say("✓ 昆布")
    lines = raw.getvalue().decode("ascii").splitlines()
    assert json.loads("".join(lines[:-1])) == {"name": "昆布"}
    assert lines[-1] == "? ??"


def test_colours_only_on_a_terminal_that_wants_them(monkeypatch: pytest.MonkeyPatch) -> None:
    out = Terminal()
    monkeypatch.setattr(sys, "stdout", out)
    for variable, value in (("NO_COLOR", "1"), ("TERM", "dumb")):
        with monkeypatch.context() as patch:
            patch.setenv(variable, value)
            output.say(output.styled("plain", fg="red"))
    output.say(output.styled("red", fg="red"))
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    output.say(output.styled("piped", fg="red"))
    assert out.getvalue() == "plain\nplain\n\x1b[31mred\x1b[0m\n"
    assert isinstance(sys.stdout, io.StringIO)
    assert sys.stdout.getvalue() == "piped\n"


def test_sentences_are_broken_between_words_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert output.wrapped("one two three", "- ") == ["- one two three"]
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv("COLUMNS", "11")
    assert output.wrapped("one two three", "- ") == ["- one two", "  three"]
    assert output.wrapped("", "- ") == ["- "]


def test_progress_is_one_line_that_goes_before_anything_else_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "40")
    output.progress("looking " * 10)
    output.progress("almost done")
    output.note("a note")
    drawn = terminal.getvalue().split(output.CLEAR)
    assert drawn[0] == ""
    assert cell_width(drawn[1]) == 39
    assert drawn[2:] == ["almost done", "a note\n"]
    output.progress_done()
    assert terminal.getvalue().endswith("a note\n")


def test_progress_in_a_file_is_a_plain_line_for_each_stage(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    for number in range(3):
        output.progress(f"checking … {number}", plain="checking …")
    output.progress("only for eyes", plain="")
    output.progress_done()
    assert isinstance(sys.stderr, io.StringIO)
    assert sys.stderr.getvalue() == "checking …\n"


def test_nobody_has_to_read_notes(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed(io.StringIO):
        def write(self, _text: str, /) -> int:
            raise BrokenPipeError

    for stream in (Closed(), None):
        monkeypatch.setattr(sys, "stderr", stream)
        output.note("a note")
        output.progress("going on")
