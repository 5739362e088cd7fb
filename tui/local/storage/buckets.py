"""Buckets: their settings, their IAM policy, their soft deletion."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable
from typing import Any

from tui.local.storage.acl import refuse_public
from tui.local.storage.bucket_settings import LASTING, check_location, completed, merge, settings_of
from tui.local.storage.errors import StorageError, condition_not_met, invalid, no_bucket
from tui.local.storage.names import check_bucket
from tui.local.storage.rows import SOFT_DELETED, BucketRow, Conditions
from tui.local.storage.schema import Database

FIELDS = (
    "id, name, project, generation, metageneration, created, updated, config, policy, "
    "soft_deleted, hard_delete"
)

BUMP = "UPDATE buckets SET updated = ?, metageneration = metageneration + 1"


def default_policy(project: str) -> dict[str, Any]:
    """The bindings of a new bucket: what the basic roles reach comes from these (FACTS 7.2)."""
    strong = [f"projectEditor:{project}", f"projectOwner:{project}"]
    weak = [f"projectViewer:{project}"]
    members = {
        "roles/storage.legacyBucketOwner": strong,
        "roles/storage.legacyBucketReader": weak,
        "roles/storage.legacyObjectOwner": strong,
        "roles/storage.legacyObjectReader": weak,
    }
    return {
        "version": 1,
        "etag": etag_number(1),
        "bindings": [{"role": role, "members": who} for role, who in members.items()],
    }


def etag_number(count: int) -> str:
    """Valid base64, as gcloud insists: a protobuf field 1 with `count`."""
    varint = bytearray()
    while count > 0x7F:  # noqa: PLR2004  # seven bits a byte
        varint.append(count & 0x7F | 0x80)
        count >>= 7
    return base64.b64encode(b"\x08" + bytes(varint) + bytes([count])).decode()


def _row(values: tuple[Any, ...]) -> BucketRow:
    row = BucketRow(*values)
    return row._replace(config=json.loads(values[7]), policy=json.loads(values[8]))


class Buckets:
    """The table of buckets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, project: str, body: dict[str, Any], more: dict[str, Any] | None = None) -> BucketRow:
        """Create the bucket that `body` describes, with `more` settings that no body makes.

        Raises:
            StorageError: 400 for a bad name, place or setting; 409 if the name is taken.
        """
        name = check_bucket(body.get("name"))
        now = self._database.now()
        config = merge({"location": check_location(body)}, settings_of(body))
        config = completed({**config, **(more or {})}, now)
        with self._database.writing() as connection:
            taken = connection.execute(
                "SELECT project FROM buckets WHERE name = ? AND soft_deleted = ''", (name,)
            ).fetchone()
            if taken:
                raise _conflict(own=taken[0] == project)
            connection.execute(
                "INSERT INTO buckets (name, project, generation, metageneration, created, updated, config, "
                "policy) VALUES (?, ?, ?, 1, ?, ?, ?, ?)",
                (
                    name,
                    project,
                    self._database.generation(),
                    now,
                    now,
                    json.dumps(config),
                    json.dumps(default_policy(project)),
                ),
            )
            return self._live(connection, name)

    def get(self, name: str) -> BucketRow:
        """The live bucket of that name.

        Raises:
            StorageError: 404.
        """
        with self._database.reading() as connection:
            return self._live(connection, name)

    def get_deleted(self, name: str, generation: int) -> BucketRow:
        """A soft-deleted bucket.

        Raises:
            StorageError: 404.
        """
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT {FIELDS} FROM buckets WHERE name = ? AND generation = ? AND hard_delete > ?",  # noqa: S608
                (name, generation, self._database.now()),
            ).fetchone()
        if not found:
            raise no_bucket()
        return _row(found)

    def _live(self, connection: sqlite3.Connection, name: str) -> BucketRow:
        found = connection.execute(
            f"SELECT {FIELDS} FROM buckets WHERE name = ? AND soft_deleted = ''",  # noqa: S608
            (name,),
        ).fetchone()
        if not found:
            raise no_bucket()
        return _row(found)

    def list_page(
        self,
        project: str,
        *,
        prefix: str = "",
        after: tuple[str, int] = ("", 0),
        limit: int = 1000,
        soft_deleted: bool = False,
    ) -> list[BucketRow]:
        """Up to `limit` buckets of `project` by name and generation, from after `after`."""
        state = "hard_delete > ?" if soft_deleted else "soft_deleted = '' AND ? <> ''"
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT {FIELDS} FROM buckets WHERE {state} AND project = ? "  # noqa: S608
                "AND (name, generation) > (?, ?) "
                "AND substr(name, 1, ?) = ? ORDER BY name, generation LIMIT ?",
                (self._database.now(), project, *after, len(prefix), prefix, limit),
            ).fetchall()
        return [_row(values) for values in found]

    def all(self) -> list[BucketRow]:
        """Every live bucket."""
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT {FIELDS} FROM buckets WHERE soft_deleted = '' ORDER BY name"  # noqa: S608
            ).fetchall()
        return [_row(values) for values in found]

    def change(
        self,
        name: str,
        body: dict[str, Any],
        conditions: Conditions,
        *,
        replace: bool = False,
        edit: Callable[[BucketRow], BucketRow] = lambda row: row,
        bump: bool = True,
    ) -> BucketRow:
        """Merge `body` into the bucket's settings, or put it in their place; then `edit` the row.

        `edit` may change `config` and the bindings of `policy`; `bump` is whether the metageneration grows.

        Raises:
            StorageError: 404, 400, 403 for a lock, or 412 for a metageneration that is not as asked.
        """
        with self._database.writing() as connection:
            row = self._live(connection, name)
            conditions.check(row.generation, row.metageneration)
            base = {key: row.config[key] for key in LASTING if key in row.config} if replace else row.config
            now = self._database.now()
            config = completed(merge(base, settings_of(body)), now, row.config)
            new = edit(row._replace(config=config))
            policy = new.policy
            if policy != row.policy:
                policy = {**policy, "etag": etag_number(self._database.generation())}
            connection.execute(
                "UPDATE buckets SET updated = ?, metageneration = metageneration + ?, config = ?, policy = ? "
                "WHERE id = ?",
                (now, bump, json.dumps(new.config), json.dumps(policy), row.id),
            )
            return self._live(connection, name)

    def lock_retention(self, name: str, conditions: Conditions) -> BucketRow:
        """Make the retention policy one that can only grow.

        Raises:
            StorageError: 404, 400 without a policy, 412.
        """

        def lock(row: BucketRow) -> BucketRow:
            policy = row.config.get("retentionPolicy")
            if not policy:
                raise invalid("The bucket does not have a retention policy that could be locked.")
            return row._replace(config={**row.config, "retentionPolicy": {**policy, "isLocked": True}})

        return self.change(name, {}, conditions, edit=lock)

    def set_policy(self, name: str, policy: dict[str, Any], conditions: Conditions) -> BucketRow:
        """Replace the IAM policy if its etag is the present one, or absent.

        Raises:
            StorageError: 404, 400, or 412 for a stale etag, and where public access is prevented.
        """

        def edit(row: BucketRow) -> BucketRow:
            if policy.get("etag") not in {None, "", row.policy["etag"]}:
                raise condition_not_met()
            bindings = checked_bindings(policy.get("bindings") or [])
            refuse_public(row, (member for binding in bindings for member in binding["members"]))
            # The etag changes even if nothing else does.
            return row._replace(
                policy={"version": policy.get("version") or 1, "etag": "", "bindings": bindings}
            )

        return self.change(name, {}, conditions, edit=edit)

    def delete(self, name: str, conditions: Conditions) -> None:
        """Delete an empty bucket; it can be restored for as long as its soft-delete policy says.

        Raises:
            StorageError: 404, 409 while it holds objects or noncurrent versions, 412.
        """
        with self._database.writing() as connection:
            row = self._live(connection, name)
            conditions.check(row.generation, row.metageneration)
            if connection.execute(
                "SELECT 1 FROM objects WHERE bucket = ? AND state < ? "
                "UNION ALL SELECT 1 FROM folders WHERE bucket = ? LIMIT 1",
                (row.id, SOFT_DELETED, row.id),
            ).fetchone():
                raise StorageError(409, "conflict", "The bucket you tried to delete is not empty.")
            now = self._database.now()
            connection.execute(
                "UPDATE buckets SET soft_deleted = ?, hard_delete = ? WHERE id = ?",
                (now, self._database.after(row.retention) if row.retention else now, row.id),
            )

    def restore(self, name: str, generation: int) -> BucketRow:
        """Bring a soft-deleted bucket back; its objects stay deleted until they are restored.

        Raises:
            StorageError: 404, or 409 if a bucket of that name lives.
        """
        row = self.get_deleted(name, generation)
        with self._database.writing() as connection:
            if connection.execute(
                "SELECT 1 FROM buckets WHERE name = ? AND soft_deleted = ''", (name,)
            ).fetchone():
                raise _conflict(own=True)
            connection.execute(
                f"{BUMP}, soft_deleted = '', hard_delete = '' WHERE id = ?",
                (self._database.now(), row.id),
            )
            return self._live(connection, name)


def _conflict(*, own: bool) -> StorageError:
    """409 for a taken name, in one of the service's two wordings."""
    if own:
        text = "Your previous request to create the named bucket succeeded and you already own it."
    else:
        text = (
            "The requested bucket name is not available. The bucket namespace is shared by all users of the "
            "system. Please select a different name and try again."
        )
    return StorageError(409, "conflict", text)


def checked_bindings(bindings: object) -> list[dict[str, Any]]:
    """Bindings of the right form, merged as they came.

    Raises:
        StorageError: 400.
    """
    if not isinstance(bindings, list):
        raise invalid("Invalid policy bindings.", location="bindings")
    for binding in bindings:
        members = binding.get("members") if isinstance(binding, dict) else None
        if (
            not isinstance(members, list)
            or not isinstance(binding.get("role"), str)
            or not all(isinstance(member, str) for member in members)
        ):
            raise invalid("Invalid policy bindings.", location="bindings")
    return bindings
