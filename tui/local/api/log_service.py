"""`google.logging.v2.LoggingServiceV2`: write, list, delete, and tail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from tui.local import names
from tui.local.api import tokens
from tui.local.api.tail import Tail
from tui.local.clock import now_ns, stamp
from tui.local.filters.grammar import FilterError
from tui.local.filters.logs import LogFilter
from tui.local.gate import Gate
from tui.local.settings import Settings
from tui.local.state.entries import Entries
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, Need, Route, StreamMethod

SERVICE = "google.logging.v2.LoggingServiceV2"
API = "logging.googleapis.com"
MAX_PAGE = 1000
MAX_FILTER = 20_000
_PAGE = 50
MAX_ENTRY = 256 * 1024


class LogService:
    """Log entries of the project."""

    def __init__(self, entries: Entries, gate: Gate, settings: Settings) -> None:
        self._entries = entries
        self._gate = gate
        self._settings = settings
        self._tails = 0

    def methods(self) -> list[Method]:
        """The unary rows of the method table."""
        g = gtypes
        write, listing = (Route("POST", f"/v2/entries:{verb}", "*") for verb in ("write", "list"))
        logs = (Route("GET", "/v2/{parent=projects/*}/logs"),)
        delete = (Route("DELETE", "/v2/{log_name=projects/*/logs/*}"),)
        return [
            Method(
                SERVICE,
                "WriteLogEntries",
                g.WriteLogEntriesRequest,
                g.WriteLogEntriesResponse,
                self._write,
                (write,),
            ),
            Method(
                SERVICE,
                "ListLogEntries",
                g.ListLogEntriesRequest,
                g.ListLogEntriesResponse,
                self._list,
                (listing,),
            ),
            Method(
                SERVICE,
                "ListLogs",
                g.ListLogsRequest,
                g.ListLogsResponse,
                self._list_logs,
                logs,
                Need(API, "logging.logs.list", lambda request: request.parent),
            ),
            Method(
                SERVICE,
                "DeleteLog",
                g.DeleteLogRequest,
                g.Empty,
                self._delete,
                delete,
                Need(API, "logging.logs.delete", lambda request: request.log_name),
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

    def _check(self, resources: Iterator[str] | list[str], permission: str, call: Call) -> None:
        for resource in resources:
            self._gate.require_project(resource, API, permission)
            self._gate.require_service(API)
            self._gate.require(call.principal, permission, f"//{API}/{resource}")

    async def _write(self, request: Message, call: Call) -> Message:
        resources = {_parent(entry.log_name or request.log_name) for entry in request.entries}
        self._check(sorted(resources), "logging.logEntries.create", call)
        ready = [self._complete(entry, request) for entry in request.entries]
        if not request.dry_run:
            self._entries.append(ready)
        return gtypes.WriteLogEntriesResponse()

    def _complete(self, given: Message, request: Message) -> Message:
        """An entry with what the request gives for all, and what the service adds."""
        entry = gtypes.LogEntry()
        entry.CopyFrom(given)
        entry.log_name = _by_id(entry.log_name or request.log_name)
        if not entry.resource.type:
            entry.resource.CopyFrom(request.resource)
        if not entry.resource.type:
            raise invalid("The LogEntry.resource field must be set.")
        for key, value in request.labels.items():
            if key not in entry.labels:
                entry.labels[key] = value
        now = now_ns()
        if not entry.HasField("timestamp"):
            stamp(entry.timestamp, now)
        stamp(entry.receive_timestamp, now)
        entry.insert_id = entry.insert_id or self._entries.insert_id()
        if entry.ByteSize() > MAX_ENTRY:
            raise invalid(f"Log entry with size {entry.ByteSize()} exceeds maximum size of {MAX_ENTRY}")
        return entry

    async def _list(self, request: Message, call: Call) -> Message:
        resources = _resources(request)
        self._check(resources, "logging.logEntries.list", call)
        if not 0 <= request.page_size <= MAX_PAGE:
            raise invalid(f"page_size must be between 0 and {MAX_PAGE}.")
        newest_first = _newest_first(request.order_by)
        wanted = _filter(request.filter)
        token = tokens.read(request.page_token, request.filter, request.order_by, *resources)
        after = (int(token[0]), str(token[1]), str(token[2])) if token else None
        size = request.page_size or _PAGE
        page = await self._entries.page(
            wanted.bounds, wanted.matches_bytes(), after=after, newest_first=newest_first, size=size
        )
        response = gtypes.ListLogEntriesResponse()
        for _, data in page.entries:
            response.entries.add().MergeFromString(data)
        if page.more:
            last = list(page.entries[-1][0])
            response.next_page_token = tokens.make(last, request.filter, request.order_by, *resources)
        return response

    async def _list_logs(self, _request: Message, _call: Call) -> Message:
        return gtypes.ListLogsResponse(log_names=self._entries.log_names())

    async def _delete(self, request: Message, _call: Call) -> Message:
        if not self._entries.delete_log(_by_id(request.log_name)):
            raise ApiError(Code.NOT_FOUND, f"Log {request.log_name} does not exist")
        return gtypes.Empty()

    async def _tail(self, requests: AsyncIterator[Message], call: Call) -> AsyncIterator[Message]:
        request = await anext(requests, None)
        if request is None:
            raise invalid("A tail session begins with a request.")
        resources = _resources(request)
        self._check(resources, "logging.logEntries.list", call)
        wanted = _filter(request.filter)
        if self._tails >= self._settings.tail_sessions:
            raise ApiError(Code.RESOURCE_EXHAUSTED, "There are too many tail sessions open in the project.")
        window = request.buffer_window.seconds + request.buffer_window.nanos / 1e9
        tail = Tail(self._entries, wanted, window if request.HasField("buffer_window") else 2.0)
        self._tails += 1
        try:
            async for response in tail.responses(requests, self._settings.tail_seconds):
                yield response
        finally:
            self._tails -= 1
            tail.close()


def _filter(text: str) -> LogFilter:
    if len(text) > MAX_FILTER:
        raise invalid(f"The filter is longer than {MAX_FILTER} characters.")
    try:
        return LogFilter(text)
    except FilterError as error:
        raise invalid(f"Unparseable filter: {error}") from error


def _resources(request: Message) -> list[str]:
    resources = list(request.resource_names)
    if not resources:
        raise invalid("At least one resource name is required.")
    return resources


def _newest_first(order_by: str) -> bool:
    words = order_by.split()
    if not words or words in (["timestamp"], ["timestamp", "asc"]):
        return False
    if words == ["timestamp", "desc"]:
        return True
    raise invalid(f'Invalid order_by: "{order_by}"; use "timestamp asc" or "timestamp desc".')


def _parent(log_name: str) -> str:
    parent, separator, name = log_name.partition("/logs/")
    if not separator or not name:
        raise invalid(f'Invalid log name: "{log_name}".')
    return parent


def _by_id(log_name: str) -> str:
    parent = _parent(log_name)
    name = log_name.removeprefix(f"{parent}/logs/").replace("/", "%2F")
    return f"projects/{names.PROJECT_ID}/logs/{name}"
