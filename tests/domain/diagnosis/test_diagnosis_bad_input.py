"""Odd jobs, odd logs, hostile lines: a card always, soon, and nothing that a terminal obeys."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.domain.diagnosis.python_cases import PYTHON_CASES
from tests.domain.diagnosis.told import job, log, replica_error
from tests.domain.diagnosis.trace_cases import TRACE_CASES
from tui.domain.diagnosis.diagnose import as_json, diagnose
from tui.domain.diagnosis.model import Case, Cause, Diagnosis
from tui.domain.jobs import Job, JobError, JobState
from tui.domain.logs import LogEntry

_PIECES = (
    "Traceback (most recent call last):",
    '  File "/app/a.py", line 3, in f',
    "    g()",
    "KeyError: 'x'",
    "torch.OutOfMemoryError: CUDA out of memory.",
    "During handling of the above exception, another exception occurred:",
    "The above exception was the direct cause of the following exception:",
    "  + Exception Group Traceback (most recent call last):",
    "  | ExceptionGroup: x (2 sub-exceptions)",
    "  +-+---------------- 1 ----------------",
    "    | ValueError: 1",
    "[rank0]: Traceback (most recent call last):",
    "[rank0]: RuntimeError: NCCL error",
    "Killed",
    "bash: x: command not found",
    "The replica workerpool0-0 exited with a non-zero status of 137.",
    "Waiting for job to be provisioned.",
    "Job is being cancelled.",
    "loss: nan",
    "",
)
_line = st.one_of(st.sampled_from(_PIECES), st.text(max_size=60))
_text = st.lists(_line, max_size=8).map("\n".join)
_entry = st.builds(
    LogEntry,
    timestamp_ns=st.integers(-(10**20), 10**20),
    insert_id=st.text(max_size=3),
    log_name=st.just("l"),
    severity=st.integers(-5, 2000),
    text=_text,
    replica=st.sampled_from(["service", "workerpool0-0", "workerpool1-0", "workerpool9999-1", "", "x"]),
    payload=st.none()
    | st.dictionaries(st.text(max_size=5) | st.just("loss"), st.floats() | st.text(max_size=4)),
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda part: (
        st.lists(part, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["jobSpec", "scheduling", "timeout", "strategy", "workerPoolSpecs", "containerSpec"]
            )
            | st.sampled_from(["args", "command", "env", "machineSpec", "pythonPackageSpec", "name"]),
            part,
            max_size=3,
        )
    ),
    max_leaves=12,
)
_raw = st.dictionaries(st.just("jobSpec"), _json)
_time = st.none() | st.datetimes() | st.datetimes(timezones=st.just(UTC))
_job = st.builds(
    Job,
    name=st.text(max_size=20),
    display_name=st.text(max_size=5),
    state=st.sampled_from(JobState),
    start_time=_time,
    end_time=_time,
    error=st.none() | st.builds(JobError, code=st.integers(-3, 99), message=_text),
    service_account=st.text(max_size=5),
    raw=_raw,
)


@given(job=_job, entries=st.lists(_entry, max_size=12), empty=st.none() | st.booleans())
def test_any_input_gives_a_card(job: Job, entries: list[LogEntry], empty: bool | None) -> None:  # noqa: FBT001
    card = diagnose(Case(job, entries, outputs_empty=empty))
    json.dumps(as_json(card), allow_nan=False)
    for each in (card, *card.also):
        _is_harmless(each)
        assert each.steps or each.cause is Cause.NONE
    if job.state.live and job.state is not JobState.UNKNOWN:
        assert card.healthy
    if job.state is JobState.FAILED:
        assert card.cause is not Cause.NONE


def _is_harmless(card: Diagnosis) -> None:
    texts = [card.summary, card.exception, *(step.words for step in card.steps)]
    if card.frame:
        texts += [card.frame.file, card.frame.function, card.frame.code]
    assert not any("\x1b" in text or "\n" in text or "\x9b" in text or "\u202e" in text for text in texts)
    assert not any("\x1b" in each.text for each in card.evidence)


@given(st.data())
def test_a_log_cut_anywhere_gives_a_card(data: st.DataObject) -> None:
    case = data.draw(st.sampled_from((*PYTHON_CASES, *TRACE_CASES))).case
    start = data.draw(st.integers(0, len(case.entries)))
    end = data.draw(st.integers(start, len(case.entries)))
    card = diagnose(Case(case.job, case.entries[start:end]))
    assert card.cause is not Cause.NONE


def test_order_of_the_entries_does_not_matter() -> None:
    for told in (*PYTHON_CASES, *TRACE_CASES):
        backwards = Case(told.case.job, tuple(reversed(told.case.entries)), complete=True)
        assert diagnose(backwards) == diagnose(told.case)


def test_markup_and_escapes_are_text() -> None:
    entries = log(
        "0> Traceback (most recent call last):\n"
        '0>   File "/app/[red]\x1b]52;c;eA==\x07.py", line 2, in f\n0>     g()\n'
        "0> ValueError: \x1b[31m[@click=app.quit]\u202e\x9b5m"
    )
    card = diagnose(Case(job(replica_error(1)), entries))
    _is_harmless(card)
    assert card.frame is not None
    assert card.frame.file == "/app/[red].py"


def _many(count: int, text: str, replicas: int = 1) -> list[LogEntry]:
    begin = int(datetime(2026, 11, 20, 9, tzinfo=UTC).timestamp()) * 10**9
    return [
        LogEntry(begin + n, str(n), "l", 500, text.format(n), f"workerpool1-{n % replicas}")
        for n in range(count)
    ]


_HOSTILE = (
    "a" * 256_000,
    "a." * 128_000,
    " " * 256_000 + "x",
    "Traceback (most recent call last):" * 7_000,
    'File "' * 40_000,
    '  File "' + "a" * 250_000,
    "loss" * 60_000,
    "loss" + "." * 250_000,
    "loss: " * 40_000,
    "bash: line 1: " * 18_000 + "command not found",
    ": error: " * 28_000,
    "sh: " * 60_000 + ": not found",
    "image " * 40_000 + "-docker.pkg.dev/" * 1000,
    "The replica " * 20_000 + "exited with a non-zero status of",
    "The replicas "
    + ", ".join(f"workerpool0-{n}" for n in range(15_000))
    + " exited with a non-zero status of 1",
    "huggingface.co/" * 17_000,
    "No such file or directory: '" * 9_000,
    "\n" * 256_000,
    "KeyError: x\n" * 20_000,
    "Traceback (most recent call last):\n" * 7_000,
    "Traceback (most recent call last):\n" + '  File "/a.py", line 1, in f\n' * 8_000,
    "  +-+---------------- 1 ----------------\n" * 6_000,
    "Killed\n" * 36_000,
    "│ " * 80_000,
    "gs://" * 50_000,
    "exitcode: -9 " * 20_000,
    "\x1b[" * 128_000,
)


@pytest.mark.parametrize("number", range(len(_HOSTILE)))
def test_a_hostile_line_of_the_largest_size_costs_no_more_than_its_length(number: int) -> None:
    text = _HOSTILE[number]
    entries = [LogEntry(n, str(n), "l", 500, text, who) for n, who in enumerate(("workerpool0-0", "service"))]
    for error in (None, (3, text), (8, f"quota {text}"), replica_error(1, detail=text)):
        assert diagnose(Case(job(error), entries)).steps
    diagnose(Case(job(None, "SUCCEEDED"), entries))


@pytest.mark.parametrize("replicas", [1, 300])
def test_a_hundred_thousand_entries_are_read(replicas: int) -> None:
    entries = [*_many(100_000, "error {}: permission denied, not found", replicas), *log("0> Killed")]
    card = diagnose(Case(job(replica_error(137)), entries))
    assert card.cause is Cause.HOST_MEMORY
    assert card.evidence[0].text == "Killed"
