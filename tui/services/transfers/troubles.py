"""Why a file could not be carried: what that asks for, and words that say what to do next."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from pathlib import Path

from tui.domain.errors import CloudError, ErrorKind
from tui.domain.parts import BUSY
from tui.domain.storage import ObjectInfo
from tui.domain.storage_gateway import StorageGateway
from tui.domain.text import size
from tui.services.transfers.disk import FULL, SPARE_BYTES
from tui.services.transfers.model import Direction, FileWork

_PERMISSION = re.compile(r"storage\.\w+\.\w+")

_UNSAID = "Permission denied"
"""How a refusal is titled that says no more than that."""

SETUP = "Setup (alt+1) shows which role has it"


TRIES = 3
"""Times that a file is tried when its failure may pass by itself."""

WAITS = 8
"""Times that an error inside the service is waited for before the file fails: it may be that file's alone."""


class Verdict(Enum):
    """What a failure asks for."""

    FAIL = auto()
    """The file has failed, the others go on."""
    AGAIN = auto()
    """The file is tried once more, after the others."""
    WAIT = auto()
    """Nothing comes through: all of the transfer goes on after a while."""
    HOLD = auto()
    """All of it stands still until the user has done something."""


class FinalError(CloudError):
    """A failure that no other try of the same can mend."""


def is_busy(error: CloudError | OSError) -> bool:
    """Whether a download could not begin because another program's is writing the file."""
    return isinstance(error, CloudError) and error.reason == BUSY


def is_full(error: BaseException | None) -> bool:
    """Whether a full disk, or a user's full part of it, is behind a failure."""
    seen = 0
    while error is not None and seen < 10:  # noqa: PLR2004 (no chain is longer, and a ring ends)
        if isinstance(error, OSError) and error.errno in FULL:
            return True
        error, seen = error.__cause__ or error.__context__, seen + 1
    return False


def judge(error: CloudError | OSError, tries: int) -> Verdict:
    """What a failure asks for that is so-manieth of its file."""
    if is_full(error):
        return Verdict.HOLD
    if isinstance(error, OSError):
        return Verdict.FAIL
    kind = error.kind
    if kind in (ErrorKind.NO_CREDENTIALS, ErrorKind.EXPIRED_CREDENTIALS, ErrorKind.BILLING):
        return Verdict.HOLD
    within = kind is ErrorKind.INTERNAL and error.retryable
    if kind in (ErrorKind.UNREACHABLE, ErrorKind.RATE, ErrorKind.TIMEOUT) or (within and tries < WAITS):
        return Verdict.WAIT
    return Verdict.AGAIN if error.retryable and not within and tries < TRIES else Verdict.FAIL


def full_words(error: Exception, free: Callable[[Path], int], folder: Path) -> str:
    """Why a transfer stands still that the disk has no room for; empty if that is not why."""
    if not is_full(error):
        return ""
    left = ""
    with suppress(OSError):
        left = f", {size(free(folder))} are free, {size(SPARE_BYTES)} of them are left alone"
    return f"the disk is full{left}: make room, then press space"


def words(error: CloudError | OSError, direction: Direction, file: FileWork) -> str:
    """The reason in one line."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    if is_busy(error):
        return "another vertex-tui downloads to this file: try again when it has ended"
    if error.kind is ErrorKind.DENIED:
        return _denied(error, direction, file)
    return str(error).rstrip(".")


def _denied(error: CloudError, direction: Direction, file: FileWork) -> str:
    """A refusal with the permission that lacks, if the service is not more exact itself."""
    place = f"gs://{file.uri.bucket}"
    if error.title != _UNSAID:
        return f"{error.title} on {place}; {SETUP}" if _PERMISSION.search(error.title) else str(error)
    named = _PERMISSION.search(error.message)
    if named is not None:
        needed = named[0]
    elif direction is Direction.DOWN:
        needed = "storage.objects.get"
    else:
        needed = "storage.objects.create" + (" and storage.objects.delete" if file.replaces else "")
    return f"{_UNSAID}: this needs {needed} on {place}; {SETUP}"


def replaced(file: FileWork, now: ObjectInfo | None, error: CloudError) -> CloudError:
    """What a refused condition of an upload means, given what lies there now."""
    if now is not None and now.generation == file.replaces:
        return error  # it was another condition
    if now is None and not file.replaces:
        return error
    what = "deleted" if now is None else "replaced" if file.replaces else "put there"
    return FinalError(
        f"It was {what} by somebody else meanwhile",
        "upload it again (U) to decide",
        kind=ErrorKind.CONFLICT,
    )


async def gone(storage: StorageGateway, item: ObjectInfo, error: CloudError) -> CloudError:
    """What it means that a generation is not there any more, by what is."""
    try:
        now = (await storage.get_object(item.uri)).info
    except CloudError:
        return error
    if now.generation == item.generation:
        return error
    return FinalError(
        "It was replaced by a newer one meanwhile",
        "download it anew to have that",
        kind=ErrorKind.NOT_FOUND,
    )
