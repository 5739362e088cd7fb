"""One line at the foot of the pane in which something is typed: a filter, a path, a folder, a name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Input, Static

from tui.widgets.prompt_field import PromptField


class Prompt(Horizontal):
    """Asks for one line of text; hidden while nothing is asked."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes="hidden")
        self._answer: asyncio.Future[str | None] | None = None
        self._on_change: Callable[[str], None] | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="storage-prompt-label")
        yield PromptField(id="storage-prompt-input", compact=True)

    @property
    def is_open(self) -> bool:
        """Whether something is being asked."""
        return self._answer is not None

    def ask(
        self, label: str, text: str = "", *, on_change: Callable[[str], None] | None = None
    ) -> Coroutine[None, None, str | None]:
        """What was typed when enter was pressed, or None when it was left; `on_change` sees every key.

        It is asked at once, so that keys typed right behind the one that asks are for the field.
        """
        self.cancel()
        self.query_one("#storage-prompt-label", Static).update(Content(label))
        field = self.query_one(Input)
        with field.prevent(Input.Changed):
            field.value = text
        field.cursor_position = len(text)
        answer: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()
        self._answer = answer
        self._on_change = on_change
        self.remove_class("hidden")
        field.focus()
        return self._answered(answer)

    async def _answered(self, answer: asyncio.Future[str | None]) -> str | None:
        try:
            return await answer
        finally:
            if self._answer is answer:
                self._answer = self._on_change = None
                self.add_class("hidden")

    def cancel(self) -> None:
        """Leave without an answer."""
        self._give(None)

    def focus_field(self) -> None:
        """Put the focus back where something is being typed."""
        self.query_one(Input).focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if self._on_change is not None:
            self._on_change(event.value)

    @on(Input.Submitted)
    def _entered(self, event: Input.Submitted) -> None:
        event.stop()
        self._give(event.value)

    def _give(self, answer: str | None) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(answer)
