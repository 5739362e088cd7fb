"""The names of the logs that are open, in one line; shown when there are several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content
from textual.widgets import Static

from tui.domain.text import middle_cut

_WIDEST, _LEAST = 30, 12
"""Columns of a name."""
_AROUND = 4
"""Columns around a name."""
_MORE = 4
"""Columns that say how many tabs are beyond the edge."""


class LogTab(NamedTuple):
    """One open log."""

    title: str
    glyph: str
    tone: str
    """A style for the glyph, such as `$text-success`."""


class LogTabs(Static):
    """A line of tabs; changes only when what it says changes."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._said = Content("")

    def show(self, tabs: Sequence[LogTab], front: int) -> None:
        """Show these, the one at `front` set off; nothing if there is only one."""
        self.set_class(len(tabs) < 2, "hidden")  # noqa: PLR2004 (one needs no tabs)
        room = max(self.app.size.width - 2 - 2 * _MORE, _LEAST + _AROUND)
        fit = min(max(room // (_LEAST + _AROUND), 1), len(tabs))
        width = min(max(room // max(fit, 1) - _AROUND, _LEAST), _WIDEST)
        first = min(max(front - fit // 2, 0), len(tabs) - fit)
        parts = [Content.styled(f"‹{first} ", "$text-muted")] if first else []
        for number, tab in enumerate(tabs[first : first + fit], first):
            here = number == front
            text = f"{middle_cut(tab.title, width)} "
            style = "bold $accent" if here else "$text-muted"
            mark = "▸" if here else " "
            parts.append(Content.assemble((mark, style), (f"{tab.glyph} ", tab.tone), (text, style)))
        if after := len(tabs) - first - fit:
            parts.append(Content.styled(f"›{after}", "$text-muted"))
        said = Content("").join(parts)
        if not said.is_same(self._said):
            self._said = said
            self.update(said, layout=False)
