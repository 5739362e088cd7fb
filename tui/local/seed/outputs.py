"""Made-up objects: what jobs leave in a bucket, the data they read, and names that only look odd."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from tui.local import names
from tui.local.clock import SECOND
from tui.local.seed.histories import LABEL, History, Plan, histories, outputs_of
from tui.local.storage.bulk import Seed, put_many
from tui.local.storage.errors import StorageError
from tui.local.storage.metadata import checked_metadata
from tui.local.storage.objects import ObjectStore
from tui.local.storage.rows import BucketRow, Conditions

MARK = {"metadata": {LABEL: "true"}}
"""By this everyone sees that an object is made up."""
_SLICE = 2_000
"""Objects removed in one transaction."""
_NOT_FOUND = 404
_TYPES = {
    "json": "application/json",
    "txt": "text/plain",
    "csv": "text/csv",
    "png": "image/png",
    "/": "text/plain",
}
_CHECKPOINT = (
    ("config.json", 900),
    ("generation_config.json", 180),
    ("model-00001-of-00002.safetensors", 65_536),
    ("model-00002-of-00002.safetensors", 32_768),
    ("model.safetensors.index.json", 24_000),
    ("optimizer.pt", 49_152),
    ("rng_state.pth", 14_244),
    ("scheduler.pt", 1_064),
    ("trainer_state.json", 9_000),
    ("training_args.bin", 5_176),
)
_ONCE = (
    ("", 0),
    ("logs/events.out.tfevents.1760000000.workerpool0-0", 20_000),
    ("logs/train.txt", 12_000),
    ("metrics.json", 700),
    ("plots/loss.png", 16_000),
    ("predictions.csv", 8_000),
)
_ODD = (
    "with a space.txt",
    "a//b.txt",
    "..hidden/..txt",
    "ünïcode/学習.csv",
    "percent%20sign.txt",
    "question?.json",
)
_VERSIONS_OF_ONE_IN = 20
"""Of so many jobs one wrote its metrics twice."""


def seed_objects(store: ObjectStore, plan: Plan) -> int:
    """Make the objects of a plan, in a bucket that is made if need be; how many.

    It blocks: call it in a thread.

    Raises:
        StorageError: the bucket cannot be made or used.
    """
    return put_many(store, _bucket(store, plan), _seeds(plan))


def _bucket(store: ObjectStore, plan: Plan) -> BucketRow:
    try:
        return store.buckets.get(plan.bucket)
    except StorageError as error:
        if error.status != _NOT_FOUND:
            raise
    return store.buckets.insert(
        names.PROJECT_ID,
        {
            "name": plan.bucket,
            "location": plan.regions[0].upper(),
            "versioning": {"enabled": True},
            "labels": {LABEL: "true"},
        },
    )


def _seeds(plan: Plan) -> Iterator[Seed]:
    rng = Random(f"{plan.seed}/objects")  # noqa: S311 (made up, not secret)
    bytes_of = _Bytes(rng)
    left = plan.objects
    for seed in _names(plan, rng):
        if not left:
            return
        left -= 1
        name, size, seconds = seed
        ending = name[-1] if name.endswith("/") else name.rpartition(".")[2]
        body: dict[str, Any] = {**MARK, "contentType": _TYPES.get(ending, "application/octet-stream")}
        yield Seed(name, bytes_of.sized(size), body, seconds)


def _names(plan: Plan, rng: Random) -> Iterator[tuple[str, int, float]]:
    """Name, size and time of ever more objects."""
    now = plan.now_ns / SECOND
    yield from ((f"odd names/{name}", 200, now - index) for index, name in enumerate(_ODD))
    ran = [each for each in histories(plan) if each.start_ns]
    per_job = max(plan.objects * 3 // 4 // max(len(ran), 1), len(_ONCE))
    for history in ran:
        yield from _of_job(history, per_job)
    number = 0
    while True:
        shard = f"train-{number % 1000:05d}-of-01000.parquet"
        yield f"datasets/v{number // 1000}/{shard}", rng.choice((2_048, 4_096)), now - 100 - number / 10
        number += 1


def _of_job(history: History, count: int) -> Iterator[tuple[str, int, float]]:
    prefix = outputs_of(history.what, history.job_id)
    begin, end = history.start_ns / SECOND, history.end_ns / SECOND
    for name, size in _ONCE:
        yield f"{prefix}{name}", size, end
    if history.number % _VERSIONS_OF_ONE_IN == 0:
        yield f"{prefix}metrics.json", 720, end
    checkpoints = max((count - len(_ONCE)) // len(_CHECKPOINT), 0)
    for index in range(checkpoints):
        when = begin + (end - begin) * (index + 1) / checkpoints
        for name, size in _CHECKPOINT:
            yield f"{prefix}checkpoint-{(index + 1) * 500}/{name}", size, when


class _Bytes:
    """Contents by size: objects of one size have the same one, so that they share a file."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._known: dict[int, bytes] = {}

    def sized(self, size: int) -> bytes:
        if size not in self._known:
            self._known[size] = self._rng.randbytes(size // 2).hex().encode().ljust(size, b"\n")
        return self._known[size]


def clear_objects(store: ObjectStore) -> int:
    """Remove all made-up objects with all their versions, and the buckets made for them; how many objects.

    It blocks: call it in a thread.
    """
    mark = checked_metadata(MARK).extra
    count = 0
    while True:
        with store.database.writing() as connection:
            gone = connection.execute(
                "DELETE FROM objects WHERE (bucket, state, name, generation) IN"
                " (SELECT bucket, state, name, generation FROM objects WHERE extra = ? LIMIT ?)"
                " RETURNING blob",
                (mark, _SLICE),
            ).fetchall()
        if not gone:
            break
        count += len(gone)
        store.contents.remove_unused({blob for (blob,) in gone})
    for name in _made_buckets(store):
        store.buckets.delete(name, Conditions())
    return count


def _made_buckets(store: ObjectStore) -> list[str]:
    """The live, empty buckets that bear our label."""
    with store.database.reading() as connection:
        found = connection.execute(
            "SELECT name FROM buckets WHERE soft_deleted = ''"
            " AND json_extract(config, '$.labels.' || ?) = 'true'"
            " AND NOT EXISTS (SELECT 1 FROM objects WHERE bucket = buckets.id AND state IN (0, 1))",
            (LABEL,),
        ).fetchall()
    return [name for (name,) in found]
