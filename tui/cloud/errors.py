"""Google's exceptions, of both transports and of the login, as the one error of the gateway."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import http.client
import json
import re
from collections.abc import Callable, Iterator

import grpc
import requests
import urllib3.exceptions
from google.api_core import exceptions as api
from google.auth import exceptions as auth
from google.protobuf.json_format import ParseError

from tui.cloud import login_wording, refusals, wording
from tui.cloud.error_details import Details, read_details
from tui.domain.errors import CloudError, ErrorKind

KNOWN: tuple[type[Exception], ...] = (
    api.GoogleAPIError,
    auth.GoogleAuthError,
    grpc.RpcError,
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    ParseError,
    OSError,
    ValueError,
)
"""Everything that a call through Google's libraries is known to raise."""

UNREADABLE: tuple[type[Exception], ...] = (ParseError, UnicodeDecodeError, json.JSONDecodeError)
"""What they raise at an answer that is cut short or no message: what is sent is a message already."""

ODD_ANSWER: tuple[type[Exception], ...] = (AttributeError, KeyError, TypeError)
"""What they raise at an answer of a shape that they do not expect: api_core 2.44 at `{"error": "Forbidden"}`
as proxies write it, its operations at one that is done with another type of response."""

_CONNECTION_WORDS = re.compile(
    r"failed to connect|connection (refused|reset|closed|timed out)|socket closed|broken pipe"
    r"|recvmsg|(dns|name) resolution|no route to host|network is unreachable|timeout was reached"
    r"|stream removed|handshake|http1\.x server|http proxy returned|goaway|tcp write failed"
    r"|errors resolving|address lookup failed"
    r"|keepalive watchdog|endpoint closing|transport closed|ssl_error|no such file or directory|rst_stream",
    re.IGNORECASE,
)
"""How gRPC's core words a failure of the connection, as against an answer of the service."""

_UNSENT_WORDS = re.compile(
    r"failed to connect|(dns|name) resolution|errors resolving|address lookup failed"
    r"|getting metadata from plugin",
    re.IGNORECASE,
)
"""How it words failures that come before a request leaves the box."""

_BROKEN_WORDS = re.compile(
    r"connection reset|socket closed|broken pipe|recvmsg|stream removed|goaway|endpoint closing"
    r"|transport closed|rst_stream",
    re.IGNORECASE,
)
"""How it words the end of a connection that had been made."""

_BROKEN: tuple[type[Exception], ...] = (
    http.client.IncompleteRead,
    http.client.RemoteDisconnected,
    urllib3.exceptions.ProtocolError,
    requests.exceptions.ChunkedEncodingError,
    ConnectionResetError,
    BrokenPipeError,
)
"""What HTTP libraries raise when a connection ends in the middle of an exchange."""

_PLUGIN_WORDS = "Getting metadata from plugin failed"
"""How gRPC words a login that could not give a token."""

_UNTRUSTED_WORDS = "CERTIFICATE_VERIFY_FAILED"
"""How OpenSSL and BoringSSL word a refused certificate."""

_AMBIGUOUS = frozenset({ErrorKind.UNREACHABLE, ErrorKind.TIMEOUT, ErrorKind.INTERNAL})


def to_cloud_error(error: BaseException, *, local: bool = False, sent: bool = False) -> CloudError:
    """Translate any of `KNOWN`.

    Args:
        error: what a client raised.
        local: whether the call went to the local server.
        sent: whether the call changes something, so that a lost reply makes its effect uncertain.
    """
    if isinstance(error, CloudError):
        return error
    result = _translate(error, local=local)
    if local and result.kind is ErrorKind.QUOTA:
        wording.quota_of_this_box(result)
    if sent and result.kind in _AMBIGUOUS and not _never_sent(error):
        result.ambiguous = True
    return result


def is_plugin_failure(error: BaseException) -> bool:
    """Whether gRPC failed because the login gave no token; the reason is known to the login only."""
    return isinstance(error, api.GoogleAPICallError | grpc.RpcError) and _PLUGIN_WORDS in str(error)


def _translate(error: BaseException, *, local: bool) -> CloudError:
    for types, handler in _HANDLERS:
        if isinstance(error, types):
            return handler(error, local)
    return wording.internal(Details("INTERNAL", str(error) or type(error).__name__))


def _from_login(error: auth.GoogleAuthError, _local: bool) -> CloudError:  # noqa: FBT001 (a handler)
    return login_wording.refused(error)


def _from_http(error: Exception, local: bool) -> CloudError:  # noqa: FBT001 (a handler)
    words = _innermost(error)
    if _is_untrusted(error):
        return login_wording.untrusted(words)
    if isinstance(error, requests.exceptions.ReadTimeout | urllib3.exceptions.ReadTimeoutError):
        return wording.timeout(words)
    if any(isinstance(one, _BROKEN) for one in _chain(error)):
        return wording.broken_off(words)
    return refusals.cut_off(words, local=local)


def _from_call(error: api.GoogleAPICallError, local: bool) -> CloudError:  # noqa: FBT001 (a handler)
    details = read_details(error)
    if error.grpc_status_code is None or not _is_connection_failure(details):
        return refusals.refused(details) or wording.answered(details)
    if _UNTRUSTED_WORDS in details.message:
        return login_wording.untrusted(details.message)
    if _BROKEN_WORDS.search(details.message) and not _UNSENT_WORDS.search(details.message):
        return wording.broken_off(details.message)
    return refusals.cut_off(details.message, local=local)


def _is_connection_failure(details: Details) -> bool:
    """Whether gRPC's own core speaks, or a proxy in between, rather than the service."""
    if "http2 header" in details.message:
        return True
    return details.code in {"UNAVAILABLE", "UNKNOWN", "INTERNAL"} and bool(
        _CONNECTION_WORDS.search(details.message)
    )


def _never_sent(error: BaseException) -> bool:
    """Whether the request certainly did not leave this box."""
    if _is_untrusted(error):
        return True
    for one in _chain(error):
        if isinstance(one, auth.GoogleAuthError | requests.exceptions.ConnectTimeout):
            return True
        if isinstance(one, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError):
            return True
        if isinstance(one, ConnectionRefusedError):
            return True
        if isinstance(one, api.GoogleAPICallError | grpc.RpcError) and _UNSENT_WORDS.search(str(one)):
            return True
    return False


def _is_untrusted(error: BaseException) -> bool:
    """Whether TLS ended at the certificate; other SSL errors may come after the request has been read."""
    tls = requests.exceptions.SSLError | urllib3.exceptions.SSLError
    return isinstance(error, tls) and _UNTRUSTED_WORDS in str(error)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and all it was made from; urllib3 and requests pass causes as arguments."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if not isinstance(one, BaseException) or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]


def _innermost(error: BaseException) -> str:
    """The words of the last cause: `Connection refused` rather than three wrappers around it."""
    *_, last = _chain(error)
    return str(last)


_HANDLERS: tuple[
    tuple[type[BaseException] | tuple[type[BaseException], ...], Callable[..., CloudError]], ...
] = (
    (
        api.RetryError,
        lambda error, local: _translate(error.cause or TimeoutError(str(error)), local=local),
    ),
    (grpc.RpcError, lambda error, local: _from_call(api.from_grpc_error(error), local)),
    (api.GoogleAPICallError, _from_call),
    (auth.GoogleAuthError, _from_login),
    (UNREADABLE, lambda error, _: wording.internal(Details("INTERNAL", str(error)))),
    ((requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException), _from_http),
    (TimeoutError, lambda error, _local: wording.timeout(str(error))),
    (ConnectionError, lambda error, local: wording.unreachable(str(error), local=local)),
    (OSError, lambda error, _local: wording.on_this_box(error)),
    (ValueError, lambda error, _: wording.invalid(Details("INVALID_ARGUMENT", str(error)))),
)
"""In this order: many of these types are OSErrors as well, and requests' JSON errors its own too."""
