"""A bare gRPC and HTTP server of the same libraries that answers every call with the same bytes.

What a call to it takes is what the libraries and Google's client take; the rest is ours. Run by
`benchmarks.local_server`: `python -m benchmarks.local_peer SOCKET GRPC_FILE HTTP_FILE`; it prints its port.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import grpc
import grpc.aio
from aiohttp import web

if TYPE_CHECKING:
    _Base = grpc.GenericRpcHandler[bytes, bytes]
else:
    _Base = grpc.GenericRpcHandler


class _Echo(_Base):
    def __init__(self, answer: bytes) -> None:
        self._answer = answer

    def service(
        self, handler_call_details: grpc.HandlerCallDetails
    ) -> grpc.RpcMethodHandler[bytes, bytes] | None:
        del handler_call_details

        async def answer(_request: bytes, _context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
            return self._answer

        return grpc.unary_unary_rpc_method_handler(answer)


async def _serve(socket: str, over_grpc: bytes, over_http: bytes) -> None:
    server = grpc.aio.server()
    server.add_generic_rpc_handlers((_Echo(over_grpc),))
    server.add_insecure_port(f"unix:{socket}")
    await server.start()

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=over_http, content_type="application/json")

    app = web.Application()
    app.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    print(runner.addresses[0][1], flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], Path(sys.argv[2]).read_bytes(), Path(sys.argv[3]).read_bytes()))
