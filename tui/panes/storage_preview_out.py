"""A preview's text in the pager that the user has, as a copy that nothing is written back from."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from textual.app import App, SuspendNotSupported

from tui.domain.text import printable
from tui.services.foreground import run_in_front
from tui.services.handout import cleaned
from tui.services.secrets import stored_values
from tui.widgets.echo import quiet_terminal

_READ_ONLY = {"vi": "-R", "vim": "-R", "nvim": "-R", "view": "-R", "nano": "-v", "micro": "-readonly=true"}
"""How an editor is told to change nothing."""


def reader_command(environ: Mapping[str, str]) -> list[str]:
    """The program to read with: $PAGER, else less, else the editor, which is told to change nothing."""
    if pager := environ.get("PAGER"):
        return shlex.split(pager)
    if found := next((name for name in ("less", "more") if shutil.which(name)), ""):
        return [found]
    editor = shlex.split(environ.get("VISUAL") or environ.get("EDITOR") or "vi")
    option = _READ_ONLY.get(Path(editor[0]).name) if editor else None
    return [*editor, option] if option else editor


async def open_text(app: App[object], name: str, text: str, secrets_file: Path) -> str:
    """Show a text in the user's pager; what went wrong in words, or an empty string.

    The copy is private, cannot be written, holds no secret that the app keeps, and is gone afterwards.
    """
    try:
        command = reader_command(os.environ)
    except ValueError as error:
        return f"✗ $PAGER cannot be read: {error}."
    with tempfile.TemporaryDirectory() as folder:
        try:
            path = await asyncio.to_thread(_write, Path(folder), name, text, secrets_file)
        except OSError as error:
            return f"✗ Not opened: {printable(str(error))}"
        async with quiet_terminal(app):
            return _run(app, [*command, str(path)])


def _write(folder: Path, name: str, text: str, secrets_file: Path) -> Path:
    safe = "".join(letter if letter.isalnum() or letter in "._-" else "_" for letter in name)[-60:]
    path = folder / (safe.lstrip(".-") or "preview")
    path.write_text(cleaned(text, stored_values(secrets_file)), encoding="utf-8")
    path.chmod(0o400)
    return path


def _run(app: App[object], command: list[str]) -> str:
    failure: OSError | None = None
    try:
        with app.suspend():  # an exception in here would leave the terminal to nobody
            try:
                run_in_front(command)
            except OSError as error:
                failure = error
    except SuspendNotSupported:
        return "No pager can be opened from here: this is no terminal of its own. y copies."
    if failure is not None:
        return f"✗ {printable(command[0])} cannot be started: {failure.strerror or failure}."
    return ""
