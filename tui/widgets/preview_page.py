"""Markdown of a preview, laid out: links are told and never opened, code is not run through any lexer."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Mapping

from markdown_it import MarkdownIt
from rich.console import Console
from rich.markdown import Markdown
from rich.segment import Segment
from rich.style import Style
from rich.theme import Theme
from textual import events, work

from tui.domain.text import printable
from tui.widgets.preview_rows import PreviewRows

LAID_OUT = 32 * 1024
"""Characters that are laid out at most."""

_NARROWEST, _WIDEST = 20, 110
"""Columns of the text: longer lines are hard to read."""

Rows = list[list[Segment]]


class PreviewPage(PreviewRows):
    """A text in Markdown as it is meant to look."""

    COMPONENT_CLASSES = {"preview--key", "preview--string", "preview--comment"}  # noqa: RUF012 (Textual's)

    def __init__(self, *, id: str, classes: str = "") -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes=classes)
        self._source = ""
        self._rows: Rows = []

    @property
    def text(self) -> str:
        """The text as it is written."""
        return self._source

    @property
    def count(self) -> int:
        return len(self._rows)

    def row_text(self, number: int) -> str:
        return "".join(segment.text for segment in self._rows[number])

    def segments(self, number: int) -> list[Segment]:
        base = self.rich_style
        return [Segment(text, base + (style or Style.null())) for text, style, _ in self._rows[number]]

    def show(self, text: str) -> None:
        """Show a text from its beginning."""
        if text != self._source:
            self._source, self.words, self.hit, self.mark_from = text, "", None, None
            self._take([[Segment(line)] for line in text.split("\n")])
            self.scroll_to(0, 0, animate=False, immediate=True)
            self._lay()

    def on_resize(self, _event: events.Resize) -> None:
        """Lay out for the new width."""
        self._lay()

    @work(exclusive=True, group="preview-page", exit_on_error=False)
    async def _lay(self) -> None:
        text, width = self._source, self.size.width
        if not text or not width:
            return
        names = {"heading": "key", "code": "string", "quote": "comment"}
        styles = {
            name: self.get_component_rich_style(f"preview--{of}", partial=True) for name, of in names.items()
        }
        rows = await asyncio.to_thread(laid_out, text, min(max(width - 1, _NARROWEST), _WIDEST), styles)
        if rows is not None and text == self._source:
            self._take(rows)

    def _take(self, rows: Rows) -> None:
        self._rows = rows
        self.fit_to(0, len(rows))


def laid_out(text: str, width: int, styles: Mapping[str, Style]) -> Rows | None:
    """The lines of a text in Markdown, as wide as told; None if it is nested too deep."""
    page = Markdown("", hyperlinks=False, justify="left")
    # Raw HTML is shown as it is written: left out, it would hide what is there.
    page.parsed = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"]).parse(text)
    for token in page.parsed:
        if token.type == "fence":
            token.info = "text"  # a lexer made for one language can take for ever on another
    console = Console(
        width=width,
        file=io.StringIO(),
        color_system="truecolor",
        theme=Theme(_looks(styles)),
        legacy_windows=False,
    )
    try:
        lines = console.render_lines(page, pad=False)
    except RecursionError:
        return None
    return [
        [Segment(printable(text), _plain(style)) for text, style, control in line if text and not control]
        for line in lines
    ]


def _looks(styles: Mapping[str, Style]) -> dict[str, Style]:
    heading, code, quote = styles["heading"], styles["code"], styles["quote"]
    bold = Style(bold=True)
    names = {f"markdown.h{level}": heading + bold for level in range(1, 7)}
    names["markdown.h1"] = heading + bold + Style(underline=True)
    return {
        **names,
        "markdown.code": code,
        "markdown.code_block": code,
        "markdown.block_quote": quote,
        "markdown.item.bullet": heading,
        "markdown.item.number": heading,
        "markdown.hr": quote,
        "markdown.link": heading,
        "markdown.link_url": quote,
        "markdown.table.border": quote,
        "markdown.table.header": bold,
    }


def _plain(style: Style | None) -> Style | None:
    """Without a ground of its own and without a link."""
    if style is None:
        return None
    return Style(
        color=style.color,
        bold=style.bold,
        dim=style.dim,
        italic=style.italic,
        underline=style.underline,
        strike=style.strike,
    )
