"""The checks before one start: all side by side, bounded, and what they say of this one job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from tui.domain.gateway import Gateway
from tui.domain.setup.assess import assess
from tui.domain.setup.facts import PROBES, SetupFacts
from tui.domain.setup.model import Check, CheckState, Group
from tui.domain.setup.needs import JobNeeds
from tui.services.checks import SetupChecks, first_facts
from tui.services.options import AppOptions

CHECK_SECONDS = 10.0
"""After this the start goes on with what is known."""

AWAITED: Mapping[str, str] = {
    "identity": "your login",
    "project": "the project",
    "billing": "billing",
    "apis": "APIs",
    "permissions": "what you may do",
    "policy": "who may do what",
    "account": "the service account",
    "account_permissions": "the service account",
    "bucket": "the bucket",
    "bucket_permissions": "the bucket",
    "bucket_policy": "the bucket",
    "locations_policy": "policies",
    "keys_policy": "policies",
    "quotas": "quota",
}
"""What each read is about, in words."""

_SHOWN = (
    Group.CONNECTION,
    Group.APIS,
    Group.PERMISSIONS,
    Group.ACCOUNT,
    Group.BUCKET,
    Group.POLICIES,
    Group.QUOTA,
    Group.SECRETS,
)
_SURE = ("project", "billing", "apis.aiplatform.googleapis.com", "permissions.submit", "account.", "quota.")
"""Rows that Vertex AI goes by when it takes a job, or beginnings of their ids."""
_SURE_GROUPS = (Group.CONNECTION, Group.POLICIES, Group.BUCKET)
_OF_SETUP = ("account.tutorial",)
"""Rows that are about the project and not about this job."""
_QUIET = (Group.APIS, Group.PERMISSIONS)
"""Where an optional row says nothing about this job."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row, as it counts for this start."""

    check: Check
    sure: bool = False
    """Whether it makes the service refuse the job, as far as can be told from here."""

    @property
    def glyph(self) -> str:
        """✓, ✗, ⚠ or ?."""
        state = self.check.state
        if state in (CheckState.OK, CheckState.FAILED, CheckState.WARNING, CheckState.ACCEPTED):
            return state.glyph
        return CheckState.UNKNOWN.glyph

    @property
    def settled(self) -> bool:
        """Whether nothing is to be said about it."""
        return self.check.state in (CheckState.OK, CheckState.ACCEPTED)

    @property
    def words(self) -> str:
        """One line."""
        found = self.check.finding
        if self.check.state is CheckState.RUNNING:
            found = "not known within 10 seconds"
        return f"{self.title}: {found}"

    @property
    def title(self) -> str:
        """What the row is about, also for somebody who does not see its heading."""
        title = self.check.title
        match self.check.group:
            case Group.APIS:
                return f"{title} API"
            case Group.PERMISSIONS:
                return f"you may {title}"
            case Group.BUCKET:
                return title if "bucket" in title else f"bucket {title}"
            case Group.QUOTA:
                return title if title == "quota" else f"quota of {title}"
            case _:
                return title


@dataclass(frozen=True, slots=True)
class Report:
    """What the checks say of one job."""

    facts: SetupFacts
    findings: tuple[Finding, ...]

    @property
    def account(self) -> str:
        """Who the job is sent as; empty when that is not known."""
        identity = self.facts.identity
        return getattr(identity, "account", "")

    @property
    def open(self) -> tuple[Finding, ...]:
        """What is not right or not known, the surest first."""
        order = {"✗": 0, "⚠": 1, "?": 2}
        found = [finding for finding in self.findings if not finding.settled]
        return tuple(sorted(found, key=lambda item: (not item.sure, order[item.glyph])))

    @property
    def sure(self) -> tuple[Finding, ...]:
        """What surely makes the service refuse."""
        return tuple(finding for finding in self.findings if finding.sure)

    @property
    def right(self) -> Mapping[Group, tuple[Check, ...]]:
        """What is right, by group, where all of the group is."""
        troubled = {finding.check.group for finding in self.open}
        found: dict[Group, tuple[Check, ...]] = {}
        for finding in self.findings:
            group = finding.check.group
            if group not in troubled:
                found[group] = (*found.get(group, ()), finding.check)
        return found


def report_of(facts: SetupFacts, handed: frozenset[str] = frozenset()) -> Report:
    """The rows that matter for a job of `facts.needs`; `handed` are names that its environment gives it."""
    needs = facts.needs
    named = handed if needs is None else handed | {needs.base_bucket, *needs.buckets}
    uses_bucket = facts.bucket_name in named
    rows = [row for row in assess(facts) if row.group in _SHOWN and _matters(row, uses_bucket=uses_bucket)]
    return Report(facts, tuple(Finding(row, sure=_is_sure(row)) for row in rows))


def _matters(row: Check, *, uses_bucket: bool) -> bool:
    if row.id in _OF_SETUP or (row.group is Group.BUCKET and not uses_bucket):
        return False
    if row.state is CheckState.SKIPPED and row.optional:
        return False
    return not (row.optional and row.group in _QUIET)


def _is_sure(row: Check) -> bool:
    if row.state is not CheckState.FAILED or row.optional:
        return False
    return row.id.startswith(_SURE) or row.group in _SURE_GROUPS


class Preflight:
    """Makes the checks of one start."""

    def __init__(
        self,
        gateway: Gateway,
        options: AppOptions,
        needs: JobNeeds | None,
        *,
        seconds: float = CHECK_SECONDS,
        handed: frozenset[str] = frozenset(),
        **known: object,
    ) -> None:
        """`handed` are buckets that the job's environment names; `known`, facts that need no reading."""
        facts = replace(first_facts(options, gateway.target), **known)  # type: ignore[arg-type]  # by name
        self._seconds = seconds
        self._handed = handed
        self._listen: Callable[[SetupFacts], None] = lambda _facts: None
        self._checks = SetupChecks(gateway, facts, self._tell, probe_seconds=seconds)
        self._checks.note_needs(needs)

    def _tell(self, facts: SetupFacts) -> None:
        self._listen(facts)

    @property
    def report(self) -> Report:
        """What is known now."""
        return report_of(self._checks.facts, self._handed)

    @property
    def awaited(self) -> tuple[str, ...]:
        """What has not been read yet, in words."""
        facts = self._checks.facts
        needs = facts.needs
        missing = [name for name in PROBES if getattr(facts, name) is None]
        if needs is None or not needs.service_account:
            missing = [name for name in missing if name not in ("account", "account_permissions")]
        if needs is None or not needs.quota:
            missing = [name for name in missing if name != "quotas"]
        return tuple(dict.fromkeys(AWAITED[name] for name in missing))

    async def run(self, listen: Callable[[SetupFacts], None] = lambda _facts: None) -> Report:
        """Check everything once; what is not known after the time given stays unknown."""
        self._listen = listen
        try:
            async with asyncio.timeout(self._seconds):
                await self._checks.check()
        except TimeoutError:
            pass
        finally:
            self._listen = lambda _facts: None
        return self.report
