"""What local files are called in a bucket, and which of them cannot be."""

from __future__ import annotations

from collections.abc import Container, Sequence

from tui.domain.transfers.overwrite import numbered

NAME_BYTES = 1024
"""Longest name of an object, in UTF-8."""

LARGEST = 5 * 1024**4
"""Bytes of the largest object."""

_NO_ACME = ".well-known/acme-challenge/"


def object_name(prefix: str, parts: Sequence[str]) -> str:
    """The object for a file that lies at `parts` below what is uploaded to `prefix`.

    Raises:
        ValueError: Cloud Storage takes no object of that name; the text says why.
    """
    name = prefix + "/".join(parts)
    try:
        encoded = name.encode()
    except UnicodeEncodeError:
        raise ValueError("its name is not valid UTF-8") from None
    if len(encoded) > NAME_BYTES:
        raise ValueError(f"its name would take {len(encoded):,} bytes, and an object's may take 1,024")
    if "\n" in name or "\r" in name:
        raise ValueError("its name holds a line break, which an object's must not")
    if name in {".", ".."} or name.startswith(_NO_ACME):
        raise ValueError("an object must not be called so")
    return name


def free_object_name(name: str, taken: Container[str]) -> str:
    """`name`, or with a number the first that is not taken."""
    folder, slash, last = name.rpartition("/")
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{folder}{slash}{numbered(last, number)}"
    return candidate
