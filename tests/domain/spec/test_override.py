"""What is set for one start only, its price, and the timeout that is written into the file."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.spec.args_text import parse_args
from tui.domain.spec.check import check
from tui.domain.spec.cost import cost_of
from tui.domain.spec.override import (
    OverrideError,
    first_args,
    holds_secret,
    parse_duration,
    with_args,
    with_timeout,
)
from tui.domain.spec.problems import apply_fix
from tui.domain.spec.timeout import set_timeout
from tui.domain.spec.trial import buckets_of, trial_request
from tui.domain.timeouts import timeout_of

POOLS = """\
workerPoolSpecs:
  - machineSpec:  # the smallest
      machineType: g2-standard-4
      acceleratorType: NVIDIA_L4
      acceleratorCount: 1
    replicaCount: 1
    containerSpec:
      imageUri: python:3.11
      args: [--epochs, "3"]
"""
JOB: dict[str, Any] = dict(check(POOLS).job)


@pytest.mark.parametrize(
    ("text", "words"), [("'a", "quotation mark"), ("[1]", "list of texts"), ("[a]", "JSON")]
)
def test_bad_arguments_are_explained(text: str, words: str) -> None:
    with pytest.raises(OverrideError, match=words):
        parse_args(text)


def test_only_the_first_pool_of_a_copy_changes() -> None:
    changed = with_args(JOB, ["--epochs", "9"])
    assert first_args(changed) == ["--epochs", "9"]
    assert first_args(JOB) == ["--epochs", "3"]
    assert first_args(with_args(JOB, [])) == []
    assert first_args({"jobSpec": {}}) is None


def test_a_secret_among_the_arguments_is_seen() -> None:
    assert holds_secret(["--token", "hf_" + "aB3" * 12])
    assert not holds_secret(["--epochs", "3"])


@pytest.mark.parametrize(
    ("text", "seconds"), [("2h", 7200), ("1h 30m", 5400), ("90 min", 5400), ("7200s", 7200), ("7d", 604800)]
)
def test_lengths_of_time(text: str, seconds: int) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    ("text", "words"), [("", "such as"), ("2", "2h"), ("soon", "such as"), ("8d", "7 days"), ("0s", "7 days")]
)
def test_bad_lengths_of_time_are_explained(text: str, words: str) -> None:
    with pytest.raises(OverrideError, match=words):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        (POOLS, f"scheduling:\n  timeout: 7200s\n{POOLS}"),
        (
            f"scheduling:\n  timeout: '5s'  # short\n{POOLS}",
            f"scheduling:\n  timeout: '7200s'  # short\n{POOLS}",
        ),
        (
            f"scheduling:\n  strategy: SPOT\n{POOLS}",
            f"scheduling:\n  timeout: 7200s\n  strategy: SPOT\n{POOLS}",
        ),
        (
            "jobSpec: {workerPoolSpecs: []}\n",
            "jobSpec: {scheduling: {timeout: 7200s}, workerPoolSpecs: []}\n",
        ),
        ('{"workerPoolSpecs": []}', '{"scheduling": {"timeout": "7200s"}, "workerPoolSpecs": []}'),
    ],
)
def test_the_timeout_is_written_and_nothing_else(text: str, changed: str) -> None:
    fix = set_timeout(text, 7200)
    assert fix is not None
    assert apply_fix(text, fix) == changed
    assert timeout_of(check(changed).job) == 7200


@pytest.mark.parametrize("text", ["", "- a", "a: [", "scheduling: *x\nworkerPoolSpecs: []", "a: 1\rb: 2\n"])
def test_a_text_that_cannot_be_changed_on_its_own_is_left(text: str) -> None:
    assert set_timeout(text, 7200) is None


@given(st.text(alphabet="abc:-{}[]'\"\n# timeoutscheduling", max_size=60))
def test_any_text_is_survived(text: str) -> None:
    fix = set_timeout(text, 60)
    assert fix is None or timeout_of(check(apply_fix(text, fix)).job) == 60


def test_the_price_is_an_estimate_with_its_date_on_demand_and_spot() -> None:
    cost = cost_of(with_timeout(JOB, 7200), "europe-west4")
    assert cost.per_hour_words.endswith("(estimate, July 2026)")
    assert "on demand" in cost.per_hour_words
    assert "Spot" in cost.per_hour_words
    assert cost.most is not None
    assert cost.on_demand.per_hour is not None
    assert cost.most == cost.on_demand.per_hour * 2
    assert "stopped after 2h 0m" in cost.most_words


def test_without_a_timeout_seven_days_are_counted() -> None:
    cost = cost_of(JOB, "europe-west4")
    assert cost.on_demand.per_hour is not None
    assert cost.most == cost.on_demand.per_hour * 168
    assert "only after 7 days" in cost.most_words


def test_an_unknown_price_is_said_and_is_over_no_limit() -> None:
    cost = cost_of(JOB, "antarctica-south1")
    assert cost.most is None
    assert "not known" in cost.per_hour_words
    assert "price not known" in cost.most_words
    assert cost.over(1) == ""
    assert cost.unsure(1)
    assert not cost.unsure(0)


def test_over_a_limit_whole_dollars_are_to_be_typed() -> None:
    cost = cost_of(with_timeout(JOB, 7200), "europe-west4")
    assert cost.most is not None
    assert cost.over(0.01) == str(int(cost.most) + 1)
    assert cost.over(float(cost.most) + Decimal("0.01").__float__()) == ""
    assert cost.over(0) == ""


@pytest.mark.parametrize(("strategy", "word"), [("SPOT", "Spot"), ("FLEX_START", "Flex-start")])
def test_other_strategies_have_prices_of_their_own(strategy: str, word: str) -> None:
    job = {**JOB, "jobSpec": {**JOB["jobSpec"], "scheduling": {"strategy": strategy}}}
    cost = cost_of(job, "europe-west4")
    assert cost.way == word
    assert (cost.most is None) is (strategy == "FLEX_START")


def test_a_persistent_resource_is_billed_on_its_own() -> None:
    cost = cost_of({"jobSpec": {**JOB["jobSpec"], "persistentResourceId": "r"}}, "europe-west4")
    assert cost.most is None
    assert "persistent resource" in cost.per_hour_words


def test_a_trial_does_the_same_work_without_what_only_google_has() -> None:
    spec = {
        **JOB["jobSpec"],
        "serviceAccount": "a@b.iam.gserviceaccount.com",
        "scheduling": {"strategy": "SPOT", "timeout": "60s"},
        "baseOutputDirectory": {"outputUriPrefix": "gs://kelp-outputs/x"},
    }
    trial = trial_request({"displayName": "x", "labels": {"a": "b"}, "encryptionSpec": {}, "jobSpec": spec})
    assert set(trial) == {"displayName", "jobSpec"}
    assert trial["jobSpec"]["scheduling"] == {"timeout": "60s"}
    assert "serviceAccount" not in trial["jobSpec"]
    (pool,) = trial["jobSpec"]["workerPoolSpecs"]
    assert pool["machineSpec"] == {"machineType": "n1-standard-4"}
    assert pool["containerSpec"] == JOB["jobSpec"]["workerPoolSpecs"][0]["containerSpec"]
    assert JOB["jobSpec"]["workerPoolSpecs"][0]["machineSpec"]["machineType"] == "g2-standard-4"
    assert buckets_of(trial) == ("kelp-outputs",)
