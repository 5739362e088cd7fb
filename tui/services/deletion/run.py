"""Deletes exactly what was counted, several requests at a time, each written down before it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence

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
"""Seconds before a request that got no answer is sent again; by its generations it cannot do more harm."""


_NOT_NAMED = "no answer for it: it may be gone"


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
        self._report.requests_sent += 1
        self._report.left -= len(request.items)
        try:
            number = await self._send(
                bucket=request.bucket,
                noncurrent=request.noncurrent,
                items=[[item.name, item.generation, item.size] for item in request.items],
            )
        except CloudError as error:
            self._report.failed += _failures(request, f"not sent: {error.title}")
            raise
        try:
            results, doubtful = await self._answered(request)
        except CloudError as error:
            group = self._report.unknown if error.ambiguous else self._report.failed
            group += _failures(request, f"{error}; it may be gone" if error.ambiguous else str(error))
            line = {"failed": []} if error.ambiguous else {"failed": _told(group[-len(request.items) :])}
            event = "no answer" if error.ambiguous else "done"
            await self._file.write(self._file.line(event, n=number, error=str(error), **line), sync=False)
            raise
        await self._count(request, number, results, doubtful=doubtful)

    async def _answered(self, request: Request) -> tuple[Sequence[DeleteResult], bool]:
        """The answer, and whether an earlier try may have done it already."""
        doubtful = False
        for pause in (*PAUSES, None):
            try:
                items = [(item.name, item.generation) for item in request.items]
                return (
                    await self._storage.delete_objects(request.bucket, items, noncurrent=request.noncurrent),
                    doubtful,
                )
            except CloudError as error:
                doubtful = doubtful or error.ambiguous
                if pause is None or not error.retryable or self._stop.is_set():
                    error.ambiguous = doubtful
                    raise
                await _rest(self._stop, max(pause, error.retry_after or 0.0))
        raise AssertionError  # pragma: no cover (the last pause is None)

    async def _count(
        self, request: Request, number: int, results: Iterable[DeleteResult], *, doubtful: bool
    ) -> None:
        """Every generation ends up in the report, also one that the answer does not name."""
        report = self._report
        by_key = {(result.name, result.generation): result.error for result in results}
        failed: list[Failure] = []
        kept: list[Failure] = []
        unknown: list[Failure] = []
        absent: list[list[object]] = []
        for item in request.items:
            reason = by_key.get((item.name, item.generation), _NOT_NAMED)
            failure = Failure(request.bucket, *item, reason, request.noncurrent)
            if not reason or (doubtful and reason == GONE_ALREADY):
                report.gone += 1
                report.bytes_gone += item.size
            elif reason == GONE_ALREADY:
                report.absent += 1
                absent.append([item.name, item.generation])
            elif reason == REPLACED:
                kept.append(failure)
            else:
                (unknown if reason == _NOT_NAMED else failed).append(failure)
        report.failed += failed
        report.unknown += unknown
        report.kept += kept
        line = {"failed": _told(failed), "kept": _told(kept), "unknown": _told(unknown), "absent": absent}
        told = {key: value for key, value in line.items() if value}
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


def _failures(request: Request, reason: str) -> list[Failure]:
    return [Failure(request.bucket, *item, reason, request.noncurrent) for item in request.items]


def _told(failures: Iterable[Failure]) -> list[list[object]]:
    return [[failure.name, failure.generation, failure.reason] for failure in failures]


async def _rest(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
