"""The storage routes behind the guard, served from a thread, without the rest of the local server."""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from aiohttp import web
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tests.support import PATIENCE
from tui.local.guard import guard_middleware
from tui.local.peer import peer_uid
from tui.local.storage.http import add_storage_routes
from tui.local.storage.objects import ObjectStore

OWNER = "user:ana@lagoon.example"
JOB = "serviceAccount:123456789012-compute@developer.gserviceaccount.com"
TOKENS = {"owner-token": OWNER, "job-token": JOB}
PROJECT = "local-project"

Result = TypeVar("Result")

_numbers = itertools.count(1)


class StorageServer:
    """A running server: `grants` are the permissions of principals besides the owner, who has all."""

    def __init__(self, folder: Path) -> None:
        self.store = ObjectStore(folder)
        self.grants: dict[str, set[str]] = {}
        self.disabled: set[str] = set()
        self.uid_of: Callable[[web.Request], int | None] = lambda request: peer_uid(request.transport)
        self.url = ""

    def allows(self, principal: str, permission: str) -> bool:
        return principal == OWNER or permission in self.grants.get(principal, ())

    def _uid(self, request: web.Request) -> int | None:
        return self.uid_of(request)

    def application(self) -> web.Application:
        guard = guard_middleware(TOKENS.get, OWNER, uid_of=self._uid)
        app = web.Application(middlewares=[guard])
        add_storage_routes(
            app, self.store, self.allows, lambda service: service not in self.disabled, project=PROJECT
        )
        return app

    def client(self, token: str = "") -> storage.Client:
        """Google's client, as the owner or as whom `token` stands for."""
        return storage.Client(
            project=PROJECT,
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": f"{self.url}/_as/{token}" if token else self.url},
        )

    def bucket(self, client: storage.Client | None = None, **config: Any) -> storage.Bucket:
        """A new bucket."""
        bucket: storage.Bucket = (client or self.client()).bucket(f"bucket-{next(_numbers)}")
        for name, value in config.items():
            setattr(bucket, name, value)
        bucket.create(location="europe-west4")
        return bucket


@contextmanager
def serving(folder: Path) -> Iterator[StorageServer]:
    """Serve the store in `folder` until the end of the block."""
    server = StorageServer(folder)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def start() -> web.AppRunner:
        runner = web.AppRunner(server.application(), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        return runner

    def wait(work: Coroutine[None, None, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, loop).result(PATIENCE)

    try:
        runner = wait(start())
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield server
        finally:
            wait(runner.cleanup())
            wait(loop.shutdown_default_executor())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(PATIENCE)
        loop.close()
        server.store.close()


def shaped(answer: requests.Response) -> bool:
    """Whether a refusal has Google's shape, in JSON or XML, or is a download's plain sentence."""
    if answer.status_code < 400:
        return True
    if "Traceback" in answer.text or answer.status_code >= 500:
        return False
    kind = answer.headers.get("Content-Type", "")
    if kind.startswith("application/json"):
        error = answer.json()["error"]
        return bool(error["code"] == answer.status_code and error["errors"][0]["reason"] and error["message"])
    return kind.startswith(("application/xml", "text/plain"))


def raw(server: StorageServer, data: bytes, *, end: bool = False) -> bytes:
    """Send bytes as they are, and read all that comes back; `end` closes our half first."""
    address = urlsplit(server.url)
    with socket.create_connection((address.hostname or "", address.port or 0), PATIENCE) as connection:
        connection.sendall(data)
        if end:
            connection.shutdown(socket.SHUT_WR)
        found = b""
        while chunk := connection.recv(65536):
            found += chunk
    return found


def head(method: str, path: str, *headers: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
