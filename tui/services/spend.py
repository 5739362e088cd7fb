"""Reads what costs money now: live jobs of all training regions side by side, then buckets one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.jobs import Job
from tui.domain.places import Place
from tui.domain.spend import LIVE_FILTER, BucketUse, Count, LiveJob, Spend, Unread, regions_of, with_page
from tui.domain.storage_gateway import StorageGateway

AT_ONCE = 8
"""Regions read side by side."""
MOST_CALLS = 60
"""Calls for the jobs of one project; Google allows 600 a minute for each of its regions (FACTS 4.2)."""
REGION_SECONDS = 30.0
"""A region that has not answered by then is told as not read."""
FIRST_SECONDS = 3.0
"""So long the first region of a project is awaited before the others are asked."""
MOST_OBJECTS = 100_000
"""Objects counted of a bucket, and again of what is soft-deleted in it."""

_WHOLE_PROJECT = frozenset(
    {
        ErrorKind.API_DISABLED,
        ErrorKind.NO_CREDENTIALS,
        ErrorKind.EXPIRED_CREDENTIALS,
        ErrorKind.BILLING,
        ErrorKind.LOCAL,
    }
)
"""Failures that every region of a project would answer with."""
_NOTHING_THERE = frozenset({ErrorKind.INVALID, ErrorKind.PRECONDITION})
"""How listing what is soft-deleted may be refused where soft delete is off (not documented)."""
_CUT = "there is more than was read"


class SpendReader:
    """One look at everything; `run` once."""

    def __init__(
        self,
        gateway: Gateway,
        places: Sequence[Place],
        publish: Callable[[Spend], None],
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Describe the look.

        Args:
            gateway: the session's.
            places: the session's place and the configured ones; all regions of their projects are read.
            publish: told of each new state, on the event loop.
            clock: the time, UTC.
        """
        self._gateway = gateway
        self._publish = publish
        self._clock = clock
        self._projects = {
            project: regions_of(project, places)
            for project in dict.fromkeys(place.project for place in places)
        }
        self._turns = asyncio.Semaphore(AT_ONCE)
        self.spend = Spend(
            projects=tuple(self._projects),
            places=sum(map(len, self._projects.values())),
            began=clock(),
        )

    async def run(self) -> None:
        """Read everything once; what cannot be read is part of the result. Cancel it to stop."""
        self._publish(self.spend)
        async with asyncio.TaskGroup() as group:
            for project, regions in self._projects.items():
                jobs = _ProjectJobs(self, project)
                group.create_task(jobs.read(regions))
            group.create_task(self._read_buckets())
        self._set(replace(self.spend, ended=self._clock()))

    # Told by those who read

    def gateway_of(self, project: str, region: str) -> Gateway:
        """The services of one place."""
        return self._gateway.elsewhere(Place(project, region))

    @property
    def turns(self) -> asyncio.Semaphore:
        """What keeps the regions read at once few."""
        return self._turns

    def region_read(
        self, place: Place, jobs: Sequence[Job], reason: str = "", *, failed: bool = False
    ) -> None:
        """A region has been read, or could not be to its end or at all (`failed`) for a `reason`."""
        found = [*self.spend.jobs, *(LiveJob(job, place) for job in jobs)]
        spend = replace(
            self.spend,
            places_done=self.spend.places_done + 1,
            places_failed=self.spend.places_failed + failed,
            jobs=tuple(sorted(found, key=_order)),
        )
        if reason:
            unread = (*spend.unread, Unread(place.region, place.project, reason))
            spend = replace(spend, unread=unread, jobs_missing=True)
        self._set(spend)

    def _set(self, spend: Spend) -> None:
        self.spend = spend
        self._publish(spend)

    # Buckets

    async def _read_buckets(self) -> None:
        stores: dict[str, StorageGateway] = {}
        for project, regions in self._projects.items():
            store = self.gateway_of(project, regions[0]).storage
            stores[project] = store
            try:
                found = await store.list_buckets()
            except CloudError as error:
                unread = (*self.spend.unread, Unread("the list of buckets", project, str(error)))
                self._set(replace(self.spend, unread=unread, buckets_missing=True))
                continue
            uses = {use.bucket.name: use for use in self.spend.buckets}
            uses |= {bucket.name: BucketUse(bucket, project) for bucket in found}
            self._set(replace(self.spend, buckets=tuple(uses[name] for name in sorted(uses))))
        self._set(replace(self.spend, buckets_listed=True))
        for number, use in enumerate(self.spend.buckets):
            await self._count(number, stores[use.project])

    async def _count(self, number: int, store: StorageGateway) -> None:
        self._use(number, replace(self.spend.buckets[number], count=Count.COUNTING))
        with self._counted(number, "its objects"):
            if await self._walk(number, store, soft_deleted=False):
                self._use(number, replace(self.spend.buckets[number], whole=True))
        with self._counted(number, "what is soft-deleted in it", soft_deleted=True):
            if await self._walk(number, store, soft_deleted=True):
                self._use(number, replace(self.spend.buckets[number], deleted_whole=True))
        self._use(number, replace(self.spend.buckets[number], count=Count.DONE))

    async def _walk(self, number: int, store: StorageGateway, *, soft_deleted: bool) -> bool:
        """Count page by page; whether that came to the end."""
        token, seen, name = "", 0, self.spend.buckets[number].bucket.name
        while seen < MOST_OBJECTS:
            page = await store.sum_content(name, soft_deleted=soft_deleted, page_token=token)
            seen += page.live.count + page.noncurrent.count + page.deleted.count
            self._use(number, with_page(self.spend.buckets[number], page))
            token = page.next_page_token
            if not token:
                return True
        return False

    @contextmanager
    def _counted(self, number: int, what: str, *, soft_deleted: bool = False) -> Iterator[None]:
        """What could not be counted is told, and counting goes on."""
        use = self.spend.buckets[number]
        try:
            yield
        except CloudError as error:
            if soft_deleted and not use.bucket.soft_delete_seconds and error.kind in _NOTHING_THERE:
                self._use(number, replace(self.spend.buckets[number], deleted_whole=True))
                return
            what = f"gs://{use.bucket.name} ({what})"
            unread = (*self.spend.unread, Unread(what, use.project, str(error)))
            self._set(replace(self.spend, unread=unread))

    def _use(self, number: int, use: BucketUse) -> None:
        buckets = list(self.spend.buckets)
        buckets[number] = use
        self._set(replace(self.spend, buckets=tuple(buckets)))


class _ProjectJobs:
    """The live jobs of one project, within its budget of calls."""

    def __init__(self, reader: SpendReader, project: str) -> None:
        self._reader = reader
        self._project = project
        self._filter = LIVE_FILTER
        self._calls = 0
        self._unasked = 0

    async def read(self, regions: Sequence[str]) -> None:
        """Ask one region first: some refusals are the whole project's. One that hangs is not waited for."""
        self._unasked = len(regions)
        async with asyncio.TaskGroup() as group:
            first = group.create_task(self._region(regions[0]))
            await asyncio.wait([first], timeout=FIRST_SECONDS)
            trouble = first.result() if first.done() and not first.cancelled() else None
            if trouble is None or trouble.kind not in _WHOLE_PROJECT:
                for region in regions[1:]:
                    group.create_task(self._region(region))
                return
            for region in regions[1:]:
                self._reader.region_read(Place(self._project, region), (), str(trouble), failed=True)

    async def _region(self, region: str) -> CloudError | None:
        """Read one region's live jobs and tell them; why that failed, if it did."""
        place = Place(self._project, region)
        jobs: dict[str, Job] = {}
        trouble: CloudError | None = None
        async with self._reader.turns:
            self._unasked -= 1
            try:
                async with asyncio.timeout(REGION_SECONDS):
                    whole = await self._list(region, jobs)
            except CloudError as error:
                trouble = error
            except TimeoutError:
                trouble = CloudError(
                    f"No answer within {REGION_SECONDS:.0f} seconds", kind=ErrorKind.TIMEOUT, retryable=True
                )
        reason = str(trouble) if trouble else "" if whole else _CUT
        self._reader.region_read(place, tuple(jobs.values()), reason, failed=trouble is not None)
        return trouble

    async def _list(self, region: str, jobs: dict[str, Job]) -> bool:
        """List by the filter, or everything where the service does not know it; whether to the end."""
        filter_ = self._filter
        try:
            return await self._pages(region, filter_, jobs)
        except CloudError as error:
            if not filter_ or error.kind is not ErrorKind.INVALID:
                raise
        whole = await self._pages(region, "", jobs)
        self._filter = ""
        return whole

    async def _pages(self, region: str, filter_: str, jobs: dict[str, Job]) -> bool:
        gateway, token = self._reader.gateway_of(self._project, region).jobs, ""
        while True:
            self._calls += 1
            page = await gateway.list_jobs(page_token=token, filter_=filter_)
            jobs |= {job.name: job for job in page.jobs if job.state.live}
            token = page.next_page_token
            if not token:
                return True
            if self._calls + self._unasked >= MOST_CALLS:
                return False


def _order(found: LiveJob) -> tuple[bool, str, str]:
    """Running ones first, each kind in the order of places and names."""
    return found.waits, str(found.place), found.job.name
