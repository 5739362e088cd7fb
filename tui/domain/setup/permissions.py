"""The rows about what the caller may do, as actions of the app."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from tui.domain.access import Identity
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.changes import commands
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import Check, CheckState, Fix, GrantRoles, Group, Standing
from tui.domain.setup.reading import unread


@dataclass(frozen=True, slots=True)
class Action:
    """Something the user does in the app, and what it takes."""

    slug: str
    title: str
    permissions: tuple[str, ...]
    role: str
    """The smallest predefined role that gives all of them."""
    why: str
    in_bucket: bool = False
    """Whether the bucket's own policy can give it too, as it does for a project's owners and editors."""
    optional: bool = False


ACTIONS: tuple[Action, ...] = (
    Action(
        "submit",
        "submit jobs",
        ("aiplatform.customJobs.create",),
        "roles/aiplatform.user",
        "Without it every submission is refused.",
    ),
    Action(
        "watch",
        "see jobs",
        ("aiplatform.customJobs.get", "aiplatform.customJobs.list"),
        "roles/aiplatform.viewer",
        "Without it the list of jobs stays empty.",
    ),
    Action(
        "stop",
        "cancel and delete jobs",
        ("aiplatform.customJobs.cancel", "aiplatform.customJobs.delete"),
        "roles/aiplatform.user",
        "Without it a job that goes wrong runs, and costs, until it ends by itself.",
    ),
    Action(
        "logs",
        "read logs",
        ("logging.logEntries.list",),
        "roles/logging.viewer",
        "Without it you see that a job failed but not why. roles/aiplatform.user does not include it.",
    ),
    Action(
        "act-as",
        "use service accounts",
        ("iam.serviceAccounts.actAs",),
        "roles/iam.serviceAccountUser",
        "Needed for specs with a serviceAccount, and in no role of Vertex AI. You may also hold it on a"
        " single service account, which is not visible here.",
        optional=True,
    ),
    Action(
        "outputs",
        "read outputs",
        ("storage.objects.get", "storage.objects.list"),
        "roles/storage.objectViewer",
        "Without it the Storage pane cannot show or download what a job wrote.",
        in_bucket=True,
    ),
    Action(
        "delete",
        "delete outputs",
        ("storage.objects.delete",),
        "roles/storage.objectUser",
        "Without it what a job wrote cannot be cleaned up from here.",
        in_bucket=True,
    ),
    Action(
        "apis",
        "turn APIs on",
        ("serviceusage.services.enable",),
        "roles/serviceusage.serviceUsageAdmin",
        "Only needed to fix rows of this page; an administrator can do it for you.",
        optional=True,
    ),
    Action(
        "grant",
        "grant roles",
        ("resourcemanager.projects.setIamPolicy",),
        "roles/resourcemanager.projectIamAdmin",
        "Only needed to fix rows of this page; an editor of the project does not have it.",
        optional=True,
    ),
    Action(
        "buckets",
        "create buckets",
        ("storage.buckets.create",),
        "roles/storage.admin",
        "Only needed to create the bucket from here.",
        optional=True,
    ),
)
"""In this order on screen."""

PROJECT_PERMISSIONS: tuple[str, ...] = tuple(
    dict.fromkeys(permission for action in ACTIONS for permission in action.permissions)
)
"""All that is asked about the project, in one call of at most 100."""

BUCKET_PERMISSIONS: tuple[str, ...] = (
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
)
"""All that is asked about the bucket."""


def permission_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """One row for each action."""
    return tuple(_permission(facts, action) for action in ACTIONS)


def _permission(facts: SetupFacts, action: Action) -> Check:
    standing = _standing(facts, action)
    member = caller(facts)
    missing = standing.state in (CheckState.FAILED, CheckState.WARNING)
    grant = GrantRoles(member or "user:YOUR_ACCOUNT", (action.role,))
    fix: Fix | None = grant if missing and member and _may_grant(facts) else None
    step = standing.next_step
    if missing and fix is None:
        step = "Ask an administrator of the project for this grant; y copies the command."
    console = f"https://console.cloud.google.com/iam-admin/iam?project={facts.project_id}"
    return Check(
        f"permissions.{action.slug}",
        Group.PERMISSIONS,
        action.title,
        standing.state,
        standing.finding,
        why=f"{action.why} It takes {' and '.join(action.permissions)}.",
        said=standing.said,
        next_step=step,
        command=commands(grant, facts.project_id)[0],
        link="" if facts.local else console,
        fixes=(fix,) if fix else (),
        by_hand=True,
        optional=action.optional,
    )


def _standing(facts: SetupFacts, action: Action) -> Standing:
    needed = frozenset(action.permissions)
    if facts.trouble is None and action.in_bucket and isinstance(facts.bucket_permissions, frozenset):
        return _verdict(action, needed - facts.bucket_permissions)
    missing = unread(facts, facts.permissions)
    if missing is not None:
        return missing
    held = facts.permissions if isinstance(facts.permissions, frozenset) else frozenset()
    if not action.in_bucket or needed <= held:
        return _verdict(action, needed - held)
    return _standing_in_bucket(facts)


def _standing_in_bucket(facts: SetupFacts) -> Standing:
    """The bucket's own policy may give what the project's does not, but it cannot be asked."""
    error = facts.bucket_permissions
    if isinstance(error, CloudError) and error.kind is ErrorKind.NOT_FOUND:
        return Standing(CheckState.SKIPPED, "waits for the bucket")
    return unread(facts, error) or Standing(CheckState.UNKNOWN, "not told")


def _verdict(action: Action, lacking: frozenset[str]) -> Standing:
    if not lacking:
        return Standing(CheckState.OK, "yes")
    state = CheckState.WARNING if action.optional else CheckState.FAILED
    return Standing(state, f"no: {action.role} gives it")


def _may_grant(facts: SetupFacts) -> bool:
    return (
        isinstance(facts.permissions, frozenset)
        and "resourcemanager.projects.setIamPolicy" in facts.permissions
    )


def caller(facts: SetupFacts) -> str:
    """The caller as a member of a binding; empty when the credentials do not tell an e-mail address."""
    if not isinstance(facts.identity, Identity):
        return ""
    account = facts.identity.account
    if "@" not in account or ":" in account or shlex.quote(account) != account:
        return ""
    return f"serviceAccount:{account}" if account.endswith(".gserviceaccount.com") else f"user:{account}"
