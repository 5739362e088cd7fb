"""Deletes exactly what was counted, several requests at a time, each written down before it is sent."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from tui.domain.deleteplan import DeletePlan, Request
from tui.domain.errors import CloudError
from tui.domain.storage import GONE_ALREADY, REPLACED, DeleteResult
from tui.domain.storage_gateway import StorageGateway
from tui.domain.target import Target
from tui.services.deletion.journal import DeleteJournal, JournalFile
from tui.services.deletion.report import (
    DeleteReport,
    Failure,
    FolderRequest,
    begin_facts,
    end_facts,
    folder_requests,
)

__all__ = ["DeleteReport", "Failure", "delete_plan"]

AT_ONCE = 4
"""Requests under way; more were no faster, since they wait for the same few threads."""

PAUSES = (0.5, 1.0, 2.0)
"""Seconds, more or less, before what got no answer, or was told to come later, is sent again.

By its generations it cannot do more harm.
"""

_NOT_NAMED = "no answer for it: it may be gone"


@dataclass(slots=True)
class _Answer:
    """What became of one request, sent as often as it was worth it."""

    results: dict[tuple[str, int], DeleteResult] = field(default_factory=dict)
    """The last answer for each generation that got one."""
    repeated: set[tuple[str, int]] = field(default_factory=set)
    """Generations that an earlier try may have deleted already."""
    trouble: CloudError | None = None
    """Why there was no answer the last time."""


async def delete_plan(
    storage: StorageGateway,
    plan: DeletePlan,
    journal: DeleteJournal,
    *,
    target: Target,
    stop: asyncio.Event,
    on_progress: Callable[[DeleteReport], None] | None = None,
) -> DeleteReport:
    """Delete the generations of the plan, then emptied folders, then buckets.

    Setting `stop` ends it after the requests under way. What the service refuses is in the report, as is
    the trouble that ended it early; nothing newer than what was counted is ever deleted.
    """
    report = DeleteReport(plan, left=plan.count, folders_left=list(folder_requests(plan)))
    try:
        file = await journal.begin(**begin_facts(plan, target))
    except CloudError as error:
        report.trouble = error
        return report
    report.number = file.number
    run = _Run(storage, file, report, stop, on_progress or (lambda _: None))
    try:
        await run.all()
    except CloudError as error:
        report.trouble = error
    try:
        await file.write(file.line("end", **end_facts(report)))
    except CloudError as error:
        report.trouble = report.trouble or error
    finally:
        file.close()
    return report


class _Run:
    """One delete under way."""

    def __init__(
        self,
        storage: StorageGateway,
        file: JournalFile,
        report: DeleteReport,
        stop: asyncio.Event,
        announce: Callable[[DeleteReport], None],
    ) -> None:
        self._storage = storage
        self._file = file
        self._report = report
        self._stop = stop
        self._announce = announce
        self._number = 0
        self._trouble: CloudError | None = None

    async def all(self) -> None:
        """Requests side by side, then what they have emptied.

        Raises:
            CloudError: it had to end early, or a bucket stays.
        """
        waiting = self._report.plan.requests()
        await asyncio.gather(*(self._work(waiting) for _ in range(AT_ONCE)))
        if self._trouble is not None:
            raise self._trouble
        self._report.stopped = self._report.left > 0
        while self._report.folders_left and not self._ended:
            await self._delete_folders(self._report.folders_left.pop(0))
            self._announce(self._report)
        for part in self._report.plan.parts:
            if part.takes_bucket and not self._ended and not self._blocked(part.bucket):
                await self._delete_bucket(part.bucket)

    @property
    def _ended(self) -> bool:
        if self._stop.is_set():
            self._report.stopped = True
        return self._report.stopped

    def _blocked(self, bucket: str) -> bool:
        return any(failure.bucket == bucket for failure in self._report.failures)

    async def _work(self, waiting: Iterator[Request]) -> None:
        """Send one request after the other, until there is none, it is stopped, or there is trouble."""
        while self._trouble is None and not self._stop.is_set():
            request = next(waiting, None)
            if request is None:
                return
            try:
                await self._delete(request)
            except CloudError as error:
                self._trouble = self._trouble or error
            self._announce(self._report)

    async def _send(self, **what: object) -> int:
        """Write down what is about to be sent; its number."""
        self._number += 1
        number = self._number
        await self._file.write(self._file.line("send", n=number, **what))
        return number

    async def _delete(self, request: Request) -> None:
        report = self._report
        report.requests_sent += 1
        report.left -= len(request.items)
        try:
            number = await self._send(
                bucket=request.bucket,
                noncurrent=request.noncurrent,
                items=[[item.name, item.generation, item.size] for item in request.items],
            )
        except CloudError as error:
            report.failed += [
                Failure(request.bucket, *item, f"not sent: {error.title}", request.noncurrent)
                for item in request.items
            ]
            raise
        report.under_way += len(request.items)
        try:
            answer = await self._answered(request)
        finally:
            report.under_way -= len(request.items)
        await self._count(request, number, answer)
        if answer.trouble is not None:
            raise answer.trouble

    async def _answered(self, request: Request) -> _Answer:
        """Send it, and again what got no answer or was told to come later."""
        answer = _Answer()
        waiting = request.items
        for pause in (*PAUSES, None):
            keys = [(item.name, item.generation) for item in waiting]
            rest = 0.0
            try:
                results = await self._storage.delete_objects(
                    request.bucket, keys, noncurrent=request.noncurrent
                )
                answer.trouble = None
            except CloudError as error:
                answer.trouble = error
                answer.repeated.update(keys if error.ambiguous else ())
                rest = error.retry_after or 0.0
                again = error.retryable
            else:
                later = {(each.name, each.generation) for each in results if each.retryable}
                answer.results.update({(each.name, each.generation): each for each in results})
                answer.repeated |= later
                waiting = tuple(item for item in waiting if (item.name, item.generation) in later)
                again = bool(waiting)
            if pause is None or not again or self._stop.is_set():
                break
            await _rest(self._stop, max(pause * random.uniform(0.75, 1.25), rest))  # noqa: S311 (a pause)
        return answer

    async def _count(self, request: Request, number: int, answer: _Answer) -> None:
        """Every generation ends up in the report, also one that the answer does not name."""
        report = self._report
        failed: list[Failure] = []
        kept: list[Failure] = []
        unknown: list[Failure] = []
        absent: list[list[object]] = []
        for item in request.items:
            key = item.name, item.generation
            reason, doubtful = _reason(answer, key)
            failure = Failure(request.bucket, *item, reason, request.noncurrent)
            if not reason or (reason == GONE_ALREADY and key in answer.repeated):
                report.gone += 1
                report.bytes_gone += item.size
            elif reason == GONE_ALREADY:
                report.absent += 1
                absent.append([item.name, item.generation])
            elif reason == REPLACED:
                kept.append(failure)
            else:
                (unknown if doubtful else failed).append(failure)
        report.failed += failed
        report.kept += kept
        report.unknown += unknown
        groups = {"failed": _told(failed), "kept": _told(kept), "unknown": _told(unknown), "absent": absent}
        told: dict[str, object] = {key: value for key, value in groups.items() if value}
        if answer.trouble is not None:
            told["error"] = str(answer.trouble)
        await self._file.write(self._file.line("done", n=number, **told), sync=False)

    async def _delete_folders(self, request: FolderRequest) -> None:
        """Delete the folders that are empty now; one that is not stays, with its reason."""
        bucket, names, managed = request
        group = self._report.failed
        try:
            number = await self._send(**{"bucket": bucket, "managed" if managed else "folders": names})
            group = self._report.unknown  # some of them may be gone
            results = await self._storage.delete_folders(bucket, names, managed=managed)
        except CloudError as error:
            group += [Failure(bucket, name, 0, 0, str(error), managed=managed) for name in names]
            raise
        failed = [
            Failure(bucket, result.name, 0, 0, result.error, managed=managed)
            for result in results
            if result.error not in ("", GONE_ALREADY)
        ]
        self._report.failed += failed
        self._report.folders_gone += len(results) - len(failed)
        await self._file.write(self._file.line("done", n=number, failed=_told(failed)), sync=False)

    async def _delete_bucket(self, bucket: str) -> None:
        """Delete a bucket, now that it should be empty; the service refuses if it is not."""
        number = await self._send(bucket=bucket, whole=True)
        try:
            await self._storage.delete_bucket(bucket)
        except CloudError as error:
            if not error.ambiguous:
                line = self._file.line("done", n=number, failed=[[bucket, 0, str(error)]])
                await self._file.write(line, sync=False)
            raise
        self._report.buckets_gone.append(bucket)
        await self._file.write(self._file.line("done", n=number), sync=False)


def _reason(answer: _Answer, key: tuple[str, int]) -> tuple[str, bool]:
    """Why a generation is not known to be gone, or an empty string; and whether it may be gone."""
    result, trouble = answer.results.get(key), answer.trouble
    if result is not None and not (result.retryable and trouble):
        return result.error, False
    if trouble is None:
        return _NOT_NAMED, True
    doubtful = key in answer.repeated
    return (f"{trouble}; it may be gone" if doubtful else str(trouble)), doubtful


def _told(failures: Iterable[Failure]) -> list[list[object]]:
    return [[failure.name, failure.generation, failure.reason] for failure in failures]


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
