"""The search of the Logs pane: its field, its keys, and how many lines have the text."""

from __future__ import annotations

import asyncio

from textual import on, work
from textual.content import Content
from textual.widgets import Input, Static

from tui.panes.base import Pane
from tui.services.options import AppOptions
from tui.widgets.log_view import LogView

COUNT_ROWS = 20_000
"""Rows searched through at once, so that a key is answered in between."""


class LogSearch(Pane):
    """Finds text in the log, as one types."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._count_again = False

    def action_search(self) -> None:
        """Find text as one types."""
        self.query_one("#logs-search-row").remove_class("hidden")
        self.query_one(Input).focus()

    @on(Input.Changed, "#logs-search")
    def _search_changed(self, message: Input.Changed) -> None:
        self.query_one(LogView).search(message.value)
        self._count_hits()
        self.refresh_bindings()

    @on(Input.Submitted, "#logs-search")
    def _search_done(self) -> None:
        if not self.query_one(Input).value:
            self.clear_search()
        self.pane_shown()

    def action_next_hit(self) -> None:
        """Go to the next line with the text."""
        self.query_one(LogView).search_on()

    def action_previous_hit(self) -> None:
        """Go to the previous line with the text."""
        self.query_one(LogView).search_on(backwards=True)

    def rows_came(self) -> None:
        """Count again, for there are more lines."""
        if any(worker.group == "logs-count" and worker.is_running for worker in self.workers):
            self._count_again = True
        elif self.query_one(LogView).query_text:
            self._count_hits()

    @work(exclusive=True, group="logs-count", exit_on_error=False)
    async def _count_hits(self) -> None:
        """Count in pieces, again if lines came meanwhile."""
        view, label = self.query_one(LogView), self.query_one("#logs-count", Static)
        self._count_again = True
        while self._count_again:
            self._count_again = False
            hits = 0
            for first in range(0, len(view.buffer) if view.query_text else 0, COUNT_ROWS):
                hits += view.matches(first, first + COUNT_ROWS)
                await asyncio.sleep(0)
            words = f"{hits:,} line{'' if hits == 1 else 's'} · n N" if hits else "not found"
            label.update(Content(words if view.query_text else ""))

    def clear_search(self) -> None:
        """Leave the search."""
        self.query_one(Input).value = ""
        self.query_one(LogView).search("")
        self.query_one("#logs-search-row").add_class("hidden")
        self.refresh_bindings()
