"""The rows about the bucket that runs are written to."""

from __future__ import annotations

import shlex

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.setup.bucket_job import job_in_bucket
from tui.domain.setup.bucket_names import bucket_in, default_bucket, name_fault
from tui.domain.setup.changes import commands
from tui.domain.setup.constraints import why_no_bucket
from tui.domain.setup.facts import SetupFacts, changeable, disabled_service
from tui.domain.setup.model import Check, CheckState, CreateBucket, Fix, Group, SetSetting, Standing
from tui.domain.setup.origins import how_to_set, replacement
from tui.domain.setup.permissions import BUCKET_PERMISSIONS, caller
from tui.domain.setup.reading import unread
from tui.domain.storage import PAYER_MISSING, Bucket

__all__ = ["bucket_checks", "default_bucket", "undo_words"]

_DAY = 86_400
_TITLE = 22

_WHY = (
    "Jobs write their results here, and the Storage pane opens it. It should lie in the one region that jobs"
    " run in: reads and writes are then quick and free of transfer charges. A bucket's name is unique in all"
    " of Google Cloud."
)
_RIGHTS = {
    "storage.objects.create": "write",
    "storage.objects.delete": "delete",
    "storage.objects.get": "read",
    "storage.objects.list": "list",
    "storage.objects.restore": "restore",
}


def bucket_checks(facts: SetupFacts) -> tuple[Check, ...]:
    """Whether the bucket exists, where it lies, who may use it, and whether deletes can be undone there."""
    rows = (_bucket(facts), _yours(facts), job_in_bucket(facts))
    return tuple(row for row in rows if row is not None)


def _bucket(facts: SetupFacts) -> Check:
    standing, name = _standing(facts), facts.bucket_name
    create = CreateBucket(name, facts.region, facts.kms_key)
    fixes = _fixes(facts, create)
    origin = f"from {facts.bucket_origin}" if facts.bucket_origin else "the default name"
    console = f"https://console.cloud.google.com/storage/browser/{name}?project={facts.project_id}"
    return Check(
        "bucket",
        Group.BUCKET,
        _short(name) or "PROJECT-outputs",
        standing.state,
        standing.finding,
        why=f"{_WHY} The name {name} is {origin}." if name else _WHY,
        said=standing.said,
        next_step=standing.next_step,
        command=commands(create, facts.project_id)[0],
        link="" if facts.local else console,
        fixes=fixes,
        by_hand=any(isinstance(fix, SetSetting) for fix in fixes),
        optional=_runs_anyway(facts, standing),
    )


def _short(name: str) -> str:
    return name if len(name) <= _TITLE else f"{name[: _TITLE - 1]}…"


def _runs_anyway(facts: SetupFacts, standing: Standing) -> bool:
    """Whether jobs run with the bucket as it is: in another place, or not to be looked at."""
    if standing.state is CheckState.WARNING:
        return isinstance(facts.bucket, Bucket)
    return standing.state is CheckState.UNKNOWN and _usable(facts)


def _usable(facts: SetupFacts) -> bool:
    """Whether the caller holds some right in the bucket, so that it is there."""
    return isinstance(facts.bucket_permissions, frozenset) and bool(facts.bucket_permissions)


def _fixes(facts: SetupFacts, create: CreateBucket) -> tuple[Fix, ...]:
    """Create it where it is absent; name another where it cannot be this one."""
    if _may_be_absent(facts):
        return () if why_no_bucket(facts) else (create,)
    other = bucket_in(facts.project_id, facts.region)
    unusable = _is_elsewhere(facts) or _is_anothers(facts) or _bad_name(facts)
    if not unusable or other == facts.bucket_name or not facts.project_id:
        return ()
    fix = replacement("bucket", other, facts.bucket_origin)
    return (fix,) if fix else ()


def _may_be_absent(facts: SetupFacts) -> bool:
    """Whether creating it makes sense, perhaps after what it waits for."""
    error = facts.bucket
    if not isinstance(error, CloudError) or not changeable(facts) or name_fault(facts.bucket_name):
        return False
    return error.kind is ErrorKind.NOT_FOUND or bool(disabled_service(error))


def _is_elsewhere(facts: SetupFacts) -> bool:
    found = facts.bucket
    return isinstance(found, Bucket) and facts.trouble is None and not _in_region(found, facts)


def _in_region(found: Bucket, facts: SetupFacts) -> bool:
    return found.location_type in ("", "region") and found.location.lower() == facts.region


def _is_anothers(facts: SetupFacts) -> bool:
    error = facts.bucket
    denied = isinstance(error, CloudError) and error.kind is ErrorKind.DENIED
    return denied and not _usable(facts) and _own_trouble(facts)


def _own_trouble(facts: SetupFacts) -> bool:
    """Whether the bucket's read failed for a reason of its own."""
    standing = unread(facts, facts.bucket)
    return standing is not None and standing.state is CheckState.UNKNOWN


def _bad_name(facts: SetupFacts) -> bool:
    """Whether there can be no bucket of that name; one that was found is right whatever the rules say."""
    if not facts.bucket_name or facts.bucket is None or isinstance(facts.bucket, Bucket):
        return False
    return bool(name_fault(facts.bucket_name))


def _standing(facts: SetupFacts) -> Standing:
    found, missing = facts.bucket, unread(facts, facts.bucket)
    if _bad_name(facts) and facts.trouble is None:
        finding = f"not a valid name: {name_fault(facts.bucket_name)}"
        return Standing(CheckState.FAILED, finding, next_step=_choose(facts))
    if isinstance(found, Bucket) and missing is None:
        return _judge(found, facts)
    if not isinstance(found, CloudError) or missing is None or missing.state is not CheckState.UNKNOWN:
        return missing or Standing(CheckState.UNKNOWN, "not told")
    return _unseen(facts, found, missing)


def _unseen(facts: SetupFacts, error: CloudError, missing: Standing) -> Standing:
    """The standing of a bucket that could not be read for a reason of its own."""
    if error.kind is ErrorKind.NOT_FOUND:
        blocked = why_no_bucket(facts)
        step = f"It cannot be made yet, {blocked}: see Policies." if blocked else ""
        return Standing(CheckState.FAILED, "does not exist yet", next_step=step)
    if error.kind is ErrorKind.DENIED and _usable(facts):
        step = "To see it, ask for the role Storage Bucket Viewer (roles/storage.bucketViewer)."
        return Standing(CheckState.UNKNOWN, "you may use it, but not see where it is", missing.said, step)
    if error.kind is ErrorKind.DENIED:
        step = f"If somebody else has it: {_lowered(_choose(facts))}"
        return Standing(CheckState.FAILED, "somebody else's, or you may not see it", missing.said, step)
    if error.reason == PAYER_MISSING or "requester pays" in error.message.lower():
        step = (
            "Whoever reads it pays. P in the Storage pane lets your project pay there, for one session; a job"
            f" that names nobody who pays is refused: {_lowered(_choose(facts))}"
        )
        return Standing(CheckState.FAILED, "a requester-pays bucket", missing.said, step)
    return missing


def _judge(found: Bucket, facts: SetupFacts) -> Standing:
    place = found.location.lower()
    if not _in_region(found, facts):
        single = found.location_type in ("", "region")
        where = f"in {place}" if single else f"{place} is a {found.location_type}"
        cost = "Slower, with a transfer charge." if single else "Training wants one region."
        step = f"{cost} {_choose(facts)}"
        if single:
            step += f" Or run the job there: vertex-tui --region {place}."
        return Standing(CheckState.WARNING, f"{where}, jobs run in {facts.region}", next_step=step)
    key = ", your key" if found.kms_key else ""
    return Standing(CheckState.OK, f"in {place}, {undo_words(found)}{key}")


def _choose(facts: SetupFacts) -> str:
    if facts.bucket_origin.startswith("the open spec"):
        return f"Name a bucket in {facts.region} in the spec."
    other = bucket_in(facts.project_id or "PROJECT", facts.region)
    how = how_to_set("bucket", other, facts.bucket_origin)
    return f"{how[0].upper()}{how[1:]}." if how.startswith("start") else f"Choose another: {how}"


def _lowered(words: str) -> str:
    return f"{words[0].lower()}{words[1:]}"


def undo_words(bucket: Bucket) -> str:
    """Whether and how long a delete can be undone."""
    if bucket.soft_delete_seconds:
        days = max(1, bucket.soft_delete_seconds // _DAY)
        return f"deletes can be undone for {days} days"
    return "keeps old versions" if bucket.versioning else "deletes cannot be undone"


def _yours(facts: SetupFacts) -> Check | None:
    """What the caller may not do in the bucket; no row where nothing lacks or nothing is told."""
    held = facts.bucket_permissions
    if not isinstance(held, frozenset) or facts.trouble is not None or _is_anothers(facts):
        return None
    lacking = [name for name in BUCKET_PERMISSIONS if name not in held]
    if not lacking:
        return None
    words = ", ".join(_RIGHTS.get(name, name) for name in lacking)
    member = shlex.quote(caller(facts) or "user:YOUR_ACCOUNT")
    command = (
        f"gcloud storage buckets add-iam-policy-binding gs://{facts.bucket_name} --member={member}"
        " --role=roles/storage.objectUser"
    )
    return Check(
        "bucket.you",
        Group.BUCKET,
        "you in the bucket",
        CheckState.WARNING,
        f"you may not {words}",
        why=f"The Storage pane reads and cleans up what jobs wrote. It takes {', '.join(lacking)}.",
        next_step="Ask the bucket's owner for the role Storage Object User; y copies the command.",
        command=command,
        optional=True,
    )
