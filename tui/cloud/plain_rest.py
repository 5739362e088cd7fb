"""Google's REST methods that no Python client has, under the rules that hold for all calls."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import requests
from google.api_core import exceptions as api
from google.auth.transport.requests import AuthorizedSession

from tui.cloud.connection import Connection
from tui.cloud.credentials import Found
from tui.cloud.errors import KNOWN
from tui.cloud.generated import ignore_proxies
from tui.cloud.read_only import require_changes_allowed
from tui.cloud.repeats import repeated

READ_TIMEOUT = 20.0
"""Seconds to connect, and between two bytes of an answer to a read."""

WRITE_TIMEOUT = 30.0
"""The same for a change."""

_Send = Callable[[AuthorizedSession, str], requests.Response]


class PlainRest:
    """JSON calls to one of Google's hosts, or to the local server in its place.

    They travel over HTTP whatever the session's transport, since they have no other form.
    """

    def __init__(self, connection: Connection, host: str) -> None:
        """Describe the service; nothing is connected yet.

        Args:
            connection: what the gateway's services share.
            host: one of Google's host names, such as `serviceusage.googleapis.com`.
        """
        self._connection = connection
        self._host = host
        self._session: tuple[int, AuthorizedSession] | None = None
        self._lock = threading.Lock()

    async def get(
        self, path: str, params: Mapping[str, str] | Sequence[tuple[str, str]] = ()
    ) -> dict[str, Any]:
        """The answer to a GET of `path` (`v1/…`); quick repeats where they help.

        `path` is sent as it is, so the caller quotes what a part of it must not contain.

        Raises:
            CloudError: the last failure.
        """
        query = list(params.items()) if isinstance(params, Mapping) else list(params)
        return await repeated(
            lambda: self._call(
                lambda session, base: session.get(_url(base, path), params=query, timeout=READ_TIMEOUT)
            )
        )

    async def post(self, path: str, body: Mapping[str, Any] | None, *, sent: bool = True) -> dict[str, Any]:
        """The answer to a POST of `path` (`v1/…`).

        Args:
            path: sent as it is, as with `get`.
            body: the request in the API's JSON form; None for methods that take none.
            sent: whether it changes something: then it is sent once, and not at all in a session that only
                reads. Otherwise it is repeated like a read.

        Raises:
            CloudError: it failed; `ambiguous` if it may have taken effect all the same.
        """
        if not sent:
            return await repeated(lambda: self._call(_sending("POST", path, body, READ_TIMEOUT)))
        require_changes_allowed(self._connection.target)
        return await self._call(_sending("POST", path, body, WRITE_TIMEOUT), sent=True)

    async def put(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a PUT of `path`, which changes something: sent once, as with `post`.

        Raises:
            CloudError: it failed; `ambiguous` if it may have taken effect all the same.
        """
        require_changes_allowed(self._connection.target)
        return await self._call(_sending("PUT", path, body, WRITE_TIMEOUT), sent=True)

    async def delete(self, path: str) -> dict[str, Any]:
        """The answer to a DELETE of `path`: sent once, as with `post`.

        Raises:
            CloudError: it failed; `ambiguous` if it may have taken effect all the same.
        """
        require_changes_allowed(self._connection.target)
        return await self._call(_sending("DELETE", path, None, WRITE_TIMEOUT), sent=True)

    def close(self) -> None:
        """Close idle connections."""
        if self._session is not None:
            self._session[1].close()

    async def _call(self, send: _Send, *, sent: bool = False) -> dict[str, Any]:
        try:
            found = await self._connection.found()
        except KNOWN as error:
            raise await self._connection.explain(error) from error
        base = self._connection.url(self._host)
        return await self._connection.guarded(
            lambda: _answer(send(self._ready(found, base), base)), self._connection.rest_threads, sent=sent
        )

    def _ready(self, found: Found, base: str) -> AuthorizedSession:
        """The session, made in a thread and made anew after a new login."""
        generation = self._connection.generation
        with self._lock:
            if self._session is None or self._session[0] != generation:
                session = AuthorizedSession(found.credentials)
                ignore_proxies(session, base)
                self._session = (generation, session)
            return self._session[1]


def _sending(verb: str, path: str, body: Mapping[str, Any] | None, seconds: float) -> _Send:
    content = None if body is None else dict(body)
    return lambda session, base: session.request(verb, _url(base, path), json=content, timeout=seconds)


def _url(base: str, path: str) -> str:
    return f"{base}/{path.removeprefix('/')}"


def _answer(response: requests.Response) -> dict[str, Any]:
    """The JSON object of an answer.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: it is a refusal.
        ValueError: it is no JSON.
        TypeError: it is JSON, but no object.
    """
    if not response.ok:
        raise api.from_http_response(response)
    content = response.json() if response.content else {}
    if not isinstance(content, dict):
        raise TypeError(f"the answer is a {type(content).__name__} instead of an object")
    return content
