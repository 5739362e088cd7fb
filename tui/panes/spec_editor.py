"""The text editor of the Spec pane."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import islice
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.document._document import EditResult, Selection
from textual.document._document_navigator import DocumentNavigator
from textual.document._edit import Edit
from textual.message import Message
from textual.widgets import TextArea

from tui.domain.secrets import mask_line
from tui.domain.spec.highlight import Token, block_lines, keeps_blocks, spans
from tui.domain.spec.problems import Fix, Place, apply_fix
from tui.domain.spec.search import Match, Query
from tui.domain.text import printable
from tui.panes.spec_colours import FOUND, LineTheme, token_styles
from tui.panes.spec_document import TextState, UnwrappedDocument

_SECRET_PART = re.compile(r"(?<=[:=\s\"'])[^\s\"':=]{8,}")


_REACH = 20_000
"""Characters that are searched for the other one of a pair of brackets."""


class SpecEditor(TextArea):
    """YAML with line numbers; `esc` leaves it, and secrets in it are covered."""

    class Left(Message):
        """`esc` was pressed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape",
            "leave",
            "Leave",
            id="spec.leave",
            tooltip="Leave the editor, so that single-letter keys work",
        ),
        Binding("ctrl+home", "go_to_start", "Start of the text", show=False),
        Binding("ctrl+end", "go_to_end", "End of the text", show=False),
        Binding("ctrl+z", "undo", "Undo", id="spec.undo", show=False, tooltip="Take the last change back"),
        Binding("ctrl+y", "redo", "Redo", id="spec.redo", show=False, tooltip="Make it again"),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        self._colours: dict[Token, Style] = {}
        self._block: frozenset[int] | None = None
        self._covered: frozenset[int] = frozenset()
        self._query = Query("")
        self._matches: list[Match] | None = None
        self._alone: tuple[int, str] | None = None
        """During an edit of one line: which, and what it was."""
        super().__init__(id=id, soft_wrap=False, show_line_numbers=True, tab_behavior="indent", classes="box")
        self.register_theme(LineTheme(name="spec"))
        self.theme = "spec"
        self.indent_width = 2
        self.cursor_blink = False

    def on_mount(self) -> None:
        """Take the app's colours."""
        self._recolour()
        self.watch(self.app, "theme", self._recolour, init=False)

    def _recolour(self) -> None:
        self._colours = token_styles(dark=self.app.current_theme.dark)
        self._line_cache.clear()
        self.refresh()

    async def _on_key(self, event: events.Key) -> None:
        """`esc` is ours; alt and a letter are no text, though terminals send escape and the letter."""
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            self.action_leave()
            return
        if event.key.startswith("alt+"):
            event.prevent_default()
            return
        await super()._on_key(event)

    def action_leave(self) -> None:
        """Give the single-letter keys back to the pane."""
        self.post_message(self.Left())

    def _build_highlight_map(self) -> None:
        """Called at each edit: forget what it may have changed; only lines that are drawn are coloured."""
        self._matches = None
        if self._alone is not None and keeps_blocks(self._alone[1], self.document.get_line(self._alone[0])):
            self._forget_line(self._alone[0])
            return
        super()._build_highlight_map()
        self._block = None

    def edit(self, edit: Edit) -> EditResult:
        """Most edits change one line alone: the others need not be drawn anew."""
        row = edit.from_location[0]
        if row == edit.to_location[0] and (not edit.text or edit.text.isprintable()):
            self._alone = (row, self.document.get_line(row))
        try:
            return super().edit(edit)
        finally:
            self._alone = None

    def _forget_line(self, row: int) -> None:
        """Forget how one line was drawn; the third part of a key is the line (`TextArea.render_line`)."""
        for key in [key for key in self._line_cache.keys() if key[2] == row]:  # noqa: SIM118 (not a mapping)
            self._line_cache.discard(key)

    def action_go_to_start(self) -> None:
        """To the first line."""
        self.move_cursor((0, 0))

    def action_go_to_end(self) -> None:
        """To the last line."""
        self.move_cursor(self.document.end)

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn: nothing in it that a terminal obeys, and no secret."""
        source = self.document.get_line(line_index)
        line = mask_line(source, self.document.get_line(line_index - 1) if line_index else "")
        if line_index + 1 in self._covered:
            line = _SECRET_PART.sub(lambda match: "•" * len(match.group()), line)
        if not line.isprintable():
            line = "\t".join(printable(part) for part in line.split("\t"))
        text = Text(line, end="", no_wrap=True)
        if self._block is None:
            self._block = block_lines(self.document.lines)
        for span in spans(source, in_block=line_index in self._block):
            text.stylize(self._colours.get(span.token, ""), span.start, span.end)
        for start, end in self._query.in_line(source):
            text.stylize(FOUND, start, end)
        return text

    def _yield_character_locations(self, start: tuple[int, int]) -> Iterable[tuple[str, tuple[int, int]]]:
        """Called at each move to find the other bracket: an unmatched one must not cost the whole text."""
        return islice(super()._yield_character_locations(start), _REACH)

    def _yield_character_locations_reverse(
        self, start: tuple[int, int]
    ) -> Iterable[tuple[str, tuple[int, int]]]:
        return islice(super()._yield_character_locations_reverse(start), _REACH)

    def cover_lines(self, lines: frozenset[int]) -> None:
        """Cover the values on these lines (from 1): they hold literal secrets."""
        if lines != self._covered:
            self._covered = lines
            self._line_cache.clear()
            self.refresh()

    def put_aside(self, state: TextState) -> None:
        """Remember in the state where the user is in its text."""
        state.selection, state.scroll = self.selection, self.scroll_offset

    def take_up(self, state: TextState) -> None:
        """Show another text, with its own history, where the user left it."""
        self.history = state.history
        self.history.checkpoint()
        self.document = state.document
        self.wrapped_document = UnwrappedDocument(state.document, tab_width=self.indent_width)
        self.navigator = DocumentNavigator(self.wrapped_document)
        self._build_highlight_map()
        self._rewrap_and_refresh_virtual_size()
        self.selection = state.selection
        self.scroll_to(state.scroll.x, state.scroll.y, animate=False, force=True)
        self.refresh()
        self.post_message(self.Changed(self))

    # Searching

    def look_for(self, text: str) -> list[Match]:
        """Mark every place of a text, and give them from the top; an empty text takes the marks away."""
        if text != self._query.text:
            self._query, self._matches = Query(text), None
            self._line_cache.clear()
            self.refresh()
        if self._matches is None:
            self._matches = self._query.find_all(self.document.lines)
        return self._matches

    def show_match(self, match: Match) -> None:
        """Put the cursor on a match, and the match into sight."""
        self.selection = Selection((match.line, match.end), (match.line, match.start))
        self.scroll_cursor_visible(center=True)

    def swap_text(self, text: str) -> None:
        """Put another text in the place of this one, as a change that can be undone."""
        if text != self.text:
            cursor, scroll = self.cursor_location, self.scroll_offset
            self.history.checkpoint()
            self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
            self.scroll_to(scroll.x, scroll.y, animate=False, force=True)
            self.move_cursor(cursor)

    def apply(self, fix: Fix) -> None:
        """Make a fix's edits, as a change that can be undone."""
        fixed = apply_fix(self.text, fix)
        if len(fix.edits) == 1:
            edit = fix.edits[0]
            start = (edit.start.line - 1, edit.start.column - 1)
            self.replace(edit.text, start, (edit.end.line - 1, edit.end.column - 1))
        else:
            self.swap_text(fixed)

    def go_to(self, place: Place) -> None:
        """Put the cursor on a place and bring it into view."""
        row = min(place.line - 1, self.document.line_count - 1)
        column = min(place.column - 1, len(self.document.get_line(row)))
        self.move_cursor((row, column), center=True)
