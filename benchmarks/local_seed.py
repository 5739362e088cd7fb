"""How long made-up histories take to reach the local server, what they weigh, and how it answers meanwhile.

A server in a folder of its own is filled as `vertex-tui local seed` does it, while another thread asks it for
its status. Run it with `python -m benchmarks.local_seed`.
"""

from __future__ import annotations

import argparse
import http.client
import statistics
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from urllib.parse import urlsplit

from tui.local import launcher
from tui.local.admin.client import AdminClient
from tui.local.seed.histories import Plan
from tui.local.seed.loading import Progress, load

Work = Callable[[AdminClient, Progress], None]

PAUSE_SECONDS = 0.02
"""Between two questions to the busy server."""


class Probe:
    """Asks for the server's status again and again."""

    def __init__(self, record: launcher.Record) -> None:
        self._record = record
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.seconds: list[float] = []

    def _run(self) -> None:
        address = urlsplit(self._record.http_url)
        while not self.seconds or not self._done.wait(PAUSE_SECONDS):
            begin = time.perf_counter()
            connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
            connection.request("GET", launcher.STATUS_PATH)
            connection.getresponse().read()
            connection.close()
            self.seconds.append(time.perf_counter() - begin)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Ask meanwhile."""
        self._thread.start()
        try:
            yield
        finally:
            self._done.set()
            self._thread.join()

    def report(self) -> str:
        """Median, 99th percentile and worst, in milliseconds."""
        ordered = sorted(1000 * each for each in self.seconds)
        middle, late = statistics.median(ordered), ordered[len(ordered) * 99 // 100]
        return (
            f"answered meanwhile in {middle:.0f} ms (median), {late:.0f} ms (99 %), "
            f"{ordered[-1]:.0f} ms (worst of {len(ordered)})"
        )


def weigh(folder: Path) -> float:
    """MiB on disk."""
    return sum(path.stat().st_blocks for path in folder.rglob("*") if path.is_file()) * 512 / 2**20


def timed(name: str, record: launcher.Record, work: Work) -> float:
    """Do a piece of work and print how it went; the seconds it took."""
    folder = Path(record.data_dir)
    before = weigh(folder)
    done: Counter[str] = Counter()
    probe = Probe(record)
    begin = time.perf_counter()
    with probe.running():
        work(AdminClient(record), lambda what, count: done.update({what: count}))
    seconds = time.perf_counter() - begin
    counted = ", ".join(f"{count:,} {what}" for what, count in done.items() if count)
    print(f"{name:<9} {counted}: {seconds:.1f} s, {weigh(folder) - before:+.0f} MiB; {probe.report()}")
    return seconds


def tell(answer: dict[str, int], told: Progress) -> None:
    """Pass on what the server counted."""
    for what, count in answer.items():
        told(what, count)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=10_000)
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--objects", type=int, default=200_000)
    choice = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vt") as home:
        data_dir = Path(home, "local")
        record = launcher.ensure(data_dir)
        try:
            regions = ("europe-west4", "us-central1", "us-east1")
            plan = Plan(1, choice.jobs, choice.entries, 0, "seeded", regions, 30, time.time_ns())
            total = timed("histories", record, lambda client, told: load(client, data_dir, plan, told))
            objects = asdict(replace(plan, objects=choice.objects))
            total += timed(
                "objects",
                record,
                lambda client, told: tell(client.call("POST", "seed/objects", objects), told),
            )
            print(f"in all    {total:.1f} s, {weigh(data_dir):.0f} MiB")
            timed("cleared", record, lambda client, told: tell(client.call("DELETE", "seed"), told))
        finally:
            launcher.stop(data_dir)


if __name__ == "__main__":
    main()
