"""The Cloud Storage JSON API on an aiohttp application."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from aiohttp import web

from tui.local import names
from tui.local.guard import TokenPaths
from tui.local.storage.access import Rules
from tui.local.storage.api import (
    Api,
    Around,
    Handler,
    json_response,
    parse_json,
    read_body,
    refusing,
    run_call,
    straight,
)
from tui.local.storage.batch import ROUTES, batch_handler
from tui.local.storage.calls import Call, Reply
from tui.local.storage.errors import StorageError
from tui.local.storage.media import Downloads
from tui.local.storage.objects import ObjectStore
from tui.local.storage.upkeep import background
from tui.local.storage.uploads import Uploads
from tui.local.storage.xml import XmlResource

GET_OBJECT = "storage.objects.get"
OBJECT = "/b/{bucket}/o/{object}"


def _json_handler(api: Api, handler: Callable[[Call], Reply]) -> Handler:
    async def answer(request: web.Request) -> web.StreamResponse:
        body = parse_json(await read_body(request)) if request.body_exists else None
        return json_response(*await asyncio.to_thread(run_call, handler, api.call(request, body)))

    return answer


async def _unknown(_request: web.Request) -> web.StreamResponse:
    raise StorageError(404, "notFound", "Not Found")


def _pattern(template: str) -> str:
    """A template as aiohttp wants it, with variables that take every character but an unencoded slash."""
    return template.replace("}", ":[^/]+}")


def add_storage_routes(
    app: web.Application,
    store: ObjectStore,
    allows: Callable[[str, str], bool],
    service_enabled: Callable[[str], bool],
    *,
    project: str = "",
    project_number: str = names.PROJECT_NUMBER,
    around: Around = straight,
    rules: Rules | None = None,
) -> None:
    """Mount the API, and the token paths of `tui.local.guard` for all routes of `app`.

    `allows(principal, permission)` and `service_enabled(service)` are called on the event loop, with the
    principal that the guard put into `request[PRINCIPAL]`. `around(request, handler)` takes every call, with
    its name in `request[CALL_NAME]`; it may raise `StorageError`. `rules` forbid what the project's state and
    its organization's policies do.
    """
    api = Api(store, allows, service_enabled, project, project_number, rules=rules)
    uploads, downloads = Uploads(api), Downloads(api)
    app.on_cleanup.append(uploads.close)
    app.cleanup_ctx.append(background(store))

    def add(name: str, method: str, path: str, handler: Handler) -> None:
        app.router.add_route(method, _pattern(path), refusing(handler, name, around))

    for route in ROUTES:
        handler = _json_handler(api, route.handler)
        if route.name == GET_OBJECT:
            handler = downloads.or_metadata(handler)
        add(route.name, route.method, f"/storage/v1{route.template}", handler)
    add(GET_OBJECT, "GET", f"/download/storage/v1{OBJECT}", downloads.handle)
    for prefix in ("/upload", "/resumable/upload"):
        for method in ("POST", "PUT", "DELETE"):
            add("storage.objects.insert", method, f"{prefix}/storage/v1/b/{{bucket}}/o", uploads.handle)
    add("storage.batch", "POST", "/batch/storage/v1", batch_handler(api))
    for prefix in ("", "/download", "/upload", "/resumable/upload", "/batch"):
        app.router.add_route("*", f"{prefix}/storage/v1/{{tail:.*}}", refusing(_unknown, "storage.unknown"))
    app.router.register_resource(XmlResource(api, around))
    app.router.register_resource(TokenPaths(app.router))
