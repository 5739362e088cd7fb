"""Choosing the columns of the job list and their order."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from tui.domain.joblist.columns import COLUMNS

Keys = tuple[str, ...]


class ColumnsScreen(ModalScreen[Keys | None]):
    """All columns, those shown first, in their order; answers with the keys to show, None for no change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "switch", "Show or hide"),
        Binding("K,shift+up", "move(-1)", "Move up"),
        Binding("J,shift+down", "move(1)", "Move down"),
        Binding("k", "cursor(-1)", "Up", show=False),
        Binding("j", "cursor(1)", "Down", show=False),
        Binding("0", "usual", "The usual ones"),
        Binding("enter", "done", "Keep", priority=True),
        Binding("escape", "leave", "Leave as it was"),
    ]

    def __init__(
        self, shown: Sequence[str], without_room: Callable[[Sequence[str]], Collection[str]] | None = None
    ) -> None:
        """`without_room` tells which of some columns do not fit beside the others."""
        super().__init__()
        self._without_room = without_room
        rest = [column for column in COLUMNS if column.key not in shown]
        by_key = {column.key: column for column in COLUMNS}
        self._order = [*(by_key[key] for key in shown), *rest]
        self._shown = set(shown)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Columns"
            yield OptionList(id="columns-list", compact=True)
            yield Static(
                Content("space shows or hides   J K moves   0 usual   enter keeps   esc leaves"),
                classes="muted",
            )

    def on_mount(self) -> None:
        """Fill the list."""
        self._fill(0)

    def _fill(self, cursor: int) -> None:
        options = self.query_one(OptionList)
        options.clear_options()
        shown = [column.key for column in self._order if column.key in self._shown]
        hidden = self._without_room(shown) if self._without_room is not None else ()
        options.add_options(
            [
                Option(
                    Content.assemble(
                        "● " if column.key in self._shown else "○ ",
                        f"{column.title:<10} ",
                        ("no room: → shows it  " if column.key in hidden else "", "$text-warning"),
                        (column.about, "$text-muted"),
                    )
                )
                for column in self._order
            ]
        )
        options.highlighted = cursor

    @property
    def _cursor(self) -> int:
        return self.query_one(OptionList).highlighted or 0

    def action_switch(self) -> None:
        """Show or hide the column; the name always stays."""
        key = self._order[self._cursor].key
        if key != "name":
            self._shown ^= {key}
            self._fill(self._cursor)

    def action_move(self, step: int) -> None:
        """Move the column."""
        old = self._cursor
        new = min(max(old + step, 0), len(self._order) - 1)
        self._order.insert(new, self._order.pop(old))
        self._fill(new)

    def action_cursor(self, step: int) -> None:
        """Move the cursor."""
        options = self.query_one(OptionList)
        options.highlighted = min(max(self._cursor + step, 0), len(self._order) - 1)

    def action_usual(self) -> None:
        """Go back to the usual columns."""
        self.dismiss(())

    def action_done(self) -> None:
        """Keep what is chosen."""
        self.dismiss(tuple(column.key for column in self._order if column.key in self._shown))

    def action_leave(self) -> None:
        """Change nothing."""
        self.dismiss(None)
