"""Takes a delete back: looks what the bucket still has of it, and restores that; written down too."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field

from tui.domain.cleanup.undoing import Chain, How, Lost, Shelf, Step, UndoPlan
from tui.domain.deleteplan import BATCH, count_and_size
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import Bucket, GcsUri, ObjectInfo
from tui.domain.storage_gateway import StorageGateway
from tui.domain.target import Target
from tui.services.deleteplans import Aim
from tui.services.deletion.journal import DeleteJournal, JournalFile
from tui.services.deletion.records import Outcome, Record, buckets_sent, fates, folders_sent, halfway
from tui.services.listing import pages_below

AT_ONCE = 16
"""Restores under way; each is one small request."""

Wanted = dict[str, dict[tuple[str, int], int]]
"""Bytes of each name and generation, by bucket."""


async def plan_undo(
    storage: StorageGateway, record: Record, *, on_count: Callable[[int], None] | None = None
) -> UndoPlan:
    """What can come back of a past delete; what became of it is looked up, whatever its journal says.

    `on_count` is told how many entries were looked through.

    Raises:
        CloudError: a listing could not be read, or the journal.
    """
    try:
        wanted, buckets = await asyncio.to_thread(_wanted, record)
        folders = await asyncio.to_thread(folders_sent, record.path)
        began = await asyncio.to_thread(halfway, record)
    except OSError as error:
        raise CloudError(
            "The journal of this delete cannot be read", str(error), kind=ErrorKind.LOCAL
        ) from error
    looking = _Looking(storage, on_count or (lambda _: None))
    plan = UndoPlan()
    generations = {bucket.name: bucket.generation for bucket in record.buckets}
    for bucket in dict.fromkeys([*wanted, *folders, *buckets]):
        own = wanted.get(bucket, {})
        if not await _lives(storage, bucket):
            plan += await looking.in_deleted_bucket(bucket, generations.get(bucket, 0), own)
        else:
            names = frozenset(name for place, name in began if place == bucket)
            plan += await looking.in_bucket(bucket, own, names)
            plan += await looking.folders(bucket, folders.get(bucket, ()))
    return plan


async def plan_restore(
    storage: StorageGateway, aims: Iterable[Aim], *, on_count: Callable[[int], None] | None = None
) -> UndoPlan:
    """What can come back of soft-deleted and earlier generations, and of everything deleted below prefixes.

    Of each name below a prefix the last generation comes back, and only where none is live. An earlier
    version that is pointed at also takes the place of a live object, where versioning keeps that.

    Raises:
        CloudError: a listing could not be read.
    """
    looking = _Looking(storage, on_count or (lambda _: None))
    plan = UndoPlan()
    wanted: Wanted = {}
    for aim in aims:
        if aim.item is not None:
            key = aim.item.name, aim.item.generation
            wanted.setdefault(aim.uri.bucket, {})[key] = aim.item.size
            continue
        last: dict[str, ObjectInfo] = {}
        async for page in pages_below(storage, aim.uri, soft_deleted=True):
            for item in page:
                if item.name not in last or item.generation > last[item.name].generation:
                    last[item.name] = item
        own = wanted.setdefault(aim.uri.bucket, {})
        own.update({(item.name, item.generation): item.size for item in last.values()})
    for bucket, own in wanted.items():
        plan += await looking.in_bucket(bucket, own, over_live=True)
    return plan


def _wanted(record: Record) -> tuple[Wanted, set[str]]:
    """What was sent and is not known to have stayed, and the buckets that went or may have."""
    wanted: Wanted = {}
    for fate in fates(record.path):
        if fate.outcome in (Outcome.GONE, Outcome.UNKNOWN):
            wanted.setdefault(fate.bucket, {})[fate.name, fate.generation] = fate.size
    buckets = {
        bucket for bucket, outcome in buckets_sent(record.path).items() if outcome is not Outcome.FAILED
    }
    return wanted, buckets


async def _lives(storage: StorageGateway, bucket: str) -> bool:
    try:
        await storage.get_bucket(bucket)
    except CloudError as error:
        if error.kind is ErrorKind.NOT_FOUND:
            return False
        if error.kind is not ErrorKind.DENIED:
            raise
    return True


class _Looking:
    """Looks through listings for what is wanted."""

    def __init__(self, storage: StorageGateway, announce: Callable[[int], None]) -> None:
        self._storage = storage
        self._announce = announce
        self._seen = 0

    async def in_deleted_bucket(
        self, bucket: str, generation: int, wanted: dict[tuple[str, int], int]
    ) -> UndoPlan:
        """A bucket that went: itself if it can come back, and then what was in it."""
        found = [each for each in await self._storage.list_buckets(soft_deleted=True) if each.name == bucket]
        exact = [each for each in found if each.generation == generation]
        chosen = exact or sorted(found, key=lambda each: each.generation)[-1:]
        if not chosen:
            why = "its bucket is gone for good"
            return UndoPlan(lost=[Lost(bucket, *key, why) for key in wanted] or [Lost(bucket, "", 0, why)])
        return UndoPlan(buckets=chosen[:1], pending=len(wanted), pending_bytes=sum(wanted.values()))

    async def in_bucket(
        self,
        bucket: str,
        wanted: dict[tuple[str, int], int],
        halfway: frozenset[str] = frozenset(),
        *,
        over_live: bool = False,
    ) -> UndoPlan:
        """What a bucket still has."""
        if not wanted:
            return UndoPlan()
        settings = await self._settings(bucket)
        versioning = settings is not None and settings.versioning
        shelf = Shelf(bucket, wanted, versioning=versioning, halfway=halfway, over_live=over_live)
        prefix = GcsUri(bucket, _common_start(name for name, _ in wanted))
        await self._look(shelf, prefix, soft_deleted=False)
        try:
            await self._look(shelf, prefix, soft_deleted=True)
        except CloudError as error:
            off = settings is not None and not settings.soft_delete_seconds
            if not off or error.kind not in (ErrorKind.INVALID, ErrorKind.PRECONDITION):
                raise  # a bucket without soft delete may refuse to list what it cannot have
        return shelf.plan()

    async def folders(self, bucket: str, names: Collection[str]) -> UndoPlan:
        """Those of a hierarchical bucket's folders that are not there any more."""
        if not names:
            return UndoPlan()
        there: tuple[str, ...] = ()
        try:
            there = await self._storage.list_folders(GcsUri(bucket, _common_start(names)))
        except CloudError as error:
            if error.kind is not ErrorKind.DENIED:
                raise  # who may not see them may still make them, and what is there does no harm
        missing = sorted(set(names) - set(there))
        return UndoPlan(folders={bucket: missing} if missing else {})

    async def _look(self, shelf: Shelf, prefix: GcsUri, *, soft_deleted: bool) -> None:
        async for page in pages_below(
            self._storage, prefix, versions=not soft_deleted, soft_deleted=soft_deleted
        ):
            shelf.take(page)
            self._seen += len(page)
            self._announce(self._seen)

    async def _settings(self, bucket: str) -> Bucket | None:
        try:
            return await self._storage.get_bucket(bucket)
        except CloudError as error:
            if error.kind in (ErrorKind.DENIED, ErrorKind.NOT_FOUND):
                return None
            raise


@dataclass(slots=True)
class UndoReport:
    """What became of an undo."""

    plan: UndoPlan
    restored: int = 0
    bytes: int = 0
    folders: int = 0
    """Folders that were made again."""
    buckets_back: list[str] = field(default_factory=list)
    failed: list[Lost] = field(default_factory=list)
    left: int = 0
    """Never tried."""
    stopped: bool = False
    trouble: CloudError | None = None

    @property
    def complete(self) -> bool:
        """Whether all of the plan is back."""
        return not (self.failed or self.left or self.trouble or self.stopped)

    def __str__(self) -> str:
        parts = [f"the bucket {name}" for name in self.buckets_back]
        parts += [f"{self.folders:,} folder{'s'[: self.folders != 1]}"] if self.folders else []
        if self.restored or not parts:
            parts.append(count_and_size(self.restored, self.bytes))
        text = f"brought back {' and '.join(parts)}"
        if self.failed:
            text += f" · {len(self.failed):,} failed"
        if self.left:
            text += f" · {self.left:,} not tried"
        return f"stopped: {text}" if self.stopped else text


async def run_undo(
    storage: StorageGateway,
    plan: UndoPlan,
    journal: DeleteJournal,
    *,
    target: Target,
    stop: asyncio.Event,
    record: Record | None = None,
    on_progress: Callable[[UndoReport], None] | None = None,
) -> UndoReport:
    """Bring back what the plan names, buckets first; nothing live is replaced but what the plan says.

    Setting `stop` ends it after the requests under way. `record` is the delete that is taken back; None for
    a restore by hand.
    """
    report = UndoReport(plan, left=plan.count)
    try:
        file = await journal.begin(
            kind="undo",
            of=record.number if record is not None else "",
            project=target.project,
            local=target.is_local,
            count=plan.count + plan.pending,
        )
    except CloudError as error:
        report.trouble = error
        return report
    run = _Undo(storage, file, report, stop, on_progress or (lambda _: None))
    try:
        await run.all(record)
    except CloudError as error:
        report.trouble = error
    account = {
        "restored": report.restored,
        "folders": report.folders,
        "failed": len(report.failed),
        "left": report.left,
    }
    try:
        await file.write(file.line("end", **account, stopped=report.stopped))
    except CloudError as error:
        report.trouble = report.trouble or error
    finally:
        file.close()
    return report


class _Undo:
    """One undo under way."""

    def __init__(
        self,
        storage: StorageGateway,
        file: JournalFile,
        report: UndoReport,
        stop: asyncio.Event,
        announce: Callable[[UndoReport], None],
    ) -> None:
        self._storage = storage
        self._file = file
        self._report = report
        self._stop = stop
        self._announce = announce
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._unreachable: CloudError | None = None

    async def all(self, record: Record | None) -> None:
        """Buckets, what was in them, and all else.

        Raises:
            CloudError: it had to end early.
        """
        for bucket in self._report.plan.buckets:
            if not self._stop.is_set():
                await self._restore_bucket(bucket)
        if self._report.buckets_back and record is not None:
            again = await plan_undo(self._storage, record)
            self._report.plan = again
            self._report.left = again.count
        for place, names in self._report.plan.folders.items():
            for start in range(0, len(names), BATCH):
                if self._stop.is_set():
                    self._report.stopped = True
                    return
                await self._make_folders(place, names[start : start + BATCH])
        for chunk in _chunks(self._report.plan.chains):
            if self._stop.is_set():
                self._report.stopped = True
                return
            await self._restore(chunk)
            if self._unreachable is not None:
                raise self._unreachable

    async def _restore_bucket(self, bucket: Bucket) -> None:
        await self._file.write(self._file.line("restore", bucket=bucket.name, generation=bucket.generation))
        await self._storage.restore_bucket(bucket.name, bucket.generation)
        self._report.buckets_back.append(bucket.name)
        await self._file.write(self._file.line("back", bucket=bucket.name), sync=False)

    async def _make_folders(self, bucket: str, names: list[str]) -> None:
        """Make folders again, empty; what was in them comes after."""
        await self._file.write(self._file.line("restore", bucket=bucket, folders=names))
        failed = await self._storage.create_folders(bucket, names)
        self._report.folders += len(names) - len(failed)
        self._report.failed += [Lost(bucket, name, 0, why) for name, why in failed.items()]
        await self._file.write(self._file.line("back", failed=list(failed.items())), sync=False)
        self._announce(self._report)

    async def _restore(self, chunk: list[Chain]) -> None:
        """Bring back some names side by side, and write down which before and what came of it after."""
        items = [[each.bucket, each.name, [step.generation for step in each.steps]] for each in chunk]
        await self._file.write(self._file.line("restore", items=items))
        before = len(self._report.failed)
        await asyncio.gather(*(self._bring_back(chain) for chain in chunk))
        failed = [list(each) for each in self._report.failed[before:]]
        await self._file.write(self._file.line("back", failed=failed), sync=False)

    async def _bring_back(self, chain: Chain) -> None:
        report = self._report
        for place, step in enumerate(chain.steps):
            async with self._gate:
                try:
                    if chain.retire and not place:
                        await self._retire(chain, chain.retire)
                    await self._step(chain, step, is_last=place == len(chain.steps) - 1)
                except CloudError as error:
                    if error.kind in (ErrorKind.UNREACHABLE, ErrorKind.LOCAL):
                        self._unreachable = self._unreachable or error
                    rest = chain.steps[place:]
                    report.left -= len(rest)
                    report.failed += [
                        Lost(chain.bucket, chain.name, each.generation, str(error)) for each in rest
                    ]
                    return
            report.left -= 1
            report.restored += 1
            report.bytes += step.size
        self._announce(report)

    async def _step(self, chain: Chain, step: Step, *, is_last: bool) -> None:
        """One generation; one that is to be an earlier version is deleted again, so that it becomes that."""
        try:
            live = await self._call(chain, step)
        except CloudError as error:
            if not error.ambiguous:
                raise
            # Nothing else was live there when it was asked for: what is now came by this call, or is newer.
            live = (await self._storage.get_object(GcsUri(chain.bucket, chain.name))).info
            if live.generation == chain.over:
                raise
        if not is_last:
            await self._retire(chain, live.generation)

    async def _retire(self, chain: Chain, generation: int) -> None:
        results = await self._storage.delete_objects(chain.bucket, [(chain.name, generation)])
        if results and results[0].error:
            raise CloudError(results[0].error, kind=ErrorKind.CONFLICT)

    async def _call(self, chain: Chain, step: Step) -> ObjectInfo:
        if step.how is How.VERSION:
            return await self._storage.revive_object(
                chain.bucket, chain.name, step.generation, over=chain.over
            )
        return await self._storage.restore_object(
            chain.bucket, chain.name, step.generation, restore_token=step.token
        )


def _common_start(names: Iterable[str]) -> str:
    """What all names begin with: that of the first and the last in their order."""
    ordered = sorted(names)
    first, last = ordered[0], ordered[-1]
    for place, char in enumerate(first):
        if last[place : place + 1] != char:
            return first[:place]
    return first


def _chunks(chains: list[Chain]) -> Iterator[list[Chain]]:
    return (chains[start : start + BATCH] for start in range(0, len(chains), BATCH))
