"""Faults on request, as Google's own clients meet them."""

from __future__ import annotations

import gc
import io
import json
import queue
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cached_property
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import grpc
import pytest
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.cloud import storage
from google.cloud.logging_v2.types import LogEntry, TailLogEntriesRequest
from google.cloud.storage import transfer_manager
from google.cloud.storage.retry import DEFAULT_RETRY

from tests.local.clients import PARENT, REGION, Server, script_job
from tests.local.conftest import fresh_server
from tests.support import STEP
from tui.local.admin.client import AdminClient
from tui.local.faults.book import FaultBook, Rule
from tui.local.faults.effects import CATALOGUE, HTTP_STATUS, OPTIONS, RuleError
from tui.local.faults.grpc_replies import cut_message
from tui.local.launcher import LauncherError
from tui.local.wire import gtypes
from tui.local.wire.errors import Code

PROJECT = "projects/local-project"
LOG = f"{PROJECT}/logs/faults"


QUICK = DEFAULT_RETRY.with_delay(initial=0.01, maximum=0.05)
"""The storage client's own policy, but for its pauses."""


class Faults:
    """The server's faults, and clients that meet them."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.admin = AdminClient(server.record)

    def add(self, pattern: str, effect: str, *, kind: str = "call", **given: Any) -> dict[str, Any]:
        """A rule that happens once unless told otherwise; what is no part of the frame is an option."""
        frame = {name: given.pop(name) for name in ("times", "probability", "seed") if name in given}
        rule = {"kind": kind, "pattern": pattern, "effect": effect, "options": given, "times": 1} | frame
        return dict(self.admin.call("POST", "faults", rule))

    def hits(self) -> list[int]:
        return [rule["hits"] for rule in self.admin.call("GET", "faults")["faults"]]

    def jobs(self, transport: str) -> Any:
        return self.server.jobs if transport == "grpc" else self.server.rest_jobs

    def names(self) -> list[str]:
        """Display names of all jobs."""
        return [job.display_name for job in self.server.jobs.list_custom_jobs(parent=PARENT)]

    @cached_property
    def storage(self) -> storage.Client:
        return storage.Client(
            project="local-project",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": self.server.record.http_url},
        )

    def close(self) -> None:
        self.admin.call("DELETE", "faults")
        self.storage.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with fresh_server() as server:
        server.enable("aiplatform", "logging")
        yield server


@pytest.fixture
def faults(server: Server) -> Iterator[Faults]:
    found = Faults(server)
    yield found
    found.close()
    assert "Traceback" not in (server.data_dir / "server.log").read_text()


BOTH = pytest.mark.parametrize("transport", ["grpc", "rest"])


def named(name: str) -> Any:
    """A job that does nothing, under a name."""
    job = script_job("true")
    job.display_name = name
    return job


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


def test_the_codes_are_those_of_the_wire() -> None:
    assert {code.name: code.http for code in Code} == dict(HTTP_STATUS)


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


def raw(server: Server, path: str) -> tuple[int, bytes]:
    """One GET over a connection of its own."""
    connection = HTTPConnection(urlsplit(server.record.http_url).netloc, timeout=20)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


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


# --- storage


@pytest.fixture(scope="module")
def bucket_name(server: Server) -> str:
    found = Faults(server)
    found.storage.create_bucket("faulty", location=REGION)
    found.close()
    return "faulty"


@pytest.mark.filterwarnings("ignore:Exception ignored in.*socket:pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("size", [100_000, 5_000_000])
@pytest.mark.parametrize(
    ("effect", "options"),
    [
        ("truncate", {"bytes": 10}),
        ("truncate", {}),
        ("truncate", {"length": "cut"}),
        ("break", {}),
        ("drop", {}),
        ("error", {"code": 503}),
    ],
)
def test_a_faulty_download_is_noticed_and_tried_again(
    faults: Faults, bucket_name: str, size: int, effect: str, options: dict[str, Any]
) -> None:
    blob = faults.storage.bucket(bucket_name).blob(f"download-{size}")
    data = bytes(range(256)) * (size // 256)
    if not blob.exists():
        blob.upload_from_string(data)
    faults.add("storage.objects.get", effect, **options)
    file = io.BytesIO()
    try:
        blob.download_to_file(file, retry=QUICK)
    except (OSError, storage.exceptions.DataCorruption):
        file = io.BytesIO()
        blob.download_to_file(file, retry=QUICK)
    assert file.getvalue() == data
    assert faults.hits() == [1]
    gc.collect()  # the client leaves the connection of a failed download to the garbage collector


def test_a_list_call_is_tried_again_after_each_fault(faults: Faults, bucket_name: str) -> None:
    client = faults.storage
    for effect in ("error", "drop"):
        faults.add("storage.objects.list", effect)
    assert isinstance([blob.name for blob in client.list_blobs(bucket_name, retry=QUICK)], list)
    assert faults.hits() == [1, 1]


def test_an_upload_with_a_dropped_reply_is_there(faults: Faults, bucket_name: str) -> None:
    bucket = faults.storage.bucket(bucket_name)
    faults.add("storage.objects.insert", "drop")
    with pytest.raises(OSError, match="RemoteDisconnected"):
        bucket.blob("dropped").upload_from_string(b"data", retry=None)
    assert bucket.blob("dropped").download_as_bytes() == b"data"


def test_a_resumable_upload_survives_faults_in_its_middle(faults: Faults, bucket_name: str) -> None:
    blob = faults.storage.bucket(bucket_name).blob("resumable", chunk_size=256 * 1024)
    data = bytes(range(256)) * 4096
    faults.add("storage.objects.insert", "error", code=503, times=3)
    blob.upload_from_file(io.BytesIO(data), size=len(data), retry=QUICK)
    assert blob.download_as_bytes() == data
    assert faults.hits() == [3]


def test_storage_errors_have_that_api_s_shape(faults: Faults, bucket_name: str) -> None:
    bucket = faults.storage.bucket(bucket_name)
    faults.add(
        "storage.buckets.get", "error", code=429, message="Slow down.", reason="RATE", metadata={"a": "b"}
    )
    with pytest.raises(exceptions.TooManyRequests, match=r"Slow down\.") as found:
        bucket.reload(retry=None)
    assert found.value.errors[0]["reason"] == "rateLimitExceeded"
    assert (found.value.reason, found.value.metadata) == ("RATE", {"a": "b"})
    faults.add("storage.*", "error", code=412)
    with pytest.raises(exceptions.PreconditionFailed):
        bucket.reload(retry=None)


def test_calls_inside_a_batch_are_refused_one_by_one(faults: Faults, bucket_name: str) -> None:
    client = faults.storage
    bucket = client.bucket(bucket_name)
    names = [f"batch/{number}" for number in range(4)]
    for name in names:
        bucket.blob(name).upload_from_string(b"x")
    faults.add("storage.objects.delete", "error", code=503, times=2)
    batch = client.batch(raise_exception=False)
    with batch:
        for name in names:
            bucket.delete_blob(name)
    assert [answer.status_code for answer in batch._responses] == [503, 503, 204, 204]
    assert [blob.name for blob in client.list_blobs(bucket_name, prefix="batch/")] == names[:2]


def test_xml_uploads_are_hit_too(faults: Faults, bucket_name: str, tmp_path: Any) -> None:
    file = tmp_path / "parts"
    file.write_bytes(bytes(300_000))
    blob = faults.storage.bucket(bucket_name).blob("parts")
    faults.add("storage.multipartUploads", "error", code=503)
    transfer_manager.upload_chunks_concurrently(
        str(file), blob, chunk_size=100_000, worker_type=transfer_manager.THREAD
    )
    assert blob.download_as_bytes() == bytes(300_000)
    assert faults.hits() == [1]


# --- rules


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ({}, "kind is missing"),
        ({"kind": "cal"}, "pattern is missing"),
        ({"kind": "cal", "pattern": "*", "effect": "error"}, "unknown kind: 'cal'; did you mean call?"),
        ({"effect": "eror"}, "unknown effect for a call: 'eror'; did you mean error?"),
        ({"pattern": ""}, "the pattern is empty"),
        (
            {"pattern": "CreateCustmJob"},
            "no method that fits 'CreateCustmJob'; did you mean CreateCustomJob?",
        ),
        ({"pattern": 7}, "pattern cannot be 7"),
        ({"nonsense": 7}, "a fault has no 'nonsense'"),
        ({"times": 0}, "the number of times must be 1 or more"),
        ({"times": True}, "times cannot be True"),
        ({"probability": 0}, "the probability must be over 0"),
        ({"probability": 1.5}, "the probability must be over 0"),
        ({"options": {"seconds": 1}}, "error of a call does not take the option 'seconds'"),
        ({"options": {"code": "UNAVAILBLE"}}, "did you mean UNAVAILABLE?"),
        ({"options": {"code": 418}}, "unknown HTTP status 418"),
        ({"options": {"code": []}}, "code must be an error code"),
        ({"options": {"metadata": {"a": "b"}}}, "metadata needs a reason"),
        ({"options": {"details": [{"@type": "google.rpc.Hlp"}]}}, "unknown type 'google.rpc.Hlp'"),
        ({"options": {"details": [{"@type": "Help", "x": 1}]}}, "a detail is no google.rpc.Help"),
        ({"options": {"details": [{}]}}, "details must be a list"),
        ({"effect": "delay"}, "delay needs seconds"),
        ({"effect": "delay", "options": {"seconds": -1}}, "seconds must be a number of seconds"),
        ({"effect": "drop", "options": {"hang": 1}}, "hang must be true or false"),
        ({"effect": "truncate", "options": {"length": "short"}}, "length must be whole or cut"),
    ],
)
def test_bad_rules_are_refused(faults: Faults, rule: dict[str, Any], words: str) -> None:
    base = {"kind": "call", "pattern": "*", "effect": "error"}
    sent = rule if not rule or "kind" in rule else base | rule
    with pytest.raises(LauncherError) as found:
        faults.admin.call("POST", "faults", sent)
    assert words in str(found.value)
    assert faults.hits() == []


def test_rules_are_shown_and_removed_one_by_one(faults: Faults) -> None:
    made = [faults.add("a*", effect, kind="job") for effect in ("stockout", "preempt")]
    assert faults.admin.call("GET", f"faults/{made[0]['id']}") == made[0]
    faults.admin.call("DELETE", f"faults/{made[0]['id']}")
    assert faults.admin.call("GET", "faults")["faults"] == made[1:]
    for verb in ("GET", "DELETE"):
        with pytest.raises(LauncherError, match="there is no fault"):
            faults.admin.call(verb, f"faults/{made[0]['id']}")


def test_the_catalogue_is_whole() -> None:
    assert {option for effect in CATALOGUE for option in effect.options} == set(OPTIONS)
    for effect in CATALOGUE:
        options = {"seconds": 1} if effect.name == "delay" else {}
        Rule(effect.kind, "*", effect.name, options).check()


def test_patterns_fit_without_case_and_the_first_rule_wins() -> None:
    book = FaultBook()
    book.add(Rule("job", "My-*", "stockout", times=1))
    book.add(Rule("job", "*", "preempt"))
    assert not book.any_of("call")
    first, second = book.take("job", "my-job", "17"), book.take("job", "my-job", "17")
    assert [rule.effect for rule in (first, second) if rule] == ["stockout", "preempt"]
    assert book.take("job", "my-job", effects=frozenset({"stockout"})) is None
    with pytest.raises(RuleError):
        book.add(Rule("job", "*", "error"))
