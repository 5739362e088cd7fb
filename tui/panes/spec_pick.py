"""Asks for one of a list, which filters as one types: a template, a past job, an open file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from tui.domain.text import cell_width, middle_cut, printable
from tui.panes.spec_lists import dialog_room
from tui.widgets.type_ahead import AnswerScreen

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Pick(Generic[Value]):
    """One row."""

    value: Value
    name: str
    about: str
    faint: bool = False
    """Whether it can hardly be wanted, such as a file that is not there."""


class PickScreen(AnswerScreen[Value | None], Generic[Value]):
    """A list in which typing filters and enter takes; None when it was left with esc."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss(None)", "Cancel", id="pick.cancel"),
        Binding("down,ctrl+n,tab", "move(1)", "Next", show=False, priority=True),
        Binding("up,ctrl+p,shift+tab", "move(-1)", "Previous", show=False, priority=True),
        Binding("pagedown", "move(10)", "Ten down", show=False, priority=True),
        Binding("pageup", "move(-10)", "Ten up", show=False, priority=True),
    ]

    def __init__(self, title: str, picks: Sequence[Pick[Value]], empty: str = "Nothing fits.") -> None:
        """`empty` is said while the list is."""
        super().__init__()
        self._title = title
        self._all = tuple(picks)
        self._shown = self._all
        self._empty = empty

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = "type to filter · ↑↓ · enter takes it · esc cancels"
            yield Input(placeholder="filter", id="pick-input", classes="dialog-input", compact=True)
            listed = OptionList(id="path-list", compact=True)
            listed.can_focus = False
            yield listed
            yield Static(id="path-note")

    def on_mount(self) -> None:
        """Show all of it."""
        field = self.query_one(Input)
        field.cursor_blink = False
        field.focus()
        self._show()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        words = event.value.lower().split()
        self._shown = tuple(
            pick for pick in self._all if all(word in f"{pick.name} {pick.about}".lower() for word in words)
        )
        self._show()

    def _show(self) -> None:
        listed = self.query_one(OptionList)
        room = dialog_room(self.app.size.width)
        names = _names_room(self._all, room)
        listed.set_options([Option(_row(pick, names, room)) for pick in self._shown])
        listed.highlighted = 0 if self._shown else None
        self.query_one("#path-note", Static).update(Content("" if self._shown else self._empty))

    def action_move(self, step: int) -> None:
        """Move in the list without leaving the field."""
        listed = self.query_one(OptionList)
        count = listed.option_count
        if count:
            place = (listed.highlighted or 0) + step
            listed.highlighted = place % count if abs(step) == 1 else min(max(place, 0), count - 1)

    @on(Input.Submitted)
    def _entered(self) -> None:
        index = self.query_one(OptionList).highlighted
        if index is not None and index < len(self._shown):
            self.dismiss(self._shown[index].value)
        self.stays()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.dismiss(self._shown[event.option_index].value)


def _names_room(picks: Sequence[Pick[Value]], room: int) -> int:
    """Columns for names: as the longest wants, but at most one half and what the other does not need."""
    names = max((cell_width(printable(pick.name)) for pick in picks), default=0)
    abouts = max((cell_width(printable(pick.about)) for pick in picks), default=0)
    return min(names, max(room // 2 - 1, room - abouts - 2))


def _row(pick: Pick[Value], names: int, room: int) -> Content:
    """The name, and what is said about it in a column of its own."""
    name = middle_cut(printable(pick.name), names)
    about = middle_cut(printable(pick.about), room - names - 2)
    gap = " " * (names + 2 - cell_width(name))
    return Content.assemble((name, "" if pick.faint else "bold"), gap, about)
