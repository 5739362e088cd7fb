"""A JSON call and its answer, apart from HTTP: the same handlers serve single calls and batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

from tui.local.storage.access import Access
from tui.local.storage.acl import entity_of_principal, object_acl
from tui.local.storage.errors import condition_not_met, denied, invalid, no_object, not_modified
from tui.local.storage.objects import ObjectStore
from tui.local.storage.resources import Links, etag_of
from tui.local.storage.rows import BucketRow, ObjectRow, integer
from tui.local.wire.field_masks import FieldsError, Mask, parse_fields


class Found(NamedTuple):
    """An object and its bucket."""

    bucket: BucketRow
    row: ObjectRow


@dataclass(frozen=True, slots=True)
class Call:
    """One call, parsed."""

    store: ObjectStore
    access: Access
    links: Links
    path: Mapping[str, str]
    """The variable parts of the path, decoded."""
    query: Mapping[str, str]
    many: Mapping[str, list[str]]
    """The query with every value of repeated parameters."""
    body: dict[str, Any]
    user_project: str = ""
    """The project of the header `x-goog-user-project`."""
    key: Mapping[str, str] | None = None
    """The customer's encryption key of the object, as resources show it."""
    source_key: Mapping[str, str] | None = None
    """That of the object which is copied."""
    if_match: frozenset[str] = frozenset()
    """The etags of the header `If-Match`."""
    if_none_match: frozenset[str] = frozenset()

    def check_etag(self, *numbers: int) -> None:
        """Refuse to read what has not the etag of `If-Match`, or has that of `If-None-Match`.

        Raises:
            StorageError: 412, or 304.
        """
        etag = etag_of(*numbers)
        if self.if_match and not self.if_match & {"*", etag}:
            raise condition_not_met()
        if self.if_none_match & {"*", etag}:
            raise not_modified()

    def bucket(self, *permissions: str, key: str = "bucket") -> BucketRow:
        """The bucket that the path names, if the caller holds `permissions` there.

        Raises:
            StorageError: 404, 403, or 400 where the requester has to pay.
        """
        row = self.store.buckets.get(self.path[key])
        self.access.require_payer(row, self.query.get("userProject") or self.user_project)
        for permission in permissions:
            self.access.require(permission, row)
        return row

    def require(self, permission: str, bucket: BucketRow, name: str, row: ObjectRow | None = None) -> None:
        """Refuse unless the caller holds `permission` on an object, by whatever policy or list.

        Raises:
            StorageError: 403.
        """
        if self.access.holds(permission, bucket):
            return
        entries = object_acl(row, self.links.project_number).entries if row and not bucket.uniform else None
        if not self.access.holds(permission, bucket, self.store.folders.policies(bucket, name), entries):
            raise denied(self.access.email, permission)

    def object(self, permission: str, *, bucket: str = "bucket", name: str = "object") -> Found:
        """The object that the path and `generation` name, if the caller holds `permission` on it.

        Raises:
            StorageError: 404, 403; an object that is not there is 403 for who may not read it.
        """
        found = self.bucket(key=bucket)
        key = self.path[name]
        row = self.store.find(found, key, integer(self.query, "generation"))
        self.require(permission, found, key, row)
        if row is None:
            raise no_object(found.name, key)
        return Found(found, row)

    @property
    def owner(self) -> str:
        """The caller as an entity of access control lists."""
        return entity_of_principal(self.access.principal)

    def full(self, *, default: bool = False) -> bool:
        """Whether the answer shows access control lists: what `projection` says."""
        text = self.query.get("projection")
        if text not in {None, "", "full", "noAcl"}:
            raise invalid(f"Invalid value for projection: '{text}'", location="projection")
        return text == "full" if text else default

    def mask(self) -> Mask | None:
        """The `fields` parameter, or None.

        Raises:
            StorageError: 400.
        """
        text = self.query.get("fields")
        try:
            return parse_fields(text) if text else None
        except FieldsError as error:
            raise invalid(str(error), location="fields") from None


class Reply(NamedTuple):
    """The answer to a call."""

    status: int
    body: dict[str, Any] | None = None


class Route(NamedTuple):
    """A call's name, its method and path template below `/storage/v1`, and what answers it."""

    name: str
    """As Google's discovery document names it, e.g. `storage.objects.get`."""
    method: str
    template: str
    handler: Callable[[Call], Reply]

    def match(self, method: str, raw_path: str) -> dict[str, str] | None:
        """The template's variables if it fits a path that is still percent-encoded, else None."""
        want, have = self.template.split("/"), raw_path.split("/")
        if method != self.method or len(want) != len(have):
            return None
        found = {}
        for pattern, part in zip(want, have, strict=True):
            if pattern.startswith("{"):
                found[pattern[1:-1]] = unquote(part)
            elif pattern != unquote(part):
                return None
        return found
