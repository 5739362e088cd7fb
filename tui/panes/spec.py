"""The Spec pane: write a job spec, know what is wrong with it, start the job."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import TextArea

from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.secrets import lines_with_secrets
from tui.domain.setup.needs import JobNeeds, needs_of
from tui.domain.spec.check import Spec, check
from tui.domain.spec.edit import set_service_account
from tui.domain.spec.git_secret import CODE as IN_GIT
from tui.domain.spec.problems import START, Fix, Problem, in_order
from tui.domain.spec.references import resolve
from tui.domain.spec.refusal import refused
from tui.domain.spec.request import gcloud_command, gcloud_notes, preview, with_key
from tui.domain.spec.secret_rules import LITERAL
from tui.domain.target import Target
from tui.domain.text import printable
from tui.panes.messages import BadgeChanged, JobsChanged, NeedsChanged, OpenJobs
from tui.panes.spec_dialogs import RequestScreen
from tui.panes.spec_lists import ProblemList, count_words
from tui.panes.spec_sending import Countdown, outcome_words, waiting_words
from tui.panes.spec_start import JobStart, Source, environment, not_connected
from tui.panes.spec_tools import SpecTools
from tui.panes.spec_words import display_name
from tui.services.options import AppOptions
from tui.services.secrets import SecretsError, value_layers
from tui.services.submission import NotFound, Outcome, Record, SubmissionStore, Submitter

CHECK_DELAY = 0.05
"""Seconds of quiet after a key before the text is checked."""


class SpecPane(SpecTools):
    """An editor that knows Vertex AI, with its problems below."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "ctrl+r",
            "start",
            "Start job",
            id="spec.start",
            tooltip="Check the spec, ask, and start the job once",
        ),
        Binding(
            "ctrl+g",
            "next_problem",
            "Next problem",
            id="spec.next",
            tooltip="Go to the next problem in the text",
        ),
        Binding("f", "fix", "Fix it", id="spec.fix", tooltip="Make the change that puts the problem right"),
        Binding("alt+a,alt+f", "fix", "Fix it", id="spec.fix.editor", show=False),
        Binding(
            "x",
            "show_request",
            "Request",
            id="spec.request",
            tooltip="Show what will be sent, secrets hidden, and the same with gcloud",
        ),
        Binding("alt+x", "show_request", "Request", id="spec.request.editor", show=False),
        Binding("n", "next_problem", "Next problem", id="spec.next.list", show=False),
        Binding("N", "previous_problem", "Previous problem", id="spec.previous", show=False),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._refusals: tuple[Problem, ...] = ()
        self._submissions = SubmissionStore(options.paths.journals_dir)
        self._spec_text = ""
        """The text that `_spec` was read from: only to it may a fix be applied."""
        self._starting = False
        self._start_spoke = False
        self._covered: frozenset[int] = frozenset()
        self._badge = ("", "")
        self._asked: set[Target] = set()
        self._needs: JobNeeds | None = None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what works now is offered."""
        if action == "start" and self.read_only:
            return False
        if action in ("start", "show_request"):
            return self._buffer is not None
        if action in ("next_problem", "previous_problem"):
            return bool(self._buffer and self._problems)
        if action == "fix":
            problem = self._current_problem()
            return problem is not None and problem.fix is not None
        return super().check_action(action, parameters)

    # Text and problems

    def text_switched(self) -> None:
        """Nothing is known of the text that is in the editor now; without one, the tab has no badge."""
        self._spec, self._refusals = Spec(), ()
        self.query_one(ProblemList).show(())
        if self._buffer is None:
            self._badge = ("", "")
            self.post_message(BadgeChanged(self.PANE_ID, *self._badge))
            self._tell_needs()

    @on(TextArea.Changed, "#spec-editor")
    def _text_changed(self) -> None:
        if self._buffer is not None:
            self._refusals = ()
            self.show_titles()
            self._check()

    @work(exclusive=True, group="check", exit_on_error=False)
    async def _check(self) -> None:
        """Check the text off the loop; an edit meanwhile cancels this, so only the newest result shows."""
        await asyncio.sleep(CHECK_DELAY)
        text = self.editor.text
        self._spec = await asyncio.to_thread(self._check_text, text)
        self._spec_text = text
        self._covered = await asyncio.to_thread(lines_with_secrets, text)
        self.look_at_git()
        self._show_problems()
        self._tell_needs()

    def _tell_needs(self) -> None:
        """Let Setup look at what a job of this text would use."""
        needs = needs_of(self._spec, self._buffer.title) if self._buffer else None
        if needs is None and self._buffer and self._needs and self._needs.file == self._buffer.title:
            return  # while the text cannot be read, what it asked for last stands
        if needs != self._needs:
            self._needs = needs
            self.post_message(NeedsChanged(needs))

    def _check_text(self, text: str) -> Spec:
        names: set[str] | None = None  # while the secrets file cannot be used, no name is called unknown
        with suppress(SecretsError):
            names = {name for _, values in self._layers() for name, value in values.items() if value}
        settings, region = self.options.settings, self._where()[1]
        limit = None if self.options.local else settings.jobs_price_limit or None
        today = datetime.now(UTC).astimezone().date()
        return check(text, names, region=region, today=today, limit_usd=limit)

    def recheck(self) -> None:
        """Check the text anew, because what it refers to has changed."""
        self._check()

    @property
    def _problems(self) -> tuple[Problem, ...]:
        return in_order((*self._spec.problems, *self._refusals, *self.git_problems))

    def _show_problems(self) -> None:
        listed = self.query_one(ProblemList)
        listed.show(self._problems)
        listed.border_subtitle = Content(f"read as {self._spec.shape.value}" if self._spec.job else "")
        told = frozenset(item.line for item in self._spec.problems if item.code == LITERAL)
        self.editor.cover_lines(told | self._covered)
        self.show_titles()
        self.refresh_bindings()

    def show_titles(self) -> None:
        """The file's name, and the badge of the tab."""
        super().show_titles()
        if self._buffer is None:
            return
        mark = "●" if self.any_unsaved else ""
        errors, warnings = len(self._spec.errors), len(self._spec.warnings)
        words = count_words(self._spec.errors or self._spec.warnings)
        tone = "error" if errors else "warning" if warnings or mark else ""
        badge = (" ".join(part for part in (mark, words) if part), tone)
        if badge != self._badge:
            self._badge = badge
            self.post_message(BadgeChanged(self.PANE_ID, *badge))

    @on(TextArea.SelectionChanged, "#spec-editor")
    def _cursor_moved(self) -> None:
        self.query_one(ProblemList).highlight_line(self.editor.cursor_location[0] + 1)

    @on(ProblemList.OptionHighlighted, "#spec-problems")
    def _other_problem(self) -> None:
        self.refresh_bindings()

    @on(ProblemList.Chosen)
    def _go_to_problem(self, message: ProblemList.Chosen) -> None:
        if message.problem is not None:
            self.editor.go_to(message.problem.place)
        self.editor.focus()

    def _current_problem(self) -> Problem | None:
        return self.query_one(ProblemList).current if self._buffer else None

    def action_next_problem(self) -> None:
        """The next problem below the cursor, then the first."""
        self._step(1)

    def action_previous_problem(self) -> None:
        """The problem above the cursor, then the last."""
        self._step(-1)

    def _step(self, step: int) -> None:
        problems = self._problems
        if not problems:
            return
        row, column = self.editor.cursor_location
        here = (row + 1, column + 1)
        ahead = [item for item in problems if item.place > here] if step > 0 else []
        behind = [item for item in problems if item.place < here] if step < 0 else []
        chosen = (ahead or problems)[0] if step > 0 else (behind or problems)[-1]
        self.editor.go_to(chosen.place)
        listed = self.query_one(ProblemList)
        listed.highlighted = listed.problems.index(chosen) if chosen in listed.problems else 0

    @work(exclusive=True, group="fix", exit_on_error=False)
    async def action_fix(self) -> None:
        """Make the certain change; a literal secret is stored before it leaves the text."""
        problem = self._current_problem()
        if problem is not None and problem.code == IN_GIT:
            await self.fix_git()
            return
        if problem is None or problem.fix is None or problem not in self._spec.problems:
            return
        text = self._spec_text
        if self.editor.text != text:
            self._say("The text has just changed", "Press again when the problems are shown anew.")
            return
        if problem.fix.secret and not await self._move_secret(*problem.fix.secret):
            return
        if self.editor.text == text:
            self.editor.apply(problem.fix)
        elif problem.fix.secret:
            self._say("The text has changed meanwhile", "The secret is kept, but still in the text, too.")

    def set_service_account(self, account: str) -> None:
        """Make jobs of the open text run as `account`, as a change that can be undone; say why if not."""
        if self._buffer is None:
            self._say("No spec is open", "Open one, then press f in Setup again.", tone="warning")
            return
        fix = set_service_account(self.editor.text, account)
        if fix is None:
            words = f"Write this line into the spec by hand: serviceAccount: {account}"
            self._say("serviceAccount could not be set here", f"{words}.", tone="warning")
            return
        if not fix.edits:
            self._say(f"serviceAccount is {account} already")
            return
        self.editor.apply(fix)
        self.editor.go_to(fix.edits[0].start)
        self._say(f"serviceAccount is {account} now", "ctrl+s saves it, ctrl+z undoes it.", tone="success")

    # The request

    @work(exclusive=True, group="request", exit_on_error=False)
    async def action_show_request(self) -> None:
        """Show what will be sent."""
        buffer = self._buffer
        if buffer is None:
            return
        spec = await asyncio.to_thread(check, self.editor.text)
        spec = with_key(spec, self.options.settings.kms_key)
        try:
            values = resolve(spec.references, await asyncio.to_thread(self._layers))
        except SecretsError as failure:
            self._say(failure.title, f"{failure.message} {failure.hint}", tone="error")
            return
        project, region = self._where()
        template = self.options.settings.jobs_name_template
        now = datetime.now(UTC).astimezone()
        name = display_name(spec, "", buffer.stem, now, template=template)
        file = str(buffer.path or buffer.suggested)
        command = gcloud_command(
            spec, file=file, project=project, region=region, display_name=name, labels={}
        )
        self.app.push_screen(
            RequestScreen(spec.shape.value, preview(spec, name, {}, values), command, gcloud_notes(spec))
        )

    # Starting a job

    def action_start(self) -> None:
        """Start the job, once: while one is on its way the key only says so."""
        if self._starting or self._buffer is None:
            self._say_start("A start is under way already", "It is sent once.", tone="warning")
            return
        if self.gateway is None:
            trouble = not_connected(self.connection_trouble)
            self._say_start(trouble.title, f"{trouble.hint or trouble.message}.", tone="warning")
            return
        self._starting = True
        self._start(self.gateway)

    @work(group="start", exit_on_error=False)
    async def _start(self, gateway: Gateway) -> None:
        buffer = self._buffer
        if buffer is None:
            self._starting = False
            return
        options, target = self.options, gateway.target
        start = JobStart(
            self.app,
            gateway,
            options,
            self._secrets,
            self._submissions,
            layers=lambda: value_layers(
                self._secrets, environment(), options.settings, target.project, target.region
            ),
            still=lambda: self.gateway is gateway,
            tell=self._say_start,
            write=self._write_fix,
            jobs=self.jobs.jobs,
            prices=self.prices,
        )
        source = Source(self.editor.text, buffer.title, buffer.stem, "", unsaved=self.unsaved)
        if buffer.path is not None:
            source = replace(source, file=await asyncio.to_thread(os.path.realpath, buffer.path))
        try:
            job = await start.run(source, on_refused=self._refused)
        finally:
            self._starting = False
        self._check()
        if job is None:
            return
        self._say_start(f"Started {job.display_name}", "Jobs shows how it goes.", tone="success")
        self.post_message(JobsChanged())
        if self.display:
            self.post_message(OpenJobs(job.name))
        else:
            self.app.notify(f"Started {printable(job.display_name)}", markup=False)

    def _say_start(self, title: str, message: str = "", *, tone: str = "") -> None:
        """Say something about the start that was asked for; from now on earlier ones do not cover it."""
        self._start_spoke = True
        self._say(title, message, tone=tone)

    def _write_fix(self, text: str, fix: Fix) -> str | None:
        """Make a change to the text, which can be undone; None if it is not that text any more."""
        if self.editor.text != text:
            return None
        self.editor.apply(fix)
        return self.editor.text

    def _refused(self, failure: CloudError, spec: Spec) -> None:
        """Show a refusal in the pane, each part of it on its line; the text stays."""
        self._refusals = tuple(item for item in refused(failure, spec) if item.place != START)
        self._show_problems()
        self._say_start(f"Not started: {failure.title}", f"{failure.hint or failure.message}.", tone="error")

    def watch_gateway(self, gateway: Gateway | None) -> None:
        """Find out about submissions that an earlier session could not confirm."""
        if gateway is not None and gateway.target not in self._asked:
            self._asked.add(gateway.target)
            self._check_pending(gateway)

    @work(group="pending", exit_on_error=False)
    async def _check_pending(self, gateway: Gateway) -> None:
        submitter = Submitter(gateway.jobs, gateway.target, self._submissions)
        waits: list[Countdown] = []

        def wait(record: Record, seconds: float) -> None:
            waits.append(Countdown(lambda left: self._say_earlier(*waiting_words(record, left))))
            if len(waits) == 1:  # one line is enough
                waits[0].start(seconds)

        try:
            outcomes = await submitter.check_pending(wait)
        finally:
            for countdown in waits:
                countdown.stop()
        for outcome in outcomes:
            await self._tell_outcome(outcome)

    def _say_earlier(self, title: str, message: str = "", *, tone: str = "") -> None:
        """Say something about an earlier start, unless the notice tells of one asked for since."""
        if not self._start_spoke and not self._starting:
            self._say(title, message, tone=tone)

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
        self._say_earlier(title, message, tone="warning" if absent else "success")
        if not isinstance(outcome, NotFound):
            self.post_message(JobsChanged())
        elif outcome.settled:
            await asyncio.to_thread(self._submissions.forget, outcome.record)
