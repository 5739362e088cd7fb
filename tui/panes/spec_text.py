"""The text of the Spec pane: opened, kept through crashes, saved; `tui/panes/spec.py` knows what it means."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.timer import Timer
from textual.widgets import Static, TextArea

from tui.domain.secrets import refill
from tui.domain.spec.templates import CPU_JOB
from tui.domain.text import printable
from tui.panes.base import Pane
from tui.panes.messages import PaneId
from tui.panes.spec_buffer import EXAMPLE, Buffer, open_buffer
from tui.panes.spec_dialogs import PathScreen
from tui.panes.spec_editor import SpecEditor
from tui.panes.spec_lists import Choice, ProblemList, Welcome
from tui.services.journal import Journal, Unsaved
from tui.services.options import AppOptions
from tui.services.specfile import ChangedOnDiskError, SpecFile, SpecFileError, save_spec, save_spec_as
from tui.widgets.confirm import ConfirmScreen, Question
from tui.widgets.state_view import local_clock

JOURNAL_DELAY = 0.8
"""Seconds after which changed text is on disk, at most."""


class SpecTextPane(Pane):
    """An editor with one text in it, or the ways to begin."""

    PANE_ID = PaneId.SPEC
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", id="spec.save", tooltip="Write the file"),
        Binding("ctrl+o", "open", "Open", id="spec.open", tooltip="Open another spec file"),
        Binding("i", "edit", "Edit", id="spec.edit", tooltip="Go back into the editor"),
        Binding(
            "ctrl+t", "save_as", "Save as", id="spec.save_as", show=False, tooltip="Save under another name"
        ),
        Binding("ctrl+n", "new", "New spec", id="spec.new", show=False, tooltip="Begin a new spec"),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._buffer: Buffer | None = None
        self._journal = Journal(options.paths.journals_dir)
        self._journal_timer: Timer | None = None
        self._left: list[Unsaved] = []
        self.editor = SpecEditor(id="spec-editor")
        """Kept here, because at the very end the text is written when no query finds it any more."""

    def compose(self) -> ComposeResult:
        with Vertical(id="spec-welcome", classes="box") as welcome:
            welcome.border_title = "Spec"
            yield Static(
                "A job spec says what Vertex AI runs for you, and on which machines. "
                "Write it here, see what is wrong with it while you type, and start the job.",
                id="spec-about",
            )
            yield Welcome(id="spec-choices")
        with Vertical(id="spec-work"):
            yield self.editor
            yield ProblemList(id="spec-problems")
        yield Static(id="spec-notice", classes="hidden")

    async def on_mount(self) -> None:
        """Open what the app was started with, or say how to begin."""
        self._left = await asyncio.to_thread(self._journal.leftovers)
        self._show_welcome()
        if self.options.spec is not None:
            await self.open_file(self.options.spec)

    def on_unmount(self) -> None:
        """Whatever ends the app, what was typed stays."""
        self._keep_now()

    def pane_shown(self) -> None:
        """Focus the editor, or the ways to begin."""
        self.query_one("#spec-editor" if self._buffer else "#spec-choices").focus()

    def go_back(self) -> bool:
        """`esc` first leaves the editor."""
        if self.editor.has_focus:
            self.query_one(ProblemList).focus()
            return True
        return False

    @property
    def unsaved(self) -> bool:
        """Whether the text differs from its file."""
        return self._buffer is not None and self.editor.text != self._buffer.base

    # Beginning

    def _show_welcome(self) -> None:
        restore = tuple(
            Choice(
                "restore",
                f"Restore the unsaved text of {item.path.name if item.path else 'a new spec'}",
                f"from {item.saved_at.astimezone():%d %b %H:%M}" + (f", {item.path}" if item.path else ""),
                number=number,
            )
            for number, item in enumerate(self._left)
        )
        ways = (
            Choice(
                "example", "Open the example tiny-train", "a small real training that runs in seconds", "e"
            ),
            Choice("open", "Open a file …", "a CustomJobSpec as gcloud takes it, or a whole CustomJob", "o"),
            Choice("new", "Begin a new spec", "one CPU machine, ready to fill in", "n"),
        )
        self.query_one(Welcome).show((*restore, *ways))

    @on(Welcome.Chosen)
    async def _begin(self, message: Welcome.Chosen) -> None:
        choice = message.choice
        if choice.action == "restore":
            await self._restore(self._left[choice.number])
        else:
            await self.run_action(choice.action)

    @on(Welcome.Discarded)
    @work(exclusive=True, group="discard", exit_on_error=False)
    async def _discard(self, message: Welcome.Discarded) -> None:
        """Forget an unsaved text, if that is meant."""
        choice = message.choice
        question = Question(
            "Discard this unsaved text?", [choice.title, choice.about], "Discard", danger=True
        )
        if await self.app.push_screen_wait(ConfirmScreen(question)):
            self._journal.forget(self._left.pop(choice.number))
            self._show_welcome()

    async def action_example(self) -> None:
        """Open the example."""
        await self.open_file(EXAMPLE)

    def action_new(self) -> None:
        """Begin with a template."""
        self._adopt(Buffer(CPU_JOB))

    @work(exclusive=True, group="open", exit_on_error=False)
    async def action_open(self) -> None:
        """Ask for a file and open it."""
        folder = self._buffer.suggested.parent if self._buffer else Path.cwd()
        path = await self.app.push_screen_wait(PathScreen("Open a job spec", f"{folder}/", existing=True))
        if path is not None:
            await self.open_file(path)

    async def open_file(self, path: Path) -> None:
        """Open a spec file; unsaved text of it from before is put back, undoable."""
        try:
            buffer = await asyncio.to_thread(open_buffer, path)
        except SpecFileError as failure:
            self._say(failure.title, f"{failure.message} {failure.hint}", tone="error")
            return
        if self._buffer is not None and buffer.key == self._buffer.key and self.unsaved:
            self._say("This file is open already, with unsaved changes", "ctrl+s saves them.")
            return
        self._adopt(buffer)
        left = await asyncio.to_thread(self._journal.leftovers)
        mine = next((item for item in left if buffer.path is not None and item.path == buffer.path), None)
        if mine is not None:
            self._put_back(mine)

    async def _restore(self, unsaved: Unsaved) -> None:
        if unsaved.path is not None and unsaved.path.is_file():
            await self.open_file(unsaved.path)
            return
        suggested = unsaved.path or Path.cwd() / "vertex_job.yaml"
        self._adopt(Buffer("", suggested=suggested))
        self._put_back(unsaved)

    def _put_back(self, unsaved: Unsaved) -> None:
        """Show the text that was kept, and keep it under this session's name before the old one goes."""
        assert self._buffer is not None  # noqa: S101  # for the type checker: a buffer was just adopted
        self.editor.swap_text(refill(unsaved.text, self._buffer.base))
        when = f"{unsaved.saved_at.astimezone():%d %b} {local_clock(unsaved.saved_at)[:5]}"
        self._say(f"Your unsaved text from {when} is back", "ctrl+z shows what the file holds.")
        self._keep_now()
        self._journal.forget(unsaved)
        self._keep_now()

    def _adopt(self, buffer: Buffer) -> None:
        """Show a buffer; unsaved text of the one before stays in its journal."""
        if self.unsaved:
            self._keep_now()
            kept = self._buffer.title if self._buffer else ""
            self.app.notify(
                f"The unsaved text of {printable(kept)} is kept: open it again to have it back.", markup=False
            )
        self._buffer = buffer
        self._say("")
        self.add_class("open")
        self.editor.show_text(buffer.base)
        buffer.base = self.editor.text
        self.editor.focus()
        self.refresh_bindings()

    def action_edit(self) -> None:
        """Back into the editor."""
        self.editor.focus()

    @on(SpecEditor.Left)
    def _leave_editor(self) -> None:
        self.query_one(ProblemList).focus()

    # Kept through crashes

    @on(TextArea.Changed, "#spec-editor")
    def _keep_later(self) -> None:
        if self._buffer is not None and self._journal_timer is None:
            self._journal_timer = self.set_timer(JOURNAL_DELAY, self._keep_soon)

    @work(group="journal", exit_on_error=False)
    async def _keep_soon(self) -> None:
        """Write the journal in a thread; an edit meanwhile starts the next turn."""
        self._journal_timer = None
        if self._buffer is not None:
            await asyncio.to_thread(self._keep, self._buffer, self.editor.text)

    def _keep_now(self) -> None:
        """Write the journal before going on."""
        if self._journal_timer is not None:
            self._journal_timer.stop()
            self._journal_timer = None
        if self._buffer is not None:
            self._keep(self._buffer, self.editor.text)

    def _keep(self, buffer: Buffer, text: str) -> None:
        try:
            if text == buffer.base:
                self._journal.clear(buffer.key)
            else:
                self._journal.write(buffer.key, buffer.path, text)
        except OSError as failure:
            reason = f"{failure.strerror or failure}."
            self.app.call_later(self._say, "Unsaved text cannot be kept", reason, tone="error")

    # Saving

    @work(exclusive=True, group="save", exit_on_error=False)
    async def action_save(self) -> None:
        """Write the file; a text without one asks for a name."""
        if self._buffer is None:
            return
        if self._buffer.file is None:
            await self._save_as(self._buffer)
        else:
            await self._save(self._buffer, self._buffer.file)

    @work(exclusive=True, group="save", exit_on_error=False)
    async def action_save_as(self) -> None:
        """Ask for a name and write the text there."""
        if self._buffer is not None:
            await self._save_as(self._buffer)

    async def _save(self, buffer: Buffer, file: SpecFile, *, force: bool = False) -> None:
        text = self.editor.text
        try:
            saved = await asyncio.to_thread(save_spec, file, text, force=force)
        except ChangedOnDiskError as changed:
            if await self._write_over(changed):
                await self._save(buffer, file, force=True)
        except SpecFileError as failure:
            self._say(failure.title, f"{failure.message} {failure.hint}", tone="error")
        else:
            self._saved(buffer, saved, text)

    async def _save_as(self, buffer: Buffer) -> None:
        path = await self.app.push_screen_wait(PathScreen("Save as", str(buffer.suggested), existing=False))
        if path is not None:
            await self._write_to(buffer, path, replace=False)

    async def _write_to(self, buffer: Buffer, path: Path, *, replace: bool) -> None:
        text = self.editor.text
        try:
            saved = await asyncio.to_thread(save_spec_as, path, text, replace=replace)
        except ChangedOnDiskError as exists:
            if await self._write_over(exists):
                await self._write_to(buffer, path, replace=True)
        except SpecFileError as failure:
            self._say(failure.title, f"{failure.message} {failure.hint}", tone="error")
        else:
            self._journal.clear(buffer.key)
            buffer.key = str(path)
            self._saved(buffer, saved, text)

    async def _write_over(self, failure: SpecFileError) -> bool:
        question = Question(
            f"{failure.title}. Write over it?", [failure.message], "Write over it", danger=True
        )
        return await self.app.push_screen_wait(ConfirmScreen(question))

    def _saved(self, buffer: Buffer, saved: SpecFile, text: str) -> None:
        buffer.file = saved
        buffer.suggested = saved.path
        buffer.base = text
        self._journal.clear(buffer.key)
        self._say(f"Saved {saved.path.name}", tone="success")
        self.show_titles()

    def show_titles(self) -> None:
        """Show the file's name, marked while it is unsaved."""
        if self._buffer is not None:
            mark = " ●" if self.unsaved else ""
            self.editor.border_title = Content(f"{printable(self._buffer.title)}{mark}")
            self.editor.border_subtitle = "esc leaves the editor" if self.editor.has_focus else "i edits"

    def on_descendant_focus(self) -> None:
        """The title says how to leave or enter the editor."""
        self.show_titles()

    def _say(self, title: str, message: str = "", *, tone: str = "") -> None:
        """One notice between the text and its problems; empty takes it away."""
        notice = self.query_one("#spec-notice", Static)
        notice.set_class(not title, "hidden")
        glyph = {"success": "✓", "warning": "⚠", "error": "✗"}.get(tone, "·")
        colour = f"$text-{tone}" if tone else "$text-accent"
        text = Content.assemble((f"{glyph} ", colour), (printable(title), "bold"))
        if message.strip():
            text += Content(f". {printable(message.strip())}")
        notice.update(text)
