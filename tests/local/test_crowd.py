"""Many clients at once: nobody hangs, all get Google's answers, and every connection is given back."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import grpc
import pytest
import requests
from google.api_core.exceptions import Aborted, FailedPrecondition, ResourceExhausted
from google.cloud.aiplatform_v1 import JobServiceClient, JobState
from google.cloud.aiplatform_v1.services.job_service.transports.grpc import JobServiceGrpcTransport
from google.cloud.logging_v2.types import TailLogEntriesRequest
from google.iam.v1.iam_policy_pb2 import GetIamPolicyRequest, SetIamPolicyRequest

from tests.local.clients import PARENT, Server, script_job, storage_client, until, winners
from tests.local.conftest import fresh_server
from tests.support import PATIENCE

CROWD = 200


@pytest.fixture(scope="module")
def small_limit() -> Iterator[Server]:
    """A server whose starter may open no more than 256 files, as shells on macOS say."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        with fresh_server() as server:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            server.enable("aiplatform", "logging")
            yield server
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def open_files(server: Server) -> int:
    """Files and connections that the server's process has open."""
    return len(os.listdir(f"/proc/{server.record.pid}/fd"))  # noqa: PTH208


@contextlib.contextmanager
def given_back(server: Server) -> Iterator[None]:
    """Whatever is opened inside is closed again afterwards, in the server too."""
    before = open_files(server)
    yield
    until(lambda: open_files(server) <= before + 8, "that the server closes its ends")


def connect(server: Server) -> socket.socket:
    """A plain connection to the HTTP port."""
    address = urlsplit(server.record.http_url)
    return socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=PATIENCE)


needs_proc = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts open files in /proc")


@needs_proc
def test_two_hundred_http_connections_at_once(small_limit: Server) -> None:
    url = f"{small_limit.record.http_url}/v1/{PARENT}/customJobs"
    gate = threading.Barrier(CROWD, timeout=PATIENCE)

    def ask(_number: int) -> list[int]:
        with requests.Session() as session:
            session.trust_env = False
            found = [session.get(url, timeout=PATIENCE).status_code]
            gate.wait()  # here all of them are open
            return [*found, session.get(url, timeout=PATIENCE).status_code]

    with given_back(small_limit), ThreadPoolExecutor(CROWD) as pool:
        assert set(sum(pool.map(ask, range(CROWD)), [])) == {200}  # noqa: RUF017


@needs_proc
def test_half_requests_and_silent_connections_stop_nobody(small_limit: Server) -> None:
    head = b"POST /v2/entries:write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{"
    halves = (
        b"",
        b"GET /v1/pro",
        b"GET / HTTP/1.1\r\nHost: loc",
        head,
        b"\x16\x03\x01",
        b"PRI * HTTP/2.0\r\n\r\n",
    )
    with given_back(small_limit), contextlib.ExitStack() as stack:
        for number in range(CROWD):
            connection = stack.enter_context(connect(small_limit))
            connection.sendall(halves[number % len(halves)])
        assert not list(small_limit.jobs.list_custom_jobs(parent=PARENT))
        assert not list(small_limit.rest_jobs.list_custom_jobs(parent=PARENT))


@needs_proc
def test_two_hundred_grpc_channels_and_calls_at_once(small_limit: Server) -> None:
    gate = threading.Barrier(CROWD, timeout=PATIENCE)

    def ask(number: int) -> str:
        options = [("grpc.enable_http_proxy", 0), ("grpc.use_local_subchannel_pool", 1)]
        with grpc.insecure_channel(small_limit.record.grpc_address, options=options) as channel:
            client = JobServiceClient(transport=JobServiceGrpcTransport(channel=channel))
            client.list_custom_jobs(parent=PARENT, timeout=PATIENCE)
            gate.wait()
            return type(client.list_custom_jobs(parent=PARENT, timeout=PATIENCE)).__name__ + str(number)

    with given_back(small_limit), ThreadPoolExecutor(CROWD) as pool:
        assert len(set(pool.map(ask, range(CROWD)))) == CROWD


def test_two_hundred_tail_streams_get_in_or_are_told_why(small_limit: Server) -> None:
    request = TailLogEntriesRequest(resource_names=["projects/local-project"])
    ends = threading.Event()
    refused: Counter[str] = Counter()

    def tail(_number: int) -> None:
        def requests_() -> Iterator[TailLogEntriesRequest]:
            yield request
            ends.wait(PATIENCE)

        try:
            for _ in small_limit.logs.tail_log_entries(requests=requests_(), timeout=2 * PATIENCE):
                pass
        except ResourceExhausted as error:
            refused[error.message] += 1

    with ThreadPoolExecutor(CROWD) as pool:
        done = [pool.submit(tail, number) for number in range(CROWD)]
        try:
            until(lambda: sum(one.done() for one in done) >= CROWD - 10, "the refusals")
        finally:
            ends.set()
        for one in done:
            one.result(PATIENCE)
    assert sum(refused.values()) == CROWD - 10
    assert len(refused) == 1
    assert list(small_limit.logs.list_logs(parent="projects/local-project")) == []


def test_of_many_creators_of_an_object_one_wins(small_limit: Server) -> None:
    client = storage_client(small_limit)
    bucket = client.create_bucket("crowded", location="europe-west4")
    (winner,) = winners(bucket, 20, 60)
    assert bucket.blob("one").download_as_bytes() == str(winner).encode()
    client.close()


def test_policy_changes_with_etags_lose_nothing(small_limit: Server) -> None:
    resource_name = "projects/local-project"

    def add(number: int) -> int:
        attempts = 0
        while True:
            attempts += 1
            policy = small_limit.projects.get_iam_policy(request=GetIamPolicyRequest(resource=resource_name))
            policy.bindings.add(role="roles/viewer", members=[f"user:crowd{number}@lagoon.example"])
            request = SetIamPolicyRequest(resource=resource_name, policy=policy)
            with contextlib.suppress(Aborted):
                small_limit.projects.set_iam_policy(request=request)
                return attempts

    with ThreadPoolExecutor(10) as pool:
        attempts = sum(pool.map(add, range(30)))
    policy = small_limit.projects.get_iam_policy(request=GetIamPolicyRequest(resource=resource_name))
    members = Counter(member for binding in policy.bindings for member in binding.members)
    assert [members[f"user:crowd{number}@lagoon.example"] for number in range(30)] == [1] * 30
    assert attempts >= 30


def test_many_may_cancel_one_job(small_limit: Server) -> None:
    name = small_limit.jobs.create_custom_job(parent=PARENT, custom_job=script_job("sleep 600")).name
    small_limit.reached(name, JobState.JOB_STATE_RUNNING)

    def cancel(_number: int) -> str:
        try:
            small_limit.jobs.cancel_custom_job(name=name)
        except FailedPrecondition:
            return "too late"
        return "asked"

    with ThreadPoolExecutor(20) as pool:
        told = set(pool.map(cancel, range(60)))
    assert "asked" in told
    assert told <= {"asked", "too late"}
    assert small_limit.ended(name).state == JobState.JOB_STATE_CANCELLED


def test_many_may_delete_one_job(small_limit: Server) -> None:
    name = small_limit.run(script_job("true")).name
    outcomes: Counter[str] = Counter()

    def delete(_number: int) -> None:
        try:
            small_limit.jobs.delete_custom_job(name=name).result(timeout=PATIENCE)
            outcomes["done"] += 1
        except Exception as error:  # noqa: BLE001 (counted by type)
            outcomes[type(error).__name__] += 1

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(delete, range(40)))
    assert outcomes["done"] >= 1
    assert set(outcomes) <= {"done", "NotFound"}
