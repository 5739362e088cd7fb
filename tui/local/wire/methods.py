"""The method table's rows: what an API method is, whatever protocol it is called over."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from tui.local.wire.gtypes import Message

Handler = Callable[[Message, "Call"], Awaitable[Message]]
StreamHandler = Callable[[AsyncIterator[Message], "Call"], AsyncGenerator[Message, None]]


@dataclass(frozen=True, slots=True)
class Call:
    """Who calls, and how."""

    principal: str
    """IAM member, `user:…` or `serviceAccount:…`."""
    transport: str
    """`grpc` or `rest`."""


@dataclass(frozen=True, slots=True)
class Route:
    """One HTTP form of a method, in the notation of `google.api.http`."""

    verb: str
    template: str
    """For instance `/v1/{parent=projects/*/locations/*}/customJobs`."""
    body: str = ""
    """Empty, `*`, or the request field that the body fills."""


@dataclass(frozen=True, slots=True)
class Need:
    """What has to hold before a handler runs."""

    service: str
    """API that must be enabled, e.g. `aiplatform.googleapis.com`."""
    permission: str
    """IAM permission the caller must hold; empty when the method asks for none."""
    resource: Callable[[Message], str]
    """The resource's path (`projects/P/…`) in a request."""


@dataclass(frozen=True, slots=True)
class Method:
    """One unary method."""

    service: str
    """Full proto name, e.g. `google.cloud.aiplatform.v1.JobService`; empty for methods without gRPC form."""
    name: str
    request: Message
    response: Message
    handler: Handler
    routes: tuple[Route, ...] = ()
    need: Need | None = None

    @property
    def path(self) -> str:
        """The gRPC path, `/SERVICE/NAME`."""
        return f"/{self.service}/{self.name}"


@dataclass(frozen=True, slots=True)
class StreamMethod:
    """One bidirectional stream; it has no HTTP form."""

    service: str
    name: str
    request: Message
    response: Message
    handler: StreamHandler

    @property
    def path(self) -> str:
        """The gRPC path, `/SERVICE/NAME`."""
        return f"/{self.service}/{self.name}"


@dataclass(slots=True)
class MethodTable:
    """Every method of the server."""

    unary: list[Method] = field(default_factory=list)
    streams: list[StreamMethod] = field(default_factory=list)
