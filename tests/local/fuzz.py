"""Malformed and hostile requests, made from a seed, and what every answer to them has to be.

The tests run a few hundred of them, `benchmarks.campaign` thousands.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from io import BytesIO
from typing import Any, cast
from urllib.parse import quote, urlsplit

import grpc
from google.protobuf.json_format import Error, MessageToDict

from tests.local.clients import Server
from tests.local.fuzz_messages import BODIES, REQUESTS, fill
from tests.local.fuzz_words import FIELDS, HEADERS, METHODS, ODD_BODIES, PATHS, QUERIES, TEXTS, VALUES, VERBS
from tests.support import PATIENCE

_MOMENT = 0.2
"""Seconds that the server has to answer before a client that has not sent all gives up."""


@dataclass(frozen=True)
class Request:
    """Bytes for one connection, after which the client waits, or ends its side if they are incomplete."""

    seed: int
    data: bytes
    complete: bool
    """Whether the body is framed as the headers say: an answer is owed."""


@dataclass
class Case:
    """What came of one request."""

    seed: int
    about: str
    answer: str = ""
    problems: list[str] = field(default_factory=list)


# --- making requests


def http_request(seed: int) -> Request:
    """A request over HTTP, of which some parts are bent."""
    dice = random.Random(seed)  # noqa: S311 (chance, not secrecy)
    verb, path = dice.choice(PATHS)
    if dice.random() < 0.2:
        verb = dice.choice(VERBS)
    target = _target(dice, path)
    body = _body(dice, path) if verb not in {"GET", "HEAD"} or dice.random() < 0.1 else b""
    headers = [dice.choice(HEADERS) for _ in range(dice.choice((0, 0, 1, 1, 2, 4)))]
    framed, complete = _framed(dice, body)
    clean = complete and not any(name.startswith(("Tran", "Content-Le", "Expect", "Upg")) for name in headers)
    lines = [f"{verb} {target} HTTP/1.1", *([] if _has(headers, "Host") else ["Host: 127.0.0.1"]), *headers]
    head = "\r\n".join(lines).encode("latin-1", "replace")
    data = head + b"\r\n" + framed
    if dice.random() < 0.05:
        data = _bent_bytes(dice, data)
        clean = False
    return Request(seed, data, clean)


def _has(headers: Sequence[str], name: str) -> bool:
    return any(header.startswith(f"{name}:") for header in headers)


def _target(dice: random.Random, path: str) -> str:
    path, _, query = path.partition("?")
    for _ in range(dice.choice((0, 0, 1, 2))):
        parts = path.split("/")
        parts[dice.randrange(1, len(parts))] = quote(_text(dice), safe=dice.choice(("", "/%:", "/")))
        path = "/".join(parts)
    if dice.random() < 0.1:
        path += dice.choice(
            ("/..%2f..%2fetc%2fpasswd", "/../../etc", "%", "%zz", "%00", ":", "//", "/" + "x" * 5000)
        )
    parameters = [query] if query else []
    parameters += [dice.choice(QUERIES) for _ in range(dice.choice((0, 0, 1, 2)))]
    return path + ("?" + "&".join(parameters) if parameters else "")


def _text(dice: random.Random) -> str:
    return dice.choice(TEXTS)


def _body(dice: random.Random, path: str) -> bytes:
    kind = dice.random()
    known = [BODIES[ending] for ending in BODIES if path.endswith(ending)]
    if known and dice.random() < 0.5:
        body = _dumped(dice, _bent_value(dice, _json_of(fill(dice, known[0]()))))
        return _bent_bytes(dice, body) if dice.random() < 0.1 else body
    if kind < 0.6:
        body = _dumped(dice, _value(dice, 0))
        return _bent_bytes(dice, body) if dice.random() < 0.25 else body
    if kind < 0.7:
        return dice.choice(ODD_BODIES)
    if kind < 0.8:
        return gzip.compress(json.dumps(_value(dice, 0)).encode())[: dice.choice((None, 5, 15))]
    if kind < 0.9:
        return _multipart(dice)
    return dice.randbytes(dice.choice((0, 1, 7, 100, 5000)))


def _json_of(message: Any) -> dict[str, Any]:
    """A message's JSON form, without the fields that have none."""
    content: dict[str, Any] = {}
    for each, _ in message.ListFields():
        alone = type(message)()
        alone.MergeFromString(message.SerializeToString())
        for other, _ in message.ListFields():
            if other is not each:
                alone.ClearField(other.name)
        with suppress(ValueError, TypeError, Error):
            content |= MessageToDict(alone)
    return content


def _dumped(dice: random.Random, value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=dice.random() < 0.5).encode("utf-8", "surrogatepass")


def _bent_value(dice: random.Random, value: Any) -> Any:
    """A JSON value of which now and then a part is another one."""
    if dice.random() < 0.02:
        return _value(dice, 4)
    if isinstance(value, dict):
        return {key: _bent_value(dice, each) for key, each in value.items()}
    if isinstance(value, list):
        return [_bent_value(dice, each) for each in value]
    return value


def _value(dice: random.Random, depth: int) -> Any:
    kind = dice.random()
    if depth < 6 and (depth == 0 or kind < 0.35):
        return {
            dice.choice(FIELDS) if dice.random() < 0.93 else _text(dice): _value(dice, depth + 1)
            for _ in range(dice.randrange(4))
        }
    if depth < 6 and kind < 0.5:
        return [_value(dice, depth + 1) for _ in range(dice.randrange(4))]
    return dice.choice((*VALUES, _text(dice)))


def _multipart(dice: random.Random) -> bytes:
    end = dice.choice((b"\r\n", b"\n"))
    part = json.dumps(_value(dice, 0)).encode()
    parts = [b"--b", b"Content-Type: application/json", b"", part, b"--b", b"Content-Type: x/y", b"", b"data"]
    if dice.random() < 0.5:
        call = dice.choice(
            (b"GET /storage/v1/b/fuzz HTTP/1.1", b"DELETE x", b"", b"\xff\xff\xff", b"GET / / / /")
        )
        parts = [b"--b", b"Content-Type: application/http", b"Content-ID: <a+1>", b"", call, b"", part]
    closing = dice.choice(([b"--b--"], [b"--b"], []))
    return end.join([*parts, *closing]) + dice.choice((end, b""))


def _bent_bytes(dice: random.Random, data: bytes) -> bytes:
    """Bytes of which a few are cut out, doubled or changed."""
    bent = bytearray(data)
    for _ in range(dice.randrange(1, 4)):
        at = dice.randrange(len(bent) + 1)
        change = dice.random()
        if change < 0.3:
            del bent[at : at + dice.randrange(1, 20)]
        elif change < 0.6:
            bent[at:at] = bent[at : at + dice.randrange(1, 20)]
        else:
            bent[at : at + 1] = dice.randbytes(dice.randrange(1, 4))
    return bytes(bent)


def _framed(dice: random.Random, body: bytes) -> tuple[bytes, bool]:
    """The rest of the head, and the body; whether both fit together."""
    choice = dice.random()
    if choice < 0.75:
        length = f"Content-Length: {len(body)}\r\n" if body or dice.random() < 0.5 else ""
        return f"{length}Connection: close\r\n\r\n".encode() + body, True
    if choice < 0.85:
        size = dice.randrange(1, 50)
        chunks = [body[at : at + size * 100] for at in range(0, len(body), size * 100)]
        chunked = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
        return b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunked + b"0\r\n\r\n", True
    if choice < 0.9:
        garbage = dice.choice((b"zz\r\n", b"5\r\nab\r\n0\r\n\r\n", b"fffffffffffffffff\r\n", b"-1\r\n"))
        return b"Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + garbage, False
    if choice < 0.95:
        return b"Connection: close\r\nContent-Length: %d\r\n\r\n" % (len(body) + 7) + body, False
    again = b"GET /v1/projects HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    return b"Content-Length: %d\r\n\r\n" % len(body) + body + again * 2, True


# --- sending, and judging the answer


def http_case(server: Server, seed: int) -> Case:
    """Send one request over HTTP and judge what comes back."""
    request = http_request(seed)
    line = request.data.partition(b"\r\n")[0][:120].decode("latin-1")
    case = Case(seed, f"HTTP {line!r}")
    try:
        answer = exchange(server.record.http_url, request.data, end=not request.complete)
    except TimeoutError:
        case.problems.append("no answer")
        return case
    except ConnectionError:  # the server closed before it had read all: what it said is lost with that
        case.answer = "closed"
        return case
    if not answer:
        case.answer = "closed"
        if request.complete:
            case.problems.append("closed without an answer")
        return case
    try:
        status, content_type, body = parsed(answer, request.data.partition(b" ")[0])
    except HTTPException as error:
        case.problems.append(f"the answer is no HTTP: {error!r}")
        return case
    case.answer = str(status)
    case.problems += judged(status, content_type, body)
    return case


def exchange(url: str, data: bytes, *, end: bool = False) -> bytes:
    """Send bytes, end our side after a moment if that is wanted, and read until the server ends its own.

    Raises:
        TimeoutError: the server kept silent.
        ConnectionError: it broke the connection.
    """
    place = urlsplit(url)
    with socket.create_connection((place.hostname or "", place.port or 0), timeout=PATIENCE) as connection:
        connection.sendall(data)
        if end:
            connection.settimeout(_MOMENT)
            with suppress(TimeoutError):
                return _read(connection)
            connection.settimeout(PATIENCE)
            connection.shutdown(socket.SHUT_WR)
        return _read(connection)


def _read(connection: socket.socket) -> bytes:
    answer = bytearray()
    while chunk := connection.recv(1 << 16):
        answer += chunk
    return bytes(answer)


class _Answer(BytesIO):
    def makefile(self, *_: object) -> BytesIO:
        return self


def parsed(answer: bytes, verb: bytes) -> tuple[int, str, bytes]:
    """Status, content type and body of the first answer.

    Raises:
        HTTPException: it is none.
    """
    response = HTTPResponse(cast("socket.socket", _Answer(answer)), method=verb.decode("latin-1").upper())
    response.begin()
    return response.status, response.headers.get_content_type(), response.read()


def shows_code(text: bytes) -> bool:
    """Whether an answer lets one see how the server is made."""
    return bool(re.search(rb"Traceback \(most|File \"|\.py\b|tui\.local|<class|object at 0x", text))


def judged(status: int, content_type: str, body: bytes) -> list[str]:
    """What is wrong with an answer."""
    problems = []
    if shows_code(body):
        problems.append("shows our own code")
    if status >= 500 and status != 501:
        problems.append(f"status {status}: {body[:300]!r}")
    if status < 400 or not body:
        return problems
    if content_type == "application/json":
        problems += judged_error(status, body)
    elif content_type not in {"application/xml", "text/plain", "application/x-protobuf"}:
        problems.append(f"an error as {content_type}")
    return problems


def judged_error(status: int, body: bytes) -> list[str]:
    """What is wrong with an error's JSON."""
    try:
        error = json.loads(body)["error"]
    except (ValueError, KeyError, TypeError) as wrong:
        return [f"an error of another shape: {wrong!r}"]
    problems = []
    if error.get("code") != status:
        problems.append(f"code {error.get('code')} with status {status}")
    if not isinstance(error.get("message"), str) or not error["message"]:
        problems.append("no message")
    if "errors" not in error and not isinstance(error.get("status"), str):
        problems.append("neither status nor errors")
    types = [str(detail.get("@type")) for detail in error.get("details", [])]
    return problems + [
        f"a detail of type {each}" for each in types if not each.startswith("type.googleapis.com/google.")
    ]


def grpc_case(server: Server, seed: int) -> Case:
    """Send one garbled message over gRPC and judge the error."""
    dice = random.Random(seed)  # noqa: S311 (chance, not secrecy)
    method = dice.choice(METHODS)
    data = grpc_message(dice)
    if dice.random() < 0.7:
        method = dice.choice(list(REQUESTS))
        message = fill(dice, REQUESTS[method]())
        data = message.SerializeToString()
        data = _bent_bytes(dice, data) if dice.random() < 0.1 else data
    case = Case(seed, f"gRPC {method} {data[:40]!r}")
    compression = dice.choice((None, grpc.Compression.Gzip, grpc.Compression.Deflate))
    metadata = [
        pair
        for pair in (("authorization", "Bearer x"), ("x-goog-request-params", "%%%"), ("any-bin", b"\xff"))
        if dice.random() < 0.1
    ]
    call: Callable[..., bytes] = server.channel.unary_unary(method, None, None)
    try:
        call(data, timeout=PATIENCE, metadata=metadata, compression=compression)
        case.answer = "OK"
    except grpc.RpcError as error:
        case.answer = error.code().name
        details = str(error.details())
        known = details == "Error parsing request proto."
        if error.code() in {grpc.StatusCode.UNKNOWN, grpc.StatusCode.DEADLINE_EXCEEDED}:
            case.problems.append(f"{error.code().name}: {details}")
        if error.code() is grpc.StatusCode.INTERNAL and not known:
            case.problems.append(f"INTERNAL: {details}")
        if shows_code(details.encode()):
            case.problems.append("shows our own code")
    return case


def grpc_message(dice: random.Random) -> bytes:
    """Bytes that are like a message, and seldom are one: fields with wrong types, lengths and texts."""
    if dice.random() < 0.2:
        return dice.randbytes(dice.choice((0, 1, 20, 3000)))
    message = bytearray()
    for _ in range(dice.randrange(1, 5)):
        number = dice.choice((1, 2, 3, 4, 5, 10, 1000))
        text = _text(dice).encode("utf-8", "replace") if dice.random() < 0.7 else dice.randbytes(9)
        if dice.random() < 0.3:
            text = bytes([number % 16 << 3 | 2, len(text) % 128]) + text
        message += _varint(number << 3 | dice.choice((2, 2, 2, 0, 1, 5))) + _varint(len(text)) + text
    return bytes(message if dice.random() < 0.7 else _bent_bytes(dice, bytes(message)))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    return bytes([*out, number])


def prepare(server: Server) -> None:
    """Give a fresh server what the requests are about: enabled APIs and a bucket with an object."""
    server.enable("aiplatform", "logging", "iam")
    for path, body in (
        ("/storage/v1/b?project=local-project", b'{"name": "fuzz"}'),
        ("/upload/storage/v1/b/fuzz/o?uploadType=media&name=name", b"data"),
    ):
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\nConnection: close"
        answer = exchange(server.record.http_url, head.encode() + b"\r\n\r\n" + body)
        assert b" 200 " in answer[:20], answer


def case(server: Server, seed: int) -> Case:
    """One case: every fourth over gRPC."""
    return grpc_case(server, seed) if seed % 4 == 0 else http_case(server, seed)


def is_alive(server: Server) -> bool:
    """Whether the server still answers over both protocols."""
    answer = exchange(
        server.record.http_url, b"GET /v1/projects HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    )
    server.projects.get_project(name="projects/local-project", timeout=PATIENCE)
    return b" 200 " in answer[:20]
