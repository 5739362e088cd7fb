"""The metadata server of a machine of Google's on loopback, and a process that takes itself for one.

Google's library reads the server's address once, at import, so the process must be a new one.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from aiohttp import web

from tests.cloud.subprocess_report import report_of
from tests.support import subprocess_environment

ROBOT = "robot@kelp-train.iam.gserviceaccount.com"


@contextlib.asynccontextmanager
async def metadata_server(scopes: Sequence[str] | None) -> AsyncIterator[str]:
    """Its address; without `scopes` the machine has no account."""

    async def answer(request: web.Request) -> web.Response:
        flavor = {"Metadata-Flavor": "Google"}
        assert request.headers.get("Metadata-Flavor") == "Google"
        if request.path.endswith("/token") and scopes is not None:
            told: Any = {"access_token": "throw-away", "expires_in": 3600, "token_type": "Bearer"}
        elif request.path.endswith("/service-accounts/default/") and scopes is not None:
            told = {"email": ROBOT, "scopes": list(scopes), "aliases": ["default"]}
        elif request.path == "/":
            return web.Response(text="computeMetadata/", headers=flavor)
        else:
            return web.Response(status=404, text="not found", headers=flavor)
        return web.json_response(told, headers=flavor)

    app = web.Application()
    app.add_routes([web.get("/{path:.*}", answer)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        host, port = runner.addresses[0][:2]
        yield f"{host}:{port}"
    finally:
        await runner.cleanup()


async def run_on_machine(home: Path, address: str) -> dict[str, Any]:
    """What a process reports of its identity whose metadata server has that address."""
    environment = {
        **subprocess_environment(home),
        "GCE_METADATA_HOST": address,
        "GCE_METADATA_IP": address,
    }
    return await report_of("tests.cloud.login_client", environment)
