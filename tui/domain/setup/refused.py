"""The rows about calls that a rule of the organization refused: a perimeter, a policy, a key."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from tui.domain.access import Identity
from tui.domain.errors import CloudError
from tui.domain.setup.facts import APIS, PERIMETER_REASON, SetupFacts
from tui.domain.setup.model import Check, CheckState, Group

_SHOWN_ELSEWHERE = ("constraints/gcp.resourceLocations", "constraints/gcp.restrictNonCmekServices")
"""Constraints that have rows of their own when they can be read."""
_PLEASE = (
    "Please let this account in by an ingress rule or an access level, for: aiplatform, storage, logging,"
    " serviceusage, cloudresourcemanager and iam.googleapis.com."
)


def forbidden_checks(facts: SetupFacts) -> Iterator[Check]:
    """A row for the perimeter and one for the policy that refused a read or a change, if any did."""
    if facts.trouble is not None:
        return
    errors = _errors(facts)
    perimeter = next((error for error in errors if error.reason == PERIMETER_REASON), None)
    if perimeter is not None:
        yield _perimeter(facts, perimeter)
    constrained = [error for error in errors if error.metadata.get("constraint")]
    policy = next((error for error in constrained if not _is_shown(facts, error)), None)
    if policy is not None:
        yield _policy(facts, policy)


def key_refused(facts: SetupFacts) -> CloudError | None:
    """The refusal of a read or a change that complains of a Cloud KMS key."""
    return next((error for error in _errors(facts) if "kms_key" in error.metadata), None)


def _errors(facts: SetupFacts) -> tuple[CloudError, ...]:
    return (*(error for _, error in facts.refused), *facts.errors)


def _is_shown(facts: SetupFacts, error: CloudError) -> bool:
    read = (facts.locations_policy, facts.keys_policy)
    constraint = error.metadata["constraint"]
    return constraint in _SHOWN_ELSEWHERE and not isinstance(
        read[_SHOWN_ELSEWHERE.index(constraint)], CloudError | None
    )


def _perimeter(facts: SetupFacts, error: CloudError) -> Check:
    uid = error.metadata.get("uid", "")
    service = error.metadata.get("service", "")
    name = APIS.get(service, (service or "a call from here",))[0]
    filter_ = f'protoPayload.metadata.vpcServiceControlsUniqueId="{uid}"'
    audit = f"gcloud logging read {shlex.quote(filter_)} --project={shlex.quote(facts.project_id)}"
    return Check(
        "policies.perimeter",
        Group.POLICIES,
        "service perimeter",
        CheckState.FAILED,
        f"refuses {name} · {uid}" if uid else f"refuses {name}",
        why="VPC Service Controls let a project's APIs be called only from places, accounts and projects that"
        " the organization has named. No role helps: the call must come from inside, or an ingress rule or"
        " access level must let it in.",
        said=error.message,
        next_step="Send your administrator the violation's id; y copies a request. From a machine inside the"
        " perimeter the app works as it is.",
        command=audit if uid else "",
        link="" if facts.local else "https://console.cloud.google.com/security/service-perimeter",
        draft=_request(facts, uid, service, error.message),
        optional=error not in facts.errors,
    )


def _request(facts: SetupFacts, uid: str, service: str, words: str) -> str:
    """What an administrator of the perimeter has to know."""
    who = facts.identity.shown if isinstance(facts.identity, Identity) else ""
    lines = (
        "VPC Service Controls refuse a call that I need for training jobs on Vertex AI.",
        f"Violation id: {uid}" if uid else "",
        f"Service: {service}" if service else "",
        f"Project: {facts.project_id}",
        f"Account: {who}" if who else "",
        f"Answer: {words}",
        _PLEASE,
    )
    return "\n".join(line for line in lines if line)


def _policy(facts: SetupFacts, error: CloudError) -> Check:
    constraint = error.metadata["constraint"].removeprefix("constraints/")
    describe = f"gcloud resource-manager org-policies describe {shlex.quote(constraint)} --effective"
    return Check(
        "policies.refused",
        Group.POLICIES,
        "policy",
        CheckState.FAILED,
        f"{constraint} refuses this",
        why="An organization policy holds for everybody, whatever roles they have. Only whoever administers"
        " policies can change it, or make an exception for a project.",
        said=error.message,
        next_step=error.hint,
        command="" if facts.local else f"{describe} --project={shlex.quote(facts.project_id)}",
        draft=f"The organization policy {constraint} refuses a call in project {facts.project_id}: "
        f"{error.message}\nPlease make an exception for this project, or tell me what is allowed.",
        optional=error not in facts.errors,
    )
