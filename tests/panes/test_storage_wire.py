"""The Storage pane over Google's real client at a local server: what a person does with a job's outputs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.cloud.conftest import target_at
from tests.local.clients import Server
from tests.local.conftest import fresh_server
from tests.panes.storage_app import go, opened
from tests.support import settle
from tui.cloud.session import open_gateway
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.domain.target import Transport
from tui.panes.storage_bucket_form import BucketScreen

METRICS = {"train_loss": 1.25, "epochs": 3}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_server() as server:
        yield server


@pytest.fixture
async def gateway(server: Server) -> AsyncIterator[Gateway]:
    gateway = await open_gateway(target_at(server.record, Transport.GRPC))
    yield gateway
    await gateway.close()


def client(server: Server) -> storage.Client:
    options = ClientOptions(api_endpoint=server.record.http_url)
    return storage.Client(
        project=server.record.project, credentials=AnonymousCredentials(), client_options=options
    )


def upload(server: Server, bucket: str, count: int) -> None:
    """What a job leaves: metrics, a model and some checkpoints."""
    holder = client(server).create_bucket(bucket, location="europe-west4")
    holder.blob("runs/one/metrics.json").upload_from_string(json.dumps(METRICS), "application/json")
    holder.blob("runs/one/model.pt").upload_from_string(b"PK\x03\x04" + bytes(100_000))
    for number in range(count):
        holder.blob(f"runs/one/checkpoints/{number:03}/odd name [x] ü.bin").upload_from_string(b"x" * number)


@pytest.mark.parametrize(("size", "count"), [((80, 24), 120)])
async def test_outputs_are_found_read_taken_home_and_deleted(
    server: Server, gateway: Gateway, tmp_path: Path, size: tuple[int, int], count: int
) -> None:
    bucket = f"kelp-{count}"
    await asyncio.to_thread(upload, server, bucket, count)
    async with opened(gateway, tmp_path, size) as (app, pilot):
        await go(app, pilot, f"gs://{bucket}/runs/one", "metrics.json")
        assert app.names == ["checkpoints/", "metrics.json", "model.pt"]
        await pilot.press("j", "enter")
        await settle(pilot, lambda: '  "train_loss": 1.25' in app.side)
        await pilot.press("escape", "backspace")
        await settle(pilot, lambda: app.names == ["one/"])

        await pilot.press("d")
        await settle(pilot, lambda: app.pane.query_one("#storage-prompt").has_focus_within)
        await pilot.press("enter")
        await settle(pilot, lambda: f"{count + 2} objects" in app.question)
        await pilot.press("y")
        await settle(pilot, lambda: f"✓ downloaded {count + 2} files" in app.note)
        home = tmp_path / "downloads" / "one"
        assert json.loads((home / "metrics.json").read_text()) == METRICS
        assert (home / "checkpoints/002/odd name [x] ü.bin").read_bytes() == b"xx"
        assert not list(home.rglob("*.part"))

        await pilot.press("x")
        await settle(pilot, lambda: f"{count + 2} objects" in app.question)
        assert "Can be undone for 7 days" in app.question
        await pilot.press(*("one" if count > 100 else ""))
        await pilot.press(*(["enter", "enter"] if count > 100 else ["y"]))
        await settle(pilot, lambda: f"✓ deleted {count + 2} objects" in app.note)
        await settle(pilot, lambda: f"Nothing lies under gs://{bucket}/runs/" in app.state)
        left = await gateway.storage.list_objects(GcsUri(bucket), recursive=True)
        assert not left.objects

        await pilot.press("u")
        await settle(pilot, lambda: bucket in app.names)
        await asyncio.to_thread(client(server).bucket(bucket).delete)
        await pilot.press("enter")
        await settle(pilot, lambda: f"gs://{bucket} is gone" in app.state)


async def test_a_newer_version_survives_a_delete(server: Server, gateway: Gateway, tmp_path: Path) -> None:
    await asyncio.to_thread(upload, server, "kelp-newer", 0)
    async with opened(gateway, tmp_path) as (app, pilot):
        await go(app, pilot, "gs://kelp-newer/runs/", "one/")
        await pilot.press("x")
        await settle(pilot, lambda: "2 objects" in app.question)
        newer = client(server).bucket("kelp-newer").blob("runs/one/model.pt")
        await asyncio.to_thread(newer.upload_from_string, b"newer")
        await pilot.press("y")
        await settle(pilot, lambda: "✗ deleted 1 object" in app.note and "1 replaced meanwhile" in app.note)
        await settle(pilot, lambda: "runs/one/model.pt: it has been replaced meanwhile" in app.side)
        assert (
            await gateway.storage.read_object(GcsUri("kelp-newer", "runs/one/model.pt"), limit=9) == b"newer"
        )


async def test_a_bucket_is_made_and_unmade(server: Server, gateway: Gateway, tmp_path: Path) -> None:
    async with opened(gateway, tmp_path) as (app, pilot):
        await pilot.press("u", "b")
        await settle(pilot, lambda: isinstance(app.screen, BucketScreen))
        await pilot.press("enter", "enter")
        name = f"{server.record.project}-outputs"
        await settle(pilot, lambda: app.on == name)
        found = await gateway.storage.get_bucket(name)
        assert (found.location, found.soft_delete_seconds) == ("EUROPE-WEST4", 7 * 86_400)
        await pilot.press("x")
        await settle(pilot, lambda: "The bucket is empty" in app.question)
        await pilot.press(*("minus" if letter == "-" else letter for letter in name))
        await pilot.press("enter", "enter")
        await settle(pilot, lambda: f"✓ deleted the bucket {name}" in app.note)
        await settle(pilot, lambda: name not in app.names)
        await pilot.press("D")
        await settle(pilot, lambda: name in app.names and "goes for good" in app.side)


def upload_versions(server: Server) -> None:
    """What was replaced, what was deleted, and all that can be said of an object."""
    bucket = client(server).bucket("kelp-past")
    bucket.versioning_enabled = True
    holder = client(server).create_bucket(bucket, location="us")
    blob = holder.blob("runs/one/model ü#1.pt")
    blob.upload_from_string(b"older")
    blob.metadata, blob.cache_control = {"epoch": "7"}, "no-cache"
    blob.upload_from_string(b"newest", "application/octet-stream")
    gone = holder.blob("runs/one/gone.txt")
    gone.upload_from_string(b"x")
    holder.delete_blob(gone.name, generation=gone.generation)


async def test_generations_and_metadata(server: Server, gateway: Gateway, tmp_path: Path) -> None:
    await asyncio.to_thread(upload_versions, server)
    async with opened(gateway, tmp_path, (160, 50)) as (app, pilot):
        await settle(pilot, lambda: "kelp-past" in app.names)
        assert any("multi-region" in app.line(row) for row in range(1, 6))
        await go(app, pilot, "gs://kelp-past/runs/one/", "model ü#1.pt")
        await settle(pilot, lambda: "metageneration" in app.side)
        for part in ("· epoch", "no-cache", "crc32c", "no minimum time"):
            assert part in app.side
        await pilot.press("v")
        await settle(pilot, lambda: app.names == ["model ü#1.pt"] * 2)
        assert [row.past for row in app.pane.targets()] == [False]
        await pilot.press("j")
        await settle(pilot, lambda: "an earlier generation" in app.side and "metageneration" in app.side)
        await pilot.press("D")
        await settle(pilot, lambda: app.names == ["gone.txt"] and "goes for good" in app.side)
        await pilot.press("D", "backspace", "C")
        await settle(pilot, lambda: "1 object, 6 B" in app.side)
