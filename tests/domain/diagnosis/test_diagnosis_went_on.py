"""Programs that fail one after another in one job, and those that end with a sentence only."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.domain.diagnosis.told import LIKELY, SURE, UNSURE, job, log, replica_error
from tui.domain.diagnosis.diagnose import diagnose
from tui.domain.diagnosis.model import Case, Cause, Diagnosis
from tui.domain.logs import Severity

_TRACE = '0> Traceback (most recent call last):\n0>   File "<string>", line 1, in <module>\n0> {}\n'
_FLASH = _TRACE.format("ModuleNotFoundError: No module named 'flash_attn'")
_BATCH = _TRACE.format("ValueError: batch size 3 is not divisible by 2")
_TORCHRUN = _TRACE.format("torch.distributed.elastic.multiprocessing.errors.ChildFailedError: ")


def _card(entries: str, code: int = 1, *, state: str = "FAILED", complete: bool = True) -> Diagnosis:
    error = replica_error(code) if state == "FAILED" else None
    return diagnose(Case(job(error, state), log(entries), complete=complete))


def test_the_last_exception_ended_a_job_that_went_on_after_another() -> None:
    for between, sure in (("0> going on\n", LIKELY), ("", UNSURE)):
        card = _card(_FLASH + between + _BATCH)
        assert (card.cause, card.confidence) == (Cause.TRACEBACK, sure)
        assert card.exception == "ValueError: batch size 3 is not divisible by 2"
        assert "ValueError" in card.summary
        assert "flash_attn" in card.summary
        assert [each.cause for each in card.also] == [Cause.MISSING_MODULE]
    alike = _card(_BATCH + "0> once more\n" + _TRACE.format("ValueError: another"))
    assert alike.exception == "ValueError: another"
    alone = _card(_FLASH)
    assert (alone.cause, alone.confidence, alone.also) == (Cause.MISSING_MODULE, SURE, ())


def test_the_first_exception_counts_among_the_parts_of_one_program() -> None:
    other = _TRACE.format("RuntimeError: the queue is broken")
    ranks = _BATCH + other + _TORCHRUN
    child = "0> Process SpawnProcess-1:\n" + _BATCH + "0> stopping\n" + other
    at_exit = _BATCH + "0> Error in atexit._run_exitfuncs:\n" + other
    alike = _BATCH + _TRACE.format("ValueError: batch size 5 is not divisible by 2")
    for entries in (ranks, child, at_exit, alike):
        card = _card(entries)
        assert card.exception == "ValueError: batch size 3 is not divisible by 2", entries
        assert card.confidence is SURE
    # A job that succeeded is another matter: what failed first is what was lost.
    assert _card(_FLASH + _BATCH, state="SUCCEEDED").also[0].cause is Cause.MISSING_MODULE


def test_a_program_that_ends_with_a_sentence_is_quoted() -> None:
    said = "config file conf/a.yaml missing: please pass --config"
    card = _card(f"0> loading\n0> {said}\n")
    assert (card.cause, card.confidence) == (Cause.UNKNOWN, UNSURE)
    assert f"The program's last line: “{said}”" in card.summary
    assert card.evidence[0].text == said
    # Python keeps back what is printed until it ends: that comes last, and is no error output.
    *head, last = log(f"0> {said}\n0> loading\n")
    entries = (*head, replace(last, severity=Severity.INFO))
    card = diagnose(Case(job(replica_error(1)), entries, complete=True))
    assert f"“{said}”" in card.summary
    assert [each.text for each in card.evidence[:2]] == [said, "loading"]
    assert "says why" not in card.summary
    assert "does not say why" in _card("0>  \n").summary
    assert "the part that was read" in _card(f"0> {said}\n", complete=False).summary


_DENIED = (
    "sa@p.iam.gserviceaccount.com does not have storage.objects.get access"
    " to the Google Cloud Storage object."
)


_TENSORFLOW = (
    "tensorflow.python.framework.errors_impl.PermissionDeniedError: Error executing an HTTP request: HTTP"
    f" response code 403 with body '{_DENIED}' when reading metadata of gs://kelp/x"
)
_BUILTIN = f"PermissionError: 403 GET https://storage.googleapis.com/storage/v1/b/kelp/o/train.csv: {_DENIED}"


@pytest.mark.parametrize("last", [_TENSORFLOW, _BUILTIN])
def test_a_refusal_is_one_whatever_class_tells_of_it(last: str) -> None:
    card = _card(_TRACE.format(last))
    assert card.cause is Cause.PERMISSION
    assert "kelp" in card.summary
    assert "sa@p.iam.gserviceaccount.com lacks storage.objects.get." in card.summary
    own = _card(_TRACE.format("PermissionError: [Errno 13] Permission denied: '/usr/src/x'"))
    assert own.cause is Cause.TRACEBACK
