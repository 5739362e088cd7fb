"""`entries.list` over Google's client: pages, scopes, tokens, and the quota of reads."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.logging_v2.types import ListLogEntriesRequest, ListLogEntriesResponse, LogEntry

from tests.local.clients import Server
from tui.local import launcher
from tui.local.api.log_quota import Meter

PROJECT = "projects/local-project"
VIEW = f"{PROJECT}/locations/global/buckets/_Default/views/_AllLogs"


def write(server: Server, *texts: str, **fields: Any) -> str:
    """Write entries into a log of their own; the log's name."""
    log_name = f"{PROJECT}/logs/list-{uuid.uuid4().hex}"
    entries = [LogEntry({"text_payload": text, **fields}) for text in texts]
    request = {"log_name": log_name, "entries": entries, "resource": {"type": "global"}}
    server.logs.write_log_entries(request=request)
    return log_name


def page(server: Server, **fields: Any) -> ListLogEntriesResponse:
    """One page as it is, without those behind it."""
    request = ListLogEntriesRequest({"resource_names": [PROJECT], **fields})
    found: ListLogEntriesResponse = next(server.logs.list_log_entries(request=request).pages)
    return found


def restarted(server: Server, **settings: float) -> Server:
    """The same server with other settings, its log enabled."""
    launcher.stop(server.data_dir)
    server.start(**settings)
    server.enable("logging")
    return server


@pytest.mark.parametrize("order", ["timestamp asc", "timestamp desc"])
def test_pages_follow_each_other_where_times_are_equal(shared_server: Server, order: str) -> None:
    name = write(shared_server, *map(str, range(23)), timestamp={"seconds": int(time.time()) - 3600})
    found, token = [], ""
    while True:
        one = page(shared_server, filter=f'logName="{name}"', page_size=5, page_token=token, order_by=order)
        found += [entry.text_payload for entry in one.entries]
        token = one.next_page_token
        if not token:
            break
    wanted = [str(number) for number in range(23)]
    assert found == (wanted if order.endswith("asc") else wanted[::-1])


def test_a_page_may_be_empty_and_still_go_on(local_server: Server) -> None:
    server = restarted(local_server, log_scan_seconds=0)
    for _ in range(3):
        write(server, *["hay"] * 200)
    name = write(server, "needle")
    first = page(server, filter="needle")
    assert not first.entries
    assert first.next_page_token
    assert [entry.text_payload for entry in server.entries("needle")] == ["needle"]
    # What SQLite can look up needs no search.
    assert [entry.text_payload for entry in page(server, filter=f'logName="{name}"').entries] == ["needle"]


def test_a_page_of_large_entries_ends_early(shared_server: Server) -> None:
    name = ""
    texts = [letter * 250_000 for letter in "abcdefghijklmnopqrstu"]
    for text in texts:
        name = name or write(shared_server, text)
        if text != texts[0]:
            entry = {"log_name": name, "text_payload": text, "resource": {"type": "global"}}
            shared_server.logs.write_log_entries(request={"entries": [entry]})
    first = page(shared_server, filter=f'logName="{name}"', page_size=1000)
    assert 1 < len(first.entries) < len(texts)
    assert [entry.text_payload for entry in shared_server.entries(f'logName="{name}"')] == texts


def test_a_token_belongs_to_its_request(shared_server: Server) -> None:
    name = write(shared_server, "a", "b", "c")
    asked = {"filter": f'logName="{name}"', "page_size": 1}
    token = page(shared_server, **asked).next_page_token
    assert [e.text_payload for e in page(shared_server, **asked, page_token=token).entries] == ["b"]
    others: list[dict[str, Any]] = [
        {"filter": f'logName="{name}" severity>=DEFAULT'},
        {"order_by": "timestamp desc"},
        {"resource_names": [VIEW]},
    ]
    for other in others:
        with pytest.raises(exceptions.InvalidArgument, match="page_token"):
            page(shared_server, **(asked | other), page_token=token)


def test_entries_are_found_in_the_project_and_in_its_views(shared_server: Server) -> None:
    name = write(shared_server, "here")
    places = [
        "projects/123456789012",
        VIEW,
        VIEW.replace("_AllLogs", "_Default"),
        "projects/123456789012/locations/global/buckets/_Default/views/_AllLogs",
    ]
    for names in [*([place] for place in places), places]:
        found = page(shared_server, filter=f'logName="{name}"', resource_names=names)
        assert [entry.text_payload for entry in found.entries] == ["here"]
    required = VIEW.replace("_Default", "_Required")
    assert not page(shared_server, resource_names=[required]).entries


@pytest.mark.parametrize(
    ("names", "error", "words"),
    [
        ([PROJECT] * 101, exceptions.InvalidArgument, "found 101"),
        (["nonsense"], exceptions.InvalidArgument, "Invalid resource name"),
        (
            [f"{PROJECT}/locations/global/buckets/_Default"],
            exceptions.InvalidArgument,
            "Invalid resource name",
        ),
        ([VIEW.replace("_Default", "mine")], exceptions.NotFound, "Bucket"),
        ([VIEW.replace("global", "europe-west4")], exceptions.NotFound, "Bucket"),
        ([VIEW.replace("_AllLogs", "mine")], exceptions.NotFound, "View"),
        (["folders/1"], exceptions.PermissionDenied, "logging.logEntries.list"),
        (["organizations/1"], exceptions.PermissionDenied, "logging.logEntries.list"),
        (["billingAccounts/1"], exceptions.PermissionDenied, "logging.logEntries.list"),
        (["projects/somebody-elses"], exceptions.PermissionDenied, "logging.logEntries.list"),
        ([VIEW.replace("local-project", "x")], exceptions.PermissionDenied, "logging.views.access"),
        ([PROJECT, "folders/1"], exceptions.PermissionDenied, "folders/1"),
    ],
)
def test_places_that_cannot_be_read(
    shared_server: Server, names: list[str], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        page(shared_server, resource_names=names)


def test_the_longest_filter_passes(shared_server: Server) -> None:
    name = write(shared_server, "x")
    text = f'logName="{name}"'
    assert len(page(shared_server, filter=text + " " * (20_000 - len(text))).entries) == 1


def test_a_pattern_that_would_take_for_ever_is_refused(shared_server: Server) -> None:
    name = write(shared_server, "ab" * 1000 + "".join(uuid.uuid4().hex for _ in range(2000)))
    # Harmless to this server, a hang to engines that try one way after the other.
    text = f'logName="{name}" AND textPayload=~"(([a-z]+)+[0-9]*)+!"'
    assert not page(shared_server, filter=text).entries
    with pytest.raises(exceptions.InvalidArgument, match="takes too long"):
        page(shared_server, filter=f'logName="{name}" AND textPayload=~"([a-f]|[0-9])*a([a-f0-9]){{900}}!"')


def test_reads_are_limited_as_google_words_it(local_server: Server) -> None:
    server = restarted(local_server, log_reads_per_minute=3)
    for _ in range(3):
        page(server)
    with pytest.raises(exceptions.ResourceExhausted) as caught:
        page(server)
    assert caught.value.message == (
        "Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute' of service "
        "'logging.googleapis.com' for consumer 'project_number:123456789012'."
    )
    assert caught.value.reason == "RATE_LIMIT_EXCEEDED"
    assert caught.value.metadata["quota_metric"] == "logging.googleapis.com/read_requests"
    assert caught.value.metadata["quota_limit"] == "ReadRequestsPerMinutePerProject"
    assert caught.value.metadata["quota_limit_value"] == "3"
    # Other calls have limits of their own.
    write(server, "x")
    assert len(list(server.logs.list_logs(parent=PROJECT))) == 1


def test_a_minute_begins_with_its_first_unit() -> None:
    now = 100.0
    meter = Meter(2, lambda: now)
    assert [meter.take() for _ in range(3)] == [True, True, False]
    now = 159.9
    assert not meter.take()
    now = 160.0
    assert [meter.take() for _ in range(3)] == [True, True, False]
    free = Meter(0)
    assert all(free.take() for _ in range(1000))


def test_logs_are_listed_page_by_page_and_deleted(local_server: Server) -> None:
    server = restarted(local_server)
    names = sorted(write(server, "x") for _ in range(5))
    assert list(server.logs.list_logs(parent=PROJECT)) == names
    pages = [
        list(one.log_names) for one in server.logs.list_logs(request={"parent": VIEW, "page_size": 2}).pages
    ]
    assert pages == [names[:2], names[2:4], names[4:]]
    server.logs.delete_log(log_name=names[0])
    restarted(server)
    assert list(server.logs.list_logs(parent="projects/123456789012")) == names[1:]
    with pytest.raises(exceptions.NotFound):
        server.logs.delete_log(log_name=names[0])
    with pytest.raises(exceptions.PermissionDenied):
        server.logs.list_logs(parent="organizations/1")


def test_resource_types_are_described(shared_server: Server) -> None:
    found = {one.type: one for one in shared_server.logs.list_monitored_resource_descriptors(request={})}
    assert [label.key for label in found["ml_job"].labels] == ["project_id", "job_id", "task_name"]
    small = shared_server.logs.list_monitored_resource_descriptors(request={"page_size": 1})
    assert [one.type for one in small] == list(found)
