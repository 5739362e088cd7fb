"""Where a job lives: by the list that it is in, else by its name, and never anywhere else."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.domain.joblist.homes import is_number, parent_of, place_of
from tui.domain.jobs import Job, JobState
from tui.domain.places import Place, read_places

HOMES = {
    "projects/7/locations/europe-west4": Place("otter-lab", "europe-west4"),
    "projects/77/locations/us-east1": Place("kelp-train", "us-east1"),
}


def job(name: str) -> Job:
    return Job(name, "x", JobState.RUNNING)


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("projects/7/locations/europe-west4/customJobs/1", Place("otter-lab", "europe-west4")),
        ("projects/7/locations/us-east5/customJobs/1", Place("otter-lab", "us-east5")),
        ("projects/77/locations/us-east1/customJobs/1", Place("kelp-train", "us-east1")),
        ("projects/8/locations/us-east1/customJobs/1", Place("8", "us-east1")),
        ("projects/example.com:kelp/locations/us-east1/customJobs/1", Place("example.com:kelp", "us-east1")),
        ("projects/8/locations/evil.com\x1b/customJobs/1", None),
        ("projects/8/customJobs/1", None),
        ("", None),
    ],
)
def test_the_place_of_a_job(name: str, place: Place | None) -> None:
    assert place_of(job(name), HOMES) == place


@given(st.text())
def test_no_name_is_too_odd(name: str) -> None:
    found = place_of(job(name), {})
    assert found is None or parent_of(job(name)) == f"projects/{found.project}/locations/{found.region}"


def test_numbers_are_told_from_ids() -> None:
    assert is_number("123456789012")
    assert not is_number("kelp-1")
    assert not is_number("")


def test_the_setting_is_read_with_blanks_and_empty_parts() -> None:
    first = Place("kelp-train", "europe-west4")
    assert read_places(first, "") == (first,)
    assert read_places(first, " us-east1 ,, otter-lab/us-east1,\n") == (
        first,
        Place("kelp-train", "us-east1"),
        Place("otter-lab", "us-east1"),
    )
    with pytest.raises(ValueError, match="neither"):
        read_places(first, "Nowhere")
