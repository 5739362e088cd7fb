"""A JSON call and its answer, apart from HTTP: the same handlers serve single calls and batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import unquote

from tui.local.storage.access import Access
from tui.local.storage.fields import Mask, parse_fields
from tui.local.storage.objects import ObjectStore
from tui.local.storage.resources import Links
from tui.local.storage.rows import BucketRow


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

    def bucket(self, *permissions: str, key: str = "bucket") -> BucketRow:
        """The bucket that the path names, if the caller holds `permissions` there.

        Raises:
            StorageError: 404 or 403.
        """
        row = self.store.buckets.get(self.path[key])
        for permission in permissions:
            self.access.require(permission, row)
        return row

    def mask(self) -> Mask | None:
        """The `fields` parameter, or None."""
        text = self.query.get("fields")
        return parse_fields(text) if text else None


class Reply(NamedTuple):
    """The answer to a call."""

    status: int
    body: dict[str, Any] | None = None


class Route(NamedTuple):
    """A method and a path template below `/storage/v1`, and what answers them."""

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
