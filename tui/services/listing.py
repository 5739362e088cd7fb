"""Reads places in Cloud Storage page by page: what a level shows, what lies below it and how much that is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Protocol

from tui.domain.deleteplan import Tally
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import Amount, Bucket, GcsUri, Listing, ObjectInfo
from tui.domain.storage_gateway import StorageGateway
from tui.domain.storagelist.entries import Entries, Mode

PAGE = 1000
"""Entries a request: the most the service gives."""


class Lister(Protocol):
    """What gives pages, as `StorageGateway` does."""

    async def list_objects(
        self,
        prefix: GcsUri,
        *,
        recursive: bool = False,
        page_size: int = 1000,
        page_token: str = "",
        versions: bool = False,
        soft_deleted: bool = False,
    ) -> Listing:
        """One page."""
        ...


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


async def read_page(storage: StorageGateway, entries: Entries) -> None:
    """Read a place's first or next page, if there is one.

    Raises:
        CloudError: the page could not be read.
    """
    if entries.whole:
        return
    if entries.place is None:
        found = await storage.list_buckets(soft_deleted=entries.mode is Mode.DELETED)
        entries.buckets += sorted(found, key=lambda bucket: (bucket.name, bucket.generation))
    else:
        page = await storage.list_objects(
            entries.place,
            page_size=PAGE,
            page_token=entries.token,
            versions=entries.mode is Mode.VERSIONS,
            soft_deleted=entries.mode is Mode.DELETED,
        )
        entries.add(page.prefixes, (item for item in page.objects if not _is_marker(item, entries.place)))
        entries.token = page.next_page_token
    entries.whole = not entries.token
    entries.read_at = datetime.now(UTC)


async def measure(
    storage: StorageGateway, place: GcsUri, on_amount: Callable[[Amount], None] | None = None
) -> Amount:
    """How many live objects lie below a place and how much they take; `on_amount` is told after each page.

    Raises:
        CloudError: a page could not be read.
    """
    total = Amount()
    async for page in pages_below(storage, place):
        total += Amount(len(page), sum(item.size for item in page))
        if on_amount is not None:
            on_amount(total)
    return total


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


async def lone_object(storage: StorageGateway, uri: GcsUri) -> Entries | None:
    """The one object of a path, for somebody who may read it but not list what lies beside it; else None."""
    if not uri.name or uri.name.endswith("/"):
        return None
    try:
        detail = await storage.get_object(uri)
    except CloudError:
        return None
    entries = Entries(GcsUri(uri.bucket, uri.name[: uri.name.rfind("/") + 1]))
    entries.add((), (detail.info,))
    entries.whole, entries.alone, entries.read_at = True, True, datetime.now(UTC)
    return entries


async def list_all(
    storage: Lister, place: GcsUri, *, on_tally: Callable[[Tally], None] | None = None
) -> tuple[ObjectInfo, ...]:
    """Every object below a place; `on_tally` is told the running total after each page.

    Raises:
        CloudError: a page could not be read.
    """
    tally = Tally()
    found: list[ObjectInfo] = []
    async for page in pages_below(storage, place):
        found += page
        tally.add(page)
        if on_tally is not None:
            on_tally(tally)
    return tuple(found)


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


async def pages_below(
    storage: Lister, place: GcsUri, *, versions: bool = False, soft_deleted: bool = False
) -> AsyncIterator[tuple[ObjectInfo, ...]]:
    """Everything below a place; the next page is on its way while one is looked at.

    Raises:
        CloudError: a page could not be read.
    """

    def ask(token: str) -> asyncio.Task[tuple[tuple[ObjectInfo, ...], str]]:
        async def read() -> tuple[tuple[ObjectInfo, ...], str]:
            page = await storage.list_objects(
                place,
                recursive=True,
                page_size=PAGE,
                page_token=token,
                versions=versions,
                soft_deleted=soft_deleted,
            )
            return page.objects, page.next_page_token

        task = asyncio.create_task(read())
        task.add_done_callback(lambda done: done.cancelled() or done.exception())  # if nobody waits any more
        return task

    coming: asyncio.Task[tuple[tuple[ObjectInfo, ...], str]] | None = ask("")
    try:
        while coming is not None:
            objects, token = await coming
            coming = ask(token) if token else None
            yield objects
    finally:
        if coming is not None:
            coming.cancel()


def _is_marker(item: ObjectInfo, place: GcsUri) -> bool:
    """Whether this is the empty object that some tools keep to make the place itself look like a folder."""
    return item.name == place.name and not item.size
