"""What the keys of the Setup pane do: fix, take back, accept, copy, verify; each change asked for first."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence

from textual import work

from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.setup.changes import changes, commands
from tui.domain.setup.model import (
    HERE,
    Check,
    CheckState,
    CreateBucket,
    Fix,
    Revoke,
    SignIn,
    merged,
    part_of,
)
from tui.domain.setup.request import admin_request
from tui.panes import messages
from tui.panes.setup_detail import fix_question, undo_question
from tui.panes.setup_here import HereOutcome, make_here
from tui.panes.setup_sources import SetupSources
from tui.services import config_write, token_checks
from tui.services.acceptance import AcceptanceError
from tui.services.changes import Outcome
from tui.services.checks import SetupChecks
from tui.services.config_file import ConfigError
from tui.services.handout import hand_out
from tui.services.options import AppOptions, profile_for
from tui.services.secrets import SecretsError
from tui.services.settings import Source
from tui.widgets.confirm import ConfirmScreen, Question
from tui.widgets.text_screen import TextScreen

SECRET_ROW = "secrets."  # noqa: S105 (a name)
"""The beginning of the ids of rows about one secret; its name follows."""


class SetupWork(SetupSources):
    """One change at a time; the notes below the rows say what became of it."""

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._busy = False
        self._changing: SetupChecks | None = None
        """What a change is being made through, which a later connection does not replace."""

    @property
    def under_way(self) -> tuple[str, ...]:
        """The changes of the project that are not made yet."""
        fixes = self._changing.facts.applying if self._changing is not None else ()
        return tuple(changes(fix)[0] for fix in fixes)

    # Fixes

    @work(exclusive=True, group="setup-fix", exit_on_error=False)
    async def _confirm_and_fix(self, rows: Sequence[Check], *, single: bool) -> None:
        """Ask, make the changes that the rows need, and say what became of them."""
        fixes, checks = this_round(rows), self._checks
        if not fixes:
            return
        project = self._facts.project_id
        question = fix_question(fixes, project, local=self.options.local, single=single)
        if not await self._confirmed(question, checks):
            return
        self._begin()
        try:
            remote = [fix for fix in fixes if not isinstance(fix, HERE)]
            outcome = await self._change_project(remote, checks)
            kept = [fix for fix in fixes if isinstance(fix, HERE) and not held_back(fix, rows, outcome)]
            here = await make_here(self.app, self.options, self._secrets, kept)
        finally:
            self._end()
        held = [fix for fix in fixes if isinstance(fix, HERE) and fix not in kept]
        self._report(outcome, here, held)
        await self._keep_bucket(outcome)
        self._go_on(here, changed=bool(outcome.done))

    def _begin(self) -> None:
        self._busy = True
        self._say("")
        self._offer_keys()

    def _end(self) -> None:
        self._busy = False
        self._offer_keys()

    async def _confirmed(self, question: Question, checks: SetupChecks | None) -> bool:
        """Whether the user said yes while the connection that was asked about still stood."""
        if not await self.app.push_screen_wait(ConfirmScreen(question)):
            return False
        if checks is not self._checks:
            self._say("⚠ The connection changed while the question was open: nothing was done", "warning")
            return False
        return True

    async def _change_project(self, fixes: Sequence[Fix], checks: SetupChecks | None) -> Outcome:
        """Make changes through the connection that the question named, whatever has come since."""
        if not fixes or checks is None:
            return Outcome((), ())
        self._changing = checks
        try:
            outcome = await checks.apply(fixes)
        finally:
            self._changing = None
        if checks is not self._checks and checks.facts.project_id == self._facts.project_id:
            self._tell(granted=checks.facts.granted)
        return outcome

    def _report(self, outcome: Outcome, here: HereOutcome, held: Sequence[Fix]) -> None:
        """One line for each thing that is worth knowing."""
        lines = [f"✗ {line}" for line in here.failed]
        lines += [refusal_words(fix, error) for fix, error in outcome.refused]
        lines += [f"– left out, for it needs what was not done: {changes(fix)[0]}" for fix in held]
        done = [f"✓ {line}" for line in here.done]
        if outcome.done:
            later = "" if self.options.local else "; grants act within minutes"
            undo = "; u takes the last grant back" if self._facts.granted else ""
            count = f"{len(outcome.done)} changes" if len(outcome.done) > 1 else "Done"
            done.insert(0, f"✓ {count}{' made' if len(outcome.done) > 1 else ''}{later}{undo}")
        if lines or done:
            self._say("\n".join([*lines, *done]), "error" if lines else "success")

    def _go_on(self, here: HereOutcome, *, changed: bool) -> None:
        """Use at once what has changed, and look again at what it touches."""
        if here.secrets:
            rest = {name: said for name, said in self._facts.tokens.items() if name not in here.secrets}
            self._tell(tokens=rest)
        if changed:
            self.post_message(messages.SetupChanged())
        if here.account:
            self.post_message(messages.SetServiceAccount(here.account))
        self._look_at_box()
        if here.settings or here.signed_in:
            self.post_message(messages.SettingsChanged(here.settings))
        elif self._checks is not None and not self._checks.settled:
            self._run_checks()

    async def _keep_bucket(self, outcome: Outcome) -> None:
        """Save a new bucket's name beside the project's, so that other tools and runs use it too.

        A project that comes from a flag or the environment has no place in the file; its bucket is found
        again by its default name, and that of an open spec is named there.
        """
        created = [fix for fix in outcome.done if isinstance(fix, CreateBucket)]
        origin = self.options.origins.get("project")
        if not created or self.options.local or self.options.settings.bucket or origin is None:
            return
        if origin.source not in (Source.PROFILE, Source.FILE) or self._is_of_spec(created[0]):
            return
        path, profile = self.options.paths.config_file, profile_for(self.options, "bucket")
        try:
            await asyncio.to_thread(config_write.save, path, "bucket", created[0].name, profile)
        except ConfigError as error:
            self._say(f"⚠ The bucket is there, but its name was not saved: {error}", "warning")

    def _is_of_spec(self, fix: CreateBucket) -> bool:
        return self._facts.needs is not None and fix.name in self._facts.needs.buckets

    @work(exclusive=True, group="setup-fix", exit_on_error=False)
    async def _confirm_and_undo(self) -> None:
        """Take the last grant of this session back."""
        if not self._facts.granted:
            return
        grant = self._facts.granted[-1]
        checks = self._checks
        question = undo_question(grant, self._facts.project_id, local=self.options.local)
        if not await self._confirmed(question, checks):
            return
        self._begin()
        try:
            outcome = await self._change_project((Revoke(grant),), checks)
        finally:
            self._end()
        if outcome.refused:
            self._say(f"✗ Not taken back: {outcome.refused[0][1]}", "error")
        else:
            self._say("✓ Taken back; what it allowed may pass for some minutes yet", "success")
            self.post_message(messages.SetupChanged())
        if checks is not None and not checks.settled:
            self._run_checks()

    # What changes nothing

    @work(exclusive=True, group="setup-accept", exit_on_error=False)
    async def _accept(self, check: Check) -> None:
        """Take a row as it is, or ask for it again."""
        again = check.state is CheckState.ACCEPTED
        finding = "" if again else check.finding
        try:
            accepted = await asyncio.to_thread(self._acceptances().change, check.id, finding)
        except AcceptanceError as failure:
            self._say(f"✗ {failure}", "error")
            return
        self._tell(accepted=accepted)
        words = "is asked for again" if again else "is taken as it is until it changes; s takes that back"
        self._say(f"“{check.title}” {words}")

    @work(exclusive=True, group="setup-copy", exit_on_error=False)
    async def _copy(self, text: str, title: str, *, show: bool = False) -> None:
        """Copy a text, and show it if it is more than a command."""
        send, paths = self.app.copy_to_clipboard, self.options.paths
        note = await hand_out(text, title, paths=paths, environ=os.environ, send=send)
        self._say(note)
        if show:
            self.app.push_screen(TextScreen("To send to whoever can help", text, note))

    def _request(self) -> tuple[str, str]:
        """The text that asks somebody else for what is missing, and its name; empty if nothing is."""
        line = self._line
        check = line.check if line is not None else None
        if check is not None and check.draft and check.state is not CheckState.OK:
            return check.draft, f"the request for “{check.title}”"
        return admin_request(self._facts, tuple(self._rows.values())), "one request for all that is missing"

    def _secret(self) -> str:
        """The secret of the row under the cursor, if it has a value that can be checked; else empty."""
        line = self._line
        check = line.check if line is not None else None
        name = check.id.removeprefix(SECRET_ROW) if check and check.id.startswith(SECRET_ROW) else ""
        known = name in (self._facts.secret_names or ())
        return name if known and token_checks.can_check(name) else ""

    @work(exclusive=True, group="setup-verify", exit_on_error=False)
    async def _verify(self, name: str) -> None:
        """Ask the service that a secret is for, once the user has seen what is sent."""
        models = self._facts.needs.models if self._facts.needs else ()
        lines = token_checks.what_is_sent(name, models, os.environ)
        if not await self.app.push_screen_wait(ConfirmScreen(Question(f"Check {name}?", lines, yes="Check"))):
            return
        try:
            value = await asyncio.to_thread(self._secrets.get, name) or os.environ.get(name, "")
        except SecretsError as failure:
            self._say(str(failure), "error")
            return
        self._say(f"… asking about {name}")
        verdict = await token_checks.check(name, value, models, os.environ)
        self._tell(tokens={**self._facts.tokens, name: verdict})
        self._say(f"{'✓' if verdict.good else '✗' if verdict.told else '?'} {name}: {verdict.words}")

    @property
    def _connection(self) -> Gateway | None:
        """The connection while no change is under way."""
        return None if self._busy else self.gateway


def this_round(rows: Sequence[Check]) -> tuple[Fix, ...]:
    """The changes for the rows, in order; a login comes alone, for all else depends on it."""
    fixes = merged(fix for row in rows for fix in row.fixes)
    logins = tuple(fix for fix in fixes if isinstance(fix, SignIn))
    return logins[:1] or fixes


def held_back(fix: Fix, rows: Sequence[Check], outcome: Outcome) -> bool:
    """Whether a change on this box would point at what the project does not have, as its row's rest failed.

    So a spec is never told to use an account that was not given its roles.
    """
    mine = [part for row in rows if fix in row.fixes for part in row.fixes if not isinstance(part, HERE)]
    return any(part_of(part, whole) for part in mine for whole, _ in outcome.refused)


def refusal_words(fix: Fix, error: CloudError) -> str:
    """What became of a change that failed; one whose answer was lost may have been made."""
    doubt = "perhaps done, its row says whether" if error.ambiguous else "not done"
    return f"✗ {doubt}: {changes(fix)[0]}: {error}"


def command_of(fixes: Sequence[Fix], project: str) -> str:
    """The commands that make the same changes."""
    return "\n".join(command for fix in fixes for command in commands(fix, project))
