"""`doctor --fix`: the changes that are safe to make, listed, asked for, made, and looked at again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tui.commands.confirm import confirm
from tui.commands.doctor_words import fix_words
from tui.commands.output import note, safe
from tui.commands.session import sentence
from tui.domain.setup.assess import assess
from tui.domain.setup.changes import changes
from tui.domain.setup.model import HERE, CreateBucket, Fix, SetSetting, safe_fixes
from tui.services import config_write
from tui.services.checks import SetupChecks
from tui.services.config_file import ConfigError
from tui.services.options import AppOptions, profile_for
from tui.services.paths import show_path
from tui.services.settings import Source

ROUNDS = 3
"""How often changes are asked for: what was off may have hidden what else is missing."""


@dataclass(slots=True)
class Made:
    """What became of the changes, in words."""

    done: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    settings: bool = False
    """Whether a setting was changed, so that all has to be looked at anew."""


class Fixer:
    """Makes the changes of one run."""

    def __init__(self, options: AppOptions, made: Made, *, yes: bool) -> None:
        self._options = options
        self._yes = yes
        self.made = made

    async def fix(self, checks: SetupChecks) -> None:
        """Ask and change until nothing is left that is safe to change, or a change does not help.

        Raises:
            CommandLineError: nobody answers, or the answer is no.
        """
        tried: set[Fix] = set()
        for _ in range(ROUNDS):
            fixes = [fix for fix in safe_fixes(assess(checks.facts)) if fix not in tried]
            if not fixes:
                return
            tried.update(fixes)
            self._ask(fixes, checks.facts.project_id)
            await self._make(fixes, checks)
            if self.made.settings:
                return

    def _ask(self, fixes: Sequence[Fix], project: str) -> None:
        where = f"{project} on this box" if self._options.local else f"{project} on Google Cloud"
        count = "this change" if len(fixes) == 1 else f"these {len(fixes)} changes"
        confirm(f"Make {count} of {where}?", [line for fix in fixes for line in changes(fix)], yes=self._yes)

    async def _make(self, fixes: Sequence[Fix], checks: SetupChecks) -> None:
        outcome = await checks.apply([fix for fix in fixes if not isinstance(fix, HERE)])
        for fix in outcome.done:
            self._tell(fix_words(fix))
            if isinstance(fix, CreateBucket):
                self._keep_bucket(fix, checks)
        for fix, error in outcome.refused:
            doubt = "perhaps done" if error.ambiguous else "not done"
            self._fail(f"{doubt}: {fix_words(fix)}: {sentence(error)}")
        for fix in fixes:
            if isinstance(fix, SetSetting) and self._set(fix.key, fix.value):
                self.made.settings = True

    def _keep_bucket(self, fix: CreateBucket, checks: SetupChecks) -> None:
        """Save a new bucket's name beside the project's, where that is kept in the file."""
        origin, needs = self._options.origins.get("project"), checks.facts.needs
        of_spec = needs is not None and fix.name in needs.buckets
        if self._options.local or self._options.settings.bucket or origin is None or of_spec:
            return
        if origin.source in (Source.PROFILE, Source.FILE):
            self._set("bucket", fix.name)

    def _set(self, key: str, value: str) -> bool:
        path = self._options.paths.config_file
        try:
            config_write.save(path, key, value, profile_for(self._options, key))
        except ConfigError as error:
            self._fail(f"{key} was not saved: {error}")
            return False
        self._tell(f"{key} is {value} now, kept in {show_path(path)}")
        return True

    def _tell(self, words: str) -> None:
        self.made.done.append(words)
        note(safe(f"✓ {words}"))

    def _fail(self, words: str) -> None:
        self.made.failed.append(words)
        note(safe(f"✗ {words}"))
