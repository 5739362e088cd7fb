"""What stands beside the table, as it looks: facts, a preview in one of its forms, or a report."""

from __future__ import annotations

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from tui.domain.errors import CloudError
from tui.domain.preview import Preview, PreviewKind
from tui.domain.preview.lines import lay_lines
from tui.domain.storage import GcsUri
from tui.domain.text import printable
from tui.widgets.preview_image import PreviewImage
from tui.widgets.preview_page import LAID_OUT, PreviewPage
from tui.widgets.preview_rows import PreviewRows
from tui.widgets.preview_table import PreviewTable
from tui.widgets.preview_text import PreviewText

TALL = 34
"""Lines from which the facts stay above a preview."""

MUTED = "$foreground 60%"
"""The style of what matters less."""


class SideView(Vertical):
    """Facts above, what is read below: as text, or drawn where its kind can be."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id, classes="box")
        self.shows: GcsUri | None = None
        """The object whose preview is shown; None when there is none."""
        self.preview: Preview | None = None
        """What is shown of it."""
        self.as_text = False
        """Whether the text is shown of what could be drawn."""

    def compose(self) -> ComposeResult:
        yield Static(id="storage-facts")
        yield Static(id="storage-notes")
        yield PreviewText(id="storage-text", classes="body")
        yield PreviewTable(id="storage-cells", classes="body hidden")
        yield PreviewImage(id="storage-picture", classes="body hidden")
        yield PreviewPage(id="storage-page", classes="body hidden")
        yield Static(id="storage-said", classes="hidden")

    def on_resize(self, event: events.Resize) -> None:
        """Facts stay above a preview where there is room for both."""
        self.set_class(event.size.height >= TALL, "tall")

    @property
    def text(self) -> Widget:
        """What is below the facts: it takes the focus and is hidden when there is nothing to read."""
        found = (child for child in self.query_children(".body") if not child.has_class("hidden"))
        return next(found, self.query_one(PreviewText))

    @property
    def readable(self) -> bool:
        """Whether there is anything below the facts."""
        return not self.text.has_class("hidden")

    @property
    def shown_text(self) -> str:
        """All that can be read below the facts, as text."""
        return str(getattr(self.text, "text", "")) if self.readable else ""

    @property
    def rows(self) -> PreviewRows | None:
        """What is shown if it has rows in which something can be found."""
        body = self.text
        return body if isinstance(body, PreviewRows) and self.readable else None

    def show_facts(self, title: str, facts: list[tuple[str, str]], note: str = "") -> None:
        """Show what is known without reading anything."""
        self._forget()
        self.border_subtitle = ""
        self._facts(title, facts)
        self._notes(Content.styled(note, MUTED))
        self._only(None)

    def show_preview(self, uri: GcsUri, preview: Preview, *, keep: bool = False) -> None:
        """Show what was read of an object below its facts; `keep` stays at the place that is on screen."""
        if uri != self.shows:
            self.as_text = False
        self.shows, self.preview = uri, preview
        self.add_class("previewing")
        heading = Content.assemble((preview.kind.value, "bold"), preview.heading[len(preview.kind.value) :])
        end = "\n" if preview.body.lines else ""
        self._notes(Content.assemble(heading, "\n\n", preview.said, end) if preview.said else heading)
        self.say("")
        self._show_body(preview, keep=keep)
        self.refresh_bindings()

    def show_trouble(self, uri: GcsUri, error: CloudError) -> None:
        """Say why there is no preview."""
        self._forget()
        self.shows = uri
        again = "enter tries again" if error.retryable else ""
        lines = [printable(line) for line in (error.message, error.hint, again) if line]
        title = f"✗ {printable(error.title)}"
        self._notes(Content.assemble((title, "$text-error"), "\n", "\n".join(lines)))
        self._only(None)

    def show_report(self, title: str, summary: str, lines: list[str]) -> None:
        """Show an account of what was done, one line each."""
        self._forget()
        self._facts(title, [])
        self._notes(Content(summary))
        body = self.query_one(PreviewText)
        body.show(lay_lines("\n".join(lines)), prose=True)
        self._only(body if lines else None)

    def take_focus(self) -> None:
        """Let what can be read take the keys, or the facts where there is no more."""
        (self.text if self.readable else self).focus()

    def say(self, text: str, tone: str = "") -> None:
        """One line below about what was found or is being read; empty hides it."""
        box = self.query_one("#storage-said", Static)
        box.update(Content.styled(text, f"$text-{tone}" if tone else MUTED))
        box.set_class(not text, "hidden")

    # Below the facts

    @property
    def can_be_drawn(self) -> bool:
        """Whether there is more than text to show."""
        shown = self.preview
        if shown is None:
            return False
        return bool(shown.table or shown.run or shown.picture) or _is_page(shown)

    def _show_body(self, preview: Preview, *, keep: bool) -> None:
        if self.as_text or not self.can_be_drawn:
            body = self.query_one(PreviewText)
            body.show(preview.body, preview.language, keep=keep)
            self._only(body if preview.body.lines else None)
        elif preview.table is not None:
            table = self.query_one(PreviewTable)
            table.show(preview.table, keep=keep)
            self._only(table)
            self.call_after_refresh(self._say_columns)
        elif preview.picture is not None:
            image = self.query_one(PreviewImage)
            image.show(preview.picture, preview.text)
            self._only(image)
        elif preview.run is not None:
            self._show_charts(preview)
        else:
            page = self.query_one(PreviewPage)
            page.show(preview.text)
            self._only(page)

    def _show_charts(self, preview: Preview) -> None:
        from tui.panes.storage_preview_charts import PreviewCharts  # noqa: PLC0415 (numpy, for charts only)

        run = preview.run
        if run is None:
            return
        known = self.query(PreviewCharts)
        charts = known.first() if known else PreviewCharts(id="storage-charts")
        charts.show_run(run, preview.text)
        if not known:
            charts.add_class("body")
            self.mount(charts, before="#storage-said")
        self._only(charts)
        self.say(" · ".join(f"{name} {value}" for name, value in run.facts))

    @on(PreviewTable.Turned)
    def _say_columns(self) -> None:
        table = self.query_one(PreviewTable)
        if not table.has_class("hidden"):
            self.say(table.where)

    def _only(self, body: Widget | None) -> None:
        """Show one of the ways to look at it; the text alone is hidden when there is nothing."""
        had_focus = self.has_focus_within
        self.can_focus = body is None  # what can be read takes the keys, and hands on what it does not know
        for child in self.query_children(".body"):
            child.set_class(child is not body, "hidden")
        if had_focus:
            (body or self).focus()

    def _forget(self) -> None:
        self.shows = self.preview = None
        self.as_text = False
        self.remove_class("previewing")
        self.say("")

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


def _is_page(preview: Preview) -> bool:
    return preview.kind is PreviewKind.MARKDOWN and len(preview.text) <= LAID_OUT
