"""The gateway on the local server, over each transport."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial

import pytest

from tests.local.clients import REGION, Server
from tests.local.conftest import local_server
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError
from tui.domain.gateway import Gateway
from tui.domain.storage import GcsUri
from tui.domain.storage_gateway import StorageGateway
from tui.domain.target import LocalEndpoint, Target, Transport
from tui.local import launcher

__all__ = ["REGION", "local_server"]

MakeTarget = Callable[[Transport], Target]


@pytest.fixture
def target(local_server: Server) -> MakeTarget:
    """Makes targets at a fresh local server."""
    return partial(target_at, local_server.record)


@asynccontextmanager
async def storage_with(server: Server, bucket: str) -> AsyncIterator[StorageGateway]:
    """A server's storage with one bucket, which goes in the end with what is in it, if it is still there."""
    gateway = await open_gateway(target_at(server.record, Transport.GRPC))
    storage = gateway.storage
    await storage.create_bucket(bucket, "europe-west4")
    yield storage
    with suppress(CloudError):  # the test has deleted the bucket
        left = await storage.list_objects(GcsUri(bucket), recursive=True)
        await storage.delete_objects(bucket, [(item.name, item.generation) for item in left.objects])
        await storage.delete_bucket(bucket)
    await gateway.close()


def target_at(record: launcher.Record, transport: Transport) -> Target:
    """A local server as a target."""
    endpoint = LocalEndpoint(record.grpc_address, record.http_url)
    return Target(record.project, REGION, transport, endpoint)


@pytest.fixture(params=[Transport.GRPC, Transport.REST])
async def gateway(request: pytest.FixtureRequest, target: MakeTarget) -> AsyncIterator[Gateway]:
    """A gateway over gRPC and one over REST."""
    opened = await open_gateway(target(request.param))
    yield opened
    await opened.close()


@pytest.fixture
async def grpc_gateway(target: MakeTarget) -> AsyncIterator[Gateway]:
    """A gateway over gRPC, for what does not depend on the transport or exists on this one only."""
    opened = await open_gateway(target(Transport.GRPC))
    yield opened
    await opened.close()
