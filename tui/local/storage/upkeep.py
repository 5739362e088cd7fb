"""What the store does by itself from time to time: lifecycle rules, what is over, what a crash left."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import logging
import sqlite3
import threading
from collections.abc import AsyncIterator, Callable, Iterator

from aiohttp import web

from tui.local.clock import WALL
from tui.local.storage.errors import StorageError
from tui.local.storage.lifecycle import DELETE, Facts, aborts, wanted_action
from tui.local.storage.listing import ListQuery
from tui.local.storage.objects import ObjectStore
from tui.local.storage.rows import LIVE, BucketRow, Conditions, ObjectRow, extra_of

EVERY = 3600.0
"""Seconds of the server's time between two looks; rules count in days."""

REAL = 5.0
"""Real seconds between two looks at least, however fast the server's time runs."""

log = logging.getLogger(__name__)


def keep_up(store: ObjectStore, stop: Callable[[], bool] = lambda: False) -> int:
    """Do now what is due; how many objects the lifecycle rules changed. It blocks: call it in a thread.

    `stop` is asked between two objects; true ends the look early.
    """
    store.purge()
    store.contents.sweep(store.opened_ns)
    count = 0
    for bucket in store.buckets.all():
        rules = (bucket.config.get("lifecycle") or {}).get("rule") or []
        if not rules:
            continue
        _abort_uploads(store, bucket, rules)
        for row, newer in _with_newer(store, bucket):
            if stop():
                return count
            action = wanted_action(rules, row, Facts(store.database.now(), newer))
            count += bool(action) and _act(store, bucket, row, action)
    return count


def _with_newer(store: ObjectStore, bucket: BucketRow) -> Iterator[tuple[ObjectRow, int]]:
    """Every version of every object, with how many newer ones there are."""
    for _, group in itertools.groupby(_versions(store, bucket), key=lambda row: row.name):
        yield from ((row, newer) for newer, row in enumerate(reversed(list(group))))


def _versions(store: ObjectStore, bucket: BucketRow) -> Iterator[ObjectRow]:
    token = ""
    while True:
        page = store.list_page(bucket, ListQuery(versions=True, token=token))
        yield from page.rows
        token = page.token
        if not token:
            return


def _act(store: ObjectStore, bucket: BucketRow, row: ObjectRow, action: str) -> bool:
    """Delete or move one object, unless something holds it or it is another by now."""
    generation = None if row.state == LIVE else row.generation
    same = Conditions(generation=row.generation, metageneration=row.metageneration)

    def move(present: ObjectRow) -> ObjectRow:
        extra = extra_of(present) | {"classUpdated": store.database.now()}
        return present._replace(storage_class=action, extra=json.dumps(extra))

    try:
        if action == DELETE:
            store.delete(bucket, row.name, generation, same)
        else:
            store.change(bucket, row.name, move, generation=row.generation, conditions=same)
    except StorageError as error:
        if error.status not in {403, 404, 412}:
            raise
        return False
    return True


def _abort_uploads(store: ObjectStore, bucket: BucketRow, rules: list[dict[str, object]]) -> None:
    """End the multipart uploads that a rule ends."""
    now = store.database.now()
    with store.database.reading() as connection:
        found = connection.execute(
            "SELECT id, name, started FROM uploads WHERE bucket = ? AND done = 0 "
            "AND json_extract(request, '$.xml') IS NOT NULL",
            (bucket.name,),
        ).fetchall()
    for id_, name, started in found:
        if aborts(rules, name, started, now):
            store.forget_upload(id_)


def background(store: ObjectStore) -> Callable[[web.Application], AsyncIterator[None]]:
    """A cleanup context of an application: `keep_up` at the start, and then every hour."""

    async def context(_app: web.Application) -> AsyncIterator[None]:
        ending = threading.Event()

        async def again_and_again() -> None:
            while True:
                try:
                    await asyncio.to_thread(keep_up, store, ending.is_set)
                except (OSError, sqlite3.Error, StorageError):
                    log.exception("looking after the objects")
                await asyncio.sleep(REAL)
                await WALL.sleep(EVERY)

        task = asyncio.create_task(again_and_again())
        yield
        ending.set()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    return context
