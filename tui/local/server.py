"""The server's process: state, engine, services, and the two listeners in front of them."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import functools
import logging
import os
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import grpc.aio
from aiohttp import web

import tui
from tui.local import launcher, names
from tui.local.access import Access
from tui.local.admin.faults import FaultsPart
from tui.local.admin.front import AdminPart, add_admin_routes
from tui.local.admin.project import ProjectAdmin
from tui.local.admin.quotas import QuotaAdmin
from tui.local.admin.recordings import RecordingsPart
from tui.local.admin.seed import SeedPart
from tui.local.admin.time import TimePart, restore_time
from tui.local.api.billing import Billing
from tui.local.api.cloud_quotas import QuotaInfos
from tui.local.api.consumer_quotas import ConsumerQuotas
from tui.local.api.iam import Iam
from tui.local.api.job_rates import JobRates
from tui.local.api.log_service import LogService
from tui.local.api.operations import OperationsApi
from tui.local.api.price_catalogue import PriceCatalogue
from tui.local.api.projects import Projects
from tui.local.api.quota_check import QuotaCheck
from tui.local.api.quota_preferences import QuotaPreferences
from tui.local.api.service_usage import ServiceUsage
from tui.local.api.vertex_jobs import VertexJobs
from tui.local.clock import SECOND, now_ns
from tui.local.faults.book import FaultBook
from tui.local.faults.calls import CallFaults, names_in
from tui.local.faults.storage import call_names, storage_around
from tui.local.front_door import upstream
from tui.local.front_door.certificate import Certificate
from tui.local.front_door.door import Behind, FrontDoor
from tui.local.front_door.sign_in import SignIn
from tui.local.gate import Gate
from tui.local.guard import PRINCIPAL, guard_middleware
from tui.local.jobs.engine import Engine
from tui.local.jobs.runner import process_mark
from tui.local.limits import raise_open_files
from tui.local.project_rules import BucketRules
from tui.local.recordings.replays import Replays
from tui.local.settings import Settings
from tui.local.state.accounts import Accounts
from tui.local.state.database import Database
from tui.local.state.entries import Entries
from tui.local.state.jobs import Jobs
from tui.local.state.operations import Operations
from tui.local.state.project import ProjectState
from tui.local.state.quotas import Quotas
from tui.local.state.retention import Retention
from tui.local.storage.http import add_storage_routes
from tui.local.storage.objects import ObjectStore
from tui.local.wire.dispatch import Dispatcher
from tui.local.wire.grpc_front import GrpcFront
from tui.local.wire.http_server import ShapedServer
from tui.local.wire.methods import MethodTable
from tui.local.wire.rest_front import RestFront

_log = logging.getLogger(__name__)
_MAX_MESSAGE = 64 * 1024 * 1024
_USAGE_SECONDS = 30 * 24 * 3600
"""How long an API counts as used."""
_STOP_SECONDS = 0.3
"""Time that open calls get when the server ends."""


class AlreadyRunningError(RuntimeError):
    """Another server holds the data directory."""


class Backend:
    """Everything behind the listeners."""

    def __init__(self, data_dir: Path, settings: Settings) -> None:
        self.data_dir = data_dir
        self.settings = settings
        self.database = Database(data_dir / "state.db")
        restore_time(self.database)
        self.project = ProjectState(self.database, settings.propagation_seconds)
        accounts = Accounts(self.database)
        self.access = Access(self.project.policy, accounts.policy)
        self.jobs = Jobs(self.database)
        self.quotas = Quotas(self.database, self.jobs)
        self.faults = FaultBook()
        self.entries = Entries(self.database, self.faults)
        self.operations = Operations(self.database, settings.operation_seconds)
        self.retention = Retention(self.database, self.entries, self.operations)
        self.gate = Gate(self.project, self.access)
        self.engine = Engine(
            self.jobs, self.entries, self.project, settings, data_dir / "jobs", faults=self.faults
        )
        self.replays = Replays(self.database, self.jobs, self.entries, data_dir)
        self.engine.replays = self.replays
        self.objects = ObjectStore(data_dir / "objects")
        self.table = self._methods(accounts, LogService(self.entries, self.gate, settings))
        self.dispatcher = Dispatcher(self.gate.check)
        self.owner = self.project.owner
        self.admin = self._admin_parts()

    def _methods(self, accounts: Accounts, logs: LogService) -> MethodTable:
        """What Google's clients may call, but for Storage."""
        jobs = VertexJobs(
            self.jobs,
            self.operations,
            self.project,
            self.gate,
            self.engine,
            quota=QuotaCheck(self.quotas, self.faults),
            rates=JobRates(self.settings),
        )
        return MethodTable(
            unary=[
                *jobs.methods(),
                *OperationsApi(self.operations).methods(),
                *logs.methods(),
                *ServiceUsage(self.project, self.operations, self._used).methods(),
                *Projects(self.project, self.access).methods(),
                *Billing(self.project).methods(),
                *PriceCatalogue().methods(),
                *Iam(self.project, self.access, accounts).methods(),
                *QuotaInfos(self.quotas).methods(),
                *QuotaPreferences(self.database, self.quotas).methods(),
                *ConsumerQuotas(self.quotas, self.project, self.operations).methods(),
            ],
            streams=logs.streams(),
        )

    def _admin_parts(self) -> tuple[AdminPart, ...]:
        """What the owner's own API consists of."""
        seed = SeedPart(
            self.data_dir,
            self.database,
            jobs=self.jobs,
            entries=self.entries,
            objects=self.objects,
            project=self.project,
        )
        return (
            FaultsPart(self.faults, names_in(self.table) | call_names()),
            ProjectAdmin(self.project),
            QuotaAdmin(self.quotas),
            RecordingsPart(self.replays, self.project),
            seed,
            TimePart(self.database, self.jobs),
        )

    def _used(self, service: str) -> bool:
        """Whether an API was used in the last 30 days; of Vertex AI the jobs tell, of the others nothing."""
        last = self.jobs.last_made_ns() if service == "aiplatform.googleapis.com" else 0
        return now_ns() - last < _USAGE_SECONDS * SECOND


async def serve(data_dir: Path, settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises:
        AlreadyRunningError: the data directory has a server.
    """
    with _only_one(data_dir):
        launcher.remove_half_written(data_dir)
        raise_open_files()
        backend = Backend(data_dir, settings)
        stopped = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stopped.set)
        loop.add_signal_handler(signal.SIGHUP, lambda: None)
        async with _listeners(backend) as addresses:
            backend.engine.open(addresses.http_url, addresses.proxy_url)
            backend.replays.open()
            backend.retention.open()
            record = _record(data_dir, addresses, settings)
            launcher.write_owner_token(data_dir, backend.project.owner_token(backend.owner))
            launcher.write_record(data_dir, record)
            _log.info("serving %s", addresses)
            await stopped.wait()
            _log.info("stopping")
            launcher.remove_record(data_dir, record)
            await backend.engine.close()
            await backend.replays.close()
            await backend.retention.close()
        backend.entries.close()
        backend.database.close()


@contextlib.contextmanager
def _only_one(data_dir: Path) -> Iterator[None]:
    with (data_dir / "server.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunningError(f"another server uses {data_dir}") from None
        yield


class _Addresses(NamedTuple):
    """Where the listeners are, as in `launcher.Record`."""

    grpc_address: str
    http_url: str
    proxy_url: str


@contextlib.asynccontextmanager
async def _listeners(backend: Backend) -> AsyncIterator[_Addresses]:
    http_port, proxy_port = launcher.last_ports(backend.data_dir)
    app = web.Application(middlewares=[], client_max_size=0)
    web_server = ShapedServer(app, shutdown_timeout=_STOP_SECONDS)
    door = FrontDoor(
        Behind(
            launcher.socket_path(backend.data_dir),
            web_server.connection,
            backend.project.principal_of_token,
            functools.partial(upstream.remembered, backend.data_dir),
        ),
        Certificate(backend.data_dir).context,
    )
    _fill(app, backend, door)
    await web_server.setup()
    http_url = await _start_http(web_server, http_port)
    grpc_server, grpc_address = await _start_grpc(backend)
    proxy_url = await _start_door(door, proxy_port)
    try:
        yield _Addresses(grpc_address, http_url, proxy_url)
    finally:
        await door.close()
        await grpc_server.stop(_STOP_SECONDS)
        await web_server.close()


async def _start_grpc(backend: Backend) -> tuple[grpc.aio.Server, str]:
    options = [
        ("grpc.max_receive_message_length", _MAX_MESSAGE),
        ("grpc.max_send_message_length", _MAX_MESSAGE),
        ("grpc.so_reuseport", 0),
    ]
    server = grpc.aio.server(options=options)
    known = backend.project.principal_of_token
    front = GrpcFront(backend.table, backend.dispatcher, known, backend.owner, CallFaults(backend.faults))
    server.add_generic_rpc_handlers((front,))
    path = launcher.socket_path(backend.data_dir)
    path.unlink(missing_ok=True)
    address = f"unix:{path}"
    server.add_insecure_port(address)
    await server.start()
    path.chmod(0o600)
    return server, address


def _fill(app: web.Application, backend: Backend, door: FrontDoor) -> None:
    """Routes and guard of the HTTP server."""
    known = backend.project.principal_of_token
    app.middlewares.append(guard_middleware(known, backend.owner, by_google_name=door.is_through))
    app.router.add_get(launcher.STATUS_PATH, _status_handler(backend))
    SignIn(backend.project.tokens, known, door.is_through).add_to(app)
    faults = CallFaults(backend.faults)
    add_storage_routes(
        app,
        backend.objects,
        backend.access.allows,
        service_enabled=backend.project.service_usable,
        project=names.PROJECT_ID,
        project_number=names.PROJECT_NUMBER,
        around=storage_around(faults),
        rules=BucketRules(lambda: backend.project.standing, backend.project.account_exists),
    )
    add_admin_routes(app, backend.owner, backend.admin)
    RestFront(backend.table, backend.dispatcher, faults).add_to(app)


async def _start_http(web_server: ShapedServer, port: int) -> str:
    listener = _loopback_socket(port)
    await web_server.listen(listener)
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


async def _start_door(door: FrontDoor, port: int) -> str:
    listener = _loopback_socket(port)
    await door.start(listener)
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


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
        if request[PRINCIPAL] != backend.owner:
            raise web.HTTPForbidden
        return web.json_response({"version": tui.__version__, "live_jobs": backend.jobs.count_live()})

    return status


def _record(data_dir: Path, addresses: _Addresses, settings: Settings) -> launcher.Record:
    return launcher.Record(
        pid=os.getpid(),
        process_start=process_mark(os.getpid()) or "",
        version=tui.__version__,
        protocol=launcher.PROTOCOL,
        **addresses._asdict(),
        project=names.PROJECT_ID,
        project_number=names.PROJECT_NUMBER,
        data_dir=str(data_dir),
        log_reads_per_minute=int(settings.log_reads_per_minute),
    )
