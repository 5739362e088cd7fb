"""Every error that Google is known to answer with, as its own finding with its own next step.

The errors are made as Google's own client libraries make them, from replies in Google's form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import grpc
import pytest
import requests
import urllib3.exceptions
from google.auth import exceptions as auth
from google.rpc import error_details_pb2 as details

from tests.cloud.test_errors import TYPE, over_grpc, over_rest
from tui.cloud.errors import to_cloud_error
from tui.domain.access import ApiState, Binding, Identity, OrganizationPolicy, Policy, Project
from tui.domain.errors import ErrorKind
from tui.domain.setup.assess import assess
from tui.domain.setup.facts import APIS, PROBES, SetupFacts
from tui.domain.setup.model import Check, CheckState, CreateBucket, EnableApis, Fix, is_ready
from tui.domain.setup.permissions import BUCKET_PERMISSIONS, PROJECT_PERMISSIONS
from tui.domain.storage import Bucket

EVERYTHING = tuple(
    name for name in PROBES if name not in ("identity", "account", "account_permissions", "quotas")
)
RESOURCES = ("project", "permissions", "policy", "locations_policy", "keys_policy")
BUCKETS = ("bucket", "bucket_permissions", "bucket_policy")
HEALTHY = SetupFacts(
    "kelp-train",
    "europe-west4",
    "kelp-train-outputs",
    connected=True,
    identity=Identity("ana@lagoon.example", "application default credentials"),
    project=Project("kelp-train", "123456789012", "ACTIVE"),
    apis=dict.fromkeys(APIS, ApiState.ENABLED),
    permissions=frozenset(PROJECT_PERMISSIONS),
    policy=Policy((Binding("roles/editor", ("serviceAccount:x@y",)),)),
    billing=True,
    bucket=Bucket("kelp-train-outputs", "EUROPE-WEST4", "region", soft_delete_seconds=604_800),
    bucket_permissions=frozenset(BUCKET_PERMISSIONS),
    bucket_policy=Policy(()),
    locations_policy=OrganizationPolicy("constraints/gcp.resourceLocations"),
    keys_policy=OrganizationPolicy("constraints/gcp.restrictNonCmekServices"),
)
ENABLE = EnableApis(("aiplatform.googleapis.com",))
BUCKET = CreateBucket("kelp-train-outputs", "europe-west4")


def info(reason: str, **metadata: str) -> dict[str, Any]:
    return {
        "@type": f"{TYPE}ErrorInfo",
        "reason": reason,
        "domain": "googleapis.com",
        "metadata": metadata,
    }


def disabled(service: str, title: str, consumer: str = "projects/kelp-train") -> Exception:
    url = f"https://console.developers.google.com/apis/api/{service}/overview?project=kelp-train"
    return over_rest(
        403,
        f"{title} has not been used in project kelp-train before or it is disabled. Enable it by visiting "
        f"{url} then retry.",
        info("SERVICE_DISABLED", service=service, serviceTitle=title, consumer=consumer, activationUrl=url),
        name="PERMISSION_DENIED",
    )


@dataclass(frozen=True)
class Case:
    """One fault: what was raised, which reads it hit, and what the user is shown."""

    name: str
    error: Exception
    reads: Sequence[str]
    row: str
    finding: str
    """A part of the finding."""
    step: str
    """A part of the next step, the command or the link."""
    state: CheckState = CheckState.FAILED
    change: Fix | None = None
    """The change that met it, where it was no read."""


CASES = (
    Case(
        "Vertex AI is off",
        disabled("aiplatform.googleapis.com", "Vertex AI API"),
        ("quotas",),
        "apis.aiplatform.googleapis.com",
        "takes effect within minutes",
        "gcloud services enable aiplatform.googleapis.com",
        CheckState.RUNNING,  # Service Usage says that it is on by now
    ),
    Case(
        "Resource Manager is off",
        disabled("cloudresourcemanager.googleapis.com", "Cloud Resource Manager API"),
        RESOURCES,
        "apis.cloudresourcemanager.googleapis.com",
        "off",
        "overview?project=kelp-train",
    ),
    Case(
        "an API that is off in the quota project",
        disabled("storage.googleapis.com", "Cloud Storage API", "projects/kelp-quota"),
        BUCKETS,
        "apis.storage.googleapis.com",
        "off in kelp-quota, your quota project",
        "vertex-tui config set quota_project kelp-train",
    ),
    Case(
        "Service Usage is off",
        disabled("serviceusage.googleapis.com", "Service Usage API"),
        ("apis",),
        "apis.serviceusage.googleapis.com",
        "off",
        "gcloud services enable serviceusage.googleapis.com --project=kelp-train",
    ),
    Case(
        "no quota project",
        over_grpc(
            grpc.StatusCode.PERMISSION_DENIED,
            "Your application is authenticating by using local Application Default Credentials. The "
            "cloudresourcemanager.googleapis.com API requires a quota project, which is not set by default.",
            details.ErrorInfo(reason="SERVICE_DISABLED", metadata={"consumer": "projects/764086051850"}),
        ),
        EVERYTHING,
        "connection",
        "quota project",
        "set-quota-project",
    ),
    Case(
        "no billing account, when APIs are enabled",
        over_rest(
            400,
            "Billing account for project '123456789012' is not found. Billing must be enabled for activation "
            "of service(s) 'aiplatform.googleapis.com' to proceed.",
            {
                "@type": f"{TYPE}PreconditionFailure",
                "violations": [{"type": "googleapis.com/billing-enabled", "subject": "?error_code=390001"}],
            },
            info("UREQ_PROJECT_BILLING_NOT_FOUND"),
            name="FAILED_PRECONDITION",
        ),
        (),
        "billing",
        "no open billing account",
        "gcloud billing projects link kelp-train",
        change=ENABLE,
    ),
    Case(
        "a closed billing account",
        over_rest(
            400,
            "Billing account for project '123456789012' is not open.",
            info("UREQ_PROJECT_BILLING_NOT_OPEN"),
            name="FAILED_PRECONDITION",
        ),
        (),
        "billing",
        "the billing account is closed",
        "reopen",
        change=ENABLE,
    ),
    Case(
        "billing was disabled",
        over_rest(403, "This API method requires billing.", info("BILLING_DISABLED", consumer="projects/1")),
        ("billing", "bucket"),
        "billing",
        "no open billing account",
        "gcloud billing accounts list",
    ),
    Case(
        "a right that lacks",
        over_rest(
            403,
            "Permission 'serviceusage.services.get' denied on resource '//x' (or it may not exist).",
            info("IAM_PERMISSION_DENIED", permission="serviceusage.services.get"),
        ),
        ("apis",),
        "apis.serviceusage.googleapis.com",
        "you may not see which APIs are on",
        "roles/serviceusage.serviceUsageViewer",
        CheckState.UNKNOWN,
    ),
    Case(
        "a project that is not there or not yours",
        over_rest(
            403,
            "Permission 'resourcemanager.projects.get' denied on resource '//x' (or it may not exist).",
            info("IAM_PERMISSION_DENIED", permission="resourcemanager.projects.get"),
        ),
        EVERYTHING,
        "project",
        "kelp-train does not exist, or you may not see it",
        "gcloud projects list",
    ),
    Case(
        "a consumer that is not valid",
        over_rest(
            403, "Project 'kelp-train' not found or deleted.", info("CONSUMER_INVALID", consumer="projects/x")
        ),
        EVERYTHING,
        "project",
        "does not exist",
        "gcloud projects list",
    ),
    Case(
        "a bucket of somebody else",
        over_rest(403, "ana@lagoon.example does not have storage.buckets.get access to the bucket."),
        BUCKETS,
        "bucket",
        "somebody else's",
        "vertex-tui config set bucket",
    ),
    Case(
        "no bucket",
        over_rest(404, "The specified bucket does not exist."),
        BUCKETS,
        "bucket",
        "does not exist yet",
        "gcloud storage buckets create gs://kelp-train-outputs",
    ),
    Case(
        "a bucket's name that is taken",
        over_rest(409, "The requested bucket name is not available.", name="ALREADY_EXISTS"),
        (),
        "bucket",
        "not fixed: It exists already",
        "Choose another name",
        change=BUCKET,
    ),
    Case(
        "a place that the organization forbids",
        over_rest(412, "'europe-west4' violates constraint 'constraints/gcp.resourceLocations'"),
        (),
        "bucket",
        "not fixed: Your organization does not allow this location",
        "Take a region that it allows",
        change=BUCKET,
    ),
    Case(
        "a key that the organization demands",
        over_rest(
            412,
            "Constraint 'constraints/gcp.restrictNonCmekServices' violated for 'projects/kelp-train' "
            "attempting to create a bucket.",
        ),
        (),
        "bucket",
        "not fixed: Your organization demands a key of your own",
        "vertex-tui config set kms_key",
        change=BUCKET,
    ),
    Case(
        "a service that the organization forbids",
        over_rest(
            403,
            "Request is disallowed by organization's constraints/gcp.restrictServiceUsage constraint for "
            "'projects/kelp-train' attempting to use service 'storage.googleapis.com'.",
        ),
        BUCKETS,
        "policies.refused",
        "gcp.restrictServiceUsage refuses this",
        "exception",
    ),
    Case(
        "a perimeter",
        over_rest(
            403,
            "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: eYhD-f_1",
            info("SECURITY_POLICY_VIOLATED", service="storage.googleapis.com", uid="eYhD-f_1"),
        ),
        BUCKETS,
        "policies.perimeter",
        "refuses Cloud Storage · eYhD-f_1",
        "violation's id",
    ),
    Case(
        "a quota project that may not be charged",
        over_rest(
            403,
            "Caller does not have required permission to use project kelp-quota.",
            info("USER_PROJECT_DENIED", consumer="projects/kelp-quota"),
        ),
        EVERYTHING,
        "connection",
        "quota",
        "quota",
    ),
    Case(
        "a login without the scope",
        over_rest(
            403,
            "Request had insufficient authentication scopes.",
            info("ACCESS_TOKEN_SCOPE_INSUFFICIENT", service="aiplatform.googleapis.com"),
        ),
        EVERYTHING,
        "connection",
        "",
        "gcloud auth application-default login",
    ),
    Case(
        "an expired token",
        over_rest(401, "Request had invalid authentication credentials.", info("ACCESS_TOKEN_EXPIRED")),
        EVERYTHING,
        "connection",
        "expired",
        "login",
    ),
    Case(
        "a revoked login",
        auth.RefreshError(
            "invalid_grant: Token has been expired or revoked.",
            {"error": "invalid_grant", "error_description": "Token has been expired or revoked."},
        ),
        EVERYTHING,
        "connection",
        "",
        "login",
    ),
    Case(
        "no login",
        auth.DefaultCredentialsError("Your default credentials were not found."),
        EVERYTHING,
        "connection",
        "",
        "login",
    ),
    Case(
        "no metadata server",
        auth.RefreshError(
            auth.TransportError(
                "Failed to retrieve http://metadata.google.internal/ from the metadata service"
            )
        ),
        EVERYTHING,
        "connection",
        "",
        "",
    ),
    Case(
        "a proxy that wants a password",
        requests.exceptions.ProxyError(
            urllib3.exceptions.MaxRetryError(
                None,  # type: ignore[arg-type]
                "/x",
                OSError("Tunnel connection failed: 407 Proxy Authentication Required"),
            )
        ),
        EVERYTHING,
        "connection",
        "The proxy wants a name and a password",
        "HTTPS_PROXY",
    ),
    Case(
        "a proxy that refuses",
        requests.exceptions.ProxyError(
            urllib3.exceptions.MaxRetryError(
                None,  # type: ignore[arg-type]
                "/x",
                OSError("Tunnel connection failed: 403 Forbidden"),
            )
        ),
        EVERYTHING,
        "connection",
        "The proxy refuses the connection",
        "NO_PROXY",
    ),
    Case(
        "a certificate that is not trusted",
        requests.exceptions.SSLError("certificate verify failed: CERTIFICATE_VERIFY_FAILED"),
        EVERYTHING,
        "connection",
        "certificate",
        "REQUESTS_CA_BUNDLE",
    ),
    Case(
        "no way out",
        over_grpc(grpc.StatusCode.UNAVAILABLE, "failed to connect to all addresses; No route to host"),
        EVERYTHING,
        "connection",
        "cannot be reached",
        "network",
    ),
)


def facts_of(case: Case) -> SetupFacts:
    """A healthy project, but for the one fault."""
    error = to_cloud_error(case.error, sent=case.change is not None)
    facts = replace(HEALTHY, **dict.fromkeys(case.reads, error))  # type: ignore[arg-type]
    if case.name == "Resource Manager is off":
        return replace(facts, apis={**dict.fromkeys(APIS, ApiState.ENABLED), **_RESOURCES_OFF})
    if case.change is None:
        return facts
    facts = replace(facts, refused=((case.change, error),))
    if case.row == "billing":  # Cloud Billing itself would know better
        return replace(facts, billing=None, apis={**dict.fromkeys(APIS, ApiState.ENABLED), **_OFF})
    absent = to_cloud_error(over_rest(404, "The specified bucket does not exist."))
    return replace(facts, **dict.fromkeys(BUCKETS, absent))  # type: ignore[arg-type]


_RESOURCES_OFF = {"cloudresourcemanager.googleapis.com": ApiState.DISABLED}
_OFF = {"aiplatform.googleapis.com": ApiState.DISABLED}


def shown(case: Case) -> Check:
    return {row.id: row for row in assess(facts_of(case))}[case.row]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_each_fault_has_its_row_its_finding_and_its_next_step(case: Case) -> None:
    row = shown(case)
    assert row.state is case.state, row.finding
    assert case.finding in row.finding
    assert case.step in f"{row.next_step} {row.command} {row.link}"
    assert row.next_step or row.fixes or row.command


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_one_fault_makes_one_red_row(case: Case) -> None:
    """What only waits for the fault is not red itself."""
    rows = assess(facts_of(case))
    red = [row.id for row in rows if row.state is CheckState.FAILED and row.id != case.row]
    also_off = ["apis.aiplatform.googleapis.com"] if case.change == ENABLE else []
    also_named = ["policies.refused"] if "organization" in case.name and case.change else []
    assert set(red) <= {*also_off, *also_named}
    assert not is_ready(rows)


@pytest.mark.parametrize("case", [case for case in CASES if case.reads], ids=lambda case: case.name)
def test_the_services_own_words_are_kept(case: Case) -> None:
    row, error = shown(case), to_cloud_error(case.error)
    assert error.message
    if row.state is CheckState.FAILED and row.finding != "does not exist yet":
        assert row.said


def test_no_two_faults_look_the_same() -> None:
    seen: dict[tuple[str, str, str], str] = {}
    same = {"a consumer that is not valid", "billing was disabled", "an expired token"}  # as another one
    for case in CASES:
        if case.name in same:
            continue
        row = shown(case)
        key = (row.id, row.finding, row.next_step)
        assert key not in seen, f"{case.name} looks like {seen[key]}"
        seen[key] = case.name


def test_a_conflicting_policy_says_so_in_the_row_that_asked() -> None:
    error = to_cloud_error(
        over_rest(409, "There were concurrent policy changes. Please retry.", name="ABORTED"), sent=True
    )
    assert error.kind is ErrorKind.CONFLICT
    lacking = replace(HEALTHY, permissions=frozenset({"resourcemanager.projects.setIamPolicy"}))
    row = next(row for row in assess(lacking) if row.id.startswith("permissions.") and row.fixes)
    again = assess(replace(lacking, refused=((row.fixes[0], error),)))
    found = next(item for item in again if item.id == row.id)
    assert found.finding == "not fixed: Changed meanwhile by someone else"
    assert found.next_step
    assert found.said == error.message
