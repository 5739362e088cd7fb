"""The words for what an organization forbids: policies, perimeters, keys and its proxy; and who pays.

Google words these refusals freely; the name of the constraint and the violation's id are what can be relied
on, so they are read out of the message and kept in `CloudError.metadata` as `constraint` and `uid`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from tui.cloud import wording
from tui.cloud.error_details import Details
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import PAYER_MISSING

PERIMETER = "SECURITY_POLICY_VIOLATED"
"""`google.api.ErrorReason` of a refusal by VPC Service Controls; also given to those told by words alone."""

_PERIMETER_TYPE = "VPC_SERVICE_CONTROLS"
_PERIMETER_ID = re.compile(r"vpcServiceControlsUniqueIdentifier:?\s*([\w-]+)", re.IGNORECASE)
_CONSTRAINT = re.compile(r"\b(?:constraints|customConstraints)/([A-Za-z][\w.-]*\w)")
_FORBIDS = re.compile(
    r"violat|prevents|disallow|denied by|not allowed|organization.s? polic|org(?:anization)? policy",
    re.IGNORECASE,
)
"""What a message says beside the constraint's name when the constraint is why the call failed."""

_NAMED_BY_REASON: Mapping[str, str] = {
    "LOCATION_POLICY_VIOLATED": "gcp.resourceLocations",
    "RESOURCE_USAGE_RESTRICTION_VIOLATED": "gcp.restrictServiceUsage",
    "LOCATION_ORG_POLICY_VIOLATED": "gcp.resourceLocations",
}
"""Constraints that `google.api.ErrorReason` tells without naming them."""

_TITLES: Mapping[str, tuple[str, str]] = {
    "gcp.resourceLocations": (
        "Your organization does not allow this location",
        "Take a region that it allows: Setup (alt+1) names them under Policies",
    ),
    "gcp.restrictNonCmekServices": (
        "Your organization demands a key of your own",
        "Name one: vertex-tui config set kms_key projects/P/locations/REGION/keyRings/R/cryptoKeys/K",
    ),
    "gcp.restrictCmekCryptoKeyProjects": (
        "Your organization does not allow keys of that project",
        "Ask which project's Cloud KMS keys may be used, then: vertex-tui config set kms_key KEY",
    ),
    "gcp.restrictServiceUsage": (
        "Your organization does not allow this service",
        "Ask its policy administrator for an exception for this project",
    ),
    "iam.allowedPolicyMemberDomains": (
        "Your organization does not allow roles for that account",
        "Only accounts of its own domains may get roles; ask its policy administrator",
    ),
    "iam.disableCrossProjectServiceAccountUsage": (
        "Service accounts of other projects may not be used",
        "Take a service account of the job's own project",
    ),
}
"""Title and next step by constraint."""

_EXCEPTION = (
    "The policy is {}; whoever administers policies (Organization Policy Administrator) can make an exception"
    " for this project"
)

_KEY = re.compile(
    r"Cloud KMS key|cloudkms\.cryptoKey|KMS key .{0,300}(?:permission|authorized)", re.IGNORECASE | re.DOTALL
)
_KEY_NAME = re.compile(r"projects/[^/\s]+/locations/[^/\s]+/keyRings/[^/\s]+/cryptoKeys/[\w-]+")
_HELD = re.compile(r"under active (temporary|event-based) hold", re.IGNORECASE)
_RETAINED = re.compile(r"retention (?:policy|period) .{0,80}cannot be (?:deleted|overwritten)", re.IGNORECASE)
"""How Cloud Storage words what may not be deleted or replaced yet; its reasons differ by API."""
_PAYER = re.compile(r"requester pays bucket but no user project|UserProjectMissing", re.IGNORECASE)
"""The JSON API's words and the XML API's code for a call that names nobody who pays."""
_PROXY = re.compile(
    r"tunnel connection failed|http proxy returned|proxy authentication required|cannot connect to proxy",
    re.IGNORECASE,
)
_PROXY_LOGIN = re.compile(r"\b407\b|proxy authentication required", re.IGNORECASE)


def refused(details: Details) -> CloudError | None:
    """The error for an answer by which a rule refuses a call: an organization's, a hold, that one pays.

    None for any other answer.
    """
    return (
        _by_perimeter(details)
        or _by_constraint(details)
        or _by_key(details)
        or _by_hold(details)
        or _by_payer(details)
    )


def name_payer(error: CloudError, project: str) -> None:
    """Say in a refusal of a requester-pays bucket which project would pay; other errors stay as they are."""
    if error.reason == PAYER_MISSING:
        payer = f"project {project}" if project else "your project"
        error.hint = f"P lets {payer} pay for reading it; nothing was charged"
        error.hint_once = "Nothing was charged"


def cut_off(words: str, *, local: bool) -> CloudError:
    """The error for a connection that was not made: the proxy said no, or nobody answered."""
    if local or not _PROXY.search(words):
        return wording.unreachable(words, local=local)
    if _PROXY_LOGIN.search(words):
        title = "The proxy wants a name and a password"
        hint = "Write them into HTTPS_PROXY (http://NAME:PASSWORD@HOST:PORT), or ask who runs the proxy"
    else:
        title = "The proxy refuses the connection"
        hint = "Ask who runs it to let *.googleapis.com through, or set NO_PROXY=googleapis.com"
    return CloudError(title, words, hint=hint, kind=ErrorKind.UNREACHABLE, retryable=True)


def _by_perimeter(details: Details) -> CloudError | None:
    found = _PERIMETER_ID.search(details.message)
    if details.reason != PERIMETER and found is None and _PERIMETER_TYPE not in details.preconditions:
        return None
    known = dict(details.metadata or {})
    uid = known.get("uid") or (found[1] if found else "")
    return _error(
        "A VPC Service Controls perimeter refuses this",
        details,
        f"Send your administrator the violation's id: {uid}" if uid else "Ask the perimeter's administrator",
        ErrorKind.DENIED,
        reason=PERIMETER,
        metadata={**known, **({"uid": uid} if uid else {})},
    )


def _by_constraint(details: Details) -> CloudError | None:
    constraint = _constraint_of(details)
    if not constraint:
        return None
    title, hint = _TITLES.get(
        constraint, ("An organization policy refuses this", _EXCEPTION.format(constraint))
    )
    kind = ErrorKind.DENIED if details.code == "PERMISSION_DENIED" else ErrorKind.PRECONDITION
    metadata = {**(details.metadata or {}), "constraint": f"constraints/{constraint}"}
    return _error(title, details, hint, kind, reason=details.reason, metadata=metadata)


def _constraint_of(details: Details) -> str:
    """The constraint that was violated, without its prefix; empty if none was."""
    found = _CONSTRAINT.search(details.message)
    if found is not None and _FORBIDS.search(details.message):
        return found[1]
    listed = (_CONSTRAINT.search(kind) for kind in details.preconditions)
    if named := next((item[1] for item in listed if item is not None), ""):
        return named
    if "do not belong to a permitted customer" in details.message:
        return "iam.allowedPolicyMemberDomains"
    return _NAMED_BY_REASON.get(details.reason, "")


def _by_key(details: Details) -> CloudError | None:
    if details.code not in {"PERMISSION_DENIED", "INVALID_ARGUMENT", "FAILED_PRECONDITION"}:
        return None
    if not _KEY.search(details.message):
        return None
    name = _KEY_NAME.search(details.message)
    metadata = {**(details.metadata or {}), "kms_key": name[0] if name else ""}
    return _error(
        "The Cloud KMS key may not be used",
        details,
        "Google's own agents need it too: Setup (alt+1) has the commands under Policies",
        ErrorKind.DENIED,
        reason=details.reason,
        metadata=metadata,
    )


def _by_hold(details: Details) -> CloudError | None:
    if details.code != "PERMISSION_DENIED":
        return None
    if found := _HELD.search(details.message):
        kind = found[1].lower()
        title = f"{'A' if kind == 'temporary' else 'An'} {kind} hold keeps it"
        hint = f"Release it first: gcloud storage objects update --no-{kind}-hold gs://…"
    elif _RETAINED.search(details.message):
        title, hint = "Its retention is not over", "It can be deleted or replaced after that"
    else:
        return None
    return _error(title, details, hint, ErrorKind.DENIED, reason=details.reason, metadata={})


def _by_payer(details: Details) -> CloudError | None:
    if details.code != "INVALID_ARGUMENT" or not _PAYER.search(details.message):
        return None
    title = "Whoever reads this bucket pays for it"
    return _error(title, details, "", ErrorKind.PRECONDITION, reason=PAYER_MISSING, metadata={})


def _error(
    title: str, details: Details, hint: str, kind: ErrorKind, *, reason: str, metadata: Mapping[str, str]
) -> CloudError:
    return CloudError(
        title,
        details.message,
        hint=hint,
        kind=kind,
        reason=reason,
        metadata=metadata,
        violations=details.violations,
    )
