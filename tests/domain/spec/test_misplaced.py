"""Slips of the keyboard: a missing space, a key that stands beside the one it belongs under."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.spec.check import check
from tui.domain.spec.problems import Problem, apply_fix

GOOD = """\
workerPoolSpecs:
- machineSpec:
    machineType: g2-standard-8
    acceleratorType: NVIDIA_L4
    acceleratorCount: 1
  replicaCount: 1
  containerSpec:
    imageUri: python:3.11
    command:
    - python
    - train.py
    env:
    - name: A
      value: b
scheduling:
  timeout: 3600s
  strategy: SPOT
"""


def problems(text: str) -> tuple[Problem, ...]:
    return check(text, region="us-central1").problems


def test_the_good_one_is_good() -> None:
    assert not problems(GOOD)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("machineType: g2", "machineType:g2", (3, 17)),
        ("acceleratorCount: 1", "acceleratorCount:1", (5, 22)),
        ("replicaCount: 1", "replicaCount:1", (6, 16)),
        ("imageUri: python", "imageUri:python", (8, 14)),
        ("- name: A", "- name:A", (13, 12)),
        ("      value: b", "      value:b", (14, 13)),
        ("timeout: 3", "timeout:3", (16, 11)),
        ("strategy: S", "strategy:S", (17, 12)),
        ("- machineSpec", "-machineSpec", (2, 2)),
        ("- python", "-python", (10, 6)),
        ("- train.py", "-train.py", (11, 6)),
        ("- name: A", "-name: A", (13, 6)),
        ("scheduling:\n  timeout: 3600s\n  strategy: SPOT\n", "scheduling: {timeout:3600s}\n", (15, 22)),
        ("scheduling:\n  timeout: 3600s\n  strategy: SPOT\n", "scheduling:\n  timeout:3600s\n", (16, 11)),
        ("Type: g2-standard-8\n    acceleratorType: N", "Type:g2-standard-8\n    acceleratorType:N", (3, 17)),
    ],
)
def test_a_missing_space_is_told_where_it_is_missing(old: str, new: str, place: tuple[int, int]) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    (problem,) = problems(text)
    assert (problem.code, problem.place) == ("yaml-space", place)
    assert problem.fix is not None
    left = problems(apply_fix(text, problem.fix))
    assert [item.code for item in left] in ([], ["no-timeout"])


def test_what_may_be_an_option_has_no_certain_fix() -> None:
    (problem,) = problems(GOOD.replace("- train.py", "-m"))
    assert (problem.code, problem.place, problem.fix) == ("yaml-space", (11, 6), None)


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("- train.py", "- --out=gs://b/x"),
        GOOD.replace("- train.py", "- key:value"),
        GOOD.replace("- train.py", "- -m"),
        GOOD.replace("    - python\n    - train.py", "    - bash\n    - -c\n    - |\n      x:y\n      -z\n"),
        GOOD.replace("value: b", "value: a:b"),
    ],
)
def test_a_colon_or_a_dash_in_a_text_is_no_slip(text: str) -> None:
    assert "yaml-space" not in [item.code for item in problems(text)]


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("  timeout: 3600s\n  strategy: SPOT\n", "timeout: 3600s\n", 16, "timeout belongs under scheduling"),
        ("  strategy: SPOT\n", "strategy: SPOT\n", 17, "strategy belongs under scheduling"),
        ("    acceleratorCount", "  acceleratorCount", 5, "acceleratorCount belongs under machineSpec"),
        (
            "    command:\n    - python\n    - train.py\n    env:\n    - name: A\n      value: b\n",
            "  command:\n  - python\n  - train.py\n",
            9,
            "command belongs under containerSpec",
        ),
    ],
)
def test_a_key_beside_its_place_is_moved(old: str, new: str, line: int, words: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    (problem,) = problems(text)
    assert (problem.code, problem.line) == ("misplaced-key", line)
    assert problem.message.startswith(words)
    assert problem.fix is not None
    assert not problems(apply_fix(text, problem.fix))


def test_all_that_was_meant_to_be_below_is_moved_at_once() -> None:
    text = GOOD.replace("  timeout", "timeout").replace("  strategy", "strategy")
    first, last = problems(text)
    assert [item.code for item in (first, last)] == ["misplaced-key", "misplaced-key"]
    assert last.fix is not None
    assert apply_fix(text, last.fix) == GOOD
    assert first.fix is not None
    (left,) = problems(apply_fix(text, first.fix))
    assert left.fix is not None
    assert apply_fix(apply_fix(text, first.fix), left.fix) == GOOD


@pytest.mark.parametrize(
    "tail",
    [
        "scheduling: {timeout: 3600s}\nstrategy: SPOT\n",
        "scheduling: *later\nstrategy: SPOT\n",
        "strategy: SPOT\nscheduling:\n  timeout: 3600s\n",
        "scheduling:\n  timeout: 3600s\nenableWebAccess: true\nstrategy: SPOT\n",
    ],
)
def test_where_moving_is_not_certain_there_is_no_fix(tail: str) -> None:
    text = GOOD.partition("scheduling:")[0] + tail
    found = [item for item in problems(text) if item.code == "misplaced-key"]
    assert all(item.fix is None for item in found)
    assert found or "*later" in tail


@given(st.text("ab:- {}[]\n'\"&*!|>#?,x", max_size=60))
def test_every_missing_space_that_is_told_helps(text: str) -> None:
    for problem in problems(text):
        if problem.code == "yaml-space":
            lines = text.split("\n")
            assert 1 <= problem.line <= len(lines)
            assert 2 <= problem.column <= len(lines[problem.line - 1]) + 1
            assert problem.fix is None or len(apply_fix(text, problem.fix)) > len(text)
