"""What the filter of the list means: several values, and which problem is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tui.domain.joblist.query import NOBODY, read_query, subject
from tui.domain.jobs import Job, JobState

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
JOB = Job("projects/1/locations/europe-west4/customJobs/1", "a,b", JobState.FAILED, NOW)
JOBS = (
    replace(JOB, labels={"team": "a", "submitted-by": "ana"}),
    replace(JOB, display_name="other", state=JobState.EXPIRED, labels={"team": "b", "submitted-by": "ben"}),
    replace(JOB, display_name="third", state=JobState.RUNNING, labels={"team": "c"}),
)


def found(text: str, me: str = "") -> list[int]:
    query = read_query(text, me=me)
    return [number for number, job in enumerate(JOBS) if query.matches(subject(job), NOW)]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("state:failed,expired", [0, 1]),
        ("state:failed,", [0]),
        ("state:", [0, 1, 2]),
        ("-state:failed,live", [1]),
        ("label:team=b,team=c", [1, 2]),
        ("-label:team=b,team=c state:ended", [0]),
        ("by:ben,me", [0, 1]),
        ("region:us,europe", [0, 1, 2]),
        ("name:a,b", [0]),
    ],
)
def test_values_with_commas_between_mean_either(text: str, numbers: list[int]) -> None:
    assert found(text, "ana") == numbers


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("state:bogus age<x", "No state begins with 'bogus'"),
        ("age<x state:bogus", "age is compared with a time"),
        ("state:failed,bogus", "No state begins with 'bogus'"),
        ("by:ben,me age<x", NOBODY),
        ("-by:me", NOBODY),
        ("stat:failed", "No field is called 'stat': state: perhaps?"),
        ("-foo:bar", "No field is called 'foo': state, label"),
        ("csot>5", "No field is called 'csot': cost< perhaps?"),
        ("age:2d", "age is compared"),
        ("state<5", "state is looked into"),
        ("team=a 12:30 :x", ""),
    ],
)
def test_the_first_problem_is_told(text: str, problem: str) -> None:
    assert read_query(text).problem.startswith(problem)
