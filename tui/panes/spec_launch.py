"""Starting jobs from the Spec pane, and what became of the starts before."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import ClassVar

from textual import work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.css.query import NoMatches
from textual.widgets import Static

from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.places import Place
from tui.domain.setup.needs import in_use
from tui.domain.spec.check import Spec
from tui.domain.spec.problems import Fix
from tui.domain.target import Target
from tui.domain.text import printable
from tui.panes.messages import JobsChanged, JobStarted, OpenJobs
from tui.panes.spec_preflight import ConnectingScreen
from tui.panes.spec_sending import LOOK_KEY, Countdown, outcome_words, waiting_words
from tui.panes.spec_start import JobStart, Source, environment
from tui.panes.spec_tools import SpecTools
from tui.services.jobwatch import JobsSnapshot
from tui.services.options import AppOptions
from tui.services.secrets import value_layers
from tui.services.submission import NotFound, Outcome, Record, SubmissionStore, Submitter

_EARLIER = "spec-earlier"
"""The line about earlier starts: beside the notice, so that neither covers the other."""


class SpecLaunch(SpecTools):
    """One start at a time; earlier ones that nobody confirmed are looked for."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            LOOK_KEY,
            "look_again",
            "Look again",
            id="spec.look",
            tooltip="Look for the job whose start was never confirmed, by its label",
        ),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._submissions = SubmissionStore(options.paths.journals_dir)
        self._starting = False
        self._connecting: ConnectingScreen | None = None
        self._asked: set[Target] = set()
        self._looking = False
        self._unsettled = False
        """Whether it could not be found out what became of an earlier start."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what works now is offered."""
        if action == "start":
            return self._buffer is not None and not self.read_only
        if action == "look_again":
            return self._unsettled and not self._looking and self.gateway is not None
        return super().check_action(action, parameters)

    def refused(self, failure: CloudError, spec: Spec) -> None:
        """The service did not take the job."""

    # Starting a job

    def action_start(self) -> None:
        """Start the job, once: while one is on its way the key only says so."""
        if self._starting or self._buffer is None:
            self._say("A start is under way already", "It is sent once.", tone="warning")
            return
        self._starting = True
        self._say_earlier()
        self._start()

    @work(group="start", exit_on_error=False)
    async def _start(self) -> None:
        """Wait for the connection if there is none yet, ask, and send."""
        buffer = self._buffer
        try:
            gateway = await self._connection()
            if gateway is None or buffer is None:
                return
            source = Source(self.editor.text, buffer.title, buffer.stem, "", unsaved=self.unsaved)
            if buffer.path is not None:
                source = replace(source, file=await asyncio.to_thread(os.path.realpath, buffer.path))
            job = await self._job_start(gateway).run(source, on_refused=self.refused)
        finally:
            self._starting = False
        self.recheck()
        if job is None:
            self._find_unsettled()
            return
        self._say(f"Started {job.display_name}", "Jobs shows how it goes.", tone="success")
        self.post_message(JobsChanged())
        if self.display:
            self.post_message(OpenJobs(job.name))
        else:
            self.app.notify(f"Started {printable(job.display_name)}", markup=False)

    def _job_start(self, gateway: Gateway) -> JobStart:
        options, target = self.options, gateway.target
        return JobStart(
            self.app,
            gateway,
            options,
            self._secrets,
            self._submissions,
            layers=lambda: value_layers(
                self._secrets, environment(), options.settings, target.project, target.region
            ),
            still=lambda: self.gateway is gateway,
            tell=self._say,
            write=self._write_fix,
            secret_set=self.recheck,
            in_use=lambda place: in_use(self.jobs.live, place, self.jobs.homes),
            prices=self.prices,
        )

    async def _connection(self) -> Gateway | None:
        """The connection, waited for in sight; None, with words, when the user left."""
        if self.gateway is None:
            self._connecting = ConnectingScreen(self.connection_trouble)
            try:
                await self.app.push_screen_wait(self._connecting)
            finally:
                self._connecting = None
            if self.gateway is None:
                self._say("Nothing was started", "There is no connection yet.")
        return self.gateway

    def _write_fix(self, text: str, fix: Fix) -> str | None:
        """Make a change to the text, which can be undone; None if it is not that text any more."""
        if self.editor.text != text:
            return None
        self.editor.apply(fix)
        return self.editor.text

    def watch_connection_trouble(self, trouble: CloudError | None) -> None:
        """Who waits for the connection sees why there is none."""
        if self._connecting is not None:
            self._connecting.show_trouble(trouble)

    def watch_gateway(self, gateway: Gateway | None) -> None:
        """Go on with a start that waits; find out about starts that an earlier session could not confirm."""
        if gateway is None:
            return
        if self._connecting is not None:
            self._connecting.finish()
        if gateway.target not in self._asked or self._unsettled:
            self._asked.add(gateway.target)
            self._check_pending(gateway)

    def watch_jobs(self, jobs: JobsSnapshot) -> None:
        """Once the list can be read again, look for what could not be found out before."""
        if jobs.trouble is None and not jobs.kept and not self._starting:
            self.action_look_again()

    def go_back(self) -> bool:
        """`esc` leaves the editor, then takes the lines about earlier starts away."""
        if super().go_back():
            return True
        shown = [line for line in self.query(f"#{_EARLIER}") if not line.has_class("hidden")]
        if shown and not self._looking:
            self._say_earlier()
            return True
        return False

    # Earlier starts

    def action_look_again(self) -> None:
        """Look once more for starts of which it is not known what became of them."""
        if self.gateway is not None and self._unsettled and not self._looking:
            self._check_pending(self.gateway)

    @work(exclusive=True, group="unsettled", exit_on_error=False)
    async def _find_unsettled(self) -> None:
        """Offer to look again for a start that was just left in doubt."""
        if (gateway := self.gateway) is not None:
            records = await asyncio.to_thread(self._submissions.abandoned, gateway.target)
            self._note_unsettled(bool(records))

    def _note_unsettled(self, unsettled: bool) -> None:  # noqa: FBT001 (what it sets)
        self._unsettled = unsettled
        self.refresh_bindings()

    @work(group="pending", exit_on_error=False)
    async def _check_pending(self, gateway: Gateway) -> None:
        there = await self._pending_places(gateway)
        submitters = [Submitter(one.jobs, one.target, self._submissions) for one in there]
        waits: list[Countdown] = []

        def wait(record: Record, seconds: float) -> None:
            waits.append(Countdown(lambda left: self._say_earlier(_line(*waiting_words(record, left)))))
            if len(waits) == 1:  # one line is enough
                waits[0].start(seconds)

        self._looking = True
        try:
            found = await asyncio.gather(*(submitter.check_pending(wait) for submitter in submitters))
        finally:
            self._looking = False
            for countdown in waits:
                countdown.stop()
        outcomes = [outcome for part in found for outcome in part]
        hint = [Content.styled("esc takes this away", "$text-muted")] if outcomes else []
        self._say_earlier(*(_outcome_line(outcome) for outcome in outcomes), *hint)
        self._note_unsettled(any(isinstance(item, NotFound) and not item.settled for item in outcomes))
        for outcome in outcomes:
            await self._tell_outcome(outcome)

    async def _pending_places(self, gateway: Gateway) -> list[Gateway]:
        """This place, and the project's other regions to which a start went that was never confirmed."""
        target = gateway.target
        records = await asyncio.to_thread(self._submissions.pending_submissions)
        others = {
            record.region
            for record in records
            if (record.project, record.local) == (target.project, target.is_local)
        }
        regions = sorted(others - {target.region})
        return [gateway, *(gateway.elsewhere(Place(target.project, region)) for region in regions)]

    def _say_earlier(self, *lines: Content) -> None:
        """Lines about earlier starts, until another is asked for or another text is shown."""
        try:
            shown = self.query_one(f"#{_EARLIER}", Static)
        except NoMatches:
            if not lines:
                return
            shown = Static(id=_EARLIER)
            self.mount(shown, before="#spec-notice")
        shown.set_class(not lines, "hidden")
        shown.update(Content("\n").join(lines))

    async def _tell_outcome(self, outcome: Outcome) -> None:
        title, message = outcome_words(outcome)
        absent = isinstance(outcome, NotFound)
        self.app.notify(
            printable(message),
            title=printable(title),
            severity="warning" if absent else "information",
            timeout=30,
            markup=False,
        )
        if not isinstance(outcome, NotFound):
            record = outcome.record
            self.post_message(JobStarted(outcome.job, Place(record.project, record.region)))
            self.post_message(JobsChanged())
        elif outcome.settled:
            await asyncio.to_thread(self._submissions.forget, outcome.record)


def _outcome_line(outcome: Outcome) -> Content:
    return _line(*outcome_words(outcome), good=not isinstance(outcome, NotFound))


def _line(title: str, message: str, *, good: bool | None = None) -> Content:
    """As a notice reads; `good` is None while nothing is known."""
    glyph, colour = {None: ("·", "accent"), True: ("✓", "success"), False: ("⚠", "warning")}[good]
    return Content.assemble(
        (f"{glyph} ", f"$text-{colour}"), (printable(title), "bold"), Content(f". {printable(message)}")
    )
