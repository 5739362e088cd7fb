"""How many lines a second are read for metrics, beside plain scans of the same lines.

The peers are `json.loads` of each line as a record (what a reader of structured logs does) and one regular
expression that finds the numbers. Run it with `python -m benchmarks.metrics`.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import time
import tracemalloc
from collections.abc import Callable

from tui.domain.logs import LogEntry, Severity
from tui.domain.metrics.reading import reading
from tui.domain.metrics.series import MetricStore

TARGET = 150_000
"""Ordinary lines a second."""
ORDINARY = (
    "Collecting transformers==4.46.2 (from -r requirements.txt (line 3))",
    "  Downloading torch-2.5.1-cp311-cp311-manylinux1_x86_64.whl (906.4 MB)",
    "Requirement already satisfied: numpy>=1.17 in /usr/lib/python3.11/site-packages (from torch) (1.26.4)",
    "2024-11-22 10:00:00.123456: I tensorflow/core/platform/cpu_feature_guard.cc:182] This binary",
    '127.0.0.1 - - [22/Nov/2024 10:00:00] "GET /healthz HTTP/1.1" 200 -',
    "/usr/lib/python3.11/site-packages/x/utils.py:41: FutureWarning: `clean_up_spaces` was not set.",
    "Some weights of BertForSequenceClassification were not initialized from the model checkpoint",
    "Map:  45%|████▌     | 4500/10000 [00:01<00:01, 4500.00 examples/s]",
    "NCCL INFO Channel 00/02 :    0   1   2   3",
    "worker 3 finished shard 00017 of 00128 in 12.4s",
)
"""Lines that say nothing of a run; what most of a log is made of."""
TRAINING = (
    "{{'loss': {v:.4f}, 'grad_norm': 0.8123, 'learning_rate': 2e-05, 'epoch': {e:.2f}}}",
    " 45%|████      | {n}/1000000 [00:10<00:12,  4.5it/s, loss={v:.4f}]",
    "step {n}: train loss {v:.4f}, val loss 2.0",
    "[11/22 10:00:00 d2]: eta: 0:10:00  iter: {n}  total_loss: {v:.4f}  loss_cls: 0.1  lr: 0.01  max_mem: 5G",
    '{{"step": {n}, "loss": {v:.4f}, "lr": 0.001}}',
)


def rate(call: Callable[[str], object], lines: list[str], runs: int) -> float:
    """Median lines a second."""
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        for line in lines:
            call(line)
        took.append(time.perf_counter() - began)
    return len(lines) / statistics.median(took)


def of_json(line: str) -> Callable[[str], object]:
    """A peer that decodes one JSON record for each line."""
    record = json.dumps({"message": line, "severity": "INFO", "attrs": {"tag": "workerpool0-0"}})
    return lambda _: json.loads(record)


def store(lines: list[str]) -> tuple[float, float, float]:
    """Lines a second into a store, milliseconds for `series` and megabytes held."""
    entries = [
        LogEntry(n * 10_000_000, f"id{n:07d}", "log", Severity.INFO, line, "workerpool0-0")
        for n, line in enumerate(lines)
    ]
    tracemalloc.start()
    held = MetricStore()
    held.add(entries)
    held.series()
    size = tracemalloc.get_traced_memory()[0] / 1e6
    tracemalloc.stop()
    held = MetricStore()
    began = time.perf_counter()
    for first in range(0, len(entries), 1000):
        held.add(entries[first : first + 1000])
    speed = len(lines) / (time.perf_counter() - began)
    began = time.perf_counter()
    held.series()
    return speed, (time.perf_counter() - began) * 1000, size


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--lines", type=int, default=100_000)
    args = parser.parse_args()
    ordinary = [ORDINARY[n % len(ORDINARY)] for n in range(args.lines)]
    training = [
        TRAINING[n % len(TRAINING)].format(n=n, v=3 / (1 + n / 1000), e=n / 1000)
        for n in range(args.lines // 5)
    ]
    decoded = rate(of_json(ORDINARY[0]), ordinary, args.runs)
    searched = rate(re.compile(r"[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?").findall, ordinary, args.runs)
    for name, lines in (("ordinary", ordinary), ("training", training)):
        speed = rate(reading, lines, args.runs)
        print(
            f"{name}: {speed:,.0f} lines/s ({decoded / speed:.2f} × json.loads at {decoded:,.0f}, "
            f"{searched / speed:.2f} × that of finding numbers at {searched:,.0f})"
        )
        if name == "ordinary":
            print(f"  target {TARGET:,} lines/s: {'met' if speed >= TARGET else 'MISSED'}")
    hostile = {
        "digits": "loss 1" * 43_000,
        "brackets": "{'loss':" * 32_000,
        "bars": "1%|" * 85_000,
        "space": "\t " * 128_000,
    }
    for name, text in hostile.items():
        print(
            f"hostile {name}, {len(text):,} characters: {1e3 / rate(reading, [text] * 20, 3):.2f} ms a line"
        )
    speed, asked, size = store(training)
    print(
        f"store: {speed:,.0f} training lines/s, series() {asked:.0f} ms, "
        f"{size:.1f} MB for {len(training):,} lines"
    )


if __name__ == "__main__":
    main()
