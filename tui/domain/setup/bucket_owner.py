"""Whose bucket it is, as far as its policy tells."""

from __future__ import annotations

from tui.domain.access import Policy, Project
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.facts import SetupFacts

_OWNERS = ("projectOwner:", "projectEditor:", "projectViewer:")
SPEC_ORIGIN = "the open spec"
"""How `SetupFacts.bucket_origin` begins for a bucket that a spec names."""


def owner_of(policy: Policy) -> str:
    """The project that a bucket belongs to, by the bindings that every new bucket has; empty if unknown."""
    members = (member for binding in policy.bindings for member in binding.members)
    owners = {member.partition(":")[2] for member in members if member.startswith(_OWNERS)}
    return owners.pop() if len(owners) == 1 else ""


def is_own(facts: SetupFacts) -> bool | None:
    """Whether the bucket is the project's, so that roles on the project hold for it; None if not known."""
    policy, project = facts.bucket_policy, facts.project
    if isinstance(policy, Policy):
        known = {facts.project_id}
        if isinstance(project, Project):
            known |= {project.project_id, project.number}
        return owner_of(policy) in {"", *known}
    hidden = _is_denied(policy) and (_is_denied(facts.bucket) or facts.bucket_origin.startswith(SPEC_ORIGIN))
    return None if hidden else True


def _is_denied(value: object) -> bool:
    return isinstance(value, CloudError) and value.kind is ErrorKind.DENIED
