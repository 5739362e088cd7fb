"""Buckets: their settings, their IAM policy, their soft deletion."""

from __future__ import annotations

import base64
import json
import sqlite3
from typing import Any

from tui.local.storage.errors import StorageError, condition_not_met, invalid, no_bucket
from tui.local.storage.names import check_bucket
from tui.local.storage.rows import SOFT_DELETED, BucketRow, Conditions
from tui.local.storage.schema import Database

DAY = 86_400
SOFT_DELETE = 7 * DAY
"""Seconds for which deleted objects can be restored unless the bucket says otherwise (FACTS 9.3)."""

RETENTION = range(7 * DAY, 90 * DAY + 1)
"""Retentions that a soft-delete policy may set, besides 0."""

MULTI_REGIONS = {"US", "EU", "ASIA"}
DUAL_REGIONS = {"NAM4", "EUR4", "EUR5", "EUR7", "EUR8", "ASIA1"}
CLASSES = {"STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE", "MULTI_REGIONAL", "REGIONAL"}

SETTABLE: dict[str, type] = {
    "autoclass": dict,
    "billing": dict,
    "cors": list,
    "customPlacementConfig": dict,
    "defaultEventBasedHold": bool,
    "encryption": dict,
    "hierarchicalNamespace": dict,
    "iamConfiguration": dict,
    "ipFilter": dict,
    "labels": dict,
    "lifecycle": dict,
    "logging": dict,
    "objectRetention": dict,
    "retentionPolicy": dict,
    "rpo": str,
    "softDeletePolicy": dict,
    "storageClass": str,
    "versioning": dict,
    "website": dict,
}
"""What a request may set, with its JSON type; the rest of a bucket resource is for reading."""

FIELDS = (
    "id, name, project, generation, metageneration, created, updated, config, policy, "
    "soft_deleted, hard_delete"
)

BUMP = "UPDATE buckets SET updated = ?, metageneration = metageneration + 1"


def location_type(location: str) -> str:
    """`multi-region`, `dual-region` or `region`."""
    if location in MULTI_REGIONS:
        return "multi-region"
    return "dual-region" if location in DUAL_REGIONS else "region"


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
        "etag": _etag(1),
        "bindings": [{"role": role, "members": who} for role, who in members.items()],
    }


def _etag(count: int) -> str:
    """Valid base64, as gcloud insists: a protobuf field 1 with `count`."""
    varint = bytearray()
    while count > 0x7F:  # noqa: PLR2004  # seven bits a byte
        varint.append(count & 0x7F | 0x80)
        count >>= 7
    return base64.b64encode(b"\x08" + bytes(varint) + bytes([count])).decode()


def _settings(body: dict[str, Any]) -> dict[str, Any]:
    """What of `body` a request may set; None means unset."""
    found = {}
    for key, kind in SETTABLE.items():
        if key in body:
            value = body[key]
            if value is not None and not isinstance(value, kind):
                raise invalid(f"Invalid value for: {key} is not valid", location=key)
            found[key] = value
    return found


def _merge(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """JSON merge patch: null removes, objects merge."""
    out = dict(old)
    for key, value in new.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, dict) and isinstance(out.get(key), dict):
            out[key] = _merge(out[key], value)
        else:
            out[key] = value
    return out


def _completed(config: dict[str, Any], now: str) -> dict[str, Any]:
    """`config` with the service's defaults, checked."""
    config.setdefault("storageClass", "STANDARD")
    if config["storageClass"] not in CLASSES:
        raise invalid("Invalid argument.", location="storageClass")
    iam = config.setdefault("iamConfiguration", {})
    uniform = (iam.get("uniformBucketLevelAccess") or iam.get("bucketPolicyOnly") or {}).get("enabled", False)
    iam["uniformBucketLevelAccess"] = iam["bucketPolicyOnly"] = {"enabled": bool(uniform)}
    iam.setdefault("publicAccessPrevention", "inherited")
    soft = config.setdefault("softDeletePolicy", {})
    try:
        seconds = int(soft.get("retentionDurationSeconds", SOFT_DELETE))
    except (TypeError, ValueError):
        raise invalid("Invalid soft delete policy.", location="softDeletePolicy") from None
    if seconds and seconds not in RETENTION:
        raise invalid("Soft delete policy retention duration must be 0 or between 7 and 90 days.")
    soft["retentionDurationSeconds"] = str(seconds)
    if seconds:
        soft.setdefault("effectiveTime", now)
    else:
        soft.pop("effectiveTime", None)
    return config


def _row(values: tuple[Any, ...]) -> BucketRow:
    row = BucketRow(*values)
    return row._replace(config=json.loads(values[7]), policy=json.loads(values[8]))


class Buckets:
    """The table of buckets."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def insert(self, project: str, body: dict[str, Any]) -> BucketRow:
        """Create the bucket that `body` describes.

        Raises:
            StorageError: 400 for a bad name, place or setting; 409 if the name is taken.
        """
        name = check_bucket(body.get("name"))
        location = body.get("location") or "US"
        if not isinstance(location, str) or not location.replace("-", "").isalnum() or not location.isascii():
            raise invalid("The specified location constraint is not valid.", location="location")
        now = self._database.now()
        config = _completed({**_settings(body), "location": location.upper()}, now)
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
        after: str = "",
        limit: int = 1000,
        soft_deleted: bool = False,
    ) -> list[BucketRow]:
        """Up to `limit` buckets of `project` by name, from after the name `after`."""
        state = "hard_delete > ?" if soft_deleted else "soft_deleted = '' AND ? <> ''"
        with self._database.reading() as connection:
            found = connection.execute(
                f"SELECT {FIELDS} FROM buckets WHERE {state} AND project = ? AND name > ? "  # noqa: S608
                "AND substr(name, 1, ?) = ? ORDER BY name, generation LIMIT ?",
                (self._database.now(), project, after, len(prefix), prefix, limit),
            ).fetchall()
        return [_row(values) for values in found]

    def change(
        self, name: str, body: dict[str, Any], conditions: Conditions, *, replace: bool = False
    ) -> BucketRow:
        """Merge `body` into the bucket's settings, or put it in their place.

        Raises:
            StorageError: 404, 400, or 412 for a metageneration that is not as asked.
        """
        with self._database.writing() as connection:
            row = self._live(connection, name)
            conditions.check(row.generation, row.metageneration)
            new = _settings(body)
            if "softDeletePolicy" in new:
                row.config.get("softDeletePolicy", {}).pop("effectiveTime", None)
            base = {"location": row.config["location"]} if replace else row.config
            config = _completed(_merge(base, new), self._database.now())
            connection.execute(
                f"{BUMP}, config = ? WHERE id = ?",
                (self._database.now(), json.dumps(config), row.id),
            )
            return self._live(connection, name)

    def set_policy(self, name: str, policy: dict[str, Any]) -> BucketRow:
        """Replace the IAM policy if its etag is the present one, or absent.

        Raises:
            StorageError: 404, 400, or 412 for a stale etag.
        """
        with self._database.writing() as connection:
            row = self._live(connection, name)
            if policy.get("etag") not in {None, "", row.policy["etag"]}:
                raise condition_not_met()
            new = {
                "version": policy.get("version") or 1,
                "etag": _etag(self._database.generation()),
                "bindings": _checked_bindings(policy.get("bindings") or []),
            }
            connection.execute(
                f"{BUMP}, policy = ? WHERE id = ?",
                (self._database.now(), json.dumps(new), row.id),
            )
            return self._live(connection, name)

    def delete(self, name: str, conditions: Conditions) -> None:
        """Delete an empty bucket; it can be restored for as long as its soft-delete policy says.

        Raises:
            StorageError: 404, 409 while it holds objects or noncurrent versions, 412.
        """
        with self._database.writing() as connection:
            row = self._live(connection, name)
            conditions.check(row.generation, row.metageneration)
            if connection.execute(
                "SELECT 1 FROM objects WHERE bucket = ? AND state < ? LIMIT 1", (row.id, SOFT_DELETED)
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


def _checked_bindings(bindings: object) -> list[dict[str, Any]]:
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
