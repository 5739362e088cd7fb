"""The field for what is searched for, what lines are filtered by, and times to go to."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input


class LogField(Input):
    """Says in the bottom line what `enter` and `esc` do to what is typed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "keep", "Keep", tooltip="Keep what is searched for or filtered by"),
        Binding("enter", "go", "Go there", tooltip="Go to the time"),
        Binding("escape", "drop", "Drop", tooltip="Drop what is searched for or filtered by"),
        Binding("escape", "leave", "Stay", tooltip="Go to no time"),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, compact=True)
        self.is_time = False
        """Whether it is a time that is asked for."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's)
        """Name the keys by what is asked for."""
        if action in ("keep", "drop"):
            return not self.is_time
        return self.is_time if action in ("go", "leave") else True

    async def action_keep(self) -> None:
        """Take what is typed."""
        await self.action_submit()

    async def action_go(self) -> None:
        """Take the time that is typed."""
        await self.action_submit()

    async def action_drop(self) -> None:
        """Leave as anywhere else."""
        await self.run_action("app.back")

    async def action_leave(self) -> None:
        """The same of a time."""
        await self.run_action("app.back")
