"""What costs money now: a full screen over the panes, read anew whenever it is opened."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.worker import Worker

from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.places import Place, read_places
from tui.domain.spend import LiveJob, Spend
from tui.domain.storage import GcsUri
from tui.panes import messages
from tui.panes.jobs_changes import CANCEL, account_words, cancel_question, cancellable, progress_words
from tui.panes.spend_lists import SpendLists
from tui.panes.spend_words import as_text
from tui.services.handout import hand_out
from tui.services.jobchanges import Account, JobBatch
from tui.services.options import AppOptions
from tui.services.spend import SpendReader
from tui.widgets.bugs import report_bug
from tui.widgets.confirm import ConfirmScreen


class SpendScreen(SpendLists):
    """Live jobs of every training region, and buckets, with what they cost."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", id="spend.open", tooltip="The job in Jobs, the bucket in Storage"),
        Binding("c", "cancel", "Cancel", id="spend.cancel", tooltip="Ask the service to stop this job"),
        Binding("r", "refresh", "Refresh", id="spend.refresh", tooltip="Read everything again"),
        Binding("x", "stop", "Stop", id="spend.stop", tooltip="Read no more; sums say at least"),
        Binding("y", "copy", "Copy", id="spend.copy", show=False, tooltip="Copy everything as text"),
        Binding("tab", "other_list", "Switch", id="spend.other", tooltip="From jobs to buckets and back"),
        Binding("escape,dollar_sign,f4", "close", "Close", id="spend.close", tooltip="Back to the panes"),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._reading: Worker[None] | None = None
        self._read_from: Gateway | None = None
        self._asking = False
        self._doing = ""

    def on_mount(self) -> None:
        """Begin to read."""
        self._begin()

    def watch_gateway(self) -> None:
        """Read by the new connection what was not read by the old one."""
        if self.is_mounted and self.gateway is not self._read_from:
            self._begin()

    # Reading

    def _begin(self) -> None:
        self._read_from = gateway = self.gateway
        if gateway is None:
            self.paint_soon()
            return
        first = Place(gateway.target.project, gateway.target.region)
        read = read_places(first, self.options.settings.jobs_places)
        self.say("")
        self._reading = self._read(SpendReader(gateway, read, self._found))

    @work(exclusive=True, group="spend", exit_on_error=False)
    async def _read(self, reader: SpendReader) -> None:
        await reader.run()

    def _found(self, spend: Spend) -> None:
        self.spend = spend
        self.paint_soon()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A worker that died of a bug says so."""
        report_bug(self.app, event)

    # Actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:  # noqa: ARG002 (Textual's)
        """Offer only what makes sense now."""
        if action == "cancel":
            found = self.job
            return found is not None and cancellable(found.job) and not self.options.settings.read_only
        if action == "open":
            return self.list_in_focus is not None
        if action == "stop":
            return self.spend.reading
        if action == "other_list":
            return len(self.lists) > 1
        return True

    def action_close(self) -> None:
        """Back to the panes; what is being read is left."""
        self.dismiss()

    def action_refresh(self) -> None:
        """Read everything again."""
        self._begin()

    def action_stop(self) -> None:
        """Read no more, and keep what was found."""
        if self._reading is not None:
            self._reading.cancel()
        self._found(replace(self.spend, stopped=True))

    def action_other_list(self) -> None:
        """Move between jobs and buckets."""
        others = [rows for rows in self.lists if rows is not self.list_in_focus]
        if others:
            others[0].focus()

    def action_open(self) -> None:
        """Go where more is told of the row under the cursor."""
        if (found := self.job) is not None:
            listed = any(state.place == found.place for state in self.jobs.places)
            name = found.job.name
            logs = messages.OpenLogs(found.job, place=found.place)
            self.app.post_message(messages.OpenJobs(name) if listed else logs)
        elif self.list_in_focus is self.bucket_rows and (
            use := self.uses.get(self.bucket_rows.cursor_key or "")
        ):
            self.app.post_message(messages.BrowseOutputs(GcsUri(use.bucket.name)))
        else:
            return
        self.dismiss()

    @work(exclusive=True, group="copy", exit_on_error=False)
    async def action_copy(self) -> None:
        """Copy everything as text."""
        text = as_text(list(self.lines.values()), self.spend, local=self.is_local)
        send, paths = self.app.copy_to_clipboard, self.options.paths
        self.say(await hand_out(text, "the list", paths=paths, environ=os.environ, send=send))

    @property
    def under_way(self) -> tuple[str, ...]:
        """The change being made now."""
        return (self._doing,) if self._doing else ()

    def action_cancel(self) -> None:
        """Ask, then cancel the job under the cursor."""
        found, gateway = self.job, self.gateway
        if found is None or gateway is None:
            return
        if self._asking or self._doing:
            self.say(f"{self._doing}. Nothing else is changed meanwhile." if self._doing else "")
            return
        self._asking = True
        # Of the app, for this screen may be closed while the request is on its way.
        change = self._cancel(found, gateway.elsewhere(found.place))
        self.app.run_worker(change, group="spend-change", exit_on_error=False)

    async def _cancel(self, found: LiveJob, home: Gateway) -> None:
        project, local = found.place.project, home.target.is_local
        question = cancel_question([found.job], lambda _job: project, local=local)
        try:
            answer: bool = await self.app.push_screen_wait(ConfirmScreen(question))
        finally:
            self._asking = False
        if not answer:
            return
        batch = JobBatch([found.job], CANCEL.call, lambda _job: home, self._told)
        try:
            await batch.run()
        finally:
            self._doing = ""
            self._say_or_notify(account_words(CANCEL, batch.account))
            self.app.post_message(messages.JobsChanged())
        try:
            job = await home.jobs.get_job(found.job.name)
        except CloudError:
            return  # its row stays as it was read; what became of the request has been said
        self.again[job.name] = job
        self.paint_soon()

    def _told(self, account: Account) -> None:
        self._doing = progress_words(CANCEL, account)
        if self.is_attached:
            self.say(self._doing)

    def _say_or_notify(self, words: Content) -> None:
        if self.is_attached:
            self.say(words)
        else:
            self.app.notify(words.plain, title="What costs me now", markup=False)
