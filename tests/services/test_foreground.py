"""A program run in front has the real terminal, and its end is told in words."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.terminal import Terminal
from tui.services.foreground import how_it_ended

SCRIPT = """
import sys
from pathlib import Path
from tui.services.foreground import how_it_ended, run_in_front
from tui.terminal import private_terminal

with private_terminal(Path(sys.argv[1])):
    for _ in range(3):
        status = run_in_front([sys.argv[2], "login"])
        print("status", status, file=sys.stderr, flush=True)
"""


def test_it_reads_and_writes_on_the_terminal_and_ctrl_c_ends_it_alone(tmp_path: Path) -> None:
    log, program = tmp_path / "debug.log", tmp_path / "asks"
    program.write_text('#!/bin/sh\necho ready; read x; echo "got $x" >&2; test "$x" = good\n')
    program.chmod(0o700)
    root = str(Path(__file__).parents[2])
    environ = {**os.environ, "PYTHONPATH": root}
    with Terminal([sys.executable, "-c", SCRIPT, str(log), str(program)], environ) as terminal:
        terminal.wait("ready")
        terminal.type("good")
        terminal.press("enter")
        terminal.wait("got good", "status 0")
        terminal.type("bad")
        terminal.press("enter")
        terminal.wait("got bad", "asks login ended with status 1. Enter goes back.")
        terminal.press("enter")
        terminal.wait("status 1")
        terminal.until(lambda: terminal.text.count("ready") == 3)
        terminal.press("ctrl+c")
        terminal.wait("was ended by SIGINT")
        terminal.press("enter")
        terminal.wait("status -2")
        assert terminal.wait_exit() == 0
    assert log.read_text() == ""


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "gcloud auth login is done"),
        (1, "gcloud auth login ended with status 1"),
        (-15, "gcloud auth login was ended by SIGTERM"),
        (-40, "gcloud auth login was ended by signal 40"),
    ],
)
def test_the_end_is_told_in_words(status: int, words: str) -> None:
    command = ("/opt/gcloud/bin/gcloud", "auth", "login", "--no-launch-browser")
    assert how_it_ended(command, status) == words
