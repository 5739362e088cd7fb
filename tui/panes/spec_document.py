"""A text in the Spec pane's editor, with all that belongs to editing it.

Textual's own document joins, measures and counts all lines for each line it draws; these remember.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from textual.document._document import Document, EditResult, Location, Selection
from textual.document._history import EditHistory
from textual.document._wrapped_document import WrappedDocument
from textual.expand_tabs import get_tab_widths
from textual.geometry import Offset, Size


class SpecDocument(Document):
    """A document that joins and measures its lines once an edit."""

    def __init__(self, text: str) -> None:
        self._joined: str | None = None
        self._measured: dict[int, Size] = {}
        super().__init__(text)

    @property
    def text(self) -> str:
        """All lines as one text."""
        if self._joined is None:
            self._joined = super().text
        return self._joined

    def get_size(self, tab_width: int) -> Size:
        """Columns and lines, with tabs as wide as that."""
        if tab_width not in self._measured:
            self._measured[tab_width] = super().get_size(tab_width)
        return self._measured[tab_width]

    def replace_range(self, start: Location, end: Location, text: str) -> EditResult:
        """The only way in which a document is changed."""
        self._joined = None
        self._measured.clear()
        return super().replace_range(start, end, text)


class UnwrappedDocument(WrappedDocument):
    """The lines as they are drawn: each in one row."""

    def wrap(self, width: int, tab_width: int | None = None) -> None:
        """Note where each line is; only those with tabs have to be measured."""
        self._width, self._tab_width = width, tab_width or self._tab_width
        lines = self.document.lines
        self._wrap_offsets = [[] for _ in lines]
        self._offset_to_line_info = [(row, 0) for row in range(len(lines))]
        self._line_index_to_offsets = [[row] for row in range(len(lines))]
        self._tab_width_cache = [
            [tab for _, tab in get_tab_widths(line, self._tab_width)] if "\t" in line else [0] * bool(line)
            for line in lines
        ]

    @property
    def height(self) -> int:
        """Rows in all."""
        return len(self._offset_to_line_info)


def _history() -> EditHistory:
    """As Textual's own, for more changes."""
    return EditHistory(max_checkpoints=1_000, checkpoint_timer=2.0, checkpoint_max_characters=100)


@dataclass(slots=True)
class TextState:
    """A text with its history, and where the user is in it: it can be put aside and taken up again."""

    document: Document
    history: EditHistory = field(default_factory=_history)
    selection: Selection = field(default_factory=Selection)
    scroll: Offset = field(default_factory=Offset)
