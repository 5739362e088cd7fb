"""Who may do what in the store: the project's roles, as the server tells, and the bucket's own policy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from tui.local.storage.acl import PERMISSIONS as ENTRY_PERMISSIONS
from tui.local.storage.acl import member_of_entity
from tui.local.storage.errors import StorageError, denied
from tui.local.storage.rows import BucketRow

_OBJECT_WRITE = {
    "storage.folders.create",
    "storage.managedFolders.create",
    "storage.multipartUploads.abort",
    "storage.multipartUploads.create",
    "storage.objects.create",
}
_OBJECT_READ = {
    "storage.folders.get",
    "storage.folders.list",
    "storage.managedFolders.get",
    "storage.managedFolders.list",
    "storage.objects.get",
    "storage.objects.list",
}
_OBJECT_USER = (
    _OBJECT_WRITE
    | _OBJECT_READ
    | {
        "storage.folders.delete",
        "storage.folders.rename",
        "storage.managedFolders.delete",
        "storage.objects.delete",
        "storage.objects.restore",
        "storage.objects.update",
    }
)
_OBJECT_ADMIN = _OBJECT_USER | {
    "storage.managedFolders.getIamPolicy",
    "storage.managedFolders.setIamPolicy",
    "storage.objects.getIamPolicy",
    "storage.objects.overrideUnlockedRetention",
    "storage.objects.setIamPolicy",
    "storage.objects.setRetention",
}
_BUCKET_OWNER = {
    "storage.buckets.get",
    "storage.buckets.getIamPolicy",
    "storage.buckets.setIamPolicy",
    "storage.buckets.update",
}
_BUCKET_ADMIN = _BUCKET_OWNER | {
    "storage.bucketOperations.cancel",
    "storage.bucketOperations.get",
    "storage.bucketOperations.list",
    "storage.buckets.create",
    "storage.buckets.delete",
    "storage.buckets.enableObjectRetention",
    "storage.buckets.list",
    "storage.buckets.restore",
}

ROLES: dict[str, frozenset[str]] = {
    "roles/storage.admin": frozenset(_OBJECT_ADMIN | _BUCKET_ADMIN),
    "roles/storage.objectAdmin": frozenset(_OBJECT_ADMIN),
    "roles/storage.objectUser": frozenset(_OBJECT_USER),
    "roles/storage.objectCreator": frozenset(_OBJECT_WRITE),
    "roles/storage.objectViewer": frozenset(_OBJECT_READ),
    "roles/storage.legacyBucketOwner": frozenset(
        _BUCKET_OWNER
        | _OBJECT_WRITE
        | {"storage.objects.delete", "storage.objects.list", "storage.objects.restore"}
    ),
    "roles/storage.legacyBucketWriter": frozenset(
        _OBJECT_WRITE
        | {
            "storage.buckets.get",
            "storage.objects.delete",
            "storage.objects.list",
            "storage.objects.restore",
        }
    ),
    "roles/storage.legacyBucketReader": frozenset({"storage.buckets.get", "storage.objects.list"}),
    "roles/storage.legacyObjectOwner": frozenset(
        {
            "storage.objects.get",
            "storage.objects.getIamPolicy",
            "storage.objects.overrideUnlockedRetention",
            "storage.objects.setIamPolicy",
            "storage.objects.setRetention",
            "storage.objects.update",
        }
    ),
    "roles/storage.legacyObjectReader": frozenset({"storage.objects.get"}),
}
"""What a role gives when it is granted on a bucket (FACTS 7.2, 9.8)."""

USE = "serviceusage.services.use"
"""Lets its holder have requests billed to the project."""

PROBES = {
    "projectOwner": "resourcemanager.projects.setIamPolicy",
    "projectEditor": "storage.buckets.create",
    "projectViewer": "storage.buckets.list",
}
"""A permission by which a holder of each basic role is known; Storage Admin has more anyway."""

PAYER = PROBES["projectOwner"]
"""Whoever holds it on the bucket's project need not name another to be billed."""

PERMISSIONS = frozenset().union(*ROLES.values()) | frozenset(PROBES.values()) | {USE}
"""Every permission that the calls of this package ask for."""

PUBLIC = {"allUsers", "allAuthenticatedUsers"}


class Rules(Protocol):
    """What the project's state and its organization forbid, whatever rights a caller has."""

    def check_use(self) -> None:
        """Refuse every call."""

    def check_new(self, location: str, encryption: object) -> None:
        """Refuse a new bucket for its place, or for its `encryption` or lack of it."""

    def check_members(self, members: Iterable[str]) -> None:
        """Refuse a policy that names a service account which does not exist."""


class NoRules:
    """`Rules` that forbid nothing."""

    def check_use(self) -> None:
        """Let every call pass."""

    def check_new(self, location: str, encryption: object) -> None:
        """Let every bucket be made."""

    def check_members(self, members: Iterable[str]) -> None:
        """Let everybody be named."""


class Access:
    """One caller's rights, gathered before a call is answered in a thread."""

    def __init__(
        self,
        principal: str,
        allows: Callable[[str, str], bool],
        more: Iterable[str] = (),
        *,
        rules: Rules | None = None,
    ) -> None:
        """Ask `allows(principal, permission)` for all permissions that calls need, and for `more`."""
        self.rules: Rules = rules or NoRules()
        self.principal = principal
        self.email = principal.rpartition(":")[2]
        self._granted = frozenset(name for name in PERMISSIONS.union(more) if allows(principal, name))

    def holds(
        self,
        permission: str,
        bucket: BucketRow | None = None,
        policies: Iterable[Mapping[str, Any]] = (),
        entries: Mapping[str, str] | None = None,
    ) -> bool:
        """Whether something grants `permission`.

        Args:
            permission: such as `storage.objects.get`.
            bucket: whose policy counts beside the project's.
            policies: those of managed folders around the object.
            entries: the object's access control list.
        """
        if permission in self._granted:
            return True
        if bucket and any(self._grants(policy, permission) for policy in (bucket.policy, *policies)):
            return True
        return any(
            permission in ENTRY_PERMISSIONS[role] and self._is(member_of_entity(entity, ""))
            for entity, role in (entries or {}).items()
        )

    def _grants(self, policy: Mapping[str, Any], permission: str) -> bool:
        return any(
            permission in ROLES.get(binding["role"], ())
            and not binding.get("condition")
            and any(self._is(member) for member in binding["members"])
            for binding in policy["bindings"]
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

    def require_payer(self, bucket: BucketRow, user_project: str) -> None:
        """Refuse calls to a bucket whose requesters pay unless somebody pays for them.

        Raises:
            StorageError: 400 if no project is named, 403 if it may not be billed.
        """
        if not (bucket.config.get("billing") or {}).get("requesterPays") or PAYER in self._granted:
            return
        if not user_project:
            raise StorageError(
                400, "required", "Bucket is a requester pays bucket but no user project provided."
            )
        if USE not in self._granted:
            raise StorageError(
                403,
                "forbidden",
                f"{self.email} does not have {USE} access to the Google Cloud project.",
            )
