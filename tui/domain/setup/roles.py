"""Predefined roles: the smallest that gives a permission, and what a role lets a service account do.

From the role dumps of Google's documentation, as far as the app and its jobs need them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from tui.domain.access import Policy

ROLE_OF: Mapping[str, str] = {
    "aiplatform.customJobs.get": "roles/aiplatform.viewer",
    "aiplatform.customJobs.list": "roles/aiplatform.viewer",
    "aiplatform.customJobs.create": "roles/aiplatform.user",
    "aiplatform.customJobs.cancel": "roles/aiplatform.user",
    "aiplatform.customJobs.delete": "roles/aiplatform.user",
    "logging.logEntries.list": "roles/logging.viewer",
    "storage.objects.get": "roles/storage.objectViewer",
    "storage.objects.list": "roles/storage.objectViewer",
    "storage.objects.create": "roles/storage.objectUser",
    "storage.objects.delete": "roles/storage.objectUser",
    "storage.objects.restore": "roles/storage.objectUser",
    "storage.buckets.list": "roles/storage.bucketViewer",
    "storage.buckets.create": "roles/storage.admin",
    "storage.buckets.delete": "roles/storage.admin",
    "serviceusage.services.get": "roles/serviceusage.serviceUsageViewer",
    "serviceusage.quotas.get": "roles/serviceusage.serviceUsageViewer",
    "serviceusage.services.use": "roles/serviceusage.serviceUsageConsumer",
    "serviceusage.services.enable": "roles/serviceusage.serviceUsageAdmin",
    "resourcemanager.projects.get": "roles/browser",
    "resourcemanager.projects.getIamPolicy": "roles/browser",
    "resourcemanager.projects.setIamPolicy": "roles/resourcemanager.projectIamAdmin",
    "iam.serviceAccounts.actAs": "roles/iam.serviceAccountUser",
    "iam.serviceAccounts.list": "roles/iam.serviceAccountUser",
    "iam.serviceAccounts.setIamPolicy": "roles/iam.serviceAccountAdmin",
    "artifactregistry.repositories.downloadArtifacts": "roles/artifactregistry.reader",
}
"""The smallest predefined role with each permission."""

_LARGER: Mapping[str, tuple[str, ...]] = {
    "roles/aiplatform.viewer": ("roles/aiplatform.user",),
    "roles/storage.objectViewer": ("roles/storage.objectUser", "roles/storage.admin"),
    "roles/storage.objectUser": ("roles/storage.admin",),
    "roles/storage.bucketViewer": ("roles/storage.admin",),
    "roles/browser": ("roles/resourcemanager.projectIamAdmin",),
    "roles/serviceusage.serviceUsageViewer": (
        "roles/serviceusage.serviceUsageConsumer",
        "roles/serviceusage.serviceUsageAdmin",
    ),
    "roles/serviceusage.serviceUsageConsumer": ("roles/serviceusage.serviceUsageAdmin",),
}
"""Among the roles above, those that have all that a smaller one is asked for."""

MINIMUM_ROLES = (
    "roles/aiplatform.user",
    "roles/logging.viewer",
    "roles/storage.objectUser",
    "roles/storage.bucketViewer",
    "roles/serviceusage.serviceUsageConsumer",
    "roles/browser",
)
"""What a user of the app needs who has nothing yet."""

_READ = frozenset({"get", "list"})
_CHANGE = frozenset({"create", "delete", "list"})
OBJECT_RIGHTS: Mapping[str, frozenset[str]] = {
    "roles/storage.admin": _READ | _CHANGE,
    "roles/storage.objectAdmin": _READ | _CHANGE,
    "roles/storage.objectUser": _READ | _CHANGE,
    "roles/storage.objectViewer": _READ,
    "roles/storage.objectCreator": frozenset({"create"}),
    # Gets no object by itself; but whoever has it has the objects too, by their ACLs or legacyObjectOwner.
    "roles/storage.legacyBucketOwner": _READ | _CHANGE,
    "roles/storage.legacyBucketWriter": _CHANGE,
    "roles/storage.legacyBucketReader": frozenset({"list"}),
    "roles/storage.legacyObjectOwner": frozenset({"get"}),
    "roles/storage.legacyObjectReader": frozenset({"get"}),
    "roles/aiplatform.customCodeServiceAgent": _READ | _CHANGE,
    "roles/aiplatform.serviceAgent": _READ | _CHANGE,
}
"""What a role lets its members do with objects (`storage.objects.…`)."""
WRITE_OUTPUTS = _READ | _CHANGE
"""What a job does with the objects of its bucket; overwriting takes `delete`."""

LOG_WRITERS = frozenset(
    {
        "roles/logging.logWriter",
        "roles/logging.admin",
        "roles/owner",
        "roles/editor",
        "roles/aiplatform.customCodeServiceAgent",
        "roles/aiplatform.serviceAgent",
    }
)
"""Roles with `logging.logEntries.create`."""

_BASIC = {
    "roles/owner": "projectOwner",
    "roles/editor": "projectEditor",
    "roles/viewer": "projectViewer",
}
_EVERYONE = ("allUsers", "allAuthenticatedUsers")


def smallest_roles(permissions: Iterable[str]) -> tuple[str, ...]:
    """The fewest of the smallest predefined roles that give all `permissions`."""
    wanted = dict.fromkeys(ROLE_OF[permission] for permission in permissions)
    return without_smaller(wanted)


def without_smaller(roles: Iterable[str]) -> tuple[str, ...]:
    """The roles, each once, but for those that a larger one of them includes."""
    wanted = dict.fromkeys(roles)
    return tuple(role for role in wanted if not any(larger in wanted for larger in _LARGER.get(role, ())))


def object_rights(account: str, project_id: str, policy: Policy, of_bucket: Policy | None) -> frozenset[str]:
    """What a service account may do with a bucket's objects, by the two policies.

    The project's owners and editors hold rights on a bucket only through the bucket's own policy; where
    that is not known, they are taken to have them, as they have in every bucket that nobody has changed.
    """
    member = f"serviceAccount:{account}"
    on_project = policy.roles_of(member)
    rights: set[str] = set()
    for role in on_project:
        rights |= OBJECT_RIGHTS.get(role, frozenset())
    if of_bucket is None:
        return frozenset(WRITE_OUTPUTS if on_project & {"roles/owner", "roles/editor"} else rights)
    groups = [f"{kind}:{project_id}" for role, kind in _BASIC.items() if role in on_project]
    for name in (member, *groups, *_EVERYONE):
        for role in of_bucket.roles_of(name):
            rights |= OBJECT_RIGHTS.get(role, frozenset())
    return frozenset(rights)


def custom_roles(account: str, *policies: Policy | None) -> tuple[str, ...]:
    """Roles of the account that somebody has made, so that what they give is not known here."""
    member = f"serviceAccount:{account}"
    held = {role for policy in policies if policy for role in policy.roles_of(member)}
    return tuple(sorted(role for role in held if not role.startswith("roles/")))


def conditional_roles(account: str, *policies: Policy | None) -> tuple[str, ...]:
    """Roles that the account holds only under a condition, which count for nothing here."""
    member = f"serviceAccount:{account}"
    return tuple(
        sorted(
            {
                binding.role
                for policy in policies
                if policy
                for binding in policy.bindings
                if binding.condition and member in binding.members
            }
        )
    )
