"""`python -m benchmarks.campaign [NAME …] [--count N] [--seed S]`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Mapping

from benchmarks.campaign import (
    deletes,
    edits,
    follow,
    fuzz,
    grants,
    kills,
    lost_replies,
    properties,
    transfers,
)

TRIALS: Mapping[str, tuple[Callable[[int, int], bool], int]] = {
    "kills": (kills.run, 200),
    "lost-replies": (lost_replies.run, 300),
    "grants": (grants.run, 200),
    "fuzz": (fuzz.run, 20_000),
    "deletes": (deletes.run, 500),
    "edits": (edits.run, 10_000),
    "follow": (follow.run, 1_000_000),
    "properties": (properties.run, 1_000),
    "transfers": (transfers.run, 1_000),
}
"""Each with its full count of cases."""


def main() -> int:
    """Run the trials; 1 if a case failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.campaign", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(TRIALS)}; all if none")
    parser.add_argument("--count", type=int, help="cases of each, instead of the full count")
    parser.add_argument("--seed", type=int, default=1, help="of the first case")
    choice = parser.parse_args()
    unknown = set(choice.names) - TRIALS.keys()
    if unknown:
        parser.error(f"no such trial: {', '.join(sorted(unknown))}")
    good = True
    for name, (run, full) in TRIALS.items():
        if not choice.names or name in choice.names:
            good = run(choice.count or full, choice.seed) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
