"""What stands beside the table: facts of the row under the cursor, a preview, or a report."""

from __future__ import annotations

import re
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static, TextArea

from tui.domain.errors import CloudError
from tui.domain.preview import Preview
from tui.domain.storage import GcsUri
from tui.domain.text import printable

HIGHLIGHT_LINES = 20_000
"""Longest text that is coloured."""

MUTED = "$foreground 60%"
"""The style of what matters less."""

_JSON_PART = re.compile(
    r'(?P<label>"(?:[^"\\]|\\.)*"(?=\s*:))|(?P<string>"(?:[^"\\]|\\.)*")'
    r"|(?P<number>-?\b[0-9][0-9.eE+-]*)|(?P<boolean>\b(?:true|false)\b)|(?P<null>\bnull\b)"
)
_JSON_STYLES = {"label": "json.label", "null": "json.null"}
"""Names of Textual's text area themes that are not the groups' own."""


class ReadingText(TextArea):
    """Text to read, select and copy, scrolled with the keys of every list."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Up", show=False),
        Binding("down,j", "scroll_down", "Down", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home,g", "scroll_home", "First", show=False),
        Binding("end,G", "scroll_end", "Last", show=False),
        Binding("left", "scroll_left", "Left", show=False),
        Binding("right", "scroll_right", "Right", show=False),
    ]

    def show_text(self, text: str, *, json: bool) -> None:
        """Show a text from its beginning, coloured if it is JSON.

        Not by `language`: a syntax tree of the whole text is much for a look, and the library that makes it
        has been seen to take the process down.
        """
        self.theme = "css" if self.app.current_theme.dark else "github_light"
        self.load_text(text)
        if json and self.document.line_count <= HIGHLIGHT_LINES:
            for number, line in enumerate(self.document.lines):
                if parts := json_parts(line):
                    self._highlights[number] = parts
        self.scroll_home(animate=False, immediate=True)


class StorageSide(Vertical):
    """Facts above, text below."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes="box")
        self.shows: GcsUri | None = None
        """The object whose preview is shown; None when there is none."""

    def compose(self) -> ComposeResult:
        yield Static(id="storage-facts")
        yield Static(id="storage-notes")
        yield ReadingText(
            id="storage-text", read_only=True, show_cursor=False, soft_wrap=False, highlight_cursor_line=False
        )

    @property
    def text(self) -> ReadingText:
        """The text below the facts."""
        return self.query_one(ReadingText)

    def show_facts(self, title: str, facts: list[tuple[str, str]], note: str = "") -> None:
        """Show what is known without reading anything."""
        self.shows = None
        self.border_subtitle = ""
        self._facts(title, facts)
        self._notes(Content.styled(note, MUTED))
        self._text("", "")

    def show_preview(self, uri: GcsUri, preview: Preview) -> None:
        """Show the beginning of an object below its facts."""
        self.shows = uri
        parts = [preview.kind.value, *preview.notes]
        self._notes(Content.styled(" · ".join(parts), MUTED))
        self._text(preview.text, preview.language)

    def show_trouble(self, uri: GcsUri, error: CloudError) -> None:
        """Say why there is no preview."""
        self.shows = uri
        lines = [printable(line) for line in (error.message, error.hint, "enter tries again") if line]
        title = f"✗ {printable(error.title)}"
        self._notes(Content.assemble((title, "$text-error"), "\n", "\n".join(lines)))
        self._text("", "")

    def show_report(self, title: str, summary: str, lines: list[str]) -> None:
        """Show an account of what was done, one line each."""
        self.shows = None
        self._facts(title, [])
        self._notes(Content(summary))
        self._text("\n".join(lines), "")

    def _facts(self, title: str, facts: list[tuple[str, str]]) -> None:
        self.border_title = Content(title)
        width = max((len(name) for name, _ in facts), default=0)
        lines = [Content.assemble((f"{name:<{width}}  ", MUTED), value) for name, value in facts]
        box = self.query_one("#storage-facts", Static)
        box.update(Content("\n").join(lines))
        box.set_class(not lines, "hidden")

    def _notes(self, content: Content) -> None:
        box = self.query_one("#storage-notes", Static)
        box.update(content)
        box.set_class(not content.plain, "hidden")

    def _text(self, text: str, language: str) -> None:
        area = self.text
        area.set_class(not text, "hidden")
        if area.text != text:
            area.show_text(text, json=language == "json")


def json_parts(line: str) -> list[tuple[int, int | None, str]]:
    """The coloured parts of one line of JSON: `(start, end, style)` in bytes of UTF-8."""
    parts: list[tuple[int, int | None, str]] = []
    for found in _JSON_PART.finditer(line):
        start = len(line[: found.start()].encode())
        kind = found.lastgroup or ""
        parts.append((start, start + len(found.group().encode()), _JSON_STYLES.get(kind, kind)))
    return parts
