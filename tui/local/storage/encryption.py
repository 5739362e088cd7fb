"""Customer-supplied encryption keys: asked for and compared as the service does.

The bytes themselves are stored as they come: they never leave this machine, and the key is not kept.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping

from tui.local.storage.errors import StorageError
from tui.local.storage.rows import ObjectRow, extra_of

KEY_BYTES = 32
ALGORITHM = "AES256"


def customer_key(headers: Mapping[str, str], prefix: str) -> dict[str, str] | None:
    """The key of the headers `PREFIX-Algorithm`, `-Key`, `-Key-Sha256`, as resources show it; None for none.

    Raises:
        StorageError: 400 for a key that is not whole or not its own checksum's.
    """
    given = [headers.get(f"{prefix}-{name}") for name in ("Algorithm", "Key", "Key-Sha256")]
    if not any(given):
        return None
    algorithm, text, checksum = given
    if algorithm != ALGORITHM:
        raise _refused("customerEncryptionAlgorithmIsInvalid", "The encryption algorithm is not supported.")
    try:
        key = base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise _refused(
            "customerEncryptionKeyFormatIsInvalid",
            "Missing an encryption key, or it is not base64 encoded, or it does not meet the required length "
            "of the encryption algorithm.",
        )
    found = base64.b64encode(hashlib.sha256(key).digest()).decode()
    if checksum != found:
        raise _refused(
            "customerEncryptionKeySha256IsInvalid",
            "Missing a SHA256 hash of the encryption key, or it is not base64 encoded, or it does not match "
            "the encryption key.",
        )
    return {"encryptionAlgorithm": ALGORITHM, "keySha256": found}


def check_key(row: ObjectRow, key: Mapping[str, str] | None) -> None:
    """Refuse to read the bytes of `row` with another key than theirs.

    Raises:
        StorageError: 400.
    """
    own = extra_of(row).get("customerEncryption") if "customerEncryption" in row.extra else None
    if own == key:
        return
    if own is None:
        raise _refused(
            "resourceNotEncryptedWithCustomerEncryptionKey",
            "The target object is not encrypted by a customer-supplied encryption key.",
        )
    if key is None:
        raise _refused(
            "resourceIsEncryptedWithCustomerEncryptionKey",
            "The target object is encrypted by a customer-supplied encryption key.",
        )
    raise _refused("customerEncryptionKeyIsIncorrect", "The provided encryption key is incorrect.")


def _refused(reason: str, message: str) -> StorageError:
    return StorageError(400, reason, message)
