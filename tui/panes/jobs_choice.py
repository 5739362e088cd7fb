"""A short list to choose one thing from: the next steps of a failure card, or the links of a job."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option


class ChoiceScreen(ModalScreen[int | None]):
    """Answers with the number of what was chosen, None for nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("k", "cursor(-1)", "Up", show=False),
        Binding("j", "cursor(1)", "Down", show=False),
        Binding("escape,q", "leave", "Leave"),
    ]

    def __init__(self, title: str, choices: Sequence[Content], hint: str) -> None:
        super().__init__()
        self._title = title
        self._choices = choices
        self._hint = hint

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Content(self._title)
            yield OptionList(*(Option(choice) for choice in self._choices), id="choice-list", compact=True)
            yield Static(Content(f"enter {self._hint}   esc leaves"), classes="muted")

    def on_mount(self) -> None:
        """Begin at the first one."""
        options = self.query_one(OptionList)
        options.highlighted = 0
        options.focus()

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(event.option_index)

    def action_cursor(self, step: int) -> None:
        """Move the cursor."""
        options = self.query_one(OptionList)
        last = len(self._choices) - 1
        options.highlighted = min(max((options.highlighted or 0) + step, 0), last)

    def action_leave(self) -> None:
        """Choose nothing."""
        self.dismiss(None)
