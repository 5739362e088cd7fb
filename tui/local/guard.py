"""Who may talk to the HTTP server: this user and root, no browser, under a token's name if one is given."""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Awaitable, Callable
from weakref import WeakKeyDictionary

from aiohttp import web
from aiohttp.abc import AbstractMatchInfo, AbstractRouter
from aiohttp.typedefs import Middleware
from aiohttp.web_urldispatcher import DynamicResource, UrlMappingMatchInfo
from yarl import URL

from tui.local.names import is_google_host
from tui.local.peer import peer_uid
from tui.local.wire.refusals import refusal

PREFIX = "/_as/"
"""Paths `/_as/TOKEN/…` stand for `/…` with that token: clients that send no credentials carry it so."""

BROWSER_HEADERS = ("Origin", "Sec-Fetch-Site")
"""Headers that only browsers send."""

NO_BROWSERS = "Requests from a web browser are not accepted here."

PRINCIPAL = web.RequestKey("principal", str)
"""Who asks: an IAM member."""
TOKEN_PATH = web.RequestKey("token_path", str)
"""The prefix `/_as/TOKEN` of the request's path, or empty."""

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

UNAUTHORIZED = 401


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


def welcome(uid: int | None, principal: str | None) -> bool:
    """Whether a user may come in: this one and root; where the system does not tell, who has a good token."""
    if uid is None:
        return principal is not None
    return uid in {0, os.getuid()}


def plain_path(request: web.BaseRequest) -> str:
    """The path without a token in it, for logs and messages."""
    path = request.rel_url.raw_path
    token = path_token(request)
    return path if token is None else path[len(PREFIX) + len(token) :]


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
    uid_of: Callable[[web.Request], int | None] = lambda request: peer_uid(request.transport),
    by_google_name: Callable[[web.Request], bool] = lambda _: False,
) -> Middleware:
    """A middleware that lets in what may come in, and says in `request[PRINCIPAL]` as whom.

    Refused with 403: another user of this machine, an unknown user without a valid token, a browser, a
    foreign `Host`. Refused with 401: a token that `principal_of_token` does not know. Without a token the
    caller is `owner`. `request[TOKEN_PATH]` is the path's prefix `/_as/TOKEN`, or empty.

    A request for which `by_google_name` holds came in through the front door, which has looked at its user;
    only such a request may, and must, name one of Google's hosts.
    """
    known_uid = _remembered(uid_of)

    def admit(request: web.Request) -> web.Response | None:
        through_door = by_google_name(request)
        wrong = _wrong_sender(request, is_google_host if through_door else is_loopback_host)
        if wrong:
            return _forbidden(wrong)
        in_path = path_token(request)
        token = in_path or _bearer(request)
        principal = principal_of_token(token) if token else None
        if not through_door and not welcome(known_uid(request), principal):
            return _forbidden("Requests from another user of this machine are not accepted here.")
        if token and principal is None:
            text = "Request had invalid authentication credentials."
            return refusal(UNAUTHORIZED, text, reason="authError")
        request[PRINCIPAL] = principal or owner
        request[TOKEN_PATH] = f"{PREFIX}{in_path}" if in_path else ""
        return None

    @web.middleware
    async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
        return admit(request) or await handler(request)

    return guard


def _remembered(uid_of: Callable[[web.Request], int | None]) -> Callable[[web.Request], int | None]:
    """`uid_of`, asked once for each connection."""
    uids: WeakKeyDictionary[object, int | None] = WeakKeyDictionary()

    def known_uid(request: web.Request) -> int | None:
        connection = request.transport
        if connection is None:
            return None
        if connection not in uids:
            uids[connection] = uid_of(request)
        return uids[connection]

    return known_uid


def _wrong_sender(request: web.Request, is_our_host: Callable[[str], bool]) -> str:
    """Why its headers forbid a request, or nothing."""
    if any(name in request.headers for name in BROWSER_HEADERS):
        return NO_BROWSERS
    host = request.headers.get("Host", "")
    if host and not is_our_host(host):
        return "Only requests to this machine's loopback address are accepted here."
    return ""


def _forbidden(message: str) -> web.Response:
    return refusal(403, message, reason="forbidden")
