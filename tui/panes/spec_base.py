"""What every part of the Spec pane stands on: the open texts, the notice, and what keeps typed text."""

from __future__ import annotations

from contextlib import suppress
from itertools import count

from textual import on
from textual.content import Content
from textual.widgets import Static, TextArea

from tui.domain.text import middle_cut, printable
from tui.panes.base import Pane
from tui.panes.messages import PaneId
from tui.panes.spec_buffer import Buffer
from tui.panes.spec_editor import SpecEditor
from tui.services.handover import HandOver
from tui.services.journal import Journal
from tui.services.keeper import Keeper
from tui.services.open_files import OpenFiles
from tui.services.options import AppOptions
from tui.services.recent import RecentFiles

_TAB = 24
"""Columns that a file's name may take in the line of open files."""


class SpecBase(Pane):
    """Several texts, one of them in the editor."""

    PANE_ID = PaneId.SPEC

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._buffers: list[Buffer] = []
        self._buffer: Buffer | None = None
        """The one in the editor."""
        self._journal = Journal(options.paths.journals_dir)
        self._keeper = Keeper(self._journal, self._cannot_keep)
        self._recent = RecentFiles(options.paths.state_dir)
        self._open_files = OpenFiles(options.paths.state_dir)
        self._lent = HandOver(options.paths.state_dir)
        self._said_unkept = False
        self.editor = SpecEditor(id="spec-editor")
        """Kept here, because at the very end the text is written when no query finds it any more."""

    def on_unmount(self) -> None:
        """Whatever ends the app, what was typed stays."""
        self._keeper.close(self._buffers)
        with suppress(OSError):  # a note of a process that has ended counts for nothing
            self._open_files.note(())

    @property
    def unsaved(self) -> bool:
        """Whether the text differs from its file."""
        return self._buffer is not None and self._buffer.unsaved

    @property
    def any_unsaved(self) -> bool:
        """Whether one of the open texts differs from its file."""
        return any(buffer.unsaved for buffer in self._buffers)

    def text_switched(self) -> None:
        """Another text is in the editor now, or none: what is known of the one before counts no more."""

    # Texts

    def _show_buffer(self, buffer: Buffer) -> None:
        """Put a text into the editor; the one before stays open, with its history and its place."""
        if self._buffer is not None and self._buffer in self._buffers:
            self.editor.put_aside(self._buffer.state)
            self._keeper.soon(self._buffer)
        if buffer not in self._buffers:
            taken = {other.number for other in self._buffers if other.path is None}
            buffer.number = next(number for number in count(1) if number not in taken)
            self._buffers.append(buffer)
        self._buffer = buffer
        self._say("")
        self.add_class("open")
        self.editor.take_up(buffer.state)
        self.editor.focus()
        self._switched()

    def _swap(self, text: str) -> None:
        """Put another text in the place of the one in the editor, as a change that can be undone."""
        if text != self.editor.text:
            self.editor.swap_text(text)
            self.text_switched()

    def _switched(self) -> None:
        self.text_switched()
        self.show_titles()
        self.refresh_bindings()

    @on(TextArea.Changed, "#spec-editor")
    def _keep_later(self) -> None:
        if self._buffer is not None:
            self._keeper.changed(self._buffer)

    def _cannot_keep(self, failure: OSError) -> None:
        """Say once that typed text is only in memory; saying it at every key would hide all else."""
        if not self._said_unkept:
            self._said_unkept = True
            reason = f"{failure.strerror or failure}. Save it with ctrl+s, or elsewhere with ctrl+t."
            self.app.call_later(self._say, "Unsaved text cannot be kept", reason, tone="error")

    # What is shown

    def show_titles(self) -> None:
        """Show the file's name, marked while it is unsaved, and the other open files."""
        buffer = self._buffer
        if buffer is None:
            return
        mark = " ●" if buffer.unsaved else ""
        title = " · ".join([f"{printable(buffer.title)}{mark}", *buffer.notes])
        hint = "esc leaves the editor" if self.editor.has_focus else "i edits"
        if (str(self.editor.border_title), str(self.editor.border_subtitle)) != (title, hint):
            self.editor.border_title, self.editor.border_subtitle = Content(title), Content(hint)
        self._show_files()

    def _show_files(self) -> None:
        """One line with all open files, when there are several."""
        line = self.query_one("#spec-files", Static)
        several = len(self._buffers) > 1
        line.set_class(not several, "hidden")
        if several:
            text = self._files_line(max(self.size.width - 2, 20))
            if line.content != text or getattr(line.content, "spans", None) != text.spans:
                line.update(text)

    def _files_line(self, width: int) -> Content:
        """All of them, or as many as fit, with the one in the editor among them."""
        words = [self._file_word(buffer) for buffer in self._buffers]
        place = next((n for n, buffer in enumerate(self._buffers) if buffer is self._buffer), 0)
        first = 0
        while first < place and sum(word.cell_length + 2 for word in words[first : place + 1]) > width:
            first += 1
        return Content("  ").join([Content("…"), *words[first:]] if first else words)

    def _file_word(self, buffer: Buffer) -> Content:
        name = middle_cut(printable(buffer.title), _TAB) + (" ●" if buffer.unsaved else "")
        if buffer is self._buffer:
            return Content.styled(f"[{name}]", "$accent bold")
        return Content.styled(f" {name} ", "$text-muted")

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
