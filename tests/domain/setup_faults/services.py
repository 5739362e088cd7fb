"""APIs that are off, and projects that nobody pays for."""

from __future__ import annotations

from tests.cloud.test_errors import TYPE, over_rest
from tests.domain.setup_faults.case import BUCKETS, ENABLE, RESOURCES, Case, disabled, info
from tui.domain.setup.model import CheckState

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
        off=("cloudresourcemanager.googleapis.com",),
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
        off=("aiplatform.googleapis.com",),
        billing_unread=True,
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
        off=("aiplatform.googleapis.com",),
        billing_unread=True,
    ),
    Case(
        "billing was disabled",
        over_rest(403, "This API method requires billing.", info("BILLING_DISABLED", consumer="projects/1")),
        ("billing", "bucket"),
        "billing",
        "no open billing account",
        "gcloud billing accounts list",
    ),
)
