"""How long a key takes to the screen in a file of 2,000 lines, at 50 keys a second, against a bare TextArea.

Both are driven in turn on a pseudo-terminal. What they write is kept with its time and replayed afterwards,
and a key counts as shown when its character is on the screen. Run it with `python -m benchmarks.typing`.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import psutil

from benchmarks.first_frame import Program, environment

RATE = 50
"""Keys a second; holding a key down gives 30."""
LINE = 60
"""Characters after which a new line is begun, so that all of it stays on the screen."""
LINES = 2_000
PAGES = 25
"""Page keys to the place where the typing begins, amid the file."""
ENTER, PAGE_DOWN, END = b"\r", b"\x1b[6~", b"\x1b[F"


def big_spec(lines: int) -> str:
    """A spec of about so many lines: one pool with many environment variables and a long script."""
    head = (
        "workerPoolSpecs:\n  - machineSpec:\n      machineType: n1-standard-4\n    replicaCount: 1\n"
        "    containerSpec:\n      imageUri: python:3.11\n      env:\n"
    )
    env = "".join(f"        - name: NAME_{number}\n          value: value {number}\n" for number in range(90))
    script = "      command: [bash, -c]\n      args:\n        - |\n          set -e\n"
    used = (head + env + script).count("\n")
    body = "".join(f"          echo 'line {number} of a long script'\n" for number in range(lines - used - 2))
    return f"{head}{env}{script}{body}scheduling:\n  timeout: 3600s\n"


def latencies(command: Sequence[str], environ: dict[str, str], ready: str, keys: int) -> list[float]:
    """Seconds from each key to its character on the screen."""
    program = Program(command, environ)
    try:
        program.settle(90, lambda screen: ready in screen and "starting" not in screen)
        for key in (*[PAGE_DOWN] * PAGES, END, ENTER):
            os.write(program.terminal, key)
            program.settle(20, lambda _: True) if key in (END, ENTER) else program.read(0.2)
        text = _typed(keys)
        sent = _type(program, text)
        program.settle(20, lambda _: True)
        return _match(program, text, sent)
    finally:
        program.end()


def _typed(keys: int) -> str:
    """What is typed: comments of letters that occur nowhere else in this order."""
    rng = random.Random(1)  # noqa: S311
    body = "".join(rng.choice("abcdefghijkmnopqrstuvwxyz") for _ in range(keys))
    return "".join("\r#" + body[at : at + LINE] for at in range(0, keys, LINE))[1:]


def _type(program: Program, text: str) -> list[float]:
    """Press the keys in time, whether or not the program keeps up; when each was pressed."""
    begun = time.perf_counter()
    sent = []
    for number, character in enumerate(text):
        due = begun + number / RATE
        while (left := due - time.perf_counter()) > 0:
            program.read(left)
        sent.append(time.perf_counter() - program.started)
        os.write(program.terminal, character.encode())
    return sent


def _match(program: Program, text: str, sent: Sequence[float]) -> list[float]:
    """Replay the screens and find for each key the first that shows it."""
    screens = program.screens()
    found, place = [], 0
    for number, character in enumerate(text):
        if character == "\r":
            continue
        line = text[text.rfind("\r", 0, number) + 1 : number + 1]
        while place < len(screens) and (screens[place][0] < sent[number] or line not in screens[place][1]):
            place += 1
        if place == len(screens):
            raise SystemExit(f"{program.command}: {line!r} was never shown:\n{screens[-1][1]}")
        found.append(screens[place][0] - sent[number])
    return found


def report(name: str, seconds: Sequence[float]) -> None:
    """One row in milliseconds."""
    ordered = sorted(1000 * value for value in seconds)
    middle, high, last = statistics.median(ordered), ordered[int(0.95 * len(ordered))], ordered[-1]
    print(f"{name:<12} {middle:7.1f} {high:7.1f} {last:7.1f}   ms (median, 95 %, max of {len(ordered)} keys)")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=5, help="of each")
    parser.add_argument("--keys", type=int, default=300, help="keys in a run")
    choice = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="vt") as home:
        environ = environment(home)
        spec = Path(home, "big.yaml")
        spec.write_text(big_spec(LINES))
        bare = [sys.executable, "-m", "benchmarks.bare_editor", str(spec)]
        app = [sys.executable, "-m", "tui", str(spec), "--local"]
        times: dict[str, list[float]] = {"bare": [], "vertex-tui": []}
        try:
            for _ in range(choice.runs):
                spec.write_text(big_spec(LINES))
                times["bare"] += latencies(bare, environ, "workerPoolSpecs", choice.keys)
                times["vertex-tui"] += latencies(app, environ, "workerPoolSpecs", choice.keys)
        finally:
            psutil.Popen([sys.executable, "-m", "tui", "local", "down"], env=environ).wait(60)
    for name, values in times.items():
        report(name, values)
    ratio = statistics.median(times["vertex-tui"]) / statistics.median(times["bare"])
    print(f"ratio of the medians: {ratio:.2f}")


if __name__ == "__main__":
    main()
