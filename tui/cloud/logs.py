"""Log entries: `google.logging.v2.LoggingServiceV2`, whose REST form Google's libraries do not generate."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from datetime import timedelta
from typing import Any

import grpc.aio
from google.api_core import exceptions as api
from google.auth.transport.requests import AuthorizedSession
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2AsyncClient
from google.cloud.logging_v2.services.logging_service_v2.transports import (
    LoggingServiceV2GrpcAsyncIOTransport,
)
from google.cloud.logging_v2.types import ListLogEntriesRequest, TailLogEntriesRequest, TailLogEntriesResponse

from tui.cloud.connection import Connection, project_of
from tui.cloud.credentials import Found
from tui.cloud.errors import KNOWN
from tui.cloud.generated import ignore_proxies
from tui.cloud.log_entries import page_from_json, page_from_pb, tail_batch
from tui.cloud.service import Service, method
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.logs import LogPage, TailBatch
from tui.domain.target import PROJECT, Transport

TAIL_SECONDS = 3600.0
"""The longest session; the service ends it at about that time too."""

BUFFER = timedelta(milliseconds=100)
"""How long the service may hold entries back to sort them, by default 2 s; receivers sort by themselves."""


_EOF: Any = vars(grpc.aio)["EOF"]
"""What reading gives at the end of a stream; the stubs do not know it."""


class RestLogs:
    """`entries.list` over REST."""

    def __init__(self, url: str, found: Found) -> None:
        self._url = f"{url}/v2/entries:list"
        self._session = AuthorizedSession(found.credentials)
        ignore_proxies(self._session, url)

    def close(self) -> None:
        """Close idle connections."""
        self._session.close()

    def list_log_entries(
        self, *, request: ListLogEntriesRequest, timeout: float, **_retry: object
    ) -> LogPage:
        """One page; raises what the generated clients raise."""
        body: dict[str, Any] = {
            "resourceNames": list(request.resource_names),
            "filter": request.filter,
            "orderBy": request.order_by,
            "pageSize": request.page_size,
            "pageToken": request.page_token,
        }
        response = self._session.post(self._url, json=body, timeout=timeout)
        if not response.ok:
            raise api.from_http_response(response)
        return page_from_json(response.json())


class CloudLogs:
    """`tui.domain.gateway.LogsGateway` over Google's protocols."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._service: Service[LoggingServiceV2AsyncClient, RestLogs] = Service(
            connection,
            "logging.googleapis.com",
            aio=lambda channel: LoggingServiceV2AsyncClient(
                transport=LoggingServiceV2GrpcAsyncIOTransport(channel=channel)
            ),
            rest=RestLogs,
            probe=lambda: method(
                "list_log_entries", ListLogEntriesRequest(resource_names=self._resources, page_size=1)
            ),
        )

    def close(self) -> None:
        """Close idle REST connections."""
        self._service.close()

    @property
    def can_tail(self) -> bool:
        """Whether `tail` exists on this transport (it has no REST form)."""
        return self._connection.transport is not Transport.REST

    async def list_entries(
        self, filter_: str, *, page_size: int = 1000, page_token: str = "", newest_first: bool = False
    ) -> LogPage:
        """One page of `ListLogEntries` of the target's project; at most 1,000 entries."""
        request = ListLogEntriesRequest(
            resource_names=self._resources,
            filter=filter_,
            order_by=f"timestamp {'desc' if newest_first else 'asc'}",
            page_size=page_size,
            page_token=page_token,
        )
        page = await self._service.read(method("list_log_entries", request))
        if isinstance(page, LogPage):
            return page
        return await _first_page(page)

    async def tail(self, filter_: str) -> AsyncGenerator[TailBatch, None]:
        """`TailLogEntries` from now on, until the service ends the session or the iterator is closed."""
        await self._service.decide()
        if not self.can_tail:
            raise CloudError(
                "Live logs need gRPC",
                "Over REST the log is read again every few seconds instead.",
                kind=ErrorKind.PRECONDITION,
            )
        request = TailLogEntriesRequest(resource_names=self._resources, filter=filter_, buffer_window=BUFFER)
        call: Any = None
        try:
            client = await self._service.aio_client()
            # Written and read by hand: grpc.aio drains an iterator of requests in a task of its own, which
            # nobody awaits and which prints a traceback or is destroyed pending when the call ends.
            call = await client.tail_log_entries(timeout=TAIL_SECONDS, retry=None)
            await call.write(request)
            while (response := await call.read()) is not _EOF:
                yield tail_batch(TailLogEntriesResponse.pb(response))
        except (api.OutOfRange, api.DeadlineExceeded):
            return
        except asyncio.InvalidStateError as error:
            # Ended between its opening and the request.
            raise await self._connection.explain(ConnectionAbortedError(str(error))) from error
        except KNOWN as error:
            raise await self._connection.explain(error) from error
        finally:
            if call is not None:
                call.cancel()

    @property
    def _resources(self) -> list[str]:
        """Where logs are read: what the setting names, or else the target's project."""
        project = project_of(self._connection.target)
        named = self._connection.target.log_resources
        return [each.replace(PROJECT, project) for each in named] or [f"projects/{project}"]


async def _first_page(pager: Any) -> LogPage:  # noqa: ANN401 (Google's pager)
    async with aclosing(pager.pages) as pages:
        async for page in pages:
            return page_from_pb(type(page).pb(page))
    return LogPage(())
