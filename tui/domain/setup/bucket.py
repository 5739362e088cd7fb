"""The row about the bucket that runs are written to."""

from __future__ import annotations

import re

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.changes import commands
from tui.domain.setup.facts import SetupFacts, changeable, disabled_service
from tui.domain.setup.model import Check, CheckState, CreateBucket, Group, Standing
from tui.domain.setup.permissions import BUCKET_PERMISSIONS
from tui.domain.setup.reading import unread
from tui.domain.storage import Bucket

_MAX_NAME = 63
_DAY = 86_400

_WHY = (
    "Jobs write their results here, and the Storage pane opens it. It should lie in the one region that jobs"
    " run in: reads and writes are then quick and free of transfer charges. A bucket's name is unique in all"
    " of Google Cloud."
)


def default_bucket(project: str) -> str:
    """The bucket's name when the setting `bucket` is empty: `PROJECT-outputs`, as a valid name."""
    stem = re.sub(r"[^a-z0-9-]+", "-", project.lower()).strip("-")
    return f"{stem[: _MAX_NAME - len('-outputs')]}-outputs"


def bucket_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """Whether the bucket exists, where it lies, who may use it, and whether deletes can be undone there."""
    return (_bucket(facts),)


def _bucket(facts: SetupFacts) -> Check:
    standing = _standing(facts)
    fix = CreateBucket(facts.bucket_name, facts.region)
    origin = f"from {facts.bucket_origin}" if facts.bucket_origin else "the default name"
    console = (
        f"https://console.cloud.google.com/storage/browser/{facts.bucket_name}?project={facts.project_id}"
    )
    return Check(
        "bucket",
        Group.BUCKET,
        facts.bucket_name or "PROJECT-outputs",
        standing.state,
        standing.finding,
        why=f"{_WHY} This name is {origin}.",
        said=standing.said,
        next_step=standing.next_step,
        command=commands(fix, facts.project_id)[0],
        link="" if facts.local else console,
        fixes=(fix,) if _may_be_absent(facts) else (),
    )


def _may_be_absent(facts: SetupFacts) -> bool:
    """Whether creating it makes sense, perhaps after what it waits for."""
    error = facts.bucket
    if not isinstance(error, CloudError) or not changeable(facts):
        return False
    return error.kind is ErrorKind.NOT_FOUND or bool(disabled_service(error))


def _standing(facts: SetupFacts) -> Standing:
    found = facts.bucket
    missing = unread(facts, found)
    if isinstance(found, Bucket) and missing is None:
        return _judge(found, facts)
    missing = missing or Standing(CheckState.UNKNOWN, "not told")
    kind = found.kind if isinstance(found, CloudError) and missing.state is CheckState.UNKNOWN else None
    if kind is ErrorKind.NOT_FOUND:
        return Standing(CheckState.FAILED, "does not exist yet")
    if kind is ErrorKind.DENIED:
        step = "If it is somebody else's, choose another: vertex-tui config set bucket NAME"
        return Standing(CheckState.FAILED, "somebody else's, or you may not see it", missing.said, step)
    return missing


def _judge(bucket: Bucket, facts: SetupFacts) -> Standing:
    place = bucket.location.lower()
    choose = f"Choose another in {facts.region}: vertex-tui config set bucket NAME"
    if bucket.location_type not in ("", "region"):
        finding = f"{place} is a {bucket.location_type}, jobs run in {facts.region}"
        return Standing(CheckState.WARNING, finding, next_step=f"Training wants one region. {choose}")
    if place != facts.region:
        finding = f"in {place}, jobs run in {facts.region}"
        return Standing(CheckState.WARNING, finding, next_step=f"Slower, with a transfer charge. {choose}")
    if isinstance(facts.bucket_permissions, frozenset):
        lacking = [name for name in BUCKET_PERMISSIONS if name not in facts.bucket_permissions]
        if lacking:
            return Standing(CheckState.WARNING, f"you lack {', '.join(lacking)}")
    return Standing(CheckState.OK, f"in {place}, {undo_words(bucket)}")


def undo_words(bucket: Bucket) -> str:
    """Whether and how long a delete can be undone."""
    if bucket.soft_delete_seconds:
        days = bucket.soft_delete_seconds // _DAY
        return f"deletes can be undone for {days} days"
    return "keeps old versions" if bucket.versioning else "deletes cannot be undone"
