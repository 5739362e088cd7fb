"""Who may talk to the HTTP server: this user and root, no browser, under a token's name if one is given."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from weakref import WeakKeyDictionary

from aiohttp import web
from aiohttp.abc import AbstractMatchInfo, AbstractRouter
from aiohttp.typedefs import Middleware
from aiohttp.web_urldispatcher import DynamicResource, UrlMappingMatchInfo
from yarl import URL

PREFIX = "/_as/"
"""Paths `/_as/TOKEN/…` stand for `/…` with that token: clients that send no credentials carry it so."""

BROWSER_HEADERS = ("Origin", "Sec-Fetch-Site")
"""Headers that only browsers send."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
Address = tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]


UNAUTHORIZED = 401
_DENIED = ("forbidden", "PERMISSION_DENIED")


def refusal(status: int, message: str) -> web.Response:
    """An error in the shape that all of Google's JSON APIs share."""
    reason, word = ("authError", "UNAUTHENTICATED") if status == UNAUTHORIZED else _DENIED
    item = {"message": message, "domain": "global", "reason": reason}
    return web.json_response(
        {"error": {"code": status, "message": message, "status": word, "errors": [item]}}, status=status
    )


def read_socket_table(text: str, client: Address, server: Address) -> int | None:
    """The uid of `client`'s end of a connection, from the text of `/proc/net/tcp` or `tcp6`.

    None for a connection that is not there, and for one that its process has closed already: the system
    reports such sockets as root's, without an inode.
    """
    for line in text.splitlines()[1:]:
        words = line.split()
        if len(words) < 10 or words[9] == "0":  # noqa: PLR2004  # the tenth word is the inode
            continue
        if _address(words[1]) == client and _address(words[2]) == server:
            return int(words[7])
    return None


def _address(text: str) -> Address:
    """`0100007F:1F90` as an address: words of the machine's byte order; IPv4 inside IPv6 as IPv4."""
    host, _, port = text.partition(":")
    words = [int(host[at : at + 8], 16) for at in range(0, len(host), 8)]
    return _plain(ipaddress.ip_address(struct.pack(f"={len(words)}I", *words))), int(port, 16)


def _plain(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address


def _endpoint(name: object) -> Address | None:
    """An address out of `peername` or `sockname`."""
    if not isinstance(name, tuple) or len(name) < 2:  # noqa: PLR2004  # host and port
        return None
    return _plain(ipaddress.ip_address(str(name[0]).partition("%")[0])), int(name[1])


def peer_uid(request: web.Request) -> int | None:
    """The user at the other end of the connection; None where the system does not tell."""
    transport = request.transport
    if transport is None:
        return None
    connection = transport.get_extra_info("socket")
    if connection is not None and connection.family == socket.AF_UNIX and sys.platform == "linux":
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return int(struct.unpack("3i", credentials)[1])
    client = _endpoint(transport.get_extra_info("peername"))
    server = _endpoint(transport.get_extra_info("sockname"))
    if client is None or server is None:
        return None
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            uid = read_socket_table(Path(table).read_text(encoding="ascii"), client, server)
        except OSError:
            continue
        if uid is not None:
            return uid
    return None


def is_loopback_host(host: str) -> bool:
    """Whether a `Host` header names this machine's loopback, and not a name that a page was rebound to."""
    name = host.rpartition(":")[0] if host.rpartition(":")[2].isdecimal() else host
    name = name.strip("[]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def path_token(request: web.BaseRequest) -> str | None:
    """The token in the path, or None."""
    path = request.rel_url.raw_path
    return path[len(PREFIX) :].partition("/")[0] if path.startswith(PREFIX) else None


def _bearer(request: web.Request) -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


class TokenPaths(DynamicResource):
    """Routes `/_as/TOKEN/…` as `/…`; whose token it is, the middleware looks up."""

    def __init__(self, router: AbstractRouter) -> None:
        super().__init__(PREFIX + "{token:[^/]+}/{rest:.*}")
        self._router = router

    async def resolve(self, request: web.Request) -> tuple[UrlMappingMatchInfo | None, set[str]]:
        """What the router finds for the path without the prefix."""
        token = path_token(request)
        inner = request.raw_path[len(PREFIX) + len(token or "") :]
        if token is None or not inner.startswith("/") or inner.startswith(PREFIX):
            return None, set()
        found: AbstractMatchInfo = await self._router.resolve(request.clone(rel_url=URL(inner, encoded=True)))
        return (found if isinstance(found, UrlMappingMatchInfo) else None), set()


def guard_middleware(
    principal_of_token: Callable[[str], str | None],
    owner: str,
    *,
    uid_of: Callable[[web.Request], int | None] = peer_uid,
) -> Middleware:
    """A middleware that lets in what may come in, and says in `request["principal"]` as whom.

    Refused with 403: another user of this machine, an unknown user without a valid token, a browser, a
    foreign `Host`. Refused with 401: a token that `principal_of_token` does not know. Without a token the
    caller is `owner`. `request["token_path"]` is the path's prefix `/_as/TOKEN`, or empty.
    """
    uids: WeakKeyDictionary[object, int | None] = WeakKeyDictionary()
    welcome = {os.getuid() if hasattr(os, "getuid") else None, 0}

    def known_uid(request: web.Request) -> int | None:
        connection = request.transport
        if connection is None:
            return None
        if connection not in uids:
            uids[connection] = uid_of(request)
        return uids[connection]

    def admit(request: web.Request) -> web.Response | None:
        if any(name in request.headers for name in BROWSER_HEADERS):
            return refusal(403, "Requests from a web browser are not accepted here.")
        host = request.headers.get("Host", "")
        if host and not is_loopback_host(host):
            return refusal(403, "Only requests to this machine's loopback address are accepted here.")
        in_path = path_token(request)
        token = in_path or _bearer(request)
        principal = principal_of_token(token) if token else None
        uid = known_uid(request)
        if uid not in welcome if uid is not None else principal is None:
            return refusal(403, "Requests from another user of this machine are not accepted here.")
        if token and principal is None:
            return refusal(UNAUTHORIZED, "Request had invalid authentication credentials.")
        request["principal"] = principal or owner
        request["token_path"] = f"{PREFIX}{in_path}" if in_path else ""
        return None

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        return admit(request) or await handler(request)

    return guard
