"""Deletes exactly what was counted, and keeps an account of it that survives the app."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from tui.domain.deleteplan import DeletePlan, PlanItem, count_and_size
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import StorageGateway
from tui.domain.storage import DeleteResult
from tui.services.paths import private_dir

JOURNAL = "deletes.jsonl"
"""The journal's file below the folder of journals."""


@dataclass(slots=True)
class DeleteReport:
    """What became of a delete; every counted object is in exactly one of `gone`, `failed` and `left`."""

    plan: DeletePlan
    gone: list[PlanItem] = field(default_factory=list)
    failed: list[DeleteResult] = field(default_factory=list)
    """Refused, or not known for want of an answer; the reason says which."""
    left: int = 0
    """Counted, but never tried."""
    bucket_gone: bool = False
    stopped: bool = False
    """Whether the user stopped it."""
    trouble: CloudError | None = None
    """Why it ended early, or why the bucket itself stays."""

    @property
    def bytes_gone(self) -> int:
        """Sizes of what is gone, added up."""
        return sum(item.size for item in self.gone)

    @property
    def complete(self) -> bool:
        """Whether all that was asked for is gone."""
        return not (self.failed or self.left or self.trouble)

    def __str__(self) -> str:
        """The account in one line."""
        parts = [count_and_size(len(self.gone), self.bytes_gone)] if self.gone or not self.bucket_gone else []
        parts += [f"the bucket {self.plan.uri.bucket}"] if self.bucket_gone else []
        text = f"deleted {' and '.join(parts)}"
        if self.failed:
            text += f" · {len(self.failed):,} failed"
        if self.left:
            text += f" · {self.left:,} not touched"
        return f"stopped: {text}" if self.stopped else text


class DeleteJournal:
    """One line of JSON for every step of every delete, appended and flushed before the next step is taken."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._path

    async def write(self, lines: Iterable[dict[str, object]]) -> None:
        """Append lines, off the event loop.

        Raises:
            CloudError: they could not be written; nothing may be deleted then.
        """
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        try:
            await asyncio.to_thread(self._append, text)
        except OSError as error:
            raise CloudError(
                "The journal of deletes cannot be written",
                f"{self._path}: {error.strerror}",
                hint="Nothing is deleted without it. Make room or mend the folder, then try again.",
                kind=ErrorKind.LOCAL,
            ) from error

    def _append(self, text: str) -> None:
        private_dir(self._path.parent)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())


async def delete_plan(
    storage: StorageGateway,
    plan: DeletePlan,
    journal: DeleteJournal,
    *,
    project: str,
    stop: asyncio.Event,
    on_progress: Callable[[DeleteReport], None] | None = None,
) -> DeleteReport:
    """Delete the generations of the plan, a request's worth at a time, then the bucket if it is one.

    Setting `stop` ends it after the request under way. What the service refuses is in the report, as is
    the trouble that ended it early; nothing newer than what was counted is ever deleted.
    """
    report = DeleteReport(plan, left=plan.count)
    run = _Run(storage, journal, report, uuid4().hex[:12])
    begin = run.line("begin", uri=str(plan.uri), project=project, count=plan.count, bytes=plan.bytes)
    try:
        await journal.write([begin])
        await run.all(stop, on_progress or (lambda _: None))
    except CloudError as error:
        report.trouble = error
    end = run.line("end", gone=len(report.gone), failed=len(report.failed), left=report.left)
    try:
        await journal.write([end])
    except CloudError as error:
        report.trouble = report.trouble or error
    return report


@dataclass(slots=True)
class _Run:
    """One delete under way."""

    storage: StorageGateway
    journal: DeleteJournal
    report: DeleteReport
    number: str

    def line(self, event: str, **more: object) -> dict[str, object]:
        """A line of the journal."""
        return {"time": datetime.now(UTC).isoformat(), "delete": self.number, "event": event, **more}

    async def all(self, stop: asyncio.Event, announce: Callable[[DeleteReport], None]) -> None:
        """One request after the other, then the bucket if nothing was refused."""
        report = self.report
        for chunk in report.plan.chunks():
            if stop.is_set():
                report.stopped = True
                return
            await self.delete(chunk)
            announce(report)
        if report.plan.takes_bucket and not report.failed:
            await self.delete_bucket()

    async def delete(self, chunk: tuple[PlanItem, ...]) -> None:
        """Send one request, and write down what is sent before and what came of it after."""
        bucket = self.report.plan.uri.bucket
        sent = [[item.name, item.generation, item.size] for item in chunk]
        await self.journal.write([self.line("send", bucket=bucket, items=sent)])
        self.report.left -= len(chunk)
        try:
            results = await self.storage.delete_objects(
                bucket, [(item.name, item.generation) for item in chunk]
            )
        except CloudError as error:
            self._count(chunk, [DeleteResult(item.name, item.generation, _reason(error)) for item in chunk])
            await self.journal.write([self.line("no answer", error=str(error), ambiguous=error.ambiguous)])
            raise
        self._count(chunk, results)
        await self.journal.write(self._result_line(item) for item in results)

    async def delete_bucket(self) -> None:
        """Delete the bucket, now that it should be empty; the service refuses if it is not."""
        bucket = self.report.plan.uri.bucket
        await self.journal.write([self.line("send", bucket=bucket)])
        try:
            await self.storage.delete_bucket(bucket)
        except CloudError as error:
            await self.journal.write([self.line("failed", bucket=bucket, error=str(error))])
            raise
        self.report.bucket_gone = True
        await self.journal.write([self.line("gone", bucket=bucket)])

    def _count(self, chunk: tuple[PlanItem, ...], results: Iterable[DeleteResult]) -> None:
        """Every object of the chunk ends up in the report, also one the answer does not name."""
        by_key = {(result.name, result.generation): result for result in results}
        for item in chunk:
            result = by_key.get((item.name, item.generation))
            if result is not None and not result.error:
                self.report.gone.append(item)
            else:
                self.report.failed.append(
                    result or DeleteResult(item.name, item.generation, "no answer for it: it may be gone")
                )

    def _result_line(self, result: DeleteResult) -> dict[str, object]:
        line = self.line(
            "failed" if result.error else "gone",
            bucket=self.report.plan.uri.bucket,
            name=result.name,
            generation=result.generation,
        )
        return {**line, "error": result.error} if result.error else line


def _reason(error: CloudError) -> str:
    return f"{error}; it may be gone" if error.ambiguous else str(error)
