"""A dialog that shows a text to read, and copies it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from tui.domain.text import printable


class TextScreen(ModalScreen[None]):
    """A text as it stands; scrolls like every list of the app."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Close", id="text.close"),
        Binding("j,down", "scroll('down')", "Down", show=False),
        Binding("k,up", "scroll('up')", "Up", show=False),
        Binding("g,home", "scroll('home')", "Top", show=False),
        Binding("G,end", "scroll('end')", "End", show=False),
        Binding("pagedown,space", "scroll('page_down')", "Page down", show=False),
        Binding("pageup", "scroll('page_up')", "Page up", show=False),
    ]

    def __init__(self, title: str, text: str, note: str) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._note = note

    def compose(self) -> ComposeResult:
        with VerticalScroll(id="text-screen") as box:
            box.border_title = Content(printable(self._title))
            box.border_subtitle = "esc closes"
            if self._note:
                yield Static(Content.styled(printable(self._note), "$text-success"), classes="text-note")
            yield Static(Content(printable(self._text, multiline=True)))

    def action_scroll(self, where: str) -> None:
        """Scroll the text."""
        getattr(self.query_one("#text-screen"), f"scroll_{where}")(animate=False)
