"""Reads places in Cloud Storage page by page: what a level shows, what lies below it and how much that is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from tui.domain.deleteplan import DeletePlan, Tally
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import StorageGateway
from tui.domain.preview import PREVIEW_BYTES, Preview, make_preview
from tui.domain.storage import Bucket, GcsUri, ObjectInfo

PAGE = 1000
"""Entries a request: the most the service gives."""


@dataclass(frozen=True, slots=True)
class Level:
    """One place as far as it has been read."""

    place: GcsUri | None
    """A prefix or a bucket; None for the project's buckets."""
    buckets: tuple[Bucket, ...] = ()
    prefixes: tuple[str, ...] = ()
    """Whole names, ending with `/`."""
    objects: tuple[ObjectInfo, ...] = ()
    next_page_token: str = ""
    """Empty when everything has been read."""
    read_at: datetime | None = None
    """When its last page was read, UTC."""

    @property
    def count(self) -> int:
        """Entries read so far."""
        return len(self.buckets) + len(self.prefixes) + len(self.objects)


def parent_of(place: GcsUri) -> GcsUri | None:
    """The place above; None for the project's buckets. `a//` lies in `a/`, as the service sees it."""
    if not place.name:
        return None
    return GcsUri(place.bucket, place.name[: place.name.rfind("/", 0, -1) + 1])


def is_within(place: GcsUri | None, outer: GcsUri | None) -> bool:
    """Whether `place` lies below `outer` (or is it)."""
    if outer is None:
        return True
    return place is not None and place.bucket == outer.bucket and place.name.startswith(outer.name)


async def read_level(storage: StorageGateway, place: GcsUri | None, *, at_least: int = 1) -> Level:
    """Read a place from its beginning, as many pages as `at_least` entries need.

    Raises:
        CloudError: a page could not be read.
    """
    if place is None:
        buckets = sorted(await storage.list_buckets(), key=lambda bucket: bucket.name)
        return Level(None, buckets=tuple(buckets), read_at=datetime.now(UTC))
    level = await _next_page(storage, Level(place), place)
    while level.next_page_token and level.count < at_least:
        level = await _next_page(storage, level, place)
    return level


async def read_more(storage: StorageGateway, level: Level) -> Level:
    """The level with its next page, or as it is when there is none.

    Raises:
        CloudError: the page could not be read.
    """
    if level.place is None or not level.next_page_token:
        return level
    return await _next_page(storage, level, level.place)


async def find_place(storage: StorageGateway, uri: GcsUri) -> tuple[GcsUri, str]:
    """The place to show for a path, and the object to point at there, if it names one.

    `baseOutputDirectory` is usually written without its last slash, so a name is first taken for a prefix.

    Raises:
        CloudError: the bucket could not be read.
    """
    if uri.is_prefix:
        return uri, ""
    prefix = GcsUri(uri.bucket, uri.name + "/")
    inside = await storage.list_objects(prefix, page_size=1)
    if inside.prefixes or inside.objects or inside.next_page_token:
        return prefix, ""
    beside = await storage.list_objects(uri, page_size=1)
    if any(item.name == uri.name for item in beside.objects):
        return GcsUri(uri.bucket, uri.name[: uri.name.rfind("/") + 1]), uri.name
    return prefix, ""


async def list_all(
    storage: StorageGateway, place: GcsUri, *, on_tally: Callable[[Tally], None] | None = None
) -> tuple[ObjectInfo, ...]:
    """Every object below a place; `on_tally` is told the running total after each page.

    Raises:
        CloudError: a page could not be read.
    """
    tally = Tally()
    found: list[ObjectInfo] = []
    async for page in _pages_below(storage, place):
        found += page
        tally.add(page)
        if on_tally is not None:
            on_tally(tally)
    return tuple(found)


async def plan_delete(
    storage: StorageGateway,
    uri: GcsUri,
    *,
    item: ObjectInfo | None = None,
    on_tally: Callable[[Tally], None] | None = None,
) -> DeletePlan:
    """Count what deleting `uri` takes: the one object `item`, or everything below a prefix or bucket.

    `on_tally` is told the running total after each page; cancel the task to stop.

    Raises:
        CloudError: it could not be counted to the end.
    """
    bucket = await bucket_settings(storage, uri.bucket)
    tally = Tally()
    if item is not None:
        tally.add((item,))
        return DeletePlan.of(uri, tally, bucket)
    async for page in _pages_below(storage, uri):
        tally.add(page)
        if on_tally is not None:
            on_tally(tally)
    return DeletePlan.of(uri, tally, bucket)


async def read_preview(storage: StorageGateway, item: ObjectInfo) -> Preview:
    """The beginning of an object as text, by one ranged read; laid out off the event loop.

    Raises:
        CloudError: it could not be read.
    """
    data = await storage.read_object(item.uri, limit=PREVIEW_BYTES)
    return await asyncio.to_thread(
        make_preview,
        item.name,
        data,
        whole_size=item.size,
        content_type=item.content_type,
        content_encoding=item.content_encoding,
    )


async def bucket_settings(storage: StorageGateway, name: str) -> Bucket | None:
    """The bucket's settings; None when the caller may see its objects but not these.

    Raises:
        CloudError: the bucket is gone or cannot be reached.
    """
    try:
        return await storage.get_bucket(name)
    except CloudError as error:
        if error.kind is ErrorKind.DENIED:
            return None
        raise


async def _pages_below(storage: StorageGateway, place: GcsUri) -> AsyncIterator[tuple[ObjectInfo, ...]]:
    token = ""
    while True:
        page = await storage.list_objects(place, recursive=True, page_size=PAGE, page_token=token)
        yield page.objects
        token = page.next_page_token
        if not token:
            return


async def _next_page(storage: StorageGateway, level: Level, place: GcsUri) -> Level:
    page = await storage.list_objects(place, page_size=PAGE, page_token=level.next_page_token)
    known = set(level.prefixes)
    return replace(
        level,
        prefixes=level.prefixes + tuple(prefix for prefix in page.prefixes if prefix not in known),
        objects=level.objects + tuple(item for item in page.objects if not _is_marker(item, place)),
        next_page_token=page.next_page_token,
        read_at=datetime.now(UTC),
    )


def _is_marker(item: ObjectInfo, place: GcsUri) -> bool:
    """Whether this is the empty object that some tools keep to make the place itself look like a folder."""
    return item.name == place.name and not item.size
