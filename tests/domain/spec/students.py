"""A good spec, and what the tests about beginners' mistakes do with it."""

from __future__ import annotations

from tui.domain.spec.check import check
from tui.domain.spec.problems import apply_fix

_SCRIPT = """\
        - |
          set -euo pipefail
          python train.py
          gsutil cp -r out gs://$BUCKET/run
"""
_ENV = """\
      env:
      - name: BUCKET
        value: kelp
"""
SPEC = f"""\
workerPoolSpecs:
  - machineSpec:
      machineType: n1-standard-8
    replicaCount: 1
    containerSpec:
      imageUri: python:3.11
      command: [bash, -c]
      args:
{_SCRIPT}{_ENV}\
scheduling:
  timeout: 3600s
"""


def script(*lines: str) -> str:
    """The spec with another script, which begins in line 10."""
    return SPEC.replace(_SCRIPT, "        - |\n" + "".join(f"          {line}\n" for line in lines))


def env(written: str) -> str:
    """The spec with another environment."""
    return SPEC.replace(_ENV, written)


def found_in(text: str) -> list[tuple[int, str]]:
    """Line and code of every problem, without the notes about lists of one and stored values."""
    left_out = {"one-not-list", "env-stored"}
    found = check(text, region="us-central1").problems
    return [(item.line, item.code) for item in found if item.code not in left_out]


def check_fix(text: str, code: str) -> str:
    """The text after the fix of its first problem with that code."""
    problem = next(item for item in check(text, region="us-central1").problems if item.code == code)
    assert problem.fix is not None, problem
    return apply_fix(text, problem.fix)
