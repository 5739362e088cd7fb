"""Bad input of every kind: an error of Google's shape, no traceback, no hang, and a server that lives on."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from google.rpc import status_pb2
from hypothesis import given
from hypothesis import strategies as st

from tests.examples import examples
from tests.local import fuzz
from tests.local.clients import Server
from tests.local.wire_talk import JOBS, error_of, prepared_server, say, unharmed
from tests.support import PATIENCE
from tui.local.guard import NO_BROWSERS
from tui.local.wire import gtypes

WRITE = "/google.logging.v2.LoggingServiceV2/WriteLogEntries"
CREATE = "/google.cloud.aiplatform.v1.JobService/CreateCustomJob"


server = pytest.fixture(scope="module")(prepared_server)
no_traceback = pytest.fixture(autouse=True)(unharmed)


# --- whatever comes


@examples(150)
@given(st.integers(0, 1 << 40))
def test_whatever_comes_is_answered_in_shape(server: Server, seed: int) -> None:
    assert fuzz.case(server, seed).problems == []


@examples(60)
@given(st.binary(max_size=300))
def test_any_bytes_at_all(server: Server, data: bytes) -> None:
    answer = fuzz.exchange(server.record.http_url, data + b"\r\n\r\n", end=True)
    assert answer == b"" or fuzz.judged(*fuzz.parsed(answer, b"GET")) == []


@pytest.mark.parametrize(
    "data",
    [
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 80 + b"\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX Y: a\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: a\r\n" * 5000 + b"\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\n{}",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
        b"POST /storage/v1/b HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nExpect: 100-cont\xc1nue\r\n\r\n",
        b"OPTIONS * HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
        b"CONNECT evil.example:443 HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n",
    ],
)
def test_what_is_no_http_gets_an_error_in_shape(server: Server, data: bytes) -> None:
    status, content_type, body = fuzz.parsed(fuzz.exchange(server.record.http_url, data), b"GET")
    assert status in {400, 404}
    assert fuzz.judged(status, content_type, body) == []


def test_pipelined_requests_are_answered_in_turn(server: Server) -> None:
    first = f"GET {JOBS} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() * 3
    last = b"GET /nonsense HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
    answer = fuzz.exchange(server.record.http_url, first + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 3
    assert answer.count(b"HTTP/1.1 404 Not Found") == 1


@pytest.mark.parametrize("verb", ["HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "get"])
def test_verbs_that_no_method_has(server: Server, verb: str) -> None:
    status, _, body = say(server, verb, JOBS)
    assert status in {400, 404}
    assert bool(body) is (verb != "HEAD")


# --- query parameters and headers


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("pageSize=x", "Invalid value at 'page_size' (TYPE_INT32), \"x\""),
        ("foo=1", 'Unknown name "foo": Cannot bind query parameter.'),
        ("readMask=%00", "read_mask"),
        ("fields=foo", "Request contains an invalid argument."),
        ("fields=customJobs(name", "Request contains an invalid argument."),
        ("alt=xml", "Invalid value at 'alt'"),
    ],
)
def test_bad_parameters(server: Server, query: str, words: str) -> None:
    error = error_of(server, "GET", f"{JOBS}?{query}")
    assert (error["code"], words in error["message"]) == (400, True)


@pytest.fixture(scope="module")
def job(server: Server) -> str:
    pool = {
        "machineSpec": {"machineType": "n1-standard-4"},
        "replicaCount": "1",
        "containerSpec": {"imageUri": "x", "command": ["true"]},
    }
    body = json.dumps({"displayName": "a job", "jobSpec": {"workerPoolSpecs": [pool]}}).encode()
    status, _, answer = say(server, "POST", JOBS, body)
    assert status == 200
    return str(json.loads(answer)["name"])


def test_system_parameters(server: Server, job: str) -> None:
    get = f"/v1/{job}"
    whole = say(server, "GET", get)[2]
    assert b"\n  " in whole
    assert b"\n" not in say(server, "GET", f"{get}?prettyPrint=false")[2]
    partial = json.loads(
        say(server, "GET", f"{JOBS}?fields=customJobs(name,jobSpec/worker_pool_specs.replicaCount)")[2]
    )
    assert {"name": job, "jobSpec": {"workerPoolSpecs": [{"replicaCount": "1"}]}} in partial["customJobs"]
    status, content_type, data = say(server, "GET", f"{get}?alt=proto")
    assert (status, content_type) == (200, "application/x-protobuf")
    assert gtypes.CustomJob.FromString(data).display_name == "a job"
    status, content_type, data = say(server, "GET", f"{get}0?alt=proto")
    assert (status, content_type) == (404, "application/x-protobuf")
    assert status_pb2.Status.FromString(data).code == grpc.StatusCode.NOT_FOUND.value[0]
    assert isinstance(json.loads(say(server, "GET", f"{get}?$alt=json;enum-encoding=int")[2])["state"], int)
    assert say(server, "GET", f"{get}?key=a&quotaUser=b&$.xgafv=2&callback=c")[0] == 200


def test_a_field_mask_in_a_query_in_both_spellings(server: Server, job: str) -> None:
    for mask in ("displayName,labels", "display_name,labels"):
        listed = json.loads(say(server, "GET", f"{JOBS}?readMask={mask}")[2])["customJobs"]
        assert {"displayName": "a job"} in listed
    assert job


def test_a_post_may_stand_for_another_method(server: Server, job: str) -> None:
    override = "X-HTTP-Method-Override: GET"
    assert json.loads(say(server, "POST", f"/v1/{job}", b"", override)[2])["name"] == job
    form = "Content-Type: application/x-www-form-urlencoded"
    listed = json.loads(say(server, "POST", JOBS, b"pageSize=1&readMask=name", override, form)[2])
    assert len(listed["customJobs"]) == 1
    assert error_of(server, "POST", JOBS, b"", "X-HTTP-Method-Override: BREW")["code"] == 404
    many = b"a&" * 10_001
    assert "too many query parameters" in error_of(server, "POST", JOBS, many, override, form)["message"]


def test_a_body_in_protobuf(server: Server) -> None:
    kind = "Content-Type: application/x-protobuf"
    request = gtypes.ListLogEntriesRequest(resource_names=["projects/local-project"], page_size=1)
    assert say(server, "POST", "/v2/entries:list", request.SerializeToString(), kind)[0] == 200
    assert "PROTO payload" in error_of(server, "POST", "/v2/entries:list", b"\xff\xff", kind)["message"]


@pytest.mark.parametrize("target", ["/v2/entries:list", "/storage/v1/b?project=local-project"])
def test_a_body_that_is_not_what_its_header_says(server: Server, target: str) -> None:
    error = error_of(server, "POST", target, b"{}", "Content-Encoding: gzip")
    assert error["code"] == 400


def test_an_expectation_that_nobody_can_meet(server: Server) -> None:
    assert error_of(server, "POST", JOBS, b"{}", "Expect: miracles")["code"] == 417


@pytest.mark.parametrize(
    "target", ["/v1/%zz", f"{JOBS}/%ff", "/v1/%00", "/storage/v1/b/%ff/o/%00", "/_as/%00/x"]
)
def test_bad_percent_encoding(server: Server, target: str) -> None:
    assert error_of(server, "GET", target)["code"] in {400, 401, 404}


def test_a_target_with_scheme_and_host(server: Server, job: str) -> None:
    assert say(server, "GET", f"http://127.0.0.1/v1/{job}?fields=name")[0] == 200


# --- gRPC


def call(server: Server, path: str, data: bytes, **given: Any) -> bytes:
    method: Callable[..., bytes] = server.channel.unary_unary(path, None, None)
    return method(data, timeout=PATIENCE, **given)


def refused(server: Server, path: str, data: bytes, **given: Any) -> tuple[grpc.StatusCode, str]:
    with pytest.raises(grpc.RpcError) as found:
        call(server, path, data, **given)
    return found.value.code(), str(found.value.details())


def test_a_message_that_cannot_be_read(server: Server) -> None:
    answer = refused(server, CREATE, b"\xff\xff\xff")
    assert answer == (grpc.StatusCode.INTERNAL, "Error parsing request proto.")
    stream = server.channel.stream_stream("/google.logging.v2.LoggingServiceV2/TailLogEntries", None, None)
    with pytest.raises(grpc.RpcError) as found:
        list(stream(iter([b"\xff\xff\xff"]), timeout=PATIENCE))
    assert found.value.code() is grpc.StatusCode.INTERNAL


@pytest.mark.parametrize("key", ["origin", "sec-fetch-site"])
def test_a_browser_is_refused_over_grpc_too(server: Server, key: str) -> None:
    for path in (WRITE, CREATE):
        code, words = refused(server, path, b"", metadata=((key, "same-origin"),))
        assert (code, words) == (grpc.StatusCode.PERMISSION_DENIED, NO_BROWSERS)
    stream = server.channel.stream_stream("/google.logging.v2.LoggingServiceV2/TailLogEntries", None, None)
    with pytest.raises(grpc.RpcError) as found:
        list(stream(iter([b""]), timeout=PATIENCE, metadata=((key, "null"),)))
    assert found.value.code() is grpc.StatusCode.PERMISSION_DENIED


def test_messages_that_grpc_itself_refuses(server: Server) -> None:
    large = bytes(64 * 1024 * 1024 + 1)
    assert refused(server, WRITE, large)[0] is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert refused(server, "/no.such.Service/Method", b"")[0] is grpc.StatusCode.UNIMPLEMENTED
    assert refused(server, "nonsense", b"")[0] in {grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNKNOWN}
    metadata = (("grpc-internal-encoding-request", "nonsense"),)
    with pytest.raises((grpc.RpcError, ValueError)):
        call(server, WRITE, b"\xff", metadata=metadata)


def test_many_messages_made_of_nonsense(server: Server) -> None:
    for seed in range(0, 400, 4):
        assert fuzz.case(server, seed).problems == []


POISON: tuple[Callable[[Any], Any], ...] = (
    lambda entry: entry.http_request.latency.MergeFrom(type(entry.http_request.latency)(nanos=-1, seconds=1)),
    lambda entry: entry.json_payload.update({"a": float("nan")}),
    lambda entry: entry.json_payload.fields["a"].SetInParent(),
    lambda entry: setattr(entry.proto_payload, "value", b"\xff"),
    lambda entry: setattr(entry.proto_payload, "type_url", "type.googleapis.com/no.such.Type"),
    lambda entry: entry.proto_payload.MergeFrom(
        type(entry.proto_payload)(type_url="type.googleapis.com/google.rpc.Status", value=b"\xff\xff")
    ),
    lambda entry: setattr(entry, "severity", 12_345),
)
"""Values that protobuf carries and JSON has no form for."""


@pytest.mark.parametrize("poison", POISON)
def test_what_json_cannot_say_does_not_break_a_listing(server: Server, poison: Callable[[Any], Any]) -> None:
    entry = gtypes.LogEntry(log_name="projects/local-project/logs/poison", resource={"type": "global"})
    poison(entry)
    call(server, WRITE, gtypes.WriteLogEntriesRequest(entries=[entry]).SerializeToString())
    query = {"resourceNames": ["projects/local-project"], "filter": 'log_id("poison")'}
    status, _, body = say(server, "POST", "/v2/entries:list", json.dumps(query).encode())
    assert status == 200
    assert json.loads(body)["entries"][-1]["logName"] == entry.log_name
