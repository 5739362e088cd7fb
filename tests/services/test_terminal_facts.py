"""What the environment and tmux tell of a terminal."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.setup.facts import Terminal
from tui.services import terminal_facts
from tui.services.terminal_facts import (
    ask_tmux,
    colours_of,
    is_apple_terminal_here,
    read_terminal,
    with_tmux,
)

UTF8 = {"LANG": "en_GB.UTF-8"}
SSH = {"SSH_CONNECTION": "10.0.0.1 50000 10.0.0.2 22"}
TMUX = {"TMUX": "/tmp/tmux-1/default,2,0", "TERM": "tmux-256color"}  # noqa: S108  # only its presence counts


def seen(**environ: str) -> Terminal:
    return read_terminal({**UTF8, **environ}, 120, 40, 256, "~/copied.txt")


@pytest.mark.parametrize(
    ("name", "count"), [(None, 2), ("standard", 16), ("256", 256), ("truecolor", 16_777_216), ("odd", 2)]
)
def test_a_colour_system_as_a_number(name: str | None, count: int) -> None:
    assert colours_of(name) == count


@pytest.mark.parametrize(
    "environ",
    [
        {"TERM": "xterm-kitty"},
        {"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"},
        {"TERM": "alacritty"},
        {"TERM": "foot"},
        {"TERM": "foot-extra"},
        {"TERM": "xterm-ghostty", **SSH},
        {"TERM": "xterm-256color", "TERM_PROGRAM": "WezTerm"},
        {"TERM": "xterm-256color", "TERM_PROGRAM": "vscode"},
        {"TERM": "xterm-256color", "WT_SESSION": "6a2c"},
        {"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal"},
    ],
)
def test_terminals_that_let_a_program_copy(environ: dict[str, str]) -> None:
    terminal = seen(**environ)
    assert (terminal.clipboard, terminal.clipboard_note) == (True, "")


@pytest.mark.parametrize(
    ("environ", "word"),
    [
        ({"TERM": "linux"}, "no clipboard"),
        ({"TERM": "dumb"}, "no clipboard"),
        ({"TERM": "vt220"}, "no clipboard"),
        ({"TERM": "screen-256color", "STY": "42.pts-0.box"}, "screen"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "Apple_Terminal", **SSH}, "Apple"),
    ],
)
def test_terminals_that_do_not(environ: dict[str, str], word: str) -> None:
    terminal = seen(**environ)
    assert terminal.clipboard is False
    assert word in terminal.clipboard_note


@pytest.mark.parametrize(
    ("environ", "word"),
    [
        ({"TERM": "xterm-256color", **SSH}, ""),
        ({"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2", **SSH}, "iTerm2"),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, "iTerm2"),
        ({"TERM": "xterm", "TERM_PROGRAM": "mintty"}, "AllowSetSelection"),
        ({"TERM": "xterm", "XTERM_VERSION": "XTerm(379)"}, "disallowedWindowOps"),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7006"}, "VTE"),
        (TMUX, "set-clipboard on"),
    ],
)
def test_terminals_that_cannot_be_told(environ: dict[str, str], word: str) -> None:
    terminal = seen(**environ)
    assert terminal.clipboard is None
    assert word in terminal.clipboard_note


@pytest.mark.parametrize(
    ("environ", "utf8"),
    [
        ({"LANG": "de_DE.UTF-8"}, True),
        ({"LANG": "C.utf8"}, True),
        ({"LC_CTYPE": "UTF-8"}, True),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": "C"}, False),
        ({"LANG": "en_GB.UTF-8", "LC_ALL": ""}, True),
        ({"LANG": "en_GB.ISO-8859-1"}, False),
        ({}, False),
        ({"WT_SESSION": "6a2c"}, True),
    ],
)
def test_the_locale_decides_on_utf8(environ: dict[str, str], *, utf8: bool) -> None:
    assert read_terminal(environ, 80, 24, 256).utf8 is utf8


def test_no_color_and_the_rest_is_passed_on() -> None:
    assert seen(NO_COLOR="").colours == 2
    terminal = seen(TERM="foot")
    assert (terminal.columns, terminal.rows, terminal.colours) == (120, 40, 256)
    assert (terminal.name, terminal.copies, terminal.multiplexer) == ("foot", "~/copied.txt", "")
    assert seen(**TMUX, STY="1").multiplexer == "tmux"


def test_apples_terminal_only_counts_on_the_same_machine() -> None:
    assert is_apple_terminal_here({"TERM_PROGRAM": "Apple_Terminal"})
    assert not is_apple_terminal_here({"TERM_PROGRAM": "Apple_Terminal", **SSH})
    assert not is_apple_terminal_here({})


@given(st.dictionaries(st.sampled_from(["TERM", "TERM_PROGRAM", "LANG", "TMUX", "STY", "LC_ALL"]), st.text()))
def test_any_environment_is_read(environ: dict[str, str]) -> None:
    terminal = read_terminal(environ, 1, 1, 2)
    assert terminal.clipboard is not False or terminal.clipboard_note


@pytest.mark.parametrize(
    ("answer", "reaches", "word"),
    [
        ("3.3a|external|500|xterm-kitty||RGB,clipboard,title", True, ""),
        ("3.4|on|10|xterm-256color|WezTerm 2024|clipboard", True, ""),
        ("3.4|external|10|xterm-256color|XTerm(379)|clipboard,title", None, "disallowedWindowOps"),
        ("3.4|external|10|xterm-256color||clipboard,title", None, ""),
        ("3.4|external|10|odd-term||title", None, "odd-term:clipboard"),
        ("3.4|off|10|xterm-kitty||clipboard", False, "set-clipboard on"),
        ("3.1c|external|10|xterm-kitty||clipboard", False, "set-clipboard on"),
        ("3.1c|on|10|xterm-kitty||clipboard", True, ""),
        ("next-3.6|external|10|xterm-kitty||clipboard", True, ""),
        ("master|external|10|linux||clipboard", False, "no clipboard"),
    ],
)
def test_what_tmux_says(answer: str, reaches: bool | None, word: str) -> None:  # noqa: FBT001
    terminal = with_tmux(seen(**TMUX), answer.split("|"))
    assert terminal.clipboard is reaches
    assert word in terminal.clipboard_note
    assert terminal.escape_ms in (10, 500)


def fake_tmux(folder: Path, script: str) -> dict[str, str]:
    program = folder / "tmux"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return {**UTF8, **TMUX, "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}"}


@pytest.mark.parametrize("script", ["exit 1", "echo odd", "exec sleep 60", ":", "printf '\\377'"])
async def test_a_tmux_that_does_not_answer_changes_nothing(
    tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "sleep" in script:
        monkeypatch.setattr(terminal_facts, "TMUX_SECONDS", 0.1)
    environ = fake_tmux(tmp_path, script)
    terminal = read_terminal(environ, 80, 24, 256)
    assert await ask_tmux(terminal, environ) == terminal


async def test_without_tmux_nothing_is_asked() -> None:
    terminal = seen(TERM="foot")
    assert await ask_tmux(terminal, {"PATH": ""}) == terminal
    inside = seen(**TMUX)
    assert await ask_tmux(inside, {"PATH": "/nowhere"}) == inside


@pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")
def test_a_real_tmux_answers(tmp_path: Path) -> None:
    socket = tmp_path / "tmux.sock"
    tmux = ("tmux", "-S", str(socket), "-f", os.devnull)
    subprocess.run([*tmux, "new-session", "-d", "sleep 60"], check=True, timeout=20)
    try:
        subprocess.run([*tmux, "set", "-s", "escape-time", "7"], check=True, timeout=20)
        environ = {**os.environ, **TMUX, "TMUX": f"{socket},1,0"}
        environ.pop("TMUX_PANE", None)
        terminal = asyncio.run(ask_tmux(read_terminal(environ, 80, 24, 256), environ))
        assert terminal.escape_ms == 7
    finally:
        subprocess.run([*tmux, "kill-server"], check=False, timeout=20)
