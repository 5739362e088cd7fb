"""The least an editor in Textual can be: one TextArea with a file in it. The measure for typing."""

from __future__ import annotations

import sys
from pathlib import Path

from textual.app import App, ComposeResult
from textual.widgets import TextArea


class BareEditor(App[None]):
    """A text with line numbers, without colours, checks or a journal."""

    def compose(self) -> ComposeResult:
        """Nothing else."""
        area = TextArea(Path(sys.argv[1]).read_text(), show_line_numbers=True, soft_wrap=False)
        area.cursor_blink = False  # else it is never quiet
        yield area


if __name__ == "__main__":
    BareEditor().run()
