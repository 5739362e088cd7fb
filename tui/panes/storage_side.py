"""What stands beside the table, with its keys: read more of it, find in it, copy it, read it elsewhere."""

from __future__ import annotations

import asyncio
import importlib
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Callable
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui.domain.errors import CloudError
from tui.domain.preview import MOST_BYTES, Preview
from tui.domain.text import middle_cut, printable, size
from tui.panes.base import Pane
from tui.panes.storage_preview_view import SideView
from tui.panes.storage_prompt import Prompt
from tui.services.preview import PreviewReader
from tui.widgets.preview_rows import PreviewRows, folds
from tui.widgets.preview_text import PreviewText


class StorageSide(SideView, can_focus=True):
    """Facts above, a preview or a report below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "Find", id="storage.preview-find", tooltip="Find text in what was read"),
        Binding("n", "hit(1)", "Next", id="storage.preview-next", tooltip="The next place found"),
        Binding(
            "N", "hit(-1)", "Previous", id="storage.preview-previous", show=False, tooltip="The one before"
        ),
        Binding(
            "plus,equals_sign", "more", "More", id="storage.preview-more", tooltip="Read twice as much of it"
        ),
        Binding("e", "turn", "End", id="storage.preview-end", tooltip="Read the end, or the beginning again"),
        Binding("t", "as_text", "As text", id="storage.preview-text", tooltip="As it is written, or drawn"),
        Binding("w", "wrap", "Wrap", id="storage.preview-wrap", tooltip="Break long lines, or scroll"),
        Binding("v,p", "pager", "Pager", id="storage.preview-pager", tooltip="Read it in $PAGER"),
        Binding(
            "y",
            "copy_text",
            "Copy",
            id="storage.preview-copy",
            show=False,
            tooltip="Copy what is marked, or all",
        ),
        Binding(
            "space", "mark", "Mark", id="storage.preview-mark", show=False, tooltip="Mark rows from here on"
        ),
        Binding("z", "room", "Room", id="storage.preview-room", tooltip="Give it the whole width"),
        Binding("escape", "unmark", "Unmark", show=False),
    ]

    def __init__(self, *, id: str) -> None:  # noqa: A002 (Textual's name)
        super().__init__(id=id)
        self._reader: PreviewReader | None = None
        self._hits: list[int] = []
        self._sought: tuple[object, str] = (None, "")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002
        """Only what works for what is shown."""
        if not self.is_mounted:
            return True
        reader, rows = (self._reader if self.preview is not None else None), self.rows
        anything = self.readable
        works = {
            "more": reader is not None and reader.can_grow,
            "turn": reader is not None and reader.can_turn,
            "find": anything,
            "hit": rows is not None and bool(rows.words),
            "as_text": self.can_be_drawn,
            "room": self.query_ancestor(Pane).has_class("wide") and anything,
            "wrap": isinstance(rows, PreviewText) and anything,
            "pager": anything,
            "copy_text": anything,
            "mark": rows is not None and anything,
            "unmark": rows is not None and rows.mark_from is not None,
        }
        return works.get(action, True)

    # Reading

    async def open(self, reader: PreviewReader) -> None:
        """Show the beginning of an object, and take the focus."""
        try:
            shown = await reader.begin()
        except CloudError as error:
            self.show_trouble(reader.item.uri, error)
            return
        await load_charts(shown)
        self._reader = reader
        self.show_preview(reader.item.uri, shown)
        self.take_focus()

    @work(exclusive=True, group="preview-read", exit_on_error=False)
    async def action_more(self) -> None:
        """Read twice as much of the object."""
        if self._reader is not None:
            await self._read(self._reader, self._reader.more, "more")

    @work(exclusive=True, group="preview-read", exit_on_error=False)
    async def action_turn(self) -> None:
        """Read the end, as of a log, or go back to the beginning."""
        reader = self._reader
        if reader is None:
            return
        await self._read(reader, reader.turn, "the beginning" if reader.from_end else "the end")
        rows = self.rows
        if rows is not None and self._reader is reader:
            self.call_after_refresh(rows.action_end, 1 if reader.from_end else -1)

    async def _read(self, reader: PreviewReader, read: Callable[[], Awaitable[Preview]], what: str) -> None:
        """Read, and show it at the place that was on the screen."""
        self.say(f"reading {what} of {size(reader.item.size)} …")
        before = self.rows.count - self.rows.scroll_offset.y if self.rows is not None else 0
        try:
            shown = await read()
            await load_charts(shown)
        except CloudError as error:
            if self._reader is reader:
                self.say(f"✗ {printable(error.title)}", "error")
            return
        if self._reader is not reader or self.preview is None:
            return
        self.show_preview(reader.item.uri, shown, keep=True)
        rows = self.rows
        if reader.from_end and rows is not None and not self.preview.table:
            self.call_after_refresh(rows.scroll_to, 0, rows.count - before, animate=False)
        if shown.extent.cut and not reader.can_grow:
            self.say(f"a preview reads {size(MOST_BYTES)} at most: download it for the rest")

    def action_as_text(self) -> None:
        """Show the text of what is drawn, or draw it."""
        if self.preview is None or self.shows is None:
            return
        self.as_text = not self.as_text
        self.show_preview(self.shows, self.preview, keep=True)
        self.take_focus()

    # Looks

    def action_wrap(self) -> None:
        """Break long lines, or cut them and scroll."""
        rows = self.rows
        if isinstance(rows, PreviewText):
            rows.set_wrap(not rows.wraps)

    def action_room(self) -> None:
        """Give the preview the width of the list too, or back."""
        self.query_ancestor(Pane).toggle_class("roomy")

    def action_mark(self) -> None:
        """Begin to mark rows, or give it up."""
        rows = self.rows
        if rows is not None:
            on_now = rows.toggle_mark()
            self.say("marking: move to the other end; y copies, esc gives it up" if on_now else "")
            self.refresh_bindings()

    def action_unmark(self) -> None:
        """Give up marking."""
        self.action_mark()

    # Finding

    @work(exclusive=True, group="preview-find", exit_on_error=False)
    async def action_find(self) -> None:
        """Find words; of what has no rows, in its text."""
        if self.rows is None and self.can_be_drawn:
            self.action_as_text()
        rows = self.rows
        if rows is None:
            return
        words = await self.query_ancestor(Pane).query_one(Prompt).ask("Find", rows.words)
        rows.focus()
        if words is None or self.rows is not rows:
            return
        await self._seek(rows, words)
        self._go(rows, bisect_left(self._hits, self._top(rows)))

    async def _seek(self, rows: PreviewRows, words: str) -> None:
        """Find where words stand, in a thread."""
        rows.mark(words)
        self._sought = (self.preview, words)
        self._hits = await asyncio.to_thread(hits, rows, words)
        self.refresh_bindings()

    @work(exclusive=True, group="preview-find", exit_on_error=False)
    async def action_hit(self, step: int) -> None:
        """Go to the next place found, in what was read meanwhile too."""
        rows = self.rows
        if rows is None:
            return
        here = rows.hit if rows.hit is not None else self._top(rows) - (step > 0)
        if self._sought != (self.preview, rows.words):
            await self._seek(rows, rows.words)
        after = bisect_right(self._hits, here) if step > 0 else bisect_left(self._hits, here) - 1
        self._go(rows, after)

    def _go(self, rows: PreviewRows, at: int) -> None:
        if not self._hits:
            self.say(f"“{printable(rows.words)}” is not in what was read" if rows.words else "")
            return
        at %= len(self._hits)
        rows.go_to(self._hits[at])
        self.say(f"{at + 1:,} of {len(self._hits):,} rows with “{middle_cut(printable(rows.words), 30)}”")

    def _top(self, rows: PreviewRows) -> int:
        seen = rows.row_at(rows.scroll_offset.y)
        return seen[0] if seen is not None else 0

    # Out of the app

    def action_copy_text(self) -> None:
        """Copy what the mouse or `space` has marked, or all that was read."""
        rows = self.rows
        text, title = self.shown_text, "what was read"
        if by_mouse := self.screen.get_selected_text():
            text, title = by_mouse, "what is marked"
        elif rows is not None and rows.mark_from is not None:
            text, title = rows.marked_text, "what is marked"
            rows.toggle_mark()
            self.refresh_bindings()
        elif self.preview is not None and self.preview.table is not None and not self.as_text:
            text = self.preview.text
        self.query_ancestor(Pane).copy(text, title, self.say)

    @work(exclusive=True, group="preview-out", exit_on_error=False)
    async def action_pager(self) -> None:
        """Read what is shown in the pager that $PAGER names, or less."""
        from tui.panes.storage_preview_out import open_text  # noqa: PLC0415 (seldom used)

        name = self.shows.name.rpartition("/")[2] if self.shows is not None else "report"
        text = self.preview.text if self.preview is not None else self.shown_text
        secrets = self.query_ancestor(Pane).options.paths.secrets_file
        self.say(await open_text(self.app, name, text, secrets))


async def load_charts(shown: Preview) -> None:
    """Import what draws curves, if there are any, in a thread: numpy takes its time."""
    if shown.run is not None:
        await asyncio.to_thread(importlib.import_module, "tui.panes.storage_preview_charts")


def hits(rows: PreviewRows, words: str) -> list[int]:
    """The rows in which words stand; capitals count only where the words have some."""
    if not words:
        return []
    if not folds(words):
        return [number for number in range(rows.count) if words in rows.row_text(number)]
    return [number for number in range(rows.count) if words in rows.row_text(number).lower()]
