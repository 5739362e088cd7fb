"""One download: pinned to a generation, checked, stoppable, and on disk only when whole."""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import secrets
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import google_crc32c
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.storage import ObjectInfo

TIMEOUT = 30.0
"""Seconds to connect, and between two bytes."""

RETRY_WITHIN = 60.0
"""Seconds within which a broken transfer is taken up again where it broke."""

PROGRESS_PAUSE = 0.1
"""Seconds between two reports of progress."""

_NAME_KEPT = 40
"""Characters of the final name that its unfinished file shows."""

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 31
"""zlib's number for gzip with its header."""


class Stopped(Exception):  # noqa: N818 (no error: it was asked for)
    """The download was stopped from outside."""


class Download:
    """A download that runs in a thread and reports to the event loop."""

    def __init__(
        self,
        item: ObjectInfo,
        path: Path,
        on_bytes: Callable[[int], None] | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._item = item
        self._path = path
        self._on_bytes = on_bytes
        self._loop = loop
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End it at the next bytes that arrive; from any thread."""
        self._stopped.set()

    def run(self, client: storage.Client) -> None:
        """Do it, in a thread.

        Raises:
            CloudError: the bytes that arrived are not those of the object.
            ConnectionAbortedError: it was stopped.
            OSError: the disk failed.
        """
        part = self._path.with_name(f".{self._path.name[:_NAME_KEPT]}.{secrets.token_hex(4)}.part")
        try:
            with part.open("xb") as file:
                self._fetch(client, file)
                file.flush()
                os.fsync(file.fileno())
            self._check_stopped()
            part.replace(self._path)
        except Stopped as stopped:
            raise ConnectionAbortedError(f"the download of {self._item.uri} was stopped") from stopped
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    def _fetch(self, client: storage.Client, file: BinaryIO) -> None:
        sink = _Sink(file, gzip=self._item.content_encoding == "gzip", progress=self._progress())
        blob = client.bucket(self._item.bucket).blob(
            self._item.name, generation=self._item.generation or None
        )
        blob.download_to_file(
            sink,
            raw_download=True,
            checksum=None,  # checked here, also when the reply names no checksum
            timeout=TIMEOUT,
            retry=DEFAULT_RETRY.with_timeout(RETRY_WITHIN),
        )
        sink.finish()
        if self._item.crc32c and sink.checksum != self._item.crc32c:
            raise CloudError(
                "The download arrived damaged",
                f"{self._item.uri}: crc32c {sink.checksum} instead of {self._item.crc32c}",
                hint="Try again",
                kind=ErrorKind.LOCAL,
                retryable=True,
            )

    def _progress(self) -> Callable[[int, bool], None]:
        last = 0.0

        def report(written: int, final: bool) -> None:  # noqa: FBT001 (inside this module)
            nonlocal last
            self._check_stopped()
            now = time.monotonic()
            if self._on_bytes is not None and (final or now - last >= PROGRESS_PAUSE):
                last = now
                with contextlib.suppress(RuntimeError):  # the loop is closed: nobody looks any more
                    self._loop.call_soon_threadsafe(self._on_bytes, written)

        return report

    def _check_stopped(self) -> None:
        if self._stopped.is_set():
            raise Stopped


class _Sink:
    """What the client writes to: checks the bytes as stored, writes them unpacked, reports."""

    def __init__(self, file: BinaryIO, *, gzip: bool, progress: Callable[[int, bool], None]) -> None:
        self._file = file
        self._unpacker = zlib.decompressobj(_GZIP_WINDOW) if gzip else None
        self._begun = False
        self._progress = progress
        self._crc = google_crc32c.Checksum()
        self._written = 0

    @property
    def checksum(self) -> str:
        """Base64 of the crc32c of the bytes as stored."""
        return base64.b64encode(self._crc.digest()).decode("ascii")

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        self._crc.update(data)
        if not self._begun and data:
            self._begun = True
            if not data.startswith(_GZIP_MAGIC[: len(data)]):
                self._unpacker = None  # labelled gzip, but it is not
        self._put(self._unpack(data) if self._unpacker else data)
        return len(data)

    def finish(self) -> None:
        """Write what the unpacker still holds and report the last number."""
        if self._unpacker:
            self._put(self._unpacker.flush())
        self._progress(self._written, True)  # noqa: FBT003

    def _unpack(self, data: bytes) -> bytes:
        """The content of further bytes of a gzip file, which may consist of several parts."""
        content = b""
        try:
            while data and self._unpacker:
                content += self._unpacker.decompress(data)
                data = self._unpacker.unused_data
                if self._unpacker.eof:
                    self._unpacker = zlib.decompressobj(_GZIP_WINDOW)
        except zlib.error as error:
            raise CloudError(
                "The object's gzip content is damaged", str(error), kind=ErrorKind.LOCAL
            ) from error
        return content

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._written += len(data)
        self._progress(self._written, False)  # noqa: FBT003


def inflate(data: bytes, limit: int) -> bytes:
    """At most `limit` bytes of the content of the beginning of a gzip file; `data` itself if it is none."""
    try:
        return zlib.decompressobj(_GZIP_WINDOW).decompress(data, limit)
    except zlib.error:
        return data
