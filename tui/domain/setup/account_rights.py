"""The rows about what the account of a job may do: write outputs and log lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from tui.domain.access import Policy
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.account_row import (
    Plan,
    compute_off,
    named_account,
    number_of,
    row,
    waiting,
)
from tui.domain.setup.agents import compute_account, custom_code_agent
from tui.domain.setup.bucket_owner import is_own
from tui.domain.setup.facts import SetupFacts, changeable, disabled_service
from tui.domain.setup.model import (
    Check,
    CheckState,
    Fix,
    GrantOnBucket,
    GrantRoles,
    SetServiceAccount,
    Standing,
)
from tui.domain.setup.reading import unread
from tui.domain.setup.roles import (
    LOG_WRITERS,
    WRITE_OUTPUTS,
    conditional_roles,
    custom_roles,
    object_rights,
)

WRITER = "roles/storage.objectUser"
LOGGER = "roles/logging.logWriter"
_CALLS = "roles/aiplatform.user"

NEEDED_ROLES: Mapping[str, frozenset[str]] = {
    WRITER: frozenset({"roles/storage.objectAdmin", "roles/storage.admin"}),
    LOGGER: LOG_WRITERS,
    _CALLS: frozenset({"roles/aiplatform.admin"}),
}
"""What the tutorials mean an account to have: the smallest role for each need, and others that include it."""

_BROAD = frozenset({"roles/owner", "roles/editor", "roles/aiplatform.customCodeServiceAgent"})

_SEEN = (
    " Only roles given to the account itself are visible here: not those it has through a group, or that"
    " are inherited from a folder or the organization."
)
_STORAGE = (
    "A job whose account may not write to its bucket fails at its last step, when it saves its results."
    " A role on the bucket alone is enough, and leaves the project's other buckets out of reach; a role on"
    " the project is offered only where the bucket's own policy cannot be read."
)
_LOGS = (
    "An account of your own that may not write log lines loses what the job prints: you see that it failed,"
    " but not why. Log lines belong to the project, so the role is given there."
)
_TUTORIAL = (
    "The usual tutorials grant roles to the Compute Engine default service account, {account}. On its own"
    " such a grant changes nothing: a job runs as that account only if serviceAccount in the spec names it,"
    " else as {agent}. So both are done together here, the roles and the line in the spec. It is a matter of"
    " choice: jobs run without it. The roles are smaller than the tutorials' storage.admin, and hold for all"
    " buckets of the project; every program of the project that runs as this account gets them too."
)


def missing_roles(policy: Policy, account: str) -> tuple[str, ...]:
    """Those of `NEEDED_ROLES` that the account neither holds nor has through a larger role."""
    held = policy.roles_of(f"serviceAccount:{account}")
    if held & _BROAD:
        return ()
    return tuple(role for role, larger in NEEDED_ROLES.items() if role not in held and not held & larger)


def storage_row(facts: SetupFacts, account: str) -> Check:
    """Whether the spec's own account may write to the bucket."""
    return row(facts, "storage", "may write outputs", _storage(facts, account), _STORAGE + _SEEN)


def logs_row(facts: SetupFacts, account: str) -> Check:
    """Whether the spec's own account may write log lines."""
    return row(facts, "logs", "may write log lines", _logs(facts, account), _LOGS + _SEEN)


def _storage(facts: SetupFacts, account: str) -> Plan:
    policy, of_bucket = _policy(facts.policy) or Policy(()), _policy(facts.bucket_policy)
    if is_own(facts) is None:
        return Plan(Standing(CheckState.UNKNOWN, f"who may write to gs://{facts.bucket_name} is not visible"))
    if _writes(facts, account):
        return Plan(Standing(CheckState.OK, f"it writes to gs://{facts.bucket_name}"))
    member, awaited = f"serviceAccount:{account}", _bucket_awaited(facts)
    on_bucket = GrantOnBucket(facts.bucket_name, member, WRITER)
    wanted: Fix = on_bucket if awaited or of_bucket else GrantRoles(member, (WRITER,))
    if (plan := _not_yet(facts, account, wanted, policy, of_bucket)) is not None:
        return plan
    if awaited:
        return Plan(Standing(CheckState.SKIPPED, "waits for the bucket"), (wanted,))
    if facts.bucket_policy is None:
        return Plan(Standing(CheckState.RUNNING, "checking …"))
    step = _condition_words(conditional_roles(account, policy, of_bucket))
    finding = "no role on the project; the bucket's are not visible"
    if of_bucket is not None:
        finding = f"has no role that writes to gs://{facts.bucket_name}"
    standing = Standing(CheckState.WARNING, finding, next_step=step)
    return Plan(standing, (wanted,), by_hand=of_bucket is None)


def _logs(facts: SetupFacts, account: str) -> Plan:
    wanted, policy = GrantRoles(f"serviceAccount:{account}", (LOGGER,)), _policy(facts.policy) or Policy(())
    if policy.roles_of(f"serviceAccount:{account}") & LOG_WRITERS:
        return Plan(Standing(CheckState.OK, "it writes log lines"))
    if (plan := _not_yet(facts, account, wanted, policy)) is not None:
        return plan
    step = _condition_words(conditional_roles(account, policy))
    return Plan(Standing(CheckState.WARNING, "lacks logging.logWriter", next_step=step), (wanted,))


def _not_yet(facts: SetupFacts, account: str, wanted: Fix, *policies: Policy | None) -> Plan | None:
    """Why nothing can be said, or done, about a role yet; None when it can."""
    if (missing := _unread(facts)) is not None:
        return Plan(missing, (wanted,) if _off(facts) else ())
    if (standing := waiting(facts, account)) is not None:
        return Plan(standing, (wanted,) if compute_off(facts, account) else ())
    if custom := custom_roles(account, *policies):
        finding = f"holds {custom[0].rpartition('/')[2]}, whose rights are not visible here"
        return Plan(Standing(CheckState.UNKNOWN, finding))
    return None


def tutorial_row(facts: SetupFacts) -> Check | None:
    """The tutorials' grant, together with the line in the spec that it is nothing without.

    A spec that names an account has rows for what that account lacks.
    """
    number = number_of(facts)
    account = compute_account(number)
    if facts.needs is None or named_account(facts):
        return None
    why = _TUTORIAL.format(account=account, agent=custom_code_agent(number))
    found = row(facts, "tutorial", "tutorial's account", _tutorial(facts, account), why, optional=True)
    return replace(found, choice=True)


def _tutorial(facts: SetupFacts, account: str) -> Plan:
    if (missing := _unread(facts)) is not None:
        return Plan(missing, by_hand=True)
    lacking = _tutorial_lacks(facts, account)
    grant: tuple[Fix, ...] = (GrantRoles(f"serviceAccount:{account}", lacking),) if lacking else ()
    wanted = (*grant, SetServiceAccount(account))
    if (standing := waiting(facts, account)) is not None:
        return Plan(standing, wanted, by_hand=True)
    finding = "not used: this spec names no account"
    if not lacking:
        finding = "has its roles, but this spec does not name it"
    return Plan(Standing(CheckState.OK, finding), wanted, by_hand=True)


def _tutorial_lacks(facts: SetupFacts, account: str) -> tuple[str, ...]:
    """Roles of the tutorials that the account lacks; one on the bucket alone counts for storage."""
    policy = _policy(facts.policy) or Policy(())
    writes = _writes(facts, account)
    return tuple(role for role in missing_roles(policy, account) if role != WRITER or not writes)


def _writes(facts: SetupFacts, account: str) -> bool:
    """Whether it may write to the bucket; roles on the project count only for the project's own buckets."""
    policy, of_bucket = _policy(facts.policy) or Policy(()), _policy(facts.bucket_policy)
    on_project = policy if is_own(facts) else Policy(())
    return object_rights(account, facts.project_id, on_project, of_bucket) >= WRITE_OUTPUTS


def _policy(read: object) -> Policy | None:
    return read if isinstance(read, Policy) else None


def _unread(facts: SetupFacts) -> Standing | None:
    return unread(facts, facts.project) or unread(facts, facts.policy)


def _off(facts: SetupFacts) -> bool:
    """Whether only an API that is off hides the policy: what it takes is planned then, all at once."""
    return isinstance(facts.policy, CloudError) and bool(disabled_service(facts.policy)) and changeable(facts)


def _bucket_awaited(facts: SetupFacts) -> bool:
    """Whether the bucket is still to be made, or its API to be turned on."""
    error = facts.bucket_policy
    if not isinstance(error, CloudError) or not changeable(facts):
        return False
    return error.kind is ErrorKind.NOT_FOUND or bool(disabled_service(error))


def _condition_words(roles: tuple[str, ...]) -> str:
    return f"Held only under a condition: {', '.join(roles)}." if roles else ""


def _short(roles: tuple[str, ...]) -> str:
    return ", ".join(role.removeprefix("roles/") for role in roles)
