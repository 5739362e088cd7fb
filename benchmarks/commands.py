"""How long the commands take that need no screen, as whole processes from a cold start.

Measured in turn with a peer in the same run: `--help` and `check` of the tutorial's spec with a bare
`python -c pass`; `jobs` of 1,000 jobs with `gcloud ai custom-jobs list` of the same columns and with Google's
own client (`list_client.py`), all on the same local server. Run it with `python -m benchmarks.commands`.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.first_frame import environment, report
from benchmarks.jobs_list import COLUMNS, REGION, seeded
from tui.local import client_env, launcher
from tui.local.environ import apply
from tui.services.paths import find_paths

ROOT = Path(__file__).parents[1]
SPEC = ROOT / "tests" / "data" / "tutorial_job.yaml"
VERTEX = (sys.executable, "-m", "tui")
PASS = (sys.executable, "-c", "pass")
FOUND = 1
"""The status of `check` for the tutorial's spec, whose placeholders are errors."""
HIGHEST = {"--help": 0.25, "check": 0.6}
"""Seconds that each may take."""
SHARE = 0.6
"""Of gcloud's time that `jobs` may take."""


def seconds(command: Sequence[str], environ: Mapping[str, str], *, status: int = 0, lines: int = 1) -> float:
    """How long a command takes that ends with that status and prints so many lines at least."""
    begin = time.perf_counter()
    done = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False)
    took = time.perf_counter() - begin
    assert done.returncode == status, done.stderr
    assert done.stdout.count("\n") >= lines or not lines, done.stdout[-500:]
    return took


def told(name: str, values: Sequence[float], peer: str, others: Sequence[float]) -> float:
    """Print a command's times beside its peer's; the ratio of the medians."""
    report(name, list(values))
    ratio = statistics.median(values) / statistics.median(others)
    print(f"{name} to {peer}: {ratio:.2f}")
    return ratio


def without_network(environ: Mapping[str, str], runs: int) -> None:
    """`--help` and `check`."""
    commands: dict[str, tuple[tuple[str, ...], int]] = {
        "pass": (PASS, 0),
        "--help": ((*VERTEX, "--help"), 0),
        "check": ((*VERTEX, "check", str(SPEC)), FOUND),
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(runs + 1):
        for name, (command, status) in commands.items():
            took = seconds(command, environ, status=status, lines=int(name != "pass"))
            if number:  # the first one compiles
                times[name].append(took)
    report("pass", times["pass"])
    for name, most in HIGHEST.items():
        told(name, times[name], "pass", times["pass"])
        middle = statistics.median(times[name])
        print(f"{name}: {1000 * middle:.0f} ms of at most {1000 * most:.0f} ms")


def with_a_list(environ: dict[str, str], jobs: int, runs: int) -> None:
    """`jobs`, beside gcloud and Google's own client."""
    record = seeded(environ, jobs)
    others = apply(client_env.changes(record, REGION, environ), environ)
    client = [sys.executable, "-m", "benchmarks.list_client", record.grpc_address, record.project, REGION]
    listing = ["gcloud", "ai", "custom-jobs", "list", f"--region={REGION}", f"--format={COLUMNS}"]
    times: dict[str, list[float]] = {"jobs": [], "client": [], "gcloud": []}
    for number in range(runs + 1):
        figures = {
            "jobs": seconds((*VERTEX, "jobs", "--local", "--region", REGION), environ, lines=jobs),
            "client": seconds(client, environ, lines=jobs),
        }
        if shutil.which("gcloud"):
            figures["gcloud"] = seconds(listing, others, lines=jobs)
        for name, took in figures.items():
            if number:
                times[name].append(took)
    report("client", times["client"])
    told("jobs", times["jobs"], "client", times["client"])
    if times["gcloud"]:
        report("gcloud", times["gcloud"])
        share = told("jobs", times["jobs"], "gcloud", times["gcloud"])
        print(f"jobs: {share:.2f} of gcloud's time, at most {SHARE}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=9, help="counted runs of each, after one that is not")
    parser.add_argument("--jobs", type=int, default=1_000, help="in the list; 0 leaves that part out")
    choice = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vt") as home:
        environ = environment(home)
        without_network(environ, choice.runs)
        if choice.jobs:
            try:
                with_a_list(environ, choice.jobs, choice.runs)
            finally:
                launcher.stop(Path(find_paths(environ).local_dir))


if __name__ == "__main__":
    main()
