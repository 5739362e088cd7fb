"""gRPC channels: TLS to Google with the usual proxy and certificate settings, plain to the local server."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
from google.auth.credentials import Credentials
from google.auth.transport.grpc import AuthMetadataPlugin
from google.auth.transport.requests import Request
from google.protobuf.json_format import ParseError
from requests.utils import get_environ_proxies, select_proxy

Options = list[tuple[str, str | int]]

_COMMON: Options = [
    # A page of 1,000 log entries may exceed the default of 4 MB.
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    # The default waits up to two minutes before it looks again for a server that has come back.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 5000),
    ("grpc.max_reconnect_backoff_ms", 5000),
]
_GOOGLE: Options = [
    # Notices a dead network under an open tail; Google's own streaming clients ping as often.
    ("grpc.keepalive_time_ms", 60_000),
    ("grpc.keepalive_timeout_ms", 20_000),
]
_LOCAL: Options = [("grpc.enable_http_proxy", 0)]


if TYPE_CHECKING:
    _Interceptor = grpc.aio.UnaryUnaryClientInterceptor[Any, Any]
else:
    _Interceptor = grpc.aio.UnaryUnaryClientInterceptor


class _Readable(_Interceptor):
    """Refuses an answer that is no message: gRPC itself logs that and hands on None."""

    async def intercept_unary_unary(
        self,
        continuation: Callable[[grpc.aio.ClientCallDetails, Any], Awaitable[Any]],
        client_call_details: grpc.aio.ClientCallDetails,
        request: Any,  # noqa: ANN401 (any message)
    ) -> Any:  # noqa: ANN401 (the call)
        """The call, once its answer has come."""
        call = await continuation(client_call_details, request)
        if await call is None:
            raise ParseError("the answer cannot be read")
        return call


def _interceptors() -> Any:  # noqa: ANN401 (a type that the stubs leave open)
    return [_Readable()]


def local_channel(address: str) -> grpc.aio.Channel:
    """A plain channel to the local server's socket; to be called on the event loop."""
    return grpc.aio.insecure_channel(address, options=_COMMON + _LOCAL, interceptors=_interceptors())


def google_channel(host: str, credentials: Credentials, roots: bytes | None) -> grpc.aio.Channel:
    """A TLS channel to one of Google's hosts; to be called on the event loop.

    Args:
        host: e.g. `europe-west4-aiplatform.googleapis.com`.
        credentials: added to every call; refreshed in gRPC's own threads.
        roots: PEM certificates to trust instead of the built-in ones.
    """
    plugin = AuthMetadataPlugin(credentials, Request())
    composite = grpc.composite_channel_credentials(
        grpc.ssl_channel_credentials(root_certificates=roots), grpc.metadata_call_credentials(plugin)
    )
    options = _COMMON + _GOOGLE + proxy_options(host)
    return grpc.aio.secure_channel(f"{host}:443", composite, options=options, interceptors=_interceptors())


def root_certificates() -> bytes | None:
    """The user's certificate bundle for gRPC, which reads none of the usual variables; None for its own.

    Raises:
        OSError: the bundle named in the environment cannot be read.
    """
    if os.environ.get("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH"):
        return None
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        if value := os.environ.get(name):
            path = Path(value)
            files = sorted(path.iterdir()) if path.is_dir() else [path]
            return b"\n".join(file.read_bytes() for file in files if file.is_file())
    return None


def proxy_options(host: str) -> Options:
    """Channel options that give gRPC the proxy settings it does not read by itself.

    gRPC's core reads `https_proxy`, `http_proxy` and `no_proxy` in lower case only, and takes the second
    for want of the first; this asks the library that the REST transport uses, so that both agree.
    """
    if os.environ.get("grpc_proxy"):  # noqa: SIM112 (gRPC's own name, lower case only)
        return []
    url = f"https://{host}"
    proxy = select_proxy(url, get_environ_proxies(url))
    return [("grpc.http_proxy", proxy)] if proxy else [("grpc.enable_http_proxy", 0)]
