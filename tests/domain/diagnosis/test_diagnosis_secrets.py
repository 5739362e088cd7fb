"""What a program prints of its secrets when it fails is not repeated by the card."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from tests.domain.diagnosis.told import job, log, replica_error
from tui.domain.diagnosis.diagnose import as_json, diagnose
from tui.domain.diagnosis.hiding import error_words, secrets_of, without_secrets
from tui.domain.diagnosis.model import Case, Cause, Diagnosis
from tui.domain.jobs import JobError, JobState
from tui.domain.secrets import HIDDEN

TOKEN = "hf_" + "aB3x" * 9
PLAIN = "kelp-forest-42"
"""A value that no pattern knows."""
ERROR = replica_error(1)


def strings(value: object) -> list[str]:
    """All texts of a card."""
    if isinstance(value, str):
        return [value]
    if is_dataclass(value):
        return [text for each in fields(value) for text in strings(getattr(value, each.name))]
    if isinstance(value, Mapping):
        return [text for each in value.values() for text in strings(each)]
    return [text for each in value for text in strings(each)] if isinstance(value, list | tuple) else []


def assert_hidden(card: Diagnosis, *secrets: str) -> None:
    """No text of the card holds a secret or a good part of one."""
    told = "\n".join([*strings(card), str(as_json(card))])
    for secret in secrets:
        assert all(secret[at : at + 8] not in told for at in range(max(len(secret) - 7, 1))), told
    assert HIDDEN in told


def traceback(code: str, message: str) -> str:
    """The lines of one."""
    return f"""
0> Traceback (most recent call last):
0>   File "/app/train.py", line 41, in main
0>     {code}
0> {message}
s> The replica workerpool0-0 exited with a non-zero status of 1. Termination reason: Error.
"""


@pytest.mark.parametrize("before", ["", "x" * 130, "x" * 170, "x" * 370, "x" * 1_950], ids=len)
def test_a_token_in_an_exception_and_in_its_code_is_hidden_wherever_it_is_cut(before: str) -> None:
    lines = traceback(
        f'login("{before}", token="{TOKEN}")', f"ValueError: {before} token '{TOKEN}' is refused"
    )
    card = diagnose(Case(job(ERROR), log(lines), complete=True))
    assert card.frame is not None
    assert card.exception.startswith("ValueError")
    assert_hidden(card, TOKEN)


def test_a_token_in_the_job_s_own_error_is_hidden() -> None:
    detail = (
        f"Traceback (most recent call last):\n  File \"/a.py\", line 1, in f\n    x\nKeyError: '{TOKEN}'\n"
    )
    failed = job(replica_error(1, detail=detail))
    assert_hidden(diagnose(Case(failed)), TOKEN)
    odd = job((2, f"The request with Bearer {TOKEN} was not understood."))
    card = diagnose(Case(odd))
    assert card.cause is Cause.UNKNOWN
    assert card.said == error_words(odd)
    assert_hidden(card, TOKEN)
    assert error_words(replace(odd, error=None)) == ""
    assert error_words(replace(odd, error=JobError(3, "plain"))) == "plain"


def test_known_values_and_those_of_the_spec_s_environment_are_hidden_too() -> None:
    own = "q7Rk2vTz9LmX4wBn"
    env: list[Any] = [{"name": "DB_PASSWORD", "value": own}, {"name": "EPOCHS", "value": "train.py"}, 3]
    machine = {"machineType": "n1-standard-4"}
    pool = {"machineSpec": machine, "replicaCount": "1", "containerSpec": {"imageUri": "i", "env": env}}
    failed = job(ERROR)
    failed = replace(failed, raw={"jobSpec": {"workerPoolSpecs": [pool, {}]}})
    lines = log(traceback(f"connect({own!r})", f"ValueError: {'x' * 150} {own} of {PLAIN} was wrong"))
    card = diagnose(Case(failed, lines, complete=True, secrets=(PLAIN,)))
    assert_hidden(card, own, PLAIN)
    assert "train.py" in card.summary
    assert secrets_of([pool, {}, {"containerSpec": {"env": 7}}]) == (own,)
    assert [entry.text for entry in lines if PLAIN in entry.text]  # the log itself stays as it is


def test_a_secret_over_the_end_of_what_is_shown_is_hidden_whole() -> None:
    assert without_secrets(f"{'x' * 90} {TOKEN} y", 100) == f"{'x' * 90} {HIDDEN}"
    assert without_secrets(f"{TOKEN} {'y' * 200}", 100) == f"{HIDDEN} {'y' * (99 - len(TOKEN))}"
    assert without_secrets("plain", 100) == "plain"


def test_a_job_in_a_state_of_a_newer_api_has_a_card_only_with_an_error() -> None:
    new = replace(job(), state=JobState.UNKNOWN, error=None)
    assert diagnose(Case(new)).healthy
    assert not diagnose(Case(replace(new, error=JobError(13, "It broke.")))).healthy
