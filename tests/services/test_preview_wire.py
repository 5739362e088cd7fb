"""Previews of real objects: Google's client uploads, the app's own reads by ranges from a local server."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator

import pytest
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.cloud.conftest import target_at
from tests.domain.preview.samples import checkpoint, trainer_state
from tests.local.clients import Server
from tests.local.conftest import fresh_server
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError
from tui.domain.preview import PREVIEW_BYTES, PreviewKind
from tui.domain.storage import GcsUri
from tui.domain.target import Transport
from tui.services.preview import PreviewReader

BUCKET = "kelp-previews"
LOG = b"".join(b"line %06d\n" % number for number in range(60_000))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_server() as server:
        yield server


def fill(server: Server) -> None:
    options = ClientOptions(api_endpoint=server.record.http_url)
    client = storage.Client(
        project=server.record.project, credentials=AnonymousCredentials(), client_options=options
    )
    bucket = client.create_bucket(BUCKET, location="europe-west4")
    bucket.versioning_enabled = True
    bucket.patch()
    bucket.blob("model.pt").upload_from_string(checkpoint(shards=600))
    bucket.blob("out/trainer_state.json").upload_from_string(trainer_state(), "application/json")
    for data in (b"first", LOG):
        bucket.blob("run.log").upload_from_string(data, "text/plain")
    packed = bucket.blob("packed.json")
    packed.content_encoding = "gzip"
    packed.upload_from_string(gzip.compress(b'{"loss": 1.5}'), "application/json")
    bucket.blob("gone.txt").upload_from_string(b"gone")
    bucket.blob("gone.txt").delete()


async def test_previews_over_the_wire(server: Server) -> None:
    await asyncio.to_thread(fill, server)
    gateway = await open_gateway(target_at(server.record, Transport.GRPC))
    store = gateway.storage
    listing = await store.list_objects(GcsUri(BUCKET), recursive=True, versions=True)
    readers = {(item.name, item.past is None): PreviewReader(store, item) for item in listing.objects}

    shown = await readers["model.pt", True].begin()
    assert (shown.kind, len(shown.table.rows) if shown.table else 0) == (PreviewKind.ARCHIVE, 601)
    assert (await readers["out/trainer_state.json", True].begin()).run is not None
    shown = await readers["packed.json", True].begin()
    assert (shown.kind, shown.extent.unpacked) == (PreviewKind.JSON, True)

    log = readers["run.log", True]
    shown = await log.begin()
    assert (shown.extent.read, shown.body.lines[0]) == (PREVIEW_BYTES, "line 000000")
    shown = await log.turn()
    assert shown.body.lines[-1] == "line 059999"
    assert (await log.more()).text.endswith(shown.text)
    await log.turn()
    while log.can_grow:
        shown = await log.more()
    assert shown.text.encode() + b"\n" == LOG
    shown = await readers["run.log", False].begin()
    assert (shown.text, "an earlier version" in shown.heading) == ("first", True)
    assert (await readers["gone.txt", False].begin()).text == "gone"
    await store.delete_objects(
        BUCKET, [("gone.txt", readers["gone.txt", False].item.generation)], noncurrent=True
    )
    deleted = await store.list_objects(GcsUri(BUCKET), recursive=True, soft_deleted=True)
    item = next(item for item in deleted.objects if item.name == "gone.txt")
    with pytest.raises(CloudError, match="soft-deleted"):
        await PreviewReader(store, item).begin()
    await gateway.close()
