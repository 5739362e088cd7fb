"""What the rows about a job's account share: who it is, what may be offered, how a row is put together."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from tui.domain.access import Project
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.agents import compute_account, home_of, is_agent
from tui.domain.setup.changes import commands
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import (
    Check,
    CheckState,
    Fix,
    GrantOnAccount,
    GrantRoles,
    Group,
    MakeAgents,
    Standing,
)
from tui.domain.setup.permissions import ASK, ON_ACCOUNTS, may_not

LINK = "https://cloud.google.com/vertex-ai/docs/general/custom-service-account"
COMPUTE = "compute.googleapis.com"
_TROUBLE = (CheckState.FAILED, CheckState.WARNING)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a row stands, and what would put it right."""

    standing: Standing
    wanted: tuple[Fix, ...] = ()
    """Whether or not the caller may make these changes."""
    by_hand: bool = False


def number_of(facts: SetupFacts) -> str:
    """The project's number, or a word in its place."""
    return facts.project.number if isinstance(facts.project, Project) else "PROJECT_NUMBER"


def named_account(facts: SetupFacts) -> str:
    """The service account that the open spec names; empty if it names none, or no spec is open."""
    return facts.needs.service_account if facts.needs else ""


def is_compute(facts: SetupFacts, account: str) -> bool:
    """Whether that is this project's Compute Engine default service account."""
    return account == compute_account(number_of(facts))


def is_foreign(facts: SetupFacts, account: str) -> bool:
    """Whether a service account belongs to another project."""
    home = home_of(account)
    known = isinstance(facts.project, Project)
    return known and bool(home) and not is_agent(account) and home not in (facts.project_id, number_of(facts))


def compute_off(facts: SetupFacts, account: str) -> bool:
    """Whether the account cannot be there yet, because Compute Engine makes it when its API is turned on."""
    return is_compute(facts, account) and facts.api_enabled(COMPUTE) is False


def waiting(facts: SetupFacts, account: str) -> Standing | None:
    """What has to be there before an account can be given anything; None when it can."""
    if compute_off(facts, account):
        return Standing(CheckState.SKIPPED, "waits for the Compute Engine API")
    if account == named_account(facts) and is_absent(facts.account):
        return Standing(CheckState.SKIPPED, "waits for the account")
    return None


def is_absent(found: object) -> bool:
    """Whether a read says that there is no such thing."""
    return isinstance(found, CloudError) and found.kind is ErrorKind.NOT_FOUND


def may_make(facts: SetupFacts, fix: Fix) -> bool:
    """Whether the caller is not known to lack the right to make a change."""
    match fix:
        case GrantRoles():
            return not may_not(facts, "resourcemanager.projects.setIamPolicy")
        case GrantOnAccount():
            return not may_not(facts, ON_ACCOUNTS)
        case MakeAgents():
            return not may_not(facts, "serviceusage.services.enable")
        case _:
            return True


def row(
    facts: SetupFacts,
    slug: str,
    title: str,
    plan: Plan,
    why: str,
    *,
    optional: bool = False,
    extra: Iterable[str] = (),
) -> Check:
    """A row of the group; what the caller may not do himself is left to the request to an administrator.

    `extra` are commands beside those of the planned changes.
    """
    standing, wanted = plan.standing, plan.wanted
    allowed = all(may_make(facts, fix) for fix in wanted)
    step = standing.next_step
    if wanted and not allowed and standing.state in _TROUBLE:
        step = f"{step} {ASK}".strip()
    return Check(
        f"account.{slug}",
        Group.ACCOUNT,
        title,
        standing.state,
        standing.finding,
        why=why,
        said=standing.said,
        next_step=step,
        command="\n".join((*(line for fix in wanted for line in commands(fix, facts.project_id)), *extra)),
        link="" if facts.local else LINK,
        fixes=wanted if allowed else (),
        by_hand=plan.by_hand,
        optional=optional,
    )


def project_option(facts: SetupFacts, account: str) -> str:
    """`--project=…` of the account's own project."""
    return f"--project={shlex.quote(home_of(account) or facts.project_id or 'PROJECT')}"
