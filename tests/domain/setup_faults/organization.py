"""What an organization forbids."""

from __future__ import annotations

from tests.cloud.test_errors import over_rest
from tests.domain.setup_faults.case import BUCKET, BUCKETS, Case, info

CASES = (
    Case(
        "a place that the organization forbids",
        over_rest(412, "'europe-west4' violates constraint 'constraints/gcp.resourceLocations'"),
        (),
        "bucket",
        "not fixed: Your organization does not allow this location",
        "Take a region that it allows",
        change=BUCKET,
        lacks=BUCKETS,
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
        lacks=BUCKETS,
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
)
