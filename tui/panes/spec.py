"""The Spec pane: write a job spec, know what is wrong with it, start the job."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from textual import on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import TextArea

from tui.domain.errors import CloudError
from tui.domain.secrets import lines_with_secrets
from tui.domain.setup.needs import JobNeeds, needs_of
from tui.domain.spec.check import Spec, check
from tui.domain.spec.edit import set_service_account
from tui.domain.spec.git_secret import CODE as IN_GIT
from tui.domain.spec.problems import START, Problem, in_order
from tui.domain.spec.references import resolve
from tui.domain.spec.refusal import refused as refusals_of
from tui.domain.spec.request import gcloud_command, gcloud_notes, preview, with_key
from tui.domain.spec.secret_rules import LITERAL
from tui.panes.messages import BadgeChanged, NeedsChanged
from tui.panes.spec_buffer import Buffer
from tui.panes.spec_dialogs import RequestScreen
from tui.panes.spec_launch import SpecLaunch
from tui.panes.spec_lists import ProblemList, count_words
from tui.services.lane import Lane
from tui.services.options import AppOptions
from tui.services.secrets import SecretsError
from tui.services.submitter import display_name, submitter_labels

CHECK_DELAY = 0.05
"""Seconds of quiet after a key before the text is checked."""


class SpecPane(SpecLaunch):
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
        Binding("f,alt+a,alt+f", "say_no_fix", show=False),
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
        self._spec_text = ""
        """The text that `_spec` was read from: only to it may a fix be applied."""
        self._fixed: Problem | None = None
        """What was put right since the problems were shown last."""
        self._covered: frozenset[int] = frozenset()
        self._badge = ("", "")
        self._needs: JobNeeds | None = None
        self._checks = Lane("spec checks")

    def on_unmount(self) -> None:
        """A check that is still at work does not keep the app."""
        self._checks.close()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what works now is offered."""
        if action == "show_request":
            return self._buffer is not None
        if action in ("next_problem", "previous_problem"):
            return bool(self._buffer and self._problems)
        if action in ("fix", "say_no_fix"):
            problem = self._current_problem()
            return problem is not None and (problem.fix is None) is (action == "say_no_fix")
        return super().check_action(action, parameters)

    # Text and problems

    def text_switched(self) -> None:
        """Nothing is known of the text that is in the editor now; without one, the tab has no badge."""
        self._spec, self._refusals = Spec(), ()
        self.query_one(ProblemList).checking()
        if self._buffer is None:
            self.say_kept()
            self._tell_needs(None)

    def say_kept(self) -> None:
        """The tab says that there is unsaved text, while none of it is in the editor."""
        if self._buffer is None:
            self._badge = ("●", "warning") if self._left or self._unread else ("", "")
            self.post_message(BadgeChanged(self.PANE_ID, *self._badge))

    @on(TextArea.Changed, "#spec-editor")
    def _text_changed(self) -> None:
        if self._buffer is not None:
            self._refusals = ()
            self.show_titles()
            self._check()

    @work(exclusive=True, group="check", exit_on_error=False)
    async def _check(self) -> None:
        """Check the text off the loop; an edit meanwhile cancels this, so only the newest result shows.

        A check that runs cannot be stopped, but of those that wait for its end only the newest is made.
        """
        await asyncio.sleep(CHECK_DELAY)
        text = self.editor.text
        self._spec, self._covered, needs = await self._checks.run(self._read_text, text, self._buffer)
        self._spec_text = text
        self.look_at_git()
        self._show_problems()
        self._tell_needs(needs)

    def _tell_needs(self, needs: JobNeeds | None) -> None:
        """Let Setup look at what a job of this text would use; what it asked for last stands while unread."""
        before = self._needs
        if needs is not None and needs.unread and before is not None and before.file == needs.file:
            needs = replace(before, errors=needs.errors, unread=True)
        if needs != self._needs:
            self._needs = needs
            self.post_message(NeedsChanged(needs))

    def _read_text(self, text: str, buffer: Buffer | None) -> tuple[Spec, frozenset[int], JobNeeds | None]:
        """What is in a text, the lines that hold secrets, and what a job of it would use."""
        spec = self._check_text(text)
        needs = _needs_of(spec, buffer.title) if buffer and text.strip() else None
        return spec, lines_with_secrets(text), needs

    def _check_text(self, text: str) -> Spec:
        names: set[str] | None = None  # while the secrets file cannot be used, no name is called unknown
        with suppress(SecretsError):
            names = {name for _, values in self._layers() for name, value in values.items() if value}
        settings, region = self.options.settings, self._where()[1]
        limit = None if self.options.local else settings.jobs_price_limit or None
        today = datetime.now(UTC).astimezone().date()
        return check(text, names, region=region, today=today, limit_usd=limit, prices=self.prices)

    def watch_prices(self) -> None:
        """The catalogue's prices are here: the sum may be over the limit by those, or not any more."""
        if self.is_mounted and self._buffer is not None and self.options.settings.jobs_price_limit:
            self._check()

    def recheck(self) -> None:
        """Check the text anew, because what it refers to has changed."""
        self._check()

    @property
    def _problems(self) -> tuple[Problem, ...]:
        return in_order((*self._spec.problems, *self._refusals, *self.git_problems))

    def _show_problems(self) -> None:
        listed = self.query_one(ProblemList)
        listed.show(self._problems, fixed=self._fixed)
        self._fixed = None
        fixes = "alt+a: f in the editor" if any(item.fix for item in self._problems) else ""
        read = f"read as {self._spec.shape.value}" if self._spec.job else ""
        listed.border_subtitle = Content(" · ".join(part for part in (fixes, read) if part))
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
            self._fixed = problem
            self.editor.apply(problem.fix)
        elif problem.fix.secret:
            self._say("The text has changed meanwhile", "The secret is kept, but still in the text, too.")

    def action_say_no_fix(self) -> None:
        """Say that the problem under the cursor is one for the user."""
        problem = self._current_problem()
        if problem is not None:
            words = f"Line {problem.line} is for you to change: enter goes there."
            self._say("No certain fix", words, tone="warning")

    @work(exclusive=True, group="account", exit_on_error=False)
    async def set_service_account(self, account: str) -> None:
        """Make jobs of the open text run as `account`, as a change that can be undone; say why if not."""
        if self._buffer is None:
            self._say("No spec is open", "Open one, then press f in Setup again.", tone="warning")
            return
        text = self.editor.text
        fix = await asyncio.to_thread(set_service_account, text, account)
        if self.editor.text != text:
            self._say("The text has changed meanwhile", "Press f in Setup again.", tone="warning")
            return
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
        file = str(buffer.path or buffer.suggested)
        try:
            shown = await asyncio.to_thread(self._request, self.editor.text, file, buffer.stem)
        except SecretsError as failure:
            self._say(failure.title, f"{failure.message} {failure.hint}", tone="error")
            return
        self.app.push_screen(RequestScreen(*shown, self.copy))

    def _request(self, text: str, file: str, stem: str) -> tuple[str, str, str, list[str]]:
        """How a text is read, what will be sent, and the same with gcloud, with what is to know of that."""
        spec = with_key(check(text), self.options.settings.kms_key)
        values = resolve(spec.references, self._layers())
        project, region = self._where()
        template = self.options.settings.jobs_name_template
        name = display_name(spec, "", stem, datetime.now(UTC).astimezone(), template=template)
        labels = submitter_labels(self.options.settings.jobs_user, spec.job.get("labels", {}))
        command = gcloud_command(
            spec, file=file, project=project, region=region, display_name=name, labels=labels
        )
        return spec.shape.value, preview(spec, name, labels, values), command, gcloud_notes(spec)

    def refused(self, failure: CloudError, spec: Spec) -> None:
        """Show a refusal in the pane, each part of it on its line; the text stays."""
        self._refusals = tuple(item for item in refusals_of(failure, spec) if item.place != START)
        self._show_problems()
        self._say(f"Not started: {failure.title}", f"{failure.hint or failure.message}.", tone="error")


def _needs_of(spec: Spec, file: str) -> JobNeeds | None:
    """What a job of a checked text would use, and whether that could be read at all."""
    errors, needs = len(spec.errors), needs_of(spec, file)
    if errors and (needs is None or not needs.pools):
        return JobNeeds(file, errors=errors, unread=True)
    return replace(needs, errors=errors) if needs is not None else None
