"""Opening the gateway: light to import, quick to end, and in tune with the box's settings."""

from __future__ import annotations

import asyncio
import functools
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from google.auth.exceptions import DefaultCredentialsError

from tests.support import wait_for
from tui.cloud.channels import proxy_options, root_certificates
from tui.cloud.credentials import LOCAL, Found, Search, Wallet, search_for
from tui.cloud.session import open_gateway
from tui.cloud.threads import Threads
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.target import LocalEndpoint, Target, Transport

HOST = "europe-west4-aiplatform.googleapis.com"


def test_importing_the_session_loads_nothing_of_google() -> None:
    code = (
        "import sys, tui.cloud.session; "
        "loaded = {name for name in sys.modules if name.split('.')[0] in ('google', 'grpc', 'proto')}; "
        # Namespace packages, which a .pth file of Google's makes in every process.
        "print(sorted(loaded - {'google', 'google.cloud'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_grpc_takes_the_proxy_of_the_environment(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "http://proxy.example:3128")
    assert proxy_options(HOST) == [("grpc.http_proxy", "http://proxy.example:3128")]


@pytest.mark.parametrize("name", ["NO_PROXY", "no_proxy"])
def test_grpc_takes_its_exceptions_too(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv(name, ".googleapis.com")
    assert proxy_options(HOST) == [("grpc.enable_http_proxy", 0)]


def test_a_proxy_for_plain_http_is_not_for_google(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example:3128")
    assert proxy_options(HOST) == [("grpc.enable_http_proxy", 0)]


def test_certificates_come_from_the_first_bundle_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)
    assert root_certificates() is None
    (tmp_path / "a.pem").write_bytes(b"a")
    (tmp_path / "b.pem").write_bytes(b"b")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "a.pem"))
    assert root_certificates() == b"a"
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path))
    assert root_certificates() == b"a\nb"
    monkeypatch.setenv("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "/somewhere")
    assert root_certificates() is None


@pytest.mark.parametrize("transport", list(Transport))
async def test_an_endpoint_that_nobody_serves(tmp_path: Path, transport: Transport) -> None:
    endpoint = LocalEndpoint(f"unix:{tmp_path}/none.sock", "http://127.0.0.1:9")
    gateway = await open_gateway(Target("kelp-train", "europe-west4", transport, endpoint))
    try:
        with pytest.raises(CloudError) as caught:
            await gateway.jobs.list_jobs()
        assert caught.value.kind is ErrorKind.UNREACHABLE
        assert caught.value.retryable
        assert "vertex-tui local up" in caught.value.hint
        with pytest.raises(CloudError) as caught:
            await gateway.jobs.create_job({"displayName": "x"})
        assert caught.value.kind is ErrorKind.UNREACHABLE
        assert not caught.value.ambiguous  # it never left
        with pytest.raises(CloudError) as caught:
            await gateway.storage.list_buckets()
        assert caught.value.kind is ErrorKind.UNREACHABLE
        with pytest.raises(CloudError) as caught:
            await anext(aiter(gateway.logs.tail("x")))
        assert caught.value.kind in {ErrorKind.UNREACHABLE, ErrorKind.PRECONDITION}
    finally:
        await gateway.close()


async def test_no_project_or_region_is_said_before_any_call(tmp_path: Path) -> None:
    endpoint = LocalEndpoint(f"unix:{tmp_path}/none.sock", "http://127.0.0.1:9")
    gateway = await open_gateway(Target("", "", local=endpoint))
    try:
        for call in (gateway.jobs.list_jobs(), gateway.setup.get_policy(), gateway.logs.list_entries("x")):
            with pytest.raises(CloudError, match="No project is set"):
                await call
    finally:
        await gateway.close()


async def test_a_spec_that_is_no_custom_job_is_refused_here(tmp_path: Path) -> None:
    endpoint = LocalEndpoint(f"unix:{tmp_path}/none.sock", "http://127.0.0.1:9")
    gateway = await open_gateway(Target("kelp-train", "europe-west4", local=endpoint))
    try:
        with pytest.raises(CloudError) as caught:
            await gateway.jobs.create_job({"displayName": "x", "jobSpec": {"workerPoolspecs": []}})
        assert caught.value.kind is ErrorKind.INVALID
        assert "workerPoolspecs" in caught.value.message
    finally:
        await gateway.close()


async def test_threads_run_and_raise_and_end() -> None:
    threads = Threads("test", 2)

    def fail() -> None:
        raise KeyError("x")

    assert await asyncio.gather(*(threads.run(functools.partial(int, n)) for n in range(20))) == list(
        range(20)
    )
    with pytest.raises(KeyError):
        await threads.run(fail)
    assert len([one for one in threading.enumerate() if one.name.startswith("test-")]) <= 2
    threads.close()
    await wait_for(lambda: not [one for one in threading.enumerate() if one.name.startswith("test-")])
    with pytest.raises(ConnectionAbortedError):
        await threads.run(fail)


async def test_a_call_that_hangs_does_not_hold_up_the_next() -> None:
    threads = Threads("test", 2)
    release = threading.Event()
    hanging = asyncio.create_task(threads.run(release.wait))
    await asyncio.sleep(0)
    hanging.cancel()
    assert await threads.run(lambda: 2) == 2
    release.set()
    threads.close()


async def test_a_fruitless_search_for_a_login_is_not_repeated_at_once(tmp_path: Path) -> None:
    searches: list[int] = []

    def find() -> Found:
        searches.append(1)
        if len(searches) == 1:
            raise DefaultCredentialsError("none")
        return LOCAL

    wallet = Wallet(Search(find, search_for(Target("kelp-train", "europe-west4")).clue))
    for _ in range(2):
        with pytest.raises(DefaultCredentialsError):
            await wallet.get()
    assert searches == [1]
    file = tmp_path / "application_default_credentials.json"
    file.write_text("{}")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CLOUDSDK_CONFIG", str(tmp_path))
        assert await wallet.get() is LOCAL  # somebody has logged in
    assert len(searches) == 2


async def test_a_cancelled_caller_takes_back_what_has_not_begun() -> None:
    threads = Threads("test", 1)
    release = threading.Event()
    done: list[int] = []
    first = asyncio.create_task(threads.run(release.wait))
    second = asyncio.create_task(threads.run(lambda: done.append(2)))
    await asyncio.sleep(0)
    second.cancel()
    release.set()
    assert await first
    await threads.run(lambda: done.append(3))
    assert done == [3]
    threads.close()
