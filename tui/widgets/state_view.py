"""What a pane shows when it has nothing to show yet: first use, loading, empty, trouble."""

from __future__ import annotations

from datetime import datetime

from textual.content import Content
from textual.widgets import Static

from tui.domain.errors import CloudError


class StateView(Static):
    """A few calm lines in the middle of a pane; never a blank rectangle."""

    def show_loading(self, what: str, since: datetime) -> None:
        """Say what is awaited and since when."""
        self._show(("…", "$text-muted"), f"{what}", [f"since {local_clock(since)}"])

    def show_empty(self, why: str, next_step: str = "") -> None:
        """Say why there is nothing, and what to do."""
        self._show(("∅", "$text-muted"), why, [next_step] if next_step else [])

    def show_trouble(
        self, error: CloudError, *, since: datetime | None = None, next_try: datetime | None = None
    ) -> None:
        """Say what happened, since when, when it is tried again, and what to do."""
        when = []
        if since is not None:
            when.append(f"since {local_clock(since)}")
        if next_try is not None:
            when.append(f"next try {local_clock(next_try)}")
        lines = [error.message, " · ".join(when), error.hint]
        self._show(("✗", "$text-error"), error.title, [line for line in lines if line])

    def _show(self, glyph: tuple[str, str], title: str, lines: list[str]) -> None:
        text = Content.assemble(glyph, " ", (title, "bold"))
        for line in lines:
            text = text.append("\n\n").append(Content(line))
        self.update(text)


def local_clock(moment: datetime) -> str:
    """The wall-clock time of this box, `18:40:12`."""
    return moment.astimezone().strftime("%H:%M:%S")
