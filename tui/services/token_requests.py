"""Questions to a service that gets a token with them: no other host ever does."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    import requests

_MOST_BYTES = 1_000_000
_MOST_REDIRECTS = 5
_OK, _REDIRECT, _TOO_MANY = 200, 300, 429

Result = TypeVar("Result")


class NotToldError(Exception):
    """The service did not answer the question; the text says why and holds nothing of the request."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a service is asked: its own, or the one that the environment names."""

    base: str
    """Without a final slash, user name or password."""
    variable: str
    """The variable that it comes from; empty for the service's own."""

    @property
    def host(self) -> str:
        """With the port, as in the address."""
        return urlsplit(self.base).netloc

    @property
    def open(self) -> bool:
        """Whether what is sent can be read on the way."""
        parts = urlsplit(self.base)
        return parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Answer:
    """What is needed of a reply."""

    status: int
    code: str = ""
    """Hugging Face's own word for what went wrong, e.g. `GatedRepo`."""
    message: str = ""
    body: Any = None
    elsewhere: bool = False
    """Whether it sends to another host, which was not asked."""


def expect(answer: Answer, address: Address) -> None:
    """Only an answer that was meant as one tells anything."""
    if answer.status == _TOO_MANY:
        raise NotToldError(f"{address.host} asks to wait")
    if not _OK <= answer.status < _REDIRECT:
        raise NotToldError(f"{address.host} answered with status {answer.status}")


class _Secret:
    """Puts the token into a request; with it requests does not look into ~/.netrc for another."""

    def __init__(self, value: str, *, as_password: bool) -> None:
        coded = base64.b64encode(f"api:{value}".encode()).decode()
        self._header = f"Basic {coded}" if as_password else f"Bearer {value}"

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = self._header
        return request


class Caller:
    """Asks one service with one token, by requests' own rules for proxies and certificates."""

    def __init__(self, address: Address, value: str, *, as_password: bool, end: float) -> None:
        self.address = address
        self._auth = _Secret(value, as_password=as_password)
        self._end = end

    def ask(self, method: str, url: str, body: object = None) -> Answer:
        """One question; a redirect is followed only within the host, so that no other gets the token.

        Raises:
            NotToldError: there is no answer.
        """
        import requests  # noqa: PLC0415 (slow, and rarely asked for)  # it costs the app's start a tenth of a second

        for _ in range(_MOST_REDIRECTS):
            try:
                answer, further = self._send(method, url, body)
                target = urljoin(url, further)
                foreign = _origin(target) != _origin(url)
            except requests.RequestException as error:
                raise NotToldError(_unreachable(self.address, error)) from None
            except ValueError:  # of urljoin: no address at all
                raise NotToldError(f"{self.address.host} gave an answer of another kind") from None
            if not further:
                return answer
            if foreign and method == "HEAD":
                return replace(answer, elsewhere=True)
            if foreign:
                raise NotToldError(f"{self.address.host} sends elsewhere, where your token is not sent")
            url = target
        raise NotToldError(f"{self.address.host} sends in circles")

    def _send(self, method: str, url: str, body: object) -> tuple[Answer, str]:
        import requests  # noqa: PLC0415 (slow, and rarely asked for)

        left = max(0.1, self._end - time.monotonic())
        with (
            requests.Session() as session,
            session.request(
                method,
                url,
                json=body,
                auth=self._auth,
                timeout=left,
                allow_redirects=False,
                stream=True,
            ) as reply,
        ):
            answer = Answer(
                reply.status_code,
                reply.headers.get("X-Error-Code", ""),
                reply.headers.get("X-Error-Message", ""),
                self._body(reply) if _wanted(method, url, reply) else None,
            )
            return answer, reply.headers.get("Location", "") if reply.is_redirect else ""

    def _body(self, reply: requests.Response) -> Any:  # noqa: ANN401  # JSON
        taken = b""
        for part in reply.iter_content(65_536):
            taken += part
            if len(taken) > _MOST_BYTES or time.monotonic() > self._end:
                raise NotToldError(f"{self.address.host} gave an answer of another kind")
        try:
            return json.loads(taken)
        except (ValueError, RecursionError):
            raise NotToldError(f"{self.address.host} gave an answer of another kind") from None


def _wanted(method: str, url: str, reply: requests.Response) -> bool:
    """Only the answers about the account are read; a model's is long, and its status says enough."""
    return reply.status_code == _OK and (method == "POST" or url.endswith("/api/whoami-v2"))


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def _unreachable(address: Address, error: requests.RequestException) -> str:
    """Why, in our own words: an exception's text could quote the request."""
    import requests  # noqa: PLC0415 (slow, and rarely asked for)

    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy does not let {address.host} through"
    if isinstance(error, requests.exceptions.SSLError):
        return f"the certificate of {address.host} is not trusted here"
    if isinstance(error, requests.Timeout):
        return f"{address.host} did not answer in time"
    return f"{address.host} cannot be reached"


async def in_thread(function: Callable[[], Result]) -> Result:
    """Run in a daemon thread, which never delays the end of the program as a thread of a pool would."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[Result] = loop.create_future()

    def settle(result: Result | None, error: BaseException | None) -> None:
        if future.done():
            return
        if error is not None:
            future.set_exception(error)
        else:
            future.set_result(result)  # type: ignore[arg-type]

    def work() -> None:
        try:
            outcome: tuple[Result | None, BaseException | None] = (function(), None)
        except BaseException as error:  # noqa: BLE001  # carried over to the caller, whatever it is
            outcome = (None, error)
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits any more
            loop.call_soon_threadsafe(settle, *outcome)

    threading.Thread(target=work, name="token-check", daemon=True).start()
    return await future
