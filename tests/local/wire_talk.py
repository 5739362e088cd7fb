"""Requests as they are written on the wire, and what has to hold for a refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.local import fuzz
from tests.local.clients import PARENT, Server
from tests.local.conftest import fresh_server

JOBS = f"/v1/{PARENT}/customJobs"


def prepared_server() -> Iterator[Server]:
    """A server that has what the requests ask for; each file makes it its own `server`."""
    with fresh_server() as server:
        fuzz.prepare(server)
        yield server


def unharmed(server: Server) -> Iterator[None]:
    """Nothing that a client sends makes the server log a failure of its own, or end."""
    yield
    assert fuzz.is_alive(server)
    assert "Traceback" not in (server.data_dir / "server.log").read_text()


def say(server: Server, verb: str, target: str, body: bytes = b"", *headers: str) -> tuple[int, str, bytes]:
    """One request, given as it is sent; status, content type and body."""
    lines = [f"{verb} {target} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *headers]
    if body or verb in {"POST", "PUT", "PATCH"}:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([*lines, "", ""]).encode("latin-1")
    answer = fuzz.exchange(server.record.http_url, head + body)
    return fuzz.parsed(answer, verb.encode())


def error_of(server: Server, verb: str, target: str, body: bytes = b"", *headers: str) -> dict[str, Any]:
    """The error in the answer, which has Google's shape."""
    status, content_type, answer = say(server, verb, target, body, *headers)
    assert fuzz.judged(status, content_type, answer) == []
    error: dict[str, Any] = json.loads(answer)["error"]
    return error
