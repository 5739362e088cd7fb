"""Runs a program that needs the terminal for itself, e.g. a login that asks questions."""

from __future__ import annotations

import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TextIO


def run_in_front(command: Sequence[str]) -> int:
    """Run a program on the terminal, wait for it, and give its exit status; call with the app suspended.

    The program gets the real terminal even though descriptor 2 is the debug log while the app runs. When
    it fails, the user reads why before going on.

    Raises:
        OSError: the program cannot be started.
    """
    terminal: TextIO = sys.__stderr__ or sys.stderr
    with _interrupts_for_the_child():
        print(f"\n$ {shlex.join(command)}\n", file=terminal, flush=True)
        status = subprocess.run(  # noqa: S603 (the command that the user has just confirmed)
            list(command), stdin=0, stdout=terminal.fileno(), stderr=terminal.fileno(), check=False
        ).returncode
        if status:
            print(f"\n{how_it_ended(command, status)}. Enter goes back.", file=terminal, flush=True)
            _wait_for_enter()
    return status


def how_it_ended(command: Sequence[str], status: int) -> str:
    """In words, e.g. `gcloud auth login ended with status 1`."""
    name = " ".join([Path(command[0]).name, *(word for word in command[1:] if not word.startswith("-"))])
    if status < 0:
        known = {number.value: number.name for number in signal.Signals}
        return f"{name} was ended by {known.get(-status, f'signal {-status}')}"
    return f"{name} ended with status {status}" if status else f"{name} is done"


def _wait_for_enter() -> None:
    """Until a line or the end of the input."""
    stdin = sys.__stdin__
    if stdin is not None:
        stdin.readline()


@contextmanager
def _interrupts_for_the_child() -> Iterator[None]:
    """Let ctrl+c end the program alone; a handler, unlike ignoring, is not passed on to it."""

    def nothing(_number: int, _frame: FrameType | None) -> None:
        return

    before = signal.signal(signal.SIGINT, nothing)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
