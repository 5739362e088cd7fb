"""gRPC: the method table as generic handlers of a `grpc.aio` server."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing
from typing import TYPE_CHECKING, NoReturn

import grpc
import grpc.aio

from tui.local.faults.calls import CallFaults, names_of
from tui.local.faults.grpc_replies import stream_replies, unary_reply
from tui.local.guard import BROWSER_HEADERS, NO_BROWSERS
from tui.local.wire import gtypes
from tui.local.wire.dispatch import Dispatcher
from tui.local.wire.errors import BAD_CREDENTIALS, ApiError, Code
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, MethodTable, StreamMethod

_BROWSER_KEYS = frozenset(name.lower() for name in BROWSER_HEADERS)
_STATUS = {code.value[0]: code for code in grpc.StatusCode}

PrincipalOf = Callable[[str], str | None]
"""The principal of a bearer token; None for an unknown one."""


if TYPE_CHECKING:
    _Context = grpc.aio.ServicerContext[bytes, bytes]
    _Base = grpc.GenericRpcHandler[bytes, bytes]
else:
    _Base = grpc.GenericRpcHandler


class GrpcFront(_Base):
    """Looks methods up by path; unknown ones are UNIMPLEMENTED by gRPC itself."""

    def __init__(
        self,
        table: MethodTable,
        dispatcher: Dispatcher,
        principal_of: PrincipalOf,
        owner: str,
        faults: CallFaults,
    ) -> None:
        self._faults = faults
        self._dispatcher = dispatcher
        self._principal_of = principal_of
        self._owner = owner
        self._handlers: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            method.path: self._unary(method) for method in table.unary if method.service
        }
        self._handlers |= {stream.path: self._stream(stream) for stream in table.streams}

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        """The handler of one path."""
        return self._handlers.get(handler_call_details.method)

    def _call(self, context: _Context) -> Call:
        """The caller: whom the bearer token stands for, or the owner if there is none.

        Raises:
            ApiError: an unknown token, or a web browser (which could come through the front door).
        """
        principal: str | None = self._owner
        for key, value in context.invocation_metadata() or ():
            if key in _BROWSER_KEYS:
                raise ApiError(Code.PERMISSION_DENIED, NO_BROWSERS)
            if key == "authorization" and isinstance(value, str) and value.startswith("Bearer "):
                principal = self._principal_of(value.removeprefix("Bearer "))
        if principal is None:
            raise ApiError(Code.UNAUTHENTICATED, BAD_CREDENTIALS)
        return Call(principal=principal, transport="grpc")

    def _unary(self, method: Method) -> grpc.RpcMethodHandler[bytes, bytes]:
        names = names_of(method)

        async def answer(data: bytes, context: _Context) -> bytes:
            try:
                call = self._call(context)
                rule = await self._faults.before(*names)
                reply = await self._dispatcher.call(method, _parsed(method.request, data), call)
                return await unary_reply(rule, reply.SerializeToString(), method.response.FromString)
            except ApiError as error:
                return await _refuse(context, error)

        return grpc.unary_unary_rpc_method_handler(answer)

    def _stream(self, stream: StreamMethod) -> grpc.RpcMethodHandler[bytes, bytes]:
        names = names_of(stream)

        async def replies(requests: AsyncIterator[bytes], call: Call) -> AsyncGenerator[bytes, None]:
            parsed = (_parsed(stream.request, data) async for data in requests)
            async with aclosing(self._dispatcher.stream(stream, parsed, call)) as found:
                async for reply in found:
                    yield reply.SerializeToString()

        async def answer(requests: AsyncIterator[bytes], context: _Context) -> AsyncIterator[bytes]:
            try:
                call = self._call(context)
                rule = await self._faults.before(*names)
                async with aclosing(replies(requests, call)) as found:
                    parse = stream.response.FromString
                    async for data in stream_replies(rule, found, parse) if rule else found:
                        yield data
            except ApiError as error:
                await _refuse(context, error)

        return grpc.stream_stream_rpc_method_handler(answer)


def _parsed(request: Message, data: bytes) -> Message:
    """A request's message of its bytes.

    Raises:
        ApiError: INTERNAL, as gRPC wants it for a request that cannot be read.
    """
    try:
        return request.FromString(data)
    except gtypes.DecodeError as error:
        raise ApiError(Code.INTERNAL, "Error parsing request proto.") from error


async def _refuse(context: _Context, error: ApiError) -> NoReturn:
    trailer = (("grpc-status-details-bin", error.status().SerializeToString()),)
    await context.abort(_STATUS[error.code.number], error.message, trailing_metadata=trailer)
