"""One fault of Google's as a case: a healthy project but for it, and the row that is to show it.

The errors are made as Google's own client libraries make them, from replies in Google's form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.cloud.test_errors import TYPE, over_rest
from tui.cloud.errors import to_cloud_error
from tui.domain.access import ApiState, Binding, Identity, OrganizationPolicy, Policy, Project
from tui.domain.setup.assess import assess
from tui.domain.setup.facts import APIS, PROBES, SetupFacts
from tui.domain.setup.model import Check, CheckState, CreateBucket, EnableApis, Fix
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
    off: tuple[str, ...] = ()
    """APIs that Service Usage says are off."""
    lacks: tuple[str, ...] = ()
    """Reads that find nothing, since the change was to make it."""
    billing_unread: bool = False
    """Whether Cloud Billing, which would know better, was not asked."""

    def facts(self) -> SetupFacts:
        """A healthy project, but for the one fault."""
        error = to_cloud_error(self.error, sent=self.change is not None)
        absent = to_cloud_error(over_rest(404, "The specified bucket does not exist."))
        found = {**dict.fromkeys(self.reads, error), **dict.fromkeys(self.lacks, absent)}
        facts = replace(HEALTHY, **found)  # type: ignore[arg-type]  # by name
        if self.off:
            states = {**dict.fromkeys(APIS, ApiState.ENABLED), **dict.fromkeys(self.off, ApiState.DISABLED)}
            facts = replace(facts, apis=states)
        if self.billing_unread:
            facts = replace(facts, billing=None)
        return replace(facts, refused=((self.change, error),)) if self.change else facts

    def shown(self) -> Check:
        """The row of the fault."""
        return {row.id: row for row in assess(self.facts())}[self.row]
