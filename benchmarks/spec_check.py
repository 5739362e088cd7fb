"""How long the editor's whole check takes: the tutorial's spec, and specs of 500, 2,000 and 5,000 lines.

The peer is a plain `yaml.load` of the same text with libyaml's safe loader. Run it with
`python -m benchmarks.spec_check`.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path

import yaml

from tui.domain.spec.check import check

TUTORIAL = Path(__file__).parents[1] / "tests" / "data" / "tutorial_job.yaml"
TARGETS = {"tutorial": 15, "5,000 lines": 300}
"""Milliseconds."""
_LINES = (500, 2_000, 5_000)
_HEAD = """\
workerPoolSpecs:
  - machineSpec:
      machineType: g2-standard-8
      acceleratorType: NVIDIA_L4
      acceleratorCount: 1
    replicaCount: 1
    containerSpec:
      imageUri: python:3.11
      command: [bash, -c]
      args:
        - |
          set -e
"""
_TAIL = """\
scheduling:
  timeout: 3600s
"""


def long_spec(lines: int) -> str:
    """A spec of about that many lines: half a script, half comments and variables (more than are allowed)."""
    script = [
        f"          python -m step_{number} --data=$DATA_{number % 50}\n" for number in range(lines // 2)
    ]
    env = [
        f"        # the folder of step {number}\n        - name: DATA_{number}\n          value: gs://bucket/data/{number}\n"
        for number in range((lines - lines // 2 - 20) // 3)
    ]
    return "".join([_HEAD, *script, "      env:\n", *env, _TAIL])


def timed(call: Callable[[], object], runs: int) -> tuple[float, float]:
    """Median and minimum, in milliseconds."""
    took = []
    for _ in range(runs):
        began = time.perf_counter()
        call()
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took), min(took)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=15)
    runs = parser.parse_args().runs
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    texts = {
        "tutorial": TUTORIAL.read_text("utf-8"),
        **{f"{count:,} lines": long_spec(count) for count in _LINES},
    }
    today = date(2026, 11, 22)
    for name, text in texts.items():
        whole = partial(check, text, {"A"}, region="europe-west4", today=today, limit_usd=50)
        whole()
        ours = timed(whole, runs)
        peer = timed(partial(yaml.load, text, Loader=loader), runs)
        target = f", target {TARGETS[name]} ms" if name in TARGETS else ""
        print(
            f"{name}: median {ours[0]:.1f} ms, minimum {ours[1]:.1f} ms; plain load {peer[0]:.1f} ms, "
            f"ratio of the medians {ours[0] / peer[0]:.1f}{target}"
        )


if __name__ == "__main__":
    main()
