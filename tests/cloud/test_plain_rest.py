"""REST calls without a client of Google's: what is sent, what is repeated, what a failure becomes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.cloud.fake_google import TOKEN, fake_google
from tui.cloud.connection import Connection
from tui.cloud.plain_rest import PlainRest
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.target import LocalEndpoint, Target, Transport

HOST = "serviceusage.googleapis.com"
DISABLED = {
    "error": {
        "code": 403,
        "status": "PERMISSION_DENIED",
        "message": "Service Usage API has not been used in project 42 before or it is disabled.",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "SERVICE_DISABLED",
                "domain": "googleapis.com",
                "metadata": {"service": HOST, "serviceTitle": "Service Usage API"},
            }
        ],
    }
}
UNAVAILABLE = {"error": {"code": 503, "status": "UNAVAILABLE", "message": "not now"}}


class Scripted:
    """A server that gives its answers in turn, the last one again and again."""

    def __init__(self) -> None:
        self.answers: list[tuple[int, bytes] | None] = [(200, b"{}")]
        self.seen: list[tuple[str, str, bytes]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""

    def say(self, *answers: tuple[int, Any] | None) -> None:
        """Give these answers from now on; None ends the connection without one."""
        self.answers = [answer and (answer[0], json.dumps(answer[1]).encode()) for answer in answers]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append((request.method, request.raw_path, await request.read()))
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is None:
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return web.Response(status=answer[0], body=answer[1], content_type="application/json")


@pytest.fixture
async def server() -> AsyncIterator[Scripted]:
    scripted = Scripted()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", scripted.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    scripted.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield scripted
    await runner.cleanup()


@pytest.fixture
async def make(server: Scripted) -> AsyncIterator[Callable[..., PlainRest]]:
    made: list[tuple[Connection, PlainRest]] = []

    def one(url: str = "", *, read_only: bool = False) -> PlainRest:
        local = LocalEndpoint("unix:/nowhere/grpc.sock", url or server.url)
        target = Target("kelp-train", "europe-west4", Transport.GRPC, local, read_only=read_only)
        connection = Connection(target)
        rest = PlainRest(connection, HOST)
        made.append((connection, rest))
        return rest

    yield one
    for connection, rest in made:
        rest.close()
        await connection.close()


async def failure(call: Any) -> CloudError:
    with pytest.raises(CloudError) as caught:
        await call
    return caught.value


async def test_what_is_sent(
    make: Callable[..., PlainRest], server: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")  # never on the way to this box
    rest = make()
    server.say((200, {"a": 1}))
    assert await rest.get("v1beta1/x%2Fy:z", {"pageSize": "3"}) == {"a": 1}
    assert await rest.get("/v1/x", [("names", "a"), ("names", "b")]) == {"a": 1}
    assert await rest.post("v1/x:do", {"b": ["c"]}) == {"a": 1}
    assert [(verb, path) for verb, path, _ in server.seen] == [
        ("GET", "/v1beta1/x%2Fy:z?pageSize=3"),
        ("GET", "/v1/x?names=a&names=b"),
        ("POST", "/v1/x:do"),
    ]
    assert json.loads(server.seen[-1][2]) == {"b": ["c"]}
    assert all("authorization" not in headers for headers in server.headers)


async def test_reads_are_repeated_and_changes_are_not(
    make: Callable[..., PlainRest], server: Scripted
) -> None:
    rest = make()
    server.say((503, UNAVAILABLE), None, (200, {"ok": True}))
    assert await rest.get("v1/x") == {"ok": True}
    assert len(server.seen) == 3
    server.seen.clear()
    server.say((503, UNAVAILABLE), (200, {"ok": True}))
    assert await rest.post("v1/x:ask", {}, sent=False) == {"ok": True}
    assert len(server.seen) == 2
    server.seen.clear()
    for answer in ((503, UNAVAILABLE), None):
        server.say(answer)
        error = await failure(rest.post("v1/x:do", {}))
        assert error.ambiguous
        assert error.retryable
    assert len(server.seen) == 2
    server.say((503, UNAVAILABLE))
    assert not (await failure(rest.get("v1/x"))).ambiguous


async def test_a_refusal_comes_with_its_details(make: Callable[..., PlainRest], server: Scripted) -> None:
    server.say((403, DISABLED))
    error = await failure(make().get("v1/x"))
    assert (error.kind, error.reason) == (ErrorKind.API_DISABLED, "SERVICE_DISABLED")
    assert error.metadata["service"] == HOST
    assert error.message.startswith("Service Usage API has not been used")
    assert len(server.seen) == 1


@pytest.mark.parametrize("body", [b"<html>sign in</html>", b"[1]", b'{"a":', b"\xff"])
async def test_answers_that_are_none(make: Callable[..., PlainRest], server: Scripted, body: bytes) -> None:
    server.answers = [(200, body)]
    assert (await failure(make().get("v1/x"))).kind is ErrorKind.INTERNAL
    error = await failure(make().post("v1/x", {}))
    assert (error.kind, error.ambiguous) == (ErrorKind.INTERNAL, True)


@pytest.mark.parametrize("body", [b"<html>no</html>", b'{"error": "Forbidden"}', b"", b"[]"])
async def test_refusals_that_are_not_googles(
    make: Callable[..., PlainRest], server: Scripted, body: bytes
) -> None:
    server.answers = [(403, body)]
    assert (await failure(make().get("v1/x"))).kind in {ErrorKind.DENIED, ErrorKind.INTERNAL}


async def test_an_empty_answer_is_an_empty_object(make: Callable[..., PlainRest], server: Scripted) -> None:
    server.answers = [(200, b"")]
    assert await make().post("v1/x", {}) == {}


async def test_nobody_there_and_closed(make: Callable[..., PlainRest]) -> None:
    rest = make("http://127.0.0.1:9")
    error = await failure(rest.post("v1/x", {}))
    assert (error.kind, error.ambiguous) == (ErrorKind.UNREACHABLE, False)
    assert "vertex-tui local up" in error.hint


async def test_a_session_that_only_reads(make: Callable[..., PlainRest], server: Scripted) -> None:
    rest = make(read_only=True)
    error = await failure(rest.post("v1/x:do", {}))
    assert error.title == "Read-only: nothing was changed"
    assert (error.kind, error.ambiguous) == (ErrorKind.PRECONDITION, False)
    assert server.seen == []
    await rest.get("v1/x")
    await rest.post("v1/x:ask", {}, sent=False)
    assert len(server.seen) == 2


async def test_the_way_to_google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with fake_google(tmp_path, grpc_passes=False) as google:
        for name, value in {**google.environment, "REQUESTS_CA_BUNDLE": str(tmp_path / "ca.pem")}.items():
            monkeypatch.setenv(name, value)
        connection = Connection(Target("kelp-train", "europe-west4", quota_project="kelp-billing"))
        rest = PlainRest(connection, "storage.googleapis.com")
        assert "prefixes" in await rest.get("storage/v1/b/kelp-runs/o")
        rest.close()
        await connection.close()
    assert "storage.googleapis.com:443" in google.hosts
    ((_, headers),) = google.calls
    assert headers["authorization"] == f"Bearer {TOKEN}"
    assert headers["x-goog-user-project"] == "kelp-billing"
