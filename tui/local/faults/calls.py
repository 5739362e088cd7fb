"""Faults of calls over any protocol: waiting, refusing, and what is to happen to the reply."""

from __future__ import annotations

import asyncio
from importlib import import_module
from typing import Any

from tui.local.faults.book import FaultBook, Rule
from tui.local.faults.effects import RuleError, error_code
from tui.local.wire import gtypes
from tui.local.wire.errors import ApiError, Code
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Method, MethodTable, StreamMethod

DOMAIN = "googleapis.com"
"""The domain of an `ErrorInfo` if its rule names none."""
_TYPE_URL = "type.googleapis.com/"
_MESSAGES = {
    "UNAVAILABLE": "The service is currently unavailable.",
    "RESOURCE_EXHAUSTED": "Resource has been exhausted (e.g. check quota).",
    "INTERNAL": "Internal error encountered.",
    "DEADLINE_EXCEEDED": "Deadline expired before operation could complete.",
    "PERMISSION_DENIED": "The caller does not have permission",
    "NOT_FOUND": "Requested entity was not found.",
    "ALREADY_EXISTS": "Requested entity already exists",
    "INVALID_ARGUMENT": "Request contains an invalid argument.",
    "FAILED_PRECONDITION": "Precondition check failed.",
    "ABORTED": "The operation was aborted.",
    "CANCELLED": "The operation was cancelled.",
}
"""Google's own words for an error that says nothing in particular."""

REPLY_EFFECTS = frozenset({"error", "drop", "break", "truncate"})
"""What can happen instead of a reply, or to it."""
_rpc: Any = import_module("google.rpc.error_details_pb2")
_pool: Any = import_module("google.protobuf.descriptor_pool")


def names_in(table: MethodTable) -> frozenset[str]:
    """All names of all methods of a table."""
    methods: list[Method | StreamMethod] = [*table.unary, *table.streams]
    return frozenset(name for method in methods for name in names_of(method))


def names_of(method: Method | StreamMethod) -> tuple[str, ...]:
    """What a rule may call a method: `p.S/M`, `p.S.M`, `S/M`, `S.M` and `M` for method M of service S."""
    service = method.service
    short = service.rpartition(".")[2]
    pairs = [(service, method.name), (short, method.name)] if service else []
    return (*(f"{left}{mark}{right}" for left, right in pairs for mark in "/."), method.name)


class CallFaults:
    """Asks the book about each call."""

    def __init__(self, book: FaultBook) -> None:
        self._book = book

    async def before(self, *names: str) -> Rule | None:
        """Wait and refuse as the rules say; a rule about the reply (`drop`, `break`, `truncate`) is returned.

        Raises:
            ApiError: the error that a rule asks for.
        """
        await self.wait(*names)
        return self.at_once(*names)

    async def wait(self, *names: str) -> bool:
        """Wait if a rule says so; whether one did."""
        if not self._book.any_of("call"):
            return False
        delay = self._book.take("call", *names, effects=frozenset({"delay"}))
        if delay:
            await asyncio.sleep(delay.options["seconds"])
        return delay is not None

    def at_once(self, *names: str, effects: frozenset[str] = REPLY_EFFECTS) -> Rule | None:
        """`before` without its waiting.

        Raises:
            ApiError: the error that a rule asks for.
        """
        rule = self._book.take("call", *names, effects=effects)
        if rule and rule.effect == "error":
            raise error_of(rule.options)
        return rule


def error_of(options: dict[str, Any]) -> ApiError:
    """The refusal that the options of an `error` describe.

    Raises:
        RuleError: a code or detail that does not exist, or a detail with wrong fields.
    """
    name, status = error_code(options.get("code", "UNAVAILABLE"))
    message = options.get("message") or _MESSAGES.get(name, name.replace("_", " ").capitalize() + ".")
    error = ApiError(Code[name], message, _details(options), http=status)
    if "retry_after" in options:
        error.headers["Retry-After"] = f"{options['retry_after']:g}"
    return error


def _details(options: dict[str, Any]) -> list[Message]:
    details = []
    if "reason" in options or "domain" in options:
        details.append(
            gtypes.ErrorInfo(
                reason=options.get("reason", ""),
                domain=options.get("domain", DOMAIN),
                metadata=options.get("metadata", {}),
            )
        )
    if "quota" in options:
        violations = [_rpc.QuotaFailure.Violation(**item) for item in options["quota"]]
        details.append(_rpc.QuotaFailure(violations=violations))
    if "retry_delay" in options:
        retry = _rpc.RetryInfo()
        retry.retry_delay.FromNanoseconds(int(options["retry_delay"] * 10**9))
        details.append(retry)
    return details + [_detail(each) for each in options.get("details", ())]


def _detail(content: dict[str, Any]) -> Message:
    """A `google.rpc` message from its JSON with `@type`, whose prefix may be left out."""
    fields = dict(content)
    type_name = str(fields.pop("@type")).removeprefix(_TYPE_URL)
    if "." not in type_name:
        type_name = f"google.rpc.{type_name}"
    try:
        descriptor = _pool.Default().FindMessageTypeByName(type_name)
    except KeyError:
        raise RuleError(
            f"unknown type {type_name!r} of a detail; for instance google.rpc.ErrorInfo, "
            "google.rpc.RetryInfo, google.rpc.QuotaFailure, google.rpc.BadRequest"
        ) from None
    message = gtypes.message_class(descriptor)()
    try:
        gtypes.from_json(fields, message)
    except (gtypes.ParseError, ValueError, TypeError) as error:
        raise RuleError(f"a detail is no {type_name}: {error}") from error
    return message
