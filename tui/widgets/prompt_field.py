"""A field that says in the bottom line what `enter` and `esc` do."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input


class PromptField(Input):
    """Says in the bottom line what `enter` and `esc` do."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Take it", tooltip="Take what is typed"),
        Binding("escape", "leave", "Leave", tooltip="As if nothing had been typed"),
    ]

    async def action_leave(self) -> None:
        """Leave as anywhere else."""
        await self.run_action("app.back")
