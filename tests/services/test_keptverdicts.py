"""What logs said of ended jobs is there at the next start, without their words, as long as it holds."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.services.insight_world import World, fails, job, live, now
from tui.domain.diagnosis.diagnose import diagnose
from tui.domain.diagnosis.model import Case, Cause, Confidence, Diagnosis, Frame
from tui.domain.errors import CloudError
from tui.domain.insight import JobInsight
from tui.domain.jobs import Job, JobState
from tui.domain.logs import LogEntry, Severity
from tui.services.keptverdicts import MOST, KeptVerdicts, own_words

AT = datetime(2026, 11, 22, 18, 0, tzinfo=UTC)
TOKEN = "hf_" + "aB3x" * 9
ODD = Diagnosis(Cause.MASKED_EXIT, "The job succeeded, but its program did not.", Confidence.LIKELY)
FINE = Diagnosis(Cause.NONE, "")


def ended(number: int = 1, state: JobState = JobState.SUCCEEDED, *, updated: datetime = AT) -> Job:
    return replace(job(number, state, ended=-3600), update_time=updated)


def session(folder: Path, *, local: bool = False) -> KeptVerdicts:
    """As at a start."""
    verdicts = KeptVerdicts(folder, local=local)
    verdicts.adopt(verdicts.read())
    return verdicts


def keep(verdicts: KeptVerdicts, *secrets: str) -> None:
    verdicts.keep(verdicts.take_news(), lambda: secrets)


def the_file(folder: Path) -> Path:
    return folder / "verdicts" / "cloud.json"


def test_the_next_start_knows_what_the_log_said_until_it_is_read_again(tmp_path: Path) -> None:
    first = session(tmp_path)
    first.learn(ended(), ODD, outputs_known=False)
    first.learn(ended(2), FINE, outputs_known=False)
    keep(first)
    path = the_file(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    next_one = session(tmp_path)
    jobs = (ended(), ended(2), ended(3), ended(4, updated=AT + timedelta(seconds=1)))
    known = next_one.joined(jobs, {})
    assert known == {
        ended().name: JobInsight(diagnosis=ODD, kept=True),
        ended(2).name: JobInsight(diagnosis=FINE, kept=True),
    }
    assert next_one.has(ended())
    assert not next_one.has(ended(3))
    read = JobInsight(diagnosis=FINE, lines=4)
    assert next_one.joined(jobs, {ended().name: read})[ended().name] is read
    assert session(tmp_path, local=True).joined(jobs, {}) == {}


def test_a_verdict_of_a_record_that_has_changed_does_not_count(tmp_path: Path) -> None:
    verdicts = session(tmp_path)
    verdicts.learn(ended(), ODD, outputs_known=False)
    later = ended(updated=AT + timedelta(seconds=1))
    assert verdicts.joined((later,), {}) == {}
    assert not verdicts.has(later)
    assert verdicts.joined((ended(state=JobState.RUNNING),), {}) == {}
    verdicts.learn(replace(ended(2), update_time=None), ODD, outputs_known=False)
    assert not verdicts.has(replace(ended(2), update_time=None))


def test_what_is_known_stays_until_as_much_was_read(tmp_path: Path) -> None:
    failed = ended(state=JobState.FAILED)
    verdicts = session(tmp_path)
    memory = Diagnosis(Cause.GPU_MEMORY, "The GPU ran out of memory.")
    verdicts.learn(failed, memory, outputs_known=False)

    def shown(**more: Any) -> JobInsight:
        return verdicts.joined((failed,), {failed.name: JobInsight(**more)})[failed.name]

    trouble = CloudError("No logs")
    now = shown(trouble=trouble)
    assert (now.diagnosis, now.kept, now.trouble) == (memory, True, trouble)
    by_record = Diagnosis(Cause.TRACEBACK, "It stopped.", said="It exited with 1.")
    now = shown(diagnosis=by_record)
    assert now.diagnosis == replace(memory, also=(by_record,), said="It exited with 1.")
    assert shown(diagnosis=by_record, lines=3).diagnosis is by_record
    same = JobInsight(lines=2)
    merged = verdicts.joined((failed,), {failed.name: same})[failed.name]
    assert verdicts.joined((failed,), {failed.name: same})[failed.name] is merged


def test_missing_outputs_are_not_forgotten_by_a_read_that_did_not_look(tmp_path: Path) -> None:
    verdicts = session(tmp_path)
    empty = Diagnosis(Cause.NO_OUTPUTS, "Nothing lies where its outputs belong.")
    verdicts.learn(ended(), empty, outputs_known=True)
    verdicts.learn(ended(), FINE, outputs_known=False)
    fresh = {ended().name: JobInsight(diagnosis=FINE, lines=9, complete=True)}
    assert verdicts.joined((ended(),), fresh)[ended().name].diagnosis == empty
    verdicts.learn(ended(), FINE, outputs_known=True)
    assert verdicts.joined((ended(),), fresh) == fresh


def test_it_is_bounded_shared_and_written_only_when_it_changed(tmp_path: Path) -> None:
    verdicts, other = session(tmp_path), session(tmp_path)
    for number in range(MOST + 5):
        verdicts.learn(ended(number, updated=AT + timedelta(seconds=number)), ODD, outputs_known=False)
    keep(verdicts)
    kept = verdicts.read()
    assert len(kept) == MOST
    assert ended(4).name not in kept
    assert ended(5).name in kept
    newest = ended(9_000, updated=AT + timedelta(days=1))
    other.learn(newest, FINE, outputs_known=False)
    keep(other)
    kept = verdicts.read()
    assert kept[newest.name].cause is Cause.NONE
    assert ended(6).name in kept
    assert ended(5).name not in kept
    before = the_file(tmp_path).stat()
    keep(other)
    again = session(tmp_path)
    again.learn(newest, FINE, outputs_known=False)
    keep(again)
    assert the_file(tmp_path).stat() == before


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"[]",
        b"7",
        b"[" * 100_000,
        b'{"a": "abcd", "b": 7, "c": [1, 2], "d": ["x", "none", "sure", ""], "e": null}',
        b'{"a": ["2026-11-22T18:00:00+00:00", "a-later-cause", "sure", ""]}',
    ],
)
def test_a_file_that_makes_no_sense_holds_no_verdicts(tmp_path: Path, content: bytes) -> None:
    path = the_file(tmp_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    verdicts = session(tmp_path)
    assert verdicts.read() == {}
    verdicts.learn(ended(), ODD, outputs_known=False)
    keep(verdicts)
    assert list(session(tmp_path).read()) == [ended().name]


def test_a_disk_that_takes_nothing_costs_only_the_verdicts(tmp_path: Path) -> None:
    (tmp_path / "verdicts").write_text("in the way")
    verdicts = session(tmp_path)
    verdicts.learn(ended(), ODD, outputs_known=False)
    keep(verdicts)
    assert verdicts.has(ended())


def test_odd_summaries_of_the_file_are_made_harmless(tmp_path: Path) -> None:
    path = the_file(tmp_path)
    path.parent.mkdir(parents=True)
    raw = [AT.isoformat(), "disk-full", "likely", "a\x1b[31m\u202e" + "x" * 999]
    path.write_text(json.dumps({ended().name: raw}))
    verdict = session(tmp_path).read()[ended().name]
    assert "\x1b" not in verdict.summary
    assert "\u202e" not in verdict.summary
    assert len(verdict.summary) <= 200


# What is written


FRAME = Frame("/app/src/train.py", 30, "main")
PRINTED = "open sesame"


@pytest.mark.parametrize(
    ("diagnosis", "words"),
    [
        (
            Diagnosis(
                Cause.TRACEBACK,
                f"The program stopped with KeyError: '{PRINTED}' in main (train.py, line 30); it was "
                f"reported as RuntimeError: {PRINTED}.",
                frame=FRAME,
                exception=f"KeyError: '{PRINTED}'",
            ),
            "The program stopped with KeyError in train.py, line 30.",
        ),
        (
            Diagnosis(Cause.TRACEBACK, f"The program stopped with {PRINTED}.", exception=PRINTED),
            "The program stopped with an exception.",
        ),
        (
            Diagnosis(
                Cause.MASKED_EXIT,
                "The job succeeded, but its program failed near the end: the program stopped with "
                f"KeyError: {PRINTED}. Its exit code was lost.",
                exception=f"KeyError: {PRINTED}",
                frame=FRAME,
            ),
            "The job succeeded, but its program failed near the end: KeyError in train.py, line 30.",
        ),
        (
            Diagnosis(Cause.UNKNOWN, f"The job failed for a reason that is not known here: “{PRINTED}”"),
            "The job failed for a reason that is not known here.",
        ),
        (
            Diagnosis(Cause.BAD_ARGUMENTS, f"The program did not understand its arguments: --p={PRINTED}."),
            "The program did not understand its arguments.",
        ),
        (
            Diagnosis(Cause.GPU_MEMORY, "The GPU ran out of memory: 2.00 GiB more could not be had."),
            "The GPU ran out of memory.",
        ),
        (
            Diagnosis(Cause.MISSING_MODULE, "The Python module einops is not installed in the job."),
            "The Python module einops is not installed in the job.",
        ),
        (FINE, ""),
    ],
)
def test_a_program_s_own_words_are_not_kept(diagnosis: Diagnosis, words: str) -> None:
    assert own_words(diagnosis) == words


def test_no_secret_is_written(tmp_path: Path) -> None:
    lines = [
        "Traceback (most recent call last):",
        '  File "/app/train.py", line 3, in <module>',
        f"ValueError: {TOKEN} and kelp-forest-42 and {PRINTED}",
    ]
    entries = [
        LogEntry(number, f"i{number}", "log", Severity.ERROR, line, "workerpool0-0")
        for number, line in enumerate(lines)
    ]
    verdicts = session(tmp_path)
    found = diagnose(Case(ended(), entries, complete=True))
    assert found.cause is Cause.MASKED_EXIT
    verdicts.learn(ended(), found, outputs_known=False)
    named = Diagnosis(Cause.MISSING_MODULE, f"The Python module kelp-forest-42{TOKEN} is not installed.")
    verdicts.learn(ended(2), named, outputs_known=False)
    keep(verdicts, "kelp-forest-42")
    text = the_file(tmp_path).read_text()
    assert "ValueError in train.py, line 3" in text
    assert "is not installed" in text
    assert not [word for word in (TOKEN, "kelp-forest-42", PRINTED) if word in text]


# What is learnt


@live
async def test_it_is_told_what_logs_say_once_that_is_certain() -> None:
    told: list[tuple[str, Cause, bool]] = []

    def learnt(each: Job, diagnosis: Diagnosis, *, outputs_known: bool) -> None:
        if (one := (each.job_id, diagnosis.cause, outputs_known)) not in told:
            told.append(one)

    world = World(learnt=learnt, read_before=lambda each: each.job_id == "2")
    async with world:
        jobs = [ended(1), ended(2, JobState.FAILED), ended(3, JobState.FAILED)]
        world.logs.print(1, "done", at=-3610)
        fails(world.logs, 2, at=-3600)
        fails(world.logs, 3, at=-3600)
        world.insights.note_jobs(jobs)
        world.insights.look_into(jobs, None)
        await world.until(lambda: len(told) == 3)
        assert told == [
            ("3", Cause.TRACEBACK, False),
            ("1", Cause.NONE, False),
            ("2", Cause.TRACEBACK, False),
        ], "what was read before comes last"
        just = ended(4)
        world.insights.note_jobs([*jobs, replace(just, state=JobState.RUNNING)])
        await asyncio.sleep(1)
        world.logs.print(4, "done", at=-1)
        world.insights.note_jobs([*jobs, replace(just, end_time=now())])
        await world.until(lambda: (found := world.insight(4)) and found.diagnosis)
        assert len(told) == 3, "a line may be to come"
        await world.until(lambda: len(told) == 4)
