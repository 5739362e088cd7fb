"""REST/JSON: the method table behind one catch-all route of the HTTP server."""

from __future__ import annotations

from urllib.parse import parse_qsl

from aiohttp import web

from tui.local.faults.calls import CallFaults, names_of
from tui.local.faults.replies import deliver
from tui.local.guard import PRINCIPAL, TOKEN_PATH
from tui.local.wire.dispatch import Dispatcher
from tui.local.wire.errors import ApiError, Code, invalid
from tui.local.wire.methods import Call, MethodTable
from tui.local.wire.reply_form import ReplyForm, reply_form
from tui.local.wire.routes import Match, Router
from tui.local.wire.transcode import read_request

MAX_BODY = 10 * 1024 * 1024
"""Bytes of a JSON request body; Google's front end draws the line there as well."""
MAX_PARAMETERS = 10_000
"""Parameters of a query."""
OVERRIDE = "X-HTTP-Method-Override"
"""Header of a POST that stands for another method, for instance where a URL would be too long."""
_FORM_TYPE = "application/x-www-form-urlencoded"

Query = list[tuple[str, str]]


class RestFront:
    """Answers every HTTP request that no other route takes."""

    def __init__(self, table: MethodTable, dispatcher: Dispatcher, faults: CallFaults) -> None:
        self._router = Router(table)
        self._dispatcher = dispatcher
        self._faults = faults

    def add_to(self, app: web.Application) -> None:
        """Add the catch-all route; after all others, since the first match wins."""
        app.router.add_route("*", "/{path:.*}", self.handle)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer one request; errors too have Google's shape."""
        form = ReplyForm()
        try:
            raw_path, _, raw_query = _target(request).partition("?")
            query = _parsed(raw_query)
            form = reply_form(query)
            verb = request.method.upper()
            if verb == "POST":
                verb = _utf8(request.headers.get(OVERRIDE, verb)).upper()
            match = self._found(verb, raw_path)
            rule = await self._faults.before(*names_of(match.method))
        except ApiError as error:
            return _refusal(error, form)

        async def answer(request: web.Request) -> web.StreamResponse:
            try:
                return _reply(await self._answer(request, match, query, form), form)
            except ApiError as error:
                return _refusal(error, form)

        return await deliver(request, rule, answer)

    def _found(self, verb: str, raw_path: str) -> Match:
        match = self._router.find(verb, raw_path)
        if match is None:
            raise ApiError(Code.NOT_FOUND, f"Method not found: {verb} {raw_path}")
        return match

    async def _answer(self, request: web.Request, match: Match, query: Query, form: ReplyForm) -> bytes:
        body = await read_body(request)
        if request.method == "POST" and match.route.verb == "GET" and request.content_type == _FORM_TYPE:
            query = query + _parsed(body.decode("utf-8", "replace"))
        message = read_request(match, query, body, request.content_type)
        call = Call(principal=request[PRINCIPAL], transport="rest")
        return form.reply(await self._dispatcher.call(match.method, message, call))


def _target(request: web.Request) -> str:
    """Path and query as they came, without the token's prefix; the form with scheme and host counts too."""
    target = request.raw_path
    if not target.startswith("/"):
        target = request.rel_url.raw_path_qs
    return _utf8(target.removeprefix(request[TOKEN_PATH]))


def _utf8(text: str) -> str:
    """What came in, without the bytes that are no UTF-8."""
    return text.encode("utf-8", "replace").decode()


def _parsed(text: str) -> Query:
    try:
        return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_PARAMETERS)
    except ValueError as error:
        raise invalid("Request contains too many query parameters.") from error


async def read_body(request: web.Request) -> bytes:
    """The whole body of a request.

    Raises:
        ApiError: INVALID_ARGUMENT for one that is too large or not sent as HTTP wants it.
    """
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > MAX_BODY:
                raise invalid(f"Request payload size exceeds the limit: {MAX_BODY} bytes.")
    except web.RequestPayloadError as error:
        raise invalid("The request's body could not be read as its headers describe it.") from error
    return bytes(body)


def _reply(body: bytes, form: ReplyForm) -> web.Response:
    return web.Response(body=body, headers={"Content-Type": form.content_type})


def _refusal(error: ApiError, form: ReplyForm) -> web.Response:
    headers = {"Content-Type": form.content_type, **error.headers}
    return web.Response(body=form.error(error), status=error.http, headers=headers)
