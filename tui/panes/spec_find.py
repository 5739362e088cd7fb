"""The line below the editor in which one looks for a text or names a line."""

from __future__ import annotations

from enum import StrEnum
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static


class Seek(StrEnum):
    """What is typed into the line."""

    TEXT = "Find"
    LINE = "Line"


class FindBar(Horizontal):
    """Hidden until it is opened; posts what is typed, and which way to go on."""

    class Typed(Message):
        """The text in the field is another one now."""

        def __init__(self, seek: Seek, text: str) -> None:
            super().__init__()
            self.seek = seek
            self.text = text

    class Stepped(Message):
        """The next (1) or the one before (-1) is wanted."""

        def __init__(self, step: int) -> None:
            super().__init__()
            self.step = step

    class Left(Message):
        """The line was left; `taken` says whether with enter."""

        def __init__(self, seek: Seek, *, taken: bool) -> None:
            super().__init__()
            self.seek = seek
            self.taken = taken

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(False)", "Back to the text", id="find.leave", priority=True),
        Binding("enter,down", "step(1)", "Next", id="find.next", priority=True, tooltip="The next place"),
        Binding(
            "up,shift+enter",
            "step(-1)",
            "Previous",
            id="find.previous",
            priority=True,
            tooltip="The one before",
        ),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes="hidden")
        self.seek = Seek.TEXT

    def compose(self) -> ComposeResult:
        yield Static(id="find-label")
        yield Input(id="find-input", compact=True)
        yield Static(id="find-count")

    @property
    def is_open(self) -> bool:
        """Whether it is shown."""
        return not self.has_class("hidden")

    @property
    def text(self) -> str:
        """What is in the field."""
        return self.query_one(Input).value

    def open(self, seek: Seek, text: str) -> None:
        """Show the line with a text in it, which typing replaces."""
        self.seek = seek
        self.query_one("#find-label", Static).update(Content(seek.value))
        field = self.query_one(Input)
        field.cursor_blink = False
        with self.prevent(Input.Changed):
            field.value = text
        self.remove_class("hidden")
        field.focus()
        field.select_all()
        self.say("")

    def take_focus(self) -> None:
        """Take what is typed again; typing replaces what is in the field."""
        self.query_one(Input).focus()

    def say(self, words: str, *, bad: bool = False) -> None:
        """For instance `3 of 12`."""
        self.query_one("#find-count", Static).update(Content.styled(words, "$text-error" if bad else ""))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Keys of the line work in the line only."""
        return self.is_open

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(self.seek, event.value))

    def action_step(self, step: int) -> None:
        """Go on; a line number is taken with enter."""
        if self.seek is Seek.LINE:
            self.action_leave(taken=True)
        else:
            self.post_message(self.Stepped(step))

    def action_leave(self, taken: bool) -> None:  # noqa: FBT001 (an action's argument)
        """Hide the line."""
        self.add_class("hidden")
        self.post_message(self.Left(self.seek, taken=taken))
