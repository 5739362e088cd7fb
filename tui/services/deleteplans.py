"""Counts what a delete would take, page by page, before anything is gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tui.domain.cleanup.holding import Held, held_by
from tui.domain.cleanup.items import PlanItems
from tui.domain.deleteplan import DeletePlan, Part, Tally
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import Bucket, GcsUri, ObjectInfo
from tui.domain.storage_gateway import StorageGateway
from tui.services.listing import PAGE, bucket_settings, pages_below

LOOKUPS = 8
"""Objects whose earlier versions are looked up at a time."""


@dataclass(frozen=True, slots=True)
class Aim:
    """One thing that was pointed at."""

    uri: GcsUri
    item: ObjectInfo | None = None
    """The generation, for an object; None for a prefix or a bucket."""


async def plan_delete(
    storage: StorageGateway, aims: Iterable[Aim], *, on_tally: Callable[[Tally], None] | None = None
) -> DeletePlan:
    """Count what deleting all of `aims` takes: the objects, and everything below the prefixes and buckets.

    `on_tally` is told the running total after each page; cancel the task to stop. Earlier versions are
    counted too, and go by the plan only where they have to.

    Raises:
        CloudError: it could not be counted to the end.
    """
    wanted = without_covered(aims)
    counting = _Counting(storage, on_tally or (lambda _: None))
    parts = [
        await counting.part(bucket, [aim for aim in wanted if aim.uri.bucket == bucket])
        for bucket in dict.fromkeys(aim.uri.bucket for aim in wanted)
    ]
    tally = counting.tally
    picked = any(aim.item is not None and aim.item.past is not None for aim in wanted)
    plan = DeletePlan(
        tuple(aim.uri for aim in wanted), tuple(parts), tally.newest, tally.newest_name, picked=picked
    )
    return plan.taking_earlier(also=picked or plan.must_take_earlier)


def without_covered(aims: Iterable[Aim]) -> list[Aim]:
    """The aims without those that lie in another one, so that nothing is counted twice."""
    found = list(dict.fromkeys(aims))
    places = {aim.uri for aim in found if aim.item is None}
    return [aim for aim in found if not any(_covers(place, aim) for place in places)]


def _covers(place: GcsUri, aim: Aim) -> bool:
    if aim.uri.bucket != place.bucket or not aim.uri.name.startswith(place.name):
        return False
    return aim.item is not None or aim.uri != place


@dataclass(slots=True)
class _Found:
    """What was counted of one bucket so far."""

    now: datetime
    live: PlanItems = field(default_factory=PlanItems)
    earlier: PlanItems = field(default_factory=PlanItems)
    held: dict[str, Held] = field(default_factory=dict)
    held_earlier: int = 0

    def add(self, objects: Iterable[ObjectInfo]) -> list[ObjectInfo]:
        """Take one page; the live ones of it that can go."""
        going = []
        for item in objects:
            past = item.past is not None
            why = held_by(item, self.now)
            if why and past:
                self.held_earlier += 1
            elif why:
                self.held.setdefault(why, Held(why)).add(item)
            elif past:
                self.earlier.add(item)
            else:
                self.live.add(item)
                going.append(item)
        return going


class _Counting:
    """One plan as it grows."""

    def __init__(self, storage: StorageGateway, announce: Callable[[Tally], None]) -> None:
        self.tally = Tally()
        self._storage = storage
        self._announce = announce

    async def part(self, bucket: str, aims: Sequence[Aim]) -> Part:
        """Everything that goes of one bucket."""
        settings = await bucket_settings(self._storage, bucket)
        found = _Found(datetime.now(UTC))
        places = [aim.uri for aim in aims if aim.item is None]
        for place in places:
            async for page in pages_below(self._storage, place, versions=True):
                self._take(found, page)
        objects = [aim.item for aim in aims if aim.item is not None]
        if objects:
            self._take(found, objects)
            # The generations that were pointed at themselves are no company of a live one.
            alone = {(item.name, item.generation) for item in objects}
            for earlier in await self._earlier(settings, objects):
                if (earlier.name, earlier.generation) not in alone:
                    found.add((earlier,))
        managed = await self._managed(places)
        return Part(
            bucket,
            settings,
            found.live,
            found.earlier,
            await self._folders(settings, places),
            managed or (),
            managed is None,
            tuple(found.held.values()),
            found.held_earlier,
            whole=any(not place.name for place in places),
        )

    def _take(self, found: _Found, page: Iterable[ObjectInfo]) -> None:
        self.tally.add(found.add(page))
        self._announce(self.tally)

    async def _folders(self, settings: Bucket | None, places: Sequence[GcsUri]) -> tuple[str, ...]:
        """The folders of a hierarchical bucket at and below `places`, each once."""
        if settings is None or not settings.hierarchical:
            return ()
        found = [name for place in places for name in await self._storage.list_folders(place)]
        return tuple(dict.fromkeys(found))

    async def _managed(self, places: Sequence[GcsUri]) -> tuple[str, ...] | None:
        """The managed folders at and below `places`; None where they may not be seen."""
        try:
            found = [
                name for place in places for name in await self._storage.list_folders(place, managed=True)
            ]
        except CloudError as error:
            if error.kind is ErrorKind.DENIED:
                return None
            raise
        return tuple(dict.fromkeys(found))

    async def _earlier(self, settings: Bucket | None, objects: Sequence[ObjectInfo]) -> list[ObjectInfo]:
        """The noncurrent generations of single objects, where the bucket keeps such."""
        live = [item for item in objects if item.past is None]
        if settings is None or not settings.versioning or len(live) < len(objects):
            return []  # where earlier ones are pointed at, it is these and no others
        gate = asyncio.Semaphore(LOOKUPS)

        async def look(item: ObjectInfo) -> list[ObjectInfo]:
            async with gate:
                return await versions_of(self._storage, item.uri)

        found = await asyncio.gather(*(look(item) for item in live))
        return [version for versions in found for version in versions if version.past is not None]


async def versions_of(
    storage: StorageGateway, uri: GcsUri, *, soft_deleted: bool = False
) -> list[ObjectInfo]:
    """All generations of one object that are kept, or its soft-deleted ones.

    Names are listed in their order, so those that only begin like it come after.

    Raises:
        CloudError: a page could not be read.
    """
    found: list[ObjectInfo] = []
    token = ""
    while True:
        page = await storage.list_objects(
            uri,
            recursive=True,
            page_size=LOOKUPS if not token else PAGE,
            page_token=token,
            versions=not soft_deleted,
            soft_deleted=soft_deleted,
        )
        found += [item for item in page.objects if item.name == uri.name]
        token = page.next_page_token
        if not token or any(item.name != uri.name for item in page.objects):
            return found
