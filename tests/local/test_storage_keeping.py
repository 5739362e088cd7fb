"""What keeps objects, and what removes them: holds, retention, lifecycle rules, the sweep after a crash."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from aiohttp import web
from google.api_core.exceptions import BadRequest, Forbidden
from google.cloud import storage
from hypothesis import given
from hypothesis import strategies as st

from tests.local.storage_server import PROJECT, StorageServer, serving
from tests.support import PATIENCE, wait_for
from tui.local.storage import upkeep
from tui.local.storage.errors import StorageError
from tui.local.storage.lifecycle import Facts, check_lifecycle, wanted_action
from tui.local.storage.listing import ListQuery
from tui.local.storage.objects import ObjectStore
from tui.local.storage.rows import LIVE, NONCURRENT, BucketRow, ObjectRow
from tui.local.storage.schema import time_text
from tui.local.storage.upkeep import keep_up

DAY = 86_400.0


@pytest.mark.parametrize(
    "error",
    [OSError("full"), sqlite3.OperationalError("disk I/O error"), StorageError(404, "notFound", "gone")],
)
async def test_looking_after_goes_on_after_a_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    monkeypatch.setattr(upkeep, "REAL", 0.0)
    monkeypatch.setattr(upkeep, "EVERY", 0.0)
    store = ObjectStore(tmp_path)
    results = iter([error])
    looks: list[bool] = []

    def purge() -> None:
        for result in results:
            raise result
        looks.append(True)

    monkeypatch.setattr(store, "purge", purge)
    async with asynccontextmanager(upkeep.background(store))(web.Application()):
        await wait_for(lambda: looks)
    assert caplog.text.count("looking after the objects") == 1
    store.close()


def reason(error: Any) -> str:
    return str(error.value.response.json()["error"]["errors"][0]["reason"])


def test_a_retention_policy_keeps_objects(bucket: storage.Bucket) -> None:
    blob = bucket.blob("kept")
    blob.upload_from_string("one")
    bucket.retention_period = 3600
    bucket.patch()
    found = bucket.get_blob("kept")
    assert found.retention_expiration_time - found.time_created == timedelta(hours=1)
    with pytest.raises(Forbidden, match="subject to bucket's retention policy") as refused:
        blob.delete()
    assert reason(refused) == "retentionPolicyNotMet"
    with pytest.raises(Forbidden):
        blob.upload_from_string("two")
    blob.metadata = {"may": "change"}
    blob.patch()
    bucket.retention_period = None
    bucket.patch()
    blob.delete()


def test_a_locked_policy_only_grows(server: StorageServer, bucket: storage.Bucket) -> None:
    lock = f"{server.url}/storage/v1/b/{bucket.name}/lockRetentionPolicy"
    without = requests.post(lock, params={"ifMetagenerationMatch": 1}, timeout=PATIENCE)
    assert (without.status_code, "does not have a retention policy" in without.text) == (400, True)
    bucket.retention_period = 10
    bucket.patch()
    bucket.lock_retention_policy()
    assert bucket.retention_policy_locked
    bucket.retention_period = 20
    bucket.patch()
    for shorter in (10, None):
        bucket.retention_period = shorter
        with pytest.raises(Forbidden, match="locked Retention Policy"):
            bucket.patch()
    bucket.reload()
    assert (bucket.retention_period, bucket.retention_policy_locked) == (20, True)
    assert requests.post(lock, timeout=PATIENCE).status_code == 400
    assert requests.post(lock, params={"ifMetagenerationMatch": 1}, timeout=PATIENCE).status_code == 412


@pytest.mark.parametrize(
    ("hold", "title"), [("temporary_hold", "Temporary"), ("event_based_hold", "Event-Based")]
)
def test_holds(bucket: storage.Bucket, hold: str, title: str) -> None:
    blob = bucket.blob("held")
    blob.upload_from_string("x")
    setattr(blob, hold, True)
    blob.patch()
    for refused in (blob.delete, lambda: blob.upload_from_string("y"), lambda: bucket.move_blob(blob, "z")):
        with pytest.raises(Forbidden, match=f"under active {title} hold"):
            refused()
    assert bucket.get_blob("z") is None
    setattr(blob, hold, False)
    blob.patch()
    blob.delete()


def test_a_default_hold_and_the_time_of_its_release(bucket: storage.Bucket) -> None:
    bucket.default_event_based_hold = True
    bucket.retention_period = 60
    bucket.patch()
    blob = bucket.blob("x")
    blob.upload_from_string("x")
    blob.reload()
    assert (blob.event_based_hold, blob.retention_expiration_time) == (True, None)
    blob.event_based_hold = False
    blob.patch()
    blob.reload()
    left = blob.retention_expiration_time - blob.updated
    assert abs(left - timedelta(seconds=60)) < timedelta(seconds=5)


def test_objects_with_their_own_retention(server: StorageServer, bucket: storage.Bucket) -> None:
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    plain = bucket.blob("plain")
    plain.upload_from_string("x")
    plain.retention.mode = "Unlocked"
    plain.retention.retain_until_time = until
    with pytest.raises(BadRequest, match="Object retention is not enabled"):
        plain.patch()
    keeper = server.client().bucket("keeper-1")
    keeper.create(enable_object_retention=True)
    assert keeper.object_retention_mode == "Enabled"
    blob = keeper.blob("x")
    blob.retention.mode = "Unlocked"
    blob.retention.retain_until_time = until
    blob.upload_from_string("x")
    assert keeper.get_blob("x").retention.retain_until_time == until
    with pytest.raises(Forbidden, match="object retention"):
        blob.delete()
    blob.retention.retain_until_time = until - timedelta(hours=1)
    with pytest.raises(Forbidden, match="overrideUnlockedRetention"):
        blob.patch()
    blob.patch(override_unlocked_retention=True)
    blob.retention.mode = "Locked"
    blob.patch()
    blob.retention.mode = "Unlocked"
    with pytest.raises(Forbidden, match="locked object retention"):
        blob.patch(override_unlocked_retention=True)


def test_custom_time_only_grows(bucket: storage.Bucket) -> None:
    blob = bucket.blob("x")
    blob.custom_time = datetime(2026, 5, 1, tzinfo=UTC)
    blob.upload_from_string("x")
    assert bucket.get_blob("x").custom_time == datetime(2026, 5, 1, tzinfo=UTC)
    blob.custom_time = datetime(2026, 4, 1, tzinfo=UTC)
    with pytest.raises(BadRequest, match="Custom time"):
        blob.patch()
    blob.custom_time = datetime(2026, 6, 1, tzinfo=UTC)
    blob.patch()


def test_contexts_and_the_filter_for_them(bucket: storage.Bucket) -> None:
    blob = bucket.blob("with")
    blob.contexts.custom = {"stage": storage.blob.ObjectCustomContextPayload(value="raw")}
    blob.upload_from_string("x")
    bucket.blob("without").upload_from_string("x")
    found = bucket.get_blob("with").contexts.custom["stage"]
    assert (found.value, bool(found.create_time)) == ("raw", True)

    def names(text: str) -> list[str]:
        return [blob.name for blob in bucket.list_blobs(filter_=text)]

    assert names('contexts."stage"="raw"') == ["with"]
    assert names('contexts."stage":*') == ["with"]
    assert names('-contexts."stage":*') == ["without"]
    assert names('contexts."stage"="cooked"') == []
    with pytest.raises(BadRequest, match="filter"):
        names("size > 5")


# Lifecycle


def test_rules_are_kept_and_checked(server: StorageServer, bucket: storage.Bucket) -> None:
    bucket.add_lifecycle_delete_rule(age=1, matches_prefix=["tmp/"])
    bucket.add_lifecycle_set_storage_class_rule("COLDLINE", created_before=date(2026, 1, 1))
    bucket.add_lifecycle_abort_incomplete_multipart_upload_rule(age=2)
    bucket.patch()
    kinds = [rule["action"]["type"] for rule in bucket.client.get_bucket(bucket.name).lifecycle_rules]
    assert kinds == ["Delete", "SetStorageClass", "AbortIncompleteMultipartUpload"]
    bucket.clear_lifecycle_rules()
    bucket.patch()
    assert list(bucket.client.get_bucket(bucket.name).lifecycle_rules) == []
    url = f"{server.url}/storage/v1/b/{bucket.name}"
    wrong: tuple[Any, ...] = (
        {"action": {"type": "Delete"}, "condition": {}},
        {"action": {"type": "Burn"}, "condition": {"age": 1}},
        {"action": {"type": "Delete"}, "condition": {"age": "1"}},
        {"action": {"type": "Delete"}, "condition": {"age": True}},
        {"action": {"type": "Delete"}, "condition": {"createdBefore": "soon"}},
        {"action": {"type": "Delete"}, "condition": {"phase": "moon"}},
        {"action": {"type": "SetStorageClass", "storageClass": "WARM"}, "condition": {"age": 1}},
        {"action": {"type": "AbortIncompleteMultipartUpload"}, "condition": {"isLive": True}},
        5,
    )
    for each in wrong:
        answer = requests.patch(url, json={"lifecycle": {"rule": [each]}}, timeout=PATIENCE)
        assert answer.status_code == 400, each


class Shelf:
    """A store whose time stands still until it is moved."""

    def __init__(self, folder: Path, **config: Any) -> None:
        self.now = 1_800_000_000.0
        self.store = ObjectStore(folder, clock=lambda: self.now)
        self.store.buckets.insert(PROJECT, {"name": "shelf", **config})

    @property
    def bucket(self) -> BucketRow:
        return self.store.buckets.get("shelf")

    def names(self, **query: Any) -> list[str]:
        return [row.name for row in self.store.list_page(self.bucket, ListQuery(**query)).rows]

    def put(self, *names: str, **body: Any) -> None:
        for name in names:
            self.store.put_bytes(self.bucket, name, name.encode(), body)

    def later(self, days: float) -> int:
        self.now += days * DAY
        return keep_up(self.store)


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Callable[..., Shelf]]:
    made: list[Shelf] = []

    def make(*rules: dict[str, Any], **config: Any) -> Shelf:
        made.append(Shelf(tmp_path, lifecycle={"rule": list(rules)}, **config))
        return made[-1]

    yield make
    for each in made:
        each.store.close()


def rule(kind: str, storage_class: str = "", **condition: Any) -> dict[str, Any]:
    action = {"type": kind, **({"storageClass": storage_class} if storage_class else {})}
    return {"action": action, "condition": condition}


def test_old_objects_go(shelf: Callable[..., Shelf]) -> None:
    kept = shelf(rule("Delete", age=30, matchesPrefix=["logs/"], matchesSuffix=[".txt"]))
    kept.put("logs/a.txt", "logs/b.bin", "data.txt")
    kept.put("logs/held.txt", temporaryHold=True)
    assert kept.later(29) == 0
    assert kept.later(1.5) == 1
    assert kept.names() == ["data.txt", "logs/b.bin", "logs/held.txt"]
    assert kept.names(soft_deleted=True) == ["logs/a.txt"]
    kept.later(8)
    assert kept.names(soft_deleted=True) == []


def test_objects_move_to_colder_classes(shelf: Callable[..., Shelf]) -> None:
    kept = shelf(rule("SetStorageClass", "NEARLINE", age=1), rule("SetStorageClass", "COLDLINE", age=3))
    kept.put("x")
    assert kept.later(2) == 1
    assert kept.later(2) == 1
    row = kept.store.get(kept.bucket, "x")
    assert (row.storage_class, row.metageneration) == ("COLDLINE", 3)
    assert kept.later(2) == 0


def test_old_versions_go(shelf: Callable[..., Shelf]) -> None:
    kept = shelf(rule("Delete", numNewerVersions=2, isLive=False), versioning={"enabled": True})
    for _ in range(4):
        kept.put("x")
    kept.put("y")
    assert kept.later(0) == 2
    assert kept.names(versions=True) == ["x", "x", "y"]


def test_unfinished_multipart_uploads_end(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        bucket = server.bucket()
        bucket.add_lifecycle_abort_incomplete_multipart_upload_rule(age=1)
        bucket.patch()
        url = f"{server.url}/{bucket.name}/big"
        begun = requests.post(url, params={"uploads": ""}, timeout=PATIENCE).text
        id_ = begun.partition("<UploadId>")[2].partition("<")[0]
        part = {"uploadId": id_, "partNumber": "1"}
        assert requests.put(url, b"part", params=part, timeout=PATIENCE).status_code == 200
        keep_up(server.store)
        assert list(tmp_path.joinpath("staging").iterdir())
        server.store.database.clock = lambda: time.time() + 2 * DAY
        keep_up(server.store)
        assert not list(tmp_path.joinpath("staging").iterdir())
        assert requests.put(url, b"part", params=part, timeout=PATIENCE).status_code == 404


def test_what_a_crash_left_is_swept(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path)
    bucket = store.buckets.insert(PROJECT, {"name": "swept"})
    row = store.put_bytes(bucket, "x", b"x")
    stray = store.files.path("00" + "a" * 30)
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"never named")
    store.close()
    store = ObjectStore(tmp_path)
    store.put_bytes(bucket, "y", b"y")
    keep_up(store)
    assert not stray.exists()
    assert [store.path(found).read_bytes() for found in (row, store.get(bucket, "y"))] == [b"x", b"y"]
    store.close()


def made(**fields: Any) -> ObjectRow:
    row = ObjectRow(LIVE, "a/b.txt", 1, 1, 0, "", "", "", "", "", "STANDARD", "", "", "", "", 0, "")
    then = time_text(1_800_000_000)
    return row._replace(**{"created": then, "updated": then, **fields})


@given(days=st.integers(0, 400), passed=st.floats(0, 400), live=st.booleans())
def test_age_counts_from_the_creation(*, days: int, passed: float, live: bool) -> None:
    row = made(state=LIVE if live else NONCURRENT)
    now = time_text(1_800_000_000 + passed * DAY)
    wanted = wanted_action([rule("Delete", age=days, isLive=live)], row, Facts(now, 0))
    assert wanted == ("Delete" if now >= time_text(1_800_000_000 + days * DAY) else "")
    assert not wanted_action([rule("Delete", age=days, isLive=not live)], row, Facts(now, 0))


def test_an_action_needs_all_conditions() -> None:
    now = time_text(1_800_000_000 + 10 * DAY)
    facts = Facts(now, 1)
    ended = made(state=NONCURRENT, ended=time_text(1_800_000_000 + 5 * DAY))
    custom = made(extra='{"customTime": "2026-01-01T00:00:00.000Z"}')
    for condition, row, wanted in (
        ({"daysSinceNoncurrentTime": 4}, ended, True),
        ({"daysSinceNoncurrentTime": 6}, ended, False),
        ({"daysSinceNoncurrentTime": 0}, made(), False),
        ({"noncurrentTimeBefore": "2030-01-01"}, ended, True),
        ({"createdBefore": "2030-01-01"}, made(), True),
        ({"createdBefore": "2020-01-01"}, made(), False),
        ({"daysSinceCustomTime": 1}, custom, True),
        ({"customTimeBefore": "2025-01-01"}, custom, False),
        ({"daysSinceCustomTime": 1}, made(), False),
        ({"matchesStorageClass": ["NEARLINE"]}, made(), False),
        ({"matchesStorageClass": ["NEARLINE", "STANDARD"]}, made(), True),
        ({"numNewerVersions": 2}, made(), False),
        ({"age": 1, "matchesSuffix": [".bin"]}, made(), False),
    ):
        assert wanted_action([rule("Delete", **condition)], row, facts) == ("Delete" if wanted else "")


KEYS = st.sampled_from(["action", "type", "condition", "age", "storageClass", "matchesPrefix"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from(["Delete", "SetStorageClass"]),
    lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner),
    max_leaves=8,
)


@given(JSON)
def test_rules_of_any_form_are_taken_or_refused(value: object) -> None:
    try:
        check_lifecycle({"rule": value})
    except StorageError as error:
        refused = error.status
        assert refused == 400  # many are taken
