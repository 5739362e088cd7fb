"""Which role holds which permission, and whether a principal is allowed something.

The sets follow the predefined roles for the permissions that the app and its jobs use; permissions outside
`KNOWN` are held by nobody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tui.local.wire.gtypes import Message

_JOBS = frozenset(f"aiplatform.customJobs.{verb}" for verb in ("create", "get", "list", "cancel", "delete"))
_JOBS_READ = frozenset({"aiplatform.customJobs.get", "aiplatform.customJobs.list"})
_OBJECTS_READ = frozenset({"storage.objects.get", "storage.objects.list"})
_FOLDERS_READ = frozenset(
    {
        "storage.folders.get",
        "storage.folders.list",
        "storage.managedFolders.get",
        "storage.managedFolders.list",
    }
)
_OBJECTS_USE = (
    _OBJECTS_READ
    | _FOLDERS_READ
    | frozenset(
        f"storage.{verb}"
        for verb in (
            "objects.create",
            "objects.delete",
            "objects.update",
            "objects.restore",
            "objects.move",
            "folders.create",
            "folders.delete",
            "folders.rename",
            "managedFolders.create",
            "managedFolders.delete",
            "multipartUploads.abort",
            "multipartUploads.create",
            "multipartUploads.list",
            "multipartUploads.listParts",
        )
    )
)
_OBJECTS_ADMIN = _OBJECTS_USE | {"storage.objects.getIamPolicy", "storage.objects.setIamPolicy"}
_BUCKETS = frozenset(
    f"storage.buckets.{verb}"
    for verb in ("create", "delete", "get", "getIamPolicy", "list", "restore", "setIamPolicy", "update")
)
_STORAGE_ADMIN = _OBJECTS_ADMIN | _BUCKETS
_USAGE_READ = frozenset(
    {"serviceusage.services.get", "serviceusage.services.list", "serviceusage.quotas.get"}
)
_USAGE_USE = _USAGE_READ | {"serviceusage.services.use"}
_USAGE_ADMIN = _USAGE_USE | {
    "serviceusage.services.enable",
    "serviceusage.services.disable",
    "serviceusage.quotas.update",
    "cloudquotas.quotas.get",
    "cloudquotas.quotas.update",
}
_PROJECT = frozenset({"resourcemanager.projects.get"})
_POLICY_READ = _PROJECT | {"resourcemanager.projects.getIamPolicy"}
_POLICY_WRITE = _POLICY_READ | {"resourcemanager.projects.setIamPolicy"}
_ACCOUNTS_READ = frozenset({"iam.serviceAccounts.get", "iam.serviceAccounts.list"})
_ACCOUNTS_EDIT = _ACCOUNTS_READ | {
    "iam.serviceAccounts.create",
    "iam.serviceAccounts.delete",
    "iam.serviceAccounts.update",
}
_ACCOUNTS_POLICY = frozenset({"iam.serviceAccounts.getIamPolicy", "iam.serviceAccounts.setIamPolicy"})
_LOGS_READ = frozenset({"logging.logEntries.list", "logging.logs.list", "logging.views.access"})
_LOGS_WRITE = frozenset({"logging.logEntries.create"})
_IMAGES_READ = frozenset(
    {"artifactregistry.repositories.downloadArtifacts", "artifactregistry.repositories.get"}
)
_IMAGES_WRITE = _IMAGES_READ | {"artifactregistry.repositories.uploadArtifacts"}
_VIEWER = (
    _JOBS_READ
    | _USAGE_READ
    | _POLICY_READ
    | _ACCOUNTS_READ
    | _LOGS_READ
    | _IMAGES_READ
    | {"cloudquotas.quotas.get", "iam.serviceAccounts.getIamPolicy", "storage.buckets.list"}
    | {"orgpolicy.policy.get"}  # of Viewer and Editor unverified
)
_EDITOR = (
    _VIEWER
    | _JOBS
    | _USAGE_ADMIN
    | _ACCOUNTS_EDIT
    | _LOGS_WRITE
    | _IMAGES_WRITE
    | {"iam.serviceAccounts.actAs", "storage.buckets.create", "storage.buckets.delete", "logging.logs.delete"}
)
_OWNER = _EDITOR | _POLICY_WRITE | _ACCOUNTS_POLICY | _STORAGE_ADMIN | {"logging.privateLogEntries.list"}
_AGENT_STORAGE = _OBJECTS_READ | {
    "storage.objects.create",
    "storage.objects.delete",
    "storage.objects.update",
    "storage.buckets.create",
    "storage.buckets.delete",
    "storage.buckets.get",
    "storage.buckets.list",
}

ROLES: Mapping[str, frozenset[str]] = {
    "roles/owner": frozenset(_OWNER),
    "roles/editor": frozenset(_EDITOR),
    "roles/viewer": frozenset(_VIEWER),
    "roles/browser": frozenset(_POLICY_READ),
    "roles/aiplatform.user": _JOBS | _PROJECT,
    "roles/aiplatform.admin": _JOBS | _PROJECT,
    "roles/aiplatform.viewer": _JOBS_READ | _PROJECT,
    "roles/aiplatform.customCodeServiceAgent": frozenset(
        _JOBS | _PROJECT | _AGENT_STORAGE | _IMAGES_READ | _LOGS_WRITE | {"serviceusage.services.use"}
    ),
    "roles/aiplatform.serviceAgent": frozenset(
        _JOBS | _PROJECT | _AGENT_STORAGE | _IMAGES_READ | _LOGS_WRITE | {"iam.serviceAccounts.actAs"}
    ),
    "roles/iam.serviceAccountUser": _ACCOUNTS_READ | _PROJECT | {"iam.serviceAccounts.actAs"},
    "roles/iam.serviceAccountAdmin": _ACCOUNTS_EDIT | _ACCOUNTS_POLICY | _PROJECT,
    "roles/iam.serviceAccountCreator": _ACCOUNTS_READ | _PROJECT | {"iam.serviceAccounts.create"},
    "roles/iam.serviceAccountViewer": _ACCOUNTS_READ | _PROJECT | {"iam.serviceAccounts.getIamPolicy"},
    "roles/iam.serviceAccountTokenCreator": _ACCOUNTS_READ
    | _PROJECT
    | {"iam.serviceAccounts.getAccessToken"},
    "roles/iam.securityAdmin": _POLICY_WRITE | _ACCOUNTS_READ | _ACCOUNTS_POLICY,
    "roles/iam.securityReviewer": _POLICY_READ
    | {"aiplatform.customJobs.list", "iam.serviceAccounts.list", "iam.serviceAccounts.getIamPolicy"},
    "roles/iam.roleViewer": _POLICY_READ,
    "roles/resourcemanager.projectIamAdmin": _POLICY_WRITE,
    "roles/orgpolicy.policyViewer": frozenset({"orgpolicy.policy.get"}),
    "roles/logging.viewer": _LOGS_READ | _PROJECT,
    "roles/logging.privateLogViewer": _LOGS_READ | _PROJECT | {"logging.privateLogEntries.list"},
    "roles/logging.viewAccessor": frozenset({"logging.views.access"}),
    "roles/logging.logWriter": _LOGS_WRITE,
    "roles/logging.admin": _LOGS_READ | _LOGS_WRITE | _PROJECT | {"logging.logs.delete"},
    "roles/serviceusage.serviceUsageViewer": _USAGE_READ | _PROJECT,
    "roles/serviceusage.serviceUsageConsumer": _USAGE_USE | _PROJECT,
    "roles/serviceusage.serviceUsageAdmin": frozenset(_USAGE_ADMIN | _PROJECT),
    "roles/storage.admin": frozenset(_STORAGE_ADMIN | _PROJECT),
    "roles/storage.bucketViewer": frozenset({"storage.buckets.get", "storage.buckets.list"}),
    "roles/storage.objectViewer": _OBJECTS_READ | _FOLDERS_READ | _PROJECT,
    "roles/storage.objectCreator": _PROJECT
    | {"storage.objects.create", "storage.folders.create", "storage.multipartUploads.create"},
    "roles/storage.objectUser": _OBJECTS_USE | _PROJECT,
    "roles/storage.objectAdmin": _OBJECTS_ADMIN | _PROJECT,
    "roles/storage.legacyBucketReader": frozenset({"storage.buckets.get", "storage.objects.list"}),
    "roles/storage.legacyBucketWriter": frozenset(
        {
            "storage.buckets.get",
            "storage.objects.list",
            "storage.objects.create",
            "storage.objects.delete",
            "storage.objects.restore",
        }
    ),
    "roles/artifactregistry.reader": _IMAGES_READ,
    "roles/artifactregistry.writer": _IMAGES_WRITE,
    "roles/cloudquotas.viewer": _PROJECT | {"cloudquotas.quotas.get"},
    "roles/cloudquotas.admin": _PROJECT | {"cloudquotas.quotas.get", "cloudquotas.quotas.update"},
    "roles/compute.viewer": _PROJECT | {"serviceusage.quotas.get"},
}
"""Permissions of the predefined roles that matter here."""

KNOWN: frozenset[str] = frozenset().union(*ROLES.values())
"""Every permission that some role here holds."""


def permissions_of(bindings: Iterable[Message], principal: str) -> frozenset[str]:
    """What a principal holds by `google.iam.v1.Binding`s; conditional bindings give nothing here."""
    held: set[str] = set()
    for binding in bindings:
        if _member(binding.members, principal) and not binding.HasField("condition"):
            held |= ROLES.get(binding.role, frozenset())
    return frozenset(held)


def _member(members: Iterable[str], principal: str) -> bool:
    wanted = {principal.lower(), "allusers", "allauthenticatedusers"}
    return any(member.lower() in wanted for member in members)


class Access:
    """Decides on the policies as they are now: the project's, and those of single service accounts."""

    def __init__(
        self, policy: Callable[[], Message], account_policy: Callable[[str], Message | None] | None = None
    ) -> None:
        self._policy = policy
        self._account_policy = account_policy

    def allows(self, principal: str, permission: str) -> bool:
        """Whether `principal` (`user:…`, `serviceAccount:…`) holds `permission` on the project."""
        return permission in permissions_of(self._policy().bindings, principal)

    def allows_on_account(self, principal: str, permission: str, email: str) -> bool:
        """Whether `principal` holds `permission` on one service account, by its policy or the project's."""
        if self.allows(principal, permission):
            return True
        policy = self._account_policy(email) if self._account_policy else None
        return policy is not None and permission in permissions_of(policy.bindings, principal)
