"""Deletes and undo over Google's real client at a local server; a few interrupted ones of the campaign."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.cloud.conftest import target_at
from tests.local.clients import Server
from tests.local.conftest import fresh_server
from tests.local.delete_trials import DISK, KILL, DeleteTrial
from tests.support import PATIENCE
from tui.cloud.session import open_gateway
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.domain.target import Transport
from tui.services.deleteplans import Aim, plan_delete
from tui.services.deletion.journal import DeleteJournal
from tui.services.deletion.records import past_deletes
from tui.services.deletion.run import DeleteReport, delete_plan
from tui.services.deletion.undo import UndoReport, plan_undo, run_undo


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_server() as server:
        yield server


@pytest.fixture
async def gateway(server: Server) -> AsyncIterator[Gateway]:
    gateway = await open_gateway(target_at(server.record, Transport.GRPC))
    yield gateway
    await gateway.close()


@pytest.fixture
def client(server: Server) -> storage.Client:
    return storage.Client(
        project=server.record.project,
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": server.record.http_url},
    )


@pytest.fixture
def journal(tmp_path: Path) -> DeleteJournal:
    return DeleteJournal(tmp_path)


async def delete(
    gateway: Gateway, journal: DeleteJournal, uri: str, *, earlier: bool = False
) -> DeleteReport:
    plan = await plan_delete(gateway.storage, [Aim(GcsUri.parse(uri))])
    plan = plan.taking_earlier(also=earlier or plan.with_earlier)
    return await delete_plan(gateway.storage, plan, journal, target=gateway.target, stop=asyncio.Event())


async def undo(gateway: Gateway, journal: DeleteJournal) -> UndoReport:
    record = past_deletes(journal)[0]
    plan = await plan_undo(gateway.storage, record)
    return await run_undo(
        gateway.storage, plan, journal, target=gateway.target, stop=asyncio.Event(), record=record
    )


def content(client: storage.Client, bucket: str) -> dict[str, bytes]:
    return {blob.name: blob.download_as_bytes() for blob in client.list_blobs(bucket)}


async def test_a_versioned_prefix_goes_with_its_versions_and_comes_back(
    client: storage.Client, gateway: Gateway, journal: DeleteJournal
) -> None:
    bucket = client.bucket("versions")
    bucket.versioning_enabled = True
    client.create_bucket(bucket, location="europe-west4")
    for text in ("oldest", "older", "newest"):
        bucket.blob("runs/odd name ü#1").upload_from_string(text)
    bucket.blob("runs/../x").upload_from_string("x")
    before = content(client, "versions")
    report = await delete(gateway, journal, "gs://versions/runs/", earlier=True)
    assert (report.complete, report.gone) == (True, 4), str(report)
    assert not list(client.list_blobs("versions", versions=True))
    assert str(await undo(gateway, journal)).startswith("brought back 4 objects")
    assert content(client, "versions") == before
    versions = [blob.download_as_bytes() for blob in client.list_blobs("versions", versions=True)]
    assert versions == [b"x", b"oldest", b"older", b"newest"]
    report = await delete(gateway, journal, "gs://versions/runs/")
    assert (report.complete, report.gone) == (True, 2), str(report)
    assert (await undo(gateway, journal)).restored == 2
    assert content(client, "versions") == before


async def test_a_bucket_goes_with_all_that_is_in_it_and_comes_back(
    client: storage.Client, gateway: Gateway, journal: DeleteJournal
) -> None:
    bucket = client.create_bucket("whole", location="europe-west4")
    for number in range(130):
        bucket.blob(f"a/{number}").upload_from_string(str(number))
    before = content(client, "whole")
    report = await delete(gateway, journal, "gs://whole")
    assert report.buckets_gone == ["whole"], str(report)
    assert not client.bucket("whole").exists()
    report_of_undo = await undo(gateway, journal)
    assert report_of_undo.complete, str(report_of_undo)
    assert content(client, "whole") == before


async def test_what_is_held_is_known_beforehand_and_refused_by_the_service(
    client: storage.Client, gateway: Gateway, journal: DeleteJournal
) -> None:
    bucket = client.create_bucket("held", location="europe-west4")
    for name in ("a/hold", "a/event", "a/kept", "a/free"):
        bucket.blob(name).upload_from_string(name)
    hold = bucket.blob("a/hold")
    hold.temporary_hold = True
    hold.patch()
    event = bucket.blob("a/event")
    event.event_based_hold = True
    event.patch()
    plan = await plan_delete(gateway.storage, [Aim(GcsUri("held", "a/"))])
    assert {held.why for held in plan.held} == {"a temporary hold", "an event-based hold"}
    later = bucket.blob("a/kept")
    later.temporary_hold = True
    later.patch()  # set after everything was counted: the service refuses
    report = await delete_plan(gateway.storage, plan, journal, target=gateway.target, stop=asyncio.Event())
    assert [failure.name for failure in report.failed] == ["a/kept"]
    assert report.failed[0].reason.startswith("A temporary hold keeps it: ")
    assert "Release it first: gcloud storage objects update --no-temporary-hold" in report.failed[0].reason
    assert sorted(content(client, "held")) == ["a/event", "a/hold", "a/kept"]
    for blob in (hold, event, later):
        blob.temporary_hold = blob.event_based_hold = False
        blob.patch()
    bucket.retention_period = 3600
    bucket.patch()
    plan = await plan_delete(gateway.storage, [Aim(GcsUri("held"))])
    (held,) = plan.held
    assert (held.why, len(held.items), plan.nothing) == ("a retention period", 3, True)
    assert held.until is not None
    assert timedelta() < held.until - datetime.now(UTC) < timedelta(hours=1)


async def test_folders_of_a_hierarchical_bucket_go_deepest_first(
    client: storage.Client, gateway: Gateway, journal: DeleteJournal
) -> None:
    bucket = client.bucket("tree")
    bucket.hierarchical_namespace_enabled = True
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    client.create_bucket(bucket, location="europe-west4")
    for name in ("a/b/c/x", "a/y", "z/w"):
        bucket.blob(name).upload_from_string(name)
    await gateway.storage.create_folders("tree", ["a/empty/deep/", "a/b/"])
    before = await gateway.storage.list_folders(GcsUri("tree"))
    report = await delete(gateway, journal, "gs://tree/a/")
    assert str(report) == "deleted 2 objects, 10 B and 5 folders", report.failures
    assert await gateway.storage.list_folders(GcsUri("tree")) == ("z/",)
    back = await undo(gateway, journal)
    assert str(back) == "brought back 5 folders and 2 objects, 10 B", back.failed
    assert await gateway.storage.list_folders(GcsUri("tree")) == before
    assert sorted(content(client, "tree")) == ["a/b/c/x", "a/y", "z/w"]


async def test_managed_folders_go_after_what_is_in_them(
    server: Server, client: storage.Client, gateway: Gateway, journal: DeleteJournal
) -> None:
    bucket = client.bucket("managed")
    bucket.iam_configuration.uniform_bucket_level_access_enabled = True
    client.create_bucket(bucket, location="europe-west4")
    bucket.blob("team/a/x").upload_from_string("x")
    for name in ("team/", "team/a/", "other/"):
        url = f"{server.record.http_url}/storage/v1/b/managed/managedFolders"
        answer = await asyncio.to_thread(requests.post, url, json={"name": name}, timeout=PATIENCE)
        assert answer.ok, answer.text
    report = await delete(gateway, journal, "gs://managed/team/")
    assert str(report) == "deleted 1 object, 1 B and 2 folders", report.failures
    assert await gateway.storage.list_folders(GcsUri("managed"), managed=True) == ("other/",)
    assert (await delete(gateway, journal, "gs://managed")).buckets_gone == ["managed"]


async def test_interrupted_deletes_are_told_truly_and_come_back(server: Server) -> None:
    async with DeleteTrial(server) as trial:
        cases = [await trial.case(seed, kind, 210) for seed, kind in ((3, KILL), (5, DISK))]
    assert [(case.seed, case.problems) for case in cases if case.problems] == []
