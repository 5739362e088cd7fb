"""The Logging library, over gRPC and over HTTP, and the generated client's tail."""

from __future__ import annotations

import itertools
import json
import logging
import queue
import threading
from typing import Any

from google.cloud import logging as cloud_logging
from google.cloud.logging_v2.handlers import CloudLoggingHandler
from google.cloud.logging_v2.handlers.transports import SyncTransport
from google.cloud.logging_v2.services.logging_service_v2 import LoggingServiceV2Client
from google.cloud.logging_v2.types import TailLogEntriesRequest


def high_level(*, grpc: bool) -> dict[str, Any]:
    """Write in every form, and read it back in order, by filter and by page."""
    name = f"book-{'grpc' if grpc else 'http'}"
    client = cloud_logging.Client(_use_grpc=grpc)
    book = client.logger(name)
    book.log_text("one", severity="INFO", labels={"part": "a"})
    book.log_struct({"message": "two", "loss": 1.5}, severity="WARNING")
    with book.batch() as batch:
        batch.log_text("three", severity="ERROR")
        batch.log_struct({"message": "four"})
    log = logging.getLogger(name)
    log.propagate = False
    log.addHandler(CloudLoggingHandler(client, name=name, transport=SyncTransport))
    log.error("five %s", "words")
    everything = f'logName="projects/local-project/logs/{name}"'
    entries = [
        entry
        for entry in client.list_entries(filter_=everything, order_by=cloud_logging.ASCENDING, page_size=2)
        if "logging.googleapis.com/diagnostic" not in str(entry.payload)
    ]
    loud = client.list_entries(
        filter_=f"{everything} AND severity>=WARNING", order_by=cloud_logging.DESCENDING
    )
    return {
        "texts": [_text(entry) for entry in entries],
        "severities": [entry.severity for entry in entries],
        "labels": entries[0].labels,
        "loss": entries[1].payload["loss"],
        "loud": [_text(entry) for entry in loud],
        "first": [
            _text(entry)
            for entry in client.list_entries(filter_=f"{everything} AND jsonPayload.loss>1", max_results=1)
        ],
    }


def _text(entry: Any) -> str:  # one of several classes
    return str(entry.payload if isinstance(entry.payload, str) else entry.payload["message"])


def tail() -> list[str]:
    """What comes in while a tail is open."""
    client = LoggingServiceV2Client()
    asked: queue.Queue[TailLogEntriesRequest | None] = queue.Queue()
    asked.put(
        TailLogEntriesRequest(
            resource_names=["projects/local-project"], filter='logName:"live"', buffer_window={"seconds": 0}
        )
    )
    seen: list[str] = []
    book = cloud_logging.Client().logger("live")
    stop = threading.Event()

    def write() -> None:
        for number in itertools.count():
            book.log_text(f"line {number}")
            if stop.wait(0.1):
                return

    writer = threading.Thread(target=write)
    writer.start()
    stream: Any = client.tail_log_entries(requests=iter(asked.get, None), timeout=60)
    for response in stream:
        seen += [entry.text_payload for entry in response.entries if entry.text_payload]
        if len(seen) > 2:
            break
    stream.cancel()
    stop.set()
    writer.join()
    asked.put(None)
    return seen


def main() -> None:
    """Print what was found."""
    found = {"grpc": high_level(grpc=True), "http": high_level(grpc=False), "tail": tail()}
    print(json.dumps(found))  # noqa: T201


main()
