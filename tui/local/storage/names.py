"""Which bucket and object names exist, and how names are ranged over."""

from __future__ import annotations

import re

from tui.local.storage.errors import invalid

LAST = 0x10FFFF
"""The last code point; names sort by code points, which is also the byte order of their UTF-8."""

SURROGATES = range(0xD800, 0xE000)
"""Code points that cannot stand in a name."""

NAME_BYTES = 1024
"""Longest object name, in bytes of UTF-8."""

BUCKET = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
ADDRESS = re.compile(r"\d+\.\d+\.\d+\.\d+")


def check_bucket(name: object) -> str:
    """`name`, if a bucket may be called so (FACTS 9.9).

    Raises:
        StorageError: 400.
    """
    if (
        not isinstance(name, str)
        or not BUCKET.fullmatch(name)
        or ADDRESS.fullmatch(name)
        or name.startswith("goog")
        or "google" in name
        or ".." in name
        or (len(name) > 63 and "." not in name)  # noqa: PLR2004  # the service's own limit
        or any(len(part) > 63 for part in name.split("."))  # noqa: PLR2004
    ):
        raise invalid(f"Invalid bucket name: '{name}'")
    return name


def check_object(name: object) -> str:
    """`name`, if an object may be called so: 1 to 1,024 bytes, no line ends, neither `.` nor `..`.

    Raises:
        StorageError: 400.
    """
    if not isinstance(name, str) or not name:
        raise invalid("Invalid object name.")
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        raise invalid("Disallowed unicode characters present in object name.") from None
    if size > NAME_BYTES:
        raise invalid("The specified object name is not valid: longer than 1024 bytes.")
    if "\r" in name or "\n" in name or name in {".", ".."} or name.startswith(".well-known/acme-challenge/"):
        raise invalid(f"Invalid object name: '{name}'")
    return name


def successor(prefix: str) -> str | None:
    """The first name after all that begin with `prefix`; None when there is none."""
    while prefix:
        code = ord(prefix[-1]) + 1
        if code in SURROGATES:
            code = SURROGATES.stop
        if code <= LAST:
            return prefix[:-1] + chr(code)
        prefix = prefix[:-1]
    return None
