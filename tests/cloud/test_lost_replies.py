"""A submission whose reply gets lost is sent once and called ambiguous; a server that returns is found."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
from aiohttp import web
from google.cloud.aiplatform_v1.types import CreateCustomJobRequest

from tests.cloud.conftest import MakeTarget
from tests.local.clients import Server
from tests.support import wait_for
from tui.cloud.session import open_gateway
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.gateway import Gateway
from tui.domain.target import LocalEndpoint, Target, Transport
from tui.local import launcher

JOB = {"displayName": "ana", "jobSpec": {"workerPoolSpecs": [{"replicaCount": "1"}]}}


@contextlib.asynccontextmanager
async def gateway_to(endpoint: LocalEndpoint, transport: Transport) -> AsyncIterator[Gateway]:
    """A gateway to something on loopback."""
    gateway = await open_gateway(Target("kelp-train", "europe-west4", transport, endpoint))
    try:
        yield gateway
    finally:
        await gateway.close()


async def submit(gateway: Gateway) -> CloudError:
    """The error of a submission."""
    with pytest.raises(CloudError) as caught:
        await gateway.jobs.create_job(JOB)
    return caught.value


@pytest.mark.parametrize("reply", [b"", b"HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n"])
async def test_over_rest(reply: bytes) -> None:
    heads: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        heads.append(head.split()[0])
        writer.write(reply)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, gateway_to(LocalEndpoint("127.0.0.1:9", url), Transport.REST) as gateway:
        error = await submit(gateway)
        assert error.ambiguous
        assert error.kind in {ErrorKind.UNREACHABLE, ErrorKind.INTERNAL}
        assert heads == ["POST"]
        with pytest.raises(CloudError) as caught:
            await gateway.jobs.list_jobs()
        assert not caught.value.ambiguous
        assert heads == ["POST", "GET", "GET", "GET"]  # a read may be repeated


async def test_an_answer_over_rest_that_cannot_be_read() -> None:
    """As of a box in between, after the service may have made the job."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n<html/>")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, gateway_to(LocalEndpoint("127.0.0.1:9", url), Transport.REST) as gateway:
        assert (await submit(gateway)).ambiguous


@pytest.mark.filterwarnings("ignore:Unrecognized")
@pytest.mark.parametrize(
    ("status", "body"),
    [
        (403, '{"error": "Forbidden"}'),
        (500, '{"error": {"code": "x", "details": 5, "errors": [1]}}'),
        (200, "null"),
        (200, "[]"),
        (200, '{"items": [5], "entries": [null], "state": 99, "services": [{"name": "x", "state": 77}]}'),
        (
            200,
            '{"name": "o", "done": true, "response": {"@type": "type.googleapis.com/google.protobuf.Empty"}}',
        ),
    ],
)
async def test_an_answer_of_an_odd_shape_is_an_error_like_any_other(status: int, body: str) -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status, text=body, content_type="application/json")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with gateway_to(LocalEndpoint("127.0.0.1:9", url), Transport.REST) as gateway:
            calls: list[Awaitable[object]] = [
                gateway.jobs.list_jobs(),
                gateway.jobs.create_job(JOB),
                gateway.logs.list_entries("x"),
                gateway.storage.list_buckets(),
                gateway.storage.get_bucket("kelp-runs"),
                gateway.setup.get_project(),
                gateway.setup.api_states(["logging.googleapis.com"]),
                gateway.setup.get_policy(),
            ]
            if '"done"' in body:
                calls.append(gateway.setup.enable_apis(["logging.googleapis.com"]))
            for call in calls:
                with contextlib.suppress(CloudError):
                    await call
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("code", [None, grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.INTERNAL])
async def test_over_grpc(tmp_path: Path, code: grpc.StatusCode | None) -> None:
    received: list[str] = []
    server = grpc.aio.server()
    stops: list[asyncio.Task[None]] = []

    async def create(request: Any, context: grpc.aio.ServicerContext[Any, Any]) -> Any:
        received.append(request.custom_job.display_name)
        if code is not None:
            await context.abort(code, "try later")
        stops.append(asyncio.create_task(server.stop(0)))
        await asyncio.Event().wait()

    handler = grpc.unary_unary_rpc_method_handler(
        create,
        request_deserializer=CreateCustomJobRequest.deserialize,
    )
    name = "google.cloud.aiplatform.v1.JobService"
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(name, {"CreateCustomJob": handler}),)
    )
    address = f"unix:{tmp_path}/s"
    server.add_insecure_port(address)
    await server.start()
    try:
        async with gateway_to(LocalEndpoint(address, "http://127.0.0.1:9"), Transport.GRPC) as gateway:
            error = await submit(gateway)
            assert error.ambiguous
            assert received == ["ana"]
    finally:
        await server.stop(0)
        await asyncio.gather(*stops)


async def test_an_answer_over_grpc_that_cannot_be_read(tmp_path: Path) -> None:
    server = grpc.aio.server()

    async def answer(_request: bytes, _context: Any) -> bytes:
        return b"\xff"

    handler = grpc.unary_unary_rpc_method_handler(answer)
    names = ("CreateCustomJob", "ListCustomJobs", "CancelCustomJob")
    handlers = dict.fromkeys(names, handler)
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler("google.cloud.aiplatform.v1.JobService", handlers),)
    )
    address = f"unix:{tmp_path}/s"
    server.add_insecure_port(address)
    await server.start()
    try:
        async with gateway_to(LocalEndpoint(address, "http://127.0.0.1:9"), Transport.GRPC) as gateway:
            assert (await submit(gateway)).ambiguous
            with pytest.raises(CloudError):
                await gateway.jobs.list_jobs()
            with pytest.raises(CloudError) as caught:
                await gateway.jobs.cancel_job("projects/p/locations/europe-west4/customJobs/1")
            assert caught.value.ambiguous
    finally:
        await server.stop(0)


async def test_closing_ends_calls_with_an_error(tmp_path: Path) -> None:
    server = grpc.aio.server()
    arrived = asyncio.Event()

    async def create(_request: Any, _context: Any) -> None:
        arrived.set()
        await asyncio.Event().wait()

    handler = grpc.unary_unary_rpc_method_handler(
        create, request_deserializer=CreateCustomJobRequest.deserialize
    )
    name = "google.cloud.aiplatform.v1.JobService"
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(name, {"CreateCustomJob": handler}),)
    )
    address = f"unix:{tmp_path}/s"
    server.add_insecure_port(address)
    await server.start()
    try:
        async with gateway_to(LocalEndpoint(address, "http://127.0.0.1:9"), Transport.GRPC) as gateway:
            submission = asyncio.create_task(submit(gateway))
            async with asyncio.timeout(20):
                await arrived.wait()
        error = await submission
        assert error.ambiguous
        assert (await submit(gateway)).kind is ErrorKind.UNREACHABLE
        with pytest.raises(CloudError):
            await gateway.storage.list_buckets()
    finally:
        await server.stop(0)


async def test_a_server_that_dies_and_comes_back(target: MakeTarget, local_server: Server) -> None:
    folder = local_server.data_dir
    gateway = await open_gateway(target(Transport.GRPC))
    try:
        await gateway.setup.get_project()
        await gateway.setup.enable_apis(["logging.googleapis.com"])
        tail = aiter(gateway.logs.tail('resource.type="ml_job"'))
        waiting = asyncio.ensure_future(anext(tail))
        await asyncio.wait([waiting], timeout=0.3)
        await asyncio.to_thread(launcher.stop, folder)
        with pytest.raises(CloudError) as caught:
            await waiting
        assert caught.value.retryable  # "cancelling all calls", or the connection is gone
        with pytest.raises(CloudError) as caught:
            await gateway.setup.get_project()
        assert caught.value.kind is ErrorKind.UNREACHABLE
        await asyncio.to_thread(launcher.ensure, folder)

        async def answers() -> bool:
            with contextlib.suppress(CloudError):
                await gateway.setup.get_project()
                return True
            return False

        await wait_for(answers, what="an answer of the server that came back")
    finally:
        await gateway.close()
