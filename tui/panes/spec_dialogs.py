"""The dialogs of the Spec pane: a secret, the request that will be sent, a difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from tui.domain.spec.difference import Line, Side
from tui.domain.text import printable
from tui.widgets.type_ahead import AnswerScreen

_SCROLLING: list[BindingType] = [
    Binding("j,down", "scroll('down')", "Down", show=False),
    Binding("k,up", "scroll('up')", "Up", show=False),
    Binding("g,home", "scroll('home')", "Top", show=False),
    Binding("G,end", "scroll('end')", "End", show=False),
    Binding("pagedown,space", "scroll('page_down')", "Page down", show=False),
    Binding("pageup", "scroll('page_up')", "Page up", show=False),
]


_PIECE = 100
"""Lines that are laid out at a time."""
_PAUSE = 0.01
"""Seconds between two pieces."""

Copy = Callable[[str, str, Callable[[str], object]], object]
"""Copies a text, named in words, and says so (`Pane.copy`)."""


class SecretScreen(AnswerScreen[str | None]):
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
        else:
            self.stays()


class _LongScreen(ModalScreen[None]):
    """A long text, laid out piece by piece so that keys are heeded in between."""

    def action_scroll(self, where: str) -> None:
        """Scroll the text."""
        getattr(self.query_one("#request"), f"scroll_{where}")(animate=False)

    def lay_out(self, lines: Iterator[Content]) -> None:
        """Add these lines, one piece a frame."""
        piece = list(islice(lines, _PIECE))
        if piece and self.is_attached:
            self.query_one("#request").mount(Static(Content("\n").join(piece)))
            self.set_timer(_PAUSE, partial(self.lay_out, lines))


class RequestScreen(_LongScreen):
    """Shows exactly what will be sent, secrets hidden, and the same as a gcloud command."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,x", "dismiss", "Close", id="request.close"),
        Binding("c,y", "copy", "Copy the command", id="request.copy", tooltip="Copy the gcloud command"),
        *_SCROLLING,
    ]

    def __init__(self, shape: str, request: str, command: str, notes: Sequence[str], copy: Copy) -> None:
        """`copy` hands out a text with a title, and says so through its third argument."""
        super().__init__()
        self._copy = copy
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
            yield Static(id="request-copied", classes="hidden")
            yield Static(Content.styled("\nCreateCustomJob", "bold $accent"))

    def on_mount(self) -> None:
        """Show the request."""
        self.lay_out(Content(printable(line, multiline=True)) for line in self._request.split("\n"))

    def action_copy(self) -> None:
        """Copy the command, with what has to be known of it as comments."""
        notes = [f"# {note}" for note in self._notes]
        self._copy("\n".join([*notes, self._command]), "the gcloud command", self._say_copied)

    def _say_copied(self, note: str) -> None:
        if self.is_mounted:
            line = self.query_one("#request-copied", Static)
            line.update(Content.assemble(("✓ ", "$text-success"), Content(printable(note))))
            line.remove_class("hidden")


class DifferenceScreen(_LongScreen):
    """What the file holds now, against the text in the editor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "dismiss", "Close", id="difference.close"),
        *_SCROLLING,
    ]

    def __init__(self, name: str, lines: Sequence[Line]) -> None:
        super().__init__()
        self._file = name
        self._lines = lines

    def compose(self) -> ComposeResult:
        box = VerticalScroll(id="request", classes="scrolled")
        box.border_title = Content(f"{printable(self._file)}: - in the editor, + in the file now")
        box.border_subtitle = "esc closes"
        yield box

    def on_mount(self) -> None:
        """Show the difference."""
        self.lay_out(_difference_line(line) for line in self._lines)


_SIDES = {Side.FIRST: "$text-error", Side.SECOND: "$text-success", Side.PLACE: "$accent", Side.BOTH: ""}


def _difference_line(line: Line) -> Content:
    lead = "" if line.side is Side.PLACE else f"{line.side.value} "
    return Content.styled(f"{lead}{printable(line.text)}", _SIDES[line.side])
