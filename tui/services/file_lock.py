"""One session at a time, where several change the same small file."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

WITHIN = 5.0
"""Seconds to wait for another session, which needs milliseconds."""

STEP = 0.005

_NO_LOCKS = (errno.ENOLCK, errno.EOPNOTSUPP, errno.ENOSYS)
"""Errors of a file system that has no locks, as some network ones."""


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep every other `locked` of that file out, in this process and others.

    Blocks, so it is not for the event loop. The lock is that of a file beside it, which stays; the system
    gives it free when a process dies.

    Raises:
        OSError: the file beside cannot be made, or (TimeoutError) somebody else held it for `WITHIN` seconds.
    """
    beside = path.with_name(f".{path.name}.lock")
    descriptor = os.open(beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait_for(descriptor)
        yield
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int) -> None:
    end = time.monotonic() + WITHIN
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise TimeoutError(errno.ETIMEDOUT, "another session holds the file") from None
            time.sleep(STEP)
        except OSError as failure:
            if failure.errno not in _NO_LOCKS:
                raise
            return
        else:
            return
