"""How many lines of a log are read a second, beside the least that any reader of lines does.

The peer splits the text and makes one object for each line. Run it with `python -m benchmarks.log_reading`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.metrics import ORDINARY, TRAINING
from tui.domain.logreading.lines import read_lines
from tui.domain.logreading.model import Reading
from tui.domain.logs import LogEntry, Severity

TARGET = 60_000
"""Lines a second: the whole ingest is to reach 20,000."""
LARGEST = 256 * 1024
HOSTILE = {
    "bars": "%|",
    "words": "no error ",
    "colours": "\x1b[31mx",
    "binary": "\x00\xff",
    "links": "gs://a",
}


def peer(entry: LogEntry) -> list[Reading]:
    """Only the lines, as they are."""
    return [Reading(line, entry.severity) for line in entry.text.splitlines()]


def rate(call: Callable[[LogEntry], Sequence[Any]], entries: list[LogEntry], runs: int) -> float:
    """Median entries a second of processor time."""
    took = []
    for _ in range(runs):
        began = time.process_time()
        for entry in entries:
            call(entry)
        took.append(time.process_time() - began)
    return len(entries) / statistics.median(took)


def entries_of(texts: Sequence[str], count: int, severity: Severity) -> list[LogEntry]:
    """One entry for each line, as Vertex AI's agent makes them."""
    found = []
    for number in range(count):
        text = texts[number % len(texts)].format(n=number, v=3 / (1 + number / 1000), e=number / 1000)
        payload = {"message": text, "levelname": severity.name, "attrs": {"tag": "workerpool0-0"}}
        found.append(LogEntry(number, f"i{number}", "log", severity, text, "workerpool0-0", payload))
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--lines", type=int, default=50_000)
    args = parser.parse_args()
    ordinary = [line.replace("{", "{{").replace("}", "}}") for line in ORDINARY]
    coloured = [f"\x1b[32m{line}\x1b[0m" for line in ordinary]
    for name, texts, severity in (
        ("ordinary, standard output", ordinary, Severity.INFO),
        ("ordinary, standard error", ordinary, Severity.ERROR),
        ("training, standard output", TRAINING, Severity.INFO),
        ("training, standard error", TRAINING, Severity.ERROR),
        ("coloured, standard error", coloured, Severity.ERROR),
    ):
        entries = entries_of(texts, args.lines, severity)
        speed, least = rate(read_lines, entries, args.runs), rate(peer, entries, args.runs)
        print(
            f"{name}: {speed:,.0f} lines/s ({least / speed:.1f} × the time of splitting alone, "
            f"{least:,.0f}); target {TARGET:,}: {'met' if speed >= TARGET else 'MISSED'}"
        )
    for name, unit in HOSTILE.items():
        entry = LogEntry(1, "i", "log", Severity.ERROR, unit * (LARGEST // len(unit)), "workerpool0-0")
        print(
            f"hostile {name}, {len(entry.text):,} characters: {1e3 / rate(read_lines, [entry] * 3, 3):.1f} ms"
        )


if __name__ == "__main__":
    main()
