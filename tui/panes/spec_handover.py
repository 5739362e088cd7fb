"""Gives the text to the user's own editor and takes it back as one change."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import SuspendNotSupported
from textual.binding import Binding, BindingType

from tui.panes.spec_buffer import Buffer
from tui.panes.spec_disk import SpecDisk
from tui.services.foreground import how_it_ended, run_in_front
from tui.services.handover import NoEditorError, editor_command
from tui.services.paths import show_path
from tui.services.specfile import SpecFile, SpecFileError, read_again, read_spec

_TAKES_A_LINE = frozenset(
    {"vi", "vim", "nvim", "view", "nano", "pico", "emacs", "emacsclient", "micro", "kak", "jed", "joe", "ne"}
)
"""Editors that go to a line given as `+12`."""


class SpecHandover(SpecDisk):
    """A saved file is edited itself; any other text in a private file that is removed afterwards."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "alt+e",
            "external_editor",
            "Your editor",
            id="spec.external",
            show=False,
            tooltip="Edit the text in $VISUAL or $EDITOR; what you write there comes back as one change",
        ),
    ]

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A text is needed."""
        if action == "external_editor":
            return self._buffer is not None
        return super().check_action(action, parameters)

    @work(exclusive=True, group="handover", exit_on_error=False)
    async def action_external_editor(self) -> None:
        """Hand the text over; while it is out, nothing else happens here."""
        buffer = self._buffer
        if buffer is None:
            return
        try:
            command = editor_command(os.environ)
        except NoEditorError as failure:
            self._say(failure.title, f"{failure.hint}.", tone="error")
            return
        await self._keeper.keep(buffer)
        try:
            if buffer.file is not None and not buffer.unsaved and buffer.outside is None:
                await self._edit_file(buffer, buffer.file, command)
            else:
                await self._edit_copy(buffer, command)
        except SpecFileError as failure:
            self._say(failure.title, f"{failure.message} Your text is as it was.", tone="error")
        except OSError as failure:
            self._say("The text cannot be handed over", f"{failure.strerror or failure}.", tone="error")
        self.show_titles()

    async def _edit_file(self, buffer: Buffer, file: SpecFile, command: Sequence[str]) -> None:
        trouble = self._run(command, file.path)
        if trouble is None:
            return
        with _named(file.path):
            now = await asyncio.to_thread(read_again, file)
        if now is None:
            self._see(buffer, file, now)
        else:
            self._take_file(buffer, now, now.text)
            await self._come_back(buffer, now.text, command, trouble)

    async def _edit_copy(self, buffer: Buffer, command: Sequence[str]) -> None:
        name = buffer.suggested.name or "vertex_job.yaml"
        with self._lent.lend(buffer.text, name, buffer.path, buffer.digest) as loan:
            trouble = self._run(command, loan.file)
            if trouble is None:
                return
            with _named(loan.file):
                text = (await asyncio.to_thread(read_spec, loan.file)).text
            loan.taken = await self._come_back(buffer, text, command, trouble)

    async def _come_back(self, buffer: Buffer, text: str, command: Sequence[str], trouble: str) -> bool:
        """Take what was written even from an editor that failed: it can be undone, not typed again.

        Whether it is kept on disk now.
        """
        name = Path(command[0]).name
        if buffer is not self._buffer:  # another was taken to the front while the file was read
            if buffer not in self._buffers:
                return False
            self._show_buffer(buffer)
        if text != buffer.text:
            self._swap(text)
            words = f"{trouble}. " if trouble else ""
            tone = "warning" if trouble else "success"
            self._say(f"The text is back from {name}", f"{words}ctrl+z shows what it was before.", tone=tone)
            return await self._keeper.keep(buffer)
        if trouble:
            self._say(trouble, "Your text is as it was.", tone="warning")
        else:
            words = "If it is still open elsewhere, use one that waits, such as “code --wait”."
            self._say(f"{name} changed nothing", words)
        return True

    def _run(self, command: Sequence[str], file: Path) -> str | None:
        """Put the app aside and wait for the editor.

        Empty if all went well, else how it failed; None if it never ran, which has then been said.
        """
        line = f"+{self.editor.cursor_location[0] + 1}"
        words = [*command, *([line] if Path(command[0]).name in _TAKES_A_LINE else []), str(file)]
        failure: OSError | None = None
        status = 0
        try:
            with self.app.suspend():  # an exception in here would leave the terminal to nobody
                try:
                    status = run_in_front(words)
                except OSError as error:
                    failure = error
        except SuspendNotSupported:
            self._say("No editor can be opened from here", "This is no terminal of its own.", tone="error")
            return None
        if failure is not None:
            self._say(f"{command[0]} cannot be started", f"{failure.strerror or failure}.", tone="error")
            return None
        return how_it_ended(command, status) if status else ""


@contextmanager
def _named(file: Path) -> Iterator[None]:
    """Say where what cannot be read was left."""
    try:
        yield
    except SpecFileError as failure:
        where = f"{failure.message} What the editor wrote is kept in {show_path(file)}."
        raise SpecFileError(failure.title, where, failure.hint) from failure
