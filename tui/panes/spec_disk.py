"""The texts of the Spec pane and their files: saving, and what other programs do to them meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui.domain.spec.difference import difference
from tui.panes.spec_base import SpecBase
from tui.panes.spec_buffer import Buffer
from tui.panes.spec_dialogs import DifferenceScreen
from tui.panes.spec_path import PathScreen
from tui.services.options import AppOptions
from tui.services.processes import BEAT
from tui.services.specfile import (
    ChangedOnDiskError,
    SpecFile,
    SpecFileError,
    is_read_only,
    read_again,
    save_spec,
    save_spec_as,
)
from tui.widgets.confirm import ConfirmScreen, Question
from tui.widgets.state_view import local_clock

LOOK_EVERY = 2.0
"""Seconds between two looks at the open file's time and size."""


class SpecDisk(SpecBase):
    """Nothing is written over unasked, in either direction."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", id="spec.save", tooltip="Write the file"),
        Binding(
            "ctrl+t", "save_as", "Save as", id="spec.save_as", show=False, tooltip="Save under another name"
        ),
        Binding(
            "alt+r",
            "reload",
            "Reload",
            id="spec.reload",
            tooltip="Show the file as another program has written it; ctrl+z brings your text back",
        ),
        Binding(
            "alt+k",
            "keep_mine",
            "Keep mine",
            id="spec.keep",
            tooltip="Keep your text; saving it replaces what another program has written",
        ),
        Binding(
            "alt+d",
            "difference",
            "Difference",
            id="spec.difference",
            tooltip="Show how the file now differs from your text",
        ),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._seeing = False
        self._saving = asyncio.Lock()
        """One save at a time: the next is compared with what the one before has written."""
        self._declined = 0
        """How often the user did not want to write over something."""

    def start_looking(self) -> None:
        """Notice from now on what others do to the open file."""
        self.set_interval(LOOK_EVERY, self._look_outside)
        self.watch(self.app, "app_focus", self._look_outside, init=False)
        self.set_interval(BEAT, self._beat)

    @work(exclusive=True, group="beat", exit_on_error=False)
    async def _beat(self) -> None:
        """Sessions on other hosts with the same home see by it that this one lives."""
        await self._keeper.touch()
        await asyncio.to_thread(self._open_files.touch)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is there to be done about a file depends on the file."""
        if action in ("reload", "keep_mine", "difference"):
            return self._buffer is not None and self._buffer.outside is not None
        if action in ("save", "save_as"):
            return self._buffer is not None
        return super().check_action(action, parameters)

    # Saving

    @work(group="save", exit_on_error=False)
    async def action_save(self) -> None:
        """Write the file; a text without one asks for a name."""
        buffer, declined = self._buffer, self._declined
        if buffer is None:
            return
        async with self._saving:
            if declined == self._declined:  # else the user has said no while this key press waited
                await self._save(buffer)

    @work(group="save", exit_on_error=False)
    async def action_save_as(self) -> None:
        """Ask for a name and write the text there."""
        buffer = self._buffer
        if buffer is not None and not self._saving.locked():
            async with self._saving:
                await self._save_as(buffer)

    async def _save(self, buffer: Buffer) -> None:
        file, path = buffer.file, buffer.path
        if file is not None:
            await self._write(
                buffer, lambda text, force: save_spec(file, text, force=force), force=buffer.gone
            )
        elif path is not None:
            await self._write(
                buffer, lambda text, force: save_spec_as(path, text, replace=force), force=False
            )
        else:
            await self._save_as(buffer)

    async def _save_as(self, buffer: Buffer) -> None:
        path = await self.app.push_screen_wait(PathScreen("Save as", str(buffer.suggested), existing=False))
        if path is None:
            return
        if any(other.key == str(path) for other in self._buffers if other is not buffer):
            self._say(
                f"{path.name} is open here as well", "Close it first, or take another name.", tone="error"
            )
            return
        await self._write(buffer, lambda text, force: save_spec_as(path, text, replace=force), force=False)

    async def _write(self, buffer: Buffer, write: Callable[[str, bool], SpecFile], *, force: bool) -> None:
        text = buffer.text
        try:
            saved = await asyncio.to_thread(write, text, force)
        except ChangedOnDiskError as changed:
            if await self._write_over(changed, buffer):
                await self._write(buffer, write, force=True)
        except SpecFileError as failure:
            self._say(failure.title, f"{failure.message} {failure.hint}", tone="error")
        else:
            self._saved(buffer, saved, text)

    async def _write_over(self, failure: SpecFileError, buffer: Buffer) -> bool:
        lines = [failure.message]
        if buffer.others is not None:
            lines.append(f"Another session has it open since {local_clock(buffer.others)[:5]}.")
        question = Question(f"{failure.title}. Write over it?", lines, "Write over it", danger=True)
        answer = await self.app.push_screen_wait(ConfirmScreen(question))
        self._declined += not answer
        return answer

    def _saved(self, buffer: Buffer, saved: SpecFile, text: str) -> None:
        self._keeper.forget(buffer.key)
        self._take_file(buffer, saved, text)
        buffer.suggested, buffer.key = saved.path, str(saved.path)
        buffer.read_only = False
        self._keeper.changed(buffer)  # a key may have been pressed while the file was written
        self._say(f"Saved {saved.path.name}", tone="success")
        self.show_titles()
        self.refresh_bindings()
        self.note_open(saved.path)

    def _take_file(self, buffer: Buffer, file: SpecFile, text: str) -> None:
        """From now on the text is compared with this file, which holds `text`."""
        buffer.file, buffer.base = file, text
        buffer.outside, buffer.gone = None, False

    @work(group="note", exit_on_error=False)
    async def note_open(self, path: Path | None = None) -> None:
        """Remember an opened file, tell other sessions what is open here, and learn what they have open."""
        try:
            await asyncio.to_thread(self._note, path)
        except OSError:
            return  # no list and no warning is all that is lost; typed text has its own message
        self.show_titles()

    def _note(self, path: Path | None) -> None:
        if path is not None:
            self._recent.add(path)
        paths = [buffer.path for buffer in self._buffers if buffer.path is not None]
        self._open_files.note(paths)
        for buffer in self._buffers:
            buffer.others = self._open_files.others(buffer.path) if buffer.path is not None else None

    # What others do to the file

    def _look_outside(self) -> None:
        """Look at the file in the editor, unless the look before has not come back yet."""
        if self.display and self._buffer is not None and self._buffer.file is not None and not self._seeing:
            self._seeing = True
            self.look_now(self._buffer, self._buffer.file)

    @work(group="outside", exit_on_error=False)
    async def look_now(self, buffer: Buffer, file: SpecFile) -> None:
        """Notice whether the file was changed, removed, or made read-only."""
        try:
            now = await asyncio.to_thread(read_again, buffer.outside or file)
            read_only = await asyncio.to_thread(is_read_only, file.path)
        except SpecFileError as failure:
            if not buffer.gone and buffer.file is file:
                buffer.gone = True
                self._say(failure.title, f"{failure.message} Your text is kept.", tone="warning")
                self._outside_changed(buffer)
            return
        finally:
            self._seeing = False
        if buffer.file is file and not self._saving.locked():
            known = None if buffer.gone else buffer.outside or file
            if now is not known:
                self._see(buffer, file, now)
            if buffer.read_only != read_only:
                buffer.read_only = read_only
                self.show_titles()

    def _see(self, buffer: Buffer, file: SpecFile, now: SpecFile | None) -> None:
        """Say what became of the file, if it matters."""
        name = file.path.name
        if now is None:
            buffer.gone, buffer.outside = True, None
            self._say(f"{name} was removed", "Your text is kept; ctrl+s writes it again.", tone="warning")
        elif now.digest == file.digest or now.text == buffer.text:
            back = buffer.gone or buffer.outside is not None
            self._take_file(buffer, now, now.text)
            if back:
                became = "is as it was" if now.digest == file.digest else "holds this text now"
                self._say(f"{name} {became}")
        else:
            buffer.outside, buffer.gone = now, False
            words = "alt+r reloads it, alt+k keeps your text, alt+d shows the difference."
            self._say(f"{name} was changed by another program", words, tone="warning")
        self._outside_changed(buffer)

    def _outside_changed(self, buffer: Buffer) -> None:
        """A text whose file is gone is nowhere else: keep it."""
        self._keeper.changed(buffer)
        self.show_titles()
        self.refresh_bindings()

    def action_reload(self) -> None:
        """Take what the file holds now, as a change that can be undone."""
        buffer = self._buffer
        if buffer is None or buffer.outside is None:
            return
        now = buffer.outside
        self._take_file(buffer, now, now.text)
        self._swap(now.text)
        self._say(f"{now.path.name} was read again", "ctrl+z brings back what was here.", tone="success")
        self._outside_changed(buffer)

    def action_keep_mine(self) -> None:
        """Keep the text; it counts as changed against what the file holds now."""
        buffer = self._buffer
        if buffer is None or buffer.outside is None:
            return
        now = buffer.outside
        self._take_file(buffer, now, now.text)
        self._say("Your text is kept", f"ctrl+s writes it over what {now.path.name} holds now.")
        self._outside_changed(buffer)

    @work(exclusive=True, group="difference", exit_on_error=False)
    async def action_difference(self) -> None:
        """Show what another program has changed, of the texts as they are by then."""
        while (buffer := self._buffer) is not None and (outside := buffer.outside) is not None:
            text = buffer.text
            lines = await asyncio.to_thread(difference, text, outside.text)
            if buffer is self._buffer and text == buffer.text and outside is buffer.outside:
                self.app.push_screen(DifferenceScreen(buffer.title, lines))
                return
