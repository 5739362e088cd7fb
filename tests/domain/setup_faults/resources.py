"""Projects and buckets that are not there, or not the user's."""

from __future__ import annotations

from tests.cloud.test_errors import over_rest
from tests.domain.setup_faults.case import BUCKET, BUCKETS, EVERYTHING, Case, info
from tui.domain.setup.model import CheckState

CASES = (
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
        lacks=BUCKETS,
    ),
)
