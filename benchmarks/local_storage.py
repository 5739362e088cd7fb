"""How fast the local server's storage is: filling in bulk, listing, small uploads and downloads, deleting.

The server runs as a process of its own, as for the app; the figures are those of Google's own client over
loopback, its work included. Run it with `python -m benchmarks.local_storage`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from google.auth.credentials import AnonymousCredentials
from google.cloud import storage

from tui.local import launcher
from tui.local.storage.bulk import numbered, put_many
from tui.local.storage.objects import ObjectStore

LISTED = "items(name,size,updated,generation,contentType,crc32c,storageClass),prefixes,nextPageToken"
"""What the app asks of each object."""


def fill(folder: Path, bucket: str, count: int) -> float:
    """Seconds to make `count` objects by the bulk path, as `vertex-tui local seed` does."""
    store = ObjectStore(folder)
    try:
        row = store.buckets.insert("local-project", {"name": bucket, "location": "europe-west4"})
        begin = time.perf_counter()
        put_many(store, row, numbered("outputs/", count, b"a small object"))
        return time.perf_counter() - begin
    finally:
        store.close()


def timed(work: Callable[[], int]) -> tuple[int, float]:
    """What `work` counted, and the seconds that it took."""
    begin = time.perf_counter()
    return work(), time.perf_counter() - begin


def report(what: str, count: int, seconds: float) -> None:
    """One row."""
    print(f"{what:<46} {count:8,d} in {seconds:7.2f} s {count / seconds:12,.0f} /s")


def measure(client: storage.Client, name: str, small: int) -> None:
    """Listing, and small objects one by one."""
    bucket = client.bucket(name)
    report(
        "listed, the fields that the app asks for",
        *timed(lambda: sum(1 for _ in bucket.list_blobs(fields=LISTED))),
    )
    report("listed, all fields", *timed(lambda: sum(1 for _ in bucket.list_blobs())))

    def folders() -> int:
        listing = bucket.list_blobs(prefix="outputs/", delimiter="/", fields=LISTED)
        return sum(1 for _ in listing) + len(listing.prefixes)

    report("folders listed by delimiter", *timed(folders))
    names = [f"one/{number}" for number in range(small)]
    with ThreadPoolExecutor(8) as pool:

        def over(work: Callable[[str], object]) -> tuple[int, float]:
            return timed(lambda: len(list(pool.map(work, names))))

        report(
            "uploads of 20 bytes, 8 threads",
            *over(lambda name: bucket.blob(name).upload_from_string(b"x" * 20)),
        )
        report("downloads of them, 8 threads", *over(lambda name: bucket.blob(name).download_as_bytes()))

    def delete() -> int:
        for start in range(0, len(names), 100):
            with client.batch():
                for each in names[start : start + 100]:
                    bucket.delete_blob(each)
        return len(names)

    report("deleted in batches of 100", *timed(delete))


def large(client: storage.Client, name: str, megabytes: int) -> None:
    """One large object up and down."""
    data = bytes(megabytes << 20)
    blob = client.bucket(name).blob("large")

    def up() -> int:
        blob.upload_from_string(data)
        return megabytes

    def down() -> int:
        return len(blob.download_as_bytes()) >> 20

    report("MiB up, resumable", *timed(up))
    report("MiB down", *timed(down))


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--objects", type=int, default=100_000, help="objects to list")
    parser.add_argument("--seeded", type=int, default=200_000, help="objects to make in bulk; 0 for none")
    parser.add_argument("--small", type=int, default=1_000, help="objects to write and read one by one")
    parser.add_argument("--large", type=int, default=256, help="MiB of one large object")
    choice = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vt-") as folder:
        data_dir = Path(folder, "data")
        data_dir.mkdir(mode=0o700)
        if choice.seeded:
            report("made in bulk", choice.seeded, fill(data_dir / "objects", "seeded", choice.seeded))
        fill(data_dir / "objects", "listed", choice.objects)
        try:
            record = launcher.ensure(data_dir)
            client = storage.Client(
                project=record.project,
                credentials=AnonymousCredentials(),
                client_options={"api_endpoint": record.http_url},
            )
            measure(client, "listed", choice.small)
            large(client, "listed", choice.large)
        finally:
            launcher.stop(data_dir)


if __name__ == "__main__":
    main()
