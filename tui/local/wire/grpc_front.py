"""gRPC: the method table as generic handlers of a `grpc.aio` server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING

import grpc
import grpc.aio

from tui.local.wire.dispatch import Dispatcher
from tui.local.wire.errors import BAD_CREDENTIALS, ApiError, Code
from tui.local.wire.gtypes import Message
from tui.local.wire.methods import Call, Method, MethodTable, StreamMethod

_STATUS = {code.value[0]: code for code in grpc.StatusCode}

PrincipalOf = Callable[[str], str | None]
"""The principal of a bearer token; None for an unknown one."""


if TYPE_CHECKING:
    _Base = grpc.GenericRpcHandler[Message, Message]
else:
    _Base = grpc.GenericRpcHandler


class GrpcFront(_Base):
    """Looks methods up by path; unknown ones are UNIMPLEMENTED by gRPC itself."""

    def __init__(
        self, table: MethodTable, dispatcher: Dispatcher, principal_of: PrincipalOf, owner: str
    ) -> None:
        self._dispatcher = dispatcher
        self._principal_of = principal_of
        self._owner = owner
        self._handlers: dict[str, grpc.RpcMethodHandler[Message, Message]] = {
            method.path: self._unary(method) for method in table.unary if method.service
        }
        self._handlers |= {stream.path: self._stream(stream) for stream in table.streams}

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[Message, Message] | None:
        """The handler of one path."""
        return self._handlers.get(handler_call_details.method)

    def _call(self, context: grpc.aio.ServicerContext[Message, Message]) -> Call:
        """The caller: whom the bearer token stands for, or the owner if there is none."""
        principal: str | None = self._owner
        for key, value in context.invocation_metadata() or ():
            if key == "authorization" and isinstance(value, str) and value.startswith("Bearer "):
                principal = self._principal_of(value.removeprefix("Bearer "))
        if principal is None:
            raise ApiError(Code.UNAUTHENTICATED, BAD_CREDENTIALS)
        return Call(principal=principal, transport="grpc")

    def _unary(self, method: Method) -> grpc.RpcMethodHandler[Message, Message]:
        async def answer(request: Message, context: grpc.aio.ServicerContext[Message, Message]) -> Message:
            try:
                return await self._dispatcher.call(method, request, self._call(context))
            except ApiError as error:
                await _refuse(context, error)

        return grpc.unary_unary_rpc_method_handler(
            answer, request_deserializer=method.request.FromString, response_serializer=_serialize
        )

    def _stream(self, stream: StreamMethod) -> grpc.RpcMethodHandler[Message, Message]:
        async def answer(
            requests: AsyncIterator[Message], context: grpc.aio.ServicerContext[Message, Message]
        ) -> AsyncIterator[Message]:
            try:
                async for response in self._dispatcher.stream(stream, requests, self._call(context)):
                    yield response
            except ApiError as error:
                await _refuse(context, error)

        return grpc.stream_stream_rpc_method_handler(
            answer, request_deserializer=stream.request.FromString, response_serializer=_serialize
        )


def _serialize(message: Message) -> bytes:
    data: bytes = message.SerializeToString()
    return data


async def _refuse(context: grpc.aio.ServicerContext[Message, Message], error: ApiError) -> None:
    trailer = (("grpc-status-details-bin", error.status().SerializeToString()),)
    await context.abort(_STATUS[error.code.number], error.message, trailing_metadata=trailer)
