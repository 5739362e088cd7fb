"""What the project's state and its organization's policies forbid, in Google's words where they are known.

Wordings other than that of FACTS 8.5 (billing, when services are enabled) were never seen; codes and reasons
follow `google.api.ErrorReason`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from tui.domain.locations import CONSTRAINT as LOCATIONS
from tui.domain.locations import location_allowed
from tui.local import names
from tui.local.api.policies import missing_account
from tui.local.state.standing import Standing
from tui.local.storage.errors import StorageError
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code
from tui.local.wire.gtypes import Message

KEYS = "constraints/gcp.restrictNonCmekServices"
KEY_SERVICES = ("aiplatform.googleapis.com", "storage.googleapis.com")
"""The services that `KEYS` denies without a customer-managed key, when the owner says so."""

BILLED = frozenset({"aiplatform.googleapis.com", "artifactregistry.googleapis.com", "compute.googleapis.com"})
"""Services that cannot be enabled without a billing account; which ones Google asks that of is unverified."""

_NUMBER = names.PROJECT_NUMBER
_DELETED = f"Project #{_NUMBER} has been deleted."
_NO_BILLING = "The project to be billed is associated with an absent billing account."
_GONE = "CONSUMER_INVALID"


def project_deleted(service: str) -> ApiError:
    """PERMISSION_DENIED for any API of a project that is marked for deletion."""
    metadata = {"consumer": f"projects/{_NUMBER}", "service": service}
    info = gtypes.ErrorInfo(reason=_GONE, domain="googleapis.com", metadata=metadata)
    return ApiError(Code.PERMISSION_DENIED, _DELETED, [info])


def check_enabling(standing: Standing, services: Iterable[str]) -> None:
    """Refuse to enable services that need billing in a project without.

    Raises:
        ApiError: FAILED_PRECONDITION (FACTS 8.5).
    """
    needing = ",".join(name for name in services if name in BILLED)
    if standing.billing or not needing:
        return
    text = (
        f"Billing account for project '{_NUMBER}' is not found. Billing must be enabled for activation of "
        f"service(s) '{needing}' to proceed."
    )
    violation = gtypes.PreconditionFailure.Violation(
        type="googleapis.com/billing-enabled",
        subject=f"?error_code=390001&project={_NUMBER}&services={needing}",
        description=text,
    )
    info = gtypes.ErrorInfo(
        reason="UREQ_PROJECT_BILLING_NOT_FOUND",
        domain="serviceusage.googleapis.com",
        metadata={"project": _NUMBER, "services": needing},
    )
    details = [gtypes.PreconditionFailure(violations=[violation]), info]
    raise ApiError(Code.FAILED_PRECONDITION, text, details)


def check_new_job(standing: Standing, job: Message, region: str) -> None:
    """Refuse a job that costs what nobody pays, or that a policy forbids.

    Raises:
        ApiError: PERMISSION_DENIED with BILLING_DISABLED, or FAILED_PRECONDITION with the constraint.
    """
    service = "aiplatform.googleapis.com"
    if not standing.billing:
        raise _billing_disabled(service)
    if standing.locations and not location_allowed(region, standing.locations):
        raise _violated(LOCATIONS, f"attempting to use {region}")
    if standing.require_key and not job.encryption_spec.kms_key_name:
        raise _violated(KEYS, f"attempting to create a resource of {service} without a Cloud KMS key")


class BucketRules:
    """The same for buckets, in the shape of Cloud Storage's errors."""

    def __init__(
        self,
        standing: Callable[[], Standing],
        account_exists: Callable[[str], bool] = lambda _email: True,
    ) -> None:
        self._standing = standing
        self._account_exists = account_exists

    def check_use(self) -> None:
        """Refuse every call of a project that is marked for deletion.

        Raises:
            StorageError: 403.
        """
        if self._standing().deleted:
            info = gtypes.to_json(project_deleted("storage.googleapis.com").status())["details"]
            raise StorageError(403, "forbidden", _DELETED, details=tuple(info))

    def check_new(self, location: str, encryption: object) -> None:
        """Refuse a bucket that nobody pays for, or that a policy forbids.

        Raises:
            StorageError: 403, or 412 with the constraint.
        """
        standing, place = self._standing(), location.lower()
        if not standing.billing:
            raise StorageError(403, "accountDisabled", _NO_BILLING)
        if standing.locations and not location_allowed(place, standing.locations):
            raise _bucket_violates(place, LOCATIONS)
        if standing.require_key and not _has_key(encryption):
            raise _bucket_violates("storage.googleapis.com", KEYS)

    def check_members(self, members: Iterable[str]) -> None:
        """Refuse service accounts of the project that do not exist, as its own policy does.

        Raises:
            StorageError: 400.
        """
        for member in members:
            if missing := missing_account(member, self._account_exists):
                raise StorageError(400, "invalid", f"Service account {missing} does not exist.")


def effective_policy(standing: Standing, constraint: str) -> dict[str, Any]:
    """The `OrgPolicy` of Resource Manager v1 for a constraint; one that nobody set allows everything."""
    allowing: dict[str, Any] = {"allValues": "ALLOW"}
    if constraint == LOCATIONS and standing.locations:
        allowing = {"allowedValues": list(standing.locations)}
    elif constraint == KEYS and standing.require_key:
        allowing = {"deniedValues": list(KEY_SERVICES)}
    return {"constraint": constraint, "listPolicy": allowing}


def _has_key(encryption: object) -> bool:
    return isinstance(encryption, dict) and bool(encryption.get("defaultKmsKeyName"))


def _billing_disabled(service: str) -> ApiError:
    text = (
        f"This API method requires billing to be enabled. Please enable billing on project #{_NUMBER} by "
        f"visiting https://console.developers.google.com/billing/enable?project={_NUMBER} then retry. If you "
        "enabled billing for this project recently, wait a few minutes for the action to propagate to our "
        "systems and retry."
    )
    metadata = {"consumer": f"projects/{_NUMBER}", "service": service}
    info = gtypes.ErrorInfo(reason="BILLING_DISABLED", domain="googleapis.com", metadata=metadata)
    return ApiError(Code.PERMISSION_DENIED, text, [info])


def _violated(constraint: str, what: str) -> ApiError:
    text = f"Constraint {constraint} violated for projects/{_NUMBER} {what}."
    violation = gtypes.PreconditionFailure.Violation(
        type=constraint, subject=f"orgpolicy:projects/{names.PROJECT_ID}", description=text
    )
    return ApiError(Code.FAILED_PRECONDITION, text, [gtypes.PreconditionFailure(violations=[violation])])


def _bucket_violates(what: str, constraint: str) -> StorageError:
    text = f"'{what}' violates constraint '{constraint}'"
    return StorageError(412, "conditionNotMet", text)
