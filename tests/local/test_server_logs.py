"""Log entries over Google's own clients: write, list, tail."""

from __future__ import annotations

import asyncio
import threading
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import grpc.aio
import pytest
from google.api_core import exceptions
from google.cloud.aiplatform_v1 import JobState
from google.cloud.logging_v2.services.logging_service_v2 import (
    LoggingServiceV2AsyncClient,
)
from google.cloud.logging_v2.services.logging_service_v2.transports import (
    LoggingServiceV2GrpcAsyncIOTransport,
)
from google.cloud.logging_v2.types import LogEntry, TailLogEntriesRequest

from tests.local.clients import PARENT, Server, finish, job_id, logging_client, script_job, text, until

PROJECT = "projects/local-project"


def write(server: Server, *texts: str, **fields: Any) -> str:
    """Write entries into a log of their own; the log's name."""
    log_name = f"{PROJECT}/logs/test-{uuid.uuid4().hex}"
    entries = [LogEntry({"text_payload": text, **fields}) for text in texts]
    request = {"log_name": log_name, "entries": entries, "resource": {"type": "global"}}
    server.logs.write_log_entries(request=request)
    return log_name


def test_a_disabled_api_refuses(local_server: Server) -> None:
    local_server.entries()
    name = "projects/local-project/services/logging.googleapis.com"
    finish(local_server.services.disable_service(request={"name": name}))
    with pytest.raises(exceptions.PermissionDenied) as caught:
        local_server.entries()
    assert caught.value.reason == "SERVICE_DISABLED"
    assert caught.value.metadata["service"] == "logging.googleapis.com"


def test_what_is_written_is_listed_in_order(shared_server: Server) -> None:
    log_name = write(shared_server, *(f"line {number}" for number in range(25)))
    found = shared_server.entries(f'logName="{log_name}"', page_size=10)
    assert [entry.text_payload for entry in found] == [f"line {number}" for number in range(25)]
    assert len({entry.insert_id for entry in found}) == 25
    newest = shared_server.entries(f'logName="{log_name}"', order_by="timestamp desc", page_size=7)
    assert newest == found[::-1]
    assert all(entry.resource.type == "global" for entry in found)


def test_an_entry_is_stored_once(shared_server: Server) -> None:
    seconds = int(time.time()) - 3600
    entry: dict[str, Any] = {
        "log_name": f"{PROJECT}/logs/once",
        "insert_id": "the-same",
        "timestamp": {"seconds": seconds},
        "resource": {"type": "global"},
        "text_payload": "x",
    }
    for _ in range(2):
        shared_server.logs.write_log_entries(request={"entries": [entry]})
    at = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    filter_ = f'logName="{PROJECT}/logs/once" AND timestamp="{at}"'
    assert len(shared_server.entries(filter_)) == 1


def test_a_late_entry_is_not_lost_between_pages(shared_server: Server) -> None:
    log_name = write(shared_server, "a", "b", "c")
    request: dict[str, Any] = {
        "resource_names": [PROJECT],
        "filter": f'logName="{log_name}"',
        "page_size": 2,
    }
    pages = shared_server.logs.list_log_entries(request=request).pages
    first = next(pages)
    entry = {"log_name": log_name, "text_payload": "d", "resource": {"type": "global"}}
    shared_server.logs.write_log_entries(request={"entries": [entry]})
    assert [text(entry) for entry in first.entries] == ["a", "b"]
    assert [text(entry) for page in pages for entry in page.entries] == ["c", "d"]


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"page_size": 1001}, "page_size"),
        ({"page_size": -1}, "page_size"),
        ({"order_by": "severity"}, "order_by"),
        ({"page_token": "nonsense"}, "page_token"),
        ({"resource_names": []}, "resource name"),
        ({"filter": "severity>="}, "Unparseable filter"),
        ({"filter": "x" * 20_001}, "longer than 20000"),
        ({"filter": 'timestamp>"yesterday"'}, "Invalid timestamp"),
    ],
)
def test_bad_requests_are_refused(shared_server: Server, fields: dict[str, Any], wanted: str) -> None:
    with pytest.raises(exceptions.InvalidArgument, match=wanted):
        shared_server.logs.list_log_entries(request={"resource_names": [PROJECT], **fields})


def test_lines_arrive_while_the_job_runs(shared_server: Server) -> None:
    script = "echo first; until [ -e gate ]; do sleep 0.02; done; echo last"
    name = shared_server.jobs.create_custom_job(parent=PARENT, custom_job=script_job(script)).name
    job = shared_server.reached(name, JobState.JOB_STATE_RUNNING)
    until(lambda: shared_server.lines(job) == ["first"], "the first line")
    shared_server.data_dir.joinpath("jobs", job_id(job), "workerpool0-0/work/gate").touch()
    assert shared_server.ended(name).state == JobState.JOB_STATE_SUCCEEDED
    assert shared_server.lines(job) == ["first", "last"]


def test_progress_bars_and_partial_lines(shared_server: Server) -> None:
    bars = "printf '\\r 10%%'; sleep 0.2; printf '\\r 50%%'; sleep 0.2"
    script = f"printf 'start\\n'; {bars}; printf '\\r100%%\\n\\nend'"
    job = shared_server.run(script_job(script))
    lines = shared_server.lines(job)
    assert lines[0] == "start"
    assert lines[-3:] == ["100%", "", "end"]
    assert set(lines[1:-3]) <= {" 10%", " 50%"}


def test_json_lines_become_payloads(shared_server: Server) -> None:
    job = shared_server.run(script_job("""echo '{"message": "hi", "severity": "WARNING", "step": 3}'"""))
    (entry,) = shared_server.entries(f'resource.labels.job_id="{job_id(job)}" AND jsonPayload.step>=3')
    assert int(entry.severity) == 400
    assert dict(entry.json_payload) == {"message": "hi", "step": 3.0}


def test_long_and_binary_lines_are_kept(shared_server: Server) -> None:
    program = "import os; os.write(1, b'x' * 600_000 + b'\\n' + bytes([255, 27]) + b'[31m\\n')"
    job = shared_server.run(script_job(f'python3 -c "{program}"'))
    *long, odd = shared_server.lines(job)
    assert "".join(long) == "x" * 600_000
    assert max(len(line) for line in long) <= 256 * 1024
    assert odd == "�\x1b[31m"


class Tail:
    """A tail session in a thread, as a synchronous client holds it."""

    def __init__(self, server: Server, filter_: str, **fields: Any) -> None:
        self._done = threading.Event()
        self.texts: list[str] = []
        self._server = server
        self._thread = threading.Thread(target=self._read, args=(self._requests(filter_, fields),))
        self._thread.start()

    def _requests(self, filter_: str, fields: dict[str, Any]) -> Iterator[TailLogEntriesRequest]:
        yield TailLogEntriesRequest({"resource_names": [PROJECT], "filter": filter_, **fields})
        self._done.wait()

    def _read(self, requests: Iterator[TailLogEntriesRequest]) -> None:
        for response in self._server.logs.tail_log_entries(requests=requests):
            self.texts += [text(entry) for entry in response.entries]

    def close(self) -> None:
        self._done.set()
        self._thread.join(timeout=20)
        assert not self._thread.is_alive()


def test_tail_gets_lines_live(shared_server: Server) -> None:
    marker = uuid.uuid4().hex
    tail = Tail(shared_server, f'jsonPayload.message:"{marker}"', buffer_window={"seconds": 0})
    try:
        job = shared_server.jobs.create_custom_job(
            parent=PARENT, custom_job=script_job(f"while :; do echo {marker}; sleep 0.05; done")
        )
        until(lambda: len(tail.texts) >= 3, "three lines by tail")
        assert shared_server.jobs.get_custom_job(name=job.name).state == JobState.JOB_STATE_RUNNING
        shared_server.jobs.cancel_custom_job(name=job.name)
        shared_server.ended(job.name)
    finally:
        tail.close()
    assert len(tail.texts) == len(shared_server.lines(job))


async def test_tail_with_the_asynchronous_client(shared_server: Server) -> None:
    options = [("grpc.enable_http_proxy", 0)]
    async with grpc.aio.insecure_channel(shared_server.record.grpc_address, options=options) as channel:
        client = LoggingServiceV2AsyncClient(transport=LoggingServiceV2GrpcAsyncIOTransport(channel=channel))
        log_name = f"{PROJECT}/logs/{uuid.uuid4().hex}"

        async def requests() -> AsyncIterator[TailLogEntriesRequest]:
            yield TailLogEntriesRequest(
                {
                    "resource_names": [PROJECT],
                    "filter": f'logName="{log_name}"',
                    "buffer_window": {"nanos": 200_000_000},
                }
            )
            await asyncio.Event().wait()

        stream = await client.tail_log_entries(requests=requests())
        reader = aiter(stream)
        times = [30, 10, 20]
        begin = int(time.time()) - 3600
        entries = [LogEntry({"text_payload": str(at), "timestamp": {"seconds": begin + at}}) for at in times]
        written = {"log_name": log_name, "entries": entries, "resource": {"type": "global"}}
        await client.write_log_entries(request=written)
        response = await anext(reader)
        assert [entry.text_payload for entry in response.entries] == ["10", "20", "30"]


def test_tail_sessions_are_limited(local_server: Server) -> None:
    local_server.enable("logging")
    tails = [Tail(local_server, "") for _ in range(10)]
    try:
        until(lambda: write(local_server, "x") and all(tail.texts for tail in tails), "ten sessions")
        with pytest.raises(exceptions.ResourceExhausted):
            local_server.logs.tail_log_entries(
                requests=iter([TailLogEntriesRequest(resource_names=[PROJECT])])
            )
    finally:
        for tail in tails:
            tail.close()


def test_the_high_level_client_over_http(shared_server: Server) -> None:
    client = logging_client(shared_server)
    logger = client.logger(f"high-{uuid.uuid4().hex}")
    logger.log_text("one", severity="WARNING")
    logger.log_struct({"message": "two"})
    found = list(client.list_entries(filter_=f'logName="{logger.full_name}"'))
    payloads = [entry.payload for entry in found if "logging.googleapis.com/diagnostic" not in entry.payload]
    assert payloads == ["one", {"message": "two"}]
    logger.delete()
    assert list(client.list_entries(filter_=f'logName="{logger.full_name}"')) == []
