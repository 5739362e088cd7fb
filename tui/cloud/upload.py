"""One upload: checked by the service, stoppable, in one request when small and resumable when large.

A small file goes as one multipart request with its crc32c, which the service checks. A large one goes in a
resumable session, whose pieces grow and shrink so that each takes about a second; the last one carries the
checksum of all. A piece that was lost is sent again from where the service says that it is. The session is
dropped when the upload is stopped or refused, so that no object comes into being, unless somebody keeps it:
then another upload of the same, unchanged file goes on with it, also one by a later process.

A file that is not in the end what it was in the beginning is refused, whatever its size: what was sent may be
half of the old and half of the new.
"""

# mypy: disable-error-code=no-untyped-call
from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import re
import stat
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import google_crc32c
from google.api_core import exceptions as api

from tui.cloud.errors import KNOWN
from tui.cloud.storage_records import object_of
from tui.cloud.storage_wire import TIMEOUT, Json, Wire, object_path
from tui.cloud.transfer import Patience, Stopped, Transfer
from tui.cloud.upload_file import changed, check_sum, content_type, encoded, is_unchanged
from tui.domain.errors import CloudError
from tui.domain.storage import GcsUri, ObjectInfo, UploadSession

RESUMABLE_ABOVE = 8 << 20
"""Bytes up to which a file goes in one request."""

ANSWER_WITHIN = 60.0
"""Seconds for the service to answer to a piece."""

_UNIT = 256 << 10
"""What pieces of a session are multiples of, except the last."""
_FIRST, _LARGEST = 1 << 20, 64 << 20
_PIECE_SECONDS = 1.0

_RANGE = re.compile(r"bytes=0-(\d{1,18})")
_INCOMPLETE = 308
_DROPPED = frozenset({404, 410})
_REFUSED = frozenset({400, 412, *_DROPPED})
"""HTTP's numbers for a session that is not there any more, and for an upload that no other try helps."""


class Upload(Transfer[ObjectInfo]):
    """An upload that runs in a thread and reports to the event loop."""

    def __init__(
        self,
        path: Path,
        uri: GcsUri,
        replaces: int | None,
        on_bytes: Callable[[int], None] | None,
        loop: asyncio.AbstractEventLoop,
        *,
        session: UploadSession | None = None,
        on_session: Callable[[UploadSession | None], None] | None = None,
    ) -> None:
        super().__init__(on_bytes, loop, is_kept=on_session is not None)
        self._path = path
        self._uri = uri
        self._replaces = replaces
        self.session = session
        """What can be gone on with, as far as is known."""
        self._on_session = on_session
        self._type = content_type(path.name)

    def run_after(self, earlier: Transfer[Any] | None, wire: Wire) -> ObjectInfo:
        """Do it once an earlier upload of the same file has let go of it, and go on with what that left."""
        self.begun = True
        self.session = session_left(earlier, self.session)
        return super().run_after(earlier, wire)

    def run(self, wire: Wire) -> ObjectInfo:
        """Do it, in a thread.

        Raises:
            CloudError: the file changed meanwhile, or what arrived is not what was sent.
            ConnectionAbortedError: it was stopped.
            OSError: the file cannot be read.
        """
        try:
            if not stat.S_ISREG(self._path.stat().st_mode):  # opening a pipe would wait for its other end
                raise OSError(errno.EINVAL, "only files can be uploaded", str(self._path))
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                if status.st_size <= RESUMABLE_ABOVE:
                    raw = self._run_small(wire, file, status)
                else:
                    raw = self._run_large(wire, file, status)
        except Stopped as stopped:
            raise ConnectionAbortedError(f"the upload to {self._uri} was stopped") from stopped
        return object_of(self._uri.bucket, raw)

    # Small files

    def check_unchanged(self, before: os.stat_result, *, sent: bool = False) -> None:
        """Refuse a file that is not what it was before; `sent` says that the object is there by now.

        Raises:
            CloudError: it has changed.
        """
        if not is_unchanged(self._path, before):
            raise changed(self._path, replaced=sent and self._replaces != 0)

    def _run_small(self, wire: Wire, file: BinaryIO, status: os.stat_result) -> Json:
        data = file.read()
        self.check_unchanged(status)
        raw = self._send_small(wire, data)
        try:
            check_sum(raw, google_crc32c.Checksum(data))
            self.check_unchanged(status, sent=True)
            self.tell(len(data), final=True)
        except (Stopped, CloudError):
            _remove(wire, self._uri, raw, self._replaces)
            raise
        return raw

    def _send_small(self, wire: Wire, data: bytes) -> Json:
        patience = Patience(self)
        while True:
            self.check_stopped()
            blob = wire.bucket(self._uri.bucket).blob(self._uri.name)
            try:
                blob.upload_from_string(
                    data,
                    content_type=self._type,
                    if_generation_match=self._replaces,
                    checksum="crc32c",
                    timeout=(TIMEOUT, ANSWER_WITHIN),
                    retry=None,
                )
            except api.PreconditionFailed:
                # An earlier try may have come through without its answer.
                present = self._present(wire) if patience.failures else {}
                if present.get("crc32c") != encoded(google_crc32c.Checksum(data)):
                    raise
                return present
            except KNOWN as error:
                patience.bear(error)
            else:
                raw: Json = blob._properties  # noqa: SLF001 (the resource as it came)
                return raw

    def _present(self, wire: Wire) -> Json:
        """What is there under the name."""
        with contextlib.suppress(api.NotFound):
            return wire.ask("GET", object_path(self._uri.bucket, self._uri.name), projection="noAcl")
        return {}

    # Large ones

    def _run_large(self, wire: Wire, file: BinaryIO, status: os.stat_result) -> Json:
        session = self._kept(wire, status)
        resumed = session is not None
        session = session or self._begin(wire, status)
        raw: Json = {}
        try:
            try:
                raw = _Sending(self, wire, session, file, status).run(resumed=resumed)
            except api.GoogleAPICallError as error:
                if not resumed or error.code not in _DROPPED:
                    raise
                session = self._begin(wire, status)  # the service has forgotten the kept one
                raw = _Sending(self, wire, session, file, status).run(resumed=False)
            self.check_unchanged(status, sent=True)
            self.tell(status.st_size, final=True)
        except BaseException as error:
            if self._on_session is None or _is_hopeless(error):
                self._keep(None)
                if raw:
                    _remove(wire, self._uri, raw, self._replaces)
                else:
                    drop(wire, session)
            raise
        return raw

    def _kept(self, wire: Wire, status: os.stat_result) -> UploadSession | None:
        """What was kept of an earlier try, if it is of the same file on the same condition."""
        session = self.session
        if session is None or session.service != wire.service:
            return None
        wanted = (status.st_size, status.st_mtime_ns, self._replaces)
        if (session.size, session.changed_ns, session.replaces) != wanted:
            drop(wire, session)
            return None
        return session

    def _keep(self, session: UploadSession | None) -> None:
        """Tell whoever keeps it what can be gone on with."""
        self.session = session
        if self._on_session is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody keeps it any more
                self._loop.call_soon_threadsafe(self._on_session, session)

    def _begin(self, wire: Wire, status: os.stat_result) -> UploadSession:
        patience = Patience(self)
        while True:
            blob = wire.bucket(self._uri.bucket).blob(self._uri.name)
            try:
                url = blob.create_resumable_upload_session(
                    content_type=self._type,
                    size=status.st_size,
                    if_generation_match=self._replaces,
                    checksum=None,
                    timeout=TIMEOUT,
                    retry=None,
                )
            except KNOWN as error:
                patience.bear(error)
            else:
                session = UploadSession(url, wire.service, status.st_size, status.st_mtime_ns, self._replaces)
                self._keep(session)
                return session


class _Sending:
    """The pieces of one session."""

    def __init__(
        self, upload: Upload, wire: Wire, session: UploadSession, file: BinaryIO, status: os.stat_result
    ) -> None:
        self._upload = upload
        self._status = status
        self._http = wire.session
        self._session = session
        self._file = file
        self._at = 0
        self._checksum = google_crc32c.Checksum()
        self._summed = 0
        self._piece = _FIRST

    def run(self, *, resumed: bool) -> Json:
        """Send what the service does not have yet; the new object's resource."""
        patience = Patience(self._upload)
        unsure = resumed
        while True:
            self._upload.check_stopped()
            try:
                before = self._at
                raw = self._ask() if unsure else self._send()
            except KNOWN as error:
                patience.bear(error)
                unsure = True
                continue
            unsure = False
            if raw is not None:
                return self._whole(raw)
            if self._at > before:
                patience.got_on()
            self._upload.tell(self._at)

    def _send(self) -> Json | None:
        """Send the next piece; the object's resource if it was the last."""
        size = self._session.size
        data = self._read(min(self._piece, size - self._at))
        last = self._at + len(data) == size
        headers = {"Content-Range": f"bytes {self._at}-{self._at + len(data) - 1}/{size}"}
        if last:
            self._upload.check_unchanged(self._status)
            headers["X-Goog-Hash"] = f"crc32c={encoded(self._checksum)}"
        begin = time.monotonic()
        raw = self._put(headers, data)
        self._fit(time.monotonic() - begin)
        return raw

    def _ask(self) -> Json | None:
        """Have the service say how much it has; the object's resource if that is all."""
        return self._put({"Content-Range": f"bytes */{self._session.size}"}, b"")

    def _put(self, headers: dict[str, str], data: bytes) -> Json | None:
        response = self._http.put(
            self._session.url,
            data=data,
            headers=headers,
            timeout=(TIMEOUT, ANSWER_WITHIN),
            allow_redirects=False,
        )
        if response.status_code == _INCOMPLETE:
            found = _RANGE.fullmatch(response.headers.get("Range", ""))
            self._at = int(found[1]) + 1 if found else 0
            return None
        if not response.ok:
            raise api.from_http_response(response)
        raw: Json = response.json()
        return raw

    def _read(self, count: int) -> bytes:
        """The next bytes of the file, all before them counted into the checksum.

        Raises:
            CloudError: the file has become shorter.
        """
        if self._summed > self._at:  # the service has lost some: only what is new is counted below
            self._checksum, self._summed = google_crc32c.Checksum(), 0
        self._file.seek(self._summed)
        while self._summed < self._at:
            self._count(self._file.read(min(_LARGEST, self._at - self._summed)))
            self._upload.check_stopped()
        data = self._file.read(count)
        if len(data) < count:
            raise changed(self._file.name)
        self._count(data)
        return data

    def _count(self, data: bytes) -> None:
        if not data:
            raise changed(self._file.name)
        self._checksum.update(data)
        self._summed += len(data)

    def _fit(self, seconds: float) -> None:
        """Let pieces take about a second, so that a stop is soon and progress is seen."""
        if seconds < _PIECE_SECONDS / 2:
            self._piece = min(_LARGEST, self._piece * 2)
        elif seconds > _PIECE_SECONDS * 2:
            self._piece = max(_UNIT, self._piece // 2)

    def _whole(self, raw: Json) -> Json:
        """The resource, unless its checksum is not the file's."""
        if self._summed < self._session.size:
            self._at = self._session.size
            self._read(0)
        check_sum(raw, self._checksum)
        return raw


def session_left(earlier: Transfer[Any] | None, known: UploadSession | None) -> UploadSession | None:
    """The session that an upload leaves which was stopped, once it has ended; `known` if there was none."""
    if not isinstance(earlier, Upload):
        return known
    earlier.wait()
    return earlier.session


def drop(wire: Wire, session: UploadSession) -> None:
    """End a session without an object; one that the service cannot be told of ends by itself after a week."""
    with contextlib.suppress(*KNOWN):
        wire.session.delete(session.url, timeout=TIMEOUT)


def give_up(wire: Wire, session: UploadSession, uri: GcsUri) -> None:
    """End a session that was kept; if it had come to its end before the stop did, remove the new object."""
    if session.service != wire.service:
        return
    with contextlib.suppress(*KNOWN):
        headers = {"Content-Range": f"bytes */{session.size}"}
        response = wire.session.put(session.url, headers=headers, timeout=TIMEOUT, allow_redirects=False)
        if response.status_code == 200:  # noqa: PLR2004 (HTTP's number)
            _remove(wire, uri, response.json(), session.replaces)
        else:
            drop(wire, session)


def _remove(wire: Wire, uri: GcsUri, raw: Json, replaces: int | None) -> None:
    """Remove a new object whose upload was stopped too late; what an upload replaced would not come back."""
    if replaces == 0:
        with contextlib.suppress(*KNOWN):
            wire.ask("DELETE", object_path(uri.bucket, uri.name), generation=int(raw["generation"]))


def _is_hopeless(error: BaseException) -> bool:
    """Whether a session is of no use any more."""
    if isinstance(error, api.GoogleAPICallError):
        return error.code in _REFUSED
    return isinstance(error, CloudError)
