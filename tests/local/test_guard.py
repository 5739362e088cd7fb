"""Who gets past the guard of the HTTP server."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

import pytest
import requests
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.aiplatform_v1 import JobServiceClient
from hypothesis import given
from hypothesis import strategies as st

from tests.local.clients import PARENT, Server
from tests.local.storage_server import JOB, OWNER, StorageServer, serving
from tui.local import launcher
from tui.local.guard import is_loopback_host, plain_path, welcome
from tui.local.names import is_google_host
from tui.local.peer import read_socket_table

NOBODY = 65534

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   0: {local} {remote} {state} 00000000:00000000 00:00000000 00000000 {uid:>5} 0 {inode} 1 0 20\n"

CLIENT = (ip_address("127.0.0.1"), 0xC350)
SERVER = (ip_address("127.0.0.1"), 0x1F90)


def table(
    local: str = "0100007F:C350", remote: str = "0100007F:1F90", uid: int = 1001, inode: int = 77
) -> str:
    other = ROW.format(local="0100007F:1F90", remote="0100007F:C350", state="01", uid=0, inode=5)
    return HEAD + other + ROW.format(local=local, remote=remote, state="01", uid=uid, inode=inode)


def test_the_uid_is_that_of_the_clients_end() -> None:
    assert read_socket_table(table(), CLIENT, SERVER) == 1001


def test_addresses_of_both_families_are_compared() -> None:
    mapped = "0000000000000000FFFF00000100007F"
    assert read_socket_table(table(f"{mapped}:C350", f"{mapped}:1F90"), CLIENT, SERVER) == 1001
    six = "00000000000000000000000001000000"
    pair = ((ip_address("::1"), 0xC350), (ip_address("::1"), 0x1F90))
    assert read_socket_table(table(f"{six}:C350", f"{six}:1F90"), *pair) == 1001


def test_a_socket_that_its_process_has_closed_tells_nothing() -> None:
    assert read_socket_table(table(uid=0, inode=0), CLIENT, SERVER) is None


def test_another_connection_tells_nothing() -> None:
    assert read_socket_table(table("0100007F:C351"), CLIENT, SERVER) is None
    assert read_socket_table(HEAD, CLIENT, SERVER) is None


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:80", "localhost:9", "LOCALHOST", "[::1]:80", "127.9.9.9"]
)
def test_loopback_hosts(host: str) -> None:
    assert is_loopback_host(host)


@pytest.mark.parametrize(
    "host", ["example.com", "localhost.example.com:80", "10.0.0.1", "127.0.0.1.nip.io", ":", "["]
)
def test_foreign_hosts(host: str) -> None:
    assert not is_loopback_host(host)


@given(st.text(max_size=20))
def test_any_host_is_judged(host: str) -> None:
    is_loopback_host(host)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StorageServer]:
    with serving(tmp_path_factory.mktemp("guard")) as server:
        yield server


def ask(server: StorageServer, headers: dict[str, str] | None = None, prefix: str = "") -> requests.Response:
    url = f"{server.url}{prefix}/storage/v1/b?project=local-project"
    return requests.get(url, headers=headers, timeout=20)


def test_this_user_is_the_owner(server: StorageServer) -> None:
    assert ask(server).json() == {"kind": "storage#buckets"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://127.0.0.1"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "none"},
        {"Host": "evil.example"},
    ],
)
def test_browsers_are_refused(server: StorageServer, headers: dict[str, str]) -> None:
    for prefix in ("", "/_as/owner-token"):
        answer = ask(server, headers, prefix)
        error = answer.json()["error"]
        assert (answer.status_code, error["status"]) == (403, "PERMISSION_DENIED")


def test_a_token_says_who_asks(server: StorageServer) -> None:
    account = JOB.partition(":")[2]
    for answer in (
        ask(server, {"Authorization": "Bearer job-token"}),
        ask(server, prefix="/_as/job-token"),
    ):
        assert answer.json()["error"]["message"].startswith(f"{account} does not have storage.buckets.list")
    assert ask(server, {"Authorization": "Bearer owner-token"}).ok
    assert ask(server, prefix="/_as/owner-token").ok


def test_an_unknown_token_is_refused(server: StorageServer) -> None:
    for answer in (ask(server, {"Authorization": "Bearer x"}), ask(server, prefix="/_as/x")):
        assert (answer.status_code, answer.json()["error"]["status"]) == (401, "UNAUTHENTICATED")


@pytest.mark.parametrize(
    "prefix", ["/_as", "/_as//", "/_as/x/_as/owner-token", "/_as/owner-token/_as/owner-token"]
)
def test_odd_token_paths_lead_nowhere(server: StorageServer, prefix: str) -> None:
    assert ask(server, prefix=prefix).status_code in {401, 404}


def test_another_users_token_does_not_help(server: StorageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "uid_of", lambda _: os.getuid() + 1)
    assert ask(server).status_code == 403
    assert ask(server, {"Authorization": "Bearer owner-token"}).status_code == 403


def test_where_the_user_is_unknown_a_token_decides(
    server: StorageServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "uid_of", lambda _: None)
    assert ask(server).status_code == 403
    assert ask(server, {"Authorization": "Bearer x"}).status_code == 403
    assert ask(server, {"Authorization": "Bearer owner-token"}).ok


def test_a_connection_is_looked_up_once(server: StorageServer, monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[web.Request] = []

    def uid_of(request: web.Request) -> int:
        looked.append(request)
        return os.getuid()

    monkeypatch.setattr(server, "uid_of", uid_of)
    with requests.Session() as session:
        for _ in range(3):
            assert session.get(f"{server.url}/storage/v1/b?project=local-project", timeout=20).ok
    assert len(looked) == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
@pytest.mark.skipif(not shutil.which("bash"), reason="needs bash as a client that every user may run")
@pytest.mark.parametrize(("user", "status"), [(NOBODY, b"403"), (0, b"200")])
def test_a_real_other_user_is_refused(server: StorageServer, user: int, status: bytes) -> None:
    port = urlsplit(server.url).port
    path = "/storage/v1/b?project=local-project"
    request = f"GET {path} HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n"
    script = f"exec 3<>/dev/tcp/127.0.0.1/{port}; printf '{request}' >&3; cat <&3"
    answer = subprocess.run(
        ["bash", "-c", script],
        user=user,
        extra_groups=[],
        cwd="/",
        capture_output=True,
        check=True,
        timeout=20,
    )
    assert answer.stdout.startswith(b"HTTP/1.1 " + status)


@pytest.mark.parametrize(
    "host", ["storage.googleapis.com", "googleapis.com", "A.B.GoogleAPIs.com.", "x.googleapis.com:443"]
)
def test_googles_hosts(host: str) -> None:
    assert is_google_host(host)


@pytest.mark.parametrize(
    "host", ["", "google.com", "evilgoogleapis.com", "googleapis.com.evil.example", "googleapis.co"]
)
def test_hosts_that_only_look_like_googles(host: str) -> None:
    assert not is_google_host(host)


def test_googles_names_are_no_way_past_the_front_door(server: StorageServer) -> None:
    assert ask(server, {"Host": "storage.googleapis.com"}).status_code == 403


def test_who_is_welcome() -> None:
    assert welcome(os.getuid(), None)
    assert welcome(0, None)
    assert welcome(None, OWNER)
    assert not welcome(None, None)
    assert not welcome(os.getuid() + 1, OWNER)


def test_every_service_is_there_below_a_token_path(shared_server: Server) -> None:
    endpoint = f"{shared_server.record.http_url}/_as/{launcher.owner_token(shared_server.record)}"
    options = {"api_endpoint": endpoint}
    nobody = AnonymousCredentials()
    with JobServiceClient(transport="rest", client_options=options, credentials=nobody) as jobs:
        assert jobs.list_custom_jobs(parent=PARENT) is not None
    client = storage.Client(project="local-project", credentials=nobody, client_options=options)
    assert list(client.list_buckets(max_results=1)) is not None
    stranger = requests.get(f"{endpoint}x/v1/{PARENT}/customJobs", timeout=20)
    assert stranger.status_code == 401


def test_logs_and_messages_show_no_token() -> None:
    with_token = make_mocked_request("GET", "/_as/secret/storage/v1/b")
    without = make_mocked_request("GET", "/storage/v1/b")

    assert plain_path(with_token) == plain_path(without) == "/storage/v1/b"
