"""The dialogs in which something is typed for one start only: a name, a timeout, arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static, TextArea

from tui.domain.text import printable
from tui.widgets.type_ahead import AnswerScreen

_ABOUT_ARGS = (
    "Of the first worker pool, for this start only; the file stays as it is. Words as in a shell, one or"
    " several a line. A script keeps its lines below | (or |-, without a line break at its end), indented by"
    ' two spaces. Or a list such as ["--epochs", "3"]. They are sent as they stand.'
)
_HIDDEN_ARGS = (
    " Those of the file hold what looks like a secret and are not shown; an empty field leaves them as they"
    " are, and [] sends none."
)


class ValueScreen(AnswerScreen[str | None]):
    """Asks for one line; what is wrong with it is said at once."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="value.cancel", tooltip="Leave it as it is")
    ]

    def __init__(self, title: str, about: str, value: str, wrong: Callable[[str], str]) -> None:
        """`wrong` says what is wrong with a value, or nothing."""
        super().__init__()
        self._title = title
        self._about = about
        self._value = value
        self._wrong = wrong

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = "enter takes it · esc leaves it as it is"
            yield Static(Content(self._about))
            yield Input(self._value, id="value-input", classes="dialog-input", compact=True)
            yield Static(id="value-wrong")

    def on_mount(self) -> None:
        """A steady cursor writes nothing to the terminal."""
        self.query_one(Input).cursor_blink = False

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        wrong = self._wrong(event.value)
        if wrong:
            self.query_one("#value-wrong", Static).update(Content.styled(printable(wrong), "$text-error"))
            self.stays()
        else:
            self.dismiss(event.value)


class ArgsScreen(AnswerScreen[str | None]):
    """Asks for arguments in a field of several lines; closes with the text, or None to leave them."""

    ANSWERING: ClassVar[frozenset[str]] = frozenset({"ctrl+s"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+s", "take", "Take them", id="args.take", priority=True, tooltip="Use them for this start"
        ),
        Binding(
            "escape",
            "dismiss(None)",
            "Cancel",
            id="args.cancel",
            priority=True,
            tooltip="Leave them as they are",
        ),
    ]

    def __init__(self, text: str, wrong: Callable[[str], str], *, hidden: bool) -> None:
        """`wrong` says what is wrong with a text, or nothing; `hidden`, that the file's are not shown."""
        super().__init__()
        self._text = text
        self._wrong = wrong
        self._hidden = hidden

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="args") as dialog:
            dialog.border_title = "Arguments"
            dialog.border_subtitle = "ctrl+s takes them · esc leaves them as they are"
            with VerticalScroll(id="args-about", can_focus=False):
                yield Static(Content(_ABOUT_ARGS + _HIDDEN_ARGS * self._hidden))
            yield ArgsField(self._text, id="args-input", soft_wrap=True, tab_behavior="focus")
            yield Static(id="value-wrong")

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(ArgsField).focus()

    def action_take(self) -> None:
        """Close with the text, unless something is wrong with it."""
        text = self.query_one(ArgsField).text
        wrong = self._wrong(text)
        if wrong:
            self.query_one("#value-wrong", Static).update(Content.styled(printable(wrong), "$text-error"))
            self.stays()
        else:
            self.dismiss(text)


class ArgsField(TextArea):
    """A field in which a new line begins below the last one's first word, so that scripts stay indented."""

    def on_mount(self) -> None:
        """A steady cursor writes nothing to the terminal."""
        self.cursor_blink = False

    async def _on_key(self, event: events.Key) -> None:
        if event.key != "enter":
            await super()._on_key(event)
            return
        event.stop()
        event.prevent_default()
        row, column = self.selection.start
        before = self.document.get_line(row)[:column]
        lead = before[: len(before) - len(before.lstrip(" "))]
        if before.rstrip() in ("|", "|-"):
            lead = "  "
        self.replace(f"\n{lead}", *sorted(self.selection), maintain_selection_offset=False)
