"""The colours of the text in the Spec pane's editor."""

from __future__ import annotations

from rich.style import Style
from textual._text_area_theme import TextAreaTheme
from textual.widgets import TextArea

from tui.domain.spec.highlight import Token


class LineTheme(TextAreaTheme):
    """The app's colours, with the text of the cursor's line coloured like any other."""

    def apply_css(self, text_area: TextArea) -> None:
        """Take the background only: a foreground would cover what `get_line` has coloured."""
        super().apply_css(text_area)
        if self.cursor_line_style is not None:
            self.cursor_line_style = Style(bgcolor=self.cursor_line_style.bgcolor)


FOUND = Style(underline=True, bold=True)
"""Seen in any colours; the current match is the selection as well."""

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


def token_styles(*, dark: bool) -> dict[Token, Style]:
    """Colours for dark and light backgrounds."""
    colours = _DARK if dark else _LIGHT
    return {token: Style(color=colour, italic=token is Token.COMMENT) for token, colour in colours.items()}
