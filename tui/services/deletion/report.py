"""What became of a delete: an account in which every counted generation and folder is exactly once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import NamedTuple

from tui.domain.cleanup.items import PlanItem, PlanItems
from tui.domain.deleteplan import BATCH, DeletePlan, Part, Request, count_and_size
from tui.domain.errors import CloudError
from tui.domain.target import Target


class FolderRequest(NamedTuple):
    """Folders of one bucket, or managed ones, that are deleted together."""

    bucket: str
    names: tuple[str, ...]
    managed: bool


class Failure(NamedTuple):
    """One generation, folder or bucket that is not known to be gone, and why."""

    bucket: str
    name: str
    """Empty for the bucket itself."""
    generation: int
    size: int
    reason: str
    noncurrent: bool = False
    managed: bool = False
    """Whether it is a managed folder."""


@dataclass(slots=True)
class DeleteReport:
    """What became of a delete; every counted generation is in exactly one of the groups below."""

    plan: DeletePlan
    gone: int = 0
    bytes_gone: int = 0
    absent: int = 0
    """Gone before it was asked for."""
    kept: list[Failure] = field(default_factory=list)
    """Replaced by something newer meanwhile, which stays."""
    failed: list[Failure] = field(default_factory=list)
    """Refused."""
    unknown: list[Failure] = field(default_factory=list)
    """Sent without an answer: they may be gone."""
    left: int = 0
    """Counted, but never tried."""
    under_way: int = 0
    """Sent, and not answered yet."""
    folders_left: list[FolderRequest] = field(default_factory=list)
    """Folders that were never tried."""
    folders_gone: int = 0
    buckets_gone: list[str] = field(default_factory=list)
    stopped: bool = False
    """Whether the user stopped it."""
    trouble: CloudError | None = None
    """Why it ended early, or why a bucket itself stays."""
    requests_sent: int = 0
    number: str = ""
    """By which its undo is asked for; empty if nothing was begun."""

    @property
    def done(self) -> int:
        """Generations whose fate is known, or that nobody answers for."""
        return self.plan.count - self.left - self.under_way

    @property
    def failures(self) -> list[Failure]:
        """Everything that was tried and is not known to be gone."""
        return [*self.failed, *self.unknown, *self.kept]

    @property
    def complete(self) -> bool:
        """Whether nothing that was asked for is left."""
        return not (self.failures or self.left or self.folders_left or self.trouble or self.stopped)

    def again(self) -> DeletePlan | None:
        """The same delete for what failed, and for what trouble left untried; None if there is nothing.

        What was replaced meanwhile is not in it: it would have to be counted anew.
        """
        retried = [*self.failed, *self.unknown]
        rest = [] if self.stopped else list(islice(self.plan.requests(), self.requests_sent, None))
        folders = [] if self.stopped else self.folders_left
        if not (retried or rest or (self.trouble is not None and not self.stopped)):
            return None
        return _rest_of(self.plan, retried, rest, folders, self.buckets_gone)

    def __str__(self) -> str:
        """The account in one line."""
        parts = [count_and_size(self.gone, self.bytes_gone)] if self.gone or not self._other_gone else []
        parts += [f"{self.folders_gone:,} folder{'s'[: self.folders_gone != 1]}"] if self.folders_gone else []
        parts += [f"the bucket {name}" for name in self.buckets_gone]
        text = f"deleted {' and '.join(parts)}"
        for count, words in (
            (self.absent, "gone already"),
            (len(self.failed), "failed"),
            (len(self.unknown), "not known"),
            (len(self.kept), "replaced meanwhile, kept"),
            (self.left, "not touched"),
            (sum(len(request.names) for request in self.folders_left), "folders not touched"),
        ):
            text += f" · {count:,} {words}" if count else ""
        return f"stopped: {text}" if self.stopped else text

    @property
    def _other_gone(self) -> bool:
        return bool(self.buckets_gone or self.folders_gone)


def folder_requests(plan: DeletePlan) -> Iterator[FolderRequest]:
    """All folders of a plan, the deepest first, managed ones before those that they are attached to."""
    for part in plan.parts:
        for names, managed in ((part.managed, True), (part.folders, False)):
            ordered = sorted(names, key=lambda name: name.count("/"), reverse=True)
            for start in range(0, len(ordered), BATCH):
                yield FolderRequest(part.bucket, tuple(ordered[start : start + BATCH]), managed)


def _rest_of(
    plan: DeletePlan,
    retried: Iterable[Failure],
    rest: Iterable[Request],
    untried: Iterable[FolderRequest],
    gone: Sequence[str],
) -> DeletePlan:
    """The part of a plan that is still to be done."""
    parts = {
        part.bucket: replace(part, live=PlanItems(), earlier=PlanItems(), folders=(), managed=())
        for part in plan.parts
    }
    folders: dict[tuple[str, bool], list[str]] = {}
    for request in untried:
        folders.setdefault((request.bucket, request.managed), []).extend(request.names)
    earlier = {part.bucket: set(part.earlier) for part in plan.parts} if plan.with_earlier else {}

    def put(bucket: str, item: PlanItem) -> None:
        into = parts[bucket].earlier if item in earlier.get(bucket, ()) else parts[bucket].live
        into.put(*item)

    for failure in retried:
        if failure.generation:
            put(failure.bucket, PlanItem(failure.name, failure.generation, failure.size))
        elif failure.name:
            folders.setdefault((failure.bucket, failure.managed), []).append(failure.name)
    for objects in rest:
        for item in objects.items:
            put(objects.bucket, item)
    made = tuple(
        replace(
            part,
            folders=tuple(folders.get((part.bucket, False), ())),
            managed=tuple(folders.get((part.bucket, True), ())),
            whole=part.whole and part.bucket not in gone,
        )
        for part in parts.values()
    )
    return replace(plan, parts=made)


def begin_facts(plan: DeletePlan, target: Target) -> dict[str, object]:
    """What the first line says."""
    return {
        "kind": "delete",
        "project": target.project,
        "local": target.is_local,
        "aims": [str(aim) for aim in plan.aims],
        "rule": plan.rule,
        "count": plan.count,
        "bytes": plan.bytes,
        "with_earlier": plan.with_earlier,
        "buckets": [_promise(part) for part in plan.parts],
    }


def _promise(part: Part) -> dict[str, object]:
    settings = part.settings
    return {
        "name": part.bucket,
        "soft_delete_seconds": settings.soft_delete_seconds if settings is not None else None,
        "versioning": part.versioned,
        "generation": settings.generation if settings is not None else 0,
        "goes": part.takes_bucket,
    }


def end_facts(report: DeleteReport) -> dict[str, object]:
    """What the last line says."""
    return {
        "gone": report.gone,
        "bytes": report.bytes_gone,
        "absent": report.absent,
        "kept": len(report.kept),
        "failed": len(report.failed),
        "unknown": len(report.unknown),
        "left": report.left,
        "folders": report.folders_gone,
        "buckets": report.buckets_gone,
        "stopped": report.stopped,
        "trouble": str(report.trouble or ""),
    }
