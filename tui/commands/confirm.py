"""The one question before something is changed: it lists everything, and silence is no."""

from __future__ import annotations

import signal
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import click

from tui.cli_common import CommandLineError
from tui.commands.exits import Exit
from tui.commands.output import is_terminal, note, progress_done, safe

yes_option = click.option("--yes", is_flag=True, help="Do not ask; what is done is listed all the same.")
"""For every command that asks."""


def confirm(question: str, lines: Sequence[str], *, yes: bool) -> None:
    """List what will be changed on stderr and go on only after a yes.

    Args:
        question: in one line, such as `Delete these 2 jobs?`.
        lines: everything that will be changed, as the user knows it.
        yes: whether `--yes` was given.

    Raises:
        CommandLineError: nobody is there to ask (status 2), or the answer is no (status 1).
    """
    if not yes:
        must_ask(question)
    for line in lines:
        note(f"  {safe(line)}")
    if not yes and not _answer(question):
        raise CommandLineError("nothing was changed", Exit.FAILED)


def confirm_typed(question: str, lines: Sequence[str], name: str, *, yes: bool) -> None:
    """As `confirm`, for what is dangerous: only typing `name` goes on; where it is empty a yes does.

    Raises:
        CommandLineError: as `confirm`.
    """
    if not name or yes:
        confirm(question, lines, yes=yes)
        return
    must_ask(question)
    for line in lines:
        note(f"  {safe(line)}")
    _forget_typed()
    if _said(f"{question} Type {name} to go on: ").strip() != name:
        raise CommandLineError("nothing was changed", Exit.FAILED)


def must_ask(why: str) -> None:
    """Refuse to begin what nobody could answer for.

    Raises:
        CommandLineError: stdin or stderr is no terminal (status 2).
    """
    if not (is_terminal(sys.stdin) and is_terminal(sys.stderr)):
        raise CommandLineError(
            f"{safe(why)} Nobody is there to answer; run it on a terminal, or say --yes to go on without a"
            " question",
            Exit.MISUSED,
        )


def _answer(question: str) -> bool:
    _forget_typed()
    while True:
        said = _said(f"{question} [y/N] ")
        if not said:
            return False
        if said.strip().lower() in ("y", "yes"):
            return True
        if said.strip().lower() in ("", "n", "no"):
            return False
        note("Answer y or n.")


def _said(prompt: str) -> str:
    """What is typed after a prompt, with the end of its line; empty if the input ended before that."""
    progress_done()
    sys.stderr.write(safe(prompt))
    sys.stderr.flush()
    with _interruptible():
        said = sys.stdin.readline()
    if said.endswith("\n"):
        return said
    note("")
    return ""


def _forget_typed() -> None:
    """What was typed before a question answers nothing."""
    with suppress(OSError, ValueError, termios.error):
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let ctrl+c end a read from the terminal; asyncio's own handler would wait for its end."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
