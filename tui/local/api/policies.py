"""What reading and writing any IAM policy has in common."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from tui.local import names
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Message

MAX_MEMBERS = 1500
CONDITIONS_VERSION = 3
_CONCURRENT = (
    "There were concurrent policy changes. Please retry the whole read-modify-write with exponential backoff."
)
_DEFAULT_MASK = {"bindings", "etag"}
"""What a request changes that names nothing (`google.iam.v1.SetIamPolicyRequest.update_mask`)."""
_MASKS = _DEFAULT_MASK | {"audit_configs", "version"}
_MEMBER_KINDS = (
    "user:", "serviceAccount:", "group:", "domain:", "principal:", "principalSet:", "deleted:",
    "projectOwner:", "projectEditor:", "projectViewer:",
)  # fmt: skip


def as_read(stored: Message, version: int) -> Message:
    """A policy as a client of a version sees it: below 3 conditions are hidden in the roles' names.

    Raises:
        ApiError: INVALID_ARGUMENT: no such version.
    """
    if version not in {0, 1, 3}:
        raise invalid(f"Invalid requested policy version: {version}.")
    policy = gtypes.Policy()
    policy.CopyFrom(stored)
    conditional = _conditional(policy)
    if version < CONDITIONS_VERSION and conditional:
        for binding in policy.bindings:
            if binding.HasField("condition"):
                binding.role += f"_withcond_{hash_of(binding.condition)}"
                binding.ClearField("condition")
    policy.version = CONDITIONS_VERSION if conditional and version == CONDITIONS_VERSION else 1
    return policy


def to_store(request: Message, present: Message, account_exists: Callable[[str], bool]) -> Message:
    """The policy to put in place of the present one, as a `google.iam.v1.SetIamPolicyRequest` asks.

    Without an update mask only the bindings change, and audit configs stay.

    Raises:
        ApiError: ABORTED for an old etag; INVALID_ARGUMENT for versions, roles or members that cannot be.
    """
    policy = gtypes.Policy()
    policy.CopyFrom(request.policy)
    if policy.etag and policy.etag != present.etag:
        raise ApiError(Code.ABORTED, _CONCURRENT)
    _keep_unmasked(policy, present, set(request.update_mask.paths) or _DEFAULT_MASK)
    _check(policy, present, account_exists)
    policy.version = CONDITIONS_VERSION if _conditional(policy) else 1
    return policy


def _keep_unmasked(policy: Message, present: Message, mask: set[str]) -> None:
    """Put the present fields in place of those that the mask does not name.

    Raises:
        ApiError: INVALID_ARGUMENT: the mask names a field that no policy has.
    """
    for path in mask - _MASKS:
        raise invalid(f"Invalid update mask: {path}.")
    for name in ("bindings", "audit_configs"):
        if name not in mask:
            policy.ClearField(name)
            getattr(policy, name).extend(getattr(present, name))


def hash_of(condition: Message) -> str:
    """The mark that stands for a condition in a policy read below version 3."""
    return hashlib.sha256(condition.SerializeToString()).hexdigest()[:20]


def _check(policy: Message, present: Message, account_exists: Callable[[str], bool]) -> None:
    if policy.version not in {0, 1, 3}:
        raise invalid(f"Invalid policy version: {policy.version}.")
    if _conditional(policy) and policy.version != CONDITIONS_VERSION:
        raise invalid("The policy version must be 3 to set a policy with conditional role bindings.")
    if _conditional(present) and policy.version == CONDITIONS_VERSION and not policy.etag:
        raise invalid("The etag must be set to change a policy with conditional role bindings.")
    if sum(len(binding.members) for binding in policy.bindings) > MAX_MEMBERS:
        raise invalid(f"The policy has more than {MAX_MEMBERS} members.")
    for binding in policy.bindings:
        if not binding.role.startswith(("roles/", "projects/", "organizations/")):
            raise invalid(f"Role {binding.role} is not supported for this resource.")
        for member in binding.members:
            _check_member(member, account_exists)


def _check_member(member: str, account_exists: Callable[[str], bool]) -> None:
    if member not in {"allUsers", "allAuthenticatedUsers"} and not member.startswith(_MEMBER_KINDS):
        raise invalid(
            f"The member {member} is of an unknown type. Please set a valid type prefix for the member."
        )
    if missing := missing_account(member, account_exists):
        raise invalid(f"Service account {missing} does not exist.")


def missing_account(member: str, account_exists: Callable[[str], bool]) -> str:
    """The e-mail of a member that is a service account of the project's and does not exist; else empty."""
    kind, _, email = member.partition(":")
    return email if kind == "serviceAccount" and _ours(email) and not account_exists(email) else ""


def _conditional(policy: Message) -> bool:
    return any(binding.HasField("condition") for binding in policy.bindings)


def _ours(email: str) -> bool:
    domain = email.partition("@")[2]
    return names.PROJECT_NUMBER in email or domain == f"{names.PROJECT_ID}.iam.gserviceaccount.com"
