"""One download: pinned to a generation, checked, stoppable, resumable, and under its name only when whole.

What arrives is written to a part beside the final name, `tui.domain.parts.part_path`, whose own name says
which generation it is of. Only when all of it is there, has the object's crc32c and, for large ones, is on
the disk, it is renamed; so after a kill a file with its final name is always whole.

An object below `RESUMED_FROM` comes in one piece, is checked in memory and written at once, without waiting
for the disk: it would cost more than the download, and a kill of this program does not need it. (A crash of
the whole machine within the seconds that its system keeps writes back may cost such a file, as with any
copying program.) A larger one is written as it comes and brought to the disk before it gets its name. Its
part stays after a kill, and after a failure or a stop if that is asked for: the next download of the same
generation to the same path reads what is there for the checksum and asks for the rest by a range. If the
whole then has another checksum, for instance after a crash of the machine, all is fetched anew, once. Parts
of other generations are removed. A lock keeps two downloads off the same part, also those of two programs.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import errno
import fcntl
import io
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import google_crc32c
from google.api_core import exceptions as api

from tui.cloud.errors import KNOWN
from tui.cloud.gzipped import MAGIC, unpacked
from tui.cloud.storage_wire import Wire
from tui.cloud.transfer import Patience, Stopped, Transfer
from tui.domain.errors import CloudError, ErrorKind
from tui.domain.parts import BUSY, ENDING, RESUMED_FROM, UNPACKED, part_path, part_prefix, unpacked_path
from tui.domain.storage import ObjectInfo

CHUNK = 1 << 20
"""Bytes taken from the connection at most at once."""

_NO_LOCKS = frozenset({errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS, errno.EINVAL})
"""What file systems without locks answer."""


class Damaged(Exception):  # noqa: N818 (told as a CloudError)
    """What arrived has another checksum."""


_HOPELESS = (Damaged, CloudError, api.NotFound, api.PreconditionFailed)
"""After these the part is of no use: it is not the object, or the object is not there any more."""


class Leftovers:
    """The parts that lie in folders of downloads; a folder is listed once, not for each of its files."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Path, dict[str, list[str]]] = {}

    def remove(self, path: Path, *, but: Path | None = None) -> None:
        """Remove the parts of `path`, except one, and those that a download is writing."""
        with self._lock:
            waiting = self._parts(path.parent).pop(part_prefix(path), ())
        for name in waiting:
            other = path.with_name(name)
            if other != but:
                with contextlib.suppress(CloudError, OSError), _locked(other):
                    _remove(other)

    def note(self, part: Path) -> None:
        """Remember a part that stays."""
        with self._lock:
            self._put(self._parts(part.parent), part.name)

    def _parts(self, folder: Path) -> dict[str, list[str]]:
        known = self._known.get(folder)
        if known is None:
            known = self._known[folder] = {}
            with os.scandir(folder) as entries:
                for entry in entries:
                    self._put(known, entry.name)
        return known

    @staticmethod
    def _put(known: dict[str, list[str]], name: str) -> None:
        if name.startswith(".") and name.endswith(ENDING):
            stem = name.removesuffix(ENDING).removesuffix(UNPACKED)
            known.setdefault(stem.rpartition(".")[0] + ".", []).append(name)


class Download(Transfer[None]):
    """A download that runs in a thread and reports to the event loop."""

    def __init__(
        self,
        item: ObjectInfo,
        path: Path,
        on_bytes: Callable[[int], None] | None,
        loop: asyncio.AbstractEventLoop,
        *,
        leftovers: Leftovers,
        keep_part: bool = False,
    ) -> None:
        super().__init__(on_bytes, loop, is_kept=keep_part)
        self._item = item
        self._path = path
        self._leftovers = leftovers
        self._keep_part = keep_part

    def run(self, wire: Wire) -> None:
        """Do it, in a thread.

        Raises:
            CloudError: what arrived is not the object, or another download writes the file.
            ConnectionAbortedError: it was stopped.
            OSError: the disk failed.
        """
        try:
            if self._item.size < RESUMED_FROM:
                self._run_small(wire)
            else:
                self._run_large(wire)
        except Stopped as stopped:
            raise ConnectionAbortedError(f"the download of {self._item.uri} was stopped") from stopped
        except Damaged as damaged:
            raise CloudError(
                "The download arrived damaged",
                f"{self._item.uri}: {damaged}",
                hint="Try again",
                kind=ErrorKind.LOCAL,
                retryable=True,
            ) from damaged

    # Small objects

    def _run_small(self, wire: Wire) -> None:
        data = self._take(wire)
        self._check(google_crc32c.Checksum(data), len(data))
        self.check_stopped()
        self._leftovers.remove(self._path)
        part = part_path(self._path, 0)  # one name for all generations: the next download cleans it up
        with _locked(part) as file:
            try:
                _empty(file)
                gzipped = self._item.content_encoding == "gzip" and data.startswith(MAGIC)
                for piece in unpacked(io.BytesIO(data)) if gzipped else (data,):
                    file.write(piece)
                file.flush()
                part.replace(self._path)
            except BaseException:
                _remove(part)
                raise

    def _take(self, wire: Wire) -> bytes:
        """All bytes, at the first try that brings them."""
        item, patience = self._item, Patience(self)
        while item.size:
            try:
                return wire.small_media(item.bucket, item.name, item.generation)
            except KNOWN as error:
                patience.bear(error)
        return b""

    # Large ones

    def _run_large(self, wire: Wire) -> None:
        part = part_path(self._path, self._item.generation)
        self._leftovers.remove(self._path, but=part)
        with _locked(part) as file:
            try:
                self._fill(wire, file)
                self._settle(part, file)
            except BaseException as error:
                if self._keep_part and not isinstance(error, _HOPELESS):
                    self._leftovers.note(part)
                else:
                    _remove(part)
                raise

    def _fill(self, wire: Wire, file: BinaryIO) -> None:
        """Have the whole object in the part, going on with what is there."""
        checksum, there = self._count(file)
        if there:
            try:
                self._append(wire, file, checksum, there)
            except Damaged:
                _empty(file)
                checksum = google_crc32c.Checksum()
            else:
                return
        self._append(wire, file, checksum, 0)

    def _append(self, wire: Wire, file: BinaryIO, checksum: google_crc32c.Checksum, there: int) -> None:
        def put(piece: bytes) -> None:
            file.write(piece)
            checksum.update(piece)

        self._check(checksum, self._fetch(wire, there, put))

    def _count(self, file: BinaryIO) -> tuple[google_crc32c.Checksum, int]:
        """The checksum and length of what an earlier try has left."""
        checksum, there = google_crc32c.Checksum(), 0
        file.seek(0)
        while piece := file.read(CHUNK):
            checksum.update(piece)
            there += len(piece)
            self.check_stopped()
        if there > self._item.size:
            _empty(file)
            return google_crc32c.Checksum(), 0
        return checksum, there

    def _settle(self, part: Path, file: BinaryIO) -> None:
        """Bring the part to the disk and give it its name, unpacked if it is stored gzipped."""
        file.flush()
        file.seek(0)
        if self._item.content_encoding != "gzip" or file.read(len(MAGIC)) != MAGIC:
            os.fsync(file.fileno())
            self.check_stopped()
            part.replace(self._path)
            return
        file.seek(0)
        content = unpacked_path(part)
        try:
            with content.open("wb") as target:
                for piece in unpacked(file):
                    target.write(piece)
                    self.check_stopped()
                target.flush()
                os.fsync(target.fileno())
            self.check_stopped()
            content.replace(self._path)
        finally:
            _remove(content)
        _remove(part)

    # Both

    def _fetch(self, wire: Wire, there: int, put: Callable[[bytes], None]) -> int:
        """Take all bytes from `there` on, again and again where the connection breaks; how many there are."""
        item, patience = self._item, Patience(self)
        while there < item.size:
            try:
                with wire.media(item.bucket, item.name, item.generation, first=there) as response:
                    if there and response.status_code != 206:  # noqa: PLR2004 (HTTP's number)
                        raise api.ServiceUnavailable(f"{item.uri}: the range from {there} on was not heeded")
                    while piece := response.raw.read1(CHUNK, decode_content=False):
                        put(piece)
                        there += len(piece)
                        patience.got_on()
                        self.tell(there)
                        if there > item.size:
                            raise Damaged(f"more than its {item.size} bytes arrived")
                if there < item.size:
                    raise ConnectionResetError(f"the answer ended after {there} of {item.size} bytes")
            except KNOWN as error:
                patience.bear(error)
        self.tell(there, final=True)
        return there

    def _check(self, checksum: google_crc32c.Checksum, there: int) -> None:
        """Refuse what is not the object."""
        found = base64.b64encode(checksum.digest()).decode("ascii")
        if self._item.crc32c and found != self._item.crc32c:
            raise Damaged(f"crc32c {found} instead of {self._item.crc32c}")
        if there != self._item.size:
            raise Damaged(f"{there} bytes instead of {self._item.size}")


@contextmanager
def _locked(part: Path) -> Iterator[BinaryIO]:
    """A part opened for reading and writing, kept off other downloads.

    Raises:
        CloudError: one writes it.
        OSError: it cannot be opened.
    """
    while True:
        file = os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666), "r+b")
        try:
            fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise CloudError(
                "Another download writes this file",
                str(part),
                hint="Try again when it has ended",
                kind=ErrorKind.LOCAL,
                reason=BUSY,
            ) from error
        except OSError as error:
            if error.errno not in _NO_LOCKS:
                file.close()
                raise
        if _is_at(part, file):
            break
        file.close()  # the download that held it has renamed or removed it in between
    with file:
        yield file


def _empty(file: BinaryIO) -> None:
    if os.fstat(file.fileno()).st_size:
        file.seek(0)
        file.truncate(0)


def _is_at(part: Path, file: BinaryIO) -> bool:
    with contextlib.suppress(FileNotFoundError):
        return os.path.samestat(part.stat(), os.fstat(file.fileno()))
    return False


def _remove(part: Path) -> None:
    with contextlib.suppress(OSError):
        part.unlink(missing_ok=True)
