"""Spec files on disk: read with clear errors, written whole or not at all, untouched bytes kept."""

from __future__ import annotations

import codecs
import hashlib
import os
import shlex
import stat
from dataclasses import dataclass
from pathlib import Path

from tui.domain.spec.lines import for_editor, for_file
from tui.services.files import write_atomic

MAX_BYTES = 1_000_000
"""Larger files are no job specs; reading them would only make the editor slow."""

NEW_FILE_MODE = 0o644
"""Specs hold no secrets, and others may read them."""

BOM = b"\xef\xbb\xbf"

ABSENT = "absent"
"""Stands for the digest of a file that was not there."""


class SpecFileError(Exception):
    """A file that cannot be read or written: one short line, the reason, what to do."""

    def __init__(self, title: str, message: str = "", hint: str = "") -> None:
        super().__init__(title, message)
        self.title = title
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return " ".join(part for part in (f"{self.title}: {self.message}", self.hint) if part)


class ChangedOnDiskError(SpecFileError):
    """Somebody else wrote or removed the file since it was read."""


@dataclass(frozen=True, slots=True)
class SpecFile:
    """A file as it was when it was read or last saved.

    Attributes:
        path: where it is.
        raw: its bytes.
        text: its text for the editor: no byte-order mark, every line ended by a line feed.
        stamp: modification time in nanoseconds and size, by which a change by others is noticed.
        digest: of the bytes that an edited text was made from; of `raw`, but for a text that was kept
            when the app ended and whose file has changed since.
    """

    path: Path
    raw: bytes
    text: str
    stamp: tuple[int, int]
    digest: str = ""

    def __post_init__(self) -> None:
        """Count the digest, unless another is given."""
        if not self.digest:
            object.__setattr__(self, "digest", _digest(self.raw))


def read_spec(path: Path) -> SpecFile:
    """Read a spec file.

    Raises:
        SpecFileError: it is missing, no regular file, too large, unreadable or not UTF-8.
    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise SpecFileError(
                f"{path.name or path} is a folder", "A job spec is a YAML file.", "Choose a file in it."
            )
        if not stat.S_ISREG(status.st_mode):
            raise SpecFileError(f"{path.name} is no file", "It is a device, a pipe or a socket.")
        if status.st_size > MAX_BYTES:
            raise SpecFileError(
                f"{path.name} is too large",
                f"{status.st_size:,} bytes; a job spec has at most {MAX_BYTES:,}.",
            )
        raw = path.read_bytes()
    except OSError as failure:
        raise SpecFileError(f"Cannot read {path.name}", _reason(failure)) from failure
    return SpecFile(path, raw, decode_spec(path.name, raw), (status.st_mtime_ns, status.st_size))


def decode_spec(name: str, raw: bytes) -> str:
    """The text of a spec for the editor, from its bytes.

    Raises:
        SpecFileError: it is too large, or not UTF-8.
    """
    if len(raw) > MAX_BYTES:
        raise SpecFileError(f"{name} is too large", f"A job spec has at most {MAX_BYTES:,} bytes.")
    return for_editor(_decode(name, raw))


def read_again(file: SpecFile) -> SpecFile | None:
    """The file as it is now: `file` itself if nobody touched it, None if it is gone.

    Costs one look at its time and size while these are as they were.

    Raises:
        SpecFileError: it cannot be read any more.
    """
    try:
        status = file.path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as failure:
        raise SpecFileError(f"Cannot read {file.path.name}", _reason(failure)) from failure
    return file if (status.st_mtime_ns, status.st_size) == file.stamp else read_spec(file.path)


def is_read_only(path: Path) -> bool:
    """Whether saving there would be refused; False for a file that does not exist."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return False
    return not (mode & 0o222 and os.access(path, os.W_OK))


def save_spec(file: SpecFile, edited: str, *, force: bool = False) -> SpecFile:
    """Write the editor's text back, keeping byte-order mark, mode and the endings of untouched lines.

    Raises:
        ChangedOnDiskError: others changed the file meanwhile, unless `force`.
        SpecFileError: it cannot be written.
    """
    if not force:
        _refuse_if_changed(file)
    bom = BOM if file.raw.startswith(BOM) else b""
    text = for_file(file.raw[len(bom) :].decode("utf-8"), edited)
    return _write(file.path, bom + _encode(text), edited)


def _refuse_if_changed(file: SpecFile) -> None:
    """Compare the bytes: a clock that stands still for two writes must not hide the second."""
    name = file.path.name
    try:
        now = file.path.read_bytes() if file.path.is_file() else None
    except OSError as failure:
        raise SpecFileError(f"Cannot read {name}", f"{_reason(failure)} Your text is kept.") from failure
    if now is None:
        raise ChangedOnDiskError(f"{name} was removed by another program", "Saving creates it again.")
    if _digest(now) != file.digest:
        raise ChangedOnDiskError(f"{name} was changed by another program", "Saving would write over that.")


def save_spec_as(path: Path, edited: str, *, replace: bool = False) -> SpecFile:
    """Write the editor's text to another path.

    Raises:
        ChangedOnDiskError: a file of that name exists, unless `replace`.
        SpecFileError: it cannot be written.
    """
    if path.is_dir():
        raise SpecFileError(f"{path.name} is a folder", "Add the name of a file to it.")
    if not replace and path.exists():
        raise ChangedOnDiskError(f"{path.name} exists already", "Saving would write over it.")
    return _write(path, _encode(edited), edited)


def _write(path: Path, raw: bytes, edited: str) -> SpecFile:
    target = path.resolve()
    try:
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else None
        if is_read_only(target):
            raise SpecFileError(
                f"{path.name} is read-only", "Nothing was written.", "Save it under another name with ctrl+t."
            )
        write_atomic(target, raw, mode=NEW_FILE_MODE if mode is None else mode)
        status = target.stat()
    except OSError as failure:
        raise SpecFileError(
            f"Cannot write {path.name}", f"{_reason(failure)} Your text is kept."
        ) from failure
    return SpecFile(path, raw, edited, (status.st_mtime_ns, status.st_size))


def _digest(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


_UTF16 = {codecs.BOM_UTF16_LE: "ff fe", codecs.BOM_UTF16_BE: "fe ff"}


def _decode(name: str, raw: bytes) -> str:
    if mark := _UTF16.get(raw[:2]):
        raise SpecFileError(
            f"{name} is not UTF-8",
            f"It looks like UTF-16: its first bytes are {mark}.",
            f"Convert it: iconv -f UTF-16 -t UTF-8 {shlex.quote(name)} > utf8.yaml",
        )
    body = raw.removeprefix(BOM)
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError as failure:
        line = body.count(b"\n", 0, failure.start) + 1
        raise SpecFileError(
            f"{name} is not UTF-8", f"Line {line} holds the byte 0x{body[failure.start]:02x}."
        ) from failure


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "replace")  # half a surrogate pair, pasted, has no other form


def _reason(failure: OSError) -> str:
    return f"{failure.strerror or failure}."
