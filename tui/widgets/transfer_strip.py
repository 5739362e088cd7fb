"""One line above the footer that tells how far transfers are, on every pane."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from tui.domain.text import middle_cut


class TransferStrip(Widget):
    """Hidden while there is nothing to tell; draws only when its words change."""

    can_focus = False

    DEFAULT_CSS = """
    TransferStrip {
        height: 1;
        padding: 0 1;
        display: none;
        background: $surface;
        color: $foreground;
    }
    """

    class Chosen(Message):
        """It was clicked."""

    def __init__(self) -> None:
        super().__init__()
        self.words = ""
        self._tone = ""

    def tell(self, words: str, tone: str = "") -> None:
        """Show these words in the colour of a tone (`success`, `warning`, `error`), or nothing."""
        if (words, tone) == (self.words, self._tone):
            return
        self.words, self._tone = words, tone
        self.display = bool(words)
        self.refresh()

    def render(self) -> Content:
        """The line, its middle left out where there is no room for all of it."""
        return Content.styled(
            middle_cut(self.words, self.size.width), f"$text-{self._tone}" if self._tone else "$text-accent"
        )

    def on_click(self, event: events.Click) -> None:
        """Show more."""
        event.stop()
        self.post_message(self.Chosen())
