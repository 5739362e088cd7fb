"""The text editor of the Spec pane."""

from __future__ import annotations

import re
from typing import ClassVar

from rich.style import Style
from rich.text import Text
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import TextArea

from tui.domain.secrets import mask_tokens
from tui.domain.spec.highlight import Token, block_lines, spans
from tui.domain.spec.problems import Fix, Place, apply_fix
from tui.domain.text import printable

_SECRET_PART = re.compile(r"(?<=[:=\s\"'])[^\s\"':=]{8,}")


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
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, soft_wrap=False, show_line_numbers=True, tab_behavior="indent", classes="box")
        self.indent_width = 2
        self.cursor_blink = False
        self._colours: dict[Token, Style] = {}
        self._block: frozenset[int] | None = None
        self._covered: frozenset[int] = frozenset()

    def on_mount(self) -> None:
        """Take the app's colours."""
        self._recolour()
        self.watch(self.app, "theme", self._recolour, init=False)

    def _recolour(self) -> None:
        self._colours = _styles(dark=self.app.current_theme.dark)
        self._line_cache.clear()
        self.refresh()

    async def _on_key(self, event: events.Key) -> None:
        """`esc` is ours; everything else is the editor's."""
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            self.action_leave()
            return
        await super()._on_key(event)

    def action_leave(self) -> None:
        """Give the single-letter keys back to the pane."""
        self.post_message(self.Left())

    def _build_highlight_map(self) -> None:
        """Called at each edit: forget which lines are scripts; only lines that are drawn are coloured."""
        super()._build_highlight_map()
        self._block = None

    def action_go_to_start(self) -> None:
        """To the first line."""
        self.move_cursor((0, 0))

    def action_go_to_end(self) -> None:
        """To the last line."""
        self.move_cursor(self.document.end)

    def get_line(self, line_index: int) -> Text:
        """A line as it is drawn: nothing in it that a terminal obeys, and no secret."""
        source = self.document.get_line(line_index)
        line = mask_tokens(source)
        if line_index + 1 in self._covered:
            line = _SECRET_PART.sub(lambda match: "•" * len(match.group()), line)
        if not line.isprintable():
            line = "\t".join(printable(part) for part in line.split("\t"))
        text = Text(line, end="", no_wrap=True)
        if self._block is None:
            self._block = block_lines(self.document.lines)
        for span in spans(source, in_block=line_index in self._block):
            text.stylize(self._colours.get(span.token, ""), span.start, span.end)
        return text

    def cover_lines(self, lines: frozenset[int]) -> None:
        """Cover the values on these lines (from 1): they hold literal secrets."""
        if lines != self._covered:
            self._covered = lines
            self._line_cache.clear()
            self.refresh()

    def show_text(self, text: str) -> None:
        """Show another text, with an empty history."""
        self.load_text(text)
        self.move_cursor((0, 0))

    def swap_text(self, text: str) -> None:
        """Put another text in the place of this one, as a change that can be undone."""
        if text != self.text:
            cursor = self.cursor_location
            self.replace(text, (0, 0), self.document.end, maintain_selection_offset=False)
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


_DARK = {
    Token.KEY: "#8fbcd4",
    Token.STRING: "#c3d6a6",
    Token.NUMBER: "#e0a458",
    Token.COMMENT: "#8a979e",
    Token.MARK: "#8a979e",
    Token.REFERENCE: "#e5a0c8",
}
_LIGHT = {
    Token.KEY: "#1f5f8b",
    Token.STRING: "#46702a",
    Token.NUMBER: "#9a5b00",
    Token.COMMENT: "#66727a",
    Token.MARK: "#66727a",
    Token.REFERENCE: "#8e2f6b",
}


def _styles(*, dark: bool) -> dict[Token, Style]:
    """Colours for dark and light backgrounds."""
    colours = _DARK if dark else _LIGHT
    return {token: Style(color=colour, italic=token is Token.COMMENT) for token, colour in colours.items()}
