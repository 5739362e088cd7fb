"""The row about what a job without a service account of its own may do in the bucket."""

from __future__ import annotations

from tui.domain.access import Policy, Project
from tui.domain.setup.agents import custom_code_agent
from tui.domain.setup.bucket_owner import is_own, owner_of
from tui.domain.setup.changes import commands
from tui.domain.setup.facts import SetupFacts, changeable
from tui.domain.setup.model import Check, CheckState, Fix, GrantOnBucket, Group
from tui.domain.storage import Bucket

ROLE = "roles/storage.objectUser"
"""The smallest predefined role that writes and overwrites objects."""
_ENOUGH = frozenset({ROLE, "roles/storage.objectAdmin", "roles/storage.admin"})

_WHY = (
    "A job whose spec names no serviceAccount runs as the project's Custom Code Service Agent ({agent}). It"
    " may write to every bucket of its own project, and to none of another project's unless it is let in."
)


def job_in_bucket(facts: SetupFacts) -> Check | None:
    """Whether the Custom Code Service Agent may write to the bucket.

    No row for a spec with an account of its own, whose rights are checked under "Runs as", and none while the
    bucket or its policy cannot be looked at.
    """
    if facts.trouble is not None or (facts.needs is not None and facts.needs.service_account):
        return None
    policy, project = facts.bucket_policy, facts.project
    if not isinstance(facts.bucket, Bucket) or not isinstance(policy, Policy):
        return None
    number = project.number if isinstance(project, Project) else ""
    agent = custom_code_agent(number or "PROJECT_NUMBER")
    member = f"serviceAccount:{agent}"
    owner, own = owner_of(policy), is_own(facts)
    grant = GrantOnBucket(facts.bucket_name, member, ROLE)
    fits = bool(own) or bool(policy.roles_of(member) & _ENOUGH)
    fixes: tuple[Fix, ...] = (grant,) if not fits and number and changeable(facts) else ()
    return Check(
        "bucket.job",
        Group.BUCKET,
        "the job in the bucket",
        CheckState.OK if fits else CheckState.FAILED,
        "may write, as Google's own agent" if fits else f"may not write: it is a bucket of {owner}",
        why=_WHY.format(agent=agent),
        next_step="" if fits else f"If you may not grant roles in {owner}, send its owner the command: y.",
        command="" if fits else commands(grant, facts.project_id)[0],
        fixes=fixes,
    )
