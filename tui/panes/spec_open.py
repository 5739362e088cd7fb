"""Opens files in the Spec pane, and puts back the unsaved texts that were kept of them."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from tui.domain.secrets import refill
from tui.panes.spec_buffer import Buffer, new_buffer, open_buffer
from tui.panes.spec_seek import SpecSeek
from tui.services.handover import LeftOver
from tui.services.journal import Unsaved
from tui.services.options import AppOptions
from tui.services.specfile import SpecFileError
from tui.widgets.state_view import local_clock


class SpecOpen(SpecSeek):
    """A kept text comes back whatever has become of its file."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._left: list[Unsaved] = []
        """Unsaved texts that can be put back."""
        self._unread: list[LeftOver] = []
        """What editors left that cannot be read."""
        self._begun = False
        """Whether the file that the app was started with, if any, has been opened."""

    def find_kept(self) -> tuple[list[Unsaved], list[LeftOver]]:
        """The kept texts on disk, and what editors left that cannot be read.

        A text that was in the user's editor is offered like any other.
        """
        unread = []
        for left in self._lent.left_over():
            if left.trouble:
                unread.append(left)
                continue
            with suppress(OSError):  # it stays where it is until the disk takes it
                self._journal.write(str(left.folder), left.path, left.text, digest=left.base)
                self._lent.forget(left)
        return self._journal.leftovers(), unread

    async def open_file(self, path: Path, *, may_be_new: bool = False) -> None:
        """Open a spec file, or go to it if it is open; unsaved text of it is put back, undoable.

        With `may_be_new` a file that is not there is begun.
        """
        if self._go_to_open(str(path.absolute())):  # noqa: ASYNC240 (does not look at the disk)
            return
        try:
            buffer = await asyncio.to_thread(open_buffer, path, may_be_new=may_be_new)
        except SpecFileError as failure:
            self._say(failure.title, f"{failure.message} {failure.hint}", tone="error")
            return
        left = await asyncio.to_thread(self._journal.leftovers)
        await self._take_in(buffer, next((item for item in left if item.path == buffer.path), None))

    async def restore(self, kept: Unsaved) -> None:
        """Put back the very text that was chosen; if its file cannot be read, as one to be saved there."""
        if kept.path is None:
            await self._take_in(Buffer(""), kept)
            return
        try:
            buffer = await asyncio.to_thread(open_buffer, kept.path, may_be_new=True)
        except SpecFileError as failure:
            await self._take_in(new_buffer(kept.path), kept, f"{failure}")
        else:
            await self._take_in(buffer, kept)

    async def _take_in(self, buffer: Buffer, kept: Unsaved | None, trouble: str = "") -> None:
        """Show a text that was just read, and the kept text in it; `trouble` is about its file."""
        if self._go_to_open(buffer.key) and self._buffer is not None:  # opened twice at a time
            buffer = self._buffer
        if kept is not None:
            text = await asyncio.to_thread(refill, kept.text, buffer.base)
            self._show_buffer(buffer)
            await self._put_back(buffer, kept, text, trouble)
        else:
            self._show_buffer(buffer)
            if buffer.file is None and buffer.named:
                words = "ctrl+n begins with a template, ctrl+s writes it."
                self._say(f"{buffer.title} is a new file", words)
        if buffer.path is not None:
            await self.note_open(buffer.path).wait()
        if buffer.others is not None and kept is None:
            since = local_clock(buffer.others)[:5]
            words = "Whoever saves second is asked first."
            self._say(f"{buffer.title} is also open in another session since {since}", words, tone="warning")

    def _go_to_open(self, key: str) -> bool:
        buffer = next((item for item in self._buffers if item.key == key), None)
        if buffer is not None and buffer is not self._buffer:
            self._show_buffer(buffer)
        return buffer is not None

    async def _put_back(self, buffer: Buffer, kept: Unsaved, text: str, trouble: str) -> None:
        """Show the text that was kept, and keep it under this session's name before the old one goes."""
        self._swap(text)
        when = f"{kept.saved_at.astimezone():%d %b} {local_clock(kept.saved_at)[:5]}"
        words, changed = "ctrl+z shows what the file holds.", buffer.came_from(kept.digest)
        if trouble:
            words = f"{trouble} ctrl+s asks before it writes there."
        elif changed:
            words = (
                f"But {buffer.title} was changed by another program since: alt+d shows the difference,"
                " alt+r takes what the file holds, ctrl+s asks before it writes over that."
            )
        tone = "warning" if trouble or changed else ""
        self._say(f"Your unsaved text from {when} is back", words, tone=tone)
        self._outside_changed(buffer)
        if await self._keeper.keep(buffer):
            self._journal.forget(kept)
            if buffer in self._buffers:
                await self._keeper.keep(buffer)
