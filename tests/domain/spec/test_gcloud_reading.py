"""What gcloud sends correctly, the app sends as the same message; gcloud's own code is asked."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from google.cloud.aiplatform_v1 import CustomJob
from google.protobuf.json_format import ParseError

from tests.domain.spec.gcloud_texts import texts
from tui.domain.spec.check import check
from tui.domain.spec.problems import apply_fix

QUARRELS = Path(__file__).parents[2] / "data" / "quarrels.json"
COUNT = 1_200
READER_CODES = {"needs-quotes", "wrong-type", "bad-enum", "bad-duration", "out-of-range", "unknown-key"}
"""Of errors that say that a value cannot be read."""
DELIBERATE = {"yaml-duplicate-key", "yaml-tag", "placeholder", "bad-reference"}
"""Errors of the app's own in files that gcloud sends."""
DURATION = re.compile(r"[0-9]+(?:\.[0-9]{1,9})?s")
UNREAD = re.compile("%FOO|\u2028x|\\[[^\\]]*:[,\\]]")
"""What libyaml refuses and gcloud's reader takes: an unknown directive, a rare line break, `[a:, b]`."""


def gcloud_lib() -> Path | None:
    found = shutil.which("gcloud")
    lib = Path(found).resolve().parents[1] / "lib" if found else None
    return lib if lib and (lib / "googlecloudsdk").is_dir() else None


@cache
def asked(files: tuple[str, ...]) -> list[dict[str, Any]]:
    """The answers of gcloud, in order."""
    lib = gcloud_lib()
    if lib is None:
        pytest.skip("the Google Cloud SDK is not installed here")
    script = Path(__file__).with_name("gcloud_reader.py")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", str(script), str(lib)],
        input=json.dumps(files),
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def received(answer: dict[str, Any]) -> CustomJob | None:
    """The message that the service reads from what gcloud sends; None if either refuses.

    Python's reader of JSON is laxer than the service's with durations.
    """
    if "sent" not in answer:
        return None
    try:
        read: CustomJob = CustomJob.from_json(json.dumps(answer["sent"]))
    except ParseError:
        return None
    scheduling = answer["sent"]["jobSpec"].get("scheduling", {})
    if not DURATION.fullmatch(scheduling.get("timeout", "0s")):
        return None
    return read


def ours(text: str) -> CustomJob:
    job: CustomJob = CustomJob.from_json(json.dumps({"displayName": "n", **check(text).job}))
    return job


def compare(files: tuple[str, ...]) -> int:
    """Hold each of our messages against gcloud's; how many there were."""
    compared = 0
    for text, answer in zip(files, asked(files), strict=True):
        theirs = received(answer)
        errors = check(text).errors
        found = {item.code for item in errors}
        if theirs is None or found & DELIBERATE or UNREAD.search(text):
            continue
        if _is_a_guess(text):
            assert "bad-enum" in found, text
            continue
        assert not found & READER_CODES, (text, errors)
        assert not any(code.startswith("yaml-") for code in found), (text, errors)
        assert ours(text) == theirs, text
        compared += 1
    return compared


def _is_a_guess(text: str) -> bool:
    """Whether an enum is given in a way that gcloud and the service read as different names."""
    return any(part in text for part in ("strategy: on", "strategy: 99", "acceleratorType: 8"))


def test_every_spec_that_gcloud_sends_correctly_is_the_same_message() -> None:
    assert compare(tuple(texts(COUNT))) >= 200


def test_what_readers_of_yaml_quarrel_about_is_the_same_message() -> None:
    assert compare(tuple(json.loads(QUARRELS.read_text("utf-8")))) >= 30


DURATION_WANTED = "scheduling.timeout must be a number of seconds such as 3600s"


@pytest.mark.parametrize(
    ("line", "told", "fixed"),
    [
        ("replicaCount: 01", "01 is read as 1, as YAML 1.1 and gcloud do; write 1.", "replicaCount: 1"),
        ("replicaCount: 0b1", "0b1 is read as 1, as YAML 1.1 and gcloud do; write 1.", "replicaCount: 1"),
        (
            "replicaCount: 1.0",
            "replicaCount is a whole number: gcloud refuses 1.0, write 1.",
            "replicaCount: 1",
        ),
    ],
)
def test_numbers_that_are_read_apart_are_told(line: str, told: str, fixed: str) -> None:
    told_and_fixed(SPEC.replace("replicaCount: 1", line), line, told, fixed)


@pytest.mark.parametrize(
    ("line", "told", "fixed"),
    [
        (
            "enableWebAccess: on",
            "on is read as true, as gcloud does; other tools read a text: write true.",
            "enableWebAccess: true",
        ),
        (
            "enableWebAccess: n",
            "n is read as false, as gcloud does; other tools read a text: write false.",
            "enableWebAccess: false",
        ),
        (
            "scheduling: {timeout: 1:30}",
            f"{DURATION_WANTED}, not 1:30, which YAML reads as the number 90.",
            "scheduling: {timeout: 90s}",
        ),
        ("network: on", "network: on (read as true) must be a text: put it in quotes.", 'network: "on"'),
        ("network: y", "network: y (read as true) must be a text: put it in quotes.", 'network: "y"'),
        ("network: 1e3", "network: the number 1e3 must be a text: put it in quotes.", 'network: "1e3"'),
        ("network: 0o10", "", ""),
        ("network: yesterday", "", ""),
    ],
)
def test_other_values_that_are_read_apart_are_told(line: str, told: str, fixed: str) -> None:
    told_and_fixed(f"{SPEC}{line}\n", line, told, fixed)


def told_and_fixed(text: str, line: str, told: str, fixed: str) -> None:
    number = text.splitlines().index(next(row for row in text.splitlines() if line in row)) + 1
    found = [
        item
        for item in check(text).problems
        if item.code in {"read-differently", "bad-duration", "needs-quotes"}
    ]
    if not told:
        assert not found
        return
    (problem,) = found
    assert (problem.line, problem.message) == (number, told)
    assert problem.fix is not None
    assert apply_fix(text, problem.fix) == text.replace(line, fixed)


SPEC = """\
workerPoolSpecs:
  - machineSpec: {machineType: n1-standard-4}
    replicaCount: 1
    containerSpec: {imageUri: python}
"""


def test_a_label_named_on_must_be_quoted() -> None:
    text = "labels:\n  on: a\njobSpec:\n" + "".join(f"  {row}\n" for row in SPEC.splitlines())
    (problem,) = (item for item in check(text).problems if item.code == "needs-quotes")
    assert problem.line == 2
    assert problem.fix is not None
    assert '"on": a' in apply_fix(text, problem.fix)
