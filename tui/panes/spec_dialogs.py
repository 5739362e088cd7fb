"""The dialogs of the Spec pane: a path, a secret, the request that will be sent."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.domain.text import printable
from tui.services.specfile import matching_paths, meant_path


class PathScreen(ModalScreen[Path | None]):
    """Asks for a file: typed, completed with tab, or chosen from the list below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="path.cancel"),
        Binding("down,ctrl+n", "move(1)", "Next", show=False, priority=True),
        Binding("up,ctrl+p", "move(-1)", "Previous", show=False, priority=True),
        Binding("tab", "complete", "Complete", id="path.complete", priority=True),
    ]

    def __init__(self, title: str, text: str, *, existing: bool) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._existing = existing
        self._matches: tuple[Path, ...] = ()
        self._moved = False
        self._matched = ""
        """The text that the list was made for."""

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = "enter takes it · tab completes · esc cancels"
            yield Input(
                self._text, id="path-input", classes="dialog-input", compact=True, select_on_focus=False
            )
            listed = OptionList(id="path-list", compact=True)
            listed.can_focus = False
            yield listed

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
        matches = await asyncio.to_thread(matching_paths, text)
        self._matches, self._matched, self._moved = matches, text, False
        rows = [Option(Content(printable(path.name) + ("/" if path.is_dir() else ""))) for path in matches]
        listed = self.query_one(OptionList)
        listed.set_options(rows)
        if self._existing and matches and text and not text.endswith("/"):
            listed.highlighted = 0

    def action_move(self, step: int) -> None:
        """Move in the list without leaving the field."""
        listed = self.query_one(OptionList)
        if listed.option_count:
            before = listed.highlighted
            listed.highlighted = ((before if before is not None else -1) + step) % listed.option_count
            self._moved = True

    def action_complete(self) -> None:
        """Take the marked or first entry into the field."""
        index = self.query_one(OptionList).highlighted or 0
        if index < len(self._matches):
            self._take_into_field(self._matches[index])

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
        if not text.strip():
            return
        if self._matched != text:
            await self._list(text)
        typed = await asyncio.to_thread(Path(text).expanduser)
        index = self.query_one(OptionList).highlighted
        if index is not None and (self._moved or (self._existing and not typed.is_file())):
            typed = self._matches[index]
        if typed.is_dir():
            self._take_into_field(typed)
        else:
            self.dismiss(typed.absolute())

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        path = self._matches[event.option_index]
        if path.is_dir():
            self._take_into_field(path)
        else:
            self.dismiss(path.absolute())


class SecretScreen(ModalScreen[str | None]):
    """Asks for the value of a name without showing it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "Cancel", id="secret.cancel")]

    def __init__(
        self, name: str, where: str, *, hidden: bool, suggestion: str = "", starting: bool = True
    ) -> None:
        """`starting` says whether a job waits for the value."""
        super().__init__()
        self._name = name
        self._starting = starting
        self._where = where
        self._hidden = hidden
        self._suggestion = suggestion

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            waits = self._starting
            dialog.border_title = Content(f"{self._name} has no value" if waits else f"Value of {self._name}")
            dialog.border_subtitle = f"enter stores it · esc {'starts' if waits else 'keeps'} nothing"
            known = ", which is neither among your secrets nor in the environment" if waits else ""
            yield Static(
                Content(
                    f"The spec refers to ${{{self._name}}}{known}. What you type is stored in {self._where},"
                    " which only you can read, and put in when a job is started."
                )
            )
            yield Static(Content(f"Value of {self._name}:"), classes="dialog-ask")
            yield Input(
                self._suggestion,
                id="secret-input",
                classes="dialog-input",
                password=self._hidden,
                compact=True,
            )

    def on_mount(self) -> None:
        """A steady cursor writes nothing to the terminal."""
        self.query_one(Input).cursor_blink = False

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        if event.value.strip():
            self.dismiss(event.value.strip())


class RequestScreen(ModalScreen[None]):
    """Shows exactly what will be sent, secrets hidden, and the same as a gcloud command."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,x", "dismiss", "Close", id="request.close"),
        Binding("c", "copy", "Copy the command", id="request.copy", tooltip="Copy the gcloud command"),
        Binding("j,down", "scroll('down')", "Down", show=False),
        Binding("k,up", "scroll('up')", "Up", show=False),
        Binding("g,home", "scroll('home')", "Top", show=False),
        Binding("G,end", "scroll('end')", "End", show=False),
        Binding("pagedown", "scroll('page_down')", "Page down", show=False),
        Binding("pageup", "scroll('page_up')", "Page up", show=False),
    ]

    def __init__(self, shape: str, request: str, command: str, notes: list[str]) -> None:
        super().__init__()
        self._shape = shape
        self._request = request
        self._command = command
        self._notes = notes

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="request") as box:
            box.border_title = Content(f"The request · read as {self._shape}")
            box.border_subtitle = "c copies the command · esc closes"
            yield Static(Content.styled("The same with gcloud", "bold $accent"))
            yield Static(Content(printable(self._command, multiline=True)))
            for note in self._notes:
                yield Static(Content.assemble(("⚠ ", "$text-warning"), Content(printable(note))))
            yield Static(Content.styled("\nCreateCustomJob", "bold $accent"))
            yield Static(Content(printable(self._request, multiline=True)))

    def action_copy(self) -> None:
        """Copy the command."""
        self.app.copy_to_clipboard(self._command)
        self.query_one("#request").border_subtitle = "copied · esc closes"

    def action_scroll(self, where: str) -> None:
        """Scroll the text."""
        getattr(self.query_one("#request"), f"scroll_{where}")(animate=False)
