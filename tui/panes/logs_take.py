"""What can be taken out of the Logs pane: copies, files, a pager, outputs, links."""

from __future__ import annotations

import asyncio
import os
import shlex
import tempfile
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from textual import work
from textual.app import SuspendNotSupported
from textual.content import Content

from tui.domain.logreading.links import Link, LinkKind, links
from tui.domain.outputs import NO_OUTPUTS, outputs_of
from tui.domain.storage import GcsUri
from tui.domain.text import printable
from tui.panes import messages
from tui.panes.jobs_choice import ChoiceScreen
from tui.panes.logs_choices import LogsChoices
from tui.panes.logs_open import OpenLog
from tui.services.foreground import run_in_front
from tui.services.handout import cleaned
from tui.services.log_export import LogFormat, export_view
from tui.services.log_text import Hide
from tui.services.paths import show_path
from tui.widgets.echo import quiet_terminal

_FORMATS = ((LogFormat.TEXT, "as text"), (LogFormat.JSONL, "as JSON, one object a line"))
SELECTED = "the selection"
MOST_COPIED = 10_000
"""Lines that are copied; more are for a file."""
_Part = tuple[str, int, Callable[[int], Iterable[int]] | None]
"""A part of the log to be saved: what it is, how many lines, and their indices from a line on."""


class LogsTake(LogsChoices):
    """Keys that lead out of the log."""

    def action_select(self) -> None:
        """Begin a selection, or give it up."""
        if self.view.toggle_selection():
            self.say("Selecting: move to its other end.")
        else:
            self.say("")
        self.refresh_bindings()

    def action_copy(self) -> None:
        """Copy the line under the cursor, or all that are selected."""
        log, rows = self.front, self.view.selection
        if log is None or not len(rows):
            return
        if len(rows) > MOST_COPIED:
            self.say(f"{len(rows):,} lines are too many to copy: s saves the selection to a file.")
            return
        texts = [log.store.line(log.rows.row(row).line).text for row in rows]
        selected = log.stand.anchor is not None
        title = "the selection" if selected else "one line (v selects more)"
        self.copy("\n".join(texts), title, self.say)
        if selected:
            self.view.toggle_selection()
            self.refresh_bindings()

    # Files

    @work(exclusive=True, group="logs-save", exit_on_error=False)
    async def action_save(self) -> None:
        """Ask what to save, and save it."""
        if self.front is None:
            return
        log = self.front
        offered = [(*part, *format_) for part in self._parts(log) for format_ in _FORMATS]
        choices = [Content(f"{part} {words} ({count:,})") for part, count, _, _, words in offered]
        title = f"Save to {printable(show_path(self._folder))}"
        chosen = await self.app.push_screen_wait(ChoiceScreen(title, choices, "saves"))
        if chosen is None or log not in self.logs:
            return
        part, _, rows_from, format_, _ = offered[chosen]
        if part != SELECTED and not await self._all_read(log, f"Saving {part}"):
            return
        try:
            done = await export_view(
                log.store,
                self._folder,
                display_name=log.job.display_name,
                job_id=log.job.job_id,
                hide=await self._hiding(),
                format_=format_,
                rows_from=rows_from,
                told=lambda count: self.say(f"Saving: {count:,} lines so far."),
            )
        except OSError as error:
            self.say(f"✗ Not saved: {printable(str(error))}")
            return
        left_out = log.status.older_unread or log.store.dropped
        more = " The oldest ones are not in it: there is no room for more lines." if left_out else ""
        self.say(f"✓ Saved {done.lines:,} lines to {printable(show_path(done.path))}.{more}")

    async def _all_read(self, log: OpenLog, why: str) -> bool:
        """Wait until the whole log is there and what is filtered is found; False if that was given up."""
        done = await self.read_back(
            log, why, lambda: log.is_reading_back or log.is_filtering, everything=True
        )
        if not done:
            self.say("Stopped: nothing was written.")
        return done

    def _parts(self, log: OpenLog) -> list[_Part]:
        """What can be saved, the likeliest first."""
        parts: list[_Part] = []
        if log.stand.anchor is not None:
            parts.append((SELECTED, len(self.view.selection), log.selected))
        parts.append(("all lines", len(log.store), None))
        if len(log.rows) < len(log.store):
            parts.append(("the lines shown", len(log.rows), log.lines_shown))
        return parts

    async def _hiding(self) -> Hide:
        """What takes secrets out of what leaves the app: also those that the app keeps."""
        from tui.services.secrets import stored_values  # noqa: PLC0415 (seldom used)

        values = await asyncio.to_thread(stored_values, self.options.paths.secrets_file)
        return partial(cleaned, values=values)

    @property
    def _folder(self) -> Path:
        return Path(self.options.settings.storage_download_dir).expanduser().absolute()

    @work(exclusive=True, group="logs-save", exit_on_error=False)
    async def action_pager(self) -> None:
        """Read the lines shown in the pager that $PAGER names, or less."""
        log = self.front
        if log is None:
            return
        command = shlex.split(os.environ.get("PAGER") or "less")
        if not await self._all_read(log, "For the pager"):
            return
        with tempfile.TemporaryDirectory() as folder:
            try:
                done = await export_view(
                    log.store,
                    Path(folder),
                    display_name=log.job.display_name,
                    job_id=log.job.job_id,
                    hide=await self._hiding(),
                    rows_from=log.lines_shown,
                    told=lambda count: self.say(f"For the pager: {count:,} lines so far."),
                )
            except OSError as error:
                self.say(f"✗ Not opened: {printable(str(error))}")
                return
            async with quiet_terminal(self.app):
                self._page([*command, str(done.path)])

    def _page(self, command: list[str]) -> None:
        failure: OSError | None = None
        try:
            with self.app.suspend():  # an exception in here would leave the terminal to nobody
                try:
                    run_in_front(command)
                except OSError as error:
                    failure = error
        except SuspendNotSupported:
            self.say("No pager can be opened from here: this is no terminal of its own. s saves to a file.")
            return
        if failure is not None:
            self.say(f"✗ {printable(command[0])} cannot be started: {failure.strerror or failure}.")

    # Where lines lead

    def action_outputs(self) -> None:
        """Browse the job's output directory, or the bucket when the spec names none."""
        if self.front is None or self.gateway is None:
            return
        log = self.front
        place = self.place_of(log)
        found = outputs_of(log.job, place, self.gateway.target, self.options.settings.bucket)
        if found is None:
            self.say(NO_OUTPUTS)
        else:
            self.post_message(messages.BrowseOutputs(found, log.job))

    @work(exclusive=True, group="logs-links", exit_on_error=False)
    async def action_links(self) -> None:
        """Go where the line under the cursor leads: Storage for gs://, a copy of other addresses."""
        log, line = self.front, self.view.cursor_line
        if log is None or line is None:
            return
        found = links(log.store.line(line).text)
        if not found:
            self.say("No address and no gs:// path in this line.")
            return
        chosen: int | None = 0
        if len(found) > 1:
            choices = [Content(cleaned(link.address)) for link in found]
            chosen = await self.app.push_screen_wait(ChoiceScreen("Links of this line", choices, "opens"))
        if chosen is not None:
            self._open_link(found[chosen])

    def _open_link(self, link: Link) -> None:
        if link.kind is not LinkKind.STORAGE:
            self.copy(link.address, "the address: open it in a browser", self.say)
            return
        try:
            self.post_message(messages.BrowseOutputs(GcsUri.parse(link.address)))
        except ValueError as error:
            self.say(f"{printable(link.address)}: {printable(str(error))}")
