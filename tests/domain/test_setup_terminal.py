"""The rows about the terminal."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.setup.facts import SetupFacts, Terminal
from tui.domain.setup.model import Check, CheckState, Group
from tui.domain.setup.terminal import terminal_checks

FINE = Terminal(120, 40, 16_777_216, utf8=True, clipboard=True, name="xterm-kitty", copies="~/s/copied.txt")


def rows(terminal: Terminal) -> tuple[Check, ...]:
    return terminal_checks(SetupFacts(terminal=terminal))


def test_nothing_is_said_before_it_is_known() -> None:
    assert terminal_checks(SetupFacts()) == ()


def test_a_fine_terminal_takes_one_row() -> None:
    (row,) = rows(FINE)
    assert (row.id, row.state) == ("terminal.all", CheckState.OK)
    assert row.finding == "nothing is reduced · 120×40 · all colours"
    (inside,) = rows(replace(FINE, colours=256, multiplexer="tmux", name="tmux-256color", escape_ms=10))
    assert inside.finding == "nothing is reduced · 120×40 · 256 colours · in tmux"


@pytest.mark.parametrize(
    ("terminal", "slug", "word"),
    [
        (replace(FINE, columns=79), "size", "79×40"),
        (replace(FINE, rows=23), "size", "120×23"),
        (replace(FINE, colours=16), "colours", "16"),
        (replace(FINE, colours=8), "colours", "8"),
        (replace(FINE, colours=2), "colours", "none"),
        (replace(FINE, utf8=False), "utf8", "UTF-8"),
        (replace(FINE, clipboard=False), "clipboard", "do not reach"),
        (replace(FINE, clipboard=None), "clipboard", "may not reach"),
        (replace(FINE, multiplexer="tmux"), "tmux", "TERM is xterm-kitty"),
        (replace(FINE, multiplexer="tmux", name=""), "tmux", "not set"),
        (replace(FINE, multiplexer="tmux", name="screen-256color", escape_ms=500), "escape", "500 ms"),
    ],
)
def test_only_what_is_reduced_is_told_with_its_next_step(terminal: Terminal, slug: str, word: str) -> None:
    (row,) = rows(terminal)
    assert row.id == f"terminal.{slug}"
    assert word in row.finding
    assert row.next_step
    assert row.why


def test_the_clipboards_row_names_the_file_and_what_it_takes() -> None:
    (row,) = rows(replace(FINE, clipboard=None, clipboard_note="Set this."))
    assert row.state is CheckState.UNKNOWN
    assert row.next_step == "Set this."
    assert "~/s/copied.txt" in row.why


@given(
    st.builds(
        Terminal,
        columns=st.integers(0, 1000),
        rows=st.integers(0, 1000),
        colours=st.sampled_from([2, 8, 16, 256, 16_777_216]),
        utf8=st.booleans(),
        multiplexer=st.sampled_from(["", "tmux", "screen"]),
        clipboard=st.sampled_from([True, False, None]),
        name=st.sampled_from(["", "xterm-256color", "tmux-256color"]),
        escape_ms=st.none() | st.integers(0, 1000),
    )
)
def test_no_terminal_ever_stands_in_the_way(terminal: Terminal) -> None:
    found = rows(terminal)
    assert found
    assert len({row.id for row in found}) == len(found)
    for row in found:
        assert row.group is Group.TERMINAL
        assert row.optional
        assert not row.to_fix
        assert not row.fixes
        assert len(row.title) <= 22
        assert len(row.finding) <= 72
