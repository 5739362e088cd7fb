"""What the Spec pane can do to a text beside editing: another machine, secrets, keeping them out of git."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import monotonic
from typing import Any, ClassVar

from textual import work
from textual.binding import Binding, BindingType

from tui.domain.access import QuotaLimits
from tui.domain.catalog.choices import Setting
from tui.domain.catalog.quotas import preemptible
from tui.domain.places import Place
from tui.domain.setup.needs import in_use
from tui.domain.spec.check import Spec
from tui.domain.spec.git_secret import (
    NOT_IN_GIT,
    GitStanding,
    git_problem,
    ignoring_lines,
    tracked_lines,
)
from tui.domain.spec.machine_edit import pool_at, set_machine, written_pools
from tui.domain.spec.problems import Fix, Problem
from tui.domain.spec.references import Layers
from tui.domain.spec.secret_rules import LITERAL
from tui.domain.target import Target
from tui.panes.spec_machine import Chosen, MachineScreen, ReadLimits
from tui.panes.spec_secrets import SecretsScreen
from tui.panes.spec_start import environment
from tui.panes.spec_text import SpecTextPane
from tui.services.gitstate import GitIgnoreError, git_standing, ignore
from tui.services.options import AppOptions
from tui.services.secrets import SecretsError, SecretStore, value_layers
from tui.widgets.confirm import ConfirmScreen, Question

ASK_AGAIN = 20.0
"""Seconds after which git is asked anew about a file that is being edited."""


class SpecTools(SpecTextPane):
    """Changes of the text that leave every other line as it is, and the secrets that it uses."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "alt+m",
            "machine",
            "Machine",
            id="spec.machine",
            show=False,
            tooltip="Choose the machine of a worker pool: vCPUs, memory, GPUs, region, quota, price",
        ),
        Binding(
            "alt+s",
            "secrets",
            "Secrets",
            id="spec.secrets",
            show=False,
            tooltip="The names that this spec refers to: set or delete their values",
        ),
    ]

    def __init__(self, options: AppOptions) -> None:
        super().__init__(options)
        self._spec = Spec()
        self._secrets = SecretStore(options.paths.secrets_file)
        self._limits: dict[Target, Mapping[str, QuotaLimits]] = {}
        self._git = NOT_IN_GIT
        self._git_asked: tuple[Path | None, float] = (None, 0.0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A machine needs a text to be written into."""
        if action == "machine":
            return self._buffer is not None
        return super().check_action(action, parameters)

    def _layers(self) -> Layers:
        return value_layers(self._secrets, environment(), self.options.settings, *self._where())

    def _where(self) -> tuple[str, str]:
        """Project and region: of the connection, else of the settings."""
        place = self.gateway.target if self.gateway else self.options.settings
        return place.project, place.region

    def recheck(self) -> None:
        """Check the text anew, because what it refers to has changed."""

    # The machine

    @work(exclusive=True, group="machine", exit_on_error=False)
    async def action_machine(self) -> None:
        """Ask for the machine of a worker pool and write it into the text, undoable."""
        text, line = self.editor.text, self.editor.cursor_location[0] + 1
        pools = await asyncio.to_thread(written_pools, text)
        if not pools:
            words = "Put right what the list of problems says, or write workerPoolSpecs with one pool."
            self._say("No worker pool can be read here", words, tone="warning")
            return
        target = self.gateway.target if self.gateway else None
        project, region = self._where()
        strategy = str(self._scheduling.get("strategy", ""))
        setting = Setting(
            region=region,
            pools=tuple(pool.pool for pool in pools),
            position=pool_at(pools, line),
            preemptible=preemptible(self._spec.job_spec),
            flex=strategy == "FLEX_START",
            limits=self._limits.get(target, {}) if target else {},
            in_use=in_use(self.jobs.live, Place(project, region), self.jobs.homes),
            book=self.prices,
        )
        screen = MachineScreen(pools, setting, self._read_quota())
        chosen = await self.app.push_screen_wait(screen)
        if target is not None:
            self._limits[target] = screen.limits
        if chosen is not None and self.editor.text == text:
            await self._write_machine(text, chosen)

    @property
    def _scheduling(self) -> Mapping[str, Any]:
        found = self._spec.job_spec.get("scheduling", {})
        return found if isinstance(found, Mapping) else {}

    def _read_quota(self) -> ReadLimits | None:
        gateway = self.gateway
        if gateway is None:
            return None

        async def read(metrics: Sequence[str]) -> Mapping[str, QuotaLimits]:
            return await gateway.setup.quota_limits(metrics)

        return read

    async def _write_machine(self, text: str, chosen: Chosen) -> None:
        fix = await asyncio.to_thread(set_machine, text, chosen.position, chosen.pool)
        name = chosen.pool.machine_type
        if self.editor.text != text:
            return
        if fix is None:
            words = f"The file sets it in a form that is changed by hand: write machineType: {name}."
            self._say("The machine could not be set here", words, tone="warning")
        elif not fix.edits:
            self._say(f"The machine is {name} already")
        else:
            self.editor.apply(fix)
            self.editor.go_to(fix.edits[0].start)
            self._say(fix.title, "ctrl+s saves it, ctrl+z undoes it.", tone="success")

    # Secrets

    @work(exclusive=True, group="secrets", exit_on_error=False)
    async def action_secrets(self) -> None:
        """Show the secrets; what is set or deleted counts at once."""
        try:
            layers = await asyncio.to_thread(self._layers)
        except SecretsError:
            layers = ()  # the list says what is wrong with the file
        screen = SecretsScreen(self._secrets, self.editor.text, layers, self._write_reference)
        if await self.app.push_screen_wait(screen):
            self.recheck()

    def _write_reference(self, text: str, fix: Fix) -> str | None:
        if self._buffer is None or self.editor.text != text:
            return None
        self.editor.apply(fix)
        return self.editor.text

    async def _move_secret(self, name: str, value: str) -> bool:
        """Store a literal secret before it leaves the text; say so, or why not."""
        try:
            before = await asyncio.to_thread(self._secrets.get, name)
            if before not in (None, value):
                lines = [f"{name} has another value among your secrets already.", "It would be replaced."]
                if not await self.app.push_screen_wait(
                    ConfirmScreen(Question(f"Replace {name}?", lines, "Replace"))
                ):
                    return False
            await asyncio.to_thread(self._secrets.set, name, value)
        except SecretsError as failure:
            self._say(failure.title, f"{failure.message} {failure.hint}", tone="error")
            return False
        self._say(f"{name} is among your secrets now", "The file names it only.", tone="success")
        return True

    # Git

    @property
    def git_problems(self) -> tuple[Problem, ...]:
        """That the file has a secret in it and git has it, or would take it."""
        found = git_problem(self._spec.problems, self._git)
        return (found,) if found else ()

    def look_at_git(self) -> None:
        """Ask git about the file in the editor if it has a secret in it, now and then."""
        path = self._buffer.path if self._buffer else None
        if path is None or not any(item.code == LITERAL for item in self._spec.problems):
            self._git, self._git_asked = NOT_IN_GIT, (None, 0.0)
            return
        asked, when = self._git_asked
        if asked != path:
            self._git = NOT_IN_GIT
        elif monotonic() - when < ASK_AGAIN:
            return
        self._git_asked = (path, monotonic())
        self._ask_git(path)

    @work(exclusive=True, group="git", exit_on_error=False)
    async def _ask_git(self, path: Path) -> None:
        self._see_git(await git_standing(path), path)

    def _see_git(self, standing: GitStanding, path: Path) -> None:
        if self._git_asked[0] == path and standing != self._git:
            self._git = standing
            self.recheck()

    async def fix_git(self) -> None:
        """Ask, then add the file to `.gitignore`; of a tracked one say what else has to be done."""
        standing, path = self._git, self._git_asked[0]
        if path is None or not standing.root:
            return
        if standing.tracked:
            title, lines = f"{standing.name} is in git already", tracked_lines(standing)
        else:
            title, lines = f"Add {standing.name} to .gitignore?", ignoring_lines(standing)
        question = Question(title, lines, "Add to .gitignore")
        if not await self.app.push_screen_wait(ConfirmScreen(question)):
            return
        try:
            self._see_git(await ignore(standing), path)
        except GitIgnoreError as failure:
            self._say("Git does not ignore the file", str(failure), tone="error")
            return
        words = "It stays tracked until git rm --cached." if standing.tracked else ""
        self._say(f"{standing.name} is in .gitignore now", words, tone="success")
