"""Refusals by an organization's rules, as Google's clients raise them."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
import requests
import urllib3.exceptions
from google.auth import exceptions as auth
from google.rpc import error_details_pb2 as details

from tests.cloud.test_errors import TYPE, over_grpc, over_rest
from tui.cloud.errors import to_cloud_error
from tui.domain.errors import ErrorKind

UID = "eYhDkfYCu-dOCjuj8X4Am9-spkxs0_kX5YnhAJmc3PZ7pmNNfSsqtQ"
PROHIBITED = f"Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: {UID}"
SERVICE = {"service": "aiplatform.googleapis.com"}


def test_a_perimeter_over_both_transports() -> None:
    metadata = {**SERVICE, "uid": UID, "consumer": "projects/kelp-train"}
    reason = "SECURITY_POLICY_VIOLATED"
    info = {"@type": f"{TYPE}ErrorInfo", "reason": reason, "domain": "googleapis.com", "metadata": metadata}
    violation = {"type": "VPC_SERVICE_CONTROLS", "description": UID}
    broken = {"@type": f"{TYPE}PreconditionFailure", "violations": [violation]}
    rest = to_cloud_error(over_rest(403, PROHIBITED, broken, info, name="PERMISSION_DENIED"))
    wire = to_cloud_error(
        over_grpc(
            grpc.StatusCode.PERMISSION_DENIED,
            PROHIBITED,
            details.ErrorInfo(reason=reason, domain="googleapis.com", metadata=metadata),
            details.PreconditionFailure(
                violations=[details.PreconditionFailure.Violation(**violation)],
            ),
        )
    )
    for error in (rest, wire):
        assert error.kind is ErrorKind.DENIED
        assert "perimeter" in error.title
        assert UID in error.hint
        assert error.metadata["uid"] == UID
        assert error.metadata["service"] == "aiplatform.googleapis.com"


@pytest.mark.parametrize(
    "message",
    [PROHIBITED, f"VPC Service Controls: {PROHIBITED}", PROHIBITED.replace("Identifier: ", "Identifier ")],
)
def test_a_perimeter_by_its_words_alone(message: str) -> None:
    error = to_cloud_error(over_rest(403, message))
    assert (error.reason, error.metadata["uid"]) == ("SECURITY_POLICY_VIOLATED", UID)


@pytest.mark.parametrize(
    ("status", "message", "constraint", "words"),
    [
        (
            412,
            "'us' violates constraint 'constraints/gcp.resourceLocations'",
            "gcp.resourceLocations",
            "does not allow this location",
        ),
        (
            400,
            (
                "Constraint constraints/gcp.resourceLocations violated for [orgpolicy:projects/1] "
                "attempting to use [europe-west2]."
            ),
            "gcp.resourceLocations",
            "does not allow this location",
        ),
        (
            400,
            (
                "Constraint 'constraints/gcp.restrictNonCmekServices' violated for 'projects/kelp-train' "
                "attempting to perform the operation 'x' with violated value 'aiplatform.googleapis.com'."
            ),
            "gcp.restrictNonCmekServices",
            "demands a key",
        ),
        (
            403,
            (
                "Request is disallowed by organization's constraints/gcp.restrictServiceUsage constraint for "
                "'projects/kelp-train' attempting to use service 'aiplatform.googleapis.com'."
            ),
            "gcp.restrictServiceUsage",
            "does not allow this service",
        ),
        (
            412,
            "Request violates constraint 'constraints/storage.uniformBucketLevelAccess'",
            "storage.uniformBucketLevelAccess",
            "policy refuses",
        ),
        (
            403,
            'Operation denied by custom org policy: ["customConstraints/custom.noT4": "No T4 here."].',
            "custom.noT4",
            "policy refuses",
        ),
        (
            400,
            (
                "One or more users named in the policy do not belong to a permitted customer, perhaps due to "
                "an organization policy."
            ),
            "iam.allowedPolicyMemberDomains",
            "roles for that account",
        ),
    ],
)
def test_an_organization_policy(status: int, message: str, constraint: str, words: str) -> None:
    error = to_cloud_error(over_rest(status, message))
    assert error.metadata["constraint"] == f"constraints/{constraint}"
    assert words in error.title
    assert error.hint
    assert error.message == message
    assert error.kind is (ErrorKind.DENIED if status == 403 else ErrorKind.PRECONDITION)
    assert not error.retryable


def test_a_policy_that_is_named_in_the_details_only() -> None:
    violation = details.PreconditionFailure.Violation(
        type="constraints/gcp.resourceLocations", subject="orgpolicy:projects/kelp-train"
    )
    proto = details.PreconditionFailure(violations=[violation])
    error = to_cloud_error(over_grpc(grpc.StatusCode.FAILED_PRECONDITION, "refused", proto))
    assert error.metadata["constraint"] == "constraints/gcp.resourceLocations"


@pytest.mark.parametrize(
    "message",
    [
        "Permission 'orgpolicy.policy.get' denied on resource '//x' (or it may not exist).",
        "Unknown constraint constraints/gcp.resourceLocation.",
        "The key projects/p must exist.",
    ],
)
def test_other_refusals_stay_what_they_are(message: str) -> None:
    error = to_cloud_error(over_rest(403, message))
    assert not {"constraint", "uid", "kms_key"} & set(error.metadata)


def test_a_key_that_googles_agents_may_not_use() -> None:
    key = "projects/keys/locations/europe-west4/keyRings/r/cryptoKeys/k"
    message = (
        "Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account has been "
        f"authorized to use this key. {key}"
    )
    error = to_cloud_error(over_rest(403, message))
    assert error.kind is ErrorKind.DENIED
    assert error.metadata["kms_key"] == key
    assert "Policies" in error.hint
    used = "Permission 'cloudkms.cryptoKeyVersions.useToEncrypt' denied on resource."
    assert "kms_key" in to_cloud_error(over_rest(403, used)).metadata


def proxied(words: str) -> Exception:
    inner = urllib3.exceptions.ProxyError("Unable to connect to proxy", OSError(words))
    outer = urllib3.exceptions.MaxRetryError(None, "/x", inner)  # type: ignore[arg-type]
    return requests.exceptions.ProxyError(outer)


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (
            proxied("Tunnel connection failed: 407 Proxy Authentication Required"),
            "The proxy wants a name and a password",
        ),
        (proxied("Tunnel connection failed: 403 Forbidden"), "The proxy refuses the connection"),
        (
            over_grpc(
                grpc.StatusCode.UNAVAILABLE,
                "failed to connect to all addresses; last error: HTTP proxy returned response code 403",
            ),
            "The proxy refuses the connection",
        ),
        (
            auth.TransportError(proxied("Tunnel connection failed: 407 Proxy Authentication Required")),
            "The proxy wants a name and a password",
        ),
        (proxied("[Errno 111] Connection refused"), "Google Cloud cannot be reached"),
    ],
)
def test_a_proxy_that_says_no(error: Exception, title: str) -> None:
    made: Any = to_cloud_error(error)
    assert made.title == title
    assert made.kind is ErrorKind.UNREACHABLE
    assert made.retryable
    assert to_cloud_error(error, sent=True).kind is ErrorKind.UNREACHABLE


def test_no_proxy_stands_before_the_local_server() -> None:
    error = over_grpc(grpc.StatusCode.UNAVAILABLE, "failed to connect; HTTP proxy returned response code 403")
    assert "vertex-tui local up" in to_cloud_error(error, local=True).hint
