"""Faults of calls on request, as Google's own clients meet them."""

from __future__ import annotations

import json
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.cloud.logging_v2.types import LogEntry, TailLogEntriesRequest

from tests.local.clients import PARENT, Server, script_job
from tests.local.faulty import Faults, faults_of, server_of_faults
from tests.support import STEP
from tui.local.faults.effects import HTTP_STATUS
from tui.local.faults.grpc_replies import cut_message
from tui.local.wire import gtypes
from tui.local.wire.errors import Code

PROJECT = "projects/local-project"
LOG = f"{PROJECT}/logs/faults"


server = pytest.fixture(scope="module")(server_of_faults)
faults = pytest.fixture(faults_of)


BOTH = pytest.mark.parametrize("transport", ["grpc", "rest"])


def named(name: str) -> Any:
    """A job that does nothing, under a name."""
    job = script_job("true")
    job.display_name = name
    return job


def raw(server: Server, path: str) -> tuple[int, bytes]:
    """One GET over a connection of its own."""
    connection = HTTPConnection(urlsplit(server.record.http_url).netloc, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


# --- errors


@BOTH
def test_an_error_has_its_code_words_and_details(faults: Faults, transport: str) -> None:
    faults.add(
        "JobService/CreateCustomJob",
        "error",
        code="RESOURCE_EXHAUSTED",
        message="Too many jobs.",
        reason="RATE_LIMIT_EXCEEDED",
        domain="aiplatform.googleapis.com",
        metadata={"quota_limit": "JobsPerMinute"},
        quota=[{"subject": "project:1", "description": "60 a minute"}],
        retry_delay=2.5,
        details=[{"@type": "google.rpc.Help", "links": [{"url": "https://example.org"}]}],
    )
    with pytest.raises(exceptions.TooManyRequests) as found:
        faults.jobs(transport).create_custom_job(parent=PARENT, custom_job=named("refused"))
    error = found.value
    assert isinstance(error, exceptions.ResourceExhausted) or transport == "rest"
    assert "Too many jobs." in error.message
    assert (error.reason, error.domain) == ("RATE_LIMIT_EXCEEDED", "aiplatform.googleapis.com")
    assert error.metadata == {"quota_limit": "JobsPerMinute"}
    details = [detail if isinstance(detail, dict) else gtypes.to_json(detail) for detail in error.details]
    told = [{name: value for name, value in detail.items() if name != "@type"} for detail in details]
    assert {"violations": [{"subject": "project:1", "description": "60 a minute"}]} in told
    assert {"retryDelay": "2.500s"} in told
    assert {"links": [{"url": "https://example.org"}]} in told
    assert "refused" not in faults.names()


def refused_over_http(faults: Faults) -> int:
    with pytest.raises(urllib.error.HTTPError) as found:
        urllib.request.urlopen(f"{faults.server.record.http_url}/v1/{PARENT}/customJobs/1")  # noqa: S310
    with found.value as error:
        return error.code


@BOTH
@pytest.mark.parametrize("code", sorted(HTTP_STATUS))
def test_every_code_arrives(faults: Faults, transport: str, code: str) -> None:
    faults.add("GetCustomJob", "error", code=code)
    if (code, transport) == ("UNAUTHENTICATED", "rest"):  # the client asks for a new token first, in vain
        assert refused_over_http(faults) == 401
        return
    with pytest.raises(exceptions.GoogleAPICallError) as found:
        faults.jobs(transport).get_custom_job(name=f"{PARENT}/customJobs/1", retry=None)
    assert found.value.code == HTTP_STATUS[code] or code in {"CANCELLED", "UNKNOWN"}
    if transport == "grpc":
        assert found.value.grpc_status_code is grpc.StatusCode[code]
    assert faults.hits() == [1]


def test_every_code_of_the_wire_can_be_asked_for() -> None:
    assert {code.name for code in Code} == HTTP_STATUS.keys()


@BOTH
def test_unavailable_once_is_retried_where_the_client_s_policy_says_so(
    faults: Faults, transport: str
) -> None:
    faults.add("SearchProjects" if transport == "rest" else "ListLogEntries", "error", code="UNAVAILABLE")
    if transport == "grpc":
        assert isinstance(faults.server.entries("", page_size=1), list)
    else:
        patient = Retry(
            initial=0.01, predicate=lambda error: isinstance(error, exceptions.ServiceUnavailable)
        )
        faults.add("ListCustomJobs", "error", code=503)
        list(faults.server.rest_jobs.list_custom_jobs(parent=PARENT, retry=patient))
    assert 1 in faults.hits()


def test_retry_after_is_a_header(faults: Faults) -> None:
    faults.add("ListCustomJobs", "error", code=429, retry_after=7)
    with pytest.raises(urllib.error.HTTPError) as found:
        urllib.request.urlopen(f"{faults.server.record.http_url}/v1/{PARENT}/customJobs")  # noqa: S310
    with found.value as error:
        assert (error.code, error.headers["Retry-After"]) == (429, "7")
        assert json.load(error)["error"]["status"] == "RESOURCE_EXHAUSTED"


@BOTH
def test_a_fault_ends_after_its_times(faults: Faults, transport: str) -> None:
    faults.add("*", "error", times=2)
    for _ in range(2):
        with pytest.raises(exceptions.ServiceUnavailable):
            faults.jobs(transport).list_custom_jobs(parent=PARENT, retry=None)
    faults.jobs(transport).list_custom_jobs(parent=PARENT, retry=None)
    assert faults.hits() == [2]


def test_the_admin_api_is_never_hit(faults: Faults) -> None:
    faults.add("*", "error", times=None)
    assert faults.hits() == [0]
    assert faults.admin.call("DELETE", "faults") == {"removed": 1}


def test_chance_with_a_seed_is_repeatable(faults: Faults) -> None:
    runs = []
    for _ in range(2):
        faults.admin.call("DELETE", "faults")
        faults.add("ListCustomJobs", "error", times=None, probability=0.4, seed=11)
        run = []
        for _ in range(20):
            try:
                faults.server.jobs.list_custom_jobs(parent=PARENT, retry=None)
            except exceptions.ServiceUnavailable:
                run.append(1)
            else:
                run.append(0)
        runs.append(run)
    assert runs[0] == runs[1]
    assert 0 < sum(runs[0]) < 20


# --- delays and lost replies


@BOTH
def test_a_delayed_call_meets_the_client_s_deadline_and_has_had_no_effect(
    faults: Faults, transport: str
) -> None:
    faults.add("CreateCustomJob", "delay", seconds=30)
    expected = exceptions.DeadlineExceeded if transport == "grpc" else exceptions.GoogleAPICallError
    with pytest.raises((expected, OSError)):
        faults.jobs(transport).create_custom_job(
            parent=PARENT, custom_job=named(f"slow-{transport}"), timeout=0.3
        )
    assert f"slow-{transport}" not in faults.names()
    faults.add("ListCustomJobs", "delay", seconds=0.01)
    faults.names()
    assert faults.hits() == [1, 1]


@BOTH
def test_a_dropped_reply_leaves_exactly_one_job(faults: Faults, transport: str) -> None:
    faults.add("CreateCustomJob", "drop")
    with pytest.raises((exceptions.ServiceUnavailable, OSError)):
        faults.jobs(transport).create_custom_job(
            parent=PARENT, custom_job=named(f"dropped-{transport}"), retry=None
        )
    assert faults.names().count(f"dropped-{transport}") == 1


@BOTH
def test_a_dropped_reply_may_hang_until_the_deadline(faults: Faults, transport: str) -> None:
    faults.add("CreateCustomJob", "drop", hang=True)
    with pytest.raises((exceptions.DeadlineExceeded, exceptions.GatewayTimeout, OSError)):
        faults.jobs(transport).create_custom_job(
            parent=PARENT, custom_job=named(f"hung-{transport}"), retry=None, timeout=0.7
        )
    assert faults.names().count(f"hung-{transport}") == 1


def test_over_http_a_dropped_reply_is_a_connection_closed_without_a_byte(faults: Faults) -> None:
    faults.add("ListCustomJobs", "drop")
    with pytest.raises(RemoteDisconnected):
        raw(faults.server, f"/v1/{PARENT}/customJobs")
    assert raw(faults.server, f"/v1/{PARENT}/customJobs")[0] == 200


# --- broken and truncated replies


def test_a_truncated_reply_is_shorter_than_it_says(faults: Faults) -> None:
    faults.server.jobs.create_custom_job(parent=PARENT, custom_job=named("whole"))
    path = f"/v1/{PARENT}/customJobs?fields=customJobs.displayName"
    whole = raw(faults.server, path)[1]
    faults.add("ListCustomJobs", "truncate", bytes=5)
    with pytest.raises(IncompleteRead) as found:
        raw(faults.server, path)
    assert (found.value.partial, found.value.expected) == (whole[:5], len(whole) - 5)
    faults.add("ListCustomJobs", "truncate", bytes=len(whole) * 2, length="cut")
    assert raw(faults.server, path) == (200, whole[:-1])


@BOTH
@pytest.mark.parametrize("effect", ["break", "truncate"])
def test_a_broken_reply_is_noticed_and_its_effect_stays(faults: Faults, transport: str, effect: str) -> None:
    name = f"{effect}-{transport}"
    faults.add("CreateCustomJob", effect)
    with pytest.raises((exceptions.GoogleAPICallError, OSError, ValueError)):
        faults.jobs(transport).create_custom_job(parent=PARENT, custom_job=named(name), retry=None)
    assert faults.names().count(name) == 1


@pytest.mark.parametrize("text", ["", "one", "a longer name"])
def test_a_cut_message_can_never_be_read(text: str) -> None:
    data = gtypes.CustomJob(display_name=text, state=3, labels={"a": text}).SerializeToString()
    for keep in (None, 0, 1, len(data) - 1, len(data) + 5):
        with pytest.raises(gtypes.DecodeError):
            gtypes.CustomJob.FromString(cut_message(data, gtypes.CustomJob.FromString, keep))


class Tail:
    """A tail of our log, and a thread that writes an entry now and then until the tail has ended."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._open: queue.Queue[TailLogEntriesRequest | None] = queue.Queue()
        self._open.put(
            TailLogEntriesRequest(
                resource_names=[PROJECT], filter=f'logName="{LOG}"', buffer_window=timedelta(0)
            )
        )
        self._ended = threading.Event()
        self._writer = threading.Thread(target=self._write)
        self._writer.start()

    def _write(self) -> None:
        while not self._ended.wait(STEP):
            entry = LogEntry(log_name=LOG, text_payload="x", resource={"type": "global"})
            self._server.logs.write_log_entries(entries=[entry])

    def count(self) -> tuple[int, Exception | None]:
        """How many responses came, and what ended them."""
        count = 0
        requests = iter(self._open.get, None)
        try:  # the call itself waits for the first response
            for _ in self._server.logs.tail_log_entries(requests=requests, timeout=20, retry=None):
                count += 1
        except exceptions.GoogleAPICallError as error:
            return count, error
        return count, None

    def close(self) -> None:
        self._ended.set()
        self._writer.join()
        self._open.put(None)


@pytest.fixture
def tail_of(server: Server) -> Iterator[Callable[[], Tail]]:
    tails: list[Tail] = []

    def make() -> Tail:
        tails.append(Tail(server))
        return tails[-1]

    yield make
    for tail in tails:
        tail.close()


def test_a_tail_breaks_after_three_messages(faults: Faults, tail_of: Callable[[], Tail]) -> None:
    faults.add("TailLogEntries", "break", after=3)
    count, error = tail_of().count()
    assert count == 3
    assert isinstance(error, exceptions.ServiceUnavailable)


@pytest.mark.parametrize(
    ("effect", "options", "error"),
    [
        ("break", {"after": 0}, exceptions.ServiceUnavailable),
        ("drop", {}, exceptions.ServiceUnavailable),
        ("error", {"code": "OUT_OF_RANGE"}, exceptions.OutOfRange),
        ("truncate", {}, exceptions.GoogleAPICallError),
    ],
)
def test_a_tail_ends_without_a_message(
    faults: Faults,
    tail_of: Callable[[], Tail],
    effect: str,
    options: dict[str, Any],
    error: type[Exception],
) -> None:
    faults.add("LoggingServiceV2/TailLogEntries", effect, **options)
    count, found = tail_of().count()
    assert count == 0
    assert isinstance(found, error)


def test_a_tail_breaks_after_a_while(faults: Faults, tail_of: Callable[[], Tail]) -> None:
    faults.add("TailLogEntries", "break", seconds=0.2)
    assert isinstance(tail_of().count()[1], exceptions.ServiceUnavailable)
