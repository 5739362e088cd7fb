"""Lifecycle rules of a bucket: their form, and what they want done with an object."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from tui.local.storage.errors import StorageError, invalid
from tui.local.storage.rows import LIVE, ObjectRow, extra_of
from tui.local.storage.schema import day_start, moved_time

DAY = 86_400
RULES = 100
"""Most rules of one bucket."""

COLDNESS = ("STANDARD", "NEARLINE", "COLDLINE", "ARCHIVE")
"""Storage classes from warm to cold; a rule moves objects only in this direction."""

WARM = {"MULTI_REGIONAL": "STANDARD", "REGIONAL": "STANDARD", "DURABLE_REDUCED_AVAILABILITY": "STANDARD"}

DELETE, SET_CLASS, ABORT = "Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"

CONDITIONS: Mapping[str, type] = {
    "age": int,
    "createdBefore": date,
    "customTimeBefore": date,
    "daysSinceCustomTime": int,
    "daysSinceNoncurrentTime": int,
    "isLive": bool,
    "matchesPrefix": list,
    "matchesStorageClass": list,
    "matchesSuffix": list,
    "noncurrentTimeBefore": date,
    "numNewerVersions": int,
}
"""What a rule may ask of an object, with the type."""

OF_UPLOADS = {"age", "matchesPrefix", "matchesSuffix"}
"""What a rule about unfinished uploads may ask."""


class Facts(NamedTuple):
    """What rules look at besides the row."""

    now: str
    newer: int
    """How many newer versions of the object there are, the live one included."""


def check_lifecycle(value: Mapping[str, Any]) -> None:
    """Refuse a `lifecycle` that is not of the API's form.

    Raises:
        StorageError: 400.
    """
    rules = value.get("rule", [])
    if not isinstance(rules, list) or len(rules) > RULES:
        raise _wrong("rule")
    for rule in rules:
        action = rule.get("action") if isinstance(rule, dict) else None
        condition = rule.get("condition") if isinstance(rule, dict) else None
        if not isinstance(action, dict) or not isinstance(condition, dict):
            raise _wrong("rule")
        kind = action.get("type")
        if kind not in {DELETE, SET_CLASS, ABORT}:
            raise _wrong("action.type")
        if kind == SET_CLASS and action.get("storageClass") not in {*COLDNESS, *WARM}:
            raise _wrong("action.storageClass")
        if not condition:
            raise invalid(
                "A lifecycle management rule must have at least one condition.", location="lifecycle"
            )
        if kind == ABORT and not condition.keys() <= OF_UPLOADS:
            raise _wrong("condition")
        for name, wanted in condition.items():
            _check_condition(name, wanted)


def _check_condition(name: str, wanted: object) -> None:
    kind = CONDITIONS.get(name)
    if kind is date and isinstance(wanted, str):
        try:
            date.fromisoformat(wanted)
        except ValueError:
            raise _wrong(f"condition.{name}") from None
    elif kind is list and isinstance(wanted, list):
        if not wanted or not all(isinstance(text, str) for text in wanted):
            raise _wrong(f"condition.{name}")
    elif kind is int and isinstance(wanted, int) and not isinstance(wanted, bool):
        if not 0 <= wanted < 1 << 31:
            raise _wrong(f"condition.{name}")
    elif kind is not bool or not isinstance(wanted, bool):
        raise _wrong(f"condition.{name}")


def _wrong(where: str) -> StorageError:
    return invalid(f"Invalid lifecycle configuration: {where}.", location="lifecycle")


def wanted_action(rules: list[dict[str, Any]], row: ObjectRow, facts: Facts) -> str:
    """`Delete`, the storage class that the object should move to, or nothing.

    Deleting comes before moving, and of several moves the coldest counts.
    """
    present = _coldness(row.storage_class)
    wanted = ""
    for rule in rules:
        action = rule["action"]
        if action["type"] == ABORT or not _meets(rule["condition"], row, facts):
            continue
        if action["type"] == DELETE:
            return DELETE
        coldness = _coldness(action["storageClass"])
        if coldness > present:
            present, wanted = coldness, action["storageClass"]
    return wanted


def aborts(rules: list[dict[str, Any]], name: str, started: str, now: str) -> bool:
    """Whether a rule ends the unfinished multipart upload of `name` that began at `started`."""
    for rule in rules:
        condition = rule["condition"]
        if rule["action"]["type"] != ABORT or not _named(condition, name):
            continue
        if "age" not in condition or moved_time(started, condition["age"] * DAY) <= now:
            return True
    return False


def _coldness(storage_class: str) -> int:
    return COLDNESS.index(WARM.get(storage_class, storage_class))


def _meets(condition: Mapping[str, Any], row: ObjectRow, facts: Facts) -> bool:
    """Whether the object meets every condition."""
    if not _named(condition, row.name):
        return False
    if "isLive" in condition and condition["isLive"] != (row.state == LIVE):
        return False
    if facts.newer < condition.get("numNewerVersions", 0):
        return False
    if row.storage_class not in condition.get("matchesStorageClass", (row.storage_class,)):
        return False
    custom = extra_of(row).get("customTime", "")
    return all(
        _old_enough(condition.get(days), condition.get(before), since, facts.now)
        for days, before, since in (
            ("age", "createdBefore", row.created),
            ("daysSinceNoncurrentTime", "noncurrentTimeBefore", row.ended),
            ("daysSinceCustomTime", "customTimeBefore", custom),
        )
    )


def _old_enough(days: int | None, before: str | None, since: str, now: str) -> bool:
    """Whether `since` is at least so many days ago, and before that date; an empty `since` never is."""
    if days is None and before is None:
        return True
    if not since:
        return False
    return (days is None or moved_time(since, days * DAY) <= now) and (
        before is None or since < day_start(before)
    )


def _named(condition: Mapping[str, Any], name: str) -> bool:
    return name.startswith(tuple(condition.get("matchesPrefix", ("",)))) and name.endswith(
        tuple(condition.get("matchesSuffix", ("",)))
    )
