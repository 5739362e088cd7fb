"""The properties of the test suite, on many examples each."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.examples import CAMPAIGN, CAMPAIGN_EXAMPLES

TESTS = Path(__file__).parents[2] / "tests"


def run(count: int, seed: int) -> bool:
    """Try each property on `count` examples, or in proportion; whether all held."""
    files = [path for path in sorted(TESTS.rglob("test_*.py")) if "@given" in path.read_text("utf-8")]
    options = ["-q", "-n", "0", f"--hypothesis-profile={CAMPAIGN}", f"--hypothesis-seed={seed}"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *map(str, files)],
        env={**os.environ, CAMPAIGN_EXAMPLES: str(count)},
        check=False,
    )
    print(f"\nproperties: {len(files)} files, {count} examples of each property, seed {seed}")
    return done.returncode == 0
