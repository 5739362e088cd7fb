"""What the system allows the server's process: open files, and space on the disk."""

from __future__ import annotations

import errno
import resource
import sqlite3

OPEN_FILES = 10_240
"""As many as macOS allows any process; far more than the connections of one user's tools."""

_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def raise_open_files() -> int:
    """Allow this process `OPEN_FILES`, or as many as its hard limit says; the number now allowed.

    Shells commonly start programs with 256 (macOS) or 1024 (Linux), of which every connection takes one.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return soft
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return wanted


def is_full(error: BaseException) -> bool:
    """Whether a write failed because the disk, the quota or the largest file is full."""
    if isinstance(error, sqlite3.OperationalError):
        return getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL
    return isinstance(error, OSError) and error.errno in _NO_SPACE
