"""The row about the service account that a job runs as."""

from __future__ import annotations

from collections.abc import Mapping

from tui.domain.access import Policy, Project
from tui.domain.errors import CloudError
from tui.domain.setup.changes import commands
from tui.domain.setup.facts import SetupFacts, changeable, disabled_service
from tui.domain.setup.model import Check, CheckState, GrantRoles, Group, Standing
from tui.domain.setup.reading import unread

NEEDED_ROLES: Mapping[str, frozenset[str]] = {
    "roles/storage.objectUser": frozenset({"roles/storage.objectAdmin", "roles/storage.admin"}),
    "roles/logging.logWriter": frozenset({"roles/logging.admin"}),
    "roles/aiplatform.user": frozenset({"roles/aiplatform.admin"}),
}
"""The smallest role for writing outputs, log lines and for calling Vertex AI; others that include it."""

_BROAD = frozenset({"roles/owner", "roles/editor", "roles/aiplatform.customCodeServiceAgent"})

_WHY = (
    "Only a spec whose serviceAccount names this account runs as it, as tiny-train and the usual tutorials"
    " mean it. Such a job needs roles to write its outputs and log lines, or it fails at its last step. A"
    " spec without serviceAccount runs as Google's Custom Code Service Agent ({agent}), which can already"
    " write to the project's buckets: grants to this account do not change that. Only roles given on the"
    " project itself are visible here, not those inherited from a folder or the organization."
    " The account: {account}."
)


def compute_account(number: str) -> str:
    """The e-mail of the Compute Engine default service account of the project with that number."""
    return f"{number}-compute@developer.gserviceaccount.com"


def custom_code_agent(number: str) -> str:
    """The e-mail of the agent that runs custom code when a spec names no service account."""
    return f"service-{number}@gcp-sa-aiplatform-cc.iam.gserviceaccount.com"


def missing_roles(policy: Policy, account: str) -> tuple[str, ...]:
    """Those of `NEEDED_ROLES` that the account neither holds nor has through a larger role."""
    held = policy.roles_of(f"serviceAccount:{account}")
    if held & _BROAD:
        return ()
    return tuple(role for role, larger in NEEDED_ROLES.items() if role not in held and not held & larger)


def account_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """Who a job runs as, and whether that account may do what a job does."""
    return (_account(facts),)


def _account(facts: SetupFacts) -> Check:
    number = facts.project.number if isinstance(facts.project, Project) else ""
    account = compute_account(number or "PROJECT_NUMBER")
    agent = custom_code_agent(number or "PROJECT_NUMBER")
    standing, roles = _standing(facts, account)
    fix = GrantRoles(f"serviceAccount:{account}", roles or tuple(NEEDED_ROLES))
    return Check(
        "service-account",
        Group.ACCOUNT,
        "Compute account",
        standing.state,
        standing.finding,
        why=_WHY.format(agent=agent, account=account),
        said=standing.said,
        next_step=standing.next_step,
        command="\n".join(commands(fix, facts.project_id)),
        link="" if facts.local else "https://cloud.google.com/vertex-ai/docs/general/custom-service-account",
        fixes=(fix,) if roles and number else (),
    )


def _standing(facts: SetupFacts, account: str) -> tuple[Standing, tuple[str, ...]]:
    """How the row stands, and the roles to grant."""
    missing = unread(facts, facts.project) or unread(facts, facts.policy)
    if missing is not None:
        # While Resource Manager is off, all roles are planned; a grant adds only those that lack.
        off = isinstance(facts.policy, CloudError) and bool(disabled_service(facts.policy))
        return missing, tuple(NEEDED_ROLES) if off and changeable(facts) else ()
    policy = facts.policy if isinstance(facts.policy, Policy) else Policy(())
    roles = missing_roles(policy, account)
    if not roles:
        return Standing(CheckState.OK, "may write outputs and log lines"), ()
    if facts.api_enabled("compute.googleapis.com") is False:
        return Standing(CheckState.SKIPPED, "waits for the Compute Engine API"), roles
    finding = f"lacks {', '.join(role.removeprefix('roles/') for role in roles)}"
    conditional = _conditional(policy, account)
    step = f"Held only under a condition: {', '.join(conditional)}." if conditional else ""
    return Standing(CheckState.WARNING, finding, next_step=step), roles


def _conditional(policy: Policy, account: str) -> list[str]:
    member = f"serviceAccount:{account}"
    return sorted({item.role for item in policy.bindings if item.condition and member in item.members})
