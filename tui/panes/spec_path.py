"""Asks for a file: typed, completed, or found by going through folders."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.domain.text import age, cell_width, middle_cut, printable, size
from tui.panes.spec_lists import dialog_room
from tui.services.folders import Entry, Listing, look_in, meant_path, split_path
from tui.widgets.type_ahead import AnswerScreen


class PathScreen(AnswerScreen[Path | None]):
    """Asks for a file: typed, completed with tab, or chosen from the list, which filters as one types."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="path.cancel"),
        Binding("down,ctrl+n", "move(1)", "Next", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "Previous", show=False, priority=True),
        Binding("pagedown", "move(10)", "Ten down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Ten up", show=False, priority=True),
        Binding("tab", "complete", "Complete", id="path.complete", priority=True),
        Binding("alt+up", "parent", "Folder above", id="path.parent", priority=True),
        Binding("alt+h", "everything", "All files", id="path.everything", priority=True),
    ]

    def __init__(self, title: str, text: str, *, existing: bool) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._existing = existing
        self._listing = Listing()
        self._everything = False
        self._moved = False
        self._matched = ""
        """The text that the list was made for."""

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = "enter takes it · tab completes · alt+↑ up · alt+h all files · esc"
            yield Input(
                self._text, id="path-input", classes="dialog-input", compact=True, select_on_focus=False
            )
            listed = OptionList(id="path-list", compact=True)
            listed.can_focus = False
            yield listed
            yield Static(id="path-note")

    def on_mount(self) -> None:
        """Begin at the end of the text."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()
        field.cursor_position = len(field.value)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        """A second root or home in the text begins anew, so that a whole path can be typed over the offer."""
        meant = meant_path(event.value)
        if meant != event.value:
            self._fill_field(meant)
        else:
            self._look(event.value)

    @work(exclusive=True, group="paths", exit_on_error=False)
    async def _look(self, text: str) -> None:
        """List what the text may mean."""
        await self._list(text)

    async def _list(self, text: str) -> None:
        """Read the folder off the loop."""
        listing = await asyncio.to_thread(look_in, text, everything=self._everything)
        self._listing, self._matched, self._moved = listing, text, False
        room = dialog_room(self.app.size.width)
        listed = self.query_one(OptionList)
        listed.set_options([Option(_row(entry, room)) for entry in listing.entries])
        if self._existing and listing.entries and text and not text.endswith("/"):
            listed.highlighted = 0
        self.query_one("#path-note", Static).update(Content.styled(self._note(), "$text-muted"))

    def _note(self) -> str:
        """Why the list is as it is."""
        if self._listing.trouble:
            return self._listing.trouble
        shown = "all files" if self._everything else "folders, YAML and JSON files"
        if not self._listing.entries:
            return f"Nothing here fits ({shown})." if self._existing else f"A new file ({shown} are listed)."
        more = self._listing.left_out
        return f"{more} more: type a letter of the name." if more else f"{shown} are listed"

    def action_everything(self) -> None:
        """Show hidden names and files of other kinds as well, or no longer."""
        self._everything = not self._everything
        self._look(self.query_one(Input).value)

    def action_parent(self) -> None:
        """Go to the folder above."""
        folder, _ = split_path(self.query_one(Input).value)
        above = folder.absolute().parent
        self._fill_field(f"{above}/" if above.name else "/")

    def action_move(self, step: int) -> None:
        """Move in the list without leaving the field."""
        listed = self.query_one(OptionList)
        count = listed.option_count
        if not count:
            return
        before = listed.highlighted
        if abs(step) == 1:
            listed.highlighted = ((before if before is not None else -1) + step) % count
        else:
            listed.highlighted = min(max((before or 0) + step, 0), count - 1)
        self._moved = True

    def action_complete(self) -> None:
        """Take the marked or first entry into the field."""
        index = self.query_one(OptionList).highlighted or 0
        if index < len(self._listing.entries):
            self._take_into_field(self._listing.entries[index].path)

    def _take_into_field(self, path: Path) -> None:
        self._fill_field(f"{path}/" if path.is_dir() else str(path))

    def _fill_field(self, text: str) -> None:
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)

    @on(Input.Submitted)
    @work(exclusive=True, group="entered", exit_on_error=False)
    async def _entered(self, event: Input.Submitted) -> None:
        """Take the typed path, or the entry that is marked for it; a folder is entered."""
        text = event.value
        if text.strip():
            if self._matched != text:
                await self._list(text)
            typed = await asyncio.to_thread(Path(text).expanduser)
            index = self.query_one(OptionList).highlighted
            if index is not None and (self._moved or (self._existing and not typed.is_file())):
                typed = self._listing.entries[index].path
            self._take(typed)
        self.stays()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._take(self._listing.entries[event.option_index].path)

    def _take(self, path: Path) -> None:
        if path.is_dir():
            self._take_into_field(path)
        else:
            self.dismiss(path.absolute())


def _row(entry: Entry, room: int) -> Content:
    """The name, and at the right how large and how old."""
    name = printable(entry.path.name) + ("/" if entry.is_folder else "")
    if entry.is_folder:
        return Content.styled(middle_cut(name, room), "bold")
    facts = ""
    if entry.modified is not None:
        old = (datetime.now(UTC) - entry.modified).total_seconds()
        facts = f"{size(entry.size):>10}  {age(old):>5}"
    name = middle_cut(name, room - len(facts) - 1)
    gap = " " * (room - len(facts) - cell_width(name))
    return Content.assemble(name, gap, facts)
