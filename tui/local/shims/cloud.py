"""The few calls of the Cloud Storage JSON API that the tools make."""

from __future__ import annotations

import base64
import hashlib
import http.client
import json
import os
import threading
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO
from urllib.parse import quote, urlencode, urlsplit

from tui.local.shims.voice import Refused, ToolError

ADDRESS = "VERTEX_TUI_STORAGE"
"""The variable that holds the server's address, with the job's token in its path."""

CHUNK = 1 << 20
"""Bytes sent, read and written at a time."""

TIMEOUT = 300.0
"""Seconds without a byte after which the server counts as gone."""

Json = dict[str, Any]


class Hashing:
    """A file that counts what is read from it into an MD5."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._md5 = hashlib.md5(usedforsecurity=False)
        self.size = 0

    def read(self, count: int = CHUNK) -> bytes:
        """The next bytes."""
        data = self._file.read(count)
        self._md5.update(data)
        self.size += len(data)
        return data

    def __iter__(self) -> Iterator[bytes]:
        while data := self.read():
            yield data

    @property
    def md5(self) -> str:
        """Base64 of the MD5 of what was read."""
        return base64.b64encode(self._md5.digest()).decode()


class Cloud:
    """The Storage API at the address that the environment gives; usable from several threads."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        address = environ.get(ADDRESS, "")
        parts = urlsplit(address)
        if parts.scheme != "http" or not parts.hostname:
            raise ToolError(
                f"{ADDRESS} is not set: this tool works only inside a local job.", kind="", code=2
            )
        self.project = environ.get("GOOGLE_CLOUD_PROJECT", "")
        self._host, self._port, self._base = parts.hostname, parts.port or 80, parts.path.rstrip("/")
        self._local = threading.local()

    def _connection(self) -> http.client.HTTPConnection:
        found: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if found is None:
            found = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT, blocksize=CHUNK)
            self._local.connection = found
        return found

    def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: bytes | Hashing | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> http.client.HTTPResponse:
        """Send a request; the answer, refused or not, its body unread."""
        target = self._base + path + (f"?{urlencode(query)}" if query else "")
        connection = self._connection()
        try:
            try:
                connection.request(method, target, body, dict(headers or {}))
            except (BrokenPipeError, ConnectionResetError):
                if not isinstance(body, Hashing):
                    raise
                # The server may have refused before it took the whole body: its answer says why.
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            connection.close()
            self._local.connection = None
            raise ToolError(f"no answer from the local server: {error}", kind="ServiceException") from error

    def call(
        self, method: str, path: str, query: Mapping[str, str] | None = None, body: Json | None = None
    ) -> Json:
        """A JSON call.

        Raises:
            Refused: the service says no.
        """
        data = None if body is None else json.dumps(body).encode()
        response = self._send(
            method, path, query, data, {"Content-Type": "application/json"} if data else None
        )
        return self._result(response, path)

    def _result(self, response: http.client.HTTPResponse, path: str) -> Json:
        data = response.read()
        if response.status >= 300:  # noqa: PLR2004  # what is not success
            raise Refused(response.status, _message(data), _bucket(path))
        found: Json = json.loads(data) if data else {}
        return found

    def pages(
        self, bucket: str, prefix: str = "", *, delimiter: str = "", versions: bool = False
    ) -> Iterator[Json]:
        """The pages of a listing."""
        query = {"prefix": prefix, "delimiter": delimiter, "versions": str(versions).lower()}
        while True:
            page = self.call("GET", f"/storage/v1/b/{quote(bucket, safe='')}/o", query)
            yield page
            if "nextPageToken" not in page:
                return
            query["pageToken"] = page["nextPageToken"]

    def objects(self, bucket: str, prefix: str = "", *, versions: bool = False) -> Iterator[Json]:
        """All objects whose names begin with `prefix`."""
        for page in self.pages(bucket, prefix, versions=versions):
            yield from page.get("items", [])

    def buckets(self) -> Iterator[Json]:
        """The project's buckets."""
        yield from self.call("GET", "/storage/v1/b", {"project": self.project}).get("items", [])

    def find(self, bucket: str, name: str) -> Json | None:
        """An object's metadata, or None."""
        try:
            return self.call("GET", object_path(bucket, name))
        except Refused as error:
            if error.status == http.client.NOT_FOUND and "bucket does not exist" not in error.message:
                return None
            raise

    def upload(self, bucket: str, name: str, file: BinaryIO, content_type: str, size: int | None) -> Json:
        """Make what `file` holds an object; `size` None for a stream of unknown length."""
        body = Hashing(file)
        headers = {"Content-Type": content_type}
        if size is not None:
            headers["Content-Length"] = str(size)
        path = f"/upload/storage/v1/b/{quote(bucket, safe='')}/o"
        response = self._send("POST", path, {"uploadType": "media", "name": name}, body, headers)
        found = self._result(response, path)
        if found.get("md5Hash", body.md5) != body.md5:
            raise ToolError(
                f"gs://{bucket}/{name} does not have the file's MD5.", kind="HashMismatchException"
            )
        return found

    def download(self, item: Json, file: BinaryIO) -> int:
        """Write the bytes of exactly this generation to `file`; how many they are."""
        path = object_path(item["bucket"], item["name"])
        query = {"alt": "media", "generation": item["generation"]}
        response = self._send("GET", path, query, headers={"Accept-Encoding": "gzip"})
        if response.status >= 300:  # noqa: PLR2004
            raise Refused(response.status, _message(response.read()), item["bucket"])
        md5, size = hashlib.md5(usedforsecurity=False), 0
        while data := response.read(CHUNK):
            md5.update(data)
            size += len(data)
            file.write(data)
        expected = item.get("md5Hash")
        if size != int(item["size"]) or (expected and base64.b64encode(md5.digest()).decode() != expected):
            raise ToolError(
                f"what came of gs://{item['bucket']}/{item['name']} is not what is stored.",
                kind="HashMismatchException",
            )
        return size

    def copy(self, item: Json, bucket: str, name: str) -> Json:
        """Copy an object inside the service."""
        source, target = object_path(item["bucket"], item["name"]), object_path(bucket, name)
        query: dict[str, str] = {"sourceGeneration": item["generation"]}
        while True:
            answer = self.call("POST", f"{source}/rewriteTo{target.removeprefix('/storage/v1')}", query, {})
            if answer.get("done"):
                found: Json = answer["resource"]
                return found
            query["rewriteToken"] = answer["rewriteToken"]

    def delete(self, item: Json, *, for_good: bool = False) -> None:
        """Delete an object unless it changed since it was listed; `for_good` that generation itself."""
        query = {"ifGenerationMatch": item["generation"]}
        if for_good:
            query["generation"] = item["generation"]
        self.call("DELETE", object_path(item["bucket"], item["name"]), query)

    def make_bucket(self, name: str, location: str, storage_class: str) -> None:
        """Create a bucket in the job's project."""
        body = {"name": name, "location": location, "storageClass": storage_class}
        self.call(
            "POST",
            "/storage/v1/b",
            {"project": self.project},
            {key: value for key, value in body.items() if value},
        )

    def remove_bucket(self, name: str) -> None:
        """Delete an empty bucket."""
        self.call("DELETE", f"/storage/v1/b/{quote(name, safe='')}")


def object_path(bucket: str, name: str) -> str:
    """The path of an object resource."""
    return f"/storage/v1/b/{quote(bucket, safe='')}/o/{quote(name, safe='')}"


def _bucket(path: str) -> str:
    return path.partition("/b/")[2].partition("/")[0]


def _message(data: bytes) -> str:
    """The service's words in an error answer, which is JSON, or plain text for downloads."""
    text = data.decode("utf-8", "replace").strip()
    try:
        return str(json.loads(text)["error"]["message"])
    except (ValueError, LookupError, TypeError):
        return text or "no reason given"


def file_md5(path: str) -> str:
    """Base64 of a file's MD5."""
    with open(path, "rb") as file:  # noqa: PTH123  # pathlib costs start-up time
        reader = Hashing(file)
        for _ in reader:
            pass
    return reader.md5


def environment() -> Cloud:
    """The server that this process's environment names."""
    return Cloud(os.environ)
