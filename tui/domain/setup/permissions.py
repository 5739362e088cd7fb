"""The rows about what the caller may do, as actions of the app."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import dataclass

from tui.domain.access import Identity, LoginKind
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.agents import repositories
from tui.domain.setup.changes import commands
from tui.domain.setup.facts import SetupFacts
from tui.domain.setup.model import (
    Check,
    CheckState,
    Fix,
    Grant,
    GrantOnBucket,
    GrantRoles,
    Group,
    Standing,
)
from tui.domain.setup.reading import unread
from tui.domain.setup.roles import smallest_roles


def _always(_: SetupFacts) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Action:
    """Something the user does in the app, and what it takes."""

    slug: str
    title: str
    permissions: tuple[str, ...]
    why: str
    in_bucket: bool = False
    """Whether the bucket's own policy can give it too, as it does for a project's owners and editors."""
    optional: bool = False
    applies: Callable[[SetupFacts], bool] = _always
    """Whether the row is shown at all."""


def _bills_this_project(facts: SetupFacts) -> bool:
    """Whether calls are charged to this project by a login that could also leave it out."""
    who = facts.identity
    quota = who.quota_project if isinstance(who, Identity) and who.kind is LoginKind.USER else ""
    return bool(quota) and quota == facts.project_id


def _has_own_images(facts: SetupFacts) -> bool:
    images = facts.needs.images if facts.needs else ()
    return any(place.project == facts.project_id for place in repositories(images))


ACTIONS: tuple[Action, ...] = (
    Action(
        "submit",
        "submit jobs",
        ("aiplatform.customJobs.create",),
        "Without it every submission is refused.",
    ),
    Action(
        "watch",
        "see jobs",
        ("aiplatform.customJobs.get", "aiplatform.customJobs.list"),
        "Without it the list of jobs stays empty.",
    ),
    Action(
        "stop",
        "cancel and delete jobs",
        ("aiplatform.customJobs.cancel", "aiplatform.customJobs.delete"),
        "Without it a job that goes wrong runs, and costs, until it ends by itself.",
    ),
    Action(
        "logs",
        "read logs",
        ("logging.logEntries.list",),
        "Without it you see that a job failed but not why. roles/aiplatform.user does not include it.",
    ),
    Action(
        "outputs",
        "read outputs",
        ("storage.objects.get", "storage.objects.list"),
        "Without it the Storage pane cannot show or download what a job wrote.",
        in_bucket=True,
    ),
    Action(
        "delete",
        "delete outputs",
        ("storage.objects.delete",),
        "Without it what a job wrote cannot be cleaned up from here.",
        in_bucket=True,
    ),
    Action(
        "quota-project",
        "charge the project",
        ("serviceusage.services.use",),
        "Your login names this project as its quota project, so that every call is counted there.",
        applies=_bills_this_project,
    ),
    Action(
        "restore",
        "restore outputs",
        ("storage.objects.create", "storage.objects.restore"),
        "Only needed to bring back what was deleted.",
        in_bucket=True,
        optional=True,
    ),
    Action(
        "buckets",
        "list and make buckets",
        ("storage.buckets.list", "storage.buckets.create", "storage.buckets.delete"),
        "Only needed to choose, create and delete buckets from here.",
        optional=True,
    ),
    Action(
        "act-as",
        "use all accounts",
        ("iam.serviceAccounts.actAs", "iam.serviceAccounts.list"),
        "To run jobs as any service account of the project; it is in no role of Vertex AI. The account that"
        " the open spec names has a row of its own below: the right to use that one is enough.",
        optional=True,
    ),
    Action(
        "images",
        "pull images",
        ("artifactregistry.repositories.downloadArtifacts",),
        "Only needed to try the spec's image on a machine of yours: for a job, Google's agents pull it.",
        optional=True,
        applies=_has_own_images,
    ),
    Action(
        "look",
        "see access and quota",
        (
            "resourcemanager.projects.get",
            "resourcemanager.projects.getIamPolicy",
            "serviceusage.services.get",
            "serviceusage.quotas.get",
        ),
        "Only needed for rows of this page: who may do what, which APIs are on, billing and quota.",
        optional=True,
    ),
    Action(
        "apis",
        "turn APIs on",
        ("serviceusage.services.enable",),
        "Only needed to fix rows of this page; an administrator can do it for you.",
        optional=True,
    ),
    Action(
        "grant",
        "grant roles",
        ("resourcemanager.projects.setIamPolicy",),
        "Only needed to fix rows of this page; an editor of the project does not have it.",
        optional=True,
    ),
)
"""In this order on screen."""

ON_ACCOUNTS = "iam.serviceAccounts.setIamPolicy"
"""Held on the project, it lets the caller say who may use its service accounts; no role's row of its own."""

PROJECT_PERMISSIONS: tuple[str, ...] = (
    *dict.fromkeys(permission for action in ACTIONS for permission in action.permissions),
    ON_ACCOUNTS,
)
"""All that is asked about the project, in one call of at most 100."""

BUCKET_PERMISSIONS: tuple[str, ...] = (
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
    "storage.objects.restore",
)
"""All that is asked about the bucket."""

ASK = "Ask an administrator of the project: w copies one request for all that is missing."


def permission_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """One row for each action."""
    return tuple(_permission(facts, action) for action in ACTIONS if action.applies(facts))


def _permission(facts: SetupFacts, action: Action) -> Check:
    standing = _standing(facts, action)
    member = caller(facts)
    missing = standing.state in (CheckState.FAILED, CheckState.WARNING)
    lacking = lacking_permissions(facts, action) if missing else ()
    roles = smallest_roles(lacking or action.permissions)
    grant = _grant(facts, action, member or "user:YOUR_ACCOUNT", roles)
    fix: Fix | None = grant if missing and member and may_grant(facts) else None
    console = f"https://console.cloud.google.com/iam-admin/iam?project={facts.project_id}"
    return Check(
        f"permissions.{action.slug}",
        Group.PERMISSIONS,
        action.title,
        standing.state,
        standing.finding,
        why=f"{action.why} {_it_takes(action)}".strip(),
        said=standing.said,
        next_step=_ask(action) if missing and fix is None else standing.next_step,
        command="\n".join(commands(grant, facts.project_id)),
        link="" if facts.local else console,
        fixes=(fix,) if fix else (),
        by_hand=True,
        optional=action.optional,
    )


def _ask(action: Action) -> str:
    """The request is for what jobs need; the rest is a matter of choice."""
    alone = "Ask an administrator of the project if you want it: y copies the command."
    return alone if action.optional else ASK


def _grant(facts: SetupFacts, action: Action, member: str, roles: tuple[str, ...]) -> Grant:
    """On the bucket alone what the bucket alone lacks, else on the project."""
    if action.in_bucket and isinstance(facts.bucket_permissions, frozenset) and len(roles) == 1:
        return GrantOnBucket(facts.bucket_name, member, roles[0])
    return GrantRoles(member, roles)


def _it_takes(action: Action) -> str:
    """The permissions by Google's names, but for the one whose name is no word for a screen."""
    names = [name for name in action.permissions if not name.endswith(".actAs")]
    return f"It takes {' and '.join(names)}." if names else ""


def lacking_permissions(facts: SetupFacts, action: Action) -> tuple[str, ...]:
    """Those of an action's permissions that the caller is known to lack; none while that is not known."""
    told = isinstance(facts.bucket_permissions, frozenset)
    held = facts.bucket_permissions if action.in_bucket and told else facts.permissions
    if not isinstance(held, frozenset):
        return ()
    return tuple(name for name in action.permissions if name not in held)


def _standing(facts: SetupFacts, action: Action) -> Standing:
    if facts.trouble is None and action.in_bucket and isinstance(facts.bucket_permissions, frozenset):
        return _verdict(facts, action)
    missing = unread(facts, facts.permissions)
    if missing is not None:
        return missing
    if not action.in_bucket or not lacking_permissions(facts, action):
        return _verdict(facts, action)
    return _standing_in_bucket(facts)


def _standing_in_bucket(facts: SetupFacts) -> Standing:
    """The bucket's own policy may give what the project's does not, but it cannot be asked."""
    error = facts.bucket_permissions
    if isinstance(error, CloudError) and error.kind is ErrorKind.NOT_FOUND:
        return Standing(CheckState.SKIPPED, "waits for the bucket")
    return unread(facts, error) or Standing(CheckState.UNKNOWN, "not told")


def _verdict(facts: SetupFacts, action: Action) -> Standing:
    lacking = lacking_permissions(facts, action)
    if not lacking:
        return Standing(CheckState.OK, "yes")
    state = CheckState.WARNING if action.optional else CheckState.FAILED
    roles = smallest_roles(lacking)
    some = "in part" if len(lacking) < len(action.permissions) else "no"
    if len(roles) == 1:
        return Standing(state, f"{some}: {roles[0]} gives it")
    return Standing(state, f"{some}: {' and '.join(role.removeprefix('roles/') for role in roles)} give it")


def may_grant(facts: SetupFacts, permission: str = "resourcemanager.projects.setIamPolicy") -> bool:
    """Whether the caller is known to be allowed to change the project's policy, or another such thing."""
    return isinstance(facts.permissions, frozenset) and permission in facts.permissions


def may_not(facts: SetupFacts, permission: str) -> bool:
    """Whether the caller is known to lack a permission on the project."""
    return isinstance(facts.permissions, frozenset) and permission not in facts.permissions


def caller(facts: SetupFacts) -> str:
    """The caller as a member of a binding; empty when the credentials do not tell who that is."""
    if not isinstance(facts.identity, Identity):
        return ""
    account, principal = facts.identity.account, facts.identity.principal
    if principal.startswith(("principal://", "principalSet://")):
        return principal
    if "@" not in account or ":" in account or shlex.quote(account) != account:
        return ""
    return f"serviceAccount:{account}" if account.endswith(".gserviceaccount.com") else f"user:{account}"
