"""What of a bucket a request may set: its forms, defaults and limits."""

from __future__ import annotations

import re
from typing import Any

from tui.domain.storagelist.locations import DUAL_REGIONS, MULTI_REGIONS, is_location
from tui.local.storage.errors import StorageError, invalid
from tui.local.storage.lifecycle import check_lifecycle
from tui.local.storage.schema import moved_time

Config = dict[str, Any]

DAY = 86_400
SOFT_DELETE = 7 * DAY
"""Seconds for which deleted objects can be restored unless the bucket says otherwise (FACTS 9.3)."""

SOFT_RETENTION = range(7 * DAY, 90 * DAY + 1)
"""Retentions that a soft-delete policy may set, besides 0."""

LONGEST = 3_155_760_000
"""Longest retention of a retention policy, in seconds: a hundred years."""

UNIFORM_LOCK = 90 * DAY
"""Seconds after which uniform access cannot be switched off any more."""

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
    "retentionPolicy": dict,
    "rpo": str,
    "softDeletePolicy": dict,
    "storageClass": str,
    "versioning": dict,
    "website": dict,
}
"""What a request may set, with its JSON type; the rest of a bucket resource is for reading."""

LASTING = (
    "location",
    "hierarchicalNamespace",
    "objectRetention",
    "customPlacementConfig",
    "defaultObjectAcl",
)
"""What a replacement of all settings leaves as it is."""

LABEL_KEY = re.compile(r"[^\W\dA-Z][\w-]{0,62}")
LABEL_VALUE = re.compile(r"[\w-]{0,63}")
LABELS = 64


def location_type(location: str) -> str:
    """`multi-region`, `dual-region` or `region`."""
    if location.lower() in MULTI_REGIONS:
        return "multi-region"
    return "dual-region" if location.lower() in DUAL_REGIONS else "region"


def check_location(body: Config) -> str:
    """The place that `body` asks for, in capitals; `US` without one.

    Raises:
        StorageError: 400.
    """
    location = body.get("location") or "US"
    if not isinstance(location, str) or not is_location(location):
        raise invalid("The specified location constraint is not valid.", location="location")
    return location.upper()


def settings_of(body: Config) -> Config:
    """What of `body` a request may set; None means unset.

    Raises:
        StorageError: 400 for a value of another type.
    """
    found = {}
    for key, kind in SETTABLE.items():
        if key in body:
            value = body[key]
            if value is not None and not isinstance(value, kind):
                raise wrong(key)
            found[key] = value
    return found


def wrong(key: str) -> StorageError:
    """400: a field whose value makes no sense."""
    return invalid(f"Invalid value for: {key} is not valid", location=key)


def merge(old: Config, new: Config) -> Config:
    """JSON merge patch: null removes, objects merge."""
    out = dict(old)
    for key, value in new.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, dict):
            below = out.get(key)
            out[key] = merge(below if isinstance(below, dict) else {}, value)
        else:
            out[key] = value
    return out


def completed(config: Config, now: str, old: Config | None = None) -> Config:
    """`config` with the service's defaults and times, checked; `old` is what it takes the place of.

    Raises:
        StorageError: 400, or 403 and 412 for what is locked.
    """
    before = old or {}
    config.setdefault("storageClass", "STANDARD")
    if config["storageClass"] not in CLASSES:
        raise invalid("Invalid argument.", location="storageClass")
    config["iamConfiguration"] = _access(config.get("iamConfiguration") or {}, before, now)
    config["softDeletePolicy"] = _soft_delete(config.get("softDeletePolicy") or {}, before, now)
    _check_namespace(config, before)
    _retention(config, before, now)
    _check_labels(config.get("labels") or {})
    if config.get("lifecycle"):
        check_lifecycle(config["lifecycle"])
    if not all(isinstance(entry, dict) for entry in config.get("cors") or []):
        raise wrong("cors")
    _autoclass(config, now)
    _placement(config)
    return {key: value for key, value in config.items() if value not in ({}, [], {"rule": []})}


def _access(iam: Config, before: Config, now: str) -> Config:
    """`iamConfiguration`, whose uniform access has two names."""
    given = iam.get("uniformBucketLevelAccess") or iam.get("bucketPolicyOnly") or {}
    prevention = iam.get("publicAccessPrevention", "inherited")
    if not isinstance(given, dict) or prevention not in {"inherited", "unspecified", "enforced"}:
        raise wrong("iamConfiguration")
    was = (before.get("iamConfiguration") or {}).get("uniformBucketLevelAccess") or {}
    uniform: Config = {"enabled": bool(given.get("enabled", False))}
    if uniform["enabled"]:
        uniform["lockedTime"] = was.get("lockedTime") or moved_time(now, UNIFORM_LOCK)
    elif was.get("lockedTime", now) < now:
        raise StorageError(
            412, "conditionNotMet", "Uniform bucket-level access can no longer be disabled on this bucket."
        )
    prevention = "inherited" if prevention == "unspecified" else prevention
    return {
        "uniformBucketLevelAccess": uniform,
        "bucketPolicyOnly": dict(uniform),
        "publicAccessPrevention": prevention,
    }


def _soft_delete(policy: Config, before: Config, now: str) -> Config:
    try:
        seconds = int(policy.get("retentionDurationSeconds", SOFT_DELETE))
    except (TypeError, ValueError, OverflowError):
        raise invalid("Invalid soft delete policy.", location="softDeletePolicy") from None
    if seconds and seconds not in SOFT_RETENTION:
        raise invalid("Soft delete policy retention duration must be 0 or between 7 and 90 days.")
    if not seconds:
        return {"retentionDurationSeconds": "0"}
    was = before.get("softDeletePolicy") or {}
    same = was.get("retentionDurationSeconds") == str(seconds)
    since = was.get("effectiveTime", now) if same else now
    return {"retentionDurationSeconds": str(seconds), "effectiveTime": since}


def _check_namespace(config: Config, before: Config) -> None:
    enabled = bool((config.get("hierarchicalNamespace") or {}).get("enabled"))
    if before and enabled != bool((before.get("hierarchicalNamespace") or {}).get("enabled")):
        raise invalid("The hierarchical namespace of a bucket cannot be changed.")
    if not enabled:
        config.pop("hierarchicalNamespace", None)
        return
    if not config["iamConfiguration"]["uniformBucketLevelAccess"]["enabled"]:
        raise invalid("Hierarchical namespace buckets must use uniform bucket-level access.")
    if (config.get("versioning") or {}).get("enabled"):
        raise invalid("Hierarchical namespace buckets do not support object versioning.")


def _retention(config: Config, before: Config, now: str) -> None:
    """Check and complete `retentionPolicy`; a locked one can only grow."""
    was = before.get("retentionPolicy") or {}
    given = config.get("retentionPolicy")
    try:
        period = int((given or {}).get("retentionPeriod") or 0)
    except (TypeError, ValueError, OverflowError):
        raise wrong("retentionPolicy") from None
    if not 0 <= period <= LONGEST:
        raise wrong("retentionPolicy")
    if was.get("isLocked") and period < int(was["retentionPeriod"]):
        raise StorageError(
            403, "forbidden", "Cannot reduce retention duration of a locked Retention Policy for the bucket."
        )
    config.pop("retentionPolicy", None)
    if period:
        policy: Config = {"retentionPeriod": str(period), "effectiveTime": was.get("effectiveTime", now)}
        config["retentionPolicy"] = policy | ({"isLocked": True} if was.get("isLocked") else {})


def _check_labels(labels: Config) -> None:
    if len(labels) > LABELS:
        raise invalid(f"A bucket can have at most {LABELS} labels.", location="labels")
    for key, value in labels.items():
        if not LABEL_KEY.fullmatch(key) or key != key.lower():
            raise invalid(f"Invalid label key: '{key}'", location="labels")
        if not isinstance(value, str) or not LABEL_VALUE.fullmatch(value) or value != value.lower():
            raise invalid(f"Invalid label value for key '{key}'", location="labels")


def _autoclass(config: Config, now: str) -> None:
    auto = config.get("autoclass")
    if not auto:
        return
    if not auto.get("enabled"):
        config.pop("autoclass")
        return
    terminal = auto.setdefault("terminalStorageClass", "NEARLINE")
    if terminal not in {"NEARLINE", "ARCHIVE"}:
        raise wrong("autoclass")
    auto.setdefault("toggleTime", now)
    auto.setdefault("terminalStorageClassUpdateTime", auto["toggleTime"])


def _placement(config: Config) -> None:
    """A pair of regions makes a dual region; everything that spans regions has an `rpo`."""
    regions = (config.get("customPlacementConfig") or {}).get("dataLocations") or []
    if not isinstance(regions, list) or not all(isinstance(region, str) for region in regions):
        raise wrong("customPlacementConfig")
    if config.get("rpo") not in {None, "DEFAULT", "ASYNC_TURBO"}:
        raise wrong("rpo")
    if regions or location_type(config.get("location", "")) != "region":
        config.setdefault("rpo", "DEFAULT")
