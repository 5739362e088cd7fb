"""Who may do what in the store: the project's roles, as the server tells, and the bucket's own policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from tui.local.storage.errors import denied
from tui.local.storage.rows import BucketRow

_OBJECT_WRITE = {
    "storage.objects.create",
    "storage.multipartUploads.create",
    "storage.multipartUploads.abort",
}
_OBJECT_USER = _OBJECT_WRITE | {
    "storage.objects.delete",
    "storage.objects.get",
    "storage.objects.list",
    "storage.objects.restore",
    "storage.objects.update",
    "storage.managedFolders.list",
    "storage.folders.list",
}
_OBJECT_ADMIN = _OBJECT_USER | {"storage.objects.getIamPolicy", "storage.objects.setIamPolicy"}
_BUCKET_OWNER = {
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
    "storage.buckets.setIamPolicy",
    "storage.buckets.update",
}
_BUCKET_ADMIN = _BUCKET_OWNER | {
    "storage.buckets.create",
    "storage.buckets.delete",
    "storage.buckets.list",
    "storage.buckets.restore",
}

ROLES: dict[str, frozenset[str]] = {
    "roles/storage.admin": frozenset(_OBJECT_ADMIN | _BUCKET_ADMIN),
    "roles/storage.objectAdmin": frozenset(_OBJECT_ADMIN),
    "roles/storage.objectUser": frozenset(_OBJECT_USER),
    "roles/storage.objectCreator": frozenset(_OBJECT_WRITE),
    "roles/storage.objectViewer": frozenset({"storage.objects.get", "storage.objects.list"}),
    "roles/storage.legacyBucketOwner": frozenset(
        _BUCKET_OWNER | _OBJECT_WRITE | {"storage.objects.delete", "storage.objects.list"}
    ),
    "roles/storage.legacyBucketWriter": frozenset(
        _OBJECT_WRITE | {"storage.buckets.get", "storage.objects.delete", "storage.objects.list"}
    ),
    "roles/storage.legacyBucketReader": frozenset({"storage.buckets.get", "storage.objects.list"}),
    "roles/storage.legacyObjectOwner": frozenset(
        {
            "storage.objects.get",
            "storage.objects.getIamPolicy",
            "storage.objects.setIamPolicy",
            "storage.objects.update",
        }
    ),
    "roles/storage.legacyObjectReader": frozenset({"storage.objects.get"}),
}
"""What a role gives when it is granted on a bucket (FACTS 7.2, 9.8)."""

PROBES = {
    "projectOwner": "resourcemanager.projects.setIamPolicy",
    "projectEditor": "storage.buckets.create",
    "projectViewer": "storage.buckets.list",
}
"""A permission by which a holder of each basic role is known; Storage Admin has more anyway."""

PERMISSIONS = frozenset().union(*ROLES.values()) | frozenset(PROBES.values())
"""Every permission that the calls of this package ask for."""

PUBLIC = {"allUsers", "allAuthenticatedUsers"}


class Access:
    """One caller's rights, gathered before a call is answered in a thread."""

    def __init__(self, principal: str, allows: Callable[[str, str], bool], more: Iterable[str] = ()) -> None:
        """Ask `allows(principal, permission)` for all permissions that calls need, and for `more`."""
        self.principal = principal
        self.email = principal.rpartition(":")[2]
        self._granted = frozenset(name for name in PERMISSIONS.union(more) if allows(principal, name))

    def holds(self, permission: str, bucket: BucketRow | None = None) -> bool:
        """Whether the project's policy, or that of `bucket`, grants `permission`."""
        if permission in self._granted:
            return True
        if bucket is None:
            return False
        return any(
            permission in ROLES.get(binding["role"], ())
            and not binding.get("condition")
            and any(self._is(member) for member in binding["members"])
            for binding in bucket.policy["bindings"]
        )

    def _is(self, member: str) -> bool:
        kind, _, name = member.partition(":")
        if member in PUBLIC or member == self.principal:
            return True
        if kind in PROBES:
            return PROBES[kind] in self._granted
        return kind in {"user", "serviceAccount"} and name == self.email

    def require(self, permission: str, bucket: BucketRow | None = None) -> None:
        """Refuse unless `holds`.

        Raises:
            StorageError: 403 with the service's words.
        """
        if not self.holds(permission, bucket):
            raise denied(self.email, permission)
