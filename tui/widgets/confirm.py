"""The one confirmation dialog: before money is spent, or something is deleted or changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Input, Static

from tui.domain.text import cell_width
from tui.widgets.type_ahead import AnswerScreen

SETTLE_SECONDS = 0.35
"""Keys older than this after the first paint were typed for what was on screen before."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Something else that can be done instead: a key, and the word on its button."""

    key: str
    word: str


@dataclass(frozen=True, slots=True)
class Question:
    """What a confirmation asks.

    Attributes:
        title: the question, one line.
        lines: what will happen; each line is shown as it stands, plain strings are never read as markup.
        yes: the word on the button that does it.
        danger: whether it spends or destroys, shown in the border.
        must_type: text that has to be typed before `yes` works, or empty.
        no: the word on the button that leaves everything as it is.
        offers: what else can be done; `ConfirmScreen.taken` tells which was, and the answer is no then.
    """

    title: str
    lines: Sequence[str | Content]
    yes: str
    danger: bool = False
    must_type: str = ""
    no: str = "No"
    offers: Sequence[Offer] = ()


class ButtonRow(Horizontal):
    """The buttons below a question, closer together where they would not fit."""

    def on_resize(self, event: events.Resize) -> None:
        """Fit them."""
        wanted = sum(max(cell_width(str(button.label)) + 2, 10) + 2 for button in self.query(Button))
        self.set_class(wanted > event.size.width, "tight")


class ConfirmScreen(AnswerScreen[bool]):
    """Asks a question, answers No by default, and ignores keys typed before it was drawn."""

    ANSWERING: ClassVar[frozenset[str]] = frozenset()

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "answer(False)", "No", id="confirm.no", tooltip="Leave everything as it is"),
        Binding("y", "answer(True)", "Yes", id="confirm.yes", show=False, tooltip="Do it"),
        Binding("left,right,h,l,up,down", "other_button", "Choose", show=False),
    ]

    def __init__(self, question: Question) -> None:
        super().__init__()
        self.question = question
        self.taken = ""
        """The key of the offer that was taken; empty if none was."""
        self._ready_at = float("inf")

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog", classes="danger" if self.question.danger else "") as dialog:
            dialog.border_title = Content(self.question.title)
            with VerticalScroll(id="dialog-lines", can_focus=False):
                for line in self.question.lines:
                    yield Static(Content(line) if isinstance(line, str) else line)
            dialog.border_subtitle = f"tab, enter choose · n: {self.question.no.lower()}" + (
                " · y: yes" if self._by_letter else ""
            )
            if self.question.must_type:
                yield Static(Content(self._ask), id="dialog-ask", classes="dialog-ask")
                yield Input(id="dialog-typed", compact=True)
            with ButtonRow(id="dialog-buttons"):
                for offer in self.question.offers:
                    yield Button(Content(f"{offer.key}: {offer.word}"), id=f"offer-{offer.key}", compact=True)
                yield Button(Content(self.question.no), id="no", compact=True)
                yield Button(
                    Content(self.question.yes), id="yes", compact=True, disabled=bool(self.question.must_type)
                )

    def on_resize(self) -> None:
        """However small the terminal, the buttons stay in sight: the lines scroll."""
        rest = 9 if self.question.must_type else 6
        self.query_one("#dialog-lines").styles.max_height = max(self.size.height - rest, 3)

    def on_mount(self) -> None:
        """Put the focus where a stray enter does nothing."""
        self.query_one("#dialog-typed" if self.question.must_type else "#no").focus()
        self.call_after_refresh(self._drawn)

    def _drawn(self) -> None:
        self._ready_at = monotonic() + SETTLE_SECONDS

    def too_early(self, event: events.Event) -> bool:
        """Whether a key or paste was on its way before the question could be read; the app drops it."""
        return event.time < self._ready_at

    @property
    def open_for_keys(self) -> bool:
        """Whether the question has been on screen long enough for an answer to be meant for it."""
        return monotonic() > self._ready_at

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """`y` works only while nothing has to be typed; the border says so."""
        return self._by_letter if action == "answer" and parameters == (True,) else True

    @property
    def _ask(self) -> str:
        return f"Type {self.question.must_type} to go on:"

    @property
    def _by_letter(self) -> bool:
        return not self.question.must_type

    def action_answer(self, answer: bool) -> None:  # noqa: FBT001 (an action's argument)
        """Close with the answer."""
        self.dismiss(answer)

    def action_other_button(self) -> None:
        """Move between the buttons."""
        self.focus_next(Button)

    def on_input_changed(self, event: Input.Changed) -> None:
        """The button wakes when the text is typed in full."""
        self.query_one("#yes", Button).disabled = event.value != self.question.must_type
        self.query_one("#dialog-ask", Static).update(Content(self._ask))

    def on_input_submitted(self) -> None:
        """Enter in the field moves on to the button rather than answering."""
        if not self.query_one("#yes", Button).disabled:
            self.query_one("#yes").focus()
        else:
            told = Content.assemble(("That is something else. ", "$text-error"), self._ask)
            self.query_one("#dialog-ask", Static).update(told)

    def on_key(self, event: events.Key) -> None:
        """The key of an offer, where it is not typed into the field."""
        if any(offer.key == event.key for offer in self.question.offers):
            event.stop()
            self._take(event.key)

    def _take(self, key: str) -> None:
        self.taken = key
        self.dismiss(result=False)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """A button is an answer, or takes an offer."""
        pressed = event.button.id or ""
        if pressed.startswith("offer-"):
            self._take(pressed.removeprefix("offer-"))
        else:
            self.dismiss(pressed == "yes")
