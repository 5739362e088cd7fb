"""Faults of Storage calls: the errors in that API's own shape."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from tui.local.faults.calls import CallFaults
from tui.local.faults.replies import Handler, deliver
from tui.local.storage.api import CALL_NAME, REFUSE_PART, Around, json_response
from tui.local.storage.batch import ROUTES
from tui.local.storage.errors import StorageError
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError

_REASONS = {
    400: "invalid",
    401: "authError",
    403: "forbidden",
    404: "notFound",
    408: "requestTimeout",
    409: "conflict",
    412: "conditionNotMet",
    429: "rateLimitExceeded",
    499: "clientClosedRequest",
    501: "notImplemented",
    504: "gatewayTimeout",
}
"""`errors[0].reason` by HTTP status; all others are `backendError`."""


OTHER_CALLS = ("storage.batch", "storage.multipartUploads", "storage.objects.insert")
"""Names of calls besides those of `ROUTES`: uploads and batches."""


def call_names() -> frozenset[str]:
    """What Storage calls may be called."""
    return frozenset(route.name for route in ROUTES) | frozenset(OTHER_CALLS)


class StorageFaultError(StorageError):
    """A refusal on request, as the Storage API words it."""

    def __init__(self, error: ApiError) -> None:
        super().__init__(error.http, _REASONS.get(error.http, "backendError"), error.message)
        self._status = error.code.name
        self.details = tuple(gtypes.to_json(error.status()).get("details", ()))

    def body(self) -> dict[str, Any]:
        """The error JSON, with the code's name where there are details."""
        body = super().body()
        if self.details:
            body["error"]["status"] = self._status
        return body


def storage_around(faults: CallFaults) -> Around:
    """What every call of the Storage API goes through."""

    def refuse_part(name: str) -> None:
        try:
            faults.at_once(name, effects=frozenset({"error"}))
        except ApiError as error:
            raise StorageFaultError(error) from error

    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[REFUSE_PART] = refuse_part
        try:
            rule = await faults.before(request[CALL_NAME])
        except ApiError as error:
            response = json_response(error.http, StorageFaultError(error).body())
            response.headers.update(error.headers)
            return response
        return await deliver(request, rule, handler)

    return around
