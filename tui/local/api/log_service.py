"""`google.logging.v2.LoggingServiceV2`: write, list, delete, and tail."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

from tui.local.api import tokens
from tui.local.api.log_quota import Meter, require_read
from tui.local.api.log_resources import descriptors
from tui.local.api.log_scopes import API, open_scopes
from tui.local.api.log_writes import LogWriter, by_id, unknown_log
from tui.local.api.tail import Tail
from tui.local.filters.automaton import CostError
from tui.local.filters.grammar import FilterError
from tui.local.filters.logs import LogFilter
from tui.local.gate import Gate
from tui.local.settings import Settings
from tui.local.state.entries import Entries
from tui.local.state.entry_pages import Page, Position
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Handler, Method, Need, Route, StreamMethod

SERVICE = "google.logging.v2.LoggingServiceV2"
READ = "logging.logEntries.list"
MAX_PAGE = 1000
MAX_FILTER = 20_000
_PAGE = 50


class LogService:
    """Log entries of the project."""

    def __init__(self, entries: Entries, gate: Gate, settings: Settings) -> None:
        self._entries = entries
        self._gate = gate
        self._settings = settings
        self._writer = LogWriter(entries, gate)
        self._tails = 0
        self._reads = Meter(settings.log_reads_per_minute)
        self._tailed = Meter(settings.tail_entries_per_minute)

    def methods(self) -> list[Method]:
        """The unary rows of the method table."""
        g = gtypes
        write, listing = (Route("POST", f"/v2/entries:{verb}", "*") for verb in ("write", "list"))
        written, listed = g.WriteLogEntriesResponse, g.ListLogEntriesResponse
        views = "projects/*/locations/*/buckets/*/views/*"
        logs = (Route("GET", "/v2/{parent=projects/*}/logs"), Route("GET", f"/v2/{{parent={views}}}/logs"))
        kinds = (Route("GET", "/v2/monitoredResourceDescriptors"),)
        may_delete = Need(API, "logging.logs.delete", lambda request: request.log_name)
        return [
            _row("WriteLogEntries", (g.WriteLogEntriesRequest, written), self._write, write),
            _row("ListLogEntries", (g.ListLogEntriesRequest, listed), self._list, listing),
            _row("ListLogs", (g.ListLogsRequest, g.ListLogsResponse), self._list_logs, *logs),
            _row(
                "ListMonitoredResourceDescriptors",
                (g.ListResourceDescriptorsRequest, g.ListResourceDescriptorsResponse),
                self._list_kinds,
                *kinds,
            ),
            _row(
                "DeleteLog",
                (g.DeleteLogRequest, g.Empty),
                self._delete,
                Route("DELETE", "/v2/{log_name=projects/*/logs/*}"),
                need=may_delete,
            ),
        ]

    def streams(self) -> list[StreamMethod]:
        """The streaming rows of the method table."""
        g = gtypes
        return [
            StreamMethod(
                SERVICE, "TailLogEntries", g.TailLogEntriesRequest, g.TailLogEntriesResponse, self._tail
            )
        ]

    async def _write(self, request: Message, call: Call) -> Message:
        return self._writer.write(request, call)

    async def _list(self, request: Message, call: Call) -> Message:
        self._gate.require_service(API)
        require_read(self._reads)
        resources = list(request.resource_names)
        holds = open_scopes(self._gate, call.principal, resources, READ)
        size = _page_size(request)
        newest_first = _newest_first(request.order_by)
        wanted = _filter(request.filter)
        bound = (request.filter, newest_first, *resources)
        after = _position(tokens.read(request.page_token, *bound, shape=(int, str, str)))
        response = gtypes.ListLogEntriesResponse()
        if not holds:
            return response
        page = await self._page(wanted, after, newest_first=newest_first, size=size)
        for data in page.entries:
            response.entries.add().MergeFromString(data)
        if page.next:
            response.next_page_token = tokens.make(list(page.next), *bound)
        return response

    async def _page(
        self, wanted: LogFilter, after: Position | None, *, newest_first: bool, size: int
    ) -> Page:
        try:
            return await self._entries.page(
                wanted.bounds,
                wanted.matches_bytes(),
                after=after,
                newest_first=newest_first,
                size=size,
                seconds=self._settings.log_scan_seconds,
            )
        except CostError as error:
            raise invalid(str(error)) from error

    async def _list_logs(self, request: Message, call: Call) -> Message:
        self._gate.require_service(API)
        resources = list(request.resource_names) or [request.parent]
        holds = open_scopes(self._gate, call.principal, resources, "logging.logs.list")
        size = _page_size(request)
        token = tokens.read(request.page_token, *resources, shape=(str,))
        found = [name for name in self._entries.log_names() if not token or name > token[0]] if holds else []
        response = gtypes.ListLogsResponse(log_names=found[:size])
        if len(found) > size:
            response.next_page_token = tokens.make([found[size - 1]], *resources)
        return response

    async def _list_kinds(self, request: Message, _call: Call) -> Message:
        self._gate.require_service(API)
        kinds = descriptors()
        size = _page_size(request)
        token = tokens.read(request.page_token, shape=(int,))
        begin = max(int(token[0]), 0) if token else 0
        response = gtypes.ListResourceDescriptorsResponse(resource_descriptors=kinds[begin : begin + size])
        if begin + size < len(kinds):
            response.next_page_token = tokens.make([begin + size])
        return response

    async def _delete(self, request: Message, _call: Call) -> Message:
        if not await self._entries.delete_log(by_id(request.log_name)):
            raise unknown_log(request.log_name)
        return gtypes.Empty()

    async def _tail(self, requests: AsyncIterator[Message], call: Call) -> AsyncGenerator[Message, None]:
        request = await anext(requests, None)
        if request is None:
            raise invalid("A tail session begins with a request.")
        self._gate.require_service(API)
        holds = open_scopes(self._gate, call.principal, list(request.resource_names), READ)
        wanted = _filter(request.filter)
        if self._tails >= self._settings.tail_sessions:
            raise ApiError(Code.RESOURCE_EXHAUSTED, "There are too many tail sessions open in the project.")
        tail = Tail(self._entries if holds else None, wanted, request, self._tailed)
        self._tails += 1
        try:
            async with aclosing(tail.responses(requests, self._settings.tail_seconds)) as responses:
                async for response in responses:
                    yield response
        finally:
            self._tails -= 1
            tail.close()


def _row(
    name: str, kinds: tuple[Message, Message], handler: Handler, *routes: Route, need: Need | None = None
) -> Method:
    return Method(SERVICE, name, *kinds, handler, routes, need)


def _page_size(request: Message) -> int:
    if not 0 <= request.page_size <= MAX_PAGE:
        raise invalid(f"page_size must be between 0 and {MAX_PAGE}.")
    return int(request.page_size) or _PAGE


def _position(token: list[Message] | None) -> Position | None:
    return (int(token[0]), str(token[1]), str(token[2])) if token else None


def _filter(text: str) -> LogFilter:
    if len(text) > MAX_FILTER:
        raise invalid(f"The filter is longer than {MAX_FILTER} characters.")
    try:
        return LogFilter(text)
    except FilterError as error:
        raise invalid(f"Unparseable filter: {error}") from error


def _newest_first(order_by: str) -> bool:
    words = order_by.split()
    if not words or words in (["timestamp"], ["timestamp", "asc"]):
        return False
    if words == ["timestamp", "desc"]:
        return True
    raise invalid(f'Invalid order_by: "{order_by}"; use "timestamp asc" or "timestamp desc".')
