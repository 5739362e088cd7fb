"""The Storage library's main road; with `--google` by Google's name instead of the emulator's address."""

from __future__ import annotations

import json
import os
import sys

from google.api_core.exceptions import NotFound
from google.cloud import storage

MIB = 1 << 20


def main() -> None:
    """Print what was found."""
    by_name = "--google" in sys.argv
    if by_name:
        del os.environ["STORAGE_EMULATOR_HOST"]
    client = storage.Client()
    bucket = client.create_bucket(f"shelf-{'name' if by_name else 'plain'}", location="europe-west4")
    small, large = bucket.blob("runs/a b/ü.txt"), bucket.blob("runs/large.bin")
    small.upload_from_string("hello", content_type="text/plain")
    large.chunk_size = 256 * 1024
    data = os.urandom(MIB)
    large.upload_from_string(data)
    try:
        bucket.blob("nothing").download_as_bytes()
    except NotFound as error:
        missing = error.code
    found = {
        "project": client.project,
        "names": [blob.name for blob in client.list_blobs(bucket, prefix="runs/")],
        "text": small.download_as_text(),
        "same": large.download_as_bytes() == data,
        "link": small.self_link.partition("/storage/")[0],
        "missing": int(missing),
    }
    bucket.delete(force=True)
    print(json.dumps(found | {"left": client.lookup_bucket(bucket.name) is None}))  # noqa: T201


main()
