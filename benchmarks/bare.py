"""The least a Textual app of this kind can be: header, table, footer. The measure for the first frame."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.widgets import DataTable, Footer, Header


class BareApp(App[None]):
    """A header, a table with one row, a footer with one key."""

    TITLE = "bare"
    BINDINGS: ClassVar[list[BindingType]] = [("q", "quit", "Leave")]

    def compose(self) -> ComposeResult:
        """Nothing else."""
        yield Header()
        yield DataTable()
        yield Footer()

    def on_mount(self) -> None:
        """One row, so that there is something to see."""
        table = self.query_one(DataTable)
        table.add_columns("state", "name")
        table.add_row("running", "lonely-row")


if __name__ == "__main__":
    BareApp().run()
