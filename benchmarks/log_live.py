"""How late a printed line is on the screen, at 200 lines a second, and how soon a finished log is shown.

The whole app runs on a pseudo-terminal with a local server that runs the job. A line counts as shown once it
or a later one is on the screen: at that rate none stays. Of `gcloud ai custom-jobs stream-logs`, the peer, it
is known that it asks once a minute (FACTS 2.6), so that it is not run. Run it with
`python -m benchmarks.log_live`.
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

from google.cloud.aiplatform_v1 import CustomJob

from benchmarks.first_frame import Program, environment
from tests.local.clients import PARENT, REGION, Server
from tui.local import launcher
from tui.services.paths import find_paths

PRINT = """
import time
begun = time.time()
for number in range({lines}):
    while time.time() < begun + number / {rate}:
        time.sleep(0.001)
    print("printed", number, time.time_ns(), flush=True)
"""
LINE = re.compile(r"printed (\d+) (\d{19})")
WHOLE = 0.02
"""Seconds without output after which a frame counts as whole."""
JOBS_KEY, ENTER = b"3", b"\r"


def talker(rate: float, seconds: float) -> CustomJob:
    """A job that prints when it prints."""
    container = {
        "image_uri": "python:3.11",
        "command": [sys.executable, "-c"],
        "args": [PRINT.format(lines=int(rate * seconds), rate=rate)],
    }
    pool = {
        "machine_spec": {"machine_type": "n1-standard-4"},
        "replica_count": 1,
        "container_spec": container,
    }
    return CustomJob(display_name="talker", job_spec={"worker_pool_specs": [pool]})


def opened(environ: dict[str, str]) -> tuple[Program, float]:
    """The app with the newest job's log being opened, and when the key for that was pressed."""
    program = Program([sys.executable, "-m", "tui", "--local", "--region", REGION], environ)
    program.settle(60, lambda screen: "1 Setup" in screen and "starting" not in screen)
    os.write(program.terminal, JOBS_KEY)
    program.settle(60, lambda screen: "talker" in screen)
    pressed = time.perf_counter() - program.started
    os.write(program.terminal, ENTER)
    return program, pressed


def lateness(program: Program, seconds: float, rate: float) -> list[float]:
    """Milliseconds from each line's print until the screen was that far."""
    offset = time.time() - time.perf_counter()
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        program.read(left)
    found: list[float] = []
    shown: int | None = None
    screens = program.screens()
    for (when, screen), (following, _) in pairwise(screens):
        if following - when < WHOLE:
            continue  # half of a frame may show pieces of two lines as one
        seen = [(int(number), int(at)) for number, at in LINE.findall(screen)]
        if not seen:
            continue
        last, printed = max(seen)
        late = (program.started + when + offset) * 1e3 - printed / 1e6
        begin = last if shown is None else shown + 1
        # Lines between two screens were never seen: they were printed at the job's steady rate.
        found += [late + 1e3 * (last - number) / rate for number in range(begin, last + 1)]
        shown = max(last, shown or 0)
    return sorted(found)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rate", type=float, default=200, help="lines a second")
    parser.add_argument("--seconds", type=float, default=20)
    choice = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vt") as home:
        environ = environment(home)
        server = Server(Path(find_paths(environ).local_dir))
        try:
            server.enable("aiplatform", "logging", "iam", "compute")
            job = server.jobs.create_custom_job(parent=PARENT, custom_job=talker(choice.rate, choice.seconds))
            program, _ = opened(environ)
            late = lateness(program, choice.seconds, choice.rate)
            program.end()
            middle, high = statistics.median(late), late[int(0.99 * (len(late) - 1))]
            figures = f"{middle:.0f} {high:.0f} {late[-1]:.0f} (p50, p99, max of {len(late)})"
            print(f"ms from print to screen at {choice.rate:g} lines/s: {figures}")
            server.ended(job.name)
            program, pressed = opened(environ)
            program.settle(30, lambda screen: "completed successfully" in screen)
            first = next(when for when, screen in program.screens() if when > pressed and "printed" in screen)
            program.end()
            print(f"ms from the key to the first screen of a finished log: {1000 * (first - pressed):.0f}")
        finally:
            launcher.stop(server.data_dir)


if __name__ == "__main__":
    main()
