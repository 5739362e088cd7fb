"""Faults of Storage calls: the errors in that API's own shape."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from aiohttp import web

from tui.local.faults.book import Rule
from tui.local.faults.calls import REPLY_EFFECTS, CallFaults
from tui.local.faults.replies import Handler, deliver
from tui.local.storage.api import CALL_NAME, REFUSE_PART, WAIT_PARTS, Around, json_response
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


class _Batch:
    """What rules do to the calls inside one batch.

    An `error` is that call's own. All else happens once, to the whole: a batch has one request and one reply.
    """

    def __init__(self, faults: CallFaults) -> None:
        self._faults = faults
        self.rule: Rule | None = None
        """What is to happen to the reply."""

    async def wait(self, names: Iterable[str]) -> None:
        """Wait for the first call that a rule delays."""
        for name in names:
            if await self._faults.wait(name):
                return

    def refuse(self, name: str) -> None:
        """Look at one call.

        Raises:
            StorageFaultError: it is refused.
        """
        effects = frozenset({"error"}) if self.rule else REPLY_EFFECTS
        try:
            self.rule = self._faults.at_once(name, effects=effects) or self.rule
        except ApiError as error:
            raise StorageFaultError(error) from error


def storage_around(faults: CallFaults) -> Around:
    """What every call of the Storage API goes through."""

    async def around(request: web.Request, handler: Handler) -> web.StreamResponse:
        batch = _Batch(faults)
        request[REFUSE_PART], request[WAIT_PARTS] = batch.refuse, batch.wait

        async def answer(request: web.Request) -> web.StreamResponse:
            response = await handler(request)

            async def given(_request: web.Request) -> web.StreamResponse:
                return response

            return await deliver(request, batch.rule, given)

        try:
            rule = await faults.before(request[CALL_NAME])
        except ApiError as error:
            response = json_response(error.http, StorageFaultError(error).body())
            response.headers.update(error.headers)
            return response
        return await deliver(request, rule, answer)

    return around
