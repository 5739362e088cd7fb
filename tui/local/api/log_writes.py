"""`WriteLogEntries`: what makes an entry valid, and what the service adds to it."""

from __future__ import annotations

import re
from urllib.parse import unquote

from tui.local import names
from tui.local.api.log_scopes import API
from tui.local.clock import SECOND, now_ns, stamp, unstamp
from tui.local.gate import Gate
from tui.local.state.entries import Entries
from tui.local.state.retention import DAY, LOG_DAYS
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call

MAX_ENTRY = 256 * 1024
MAX_LABELS = 64
MAX_REQUEST = 10 * 1024 * 1024
MAX_LOG_ID = 512
_LOG_ID = re.compile(r"[A-Za-z0-9/_.\-]+")
PERMISSION = "logging.logEntries.create"


class LogWriter:
    """Writes entries for callers of the API."""

    def __init__(self, entries: Entries, gate: Gate) -> None:
        self._entries = entries
        self._gate = gate

    def write(self, request: Message, call: Call) -> Message:
        """Answer `WriteLogEntries`.

        Raises:
            ApiError: an entry's; with `partial_success` the others are written nevertheless.
        """
        if request.ByteSize() > MAX_REQUEST:
            raise invalid(f"Request payload size exceeds the limit: {MAX_REQUEST} bytes.")
        if not request.entries:
            raise invalid("At least one log entry is required.")
        self._gate.require_service(API)
        now = now_ns()
        ready: list[Message] = []
        errors: dict[int, ApiError] = {}
        refusals: dict[str, ApiError | None] = {}
        for number, given in enumerate(request.entries):
            try:
                ready.append(self._complete(given, request, call, now, refusals))
            except ApiError as error:
                if not request.partial_success:
                    raise
                errors[number] = error
        if ready and not request.dry_run:
            self._entries.append([entry for entry in ready if _kept(entry, now)])
        if errors:
            raise _partial(errors, written=bool(ready))
        return gtypes.WriteLogEntriesResponse()

    def _complete(
        self,
        given: Message,
        request: Message,
        call: Call,
        now: int,
        refusals: dict[str, ApiError | None],
    ) -> Message:
        """An entry with what the request gives for all, and what the service adds."""
        entry = gtypes.LogEntry()
        entry.CopyFrom(given)
        log_name = entry.log_name or request.log_name
        self._check_parent(parent_of(log_name), call, refusals)
        entry.log_name = by_id(log_name)
        if not entry.resource.type:
            entry.resource.CopyFrom(request.resource)
        for key, value in request.labels.items():
            if key not in entry.labels:
                entry.labels[key] = value
        if not entry.HasField("timestamp"):
            stamp(entry.timestamp, now)
        stamp(entry.receive_timestamp, now)
        entry.insert_id = entry.insert_id or self._entries.insert_id()
        _check(entry)
        return entry

    def _check_parent(self, parent: str, call: Call, refusals: dict[str, ApiError | None]) -> None:
        if parent not in refusals:
            try:
                self._gate.require_project(parent, API, PERMISSION)
                self._gate.require(call.principal, PERMISSION, f"//{API}/{parent}")
                refusals[parent] = None
            except ApiError as error:
                refusals[parent] = error
        refusal = refusals[parent]
        if refusal:
            raise refusal


def _check(entry: Message) -> None:
    if not entry.resource.type:
        raise invalid("The LogEntry.resource field must be set.")
    if len(entry.labels) > MAX_LABELS:
        raise invalid(f"Log entry has {len(entry.labels)} labels; at most {MAX_LABELS} are allowed.")
    if not 0 <= entry.timestamp.nanos < SECOND:
        raise invalid("Invalid value at 'timestamp': nanos must be between 0 and 999999999.")
    size = entry.ByteSize()
    if size > MAX_ENTRY:
        raise invalid(f"Log entry with size {size / 1024:.1f}K exceeds maximum size of 256.0K")


def _kept(entry: Message, now: int) -> bool:
    """What is past the retention, or more than a day in the future, is accepted and not kept."""
    return now - LOG_DAYS * DAY <= unstamp(entry.timestamp) <= now + DAY


def _partial(errors: dict[int, ApiError], *, written: bool) -> ApiError:
    """The status of one failed entry, and, if others were written, what is wrong with each."""
    first = next(iter(errors.values()))
    if not written:
        return first
    details = gtypes.WriteLogEntriesPartialErrors()
    for number, error in errors.items():
        details.log_entry_errors[number].CopyFrom(error.status())
    return ApiError(first.code, first.message, [*first.details, details])


def parent_of(log_name: str) -> str:
    """`projects/P` of a log name.

    Raises:
        ApiError: INVALID_ARGUMENT: not a log name.
    """
    parent, separator, name = log_name.partition("/logs/")
    if not separator or parent.count("/") != 1:
        raise invalid(f'Invalid log name: "{log_name}".')
    log_id = unquote(name)
    if not log_id or len(log_id) >= MAX_LOG_ID or not _LOG_ID.fullmatch(log_id):
        raise invalid(
            f'Invalid log name: "{log_name}". A log id has fewer than {MAX_LOG_ID} characters and consists '
            "of letters, digits, and the characters / _ - ."
        )
    return parent


def by_id(log_name: str) -> str:
    """A log name with the project's id and the log id encoded.

    Raises:
        ApiError: INVALID_ARGUMENT: not a log name.
    """
    parent = parent_of(log_name)
    log_id = unquote(log_name.removeprefix(f"{parent}/logs/")).replace("/", "%2F")
    owner = parent.partition("/")[2]
    return f"projects/{names.PROJECT_ID if names.is_project(owner) else owner}/logs/{log_id}"


def unknown_log(log_name: str) -> ApiError:
    """NOT_FOUND for a log without entries."""
    return ApiError(Code.NOT_FOUND, f"Log {log_name} does not exist")
