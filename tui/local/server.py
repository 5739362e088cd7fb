"""The server's process: state, engine, services, and the two listeners in front of them."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import grpc.aio
from aiohttp import web

import tui
from tui.local import launcher, names
from tui.local.access import Access
from tui.local.admin.front import AdminPart, add_admin_routes
from tui.local.api.iam import Iam
from tui.local.api.log_service import LogService
from tui.local.api.operations import OperationsApi
from tui.local.api.projects import Projects
from tui.local.api.service_usage import ServiceUsage
from tui.local.api.vertex_jobs import VertexJobs
from tui.local.faults.book import FaultBook
from tui.local.gate import Gate
from tui.local.guard import guard_middleware
from tui.local.jobs.engine import Engine
from tui.local.jobs.runner import process_mark
from tui.local.settings import Settings
from tui.local.state.database import Database
from tui.local.state.entries import Entries
from tui.local.state.jobs import Jobs
from tui.local.state.operations import Operations
from tui.local.state.project import ProjectState
from tui.local.storage.http import add_storage_routes
from tui.local.storage.objects import ObjectStore
from tui.local.wire.dispatch import Dispatcher
from tui.local.wire.grpc_front import GrpcFront
from tui.local.wire.methods import MethodTable
from tui.local.wire.rest_front import RestFront

_log = logging.getLogger(__name__)
_MAX_MESSAGE = 64 * 1024 * 1024
_STOP_SECONDS = 0.3
"""Time that open calls get when the server ends."""


class AlreadyRunningError(RuntimeError):
    """Another server holds the data directory."""


class Backend:
    """Everything behind the listeners."""

    def __init__(self, data_dir: Path, settings: Settings) -> None:
        self.data_dir = data_dir
        self.database = Database(data_dir / "state.db")
        self.project = ProjectState(self.database)
        self.access = Access(self.project.policy)
        self.jobs = Jobs(self.database)
        self.entries = Entries(self.database)
        operations = Operations(self.database, settings.operation_seconds)
        self.gate = Gate(self.project, self.access)
        self.faults = FaultBook()
        self.engine = Engine(self.jobs, self.entries, self.project, settings, data_dir / "jobs")
        self.objects = ObjectStore(data_dir / "objects")
        logs = LogService(self.entries, self.gate, settings)
        self.table = MethodTable(
            unary=[
                *VertexJobs(self.jobs, operations, self.project, self.gate, self.engine).methods(),
                *OperationsApi(operations).methods(),
                *logs.methods(),
                *ServiceUsage(self.project, operations).methods(),
                *Projects(self.project, self.access).methods(),
                *Iam(self.project, self.access).methods(),
            ],
            streams=logs.streams(),
        )
        self.dispatcher = Dispatcher(self.gate.check)
        self.owner = self.project.owner
        self.admin: tuple[AdminPart, ...] = ()


async def serve(data_dir: Path, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        AlreadyRunningError: the data directory has a server.
    """
    with _only_one(data_dir):
        backend = Backend(data_dir, settings)
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: None)
        async with _listeners(backend) as (grpc_address, http_url):
            backend.engine.open(http_url)
            record = _record(data_dir, grpc_address, http_url)
            launcher.write_owner_token(data_dir, backend.project.owner_token(backend.owner))
            launcher.write_record(data_dir, record)
            _log.info("serving %s and %s", grpc_address, http_url)
            await stopped.wait()
            _log.info("stopping")
            launcher.remove_record(data_dir, record)
            await backend.engine.close()
        backend.database.close()


@contextlib.contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    with (data_dir / "server.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(f"another server uses {data_dir}") from None
        yield


@contextlib.asynccontextmanager
async def _listeners(backend: Backend) -> AsyncIterator[tuple[str, str]]:
    web_runner, http_url = await _start_http(backend)
    grpc_server, grpc_address = await _start_grpc(backend)
    try:
        yield grpc_address, http_url
    finally:
        await grpc_server.stop(_STOP_SECONDS)
        await web_runner.cleanup()


async def _start_grpc(backend: Backend) -> tuple[grpc.aio.Server, str]:
    options = [
        ("grpc.max_receive_message_length", _MAX_MESSAGE),
        ("grpc.max_send_message_length", _MAX_MESSAGE),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.aio.server(options=options)
    front = GrpcFront(backend.table, backend.dispatcher, backend.project.principal_of_token, backend.owner)
    server.add_generic_rpc_handlers((front,))
    path = launcher.socket_path(backend.data_dir)
    path.unlink(missing_ok=True)
    address = f"unix:{path}"
    server.add_insecure_port(address)
    await server.start()
    path.chmod(0o600)
    return server, address


async def _start_http(backend: Backend) -> tuple[web.AppRunner, str]:
    guard = guard_middleware(backend.project.principal_of_token, backend.owner)
    app = web.Application(middlewares=[guard], client_max_size=0)
    app.router.add_get(launcher.STATUS_PATH, _status_handler(backend))
    add_storage_routes(
        app, backend.objects, backend.access.allows, service_enabled=backend.project.service_enabled
    )
    add_admin_routes(app, backend.owner, backend.admin)
    RestFront(backend.table, backend.dispatcher).add_to(app)
    web_runner = web.AppRunner(app, access_log=None, shutdown_timeout=_STOP_SECONDS)
    await web_runner.setup()
    listener = _loopback_socket(launcher.last_port(backend.data_dir))
    await web.SockSite(web_runner, listener).start()
    return web_runner, f"http://127.0.0.1:{listener.getsockname()[1]}"


def _loopback_socket(port: int) -> socket.socket:
    """The port of last time if it is free, since running jobs were told it; else one the system chooses."""
    for wanted in (port, 0):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", wanted))
        except OSError:
            listener.close()
        else:
            return listener
    raise RuntimeError("no loopback port to listen on")


def _status_handler(backend: Backend) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def status(request: web.Request) -> web.StreamResponse:
        if request["principal"] != backend.owner:
            raise web.HTTPForbidden
        return web.json_response({"version": tui.__version__, "live_jobs": backend.jobs.count_live()})

    return status


def _record(data_dir: Path, grpc_address: str, http_url: str) -> launcher.Record:
    return launcher.Record(
        pid=os.getpid(),
        process_start=process_mark(os.getpid()) or "",
        version=tui.__version__,
        protocol=launcher.PROTOCOL,
        grpc_address=grpc_address,
        http_url=http_url,
        project=names.PROJECT_ID,
        project_number=names.PROJECT_NUMBER,
        data_dir=str(data_dir),
    )
