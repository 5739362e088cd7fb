"""The proxy that answers for Google's names: whom it serves, as whom, and where the rest goes."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.local.clients import Server, until
from tests.local.doors import MIB, Opened, echoed, elsewhere, get, open_door
from tests.support import PATIENCE
from tui.local.front_door import authority, upstream
from tui.local.front_door.door import Refused, Request
from tui.local.jobs.runner import process_mark

NOBODY = 65534


@pytest.fixture
async def door(short_folder: Path) -> AsyncIterator[Opened]:
    async with open_door(short_folder) as opened:
        yield opened


async def test_the_services_are_behind_googles_names(door: Opened) -> None:
    host = "europe-west4-aiplatform.googleapis.com"
    streams = await door.through(host)
    for body in (b"", b"x" * (8 * MIB)):
        status, text = await get(streams, "/v1/x", host, body)
        assert status == 200
        assert json.loads(text) == {"url": f"https://{host}/v1/x", "bytes": len(body)}


@pytest.mark.parametrize(
    ("offered", "chosen"), [(["h2"], "h2"), (["h2", "http/1.1"], "http/1.1"), (["http/1.1"], "http/1.1")]
)
async def test_only_what_speaks_h2_alone_gets_to_grpc(door: Opened, offered: list[str], chosen: str) -> None:
    door.trusted.set_alpn_protocols(offered)
    streams = await door.through("logging.googleapis.com")
    assert streams[1].get_extra_info("ssl_object").selected_alpn_protocol() == chosen
    if chosen == "h2":
        assert await echoed(streams, os.urandom(4 * MIB))
    else:
        assert (await get(streams, "/", "logging.googleapis.com"))[0] == 200


@pytest.mark.parametrize(
    "host",
    [
        "storage.googleapis.com",
        "my-bucket.storage.googleapis.com",
        "www.googleapis.com",
        "storage.europe-west4.rep.googleapis.com",
        "logging.mtls.googleapis.com",
    ],
)
async def test_the_certificate_is_good_for_every_shape_of_name(door: Opened, host: str) -> None:
    assert (await get(await door.through(host), "/", host))[0] == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1", "localhost", "googleapis.com.evil.example"])
async def test_other_hosts_are_not_served_under_googles_certificate(door: Opened, host: str) -> None:
    status, text = await get(await door.through(), "/", host)
    assert (status, json.loads(text)["error"]["status"]) == (403, "PERMISSION_DENIED")


async def test_a_browser_is_refused_inside_as_well(door: Opened) -> None:
    host = "storage.googleapis.com"
    status, _ = await get(await door.through(), "/", host, header="Origin: https://evil.example\r\n")
    assert status == 403


@pytest.mark.parametrize("verb", ["GET", "POST", "OPTIONS", "BREW"])
@pytest.mark.parametrize("target", ["/", "http://storage.googleapis.com/", "storage.googleapis.com:443"])
async def test_only_connect_is_served(door: Opened, verb: str, target: str) -> None:
    first, _ = await door.ask(target, verb=verb)
    assert first == "HTTP/1.1 405 Method Not Allowed"


@pytest.mark.parametrize("target", ["", "storage.googleapis.com", "h:0", "h:65536", "h:x", ":443"])
async def test_odd_targets_are_refused(door: Opened, target: str) -> None:
    first, _ = await door.ask(target)
    assert first == "HTTP/1.1 400 Bad Request"


async def test_googles_names_are_served_on_one_port(door: Opened) -> None:
    first, _ = await door.ask("storage.googleapis.com:22")
    assert first == "HTTP/1.1 403 Forbidden"


async def test_an_endless_head_is_cut_off(door: Opened) -> None:
    reader, writer = await door.connect()
    writer.write(b"CONNECT " + b"x" * MIB)
    with contextlib.suppress(ConnectionResetError):
        assert await asyncio.wait_for(reader.read(), PATIENCE) == b""


@given(st.binary(max_size=200))
def test_any_head_is_judged(head: bytes) -> None:
    with contextlib.suppress(Refused):
        request = Request.parse(head)
        assert head.startswith(b"CONNECT ")
        assert 0 < request.port < 65536


async def test_another_user_is_refused(door: Opened) -> None:
    door.uid = os.getuid() + 1
    password = base64.b64encode(b"x:owner-token").decode()
    for header in ("", f"Proxy-Authorization: Basic {password}\r\n"):
        for target in ("storage.googleapis.com:443", "127.0.0.1:9"):
            first, _ = await door.ask(target, header)
            assert first == "HTTP/1.1 403 Forbidden"


@pytest.mark.parametrize("header", ["Origin: null", "Sec-Fetch-Site: none", "ORIGIN: http://127.0.0.1"])
async def test_a_browser_is_refused(door: Opened, header: str) -> None:
    first, _ = await door.ask("storage.googleapis.com:443", f"{header}\r\n")
    assert first == "HTTP/1.1 403 Forbidden"


@pytest.mark.parametrize(
    ("authorization", "status"),
    [
        ("", 407),
        ("Basic eDp3cm9uZw==", 407),
        ("Basic %%%", 407),
        ("Bearer owner-token", 407),
        (f"Basic {base64.b64encode(b'x:owner-token').decode()}", 200),
    ],
)
async def test_where_the_user_is_unknown_a_token_decides(
    door: Opened, authorization: str, status: int
) -> None:
    door.uid = None
    header = f"Proxy-Authorization: {authorization}\r\n" if authorization else ""
    first, (reader, writer) = await door.ask("storage.googleapis.com:443", header)
    assert first.split()[1] == str(status)
    if status == 200:
        await writer.start_tls(door.trusted, server_hostname="storage.googleapis.com")
        assert (await get((reader, writer), "/", "storage.googleapis.com"))[0] == 200


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash as a client that every user may run")
async def test_a_real_other_user_is_refused(local_door: int) -> None:
    script = (
        f"exec 3<>/dev/tcp/127.0.0.1/{local_door};"
        r" printf 'CONNECT storage.googleapis.com:443 HTTP/1.1\r\n\r\n' >&3; head -1 <&3"
    )
    for user, status in ((NOBODY, b"403"), (0, b"200")):
        done = subprocess.run(  # noqa: ASYNC221  # the server is another process
            ["bash", "-c", script], user=user, extra_groups=[], cwd="/", capture_output=True, check=True,
            timeout=PATIENCE,
        )  # fmt: skip
        assert done.stdout.startswith(b"HTTP/1.1 " + status)


@pytest.fixture
def local_door(shared_server: Server) -> int:
    """The port of a real server's door."""
    return urlsplit(shared_server.record.proxy_url).port or 0


# --- elsewhere


async def test_other_hosts_are_passed_through(door: Opened) -> None:
    async with elsewhere() as target:
        first, streams = await door.ask(target)
        assert first.endswith("200 Connection established")
        assert await echoed(streams, os.urandom(8 * MIB))
        streams[1].write_eof()
        assert await asyncio.wait_for(streams[0].read(), PATIENCE) == b""


async def test_an_answer_comes_after_the_request_has_ended(door: Opened) -> None:
    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(str(len(await reader.read())).encode())
        writer.close()

    async with elsewhere(count) as target:
        _, (reader, writer) = await door.ask(target)
        writer.write(b"x" * MIB)
        writer.write_eof()
        assert await asyncio.wait_for(reader.read(), PATIENCE) == str(MIB).encode()


async def test_what_cannot_be_reached_is_a_bad_gateway(door: Opened) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    first, (reader, _) = await door.ask(f"127.0.0.1:{port}")
    assert first == "HTTP/1.1 502 Bad Gateway"
    assert f"No connection to 127.0.0.1:{port}" in (await reader.read()).decode()


async def test_the_user_s_own_proxy_is_used(door: Opened, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    async with elsewhere() as target, open_door(tmp_path / "p") as proxy:
        for uid, login in ((os.getuid(), ""), (None, "x:owner-token@")):
            proxy.uid = uid
            for scheme in ("http://", ""):
                door.proxy = f"{scheme}{login}127.0.0.1:{proxy.port}"
                first, streams = await door.ask(target)
                assert first.endswith("200 Connection established")
                assert await echoed(streams, b"through two")


async def test_a_proxy_that_refuses_is_named_without_its_password(door: Opened, tmp_path: Path) -> None:
    (tmp_path / "p").mkdir()
    async with open_door(tmp_path / "p") as proxy:
        proxy.uid = None
        door.proxy = f"http://ana:secret@127.0.0.1:{proxy.port}"
        first, (reader, _) = await door.ask("pypi.org:443")
        text = (await reader.read()).decode()
    assert first == "HTTP/1.1 502 Bad Gateway"
    assert f"127.0.0.1:{proxy.port}" in text
    assert "407" in text
    assert "secret" not in text


async def test_an_unknown_kind_of_proxy_is_said(door: Opened) -> None:
    door.proxy = "socks5://127.0.0.1:9"
    first, (reader, _) = await door.ask("pypi.org:443")
    assert first == "HTTP/1.1 502 Bad Gateway"
    assert "of a kind that the local server cannot use" in (await reader.read()).decode()


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:port", "http://[", "http://"])
async def test_a_proxy_that_makes_no_sense_is_said(door: Opened, proxy: str) -> None:
    door.proxy = proxy
    first, _ = await door.ask("pypi.org:443")
    assert first == "HTTP/1.1 502 Bad Gateway"


async def test_a_name_that_is_none_is_a_bad_gateway(door: Opened) -> None:
    first, _ = await door.ask(f"{'x' * 300}.example:443")
    assert first == "HTTP/1.1 502 Bad Gateway"


async def test_damaged_certificates_are_said(door: Opened, short_folder: Path) -> None:
    (short_folder / "front-door/authority.pem").write_text("nonsense")
    first, (reader, _) = await door.ask("storage.googleapis.com:443")
    assert first == "HTTP/1.1 500 Internal Server Error"
    assert "damaged" in (await reader.read()).decode()


def test_open_connections_do_not_hold_up_the_server_s_end(local_server: Server) -> None:
    port = urlsplit(local_server.record.proxy_url).port or 0
    silent = socket.create_connection(("127.0.0.1", port))
    tunnel = socket.create_connection(("127.0.0.1", port))
    tunnel.sendall(f"CONNECT {urlsplit(local_server.record.http_url).netloc} HTTP/1.1\r\n\r\n".encode())
    assert b"200" in tunnel.recv(100)
    served = socket.create_connection(("127.0.0.1", port))
    served.sendall(b"CONNECT logging.googleapis.com:443 HTTP/1.1\r\n\r\n")
    assert b"200" in served.recv(100)
    trusted = ssl.create_default_context(cafile=authority.papers(local_server.data_dir).authority)
    trusted.set_alpn_protocols(["h2"])
    secure = trusted.wrap_socket(served, server_hostname="logging.googleapis.com")
    os.kill(local_server.record.pid, signal.SIGTERM)
    until(lambda: process_mark(local_server.record.pid) is None, "the end of the server")
    for connection in (silent, tunnel, secure):
        connection.close()
    assert "Traceback" not in (local_server.data_dir / "server.log").read_text()


async def test_googles_names_never_leave_the_machine(door: Opened) -> None:
    door.proxy = "http://127.0.0.1:9"
    assert (await get(await door.through(), "/", "storage.googleapis.com"))[0] == 200


def test_the_proxy_is_remembered(tmp_path: Path) -> None:
    assert upstream.remembered(tmp_path) == ""
    authority.papers(tmp_path)
    upstream.remember(tmp_path, "http://proxy.example:3128")
    assert upstream.remembered(tmp_path) == "http://proxy.example:3128"
