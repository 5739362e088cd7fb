"""Many deletes in one request of the JSON API's batches (`multipart/mixed`), written and read by hand.

The library writes and reads them by Python's e-mail package, which takes twice as long as the deletes do.
"""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlencode

import requests
from google.api_core import exceptions as api
from requests.exceptions import ChunkedEncodingError

from tui.cloud.storage_wire import TIMEOUT, Wire, object_path

_BOUNDARY = "=============== vertex-tui =="
"""No path holds it: spaces are quoted there."""
_NAMED = re.compile(r'boundary="?([^";]+)"?')


def send_deletes(
    wire: Wire, bucket: str, items: Iterable[tuple[str, int]], *, noncurrent: bool
) -> list[requests.Response]:
    """The answers to the deletes of names and generations, in their order.

    Raises:
        google.api_core.exceptions.GoogleAPICallError: the whole request was refused.
        requests.exceptions.ChunkedEncodingError: what came is not the whole answer to it.
    """
    connection: Any = wire.client._base_connection  # noqa: SLF001 (as the library's own batches do)
    base = connection.API_BASE_URL
    key = "generation" if noncurrent else "ifGenerationMatch"
    parts = []
    for name, generation in items:
        query = {key: str(generation), "prettyPrint": "false"}
        if wire.payer:
            query["userProject"] = wire.payer
        parts.append(
            f"--{_BOUNDARY}\r\nContent-Type: application/http\r\nMIME-Version: 1.0\r\n\r\n"
            f"DELETE {base}/storage/v1{object_path(bucket, name)}?{urlencode(query)} HTTP/1.1\r\n\r\n\r\n"
        )
    body = "".join([*parts, f"--{_BOUNDARY}--\r\n"])
    headers = {"Content-Type": f'multipart/mixed; boundary="{_BOUNDARY}"'}
    answer = connection._make_request(  # noqa: SLF001 (as above)
        "POST", f"{base}/batch/storage/v1", data=body.encode("ascii"), headers=headers, timeout=TIMEOUT
    )
    if not answer.ok:
        raise api.from_http_response(answer)
    try:
        answers = list(read_answers(answer.headers.get("content-type", ""), answer.content))
    except ValueError as error:
        raise ChunkedEncodingError(f"no answer to a batch of deletes: {error}") from error
    if len(answers) != len(parts):
        raise ChunkedEncodingError(f"{len(answers)} answers to {len(parts)} deletes")
    return answers


def read_answers(content_type: str, content: bytes) -> Iterator[requests.Response]:
    """The answers in a `multipart/mixed` body.

    Raises:
        ValueError: it is none.
    """
    named = _NAMED.search(content_type)
    if named is None:
        raise ValueError(f"not an answer in parts: {content_type[:100]}")
    parts = content.replace(b"\r\n", b"\n").split(b"--" + named[1].encode("latin-1"))
    for part in parts[1:-1]:
        _, _, http = part.partition(b"\n\n")
        head, _, body = http.partition(b"\n\n")
        status = head.partition(b"\n")[0].split(b" ")[1:2]
        answer = requests.Response()
        answer.status_code = int(b"".join(status))
        if not answer.ok:
            answer.request = requests.Request("BATCH", "https://storage.googleapis.com/batch").prepare()
            answer._content = body.strip()  # noqa: SLF001 (as the library makes such responses)
            answer.headers["content-type"] = "application/json"
        yield answer
