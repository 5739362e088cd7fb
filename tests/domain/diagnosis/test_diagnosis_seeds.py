"""Every way in which made-up jobs and scripted faults fail gets its card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from tests.domain.diagnosis.told import job, log
from tui.cloud.log_entries import entry_from_pb
from tui.domain.diagnosis.diagnose import diagnose
from tui.domain.diagnosis.model import Case, Cause, Confidence, Diagnosis
from tui.domain.jobs import JobState, job_from_json
from tui.domain.logs import LogEntry
from tui.local.faults.effects import EFFECTS
from tui.local.jobs import endings, messages
from tui.local.jobs.endings import Ending, Kind
from tui.local.jobs.replica import LOST, Outcome
from tui.local.seed import failures, lines
from tui.local.seed.failures import Failure
from tui.local.seed.histories import History, Plan, histories
from tui.local.wire import gtypes

_PLAN = Plan(5, 400, 0, 0, "outputs", ("europe-west4", "us-central1"), 30.0, 1_790_000_000 * 10**9)
_OF_TEXT = {
    "No module named": Cause.MISSING_MODULE,
    "CUDA out of memory": Cause.GPU_MEMORY,
    "FileNotFoundError": Cause.MISSING_FILE,
    "KeyError": Cause.TRACEBACK,
    "loss is nan": Cause.NAN_LOSS,
    "GatedRepoError": Cause.MODEL_ACCESS,
    "Forbidden": Cause.PERMISSION,
    "NCCL error": Cause.NCCL,
    "quota metrics": Cause.QUOTA,
    "Resources are insufficient": Cause.STOCKOUT,
    "Internal error": Cause.INTERNAL,
    "could not be pulled": Cause.IMAGE_PULL,
    "StartError": Cause.COMMAND_NOT_FOUND,
    "status of 127": Cause.COMMAND_NOT_FOUND,
    "status of 2.": Cause.BAD_ARGUMENTS,
    "status of 134": Cause.CRASH,
    "status of 139": Cause.CRASH,
    "out of memory": Cause.HOST_MEMORY,
    "out-of-memory": Cause.HOST_MEMORY,
    "status of 137": Cause.HOST_MEMORY,
}


def _expected(message: str) -> Cause:
    return next(cause for words, cause in _OF_TEXT.items() if words in message)


def _entries(history: History, count: int) -> list[LogEntry]:
    rows = lines.rows(history, count)
    return [entry_from_pb(gtypes.LogEntry.FromString(row[5])) for row in rows]


def _card(history: History, count: int) -> Diagnosis:
    found = job_from_json(gtypes.to_json(history.job))
    return diagnose(Case(found, _entries(history, count), complete=True))


def test_every_made_up_failure_gets_its_card() -> None:
    seen: set[str] = set()
    failed = [each for each in histories(_PLAN) if each.failure]
    for history in failed:
        assert history.failure is not None
        card = _card(history, 300)
        wanted = _expected(history.failure.message)
        seen.add(next(words for words in _OF_TEXT if words in history.failure.message))
        assert card.cause is wanted, (history.failure, card)
        if "non-zero status" in history.failure.message:
            assert card.replica == failures.CHIEF
        if card.exception:
            assert card.frame is not None
            assert card.frame.file.startswith("/app/trainer/")
            assert card.evidence[0].key is not None
    assert seen == set(_OF_TEXT)


def test_made_up_jobs_that_did_not_fail_are_well() -> None:
    for history in histories(_PLAN):
        state = JobState.from_wire(job_from_json(gtypes.to_json(history.job)).state.wire)
        if state is JobState.CANCELLED:
            assert _card(history, 200).cause is Cause.CANCELLED
        elif state in (JobState.SUCCEEDED, JobState.PARTIALLY_SUCCEEDED) or state.live:
            assert _card(history, 200).healthy


@pytest.mark.parametrize("make", [make for make, _ in failures._KINDS], ids=range(len(failures._KINDS)))
def test_a_made_up_failure_without_its_log_gets_its_card_too(
    make: Callable[[Random, str, str, str], Failure],
) -> None:
    for number in range(20):
        failure = make(Random(number), "77", "us-central1", "us-docker.pkg.dev/p/r/i:1")  # noqa: S311
        card = diagnose(Case(job((failure.code, failure.message), started=failure.started)))
        assert card.cause is _expected(failure.message), card


def _failed(ending: Ending, **fields: Any) -> Diagnosis:
    entries = log("s> Waiting for job to be provisioned.\ns> Job is running.")
    said = replace(entries[-1], timestamp_ns=entries[-1].timestamp_ns + 1, severity=500, text=ending.text)
    return diagnose(Case(job((ending.code, ending.text), **fields), (*entries, said), complete=True))


def test_every_fault_of_jobs_gets_its_card() -> None:
    spot = {"strategy": "SPOT"}
    cards = {
        "stockout": _failed(endings.stockout(Kind.STOCKOUT, "us-central1"), started=False).cause,
        "image-pull": _failed(endings.image_pull("us-docker.pkg.dev/p/r/i:1"), started=False).cause,
        "preempt": _failed(endings.stockout(Kind.PREEMPTED, "us-central1"), scheduling=spot).cause,
        "internal": _failed(endings.INTERNAL).cause,
        # The job waits, and goes on: nothing has failed.
        "quota": diagnose(
            Case(job(None, "QUEUED", started=False), log(f"s> {messages.WAITING_FOR_QUOTA}"))
        ).cause,
    }
    assert cards == {
        "stockout": Cause.STOCKOUT,
        "image-pull": Cause.IMAGE_PULL,
        "preempt": Cause.PREEMPTION,
        "internal": Cause.INTERNAL,
        "quota": Cause.NONE,
    }
    assert set(cards) == EFFECTS["job"]


def test_a_worker_lost_again_and_again_is_counted() -> None:
    said = "".join(
        f"s> {messages.RESTARTING_WORKER.format(replica='workerpool0-0', number=number, most=5)}\n"
        for number in range(5)
    )
    card = diagnose(Case(job((endings.WORKER.code, endings.WORKER.text)), log(said)))
    assert card.cause is Cause.INTERNAL
    assert "5 times" in card.summary


@pytest.mark.parametrize(
    ("ending", "cause", "confidence"),
    [
        (endings.too_many(100, 64), Cause.QUOTA, Confidence.SURE),
        (endings.no_command("workerpool0-0", "77", "i:1"), Cause.COMMAND_NOT_FOUND, Confidence.SURE),
        (endings.STOPPED, Cause.INTERNAL, Confidence.SURE),
        (endings.replica_ending("workerpool0-0", LOST, "77"), Cause.CRASH, Confidence.LIKELY),
        (
            endings.replica_ending("workerpool0-0", Outcome(137, "OOM"), "77"),
            Cause.HOST_MEMORY,
            Confidence.SURE,
        ),
        (endings.replica_ending("workerpool0-0", Outcome(137), "77"), Cause.HOST_MEMORY, Confidence.LIKELY),
        (endings.replica_ending("workerpool0-0", Outcome(139), "77"), Cause.CRASH, Confidence.SURE),
        (endings.replica_ending("workerpool0-0", Outcome(3), "77"), Cause.UNKNOWN, Confidence.UNSURE),
    ],
    ids=str,
)
def test_every_ending_of_the_local_server_gets_its_card(
    ending: Ending, cause: Cause, confidence: Confidence
) -> None:
    card = _failed(ending)
    assert (card.cause, card.confidence) == (cause, confidence), card
    assert card.evidence[0].key is not None


def test_the_local_servers_words_for_a_time_limit_are_known() -> None:
    error = (1, messages.TIMEOUT_ERROR.format(seconds="90"))
    card = diagnose(Case(job(error, "CANCELLED", scheduling={"timeout": "90s"})))
    assert (card.cause, card.confidence) == (Cause.TIMEOUT, Confidence.SURE)
