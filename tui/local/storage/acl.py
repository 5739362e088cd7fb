"""Access control lists: entries, their predefined sets, and their other face, a bucket's legacy roles."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from tui.local.storage.errors import StorageError, invalid
from tui.local.storage.rows import BucketRow, ObjectRow

Entries = dict[str, str]
"""The role of each entity, `OWNER`, `WRITER` or `READER`."""

BUCKET_ROLES = {
    "OWNER": "roles/storage.legacyBucketOwner",
    "WRITER": "roles/storage.legacyBucketWriter",
    "READER": "roles/storage.legacyBucketReader",
}
"""A bucket's access control list is a view of these bindings of its policy."""

OBJECT_ROLES = frozenset({"OWNER", "READER"})

PERMISSIONS = {
    "OWNER": frozenset(
        {
            "storage.objects.get",
            "storage.objects.update",
            "storage.objects.getIamPolicy",
            "storage.objects.setIamPolicy",
        }
    ),
    "READER": frozenset({"storage.objects.get"}),
}
"""What an entry of an object's list lets its entity do."""

TEAMS = {"owners": "projectOwner", "editors": "projectEditor", "viewers": "projectViewer"}
EVERYONE = ("allUsers", "allAuthenticatedUsers")
ENTITY = re.compile(
    r"(?:user|group|domain)-[^\s/]+|project-(?:owners|editors|viewers)-[a-z0-9:.-]+|" + "|".join(EVERYONE)
)
MORE = "Read more at https://cloud.google.com/storage/docs/uniform-bucket-level-access"
LEGACY_SENTENCES = {
    "get": f"Cannot get legacy ACL for an object when uniform bucket-level access is enabled. {MORE}",
    "set": f"Cannot insert legacy ACL for an object when uniform bucket-level access is enabled. {MORE}",
    "get bucket": f"Cannot get legacy ACLs for a bucket that has uniform bucket-level access. {MORE}",
    "set bucket": (
        "Cannot use ACL API to update bucket policy when uniform bucket-level access is enabled. " + MORE
    ),
}


class Acl(NamedTuple):
    """The access control list of an object."""

    owner: str
    """The entity that wrote it; empty where nobody is known."""
    entries: Entries


def refuse_uniform(bucket: BucketRow, what: str) -> None:
    """Refuse the use of a list where access is uniform; `what` is a key of `LEGACY_SENTENCES`.

    Raises:
        StorageError: 400.
    """
    if bucket.uniform:
        raise invalid(LEGACY_SENTENCES[what])


def project_private(number: str) -> Entries:
    """What the project's members get by default."""
    return {
        f"project-owners-{number}": "OWNER",
        f"project-editors-{number}": "OWNER",
        f"project-viewers-{number}": "READER",
    }


def entity_of_principal(principal: str) -> str:
    """`user:a@b` and `serviceAccount:a@b` as an entity."""
    return f"user-{principal.partition(':')[2]}"


def predefined(name: str, owner: str, bucket: Entries | None, number: str) -> Entries:
    """The entries that a predefined list stands for.

    Args:
        name: such as `publicRead`.
        owner: the entity that the list makes owner.
        bucket: for an object's list the bucket's own entries; None for a bucket's list.
        number: the project's number.

    Raises:
        StorageError: 400 for a name that there is not.
    """
    own = {owner: "OWNER"} if owner else {}
    bucket_owners = {entity: "OWNER" for entity, role in (bucket or {}).items() if role == "OWNER"}
    known: dict[str, Entries] = {
        "private": own,
        "projectPrivate": own | project_private(number),
        "publicRead": own | {"allUsers": "READER"},
        "authenticatedRead": own | {"allAuthenticatedUsers": "READER"},
    }
    if bucket is None:
        known["publicReadWrite"] = own | {"allUsers": "WRITER"}
    else:
        known["bucketOwnerRead"] = own | dict.fromkeys(bucket_owners, "READER") | own
        known["bucketOwnerFullControl"] = own | bucket_owners
    if name not in known:
        raise invalid(f"Invalid argument: predefinedAcl '{name}'", location="predefinedAcl")
    return known[name]


def checked_entries(value: object, roles: Iterable[str]) -> Entries:
    """Entries out of a request's list.

    Raises:
        StorageError: 400.
    """
    if not isinstance(value, list):
        raise invalid("Invalid value for: acl is not valid", location="acl")
    entries: Entries = {}
    for item in value:
        if not isinstance(item, dict):
            raise invalid("Invalid value for: acl is not valid", location="acl")
        entries[checked_entity(item.get("entity"))] = checked_role(item.get("role"), roles)
    return entries


def checked_entity(entity: object) -> str:
    """`entity` if it is one.

    Raises:
        StorageError: 400.
    """
    if not isinstance(entity, str) or not ENTITY.fullmatch(entity) or len(entity) > 512:  # noqa: PLR2004
        raise invalid(f"Invalid entity: {entity!r}", location="entity")
    return entity


def checked_role(role: object, roles: Iterable[str]) -> str:
    """`role` if it is one of `roles`.

    Raises:
        StorageError: 400.
    """
    if not isinstance(role, str) or role not in set(roles):
        raise invalid(f"Invalid role: {role!r}", location="role")
    return role


def refuse_public(bucket: BucketRow, members: Iterable[str]) -> None:
    """Refuse to let everyone into a bucket that prevents public access.

    Raises:
        StorageError: 412.
    """
    if bucket.closed and not set(EVERYONE).isdisjoint(members):
        raise StorageError(
            412,
            "conditionNotMet",
            "The member bindings allUsers and allAuthenticatedUsers are not allowed since public access "
            "prevention is enforced.",
        )


# A bucket's list and its policy


def entity_of_member(member: str, number: str) -> str:
    """A member of a policy as an entity."""
    kind, _, name = member.partition(":")
    for team, role in TEAMS.items():
        if kind == role:
            return f"project-{team}-{number}"
    return member if member in EVERYONE else f"{'user' if kind == 'serviceAccount' else kind}-{name}"


def member_of_entity(entity: str, project: str) -> str:
    """An entity as a member of a policy."""
    if entity in EVERYONE:
        return entity
    kind, _, name = entity.partition("-")
    if kind == "project":
        return f"{TEAMS[name.partition('-')[0]]}:{project}"
    return f"{'serviceAccount' if name.endswith('.gserviceaccount.com') else kind}:{name}"


def bucket_entries(bucket: BucketRow, number: str) -> Entries:
    """The access control list of a bucket."""
    entries: Entries = {}
    for role in ("READER", "WRITER", "OWNER"):
        for binding in bucket.policy["bindings"]:
            if binding["role"] == BUCKET_ROLES[role] and not binding.get("condition"):
                entries |= {entity_of_member(member, number): role for member in binding["members"]}
    return entries


def bindings_with(bucket: BucketRow, entries: Entries) -> list[dict[str, Any]]:
    """The bindings of the bucket's policy with `entries` in place of its list."""
    kept = [binding for binding in bucket.policy["bindings"] if binding["role"] not in BUCKET_ROLES.values()]
    for role, name in BUCKET_ROLES.items():
        members = [
            member_of_entity(entity, bucket.project) for entity, held in entries.items() if held == role
        ]
        if members:
            kept.append({"role": name, "members": sorted(set(members))})
    return kept


# Objects


def default_entries(bucket: BucketRow, number: str) -> Entries:
    """The list that new objects of the bucket get."""
    found: Entries | None = bucket.config.get("defaultObjectAcl")
    return project_private(number) if found is None else found


def object_acl(row: ObjectRow, number: str) -> Acl:
    """An object's list."""
    if not row.acl:
        return Acl("", project_private(number))
    found = json.loads(row.acl)
    return Acl(found["owner"], found["entries"])


def packed(acl: Acl) -> str:
    """A list as it is stored."""
    return json.dumps(acl._asdict())


def new_object_acl(
    bucket: BucketRow, owner: str, body: Mapping[str, Any], name: str | None, number: str
) -> str:
    """The stored list of an object that `owner` makes; `name` is the call's `predefinedAcl`.

    Raises:
        StorageError: 400, or 412 where public access is prevented.
    """
    given = body.get("acl")
    if bucket.uniform:
        if given or name:
            refuse_uniform(bucket, "set")
        return ""
    if name:
        entries = predefined(name, owner, bucket_entries(bucket, number), number)
    elif given:
        entries = {owner: "OWNER"} | checked_entries(given, OBJECT_ROLES)
    else:
        entries = {owner: "OWNER"} | default_entries(bucket, number)
    refuse_public(bucket, entries)
    return packed(Acl(owner, entries))
