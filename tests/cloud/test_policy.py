"""Adding to an IAM policy keeps everything that was there."""

from __future__ import annotations

from google.iam.v1.policy_pb2 import Policy
from hypothesis import given
from hypothesis import strategies as st

from tui.cloud.policy import VERSION, add_member

MEMBERS = st.sampled_from(["user:ana@x", "user:ben@x", "serviceAccount:s@p"])
ROLES = st.sampled_from(["roles/a", "roles/b", "roles/c"])
CONDITIONS = st.sampled_from(["", "request.time < timestamp('2027-01-01T00:00:00Z')"])
BINDINGS = st.lists(st.tuples(ROLES, CONDITIONS, st.lists(MEMBERS, unique=True, min_size=1)))


def build(bindings: list[tuple[str, str, list[str]]]) -> Policy:
    """A policy of `(role, condition, members)`."""
    policy = Policy(version=1, etag=b"e")
    for role, condition, members in bindings:
        binding = policy.bindings.add(role=role, members=members)
        if condition:
            binding.condition.expression = condition
    return policy


def grants(policy: Policy) -> set[tuple[str, str, str]]:
    """Everything that is granted, as `(role, condition, member)`."""
    return {
        (binding.role, binding.condition.expression, member)
        for binding in policy.bindings
        for member in binding.members
    }


@given(BINDINGS, MEMBERS, st.lists(ROLES))
def test_nothing_is_lost_and_only_the_lacking_is_added(
    bindings: list[tuple[str, str, list[str]]], member: str, roles: list[str]
) -> None:
    policy = build(bindings)
    before = grants(policy)
    added = add_member(policy, member, roles)
    wanted = {(role, "", member) for role in roles}
    assert grants(policy) == before | wanted
    assert {(role, "", member) for role in added} == wanted - before
    assert (policy.version, policy.etag) == (VERSION, b"e")
    assert add_member(policy, member, roles) == ()
