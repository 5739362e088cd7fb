"""What keeps an object from being deleted or replaced: holds, retention, locks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tui.local.storage.errors import StorageError, invalid
from tui.local.storage.rows import BucketRow, ObjectRow, extra_of
from tui.local.storage.schema import moved_time, text_seconds, time_text

LOCKED = "Locked"
MODES = ("Unlocked", LOCKED)


def retained_until(bucket: BucketRow, row: ObjectRow) -> str:
    """The end of the object's retention; empty for none, and while an event-based hold keeps it open."""
    if not bucket.kept_seconds and "retention" not in row.extra:
        return ""
    extra = extra_of(row)
    own = extra.get("retention", {}).get("retainUntilTime", "")
    if not bucket.kept_seconds or extra.get("eventBasedHold"):
        return str(own)
    since = extra.get("holdReleased") or row.created
    return max(str(own), moved_time(since, bucket.kept_seconds))


def refuse_while_kept(bucket: BucketRow, row: ObjectRow, now: str) -> None:
    """Refuse to end `row` while a hold or a retention is on it.

    Raises:
        StorageError: 403 with the service's reason.
    """
    if "Hold" in row.extra:
        extra = extra_of(row)
        for key, title in (("temporaryHold", "Temporary hold"), ("eventBasedHold", "Event-Based hold")):
            if extra.get(key):
                raise StorageError(
                    403,
                    "forbidden",
                    f"Object '{bucket.name}/{row.name}' is under active {title} and cannot be deleted, "
                    "overwritten or archived until hold is removed.",
                )
    until = retained_until(bucket, row)
    if until > now:
        raise StorageError(
            403,
            "retentionPolicyNotMet",
            f"Object '{bucket.name}/{row.name}' is subject to bucket's retention policy or object retention "
            f"and cannot be deleted or overwritten until {until}",
        )


def checked_retention(
    bucket: BucketRow, value: Mapping[str, Any], old: Mapping[str, Any], now: str, *, override: bool
) -> dict[str, Any]:
    """The new `retention` of an object that has `old`; empty for none.

    Args:
        bucket: where the object is.
        value: as the request gives it; empty takes it away.
        old: as it is; empty for none.
        now: as `Database.now`.
        override: the request says that an unlocked retention may shrink.

    Raises:
        StorageError: 400 for a form that is not the API's, 403 for a retention that may not shrink so.
    """
    new: dict[str, Any] = {}
    if value.get("mode") is not None or value.get("retainUntilTime") is not None:
        if not bucket.config.get("objectRetention"):
            raise invalid("Object retention is not enabled for the bucket.", location="retention")
        try:
            until = time_text(text_seconds(value["retainUntilTime"]))
        except (ValueError, TypeError, KeyError, OverflowError):
            raise invalid("Invalid value for: retention is not valid", location="retention") from None
        if value.get("mode") not in MODES or (until <= now and until != old.get("retainUntilTime")):
            raise invalid("Invalid value for: retention is not valid", location="retention")
        new = {"mode": value["mode"], "retainUntilTime": until}
    if not old or old["retainUntilTime"] <= now:
        return new
    shrinks = not new or new["retainUntilTime"] < old["retainUntilTime"]
    if old["mode"] == LOCKED and (shrinks or new["mode"] != LOCKED):
        raise StorageError(403, "forbidden", "A locked object retention cannot be reduced or removed.")
    if shrinks and not override:
        raise StorageError(
            403,
            "forbidden",
            "Reducing or removing an unlocked object retention requires overrideUnlockedRetention=true.",
        )
    return new
